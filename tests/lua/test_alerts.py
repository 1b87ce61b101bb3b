"""server/alerts.lua and what stands behind it: who gets what of a call, and who gets nothing."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any


async def test_every_ready_responder_is_alerted_once_and_nobody_else(
    town: Town, make: Make
) -> None:
    town.responders(1, 2, 3)
    await town.come(1, 2, 4, 5)
    await town.come(3, ready=False)
    await town.event("call.opened", call=make.call())
    for source in (1, 2):
        (alert,) = town.shown(source)
        assert (alert["key"], alert["how"], alert["class"], alert["sound"]) == (
            "911:4711",
            "alert",
            "emergency",
            "new",
        )
        assert (alert["number"], alert["place"], alert["caller"], alert["text"]) == (
            "911 #4711",
            "Vespucci Blvd",
            "Ann Caller",
            "Help",
        )
    for source in (3, 4, 5):
        assert town.got(source) == []


async def test_a_civil_call_is_another_class(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(emergency=None))
    assert town.shown(1)[0]["class"] == "civil"


async def test_the_blip_is_named_after_the_call_and_looks_as_its_kind(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(position={"x": 10.0, "y": 20.5, "z": 3.0}))
    alert = town.shown(1)[0]
    assert alert["position"] == {"x": 10.0, "y": 20.5, "z": 3.0}
    assert alert["blip"]["name"] == "911 #4711 · Vespucci Blvd"
    assert (alert["blip"]["sprite"], alert["blip"]["colour"], alert["blip"]["minutes"]) == (
        480,
        1,
        10,
    )


async def test_a_call_without_a_place_has_no_blip(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    alert = town.shown(1)[0]
    assert "position" not in alert
    assert "blip" not in alert


async def test_what_may_not_alert_is_a_quiet_blip(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 4)
    await town.event("call.opened", alert=False, age=900_000, call=make.call())
    (alert,) = town.shown(1)
    assert alert["how"] == "quiet"
    assert "sound" not in alert
    assert town.got(4) == []
    assert town.said("reached nobody") == 0


# The caller ---------------------------------------------------------------------------------------


async def test_the_caller_hears_that_his_call_arrived_and_sees_where(
    town: Town, make: Make
) -> None:
    await town.come(1)
    place = {"x": 10.0, "y": 20.5}
    await town.event("call.opened", call=make.call(callerIds=make.ids(1), position=place))
    (alert,) = town.shown(1)
    assert (alert["class"], alert["title"]) == ("caller", "Your call has arrived")
    assert (alert["number"], alert["place"]) == ("911 #4711", "Vespucci Blvd")
    assert alert["blip"]["name"] == "Your call 911 #4711"
    assert not set(alert) & {"text", "caller", "units", "respond"}


async def test_a_caller_who_is_a_responder_gets_one_alert(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    (alert,) = town.shown(1)
    assert alert["class"] == "emergency"


async def test_a_caller_named_by_what_proves_nothing_learns_no_place(
    town: Town, make: Make
) -> None:
    await town.come(1)
    call = make.call(callerIds=make.ids(1, at=3), position={"x": 10.0, "y": 20.0}, postal="7351")
    await town.event("call.opened", call=call)
    (alert,) = town.shown(1)
    assert alert["class"] == "caller"
    assert not set(alert) & {"position", "blip", "place", "postal", "text"}


async def test_the_option_alert_gives_the_proven_caller_the_same_as_a_responder(
    build: Any, make: Make
) -> None:
    town = await build("caller = 'alert'")
    await town.come(1, 2)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    await town.event("call.opened", call=make.call(4712, callerIds=make.ids(2, at=3)))
    assert town.shown(1)[0]["class"] == "emergency"
    assert town.shown(2)[0]["class"] == "caller"


async def test_a_caller_who_is_alerted_is_offered_no_key_that_he_may_not_use(
    build: Any, make: Make
) -> None:
    town = await build("caller = 'alert'")
    town.responders(1)
    await town.come(1, 2)
    call = make.call(callerIds=make.ids(1, 2))
    await town.event("call.opened", call=call)
    assert [town.shown(n)[0].get("respond") for n in (1, 2)] == [True, None]
    changed = {**call, "description": "More"}
    await town.event("call.changed", call=changed, changed=["description"])
    assert [town.shown(n)[0].get("respond") for n in (1, 2)] == [True, None]


async def test_a_caller_who_is_alerted_is_offered_to_respond_while_he_is_on_duty(
    build: Any, make: Make
) -> None:
    town = await build("caller = 'alert'")
    await town.come(3)
    await town.event("call.opened", call=make.call(callerIds=make.ids(3)))
    assert [a.get("respond") for a in town.shown(3)] == [None]
    unit = make.unit(103, player=3)
    await town.event("unit.on_duty", unit=unit)
    assert [(a["how"], a.get("respond")) for a in town.shown(3)] == [("change", True)]
    await town.event("unit.off_duty", unit=unit)
    assert [(a["how"], a.get("respond")) for a in town.shown(3)] == [("change", None)]


async def test_a_caller_who_is_named_later_hears_then_that_his_call_arrived(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, 3, 4)
    await town.event("call.opened", call=make.call(callerIds=make.ids(3, at=3)))
    town.forget()
    named = make.call(callerIds=[*make.ids(4)[:3], make.ids(3)[0], []])
    await town.event("call.changed", call=named, changed=["callerIds"])
    assert [(a["class"], a["how"]) for a in town.shown(4)] == [("caller", "alert")]
    town.forget()
    again = {**named, "description": "More"}
    await town.event("call.changed", call=again, changed=["description"])
    assert town.got(4) == []
    assert [a["how"] for a in town.shown(1)] == ["change"]
    assert town.got(3) == []


async def test_a_caller_who_is_proven_later_sees_then_where_his_call_is(
    town: Town, make: Make
) -> None:
    await town.come(4)
    place = {"x": 10.0, "y": 20.0}
    await town.event("call.opened", call=make.call(position=place, callerIds=make.ids(4, at=3)))
    assert "position" not in town.shown(4)[0]
    proven = make.call(position=place, callerIds=make.ids(4))
    await town.event("call.changed", call=proven, changed=["callerIds"])
    (alert,) = town.shown(4)
    assert (alert["how"], alert["position"]["x"]) == ("change", 10.0)


async def test_the_option_none_gives_the_caller_nothing(build: Any, make: Make) -> None:
    town = await build("caller = 'none'")
    await town.come(1)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    await town.event(
        "call.opened", call=make.call(880, "dispatch", origin911="911:4711", units=[101])
    )
    assert town.got(1) == []


async def test_the_caller_hears_once_that_help_is_on_the_way(town: Town, make: Make) -> None:
    await town.come(1)
    town.happen("call.opened", call=make.call(callerIds=make.ids(1)))
    town.happen("call.closed", call=make.call(callerIds=make.ids(1)), reason="dispatched")
    dispatch = make.call(880, "dispatch", origin911="911:4711", callerIds=make.ids(1))
    await town.event("call.opened", call=dispatch)
    assert town.lines(1) == []
    attached = {**dispatch, "units": [101]}
    await town.event("call.changed", call=attached, changed=["units"], attached=[101], detached=[])
    assert town.lines(1) == ["Help is on the way to you. Your call: 911 #4711."]
    more = {**dispatch, "units": [101, 102]}
    await town.event("call.changed", call=more, changed=["units"], attached=[102], detached=[])
    assert town.lines(1) == []


async def test_after_a_restart_the_caller_does_not_hear_again_that_help_is_on_the_way(
    build: Any, make: Make
) -> None:
    town = await build(welcome=False)
    await town.come(2)
    town.tell("ready")
    call = make.call(1, callerIds=make.ids(2), units=[101])
    await town.connect(calls=[call], units=[make.unit(101), make.unit(103)])
    town.forget()
    both = {**call, "units": [101, 103]}
    await town.event("call.changed", call=both, changed=["units"], attached=[103], detached=[])
    assert town.lines(2) == []


async def test_a_silent_call_tells_its_caller_nothing_of_units(town: Town, make: Make) -> None:
    await town.come(1)
    call = make.call(880, "dispatch", callerIds=make.ids(1), silent=True)
    await town.event("call.opened", call=call)
    town.forget(1)
    await town.event(
        "call.changed",
        call={**call, "units": [101]},
        changed=["units"],
        attached=[101],
        detached=[],
    )
    assert town.got(1) == []


# Changes and ends ---------------------------------------------------------------------------------


async def test_a_change_goes_in_place_to_who_has_the_call(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 2, 4)
    await town.event("call.opened", call=make.call(callerIds=make.ids(2)))
    town.forget()
    changed = make.call(description="Two cars", location="Route 68", callerIds=make.ids(2))
    await town.event(
        "call.changed", call=changed, changed=["description", "location"], attached=[], detached=[]
    )
    (alert,) = town.shown(1)
    assert (alert["how"], sorted(alert["changed"])) == ("change", ["place", "text"])
    assert (alert["text"], alert["place"]) == ("Two cars", "Route 68")
    assert "sound" not in alert
    (mine,) = town.shown(2)
    assert mine["changed"] == ["place"]
    assert "text" not in mine
    assert town.got(4) == []


async def test_a_change_that_nobody_sees_sends_nothing(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    town.forget()
    await town.event(
        "call.changed", call=make.call(), changed=["callerIds", "silent"], attached=[], detached=[]
    )
    assert town.got(1) == []


async def test_a_closed_call_is_taken_from_everybody_who_has_it(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 2, 4)
    await town.event("call.opened", call=make.call(callerIds=make.ids(2)))
    town.forget()
    await town.event("call.closed", call=make.call(), reason="removed")
    assert town.got(1) == town.got(2) == [("clear", ["911:4711", "removed"])]
    assert town.got(4) == []


# Dispatch calls -----------------------------------------------------------------------------------


async def test_a_dispatch_call_goes_to_its_units_and_to_dispatchers_only(
    town: Town, make: Make
) -> None:
    town.responders(1, 3)
    town.dispatchers(3)
    await town.come(1, 2, 3, 4)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    town.forget()
    await town.event("call.opened", call=make.call(880, "dispatch", title="Robbery", units=[102]))
    (assigned,) = town.shown(2)
    assert (assigned["class"], assigned["route"], assigned["sound"]) == (
        "assigned",
        True,
        "assigned",
    )
    assert (assigned["title"], assigned["units"]) == ("Robbery", ["1-A-102"])
    assert [a["class"] for a in town.shown(3)] == ["dispatch"]
    assert town.got(1) == []
    assert town.got(4) == []


async def test_an_attached_unit_gets_route_changes_and_notes(town: Town, make: Make) -> None:
    await town.come(2, 4)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    call = make.call(880, "dispatch", title="Robbery", position={"x": 1.5, "y": 2.5})
    await town.event("call.opened", call=call)
    town.forget()
    attached = {**call, "units": [102]}
    await town.event("call.changed", call=attached, changed=["units"], attached=[102], detached=[])
    (alert,) = town.shown(2)
    assert (alert["how"], alert["class"], alert["route"]) == ("alert", "assigned", True)
    await town.event(
        "call.changed",
        call={**attached, "priority": 1},
        changed=["priority"],
        attached=[],
        detached=[],
    )
    (alert,) = town.shown(2)
    assert (alert["how"], alert["sound"], alert["changed"]) == ("change", "changed", ["priority"])
    note = {"content": "Armed", "kind": "text"}
    await town.event("call.noted", call={**attached, "notes": [note]}, note=note)
    (alert,) = town.shown(2)
    assert (alert["note"], alert["changed"], alert["sound"]) == ("Armed", ["note"], "changed")
    await town.event("call.changed", call=call, changed=["units"], attached=[], detached=[102])
    assert town.got(2) == [("clear", ["dispatch:880", "detached"])]
    assert town.got(4) == []


async def test_an_attached_unit_may_respond_whatever_makes_a_responder(
    build: Any, make: Make
) -> None:
    town = await build("responders = { 'ace' }")
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=make.call(7))
    assert town.got(2) == []
    await town.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    assert town.shown(2)[0]["respond"] is True
    town.server.emit_as_client(2, "cadbridge:respond", "dispatch:880")
    await town.server.advance(100)
    [change] = town.shown(2)
    assert (change["key"], change["route"]) == ("dispatch:880", True)
    assert town.said("without being a responder") == 0
    town.server.emit_as_client(2, "cadbridge:respond", "911:7")
    await town.server.advance(100)
    assert town.asked("call.respond") == []


async def test_a_note_goes_to_units_and_dispatchers_not_to_all_responders(
    town: Town, make: Make
) -> None:
    town.responders(1, 3)
    town.dispatchers(3)
    await town.come(1, 2, 3)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    call = make.call(880, "dispatch", origin911="911:4711", units=[102])
    await town.event("call.opened", call=call)
    town.forget()
    note = {"content": "photo.png", "label": "Photo", "kind": "image"}
    await town.event("call.noted", call=call, note=note)
    assert town.got(1) == []
    assert town.shown(2)[0]["note"] == "Attachment: Photo"
    assert "sound" not in town.shown(3)[0]


async def test_a_detached_responder_keeps_the_911_without_its_route(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("unit.on_duty", unit=make.unit(101, player=1))
    call = make.call(880, "dispatch", origin911="911:4711", units=[101])
    await town.event("call.opened", call=call)
    town.forget()
    await town.event(
        "call.changed", call={**call, "units": []}, changed=["units"], attached=[], detached=[101]
    )
    (alert,) = town.shown(1)
    assert (alert["how"], alert["class"], alert["route"]) == ("change", "dispatch", False)


@pytest.mark.parametrize("closed_first", [True, False])
async def test_a_dispatch_call_takes_the_place_of_its_911(
    town: Town, make: Make, closed_first: bool
) -> None:
    town.responders(1, 2)
    await town.come(1, 2, 3, 4)
    old = make.call(position={"x": 5.0, "y": 6.0}, callerIds=make.ids(3))
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=old)
    town.forget()
    new = make.call(880, "dispatch", title="Crash", origin911="911:4711", units=[102])
    steps = [("call.closed", {"call": old, "reason": "dispatched"}), ("call.opened", {"call": new})]
    for kind, fields in steps if closed_first else reversed(steps):
        town.happen(kind, **fields)
    await town.server.advance(10_000)
    (alert,) = town.shown(1)
    assert (alert["how"], alert["replaces"], alert["key"]) == ("change", "911:4711", "dispatch:880")
    assert alert["position"]["x"] == 5.0
    assert "sound" not in alert
    (assigned,) = town.shown(2)
    assert (assigned["replaces"], assigned["class"]) == ("911:4711", "assigned")
    assert (assigned["sound"], assigned["route"]) == ("assigned", True)
    got = town.got(3)
    caller = [args[0] for name, args in got if name == "show"]
    assert [(a["class"], a["replaces"]) for a in caller] == [("caller", "911:4711")]
    assert caller[0]["number"] == "911 #4711"
    assert town.got(4) == []


@pytest.mark.parametrize(
    ("said", "title", "text"),
    [
        ({"title": "Car on fire", "description": "Car on fire"}, "Car on fire", None),
        (
            {"code": "10-70", "title": "Car on fire", "description": "Car on fire"},
            "10-70 · Car on fire",
            None,
        ),
        ({"title": "w" * 60, "description": "w" * 80}, "Dispatch call", "w" * 80),
        ({"title": "Fire", "description": "Fire at the pier"}, "Fire", "Fire at the pier"),
        ({"description": "Fire at the pier"}, "Dispatch call", "Fire at the pier"),
    ],
)
async def test_what_title_and_description_both_say_is_said_once(
    town: Town, make: Make, said: dict[str, str], title: str, text: str | None
) -> None:
    town.dispatchers(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(880, "dispatch", **said))
    (alert,) = town.shown(1)
    assert (alert["title"], alert.get("text")) == (title, text)


async def test_a_dispatch_call_after_its_911_was_removed_alerts_nobody_who_knew(
    town: Town, make: Make
) -> None:
    town.responders(1, 2)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    await town.event("call.closed", call=make.call(), reason="removed")
    await town.come(2)
    town.forget()
    await town.event("call.opened", call=make.call(880, "dispatch", origin911="911:4711"))
    assert [a["how"] for a in town.shown(1)] == ["quiet"]
    assert [a["how"] for a in town.shown(2)] == ["alert"]


async def test_a_dispatch_call_after_its_911_was_removed_unheard_alerts_nobody_who_knew(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    town.down()
    await town.connect(epoch="epoch-2")
    town.forget()
    await town.event("call.opened", call=make.call(880, "dispatch", origin911="911:4711"))
    assert [a["how"] for a in town.shown(1)] == ["quiet"]


async def test_a_dispatch_call_whose_911_is_known_later_takes_its_place_then(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, 2, 3, 4)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    old = make.call(position={"x": 5.0, "y": 6.0}, callerIds=make.ids(3))
    await town.event("call.opened", call=old)
    town.server.command_as(1, "respond")
    await town.server.advance(100)
    new = make.call(880, "dispatch", title="Crash", units=[102])
    await town.event("call.opened", call=new)
    town.forget()
    new = {**new, "origin911": "911:4711", "callerIds": make.ids(3)}
    town.happen("call.changed", call=new, changed=["origin911", "callerIds"])
    town.happen("call.closed", call=old, reason="dispatched")
    await town.server.advance(10_000)
    for source, kind in ((1, "dispatch"), (2, "assigned"), (3, "caller")):
        (name, (alert,)), *others = town.got(source)
        assert [other for other, _ in others] == (["notice"] if source == 3 else [])
        assert (name, alert["how"], alert["class"]) == ("show", "change", kind)
        assert (alert["key"], alert["replaces"]) == ("dispatch:880", "911:4711")
        assert (alert["position"]["x"], alert.get("sound")) == (5.0, None)
    assert town.got(4) == []
    town.server.command_as(1, "note on my way")
    await town.server.advance(100)
    assert town.asked("call.note")[0]["call"] == "dispatch:880"


async def test_a_caller_who_is_named_with_the_911_call_hears_that_his_call_arrived(
    town: Town, make: Make
) -> None:
    await town.come(3)
    await town.event("call.opened", call=make.call())
    new = make.call(880, "dispatch")
    await town.event("call.opened", call=new)
    assert town.got(3) == []
    new = {**new, "origin911": "911:4711", "callerIds": make.ids(3)}
    await town.event("call.changed", call=new, changed=["origin911", "callerIds"])
    assert [(a["class"], a["how"]) for a in town.shown(3)] == [("caller", "alert")]


async def test_a_dispatch_call_whose_911_is_known_when_it_is_gone_is_the_responders_too(
    town: Town, make: Make
) -> None:
    town.responders(1)
    town.dispatchers(2)
    await town.come(1, 2, 3)
    await town.event("call.opened", call=make.call())
    new = make.call(880, "dispatch")
    await town.event("call.opened", call=new)
    await town.event("call.closed", call=make.call(), reason="removed")
    town.forget()
    new = {**new, "origin911": "911:4711"}
    await town.event("call.changed", call=new, changed=["origin911"])
    assert [(a["key"], a["how"]) for a in town.shown(1)] == [("dispatch:880", "quiet")]
    assert town.got(2) == town.got(3) == []


async def test_a_911_whose_dispatch_call_never_comes_is_taken_away(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    town.forget()
    await town.event("call.closed", call=make.call(), reason="dispatched")
    assert town.got(1) == []
    await town.server.advance(6000)
    assert town.got(1) == [("clear", ["911:4711", "dispatched"])]


async def test_a_call_whose_edit_came_first_alerts_when_its_creation_comes(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", alert=False, call=make.call(description="edited"))
    await town.event("call.opened", call=make.call(description="created"))
    assert [(a["how"], a["text"]) for a in town.shown(1)] == [
        ("quiet", "edited"),
        ("alert", "created"),
    ]


# Dispatchers first --------------------------------------------------------------------------------


async def kept_for_dispatchers(
    build: Any, make: Make, options: str = "", **call: Any
) -> tuple[Town, Any]:
    """A town with a responder, and a call for the dispatcher alone, who is not in the game."""
    town = await build(f"dispatcherFirst = true, {options}")
    town.responders(1)
    await town.come(1)
    dispatcher = make.unit(150, dispatcher=True)
    await town.event("unit.on_duty", unit=dispatcher)
    await town.event("call.opened", call=make.call(1, **call))
    return town, dispatcher


async def test_with_a_dispatcher_online_only_dispatchers_are_alerted(
    build: Any, make: Make
) -> None:
    town = await build("dispatcherFirst = true")
    town.responders(1, 2, 3)
    town.dispatchers(3)
    await town.come(1, 2, 3)
    await town.event("call.opened", call=make.call(1))
    assert [len(town.shown(n)) for n in (1, 2, 3)] == [1, 1, 1]
    # A dispatcher who is not in the game counts as one.
    await town.event("unit.on_duty", unit=make.unit(150, dispatcher=True))
    await town.event("unit.on_duty", unit=make.unit(102, player=2, dispatcher=True))
    town.forget()
    await town.event("call.opened", call=make.call(2))
    assert [len(town.shown(n)) for n in (1, 2, 3)] == [0, 1, 1]
    assert town.got(1) == []


async def test_when_the_last_dispatcher_leaves_open_calls_are_everybodys(
    build: Any, make: Make
) -> None:
    town, dispatcher = await kept_for_dispatchers(build, make)
    assert town.got(1) == []
    assert town.said("reached nobody") == 1
    await town.event("unit.off_duty", unit=dispatcher)
    assert [(a["key"], a["how"]) for a in town.shown(1)] == [("911:1", "alert")]


async def test_the_last_dispatcher_who_stays_a_responder_is_not_alerted_again(
    build: Any, make: Make
) -> None:
    town = await build("dispatcherFirst = true")
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2, dispatcher=True))
    await town.event("call.opened", call=make.call(1))
    assert len(town.shown(2)) == 1
    await town.event("unit.changed", unit=make.unit(102, player=2), changed=["dispatcher"])
    assert [name for name, _ in town.got(2) if name != "suggest"] == []


async def test_a_dispatcher_who_is_no_responder_has_no_call_that_is_everybodys(
    build: Any, make: Make
) -> None:
    town = await build("dispatcherFirst = true")
    town.dispatchers(3)
    await town.come(3)
    dispatcher = make.unit(150, dispatcher=True)
    await town.event("unit.on_duty", unit=dispatcher)
    await town.event("call.opened", call=make.call(1))
    assert len(town.shown(3)) == 1
    await town.event("unit.off_duty", unit=dispatcher)
    assert town.got(3) == [("clear", ["911:1", "off_duty"])]


async def test_a_responder_who_placed_the_call_is_alerted_when_it_is_everybodys(
    build: Any, make: Make
) -> None:
    town, dispatcher = await kept_for_dispatchers(build, make, callerIds=make.ids(1))
    assert [a["class"] for a in town.shown(1)] == ["caller"]
    await town.event("unit.off_duty", unit=dispatcher)
    assert [(a["class"], a["how"]) for a in town.shown(1)] == [("emergency", "alert")]


async def test_a_caller_who_was_alerted_is_offered_to_respond_when_the_call_is_everybodys(
    build: Any, make: Make
) -> None:
    town, dispatcher = await kept_for_dispatchers(
        build, make, "caller = 'alert'", callerIds=make.ids(1)
    )
    assert [(a["how"], a.get("respond")) for a in town.shown(1)] == [("alert", None)]
    await town.event("unit.off_duty", unit=dispatcher)
    assert [(a["how"], a.get("respond")) for a in town.shown(1)] == [("change", True)]


async def test_when_the_last_dispatcher_left_unheard_open_calls_are_everybodys(
    build: Any, make: Make
) -> None:
    town, _ = await kept_for_dispatchers(build, make)
    assert town.got(1) == []
    town.down()
    await town.connect(calls=[make.call(1)], epoch="epoch-2")
    assert [(a["key"], a["how"]) for a in town.shown(1)] == [("911:1", "alert")]


async def test_a_new_board_makes_no_open_call_the_dispatchers_own(build: Any, make: Make) -> None:
    town = await build("dispatcherFirst = true")
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(1))
    dispatcher = make.unit(150, dispatcher=True)
    await town.event("unit.on_duty", unit=dispatcher)
    town.forget()
    town.down()
    await town.connect(calls=[make.call(1)], units=[dispatcher], epoch="epoch-2")
    assert town.got(1) == []


@pytest.mark.parametrize(
    "how", ["removed", "dispatched", "unheard", "half heard", "removed unheard", "known later"]
)
async def test_a_dispatch_call_is_the_dispatchers_own_where_its_911_was_that_is_gone(
    build: Any, make: Make, how: str
) -> None:
    town, dispatcher = await kept_for_dispatchers(build, make)
    made = make.call(880, "dispatch", origin911="911:1")
    if how == "half heard":
        await town.event("call.closed", call=make.call(1), reason="removed")
    if how in ("unheard", "half heard"):
        town.down()
        await town.connect(calls=[made], units=[dispatcher], epoch="epoch-2")
    elif how == "removed unheard":
        town.down()
        await town.connect(units=[dispatcher], epoch="epoch-2")
        await town.event("call.opened", call=made)
    elif how == "known later":
        await town.event("call.opened", call=make.call(880, "dispatch"))
        await town.event("call.closed", call=make.call(1), reason="removed")
        await town.event("call.changed", call=made, changed=["origin911"])
    else:
        await town.event("call.closed", call=make.call(1), reason=how)
        await town.server.advance(6000)
        await town.event("call.opened", call=made)
    assert town.got(1) == []
    await town.event("unit.off_duty", unit=dispatcher)
    assert [a["key"] for a in town.shown(1)] == ["dispatch:880"]


async def test_a_new_board_gives_away_no_call_that_is_the_dispatchers_own(
    build: Any, make: Make
) -> None:
    town, dispatcher = await kept_for_dispatchers(build, make)
    made = make.call(880, "dispatch", origin911="911:1")
    await town.event("call.opened", call=made)
    await town.event("call.closed", call=make.call(1), reason="dispatched")
    town.down()
    await town.connect(calls=[made], units=[dispatcher], epoch="epoch-2")
    assert town.got(1) == []


# Tests --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event_first", [True, False])
async def test_a_test_call_is_the_testers_alone(town: Town, make: Make, event_first: bool) -> None:
    town.responders(1)
    await town.come(1, 4)
    town.server.console("cadbridge test 4")
    call = make.call(1, "test", description="This is a test")
    if event_first:
        await town.event("call.opened", call=call)
        await town.answer("call.test", {"key": "test:1"})
    else:
        await town.answer("call.test", {"key": "test:1"})
        await town.event("call.opened", call=call)
    (alert,) = town.shown(4)
    assert (alert["class"], alert["how"], alert["seq"]) == ("test", "alert", town.seq)
    assert alert["position"]
    assert town.got(1) == []
    await town.event("call.closed", call=call, reason="closed")
    assert town.got(4) == [("clear", ["test:1", "closed"])]


# Floods, receipts, silence ------------------------------------------------------------------------


async def test_thirty_alerts_are_shown_one_by_one_and_the_rest_is_one_line(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, 4)
    for number in range(200):
        town.happen("call.opened", call=make.call(number, emergency=number % 10 == 5 or None))
    await town.server.advance(2000)
    alerts = town.shown(1)
    assert len(alerts) == 30
    await town.server.advance(12_000)
    got = town.got(1)
    lines = [args[0]["text"] for name, args in got if name == "notice"]
    assert lines == ["Emergencies: 17, further calls in all: 170. See /calls."]
    quiet = [args[0] for name, args in got if name == "show"]
    assert {a["how"] for a in quiet} == {"quiet"}
    assert {a["class"] for a in quiet[:17]} == {"emergency"}
    assert {a["key"] for a in alerts + quiet} == {f"911:{n}" for n in range(200)}
    town.server.emit_as_client(1, "cadbridge:calls")
    await town.server.advance(100)
    assert len(town.got(1)[0][1][0]) == 200
    assert town.got(4) == []


async def test_who_goes_off_duty_in_a_flood_hears_no_line_of_it(town: Town, make: Make) -> None:
    unit = make.unit(102, player=2)
    await town.come(2)
    await town.event("unit.on_duty", unit=unit)
    for number in range(40):
        town.happen("call.opened", call=make.call(number))
    await town.server.advance(2000)
    assert len(town.shown(2)) == 30
    await town.event("unit.off_duty", unit=unit)
    await town.server.advance(2000)
    town.forget()
    await town.server.advance(12_000)
    assert town.got(2) == []


async def test_a_receipt_says_who_painted_and_why_others_did_not(town: Town, make: Make) -> None:
    town.responders(1, 2, 3, 4, 5)
    await town.come(1, 2, 4, 5)
    await town.come(3, ready=False)
    seq = await town.event("call.opened", age=40, call=make.call())
    for source, outcome in ((1, "shown"), (2, "muted")):
        town.server.emit_as_client(source, "cadbridge:painted", "911:4711", seq, outcome)
    await town.server.advance(100)
    await town.server.drop(4)
    assert town.frames("receipt") == []
    await town.server.advance(5000)
    (receipt,) = town.frames("receipt")
    assert (receipt["due"], receipt["sent"], receipt["shown"]) == (5, 4, 1)
    assert receipt["why"] == {"not_ready": 1, "muted": 1, "left": 1, "unanswered": 1}
    assert 140 <= receipt["ms"] <= 290


async def test_a_receipt_comes_at_once_when_all_have_painted(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    seq = await town.event("call.opened", call=make.call())
    for _ in range(2):
        town.server.emit_as_client(1, "cadbridge:painted", "911:4711", seq, "shown")
    town.server.emit_as_client(1, "cadbridge:painted", "911:9", seq, "shown")
    await town.server.advance(100)
    (receipt,) = town.frames("receipt")
    assert (receipt["key"], receipt["seq"], receipt["shown"]) == ("911:4711", seq, 1)


async def test_an_alert_that_reached_nobody_says_why_once(town: Town, make: Make) -> None:
    town.responders(3)
    await town.come(1, 2)
    await town.come(3, ready=False)
    await town.event("unit.on_duty", unit=make.unit(150))
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    await town.event(
        "call.changed", call=make.call(priority=1), changed=["priority"], attached=[], detached=[]
    )
    (line,) = [line for line in town.server.console_lines if "reached nobody" in line]
    assert "911 #4711 reached nobody. Players: 3, responders: 1, not loaded yet: 1" in line
    assert "1 units are on duty, 0 of them" in line


async def test_an_alert_that_reached_its_caller_alone_reached_nobody(
    build: Any, make: Make
) -> None:
    town = await build("caller = 'alert'")
    await town.come(3)
    await town.event("call.opened", call=make.call(callerIds=make.ids(3)))
    assert [a["class"] for a in town.shown(3)] == ["emergency"]
    assert town.said("reached nobody") == 1


async def test_a_position_found_in_the_game_goes_back_once(build: Any, make: Make) -> None:
    town = await build(files={})
    town.responders(2)
    await town.come(1, 2)
    call = make.call(callerIds=make.ids(1))
    await town.event("call.opened", call=call)
    (located,) = town.asked("call.located")
    assert located["call"] == "911:4711"
    assert located["position"]["x"] == 428.93
    town.forget()
    # The bridge says it again; nobody needs to be told.
    moved = {**call, "position": located["position"]}
    await town.event("call.changed", call=moved, changed=["position"], attached=[], detached=[])
    assert town.got(2) == []
    assert len(town.asked("call.located")) == 1


# Tones --------------------------------------------------------------------------------------------


async def test_a_tone_goes_to_the_units_it_addresses(town: Town, make: Make) -> None:
    town.responders(4)
    await town.come(1, 2, 3, 4)
    await town.event("unit.on_duty", unit=make.unit(101, player=1, department="SAFR", agency=1))
    await town.event("unit.on_duty", unit=make.unit(102, player=2, department="LSPD", agency=0))
    town.forget()
    tone = {
        "kind": "tone",
        "text": "Structure fire",
        "targets": [{"type": 3, "value": "safr", "label": "Fire"}],
        "url": "https://example.invalid/x.ogg",
    }
    await town.event("tone.played", tone=tone)
    (alert,) = town.shown(1)
    assert (alert["class"], alert["title"], alert["text"]) == ("tone", "Fire", "Structure fire")
    assert "example.invalid" not in str(alert)
    assert town.got(2) == town.got(3) == town.got(4) == []
    await town.event("tone.played", tone={"kind": "page", "idents": [102], "text": "Call in"})
    assert town.shown(2)[0]["number"] == "Page"
    assert town.got(1) == []


@pytest.mark.parametrize(
    ("target", "addressed"),
    [
        ({"type": 0, "value": 0}, [1, 2]),
        ({"type": 1, "value": 880}, [2]),
        ({"type": 1, "value": "880"}, [2]),
        ({"type": 2, "value": 1}, [1]),
        ({"type": 2, "value": "FIRE"}, [1]),
        ({"type": 3, "value": "LSPD"}, [2]),
        ({"type": 4, "value": "north"}, [2]),
        ({"type": 5, "value": 101}, [1]),
        ({"type": 5, "value": "1-a-102"}, [2]),
        ({"type": 6, "value": "Bravo"}, [1]),
        ({"type": 7, "value": "anything"}, []),
        ({"type": "0", "value": None}, []),
    ],
    ids=str,
)
async def test_a_target_of_a_tone_means_its_units(
    town: Town, make: Make, target: dict[str, Any], addressed: list[int]
) -> None:
    await town.come(1, 2)
    fire = make.unit(101, player=1, agency=1, department="SAFR", group="Bravo")
    await town.event("unit.on_duty", unit=fire)
    police = make.unit(102, player=2, agency=0, subdivision="North")
    await town.event("unit.on_duty", unit=police)
    await town.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    town.forget()
    await town.event("tone.played", tone={"kind": "tone", "targets": [target]})
    assert [source for source in (1, 2) if town.got(source)] == addressed


async def test_a_unit_that_begins_to_dispatch_gets_dispatch_calls(town: Town, make: Make) -> None:
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=make.call(880, "dispatch", status=1))
    assert town.got(2) == []
    unit = make.unit(102, player=2, dispatcher=True)
    await town.event("unit.changed", unit=unit, changed=["dispatcher"])
    (alert,) = town.shown(2)
    assert (alert["key"], alert["how"], alert["status"]) == ("dispatch:880", "quiet", "Active")
    await town.event("unit.changed", unit=make.unit(102, player=2), changed=["dispatcher"])
    assert town.got(2) == [("wipe", [])]


async def test_a_unit_may_begin_to_dispatch_and_gain_an_id_at_once(town: Town, make: Make) -> None:
    await town.come(2)
    await town.event("call.opened", call=make.call(880, "dispatch"))
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    town.forget()
    ids = [*make.ids(2)[:3], ["steam:1"], []]
    unit = make.unit(102, playerIds=ids, dispatcher=True)
    await town.event("unit.changed", unit=unit, changed=["dispatcher", "playerIds"])
    assert [a["key"] for a in town.shown(2)] == ["dispatch:880"]
    unit = make.unit(102, player=2)
    await town.event("unit.changed", unit=unit, changed=["dispatcher", "playerIds"])
    assert [name for name, _ in town.got(2)] == ["wipe"]


async def test_calls_go_to_the_dispatch_script_that_the_owner_named(build: Any, make: Make) -> None:
    town = await build("dispatch = 'ps-dispatch'")
    await town.server.add_resource("ps-dispatch", server="-- a dispatch script")
    town.responders(1)
    await town.come(1, 4)
    await town.event("call.opened", call=make.call(position={"x": 5.0, "y": 6.0}))
    got = town.got(1)
    assert {name for name, _ in got} == {"ps-dispatch:client:notify", "show"}
    assert [args[0]["style"] for name, args in got if name == "show"] == ["none"]
    assert town.got(4) == []

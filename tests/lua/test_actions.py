"""server/actions, server/commands.lua: what players can do, and what they are told."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any


@pytest.fixture
async def street(build: Any, make: Make) -> Town:
    """Responder 1 (by permission), unit 2, bystander 4."""
    town: Town = await build("liveMap = false")
    town.responders(1)
    await town.come(1, 2, 4)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    town.forget()
    return town


async def type_(town: Town, source: int, line: str) -> None:
    town.server.command_as(source, line)
    await town.server.advance(100)


async def test_respond_routes_at_once_and_attaches_in_the_cad(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call(position={"x": 1.0, "y": 2.0}))
    street.forget()
    await type_(street, 2, "respond 4711")
    got = street.got(2)
    (alert,) = [args[0] for name, args in got if name == "show"]
    assert (alert["key"], alert["how"], alert["route"]) == ("911:4711", "change", True)
    assert [args[0]["text"] for name, args in got if name == "notice"] == ["Route to 911 #4711."]
    (asked,) = street.asked("call.respond")
    assert asked["call"] == "911:4711"
    assert "license:c93b612e05010f0823aa130bd46aed012ac66186" in asked["player"]
    assert not any(value.startswith("ip:") for value in asked["player"])
    await street.answer("call.respond", {"call": "dispatch:880"})
    assert street.lines(2) == ["You are on 911 #4711 in the CAD."]


@pytest.mark.parametrize("reference", ["911:4711", "4711", "#4711", ""])
async def test_a_call_is_named_by_key_or_number_or_is_the_newest(
    street: Town, make: Make, reference: str
) -> None:
    await street.event("call.opened", age=5000, call=make.call(1))
    await street.event("call.opened", call=make.call(4711))
    await type_(street, 1, f"respond {reference}")
    assert street.asked("call.respond")[0]["call"] == "911:4711"


async def test_a_queued_response_says_so(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 1, "respond")
    await street.answer("call.respond", {"queued": True})
    assert any("the CAD is busy" in line for line in street.lines(1))


@pytest.mark.parametrize("attached", [False, True])
async def test_who_was_queued_hears_that_the_cad_gave_up_unless_he_was_attached(
    street: Town, make: Make, attached: bool
) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 2, "respond")
    await street.answer("call.respond", {"queued": True})
    if attached:
        await street.event("call.closed", call=make.call(), reason="dispatched")
        call = make.call(880, "dispatch", origin911="911:4711", units=[102])
        await street.event("call.opened", call=call)
    street.forget()
    await street.server.advance(66_000)
    assert any("did not attach you" in line for line in street.lines(2)) is not attached


async def test_who_is_on_the_call_gets_the_route_and_the_cad_is_not_asked_again(
    street: Town, make: Make
) -> None:
    place = {"x": 1.0, "y": 2.0}
    call = make.call(880, "dispatch", units=[102], position=place)
    await street.event("call.opened", call=call)
    await type_(street, 2, "clearcall")
    street.forget()
    await type_(street, 2, "respond 880")
    got = street.got(2)
    [alert] = [args[0] for name, args in got if name == "show"]
    assert (alert["key"], alert["how"], alert["route"]) == ("dispatch:880", "change", True)
    [line] = [args[0]["text"] for name, args in got if name == "notice"]
    assert line == "You are on Call #880 in the CAD."
    assert street.asked("call.respond") == []
    # Once he has been taken off it, the CAD is asked again.
    free = make.call(880, "dispatch", position=place, origin911="911:4711")
    await street.event("call.changed", call=free, changed=["units"], detached=[102])
    await type_(street, 2, "respond 880")
    assert [asked["call"] for asked in street.asked("call.respond")] == ["dispatch:880"]


async def test_a_call_that_one_has_not_cannot_be_responded_to(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call(880, "dispatch", title="Secret"))
    street.forget()
    for line in ("respond 880", "respond dispatch:880", "respond 12345", "note x"):
        await type_(street, 1, line)
    assert street.asked("call.respond") == []
    assert street.asked("call.note") == []
    assert not any(name == "show" for name, _ in street.got(1))


@pytest.mark.parametrize("caller", ["acknowledge", "alert"])
async def test_having_placed_a_call_is_no_duty_to_respond_to_it(
    build: Any, make: Make, caller: str
) -> None:
    town = await build(f"caller = '{caller}', responders = {{ 'ace' }}")
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=make.call(callerIds=make.ids(2)))
    await town.event(
        "call.opened", call=make.call(880, "dispatch", callerIds=make.ids(2, at=4), title="Raid")
    )
    for line in ("respond", "respond 4711", "respond 880", "note x"):
        await type_(town, 2, line)
    for key in ("911:4711", "dispatch:880"):
        town.server.emit_as_client(2, "cadbridge:note", key, "x")
    await town.server.advance(100)
    assert (town.asked("call.respond"), town.asked("call.note")) == ([], [])


async def test_clearcall_ends_the_route_and_leaves(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 1, "respond")
    street.forget()
    await type_(street, 1, "clearcall")
    assert [a["route"] for a in street.shown(1)] == [False]
    assert len(street.asked("call.leave")) == 1
    await street.answer("call.leave", {"left": True})
    assert street.lines(1) == ["You left the call."]
    await type_(street, 1, "clearcall")
    assert street.lines(1) == ["You are on no call."]


async def test_only_a_dispatcher_closes_a_call(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 1, "clearcall close 4711")
    assert street.asked("call.close") == []
    assert "Only dispatchers can close a call." in street.lines(1)
    street.dispatchers(1)
    await type_(street, 1, "clearcall close 4711")
    (asked,) = street.asked("call.close")
    assert asked["call"] == "911:4711"
    await street.answer("call.close", {"closed": True})
    assert street.lines(1) == ["911 #4711 is closed."]


async def test_a_note_goes_to_the_call_one_is_on(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    await type_(street, 2, 'note suspect "armed", 50% sure; left on foot')
    (asked,) = street.asked("call.note")
    assert asked["text"] == 'suspect "armed", 50% sure; left on foot'
    assert asked["call"] == "dispatch:880"


async def test_a_call_that_one_was_taken_off_is_noted_no_more(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 2, "respond")
    await street.answer("call.respond", {"call": "dispatch:880"})
    made = make.call(880, "dispatch", origin911="911:4711", units=[102])
    await street.event("call.opened", call=made)
    await street.event("call.closed", call=make.call(), reason="dispatched")
    made = {**made, "units": []}
    await street.event("call.changed", call=made, changed=["units"], detached=[102])
    await street.event("call.opened", call=make.call(881, "dispatch", units=[102]))
    await type_(street, 2, "note suspect gone")
    assert [asked["call"] for asked in street.asked("call.note")] == ["dispatch:881"]


async def test_a_call_of_before_one_logged_out_is_noted_no_more(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 2, "respond")
    await street.event("unit.off_duty", unit=make.unit(102, player=2))
    await street.event("unit.on_duty", unit=make.unit(102, player=2))
    street.forget()
    await type_(street, 2, "note suspect gone")
    assert street.asked("call.note") == []
    assert street.lines(2) == ["You are on no call."]


async def test_a_call_that_was_dispatched_unheard_is_still_the_one_he_chose(
    street: Town, make: Make
) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 1, "respond")
    street.down()
    calls = [make.call(880, "dispatch", origin911="911:4711"), make.call(4712)]
    await street.connect(calls=calls, units=[make.unit(102, player=2)], epoch="epoch-2")
    await type_(street, 1, "note on my way")
    assert [asked["call"] for asked in street.asked("call.note")] == ["dispatch:880"]


async def test_a_call_that_one_was_taken_off_unheard_is_noted_no_more(
    street: Town, make: Make
) -> None:
    made = make.call(880, "dispatch", origin911="911:4711", units=[102])
    await street.event("call.opened", call=made)
    await type_(street, 2, "respond")
    street.down()
    calls = [{**made, "units": []}]
    await street.connect(calls=calls, units=[make.unit(102, player=2)], epoch="epoch-2")
    await type_(street, 2, "note suspect gone")
    assert street.asked("call.note") == []


async def test_a_responder_by_permission_whose_unit_logs_out_can_still_leave_what_he_chose(
    street: Town, make: Make
) -> None:
    unit = make.unit(101, player=1)
    await street.event("unit.on_duty", unit=unit)
    await street.event("call.opened", call=make.call(position={"x": 1.0, "y": 2.0}))
    await type_(street, 1, "respond")
    await street.event("unit.off_duty", unit=unit)
    street.forget()
    await type_(street, 1, "clearcall")
    assert [(a["key"], a["route"]) for a in street.shown(1)] == [("911:4711", False)]


async def test_the_route_follows_the_call_into_the_cad(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    await type_(street, 1, "respond")
    await street.event("call.closed", call=make.call(), reason="dispatched")
    await street.event("call.opened", call=make.call(880, "dispatch", origin911="911:4711"))
    await type_(street, 1, "note hello")
    assert street.asked("call.note")[0]["call"] == "dispatch:880"


@pytest.mark.parametrize(
    ("word", "status"),
    [("enroute", 3), ("On_Scene", 4), ("10-8", 2), ("on-scene", 4), ("7", 7), ("busy", 1)],
)
async def test_a_status_is_a_word_or_a_number(street: Town, word: str, status: int) -> None:
    await type_(street, 2, f"status {word}")
    assert street.asked("unit.status")[0]["status"] == status
    await street.answer("unit.status", {"updated": 1})
    assert street.lines(2) == ["Your status is set."]


async def test_a_status_of_nobody_logged_in_says_so(street: Town) -> None:
    await type_(street, 1, "status busy")
    await street.answer("unit.status", {"updated": 0})
    assert street.lines(1) == [
        "You are not logged in as a unit in the CAD. Log in there, then try again."
    ]
    await type_(street, 1, "status asleep")
    assert "Unknown status" in street.lines(1)[0]


async def test_link_gives_a_code_and_hears_of_success_once(street: Town, make: Make) -> None:
    await type_(street, 4, "link")
    await street.answer(
        "link.create", {"code": "AB12", "url": "https://cad.invalid/link", "expiresIn": 600}
    )
    assert street.lines(4) == [
        "Your code: AB12. Enter it at https://cad.invalid/link within 10 minutes."
    ]
    await street.event("link.verified", communityUserId=make.ids(4)[0][0], account="a")
    assert street.lines(4) == ["Your CAD account is linked."]
    await street.server.advance(120_000)
    assert street.lines(4) == []
    assert street.asked("link.check") == []


async def test_link_asks_now_and_then_until_the_code_ends(street: Town) -> None:
    await type_(street, 4, "link")
    await street.answer("link.create", {"code": "AB12", "url": "u", "expiresIn": 120})
    await street.server.advance(65_000)
    assert len(street.asked("link.check")) == 2
    await street.answer("link.check", {"linked": True})
    assert "Your CAD account is linked." in street.lines(4)
    await street.server.advance(600_000)
    assert len(street.asked("link.check")) == 2


async def test_link_of_who_is_linked_says_so(street: Town) -> None:
    await type_(street, 4, "link")
    await street.answer("link.create", {"linked": True})
    assert street.lines(4) == ["Your CAD account is linked already."]


async def test_911_sends_what_the_server_knows(build: Any, make: Make) -> None:
    town = await build()
    await town.server.add_resource(
        "nearest-postal",
        manifest="postal_file 'p.json'",
        files={"p.json": '[{"x": 430.0, "y": -980.0, "code": "7351"}]'},
    )
    town.responders(2)
    await town.come(1, 2)
    await type_(town, 1, "911 two cars ~r~crashed ^1, one <b>burns</b>")
    (asked,) = town.asked("call.create")
    assert asked["emergency"] is True
    assert asked["text"] == "two cars ~r~crashed ^1, one <b>burns</b>"
    assert (asked["caller"], asked["postal"], asked["location"]) == (
        "Marta Quill",
        "7351",
        "Postal 7351",
    )
    assert asked["position"] == {"x": 428.93, "y": -984.52, "z": 30.71}
    assert asked["player"][0] == "license:abc123"
    await town.answer("call.create", {"key": "911:9"})
    await town.event("call.opened", call=make.call(9, position={"x": 428.93, "y": -984.52}))
    (alert,) = town.shown(1)
    assert (alert["class"], alert["how"]) == ("caller", "alert")
    assert alert["blip"]
    assert [a["key"] for a in town.shown(2)] == ["911:9"]


async def test_a_call_whose_event_came_before_the_answer_is_acknowledged_once(
    street: Town, make: Make
) -> None:
    await type_(street, 4, "311 my car was towed")
    assert street.asked("call.create")[0]["emergency"] is False
    await street.event("call.opened", call=make.call(9, emergency=None))
    assert street.got(4) == []
    await street.answer("call.create", {"key": "911:9"})
    assert [(a["class"], a["how"]) for a in street.shown(4)] == [("caller", "alert")]
    await street.server.advance(5000)
    assert street.got(4) == []


async def test_a_call_that_does_not_come_back_is_acknowledged_in_words(street: Town) -> None:
    await type_(street, 4, "911 help")
    await street.answer("call.create", {"key": "911:9"})
    await street.server.advance(4000)
    assert street.lines(4) == ["Your call was sent."]


REFUSALS = {
    "not_linked": "Type /link",
    "not_a_unit": "not logged in as a unit",
    "cad_unreachable": "cannot be reached",
    "cad_refused": "The CAD refused it: no permission",
    "rate_limited": "no more requests",
    "unknown_call": "does not know this call",
    "timeout": "did not answer in time",
    "not_configured": "not set up",
    "bad_params": "could not read it",
    "internal": "went wrong",
    "something_new": "It was not done: no permission",
}


@pytest.mark.parametrize("code", REFUSALS)
async def test_every_refusal_has_one_clear_sentence(street: Town, code: str) -> None:
    await type_(street, 4, "911 help")
    await street.answer("call.create", error={"code": code, "message": "no permission"})
    (line,) = street.lines(4)
    assert REFUSALS[code] in line


async def test_without_a_connection_the_player_is_told_at_once(street: Town) -> None:
    street.down()
    await type_(street, 4, "911 help")
    assert "connection to the CAD is down" in street.lines(4)[0]
    assert street.asked("call.create") == []


async def test_what_is_open_when_the_connection_ends_is_told(street: Town) -> None:
    await type_(street, 4, "911 help")
    street.down()
    await street.server.advance(100)
    assert "connection to the CAD is down" in street.lines(4)[0]


async def test_a_bridge_that_never_answers_is_given_up(street: Town) -> None:
    await type_(street, 4, "911 help")
    await street.server.advance(13_000)
    (line,) = street.lines(4)
    assert "did not answer in time" in line
    await street.answer("call.create", {"key": "911:9"})
    assert street.got(4) == []


async def test_an_answer_for_a_player_who_left_is_nobodys(street: Town) -> None:
    await type_(street, 4, "911 help")
    await street.server.drop(4)
    street.people[5].source = 4
    await street.come(5)
    await street.answer("call.create", error={"code": "internal", "message": ""})
    assert street.got(4) == []


@pytest.mark.parametrize("line", ["911", "311   ", "note", "status"])
async def test_a_missing_text_is_asked_for(street: Town, line: str) -> None:
    street.responders(4)
    await type_(street, 4, line)
    (said,) = street.lines(4)
    assert f"/{line.split()[0]} " in said
    assert street.frames("request") == []


async def test_commands_are_for_those_who_may(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    for line in ("calls", "respond", "clearcall", "note x", "status busy", "panic"):
        await type_(street, 4, line)
    got = street.got(4)
    assert {args[0]["text"] for _, args in got} == {"This is for responders on duty."}
    assert street.frames("request") == []


async def test_repeated_calls_are_slowed_down(street: Town) -> None:
    for _ in range(5):
        await type_(street, 4, "911 help")
    assert len(street.asked("call.create")) == 2
    assert street.lines(4).count("Not so fast: wait a moment and try again.") == 3


async def test_a_command_of_many_spaces_does_not_stop_the_server(street: Town) -> None:
    street.server.measure()
    street.server.command_as(4, f"911 a{' ' * 4000}b")
    assert street.server.measure().seconds < 0.2
    await street.server.advance(100)
    assert street.asked("call.create")[0]["text"] == "a b"


async def test_calls_shows_what_the_player_may_see(street: Town, make: Make) -> None:
    await street.event("call.opened", age=9000, call=make.call(1))
    await street.event("call.opened", call=make.call(2, position={"x": 5.0, "y": 6.0}))
    await street.event("call.opened", call=make.call(880, "dispatch", title="Secret"))
    street.forget()
    await type_(street, 1, "calls")
    ((name, (alerts, locale)),) = street.got(1)
    assert (name, locale) == ("list", "en")
    assert [a["key"] for a in alerts] == ["911:2", "911:1"]
    assert alerts[0]["position"]["x"] == 5.0
    assert alerts[1]["age"] >= 9000


async def test_in_the_list_nobody_is_asked_to_respond_to_what_he_is_on(
    street: Town, make: Make
) -> None:
    await street.event("call.opened", call=make.call(1))
    await street.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    street.forget()
    await type_(street, 2, "calls")
    ((_, (alerts, _)),) = street.got(2)
    assert {a["key"]: a.get("respond") for a in alerts} == {"911:1": True, "dispatch:880": None}


async def test_alerts_opens_the_players_own_settings(street: Town) -> None:
    await type_(street, 4, "alerts")
    assert street.got(4) == [("settings", ["en"])]


async def test_commands_have_the_names_that_the_owner_chose(build: Any, make: Make) -> None:
    town = await build("commands = { ['911'] = 'notruf', panic = '', calls = 'einsaetze' }")
    names = {c["name"] for c in town.server.lua("return GetRegisteredCommands()")}
    assert {"notruf", "einsaetze", "respond"} <= names
    assert not names & {"911", "panic", "calls"}


async def test_sentences_name_commands_as_they_are_named_here(build: Any, make: Make) -> None:
    town = await build("commands = { panic = 'mayday', calls = '', clearcall = 'leave' }")
    await town.server.add_resource("phone", server="RegisterCommand('link', print, false)")
    # Ours had it first; now the other one shall.
    await town.server.stop_resource("cadbridge")
    await town.server.restart_resource("phone")
    await town.server.start_resource("cadbridge")
    town.tell("ready")
    await town.connect()
    town.responders(1)
    await town.come(1)
    for line in ("mayday", "respond 9", "leave x", "note hello"):
        town.server.command_as(1, line)
        await town.server.advance(100)
    assert town.lines(1) == [
        "Your panic is raised. /mayday ends it.",
        "There is no such open call for you.",
        "Use /leave to leave your call, or /leave close as a dispatcher.",
        "You are on no call.",
    ]
    await town.event("unit.on_duty", unit=make.unit(103, playerIds=make.ids(1, at=3)))
    assert town.lines(1) == [
        "You are on duty in the CAD as 1-A-103, but your account is not linked to this player."
    ]


async def test_a_name_that_is_taken_is_left_alone_and_said(build: Any) -> None:
    town = await build(welcome=False)
    await town.server.add_resource(
        "phone", server="RegisterCommand('911', function() print('phone rings') end, false)"
    )
    # Ours had it first; now the other one shall.
    await town.server.stop_resource("cadbridge")
    await town.server.restart_resource("phone")
    await town.server.start_resource("cadbridge")
    assert town.said("Command /911 belongs to phone already") == 1
    await town.come(4)
    town.server.command_as(4, "911 help")
    await town.server.advance(100)
    assert town.said("phone rings") == 1
    assert town.got(4) == []


async def test_the_console_is_told_that_a_command_is_for_players(town: Town) -> None:
    assert any("is for players" in line for line in town.server.console("911 help"))


async def test_a_key_press_is_the_same_as_a_command(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call())
    street.forget()
    street.server.emit_as_client(1, "cadbridge:respond", "911:4711")
    street.server.emit_as_client(1, "cadbridge:note", "911:4711", "on my way")
    await street.server.advance(100)
    assert street.asked("call.respond")[0]["call"] == "911:4711"
    assert street.asked("call.note")[0]["text"] == "on my way"
    street.server.emit_as_client(1, "cadbridge:leave")
    await street.server.advance(100)
    assert len(street.asked("call.leave")) == 1


async def test_a_note_that_was_added_says_so(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    await type_(street, 2, "note hello")
    street.forget()
    await street.answer("call.note", {"noted": True})
    assert street.lines(2) == ["Your note was added to Call #880."]


async def test_a_code_that_has_ended_is_asked_for_no_more(street: Town) -> None:
    await type_(street, 4, "link")
    await street.answer("link.create", {"code": "AB12", "url": "u", "expiresIn": 60})
    await street.server.advance(200_000)
    asked = len(street.asked("link.check"))
    assert asked <= 3
    await street.server.advance(200_000)
    assert len(street.asked("link.check")) == asked


async def test_a_caller_whom_only_his_claim_named_is_proven_by_the_answer(
    street: Town, make: Make
) -> None:
    await type_(street, 4, "911 help")
    call = make.call(9, callerIds=make.ids(4, at=4), position={"x": 5.0, "y": 6.0})
    await street.event("call.opened", call=call)
    assert "position" not in street.shown(4)[0]
    await street.answer("call.create", {"key": "911:9"})
    (alert,) = street.shown(4)
    assert (alert["how"], alert["position"]["x"]) == ("change", 5.0)
    street.ready(4)  # his client starts anew
    await street.server.advance(200)
    (alert,) = street.shown(4)
    assert (alert["how"], alert["position"]["x"]) == ("quiet", 5.0)


async def test_a_player_can_leave_the_call_that_dispatch_gave_him(street: Town, make: Make) -> None:
    await street.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    street.forget()
    await type_(street, 2, "clearcall")
    assert [a["route"] for a in street.shown(2)] == [False]
    assert len(street.asked("call.leave")) == 1

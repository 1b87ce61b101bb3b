"""server/arrivals.lua: players who come after the alert, and everybody after a restart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.demo.game import Player

Town = Any
Make = Any

RESOURCE = Path(__file__).parents[2] / "lua_resource"
OPEN = "Open calls: {}. See /calls."


async def test_who_joins_gets_fresh_calls_as_alerts_and_older_ones_quietly(
    town: Town, make: Make
) -> None:
    town.responders(1, 2)
    await town.come(1)
    await town.event("call.opened", alert=False, age=400_000, call=make.call(1))
    await town.event("call.opened", alert=False, age=500_000, call=make.call(2))
    await town.event("call.opened", call=make.call(3))
    await town.come(2, 4)
    got = town.got(2)
    shown = {args[0]["key"]: args[0]["how"] for name, args in got if name == "show"}
    assert shown == {"911:1": "quiet", "911:2": "quiet", "911:3": "alert"}
    (line,) = [args[0] for name, args in got if name == "notice"]
    assert line["text"] == OPEN.format(2)
    assert "sound" not in line
    assert town.got(4) == []


async def test_what_a_player_is_due_waits_until_his_client_is_loaded(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, ready=False)
    await town.event("call.opened", call=make.call())
    assert town.got(1) == []
    town.ready(1)
    await town.server.advance(100)
    assert [a["how"] for a in town.shown(1)] == ["alert"]


async def test_a_caller_whose_client_loads_late_hears_it_then(town: Town, make: Make) -> None:
    await town.come(1, ready=False)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    assert town.got(1) == []
    town.ready(1)
    await town.server.advance(100)
    assert [a["class"] for a in town.shown(1)] == ["caller"]


async def test_a_caller_is_found_by_the_ids_that_his_call_names_when_he_joins(
    town: Town, make: Make
) -> None:
    await town.event("call.opened", call=make.call(1, callerIds=make.ids(4)))
    named = make.call(1, callerIds=make.ids(1))
    await town.event("call.changed", call=named, changed=["callerIds"])
    await town.event("call.opened", call=make.call(2, callerIds=make.ids(1)))
    await town.event("call.closed", call=make.call(2), reason="removed")
    await town.come(1, 4)
    assert [alert["key"] for alert in town.shown(1)] == ["911:1"]
    assert town.got(4) == []


async def test_who_joins_while_his_call_is_handed_over_is_no_error(town: Town, make: Make) -> None:
    call = make.call(1, callerIds=make.ids(1))
    await town.event("call.opened", call=call)
    await town.event("call.closed", call=call, reason="dispatched")
    await town.come(1)
    assert town.got(1) == []


async def test_a_crowd_that_loads_at_once_stops_no_server(build: Any, make: Make) -> None:
    town = await build(welcome=False)
    calls = [
        make.call(number, callerIds=[[f"license:{number:040x}"], [], [], [f"{number:018d}"], []])
        for number in range(500)
    ]
    town.tell("ready")
    await town.connect(calls=calls)
    sources = await town.crowd(100)
    await town.server.advance(60_000)
    town.server.measure()
    for source in sources:
        town.ready(source)
    await town.server.advance(50)
    measured = town.server.measure()
    # Each of them looked at all open calls once: a second for a hundred players.
    assert measured.seconds - measured.engine_seconds < 0.2


async def test_who_becomes_a_responder_gets_blips_and_one_line(town: Town, make: Make) -> None:
    await town.come(2, 4)
    await town.event("call.opened", call=make.call(1))
    await town.event("call.opened", call=make.call(2))
    assert town.got(2) == []
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    got = town.got(2)
    assert {a[0]["how"] for name, a in got if name == "show"} == {"quiet"}
    assert [a[0]["text"] for name, a in got if name == "notice"] == [OPEN.format(2)]
    assert town.got(4) == []


async def test_who_ceases_to_be_a_responder_loses_everything(town: Town, make: Make) -> None:
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=make.call(1))
    town.forget()
    await town.event("unit.off_duty", unit=make.unit(102, player=2))
    assert town.got(2) == [("wipe", [])]
    await town.event("call.changed", call=make.call(1, priority=1), changed=["priority"])
    await town.event("call.opened", call=make.call(2))
    assert town.got(2) == []


async def test_who_ceases_to_be_a_responder_keeps_the_call_he_placed(
    town: Town, make: Make
) -> None:
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=make.call(1))
    await town.event("call.opened", call=make.call(2, callerIds=make.ids(2)))
    town.forget()
    await town.event("unit.off_duty", unit=make.unit(102, player=2))
    got = town.got(2)
    assert ("clear", ["911:1", "off_duty"]) in got
    assert [a[0]["class"] for name, a in got if name == "show"] == ["caller"]


async def test_rights_given_and_taken_count_from_the_next_push_after_ten_seconds(
    town: Town, make: Make
) -> None:
    await town.come(1)
    await town.server.advance(10_500)
    town.responders(1)
    await town.event("call.opened", call=make.call(1))
    assert [a["how"] for a in town.shown(1)] == ["alert"]
    town.server.revoke_ace(f"identifier.{make.ids(1)[0][0]}", "cadbridge.responder")
    await town.event("call.opened", call=make.call(2))
    assert [a["key"] for a in town.shown(1)] == ["911:2"]
    await town.server.advance(10_500)
    await town.event("call.opened", call=make.call(3))
    assert town.got(1) == [("wipe", [])]


async def test_in_a_crowd_new_rights_are_found_within_a_second_of_the_push(
    town: Town, make: Make
) -> None:
    await town.crowd(200)
    await town.come(1)
    await town.server.advance(10_500)
    town.responders(1)
    await town.event("call.opened", call=make.call(1))
    await town.server.advance(1000)
    assert [(a["key"], a["how"]) for a in town.shown(1)] == [("911:1", "alert")]


async def test_after_a_restart_of_the_resource_there_are_blips_and_nothing_else(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, 2, 4)
    call = make.call(1, callerIds=make.ids(2))
    await town.event("unit.on_duty", unit=make.unit(101, player=1, panic=True))
    await town.event("call.opened", call=call)
    town.forget()
    await town.server.restart_resource()
    town.tell("ready")
    for source in (1, 2, 4):
        town.ready(source)
    await town.server.advance(100)
    hello = await town.connect(calls=[call], units=[make.unit(101, player=1, panic=True)])
    assert (hello["epoch"], hello["cursor"], hello["board"]) == ("epoch-1", 2, True)
    got = town.got(1)
    assert {(a[0]["key"], a[0]["how"]) for name, a in got} == {
        ("911:1", "quiet"),
        ("panic:101", "quiet"),
    }
    (mine,) = town.shown(2)
    assert (mine["class"], mine["how"]) == ("caller", "quiet")
    assert town.got(4) == []


async def test_after_a_restart_who_is_ready_later_gets_blips_too_and_new_calls_alert(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(1))
    town.forget()
    await town.server.restart_resource()
    town.tell("ready")
    await town.connect(calls=[make.call(1)])
    await town.event("call.opened", call=make.call(2))
    town.ready(1)
    await town.server.advance(100)
    got = town.got(1)
    assert [(a[0]["key"], a[0]["how"]) for name, a in got if name == "show"] == [
        ("911:2", "alert"),
        ("911:1", "quiet"),
    ]
    assert [name for name, _ in got] == ["show", "show"]


async def test_a_client_that_says_ready_again_is_not_alerted_again(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(1))
    town.forget()
    town.ready(1)
    await town.server.advance(100)
    assert [a["how"] for a in town.shown(1)] == ["quiet"]


async def come_as(town: Town, source: int) -> None:
    """Let a new player join, a responder, with the number of one who has left."""
    await town.server.drop(source)
    town.server.grant_ace("identifier.license:newcomer", "cadbridge.responder")
    newcomer = Player(source, "Newcomer", ["license:newcomer"])
    await town.server.join(newcomer, client="headless")
    town.forget(source)
    town.ready(source)
    await town.server.advance(500)


async def test_who_has_the_number_of_one_who_left_knew_nothing_of_his_calls(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    await town.event("call.closed", call=make.call(), reason="removed")
    await come_as(town, 1)
    town.forget()
    await town.event("call.opened", call=make.call(880, "dispatch", origin911="911:4711"))
    assert [a["how"] for a in town.shown(1)] == ["alert"]


async def test_who_has_the_number_of_one_who_left_gets_no_test_of_his(
    town: Town, make: Make
) -> None:
    await town.come(4)
    town.server.console("cadbridge test 4")
    await town.answer("call.test", {"key": "test:1"})
    await town.event("call.opened", call=make.call(1, "test"))
    await come_as(town, 4)
    assert town.shown(4) == []


async def test_a_board_of_another_journal_replaces_what_players_have(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(1))
    await town.event("call.opened", call=make.call(2))
    town.forget()
    town.down()
    town.seq = 0
    await town.connect(epoch="epoch-2", calls=[make.call(2), make.call(3)])
    got = town.got(1)
    assert ("clear", ["911:1", "gone"]) in got
    assert [(a[0]["key"], a[0]["how"]) for name, a in got if name == "show"] == [("911:3", "quiet")]


async def test_a_new_board_shows_in_place_what_changed_meanwhile(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 4)
    at = {"x": 100.0, "y": 200.0}
    await town.event("call.opened", call=make.call(1, position=at, callerIds=make.ids(4)))
    await town.event("call.opened", call=make.call(2, units=[7]))
    town.forget()
    town.down()
    moved = make.call(1, position={"x": 900.0, "y": 800.0}, caller="Bob", callerIds=make.ids(4))
    await town.connect(epoch="epoch-2", calls=[moved, make.call(2, units=[7])])
    (alert,) = town.shown(1)
    assert (alert["key"], alert["how"]) == ("911:1", "change")
    assert sorted(alert["changed"]) == ["caller", "position"]
    assert alert["position"]["x"] == 900.0
    (mine,) = town.shown(4)
    assert (mine["class"], mine["changed"], "caller" in mine) == ("caller", ["position"], False)


async def test_a_new_board_takes_from_who_is_off_duty_in_it_at_once(town: Town, make: Make) -> None:
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("call.opened", call=make.call(1))
    town.forget()
    town.down()
    await town.connect(epoch="epoch-2", calls=[make.call(1)])
    assert town.got(2) == [("wipe", [])]


async def test_a_new_board_takes_a_dispatch_call_from_who_is_attached_no_more(
    town: Town, make: Make
) -> None:
    await town.come(2, 3)
    units = [make.unit(102, player=2), make.unit(103, player=3)]
    for unit in units:
        await town.event("unit.on_duty", unit=unit)
    await town.event("call.opened", call=make.call(880, "dispatch", units=[102, 103]))
    town.forget()
    town.down()
    calls = [make.call(880, "dispatch", units=[103])]
    await town.connect(epoch="epoch-2", calls=calls, units=units)
    assert town.got(2) == [("clear", ["dispatch:880", "detached"])]
    assert [(a["how"], a["changed"]) for a in town.shown(3)] == [("change", ["units"])]


async def test_a_new_board_makes_a_call_the_players_own_who_is_attached_to_it_now(
    town: Town, make: Make
) -> None:
    await town.come(2)
    units = [make.unit(102, player=2)]
    await town.event("unit.on_duty", unit=units[0])
    await town.event("call.opened", call=make.call(1))
    town.forget()
    town.down()
    calls = [make.call(880, "dispatch", origin911="911:1", units=[102])]
    await town.connect(epoch="epoch-2", calls=calls, units=units)
    (alert,) = town.shown(2)
    assert (alert["key"], alert["class"], alert["how"]) == ("dispatch:880", "assigned", "change")
    assert (alert["replaces"], alert["route"], alert.get("sound")) == ("911:1", True, None)


async def test_a_caller_keeps_the_call_he_placed_when_it_was_dispatched_meanwhile(
    town: Town, make: Make
) -> None:
    await town.come(3)
    town.server.command_as(3, "911 help")
    await town.server.advance(100)
    await town.answer("call.create", {"key": "911:4711"})
    await town.event("call.opened", call=make.call())
    town.forget()
    town.down()
    made = make.call(880, "dispatch", origin911="911:4711")
    await town.connect(epoch="epoch-2", calls=[made])
    (alert,) = town.shown(3)
    assert (alert["key"], alert["class"]) == ("dispatch:880", "caller")
    assert (alert["how"], alert["replaces"]) == ("change", "911:4711")


async def test_a_caller_gets_the_call_he_placed_and_no_other_from_a_new_board(
    town: Town, make: Make
) -> None:
    await town.come(2)
    town.down()
    calls = [make.call(1), make.call(2, callerIds=make.ids(2)), make.call(3)]
    await town.connect(epoch="epoch-2", calls=calls)
    assert [(a["key"], a["class"]) for a in town.shown(2)] == [("911:2", "caller")]


async def test_many_open_calls_come_a_few_at_a_time(town: Town, make: Make) -> None:
    town.responders(1)
    town.down()
    await town.connect(epoch="epoch-2", calls=[make.call(n, age=400_000) for n in range(120)])
    await town.come(1)
    await town.server.advance(2000)
    packets = [p for p in town.server.packets(1) if p.name == "cadbridge:show"]
    assert len(packets) == 120
    ticks: dict[int, int] = {}
    for packet in packets:
        ticks[packet.at] = ticks.get(packet.at, 0) + 1
    assert max(ticks.values()) <= 25


async def test_a_call_that_cannot_be_shown_keeps_no_other_waiting(build: Any, make: Make) -> None:
    look = (RESOURCE / "server/look.lua").read_text(encoding="utf-8")
    start = "local mine = class == 'caller'"
    assert start in look
    fault = f"if call.id == 881 then error('a fault of ours') end {start}"
    town = await build(files={"server/look.lua": look.replace(start, fault)})
    town.responders(1, 2)
    town.down()
    broken = make.call(881, "dispatch", title="Fire", origin911="911:7")
    calls = [make.call(n, age=400_000) for n in (1, 2, 3)]
    await town.connect(epoch="epoch-2", calls=[calls[0], broken, calls[1], calls[2]])
    await town.come(1)
    await town.server.advance(500)
    assert {a["key"] for a in town.shown(1)} == {"911:1", "911:2", "911:3"}
    town.server.errors.clear()
    await town.come(2)
    await town.server.advance(500)
    assert {a["key"] for a in town.shown(2)} == {"911:1", "911:2", "911:3"}
    assert town.server.errors
    town.server.errors.clear()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("open"), st.integers(1, 4)),
        st.tuples(st.just("close"), st.integers(1, 4)),
        st.tuples(st.just("join"), st.sampled_from([1, 2, 4])),
        st.tuples(st.just("leave"), st.sampled_from([1, 2, 4])),
        st.tuples(st.just("duty"), st.booleans()),
        st.tuples(st.just("restart"), st.just(0)),
        st.tuples(st.just("reconnect"), st.just(0)),
    ),
    max_size=14,
)


async def play(town: Any, make: Make, steps: list[tuple[str, Any]]) -> None:
    """Take the steps, and look after each at what was sent to whom."""
    town.responders(1)
    here: set[int] = set()
    open_calls: dict[int, dict[str, Any]] = {}
    duty, number = False, 0
    alerted: set[tuple[int, str]] = set()
    for what, value in steps:
        if what == "open" and value not in open_calls:
            number += 1
            open_calls[value] = make.call(number)
            await town.event("call.opened", call=open_calls[value])
        elif what == "close" and value in open_calls:
            await town.event("call.closed", call=open_calls.pop(value), reason="removed")
        elif what == "join" and value not in here:
            here.add(value)
            await town.come(value)
        elif what == "leave" and value in here:
            here.remove(value)
            await town.server.drop(value)
            # Who comes again sees a new screen.
            alerted = {key for key in alerted if key[0] != value}
        elif what == "duty" and value != duty:
            duty = value
            kind = "unit.on_duty" if duty else "unit.off_duty"
            await town.event(kind, unit=make.unit(102, player=2))
        elif what == "restart":
            await town.server.restart_resource()
            town.tell("ready")
            for source in here:
                town.ready(source)
            units = [make.unit(102, player=2)] if duty else []
            await town.connect(calls=open_calls.values(), units=units)
        elif what == "reconnect":
            town.down()
            await town.connect(board=False)
        await town.server.advance(200)
        for source in here:
            for alert in town.shown(source):
                if alert["how"] == "alert":
                    assert (source, alert["key"]) not in alerted
                    alerted.add((source, alert["key"]))
        if 4 in here:
            assert town.server.packets(4) == []


@settings(max_examples=40, deadline=None)
@given(steps=STEPS)
async def test_whatever_happens_nobody_is_alerted_twice_and_bystanders_get_nothing(
    opened: Any, make: Make, steps: list[tuple[str, Any]]
) -> None:
    async with opened() as town:
        await play(town, make, steps)

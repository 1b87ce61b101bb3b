"""server/panic.lua: units in distress."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.demo.game import Player

Town = Any
Make = Any


async def panic(town: Town, make: Make, on: bool, **options: Any) -> None:
    unit = make.unit(102, player=2, panic=on or None)
    await town.event("unit.changed", unit=unit, changed=["panic"], **options)


@pytest.fixture
async def street(town: Town, make: Make) -> Town:
    """Responders 1 (by permission) and 2 (a unit), and a bystander."""
    town.responders(1)
    await town.come(1, 2, 4)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    town.forget()
    return town


async def test_a_panic_goes_to_all_responders_with_its_own_look_and_sound(
    street: Town, make: Make
) -> None:
    await panic(street, make, True)
    for source in (1, 2):
        (alert,) = street.shown(source)
        assert (alert["key"], alert["class"], alert["how"]) == ("panic:102", "panic", "alert")
        assert (alert["number"], alert["sound"]) == ("Panic 1-A-102", "panic")
        assert alert["blip"]["sprite"] == 526
        assert alert["position"]["x"] == 298.71
    assert street.got(4) == []


async def test_its_blip_follows_the_unit(street: Town, make: Make) -> None:
    await panic(street, make, True)
    street.forget()
    await street.server.advance(4000)
    assert street.got(1) == []
    street.server.move(2, 320.0, -500.0, 40.0)
    await street.server.advance(2500)
    (move,) = street.got(1)
    assert move == ("move", ["panic:102", {"x": 320.0, "y": -500.0, "z": 40.0}])
    assert street.got(4) == []


@pytest.mark.parametrize("how", ["off", "log-out", "time"])
async def test_it_ends(street: Town, make: Make, how: str) -> None:
    await panic(street, make, True)
    street.forget()
    if how == "off":
        await panic(street, make, False)
    elif how == "log-out":
        await street.event("unit.off_duty", unit=make.unit(102, player=2))
    else:
        await street.server.advance(10 * 60_000 + 100)
    assert [args[0] for name, args in street.got(1) if name == "clear"] == ["panic:102"]
    street.server.move(2, 0.0, 500.0, 40.0)
    street.forget()
    await street.server.advance(5000)
    assert street.got(1) == []


async def test_a_second_panic_of_the_same_player_alerts_nobody(street: Town, make: Make) -> None:
    await street.event("unit.on_duty", unit=make.unit(202, player=2))
    await panic(street, make, True)
    street.forget()
    unit = make.unit(202, player=2, panic=True)
    await street.event("unit.changed", unit=unit, changed=["panic"])
    assert street.got(1) == []
    await panic(street, make, False)
    assert street.got(1) == []
    await street.event("unit.changed", unit=make.unit(202, player=2), changed=["panic"])
    assert [name for name, _ in street.got(1)] == ["clear"]


async def test_who_joins_during_a_panic_is_alerted(street: Town, make: Make) -> None:
    await panic(street, make, True)
    street.responders(3)
    await street.come(3)
    assert [(a["key"], a["how"]) for a in street.shown(3)] == [("panic:102", "alert")]


async def test_an_old_panic_is_a_quiet_blip(street: Town, make: Make) -> None:
    await panic(street, make, True, alert=False)
    assert [a["how"] for a in street.shown(1)] == ["quiet"]


async def test_it_lasts_ten_minutes_also_where_it_is_heard_of_late(
    street: Town, make: Make
) -> None:
    await panic(street, make, True, age=540_000, alert=False)
    street.forget()
    await street.server.advance(59_000)
    assert street.got(1) == []
    await street.server.advance(2000)
    assert street.got(1) == [("clear", ["panic:102", "expired"])]


async def test_one_that_was_over_before_it_is_heard_of_is_no_news(street: Town, make: Make) -> None:
    await panic(street, make, True, age=600_000, alert=False)
    street.down()
    await street.connect(units=[make.unit(102, player=2, panic=True)], epoch="epoch-2")
    assert street.got(1) == []
    await panic(street, make, False)
    await panic(street, make, True)
    assert [a["how"] for a in street.shown(1)] == ["alert"]


async def test_a_unit_that_is_not_in_the_game_has_no_place(street: Town, make: Make) -> None:
    unit = make.unit(150, panic=True)
    await street.event("unit.changed", unit=unit, changed=["panic"])
    (alert,) = street.shown(1)
    assert "position" not in alert
    assert "blip" not in alert


async def test_an_unproven_unit_reveals_nobodys_place(street: Town, make: Make) -> None:
    unit = make.unit(150, playerIds=make.ids(4, at=3))
    await street.event("unit.on_duty", unit=unit)
    street.forget(1)
    await street.event("unit.changed", unit={**unit, "panic": True}, changed=["panic"])
    assert "position" not in street.shown(1)[0]


async def test_panic_breaks_through_a_flood(street: Town, make: Make) -> None:
    for number in range(40):
        street.happen("call.opened", call=make.call(number))
    street.forget()
    await panic(street, make, True)
    assert any(a["class"] == "panic" for a in street.shown(1))


async def test_a_receipt_counts_its_painters(street: Town, make: Make) -> None:
    await panic(street, make, True)
    for source in (1, 2):
        street.server.emit_as_client(source, "cadbridge:painted", "panic:102", street.seq, "shown")
    await street.server.advance(100)
    (receipt,) = street.frames("receipt")
    assert (receipt["key"], receipt["due"], receipt["shown"]) == ("panic:102", 2, 2)


async def test_a_panic_that_reached_nobody_says_so(town: Town, make: Make) -> None:
    await town.come(4)
    await town.event("unit.changed", unit=make.unit(150, panic=True), changed=["panic"])
    assert town.said("Panic 1-A-150 reached nobody") == 1


async def test_the_command_raises_and_ends_it_whatever_the_cad_says(
    street: Town, make: Make
) -> None:
    street.server.command_as(2, "panic")
    await street.server.advance(100)
    assert [(a["key"], a["how"]) for a in street.shown(1)] == [("panic:102", "alert")]
    assert street.asked("unit.panic")[-1]["on"] is True
    await street.answer("unit.panic", error={"code": "cad_unreachable", "message": "no route"})
    assert "The CAD cannot be reached now. Try again in a minute." in street.lines(2)
    assert street.got(1) == []
    # The CAD's own word for it comes later and alerts nobody again.
    await panic(street, make, True)
    assert street.got(1) == []
    street.server.command_as(2, "panic")
    await street.server.advance(100)
    assert [name for name, _ in street.got(1)] == ["clear"]
    assert street.asked("unit.panic")[-1]["on"] is False


async def test_what_is_taken_back_at_once_does_not_sound_again_when_the_cad_hears_of_it(
    street: Town, make: Make
) -> None:
    for _ in range(2):
        street.server.command_as(2, "panic")
        await street.server.advance(100)
    assert [name for name, _ in street.got(1)] == ["show", "clear"]
    await panic(street, make, True)
    await panic(street, make, False)
    assert street.got(1) == []
    await panic(street, make, True)
    assert [a["how"] for a in street.shown(1)] == ["alert"]


async def test_what_was_taken_back_without_the_cad_can_be_raised_there_later(
    street: Town, make: Make
) -> None:
    for _ in range(2):
        street.server.command_as(2, "panic")
        await street.server.advance(100)
    await street.server.advance(20_000)
    street.forget()
    await panic(street, make, True)
    assert [a["how"] for a in street.shown(1)] == ["alert"]


async def test_one_that_comes_just_after_another_was_over_by_its_time_alerts(
    street: Town, make: Make
) -> None:
    await panic(street, make, True)
    await street.server.advance(10 * 60_000)
    assert street.got(1)[-1][0] == "clear"
    street.forget()
    await panic(street, make, True)
    assert [a["how"] for a in street.shown(1)] == ["alert"]


async def test_a_responder_who_is_no_unit_can_raise_it_too(street: Town, make: Make) -> None:
    street.server.command_as(1, "panic")
    await street.server.advance(100)
    (alert,) = street.shown(2)
    assert (alert["key"], alert["number"]) == ("panic:player-1", "Panic Marta Quill")
    await street.answer("unit.panic", {"updated": 0})
    assert any("shown in the game only" in line for line in street.lines(1))
    await street.server.drop(1)
    assert [name for name, _ in street.got(2)] == ["clear"]


async def test_a_bystander_cannot_raise_it(street: Town) -> None:
    street.server.command_as(4, "panic")
    await street.server.advance(100)
    assert street.got(1) == []
    assert street.asked("unit.panic") == []
    assert street.lines(4) == ["This is for responders on duty."]


async def test_responding_to_a_panic_gives_the_route_to_who_has_it(
    street: Town, make: Make
) -> None:
    await panic(street, make, True)
    street.forget()
    for source in (1, 4):
        street.server.emit_as_client(source, "cadbridge:respond", "panic:102")
    await street.server.advance(100)
    got = street.got(1)
    (alert,) = [args[0] for name, args in got if name == "show"]
    assert (alert["how"], alert["route"]) == ("change", True)
    assert [args[0]["text"] for name, args in got if name == "notice"] == [
        "Route to Panic 1-A-102."
    ]
    assert street.got(4) == []
    assert street.asked("call.respond") == []


async def test_a_list_that_is_opened_later_shows_it_first_to_responders(
    street: Town, make: Make
) -> None:
    street.dispatchers(3)
    await street.come(3)
    await panic(street, make, True)
    await street.server.advance(5000)
    other = make.unit(150, number="x" * 40, panic=True)
    await street.event("unit.on_duty", unit=other)
    await street.event("call.opened", call=make.call(position={"x": 1.0, "y": 2.0}))
    street.forget()
    for source in (1, 3, 4):
        street.server.command_as(source, "calls")
    await street.server.advance(100)
    [(_, (alerts, _))] = street.got(1)
    assert [a["key"] for a in alerts] == ["panic:150", "panic:102", "911:4711"]
    mine = alerts[1]
    assert (mine["class"], mine["number"], mine["respond"]) == ("panic", "Panic 1-A-102", True)
    assert (mine["position"]["x"], mine.get("blip")) == (298.71, None)
    assert mine["age"] >= 5000
    # A dispatcher who is no responder has no panic to respond to, and a bystander no list.
    [(_, (calls, _))] = street.got(3)
    assert "panic:102" not in [a["key"] for a in calls]
    assert [name for name, _ in street.got(4)] == ["notice"]
    await panic(street, make, False)
    street.forget()
    street.server.command_as(1, "calls")
    await street.server.advance(100)
    [(_, (alerts, _))] = street.got(1)
    assert [a["key"] for a in alerts] == ["panic:150", "911:4711"]


async def test_a_board_without_it_ends_it(street: Town, make: Make) -> None:
    await panic(street, make, True)
    street.forget()
    street.down()
    await street.connect(epoch="another", units=[make.unit(102, player=2)])
    assert [args[0] for name, args in street.got(1) if name == "clear"] == ["panic:102"]


async def test_a_board_of_a_cad_that_was_not_told_does_not_end_it(street: Town, make: Make) -> None:
    street.server.command_as(2, "panic")
    await street.server.advance(100)
    await street.answer("unit.panic", error={"code": "cad_unreachable", "message": "no route"})
    street.forget()
    street.down()
    await street.connect(epoch="another", units=[make.unit(102, player=2)])
    assert street.got(1) == []
    # What the CAD has said once, it ends.
    await panic(street, make, True)
    street.down()
    await street.connect(epoch="third", units=[make.unit(102, player=2)])
    assert [args[0] for name, args in street.got(1) if name == "clear"] == ["panic:102"]


async def test_a_place_that_becomes_known_later_brings_the_blip(
    street: Town, make: Make, build: Any
) -> None:
    street.server.move(2, 0.0, 0.0, 0.0)  # not spawned yet
    await panic(street, make, True)
    assert "blip" not in street.shown(1)[0]
    street.server.move(2, 320.0, -500.0, 40.0)
    await street.server.advance(2500)
    (alert,) = street.shown(1)
    assert (alert["how"], alert["position"]["x"]) == ("quiet", 320.0)


async def test_a_unit_of_two_players_is_followed_where_the_other_one_is(
    street: Town, make: Make
) -> None:
    await street.come(3)
    await street.event("unit.changed", unit=make.unit(102, playerIds=make.ids(2, 3)))
    unit = make.unit(102, playerIds=make.ids(2, 3), panic=True)
    await street.event("unit.changed", unit=unit, changed=["panic"])
    street.forget()
    await street.server.drop(2)
    street.server.move(3, 320.0, -500.0, 40.0)
    await street.server.advance(2500)
    got = street.got(1)
    assert [name for name, _ in got if name != "move"] == []
    assert got[-1] == ("move", ["panic:102", {"x": 320.0, "y": -500.0, "z": 40.0}])


async def test_nobody_is_followed_whose_unit_it_is_no_more(street: Town, make: Make) -> None:
    await panic(street, make, True)
    unit = make.unit(102, panic=True, playerIds=make.ids(9))
    await street.event("unit.changed", unit=unit, changed=["playerIds"])
    street.forget()
    street.server.move(2, 320.0, -500.0, 40.0)
    await street.server.advance(2500)
    assert street.got(1) == []


async def test_nobody_is_followed_whose_unit_a_new_board_gives_to_another(
    street: Town, make: Make
) -> None:
    await panic(street, make, True)
    street.down()
    unit = make.unit(102, panic=True, playerIds=make.ids(9))
    await street.connect(units=[unit], epoch="epoch-2")
    street.forget()
    street.server.move(2, 320.0, -500.0, 40.0)
    await street.server.advance(2500)
    assert street.got(1) == []


async def test_who_has_the_number_of_one_in_two_panics_is_followed_in_none(
    street: Town, make: Make
) -> None:
    await street.come(3)
    for ident, players in ((102, (2, 3)), (103, (3,))):
        unit = make.unit(ident, playerIds=make.ids(*players))
        await street.event("unit.on_duty", unit=unit)
        unit["panic"] = True
        await street.event("unit.changed", unit=unit, changed=["panic"])
    await street.server.drop(2)
    await street.server.drop(3)
    street.forget()
    newcomer = Player(3, "Newcomer", ["license:newcomer"])
    await street.server.join(newcomer, client="headless")
    street.ready(3)
    street.server.move(3, 320.0, -500.0, 40.0)
    await street.server.advance(2500)
    assert [name for name, _ in street.got(1) if name in ("move", "show")] == []


async def test_two_players_of_one_unit_can_each_end_what_both_raised(
    street: Town, make: Make
) -> None:
    await street.come(3)
    await street.event("unit.changed", unit=make.unit(102, playerIds=make.ids(2, 3)))
    street.forget()
    for source in (3, 2):
        street.server.command_as(source, "panic")
        await street.server.advance(100)
    assert [name for name, _ in street.got(1)] == ["show"]
    street.server.command_as(2, "panic")
    await street.server.advance(100)
    assert street.got(1) == [("clear", ["panic:102", "off"])]
    assert street.asked("unit.panic")[-1]["on"] is False


async def test_a_panic_that_has_ended_does_not_come_back_with_a_board(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    unit = make.unit(150)
    await town.event("unit.on_duty", unit=unit)
    await town.event("unit.changed", unit={**unit, "panic": True}, changed=["panic"])
    await town.server.advance(600_000)
    assert town.got(1)[-1][0] == "clear"
    town.down()
    await town.connect(units=[{**unit, "panic": True}], epoch="epoch-2")
    assert town.got(1) == []
    await town.event("unit.changed", unit=unit, changed=["panic"])
    await town.event("unit.changed", unit={**unit, "panic": True}, changed=["panic"])
    assert [alert["how"] for alert in town.shown(1)] == ["alert"]


async def test_the_blip_follows_a_unit_that_left_the_game_and_is_back(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, 2)
    unit = make.unit(102, player=2)
    await town.event("unit.on_duty", unit=unit)
    await town.event("unit.changed", unit={**unit, "panic": True}, changed=["panic"])
    await town.server.drop(2)
    await town.server.advance(3000)
    await town.come(2)
    town.forget()
    town.server.move(2, 100.0, 200.0, 30.0)
    await town.server.advance(3000)
    assert [name for name, _ in town.got(1)] == ["move"]

"""server/admin.lua: status, test and why."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any


async def test_status_says_what_is_there(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.come(4, ready=False)
    await town.event("unit.on_duty", unit=make.unit(150))
    await town.event("call.opened", call=make.call())
    lines = "\n".join(town.server.console("cadbridge status"))
    assert "Connected to bridge 1.0.0 as server Main" in lines
    assert "Players: 2, loaded: 1" in lines
    assert "Responders: 1 by cad, ace, job" in lines
    assert "units on duty in the CAD: 1, linked players: 0" in lines
    assert "Open calls: 1" in lines


async def test_why_names_what_makes_a_responder_or_what_lacks(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 2, 12)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("unit.on_duty", unit=make.unit(103, playerIds=make.ids(1, at=3)))
    await town.event("call.opened", call=make.call())
    first = "\n".join(town.server.console("cadbridge why 1 4711"))
    assert "Marta Quill (1) gets alerts, by: ace" in first
    assert "license:abc123" in first
    assert "ip:" not in first
    assert "203.0.113" not in first
    assert "Unit 103 names this player by an API ID only" in first
    assert "911 #4711: he gets it as emergency; has it now: yes" in first
    second = "\n".join(town.server.console("cadbridge why 2"))
    assert "gets alerts, by: cad" in second
    assert "Unit in the CAD: 1-A-102" in second
    third = "\n".join(town.server.console("cadbridge why 12 911:4711"))
    assert "gets no alerts. None of these applies: cad, ace, job" in third
    assert "Identifiers: -" in third
    assert "he does not get it; has it now: no" in third
    assert "There is no player 99" in "\n".join(town.server.console("cadbridge why 99"))
    assert "No open call 5" in "\n".join(town.server.console("cadbridge why 1 5"))


async def test_why_tells_how_the_last_alert_was_taken(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    seq = await town.event("call.opened", call=make.call())
    town.server.emit_as_client(1, "cadbridge:painted", "911:4711", seq, "muted")
    await town.server.advance(100)
    assert any("last alert: muted" in line for line in town.server.console("cadbridge why 1"))


async def test_a_test_is_asked_of_the_bridge_and_its_painting_is_told(
    town: Town, make: Make
) -> None:
    await town.come(4)
    town.server.console("cadbridge test")  # the only player
    assert town.asked("call.test")[0]["player"] == town.people[4].identifiers[:-1]
    await town.answer("call.test", {"key": "test:1"})
    assert town.said("A test call is on its way from the bridge to J.P. Brandt.") == 1
    seq = await town.event("call.opened", call=make.call(1, "test"))
    town.server.emit_as_client(4, "cadbridge:painted", "test:1", seq, "shown")
    await town.server.advance(100)
    assert town.said("The test was seen on the player's screen after") == 1


async def test_a_test_says_what_is_missing(town: Town) -> None:
    await town.come(1)
    await town.come(4, ready=False)
    assert any("For whom?" in line for line in town.server.console("cadbridge test"))
    assert any("has not loaded" in line for line in town.server.console("cadbridge test 4"))
    town.down()
    assert any("connection" in line for line in town.server.console("cadbridge test 1"))


@pytest.mark.parametrize("chat", [True, False])
async def test_an_admin_in_the_game_is_answered_there(build: Any, make: Make, chat: bool) -> None:
    town = await build()
    if chat:
        await town.server.add_resource("chat")
    town.server.grant_ace(f"identifier.{make.ids(1)[0][0]}", "cadbridge.admin")
    await town.come(1, 6)
    town.server.command_as(1, "cadbridge why 6")
    await town.server.advance(100)
    got = town.got(1)
    assert {name for name, _ in got} == {"chat:addMessage" if chat else "notice"}
    text = str(got)
    assert "gets no alerts" in text
    if chat:
        assert "^" not in text
        assert "~" not in text
    assert town.got(6) == []


async def test_nobody_else_may(town: Town) -> None:
    town.responders(1)
    await town.come(1)
    for line in ("cadbridge status", "cadbridge test 1", "cadbridge why 1"):
        town.server.command_as(1, line)
    await town.server.advance(100)
    assert town.lines(1) == ["This needs the permission cadbridge.admin."] * 3
    assert town.asked("call.test") == []


async def test_anything_else_is_answered_by_the_usage(town: Town) -> None:
    assert any(
        "cadbridge status | cadbridge test" in line for line in town.server.console("cadbridge")
    )

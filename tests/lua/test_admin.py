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
    assert "Players: 2, with the resource loaded: 1" in lines
    assert "Connected for 0 min, to bridge 1.0.0 as server Main." in lines
    assert "Players who get alerts: 1; dispatchers: 0" in lines
    assert "the permission cadbridge.responder (ace); a listed job, on duty (job)." in lines
    assert "Units on duty in the CAD: 1, linked players here: 0. By permission: 1." in lines
    assert "By job: 0 (framework: none)" in lines
    assert "Open calls: 1" in lines


async def test_why_names_what_makes_a_responder_or_what_lacks(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 2, 12)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("unit.on_duty", unit=make.unit(103, playerIds=make.ids(1, at=3)))
    await town.event("call.opened", call=make.call())
    first = "\n".join(town.server.console("cadbridge why 1 4711"))
    assert "(1) gets alerts, because of: the permission cadbridge.responder (ace)" in first
    assert "license:abc123" in first
    assert "ip:" not in first
    assert "203.0.113" not in first
    assert "Unit 103 names this player by an API ID only" in first
    assert "911 #4711 is for this player, as: Emergency. On his screen or map now: yes" in first
    second = "\n".join(town.server.console("cadbridge why 2"))
    assert "gets alerts, because of: a linked unit on duty in the CAD (cad)" in second
    assert "Unit in the CAD: 1-A-102" in second
    third = "\n".join(town.server.console("cadbridge why 12 911:4711"))
    assert "gets no alerts. One of these would do, and none is there: a linked unit" in third
    assert "Identifiers: none" in third
    assert "is not for this player. On his screen or map now: no" in third
    assert "There is no player 99" in "\n".join(town.server.console("cadbridge why 99"))
    assert "No open call 5" in "\n".join(town.server.console("cadbridge why 1 5"))


async def test_why_tells_permissions_as_they_are_and_that_dispatchers_come_first(
    build: Any, make: Make
) -> None:
    town = await build("dispatcherFirst = true, responders = { 'job' }")
    town.responders(1)
    await town.come(1)
    await town.event("unit.on_duty", unit=make.unit(150, dispatcher=True))
    await town.event("call.opened", call=make.call())
    assert town.said("none of those on duty in the CAD (1) is in the game") == 1
    lines = "\n".join(town.server.console("cadbridge why 1 4711"))
    assert "none is there: a listed job, on duty (job)" in lines
    assert "Permissions: cadbridge.responder: yes; cadbridge.dispatcher: no" in lines
    assert "Job: none, on duty: no, listed in the option jobs: no" in lines
    assert "911 #4711 is for dispatchers only: dispatcherFirst is on" in lines


async def test_status_counts_what_is_there_now_not_at_the_beginning(town: Town, make: Make) -> None:
    await town.event("call.opened", call=make.call())
    lines = "\n".join(town.server.console("cadbridge status"))
    assert "Open calls: 1" in lines
    assert "0 open calls" not in lines
    town.down()
    lines = "\n".join(town.server.console("cadbridge status"))
    assert "Connection, for 0 min: The connection to the bridge ended" in lines


@pytest.mark.parametrize(
    ("outcome", "told"),
    [("muted", "the player has muted them"), ("paused", "while his pause menu hid it")],
)
async def test_why_tells_how_the_last_alert_was_taken(
    town: Town, make: Make, outcome: str, told: str
) -> None:
    town.responders(1)
    await town.come(1)
    seq = await town.event("call.opened", call=make.call())
    town.server.emit_as_client(1, "cadbridge:painted", "911:4711", seq, outcome)
    await town.server.advance(100)
    assert any(told in line for line in town.server.console("cadbridge why 1"))


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

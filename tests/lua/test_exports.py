"""server/exports.lua and the local events: what other resources may ask and hear."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any


async def test_calls_are_given_with_their_age_of_now(town: Town, make: Make) -> None:
    await town.event("call.opened", age=1000, call=make.call(1, age=2000))
    await town.event("call.opened", call=make.call(2))
    await town.server.advance(5000)
    calls = town.server.export("GetCalls")
    assert [call["key"] for call in calls] == ["911:2", "911:1"]
    assert calls[1]["age"] >= 8000


@pytest.mark.parametrize(
    ("reference", "key"),
    [
        ("911:7", "911:7"),
        (7, "911:7"),
        ("7", "911:7"),
        (7.0, "911:7"),
        ("dispatch:7", "dispatch:7"),
        (880, "dispatch:880"),
        ("CAD-5", "911:CAD-5"),
        (99, None),
        (7.5, None),
        ("", None),
        (None, None),
        ({}, None),
    ],
)
async def test_a_call_is_found_by_key_or_id(
    town: Town, make: Make, reference: Any, key: str | None
) -> None:
    await town.event("call.opened", call=make.call(7))
    await town.event("call.opened", call=make.call(7, "dispatch"))
    await town.event("call.opened", call=make.call(880, "dispatch"))
    await town.event("call.opened", call={**make.call(1), "key": "911:CAD-5", "id": "CAD-5"})
    found = town.server.export("GetCall", reference)
    assert (found and found["key"]) == key


async def test_units_and_players_are_told(town: Town, make: Make) -> None:
    await town.come(1, 2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("unit.on_duty", unit=make.unit(150))
    assert [unit["ident"] for unit in town.server.export("GetUnits")] == [102, 150]
    assert town.server.export("GetUnitByPlayer", 2)["ident"] == 102
    assert town.server.export("GetUnitByPlayer", "2")["ident"] == 102
    assert town.server.export("GetUnitByPlayer", 1) is None
    assert town.server.export("GetPlayersByCommunityUserId", "license:ABC123") == [1]
    assert town.server.export("GetPlayersByCommunityUserId", "abc123") == [1]
    assert town.server.export("GetPlayersByCommunityUserId", "ip:203.0.113.21") == []
    assert town.server.export("GetPlayersByCommunityUserId", None) == []
    assert town.server.export("IsResponder", 2) is True
    assert town.server.export("IsResponder", 99) is False
    assert town.server.export("IsConnected") is True
    town.down()
    assert town.server.export("IsConnected") is False


async def test_what_another_resource_does_to_a_call_changes_nothing_here(
    town: Town, make: Make
) -> None:
    await town.server.add_resource(
        "tester",
        server="""
        AddEventHandler('cadbridge:callOpened', function(call) call.key = 'x' end)
        """,
    )
    await town.event("call.opened", call=make.call(1))
    assert town.server.export("GetCall", 1)["key"] == "911:1"


async def test_events_are_heard_with_their_recipients(town: Town, make: Make) -> None:
    heard = {
        name: town.server.listen(f"cadbridge:{name}")
        for name in ("callOpened", "callChanged", "callClosed", "unitChanged", "push")
    }
    town.responders(1)
    await town.come(1, 2, 4)
    call = make.call(1, callerIds=make.ids(2))
    await town.event("call.opened", call=call)
    await town.event("call.changed", call={**call, "priority": 1}, changed=["priority"])
    note = {"content": "x", "kind": "text"}
    await town.event("call.noted", call=call, note=note)
    await town.event("call.closed", call=call, reason="removed")
    await town.event("unit.on_duty", unit=make.unit(150))
    await town.event("unit.changed", unit=make.unit(150, status=3), changed=["status"])
    await town.event("unit.off_duty", unit=make.unit(150))
    await town.event("push", push="EVENT_RECORD_ADD", data={"a": [1, {"b": 2}]})
    ((opened, recipients),) = heard["callOpened"]
    assert (opened["key"], sorted(recipients)) == ("911:1", [1, 2])
    assert len(heard["callChanged"]) == 2
    assert heard["callClosed"][0][0]["key"] == "911:1"
    assert len(heard["unitChanged"]) == 3
    assert heard["push"] == [["EVENT_RECORD_ADD", {"a": [1, {"b": 2}]}]]

"""server/shapes.lua: broken calls and units, which never hide the sound ones."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any

STRANGE: list[Any] = [True, 7, -1.5, 1e300, "x", "", [], [1], [[1]], [["x"]], [None, 2], {"a": {}}]
CALL = (
    *("key", "id", "kind", "emergency", "caller", "location", "description", "postal", "title"),
    *("position", "callerIds", "silent", "code", "priority", "status", "units", "notes"),
    *("origin911", "age"),
)
UNIT = (
    *("ident", "number", "name", "department", "subdivision", "rank", "group", "agency", "status"),
    *("panic", "dispatcher", "account", "playerIds"),
)


@pytest.fixture
async def street(build: Any) -> Town:
    """A responder and dispatcher, and a unit, before the bridge has come."""
    town: Town = await build(welcome=False)
    town.responders(1)
    town.dispatchers(1)
    await town.come(1, 2)
    town.tell("ready")
    town.forget()
    return town


async def listed(town: Town) -> list[str]:
    """Return the keys of the calls that the responder's list shows."""
    town.forget()
    town.server.command_as(1, "calls")
    await town.server.advance(100)
    [keys] = [[a["key"] for a in args[0]] for name, args in town.got(1) if name == "list"]
    return keys


async def test_one_broken_call_hides_no_other_and_is_told_once(street: Town, make: Make) -> None:
    calls = [
        make.call(1),
        make.call(2, callerIds="license:a"),
        None,
        make.call(3, "dispatch", units=[102]),
    ]
    units = [{"number": "no ident"}, None, make.unit(102, player=2)]
    for connections in (1, 2):
        await street.connect(calls=calls, units=units)
        assert set(await listed(street)) == {"911:1", "dispatch:3"}
        assert street.said("2 open calls, 1 units on duty") == connections
        street.down()
    assert street.said("cannot be read here: 2, the first is 911:2.") == 1
    assert street.said("cannot be read here") == 1


@pytest.mark.parametrize("calls", ["none", 7, {"a": 1}])
async def test_a_list_that_is_none_leaves_the_units(street: Town, make: Make, calls: Any) -> None:
    street.generation += 1
    street.tell("open", street.generation)
    board = {"calls": calls, "units": [make.unit(102, player=2)]}
    street.frame(op="welcome", epoch="e", cursor=0, freshFor=1000, board=board)
    await street.server.advance(300)
    assert street.server.export("IsResponder", 2) is True
    assert street.said("cannot be read here: 1, the first is ?.") == 1


async def test_whatever_stands_in_a_field_the_sound_calls_are_there(
    street: Town, make: Make
) -> None:
    calls = [make.call(1), make.call(2, "dispatch", title="Fire", units=[102])]
    units = [make.unit(102, player=2)]
    for kind in ("911", "dispatch"):
        for field in CALL:
            for value in STRANGE:
                strange = make.call(1000 + len(calls), kind, title="t", units=[102])
                calls.append({**strange, field: value})
    for field in UNIT:
        for value in STRANGE:
            units.append({**make.unit(1000 + len(units), player=2), field: value})
    await street.connect(calls=calls, units=units)
    await street.server.advance(3000)
    assert {"911:1", "dispatch:2"} <= set(await listed(street))
    assert street.said("cannot be read here") == 1
    await street.event("call.noted", call=calls[1], note={"content": "Armed", "kind": "text"})
    await street.event("unit.off_duty", unit=units[0])
    assert street.said("could not be shown") == 0
    # Another board ends them all.
    street.down()
    await street.connect(epoch="another", calls=[make.call(1)])
    assert await listed(street) == ["911:1"]


@pytest.mark.parametrize("kind", ["call.opened", "call.changed", "call.noted"])
async def test_a_broken_call_of_an_event_is_told_and_comes_into_no_list(
    street: Town, make: Make, kind: str
) -> None:
    await street.connect(calls=[make.call(1)])
    await street.event(kind, call=make.call(2, "dispatch", title={"a": 1}))
    await street.event("unit.on_duty", unit=make.unit(102, player=2, playerIds="license:a"))
    assert street.said("call dispatch:2 is of another shape") == 1
    assert street.said("unit 102 is of another shape") == 1
    assert await listed(street) == ["911:1"]
    # It is off the board, whatever it looks like.
    await street.event("call.closed", call=make.call(1, title={"a": 1}), reason="removed")
    assert await listed(street) == []

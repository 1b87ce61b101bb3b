"""server/position.lua, server/postals.lua: where a call is, in the documented order, or nowhere."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any
Town = Any

DATA = Path(__file__).parents[1] / "data"
POSTALS = json.loads((DATA / "postals.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def lua(load: Callable[..., Lua]) -> Lua:
    return load(
        "server/membership.lua", "server/roster.lua", "server/postals.lua", "server/position.lua"
    )


@pytest.fixture(scope="module")
def postals(lua: Lua, make: Any) -> Lua:
    made = lua.eval("CadBridge.postals.new()")
    lua.eval("function(p, entries) p:load(entries) end")(made, make.to_lua(lua, POSTALS))
    return made


@pytest.mark.parametrize(
    "code", ["A101", "a101", " B-22 ", "0042", "7X", "900", POSTALS[0]["code"]]
)
def test_a_code_is_found_in_any_letter_case(lua: Lua, postals: Lua, code: str) -> None:
    found = lua.eval("function(p, code) return p:find(code) end")(postals, code.encode())
    assert found[b"code"].decode() == code.strip().upper()


@pytest.mark.parametrize("code", ["42", "", "nil", "99999", None, 5.5, True])
def test_what_is_no_code_is_nowhere(lua: Lua, postals: Lua, code: Any) -> None:
    value = code.encode() if isinstance(code, str) else code
    assert lua.eval("function(p, code) return p:find(code) end")(postals, value) is None


@given(x=st.floats(-6000, 6000), y=st.floats(-6000, 9000))
def test_the_nearest_postal_is_the_nearest(lua: Lua, postals: Lua, x: float, y: float) -> None:
    found = lua.eval("function(p, x, y) return p:nearest(x, y) end")(postals, x, y)
    best = min(math.hypot(p["x"] - x, p["y"] - y) for p in POSTALS)
    assert math.hypot(found[b"x"] - x, found[b"y"] - y) == pytest.approx(best)


@pytest.mark.parametrize(
    "entries",
    [
        None,
        "text",
        5,
        [],
        [{}],
        [5],
        [{"x": "a", "y": 1, "code": "1"}],
        [{"x": math.inf, "y": 1, "code": "1"}],
        [{"x": 1, "y": 1}],
        [{"x": 1, "y": 1, "code": " "}],
    ],
    ids=repr,
)
def test_a_postal_file_that_is_none_has_no_postals(lua: Lua, make: Any, entries: Any) -> None:
    made = lua.eval("CadBridge.postals.new()")
    lua.eval("function(p, entries) p:load(entries) end")(made, make.to_lua(lua, entries))
    assert made[b"count"] == 0
    assert lua.eval("function(p) return p:nearest(1, 2) end")(made) is None


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Vespucci Blvd [7351]", ["7351"]),
        ("postal 7351, near the bank", ["7351"]),
        ("Postal: A101", ["A101"]),
        ("POSTAL #B-22", ["B-22"]),
        ("Postal. 0042 and [900]", ["900", "0042"]),
        ("742 Evergreen Terrace", []),
        ("postalcode 7351", []),
        ("nonpostal 7351", []),
        ("postal", []),
        ("[]", []),
        (None, []),
    ],
)
def test_a_number_counts_only_where_it_is_marked(
    lua: Lua, text: str | None, codes: list[str]
) -> None:
    found = lua.eval("CadBridge.position.marked")(text and text.encode())
    assert [code.decode() for code in found.values()] == codes


@pytest.mark.parametrize(
    "position",
    [
        None,
        {},
        {"x": 1.0},
        {"x": 0, "y": 0},
        {"x": 0.0, "y": 0.0, "z": 30.0},
        {"x": math.nan, "y": 1.0},
        {"x": math.inf, "y": 1.0},
        {"x": 99999.0, "y": 1.0},
        {"x": 1.0, "y": -9000.0},
        {"x": "1", "y": "2"},
    ],
    ids=repr,
)
def test_what_is_off_the_map_is_no_position(lua: Lua, make: Any, position: Any) -> None:
    assert lua.eval("CadBridge.position.checked")(make.to_lua(lua, position)) is None


# The order, in the game ---------------------------------------------------------------------------


@pytest.fixture
async def street(build: Any) -> Town:
    town = await build()
    await town.server.add_resource(
        "nearest-postal",
        manifest="postal_file 'codes.json'",
        files={"codes.json": json.dumps(POSTALS)},
    )
    await town.server.advance(100)
    town.responders(2)
    await town.come(1, 2)
    return town


def place(town: Town) -> dict[str, float] | None:
    (alert,) = town.shown(2)
    position = alert.get("position")
    assert ("blip" in alert) == (position is not None)
    return position and {axis: position[axis] for axis in ("x", "y")}


async def test_its_own_coordinates_come_first(street: Town, make: Any) -> None:
    code = POSTALS[0]["code"]
    call = make.call(position={"x": 1.5, "y": 2.5}, postal=code, callerIds=make.ids(1))
    await street.event("call.opened", call=call)
    assert place(street) == {"x": 1.5, "y": 2.5}
    assert street.asked("call.located") == []


async def test_then_its_postal(street: Town, make: Any) -> None:
    first, second = POSTALS[0], POSTALS[1]
    call = make.call(postal=first["code"], location=f"[{second['code']}]", callerIds=make.ids(1))
    await street.event("call.opened", call=call)
    assert place(street) == {"x": first["x"], "y": first["y"]}
    assert street.asked("call.located")[0]["call"] == "911:4711"


async def test_then_a_postal_marked_in_the_text(street: Town, make: Any) -> None:
    first, second = POSTALS[0], POSTALS[1]
    text = f"742 Alta St, postal {second['code']}"
    await street.event("call.opened", call=make.call(location=text, postal="99999"))
    assert place(street) == {"x": second["x"], "y": second["y"]}
    await street.event("call.opened", call=make.call(2, location=f"{first['code']} Alta St"))
    assert place(street) is None


async def test_then_where_the_caller_stands_if_the_call_is_young(street: Town, make: Any) -> None:
    await street.event("call.opened", age=20_000, call=make.call(1, callerIds=make.ids(1)))
    assert place(street) == {"x": 428.93, "y": -984.52}
    await street.event("call.opened", age=31_000, call=make.call(2, callerIds=make.ids(1)))
    assert place(street) is None


async def test_or_where_he_stood_when_he_left(street: Town, make: Any) -> None:
    street.server.move(1, 100.0, 200.0, 30.0)
    await street.server.drop(1)
    await street.server.advance(200_000)
    await street.event("call.opened", call=make.call(1, callerIds=make.ids(1)))
    assert place(street) == {"x": 100.0, "y": 200.0}
    await street.server.advance(120_000)
    await street.event("call.opened", call=make.call(2, callerIds=make.ids(1)))
    assert place(street) is None


async def test_never_where_a_player_stands_whom_nothing_proves(street: Town, make: Any) -> None:
    for number, at in enumerate((2, 3, 4)):
        call = make.call(number, callerIds=make.ids(1, at=at))
        await street.event("call.opened", call=call)
        assert place(street) is None
    assert street.asked("call.located") == []


async def test_never_where_one_of_two_callers_stands(street: Town, make: Any) -> None:
    await street.come(3)
    await street.event("call.opened", call=make.call(1, callerIds=make.ids(1, 3)))
    assert place(street) is None


async def test_where_a_caller_stood_counts_once(street: Town, make: Any) -> None:
    call = make.call(1, callerIds=make.ids(1))
    await street.event("call.opened", call=call)
    street.forget()
    street.server.move(1, 100.0, 200.0, 30.0)
    await street.event("call.changed", call={**call, "priority": 1}, changed=["priority"])
    assert place(street) == {"x": 428.93, "y": -984.52}
    assert len(street.asked("call.located")) == 1


async def test_a_corrected_postal_moves_the_blip(street: Town, make: Any) -> None:
    first, second = POSTALS[0], POSTALS[1]
    await street.event("call.opened", call=make.call(postal=first["code"]))
    street.forget()
    moved = make.call(postal=second["code"])
    await street.event("call.changed", call=moved, changed=["postal"])
    (alert,) = street.shown(2)
    assert sorted(alert["changed"]) == ["position", "postal"]
    assert alert["position"]["x"] == second["x"]

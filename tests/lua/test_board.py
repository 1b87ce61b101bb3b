"""server/board.lua: the mirror replaces and never merges."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any


class Board:
    def __init__(self, lua: Lua, make: Any) -> None:
        self.lua, self.make = lua, make
        self.it = lua.eval("CadBridge.board.new()")

    def do(self, name: str, *values: Any) -> Any:
        method = self.lua.eval(f"function(it, ...) return it:{name}(...) end")
        return self.make.to_python(
            method(self.it, *(self.make.to_lua(self.lua, v) for v in values))
        )

    @property
    def calls(self) -> dict[str, Any]:
        return dict(self.make.to_python(self.it[b"calls"]))


@pytest.fixture
def board(load: Callable[..., Lua], make: Any) -> Board:
    return Board(load("server/membership.lua", "server/board.lua"), make)


def test_an_event_replaces_the_whole_call(board: Board, make: Any) -> None:
    board.do("apply", {"type": "call.opened", "call": make.call(1, postal="7351")}, 0, 1000)
    board.do("apply", {"type": "call.changed", "call": make.call(1, caller=None)}, 0, 1000)
    assert "postal" not in board.calls["911:1"]
    assert "caller" not in board.calls["911:1"]


def test_the_age_counts_from_the_opening(board: Board, make: Any) -> None:
    event = {"type": "call.opened", "call": make.call(1, age=2000)}
    board.do("apply", event, 500, 10_000)
    assert board.do("age", "911:1", 10_000) == 2500
    assert board.do("age", "911:1", 15_000) == 7500
    assert board.do("age", "911:9", 15_000) is None


def test_a_welcome_replaces_everything(board: Board, make: Any) -> None:
    board.do("apply", {"type": "call.opened", "call": make.call(1, units=[101])}, 0, 0)
    board.do("apply", {"type": "unit.on_duty", "unit": make.unit(101)}, 0, 0)
    board.do("replace", {"calls": [make.call(2, age=5)], "units": [make.unit(102)]}, 100)
    assert list(board.calls) == ["911:2"]
    assert list(make.to_python(board.it[b"units"])) == [102]
    assert board.do("attached", 101) == {}
    assert board.do("age", "911:2", 100) == 5


def test_numbers_that_json_wrote_as_floats_are_whole(board: Board, make: Any) -> None:
    call = {**make.call(1), "id": 1.0, "units": [101.0]}
    board.do("apply", {"type": "call.opened", "call": call}, 0, 0)
    assert board.do("isOn", 101, "911:1") is True
    assert board.lua.eval("function(b) return math.type(b.calls['911:1'].id) end")(board.it) == (
        b"integer"
    )


def test_the_newest_call_comes_first(board: Board, make: Any) -> None:
    for number, age in ((1, 300), (2, 100), (3, 200)):
        board.do("apply", {"type": "call.opened", "call": make.call(number, age=age)}, 0, 0)
    assert [call["key"] for call in board.do("newest")] == ["911:2", "911:3", "911:1"]


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["call.opened", "call.changed", "call.noted", "call.closed"]),
        st.integers(1, 4),
        st.lists(st.integers(101, 104), unique=True),
    ),
    max_size=20,
)


@given(events=EVENTS)
def test_who_is_on_what_is_always_what_the_calls_say(
    load: Callable[..., Lua], make: Any, events: list[tuple[str, int, list[int]]]
) -> None:
    board = Board(load("server/membership.lua", "server/board.lua"), make)
    model: dict[str, list[int]] = {}
    for kind, number, units in events:
        call = make.call(number, "dispatch", units=units)
        board.do("apply", {"type": kind, "call": call}, 0, 0)
        model[call["key"]] = units
        if kind == "call.closed":
            del model[call["key"]]
    for ident in range(101, 105):
        on = sorted(key for key, units in model.items() if ident in units)
        assert (board.do("attached", ident) or []) == on
    assert set(board.calls) == set(model)

"""server/session.lua: frames in, actions out, and a cursor that loses and repeats nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any


class Session:
    def __init__(self, lua: Lua, make: Any, saved: str | None = None) -> None:
        self.lua, self.make = lua, make
        text = None if saved is None else saved.encode()
        epoch, cursor = lua.eval("CadBridge.session.read")(text) or (None, None)
        setup = lua.eval("{ version = '1.0.0', instance = 'i' }")
        setup[b"encode"] = lambda value: json.dumps(make.to_python(value)).encode()
        setup[b"decode"] = lambda text: make.to_lua(lua, json.loads(text))
        setup[b"epoch"], setup[b"cursor"] = epoch, cursor
        self.it = lua.eval("CadBridge.session.new")(setup)

    def do(self, name: str, *values: Any) -> Any:
        method = self.lua.eval(f"function(it, ...) return it:{name}(...) end")
        return self.make.to_python(
            method(self.it, *(self.make.to_lua(self.lua, v) for v in values))
        )

    def frame(self, generation: int = 1, **fields: Any) -> Any:
        return self.do("receive", generation, json.dumps(fields))

    def welcome(self, generation: int = 1, **fields: Any) -> Any:
        body = {"epoch": "e", "cursor": 0, "freshFor": 1000, "board": {"calls": [], "units": []}}
        return self.frame(generation, op="welcome", **{**body, **fields})

    def event(self, seq: Any, generation: int = 1) -> Any:
        event = {"type": "call.opened", "call": {"key": "911:1"}}
        return self.frame(generation, op="event", seq=seq, age=5, alert=True, event=event)


@pytest.fixture
def new(load: Callable[..., Lua], make: Any) -> Callable[..., Session]:
    lua = load("server/session.lua")
    return lambda saved=None: Session(lua, make, saved)


def test_the_first_greeting_knows_nothing(new: Any) -> None:
    hello = json.loads(new().do("open", 1))
    assert hello == {
        "op": "hello",
        "resource": "1.0.0",
        "instance": "i",
        "epoch": None,
        "cursor": None,
        "board": True,
    }


@pytest.mark.parametrize("saved", [None, "", "x", "-5 e", "5", "5 ", "99999999999999999999 e"])
def test_what_was_not_saved_is_not_read(new: Any, saved: str | None) -> None:
    assert json.loads(new(saved).do("open", 1))["cursor"] is None


def test_the_cursor_survives_and_the_board_is_asked_for(new: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome(epoch="a b", cursor=7)
    session.event(9)
    session.do("handled", 9)
    again = new(session.do("saved"))
    hello = json.loads(again.do("open", 1))
    assert (hello["epoch"], hello["cursor"], hello["board"]) == ("a b", 9, True)


def test_an_event_is_an_action_once(new: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome()
    action = session.event(3)
    assert (action["kind"], action["seq"], action["age"], action["alert"]) == ("event", 3, 5, True)
    session.do("handled", 3)
    assert session.event(3) is None
    assert session.event(2) is None
    assert session.event(4)["seq"] == 4


def test_what_was_handled_is_acknowledged_once(new: Any) -> None:
    session = new()
    session.do("open", 1)
    assert session.do("acknowledge") is None
    session.welcome()
    assert session.do("acknowledge") is None
    session.do("handled", 5)
    assert json.loads(session.do("acknowledge")) == {"op": "ack", "seq": 5}
    assert session.do("acknowledge") is None


def test_a_reconnect_does_not_need_the_board_unless_it_is_another_journals(new: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome()
    session.do("down")
    assert json.loads(session.do("open", 2))["board"] is False
    assert session.welcome(2, board=None)["kind"] == "welcome"
    session.do("down")
    session.do("open", 3)
    assert session.welcome(3, epoch="other", board=None)["kind"] == "end"
    session.do("down")
    assert json.loads(session.do("open", 4))["board"] is True


@pytest.mark.parametrize(
    "frame",
    [
        "",
        "5",
        '"x"',
        "nonsense",
        '{"op":"event","seq":1,"event":{}}',
        '{"op":"welcome"}',
        '{"op":"welcome","epoch":"e","cursor":-1}',
        '{"op":"welcome","epoch":"e","cursor":1.5}',
        '{"op":"welcome","epoch":"e","cursor":0}',
        '{"op":"reply","result":{}}',
    ],
)
def test_a_bad_frame_ends_the_connection(new: Any, frame: str) -> None:
    session = new()
    session.do("open", 1)
    action = session.do("receive", 1, frame)
    assert action["kind"] == "end"
    assert action["reason"]


@pytest.mark.parametrize("seq", [None, "5", -1, 1.5, True])
def test_a_number_that_is_none_ends_the_connection(new: Any, seq: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome()
    assert session.event(seq)["kind"] == "end"


def test_a_second_welcome_ends_the_connection(new: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome()
    assert session.welcome()["kind"] == "end"


def test_whole_numbers_written_as_floats_are_understood(new: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome(cursor=2.0)
    assert session.event(3.0)["seq"] == 3


def test_another_connection_is_not_heard(new: Any) -> None:
    session = new()
    session.do("open", 2)
    assert session.welcome(1) is None
    session.welcome(2)
    session.do("down")
    assert session.event(1, 2) is None


def test_a_reply_is_an_action(new: Any) -> None:
    session = new()
    session.do("open", 1)
    session.welcome()
    assert session.frame(op="reply", id="1", result={"key": "x"})["result"] == {"key": "x"}
    problem = {"code": "timeout", "message": "late"}
    assert session.frame(op="reply", id="1", error=problem)["error"] == problem
    assert session.frame(op="reply", id="1", error="odd")["error"]["code"] == "internal"


STEPS = st.lists(st.sampled_from(["event", "ack", "cut", "restart", "repeat"]), max_size=40)


@given(steps=STEPS)
def test_every_event_is_handled_exactly_once_in_order(
    load: Callable[..., Lua], make: Any, steps: list[str]
) -> None:
    """A bridge that resumes as the contract says, cuts at any moment, and repeats itself."""
    lua = load("server/session.lua")
    session, generation, journal, sent, handled = Session(lua, make), 0, 0, 0, []

    def connect() -> None:
        nonlocal generation, sent
        generation += 1
        hello = json.loads(session.do("open", generation))
        sent = hello["cursor"] or 0
        session.welcome(generation, cursor=sent)

    def stream(seq: int) -> None:
        action = session.event(seq, generation)
        if action:
            handled.append(action["seq"])
            session.do("handled", action["seq"])

    connect()
    for step in steps:
        if step == "event":
            journal += 1
        elif step == "ack":
            session.do("acknowledge")
        elif step == "cut":
            session.do("down")
            connect()
        elif step == "restart":
            session = Session(lua, make, session.do("saved"))
            connect()
        elif sent:
            stream(sent)
        if step != "cut":
            while sent < journal:
                sent += 1
                stream(sent)
    assert handled == list(range(1, len(handled) + 1))
    assert len(handled) == journal or steps[-1] == "cut"

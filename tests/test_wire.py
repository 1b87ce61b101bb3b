import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge import wire
from bridge.events import (
    NO_IDS,
    Call,
    CallChanged,
    CallClosed,
    CallNoted,
    CallOpened,
    Event,
    FieldsEmptied,
    LinkVerified,
    LogOutRemembered,
    Note,
    Position,
    Pushed,
    RemovalRemembered,
    Target,
    Tone,
    TonePlayed,
    Unit,
    UnitChanged,
    UnitOffDuty,
    UnitOnDuty,
    UnitsWaiting,
)

NOW = 1_790_000_000_000
SIGNS = st.characters(codec="utf-8")
TEXTS = st.text(SIGNS, max_size=20)
SAID = st.text(SIGNS, min_size=1, max_size=20)
NUMBERS = st.integers(0, 2**63 - 1)
IDENTS = st.lists(st.integers(0, 2**31), max_size=4).map(tuple)
STATUSES = st.none() | NUMBERS | SAID
WORDS = st.none() | SAID
FINITE = st.floats(-1e4, 1e4)
ID_LISTS = st.just(NO_IDS) | st.tuples(*[st.lists(TEXTS, max_size=3).map(tuple)] * 5)
NOTES = st.builds(Note, TEXTS, TEXTS, SAID, TEXTS)
CALLS = st.builds(
    Call,
    st.sampled_from(["911", "dispatch", "test"]),
    NUMBERS | SAID,
    st.integers(NOW - 10**9, NOW + 1000),
    emergency=st.booleans(),
    caller=TEXTS,
    location=TEXTS,
    description=TEXTS,
    postal=WORDS,
    position=st.none() | st.builds(Position, FINITE, FINITE, st.none() | FINITE),
    caller_ids=ID_LISTS,
    silent=st.booleans(),
    title=TEXTS,
    code=TEXTS,
    priority=STATUSES,
    status=STATUSES,
    units=IDENTS,
    notes=st.lists(NOTES, max_size=3).map(tuple),
    origin_911=WORDS,
)
UNITS = st.builds(
    Unit,
    NUMBERS,
    **dict.fromkeys(
        ["number", "name", "department", "subdivision", "rank", "group", "account"], TEXTS
    ),
    agency=st.none() | st.integers(-1, 3),
    status=STATUSES,
    panic=st.booleans(),
    dispatcher=st.booleans(),
    player_ids=ID_LISTS,
)
TONES = st.builds(
    Tone,
    st.sampled_from(["tone", "station", "page"]),
    TEXTS,
    st.lists(st.builds(Target, st.integers(0, 6), NUMBERS | TEXTS, TEXTS), max_size=3).map(tuple),
    IDENTS,
    TEXTS,
)
NAMES = st.lists(st.sampled_from(sorted(wire.CALL_FIELDS.values())), max_size=4).map(tuple)
DATA = st.recursive(
    st.none() | st.booleans() | NUMBERS | FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.one_of(
    st.builds(CallOpened, CALLS, st.booleans()),
    st.builds(CallChanged, CALLS, NAMES, IDENTS, IDENTS),
    st.builds(CallClosed, CALLS, TEXTS),
    st.builds(CallNoted, CALLS, NOTES),
    st.builds(UnitOnDuty, UNITS),
    st.builds(UnitChanged, UNITS, NAMES),
    st.builds(UnitOffDuty, UNITS),
    st.builds(TonePlayed, TONES),
    st.builds(LinkVerified, TEXTS, TEXTS),
    st.builds(Pushed, TEXTS, DATA),
    st.builds(RemovalRemembered, TEXTS),
    st.builds(UnitsWaiting, TEXTS, IDENTS),
    st.builds(FieldsEmptied, TEXTS, NAMES),
    st.builds(LogOutRemembered, NUMBERS),
)


CALL = Call("911", 4711, NOW - 5, position=Position(1.0, 2.0), caller_ids=(("a",), *NO_IDS[1:]))
ONE_OF_EACH: tuple[Event, ...] = (
    CallOpened(CALL),
    CallChanged(CALL, ("caller",), (1,), (2,)),
    CallClosed(CALL, "removed"),
    CallNoted(CALL, Note("help")),
    UnitOnDuty(Unit(101, player_ids=CALL.caller_ids)),
    UnitChanged(Unit(101), ("status",)),
    UnitOffDuty(Unit(101)),
    TonePlayed(Tone("tone", targets=(Target(0, ""),))),
    LinkVerified("license:a", "uuid"),
    Pushed("EVENT_RECORD_ADD", {"record": {}}),
    RemovalRemembered("911:4711"),
    UnitsWaiting("dispatch:880", (101,)),
    FieldsEmptied("dispatch:880", ("title",)),
    LogOutRemembered(101),
)


@pytest.mark.parametrize("event", ONE_OF_EACH, ids=wire.type_of)
def test_each_event_is_read_back_equal(event: Event) -> None:
    assert wire.decode(wire.encode(event, NOW), NOW) == event


@settings(deadline=None)
@given(EVENTS)
def test_an_event_that_was_encoded_is_read_back_equal(event: Event) -> None:
    body = wire.encode(event, NOW)

    assert wire.decode(body, NOW) == event
    assert b"\n" not in body


@settings(deadline=None)
@given(EVENTS)
def test_an_event_says_what_it_is(event: Event) -> None:
    body = json.loads(wire.encode(event, NOW))

    assert body["type"] == wire.type_of(event)
    hidden = (RemovalRemembered, UnitsWaiting, FieldsEmptied, LogOutRemembered)
    assert wire.is_hidden(event) is isinstance(event, hidden)


def test_what_is_empty_false_or_unknown_is_left_out() -> None:
    assert wire.call_to_json(Call("911", 4711, NOW - 5, emergency=False), NOW) == {
        "key": "911:4711",
        "id": 4711,
        "kind": "911",
        "age": 5,
    }
    assert wire.unit_to_json(Unit(101)) == {"ident": 101}


def test_a_zero_that_means_something_is_kept() -> None:
    call = wire.call_to_json(Call("dispatch", 0, NOW, status=0, priority=0), NOW)
    unit = wire.unit_to_json(Unit(0, status=0, agency=0))

    assert (call["status"], call["priority"], call["id"]) == (0, 0, 0)
    assert (unit["status"], unit["agency"], unit["ident"]) == (0, 0, 0)


def test_a_call_bears_the_names_of_the_contract() -> None:
    call = Call(
        "dispatch",
        880,
        NOW - 1000,
        caller="Maria",
        location="Vespucci Blvd",
        description="Two cars",
        postal="7351",
        position=Position(1.5, 2.0, 3.0),
        caller_ids=(("license:a",), (), (), (), ()),
        silent=True,
        title="Collision",
        code="10-50",
        priority="High",
        status=1,
        units=(101,),
        notes=(Note("help", "A-12", "text", "20:15"),),
        origin_911="911:4711",
    )

    assert json.loads(json.dumps(wire.call_to_json(call, NOW))) == {
        "key": "dispatch:880",
        "id": 880,
        "kind": "dispatch",
        "emergency": True,
        "caller": "Maria",
        "location": "Vespucci Blvd",
        "description": "Two cars",
        "postal": "7351",
        "position": {"x": 1.5, "y": 2.0, "z": 3.0},
        "callerIds": [["license:a"], [], [], [], []],
        "silent": True,
        "title": "Collision",
        "code": "10-50",
        "priority": "High",
        "status": 1,
        "units": [101],
        "notes": [{"content": "help", "label": "A-12", "kind": "text", "time": "20:15"}],
        "origin911": "911:4711",
        "age": 1000,
    }


def test_an_opening_without_alert_says_so() -> None:
    call = Call("911", 1, NOW)

    assert "alert" not in wire.event_to_json(CallOpened(call), NOW)
    assert wire.event_to_json(CallOpened(call, alert=False), NOW)["alert"] is False


@pytest.mark.parametrize("body", [{}, {"type": "call.vanished"}])
def test_what_is_no_event_is_not_read(body: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        wire.event_from_json(body, NOW)


def test_a_number_that_json_does_not_know_is_null() -> None:
    body = wire.encode(Pushed("X", [float("nan"), float("inf")]), NOW)

    assert json.loads(body)["data"] == [None, None]


def test_text_that_cannot_be_encoded_is_not_encoded_halfway() -> None:
    with pytest.raises(ValueError, match="surrogates"):
        wire.encode(Pushed("X", "\ud800"), NOW)


@pytest.mark.parametrize("body", [b"", b"{", b"NaN", b"\xff", b'{"a":1}x'])
def test_what_is_no_json_is_not_read(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the text is the parser's
        wire.load(body)

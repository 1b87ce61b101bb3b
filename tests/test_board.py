"""The board: replaying events, remembering, and being written down."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.board import GONE_MS, PANIC_MS, Board, fingerprint, note_fingerprint, replay
from bridge.events import (
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
    Tone,
    TonePlayed,
    Unit,
    UnitChanged,
    UnitOffDuty,
    UnitOnDuty,
    UnitsWaiting,
)

NOW = 1_790_000_000_000
EMERGENCY = Call("911", 1, NOW, caller="Maria", position=Position(1.0, 2.0))
DISPATCH = Call("dispatch", 1, NOW, units=(101,))
MADE_OF_911 = Call("dispatch", 2, NOW, origin_911="911:1")


def board_after(*events: Event, at: int = NOW) -> Board:
    board = Board()
    for event in events:
        replay(board, event, at)
    return board


def test_an_opened_call_is_on_the_board_until_it_is_closed() -> None:
    board = board_after(CallOpened(EMERGENCY))
    assert board.calls == {"911:1": EMERGENCY}
    assert board.heard == {"911:1": NOW}

    replay(board, CallClosed(EMERGENCY, "removed"), NOW)
    assert board.calls == board.heard == {}


def test_a_change_replaces_the_call_and_is_news() -> None:
    board = board_after(CallOpened(EMERGENCY))
    changed = Call("911", 1, NOW, caller="Bob")
    replay(board, CallChanged(changed, ("caller",)), NOW + 5)

    assert board.calls == {"911:1": changed}
    assert board.heard == {"911:1": NOW + 5}


def test_what_came_of_a_call_is_remembered_for_a_quarter_of_an_hour() -> None:
    board = board_after(CallOpened(EMERGENCY), CallClosed(EMERGENCY, "removed"))

    gone = board.gone.get("911:1", NOW + GONE_MS - 1)
    assert gone is not None
    assert (gone.reason, gone.call) == ("removed", EMERGENCY)
    assert board.gone.get("911:1", NOW + GONE_MS) is None


def test_of_a_dispatch_call_only_the_end_is_remembered() -> None:
    board = board_after(CallOpened(DISPATCH), CallClosed(DISPATCH, "closed"))

    gone = board.gone.get("dispatch:1", NOW)
    assert gone is not None
    assert (gone.reason, gone.call) == ("closed", None)


def test_an_opened_call_is_waited_for_no_longer_and_is_not_gone() -> None:
    board = board_after(
        UnitsWaiting("dispatch:1", (101,)),
        RemovalRemembered("dispatch:1"),
        CallOpened(DISPATCH),
    )

    assert board.waiting.get("dispatch:1", NOW) is None
    assert board.gone.get("dispatch:1", NOW) is None


def test_units_that_wait_no_longer_are_forgotten() -> None:
    board = board_after(UnitsWaiting("dispatch:1", (101,)))
    assert board.waiting.get("dispatch:1", NOW) == (101,)

    replay(board, UnitsWaiting("dispatch:1", ()), NOW)
    assert board.waiting.get("dispatch:1", NOW) is None


def test_a_call_opened_without_alert_is_quiet_until_it_alerts() -> None:
    board = board_after(CallOpened(DISPATCH, alert=False))
    assert board.quiet.get("dispatch:1", NOW)

    replay(board, CallOpened(DISPATCH), NOW)
    assert not board.quiet.get("dispatch:1", NOW)


def test_a_911_call_is_dispatched_while_a_dispatch_call_made_of_it_is_open() -> None:
    other = Call("dispatch", 3, NOW, origin_911="911:1")
    board = board_after(CallOpened(MADE_OF_911), CallOpened(other))
    assert board.dispatched == {"911:1": "dispatch:3"}

    replay(board, CallClosed(other, "closed"), NOW)
    assert board.dispatched == {"911:1": "dispatch:2"}

    replay(board, CallClosed(MADE_OF_911, "closed"), NOW)
    assert board.dispatched == {}
    gone = board.gone.get("911:1", NOW)
    assert gone is not None
    assert gone.reason == "dispatched"


def test_the_end_of_an_older_heir_leaves_the_younger_one() -> None:
    other = Call("dispatch", 3, NOW, origin_911="911:1")
    board = board_after(CallOpened(MADE_OF_911), CallOpened(other), CallClosed(MADE_OF_911, "x"))

    assert board.dispatched == {"911:1": "dispatch:3"}


def test_a_note_is_remembered_whether_it_came_alone_or_with_a_change() -> None:
    alone, before, along = Note("alone"), Note("before"), Note("along")
    first = Call("dispatch", 1, NOW, notes=(before,))
    second = Call("dispatch", 1, NOW, notes=(before, along))
    board = board_after(
        CallOpened(first), CallChanged(second, ("notes",)), CallNoted(second, alone)
    )

    remembered = {note for note in (alone, before, along) if note_seen(board, note)}
    assert remembered == {alone, along}


def note_seen(board: Board, note: Note) -> bool:
    return bool(board.recent.get(note_fingerprint("dispatch:1", note), NOW))


def test_notes_of_a_call_that_was_not_there_are_remembered() -> None:
    note = Note("x")
    board = board_after(CallChanged(Call("dispatch", 1, NOW, notes=(note,)), ("notes",)))

    assert note_seen(board, note)


@pytest.mark.parametrize(
    "event",
    [
        TonePlayed(Tone("page", text="Go")),
        LinkVerified("license:a", "uuid"),
        Pushed("EVENT_RECORD_ADD", {"b": 1, "a": [None, "x"]}),
    ],
    ids=lambda event: type(event).__name__,
)
def test_what_changes_nothing_is_remembered_for_ten_seconds(event: Any) -> None:
    board = board_after(event)

    assert board.recent.get(fingerprint(event), NOW + 9_999)
    assert not board.recent.get(fingerprint(event), NOW + 10_000)
    assert (board.calls, board.units) == ({}, {})


def test_the_order_of_fields_does_not_tell_two_copies_apart() -> None:
    one, other = Pushed("X", {"a": 1, "b": 2}), Pushed("X", {"b": 2, "a": 1})

    assert fingerprint(one) == fingerprint(other)


def test_a_unit_is_on_the_board_while_on_duty() -> None:
    unit = Unit(101, status=2)
    board = board_after(UnitOnDuty(Unit(101)), UnitChanged(unit, ("status",)))
    assert board.units == {101: unit}

    replay(board, UnitOffDuty(unit), NOW)
    assert board.units == {}
    assert board.left.get(101, NOW)

    replay(board, UnitOnDuty(unit), NOW)
    assert not board.left.get(101, NOW)


def test_a_panic_is_timed_from_its_beginning() -> None:
    board = board_after(UnitOnDuty(Unit(101, panic=True)))
    assert board.panics == {101: NOW}

    replay(board, UnitChanged(Unit(101, panic=True, status=1), ("status",)), NOW + 5)
    assert board.panics == {101: NOW}

    replay(board, UnitChanged(Unit(101), ("panic",)), NOW + 6)
    assert board.panics == {}
    assert board.outlasted == set()

    replay(board, UnitChanged(Unit(101, panic=True), ("panic",)), NOW + 7)
    assert board.panics == {101: NOW + 7}


def test_a_panic_that_ended_by_its_time_is_remembered_until_the_next_or_the_log_out() -> None:
    raised, over = Unit(101, panic=True), Unit(101)
    board = board_after(UnitOnDuty(raised))
    replay(board, UnitChanged(over, ("panic",)), NOW + PANIC_MS)
    assert board.outlasted == {101}

    replay(board, UnitChanged(raised, ("panic",)), NOW + PANIC_MS)
    assert board.outlasted == set()

    replay(board, UnitChanged(over, ("panic",)), NOW + 2 * PANIC_MS)
    replay(board, UnitOffDuty(over), NOW + 2 * PANIC_MS)
    assert board.outlasted == set()


def test_the_end_of_a_panic_that_was_never_seen_is_no_trouble() -> None:
    board = board_after(UnitChanged(Unit(101), ("panic",)))

    assert board.panics == {}
    assert board.outlasted == set()


def test_a_welcome_holds_calls_and_units_with_their_age() -> None:
    board = board_after(CallOpened(DISPATCH), UnitOnDuty(Unit(101, number="A-12")))

    assert board.to_welcome(NOW + 500) == {
        "calls": [
            {
                "key": "dispatch:1",
                "id": 1,
                "kind": "dispatch",
                "emergency": True,
                "units": (101,),
                "age": 500,
            }
        ],
        "units": [{"ident": 101, "number": "A-12"}],
    }


def test_an_empty_board_can_be_written_down() -> None:
    assert Board.decode(Board().encode(NOW), NOW) == Board()


CALLS = st.builds(
    Call,
    st.sampled_from(["911", "dispatch"]),
    st.integers(1, 4) | st.just("26-7"),
    st.integers(NOW - 1000, NOW),
    caller=st.sampled_from(["", "Maria"]),
    notes=st.sampled_from([(), (Note("a"),), (Note("a"), Note("b", "l", "image", "t"))]),
    origin_911=st.sampled_from([None, "911:1", "911:2"]),
)
UNITS = st.builds(Unit, st.integers(1, 4), panic=st.booleans(), status=st.sampled_from([None, 0]))
KEYS = st.sampled_from(["911:1", "dispatch:1", "dispatch:2"])
EVENTS = st.one_of(
    st.builds(CallOpened, CALLS, st.booleans()),
    st.builds(CallChanged, CALLS, st.sampled_from([("notes",), ("caller", "status")])),
    st.builds(CallClosed, CALLS, st.sampled_from(["removed", "dispatched"])),
    st.builds(CallNoted, CALLS, st.just(Note("a"))),
    st.builds(UnitOnDuty, UNITS),
    st.builds(UnitChanged, UNITS, st.sampled_from([("panic",), ("status",)])),
    st.builds(UnitOffDuty, UNITS),
    st.builds(TonePlayed, st.builds(Tone, st.just("tone"), st.sampled_from(["a", "b"]))),
    st.builds(LinkVerified, st.sampled_from(["a", "b"]), st.just("uuid")),
    st.builds(Pushed, st.just("X"), st.sampled_from([None, {"a": [1]}])),
    st.builds(RemovalRemembered, KEYS),
    st.builds(UnitsWaiting, KEYS, st.sampled_from([(), (1,), (1, 2)])),
    st.builds(FieldsEmptied, KEYS, st.sampled_from([("title",), ("code", "units")])),
    st.builds(LogOutRemembered, st.integers(101, 103)),
)


@settings(deadline=None)
@given(st.lists(st.tuples(EVENTS, st.integers(0, 400_000)), max_size=25))
def test_a_board_that_was_written_down_goes_on_like_the_first(steps: list[Any]) -> None:
    first, second, now = Board(), Board(), NOW
    for event, later in steps:
        now += later
        second = Board.decode(first.encode(now), now)
        assert first == second

        replay(first, event, now)
        replay(second, event, now)
        assert first == second
        assert first.encode(now) == second.encode(now)

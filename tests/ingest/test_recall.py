from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.board import Board, replay
from bridge.events import Call, CallClosed, CallOpened, Event, RemovalRemembered, Unit, UnitOnDuty
from bridge.journal import Record, Snapshot
from bridge.recall import AT_ONCE, board_at, recall

NOW = 1_790_000_000_000
CALL = Call("911", 1, NOW)
EVENTS: list[Event] = [
    CallOpened(CALL),
    UnitOnDuty(Unit(101)),
    RemovalRemembered("911:2"),
    CallClosed(CALL, "removed"),
]


def board_after(events: list[Event]) -> Board:
    board = Board()
    for event in events:
        replay(board, event, NOW)
    return board


async def test_a_board_is_read_back_as_it_stood_after_each_event(journal: Any) -> None:
    for event in EVENTS:
        journal.write(1, event)

    for seq in range(len(EVENTS) + 1):
        assert await board_at(journal, 1, seq) == board_after(EVENTS[:seq])


async def test_only_what_came_after_the_snapshot_is_replayed(journal: Any) -> None:
    for event in EVENTS:
        journal.write(1, event)
    journal.snapshots[1].append(Snapshot(3, NOW, board_after(EVENTS[:3]).encode(NOW)))

    recalled = await recall(journal, 1, 4)
    assert recalled.replayed == 1
    assert recalled.board == board_after(EVENTS)
    assert (await recall(journal, 1, 2)).replayed == 2


async def test_many_events_are_read_bit_by_bit(journal: Any) -> None:
    for number in range(AT_ONCE + 5):
        journal.write(1, RemovalRemembered(f"911:{number}"))

    assert (await recall(journal, 1, AT_ONCE + 3)).replayed == AT_ONCE + 3


async def test_events_that_are_missing_do_not_hold_it_up(journal: Any) -> None:
    journal.write(1, EVENTS[0])

    assert await board_at(journal, 1, 9) == board_after(EVENTS[:1])


async def test_what_lies_beyond_the_number_asked_for_is_not_replayed(journal: Any) -> None:
    async def generous(server: int, after: int, limit: int) -> list[Record]:
        return journal.records[server][after:]

    for event in EVENTS:
        journal.write(1, event)
    journal.read = generous

    assert await board_at(journal, 1, 2) == board_after(EVENTS[:2])


@pytest.mark.parametrize("body", [b"{", b"{}", b"[]", b'{"type":"call.vanished"}', b"\xff"])
async def test_an_event_that_cannot_be_read_is_left_out_and_logged(
    journal: Any, body: bytes
) -> None:
    journal.records[1].append(Record(1, NOW, body, alert=True, hidden=False))
    journal.write(1, EVENTS[1])

    with capture_logs() as logs:
        board = await board_at(journal, 1, 2)
    assert board == board_after(EVENTS[1:2])
    assert [(line["event"], line["seq"]) for line in logs] == [("event_unreadable", 1)]


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b'{"calls":3}'])
async def test_a_snapshot_that_cannot_be_read_is_an_empty_board_and_logged(
    journal: Any, body: bytes
) -> None:
    for event in EVENTS[:2]:
        journal.write(1, event)
    journal.snapshots[1].append(Snapshot(1, NOW, body))

    with capture_logs() as logs:
        board = await board_at(journal, 1, 2)
    assert set(board.units) == {101}
    assert logs[0]["event"] == "snapshot_unreadable"

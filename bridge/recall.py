"""The journal read back: a server's board as it stood just after some event."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bridge import wire
from bridge.board import Board, replay

if TYPE_CHECKING:
    from bridge.journal import Journal, Record, Snapshot

__all__ = ["AT_ONCE", "Recalled", "board_at", "recall", "replay_record"]

log = structlog.get_logger(__name__)

AT_ONCE = 200
"""Events read and replayed at a time; between two times the event loop has its turn."""


@dataclass(frozen=True, slots=True)
class Recalled:
    """A board, and how many events had to be replayed over the snapshot it was made from."""

    board: Board
    replayed: int


async def board_at(journal: Journal, server: int, seq: int) -> Board:
    """Return the server's board as it stood just after event `seq` (0: before the first).

    Raises:
        JournalUnavailable: it cannot be read now.
    """
    return (await recall(journal, server, seq)).board


async def recall(journal: Journal, server: int, seq: int) -> Recalled:
    """Return what `board_at` does, and how far it was from the last snapshot.

    What cannot be read, because another version of the bridge wrote it or the disk spoilt it, is
    left out and logged: the rest of a board is better than none, and reconciliation mends it.

    Raises:
        JournalUnavailable: it cannot be read now.
    """
    snapshot = await journal.snapshot(server, seq)
    board = _from_snapshot(server, snapshot)
    after = snapshot.seq if snapshot is not None else 0
    replayed = 0
    while after < seq:
        records = await journal.read(server, after, min(AT_ONCE, seq - after))
        for record in records:
            if record.seq <= seq:
                replay_record(server, board, record)
                replayed += 1
        if not records:
            break
        after = records[-1].seq
        await asyncio.sleep(0)  # events in memory are read without waiting for anything
    return Recalled(board, replayed)


def _from_snapshot(server: int, snapshot: Snapshot | None) -> Board:
    if snapshot is None:
        return Board()
    try:
        return Board.decode(snapshot.body, snapshot.at)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        log.error("snapshot_unreadable", server=server, seq=snapshot.seq, reason=repr(error))  # noqa: TRY400
        return Board()


def replay_record(server: int, board: Board, record: Record) -> None:
    """Change a board by an event of the journal; what cannot be read is left out and logged."""
    try:
        event = wire.decode(record.body, record.at)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        log.error("event_unreadable", server=server, seq=record.seq, reason=repr(error))  # noqa: TRY400
    else:
        replay(board, event, record.at)

"""The only way into the journal: facts of one server, folded over its board, made durable.

Pushes do not wait for each other. Each is folded at once over a board that already holds what is
under way, and joins the batch that is being gathered while the journal writes the one before. So
one commit carries all that came during the last, in the order in which it was folded, and never is
more than one append of a server under way: whatever fails, nothing that was folded over it can be
stored.

When an append fails, the board has things in it that were never stored. It is forgotten, and read
back from the journal before the next fold. Whoever wrote the failed batch is told; whoever merely
built on it folds again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from bridge import wire
from bridge.batch import Batch
from bridge.board import replay
from bridge.errors import JournalUnavailable, SequenceTaken
from bridge.events import CallOpened
from bridge.folding import expire, fold
from bridge.journal import Entry, Snapshot
from bridge.recall import AT_ONCE, recall, replay_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from bridge.board import Board
    from bridge.events import Event
    from bridge.facts import Fact
    from bridge.journal import Journal
    from bridge.metrics import Metrics

    Change = Callable[[Board, int], list[Event]]

__all__ = ["Ingest", "Outcome"]

log = structlog.get_logger(__name__)

SNAPSHOT_EVERY = 2000
"""Events after which a snapshot is kept: as many are replayed at start, in some 200 ms at the most.
Writing one takes the event loop some milliseconds, so it is not done more often."""
MOST_ENTRIES = 2000
"""Entries of a batch that further pushes may join."""
FOLLOW_AGAIN_S = 1.0
"""Pause before the journal is looked at again that could not be read."""
ATTEMPTS = 10
"""Times that a push is folded when others are faster."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of facts: how many events they made (0: all was known), and the number of the
    last event of the server that was durable when they were answered.
    """

    events: int
    seq: int


class Ingest:
    """The events of one server, from whatever source: pushes, reconciliation, our own requests."""

    def __init__(
        self,
        server: int,
        journal: Journal,
        *,
        now: Callable[[], int],
        metrics: Metrics,
        forget_after_ms: int,
    ) -> None:
        """Make it; `start` reads the board.

        Args:
            server: its id in the CAD.
            journal: where everything goes.
            now: milliseconds since the epoch.
            metrics: where events are counted.
            forget_after_ms: a call without news for so long is closed as expired.
        """
        self._server = server
        self._journal = journal
        self._now = now
        self._metrics = metrics
        self._forget_after_ms = forget_after_ms
        self._board: Board | None = None
        """With all that is under way; None while it must be read back."""
        self._shown: Board | None = None
        self._last = 0
        """Number of the last event on the board, stored or under way."""
        self._since_snapshot = 0
        self._batches: deque[Batch] = deque()
        """Gathered, not yet handed to the journal; more than one only where the first is full."""
        self._writer: asyncio.Task[None] | None = None
        self._reader: asyncio.Task[None] | None = None
        self._told_of_text_ids = False

    @property
    def board(self) -> Board | None:
        """The board as last known, for reading only; None before it was read."""
        return self._shown

    async def start(self) -> None:
        """Read the board.

        Raises:
            JournalUnavailable: it cannot be read now.
        """
        await self._read_back()

    async def follow(self) -> None:
        """Keep the board in step with what other bridges append; for ever."""
        with self._journal.bell(self._server) as bell:
            while True:
                bell.clear()
                pause = None
                try:
                    await self._catch_up()
                except JournalUnavailable as error:
                    log.debug("follows_later", server=self._server, reason=error.reason)
                    pause = FOLLOW_AGAIN_S  # what rang may ring no second time
                except Exception:  # a fault of ours must not end following for good
                    log.exception("following_failed", server=self._server)
                    pause = FOLLOW_AGAIN_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await bell.wait()

    async def _catch_up(self) -> None:
        while True:
            await self.stop()  # what is under way is on the board already
            board, after = self._board, self._last
            if board is None:
                await self._read_back()  # which may have begun before what rang was stored
                continue
            records = await self._journal.read(self._server, after, AT_ONCE)
            if board is not self._board or after != self._last or self._writer is not None:
                continue
            if not records and await self._journal.last(self._server) >= after:
                return
            if not records or records[0].seq != after + 1:
                self._board = None  # pruned, or restored from a backup
                await self._read_back()
                return
            for record in records:
                replay_record(self._server, board, record)
            self._last = records[-1].seq

    async def stop(self) -> None:
        """Return when all that was accepted is stored or refused."""
        while self._writer is not None:
            await asyncio.shield(self._writer)

    async def accept(self, facts: Sequence[Fact]) -> Outcome:
        """Fold the facts and return when what they changed, and all they were compared with, is
        durable.

        Raises:
            JournalUnavailable: nothing of them is stored, and the board is read back as it was.
        """
        return await self._change(lambda board, now: _folded(board, facts, now))

    async def expire(self) -> Outcome:
        """Close what is over by its time; to be called every few seconds.

        Raises:
            JournalUnavailable: it is over, but not yet known to be.
        """
        after = self._forget_after_ms
        if self._board is not None and not expire(self._board, self._now(), after):
            return Outcome(0, self._last)
        return await self._change(
            lambda board, now: _replayed(board, expire(board, now, after), now)
        )

    async def keep_snapshot(self) -> None:
        """Keep the board if anything has happened since the last snapshot: events before one can be
        pruned. Not while something is under way: it may never be stored, and a board that is never
        at rest is kept every `SNAPSHOT_EVERY` events.
        """
        if self._writer is None and self._board is not None and self._since_snapshot:
            await self._save(self._snapshot(self._board))

    async def _change(self, change: Change) -> Outcome:
        failure: JournalUnavailable | SequenceTaken | None = None
        for _ in range(ATTEMPTS):
            while self._board is None:
                await self._read_back()
            batch, events = self._join(self._board, change)
            seq = batch.last
            await batch.done.wait()
            failure = batch.failure
            if failure is None:
                return Outcome(events, seq)
            is_ours = events > 0 or not batch.entries
            if is_ours and isinstance(failure, JournalUnavailable):
                break
        raise JournalUnavailable(
            failure.reason
            if isinstance(failure, JournalUnavailable)
            else f"others wrote first, {ATTEMPTS} times in a row"
        )

    def _join(self, board: Board, change: Change) -> tuple[Batch, int]:
        """Change the board and return the batch that makes it durable, and how many events it has.

        What changes nothing joins too: it was compared with what is under way, and that the board
        is the newest only the journal can say.
        """
        now = self._now()
        try:
            events = change(board, now)
            entries = [_entry(event, now) for event in events]
        except Exception:
            self._board = None  # it may have changed by half
            self._start_reading()
            raise
        if not self._batches or len(self._batches[-1].entries) >= MOST_ENTRIES:
            self._batches.append(Batch(self._last))
        batch = self._batches[-1]
        batch.entries += entries
        batch.types.update(wire.type_of(event) for event in events)
        self._last += len(entries)
        self._since_snapshot += len(entries)
        if self._writer is None:
            self._writer = asyncio.create_task(self._write())
        self._tell_of_text_ids(events)
        return batch, len(entries)

    async def _write(self) -> None:
        try:
            while self._batches:
                batch = self._batches.popleft()
                snapshot = self._snapshot_after(batch)
                await self._append(batch)
                if snapshot is not None and batch.failure is None:
                    await self._save(snapshot)
        finally:
            self._writer = None

    async def _append(self, batch: Batch) -> None:
        try:
            await self._journal.append(self._server, batch.entries, batch.after)
        except (JournalUnavailable, SequenceTaken) as failure:
            self._fail(batch, failure)
            self._start_reading()
        except Exception:
            log.exception("append_failed", server=self._server)
            self._fail(batch, JournalUnavailable("an unexpected error, see the log"))
            self._start_reading()
        except BaseException:
            self._fail(batch, JournalUnavailable("the bridge is stopping"))
            raise
        else:
            batch.finish()
            for event_type, number in batch.types.items():
                self._metrics.events.labels(self._server, event_type).inc(number)
            self._metrics.passed("journal", self._server)

    def _fail(self, batch: Batch, failure: JournalUnavailable | SequenceTaken) -> None:
        """Give up a batch and all that was folded over it, the board too."""
        self._board = None
        batch.finish(failure)
        for later in self._batches:
            later.finish(SequenceTaken(self._server, later.after, batch.after))
        self._batches.clear()

    def _snapshot_after(self, batch: Batch) -> Snapshot | None:
        """Return a snapshot of the board just after the batch, if one is due and this is it."""
        if self._since_snapshot < SNAPSHOT_EVERY or self._board is None or self._last != batch.last:
            return None
        return self._snapshot(self._board)

    def _snapshot(self, board: Board) -> Snapshot:
        now = self._now()
        return Snapshot(self._last, now, board.encode(now))

    async def _save(self, snapshot: Snapshot) -> None:
        try:
            await self._journal.save_snapshot(self._server, snapshot)
        except (JournalUnavailable, SequenceTaken) as error:
            log.warning("snapshot_put_off", server=self._server, reason=str(error))
        except Exception:  # what is gathered behind it must still be written
            log.exception("snapshot_failed", server=self._server)
        else:
            self._since_snapshot = self._last - snapshot.seq

    async def _read_back(self) -> None:
        await asyncio.shield(self._start_reading())

    def _start_reading(self) -> asyncio.Task[None]:
        if self._reader is None:
            self._reader = asyncio.create_task(self._read())
            self._reader.add_done_callback(self._has_read)
        return self._reader

    def _has_read(self, reader: asyncio.Task[None]) -> None:
        self._reader = None
        if not reader.cancelled():
            reader.exception()  # told to whoever waits; nobody may

    async def _read(self) -> None:
        await self.stop()  # nothing of ours may be under way
        last = await self._journal.last(self._server)
        recalled = await recall(self._journal, self._server, last)
        self._board = self._shown = recalled.board
        self._last = last
        self._since_snapshot = recalled.replayed

    def _tell_of_text_ids(self, events: Sequence[Event]) -> None:
        """Say once that the community formats its call numbers, which is not documented."""
        if self._told_of_text_ids:
            return
        for event in events:
            if isinstance(event, CallOpened) and isinstance(event.call.id, str):
                self._told_of_text_ids = True
                log.info("call_id_is_text", server=self._server, call=event.call.key)
                return


def _folded(board: Board, facts: Iterable[Fact], now: int) -> list[Event]:
    events: list[Event] = []
    for fact in facts:
        events += _replayed(board, fold(board, fact, now), now)
    return events


def _replayed(board: Board, events: list[Event], now: int) -> list[Event]:
    for event in events:
        replay(board, event, now)
    return events


def _entry(event: Event, at: int) -> Entry:
    alerts = event.alert if isinstance(event, CallOpened) else True
    return Entry(at, wire.encode(event, at), alert=alerts, hidden=wire.is_hidden(event))

"""The journal in one SQLite file: the default, for one bridge on one machine.

One thread writes (`writer`), another reads what is no longer in memory (`reader`); here is what the
event loop sees of both. The newest events of each server are kept in memory as they are confirmed,
so that a live stream and a replay are the same `read`, and only a reader who is far behind touches
the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import JournalUnavailable
from bridge.journal.bells import Bells
from bridge.journal.reader import Reader
from bridge.journal.store import Acknowledged, Append, Keep, Store
from bridge.journal.tail import Tail
from bridge.journal.writer import Writer, settle

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from bridge.journal import Entry, Record, Snapshot
    from bridge.journal.store import Change
    from bridge.journal.writer import Batch
    from bridge.metrics import Metrics

__all__ = ["SqliteJournal"]

ACKNOWLEDGE_EVERY_S = 1.0
"""Acknowledgements are written together this often. Losing the last second of them to SIGKILL costs
nothing: the resource tells its cursor, and this record counts only when that says nothing."""
PRUNE_STEP = 500
"""Events deleted in one transaction, so that what is appended meanwhile waits a moment only."""
GIVE_BACK_PAGES = 256


class _Server:
    """What the event loop knows of one server."""

    def __init__(self, last: int, acknowledged: int) -> None:
        self.tail = Tail(last)
        self.acknowledged = acknowledged
        self.bells = Bells()


class SqliteJournal:
    """A `bridge.journal.Journal`; make it with `open`."""

    def __init__(self, store: Store, max_size_bytes: int, metrics: Metrics | None) -> None:
        database = store.database
        self._epoch = database.epoch
        self._servers = {
            server: _Server(database.lasts.get(server, 0), database.acknowledged[server])
            for server in database.slots
        }
        self._max_size_bytes = max_size_bytes
        self._metrics = metrics
        self._problem = ""
        self._unwritten: set[int] = set()
        self._closing: asyncio.Task[None] | None = None
        self._writing_soon: asyncio.TimerHandle | None = None
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(database.path)
        self._writer = Writer(store, self._loop, self._settle)
        self._writer.start()

    @classmethod
    async def open(
        cls, path: Path | str, *, max_size_bytes: int, metrics: Metrics | None = None
    ) -> SqliteJournal:
        """Open the journal, or make one where there is none.

        Raises:
            JournalInUse: another bridge has it.
            JournalUnavailable: it cannot be opened now: no such folder, read-only, damaged, …
            ConfigurationError: the file is something else, or from a newer bridge.
        """
        store = await asyncio.to_thread(Store, Path(path))
        return cls(store, max_size_bytes, metrics)

    @property
    def epoch(self) -> str:
        """Name of this journal; another one after a restore from a backup."""
        return self._epoch

    @property
    def available(self) -> bool:
        """False from a failed write on until one succeeds; one is tried each second."""
        return not self._problem

    @property
    def problem(self) -> str:
        """Why it is not available; empty while it is."""
        return self._problem

    @property
    def is_shared(self) -> bool:
        """Return False: one bridge holds the file."""
        return False

    async def append(self, server: int, entries: Sequence[Entry], after: int) -> int:
        """Make the entries durable; return the last number. Without entries: wait for those before.

        Raises:
            SequenceTaken: `after` is not the server's last number; nothing was stored.
            JournalUnavailable: disk full, read-only, …; nothing was stored.
        """
        records = await self._change(Append(server, after, entries))
        return records[-1].seq if records else after

    async def last(self, server: int) -> int:
        """Return the number of the server's last event; 0 if there was none."""
        return self._server(server).tail.last

    async def read(self, server: int, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events with numbers beyond `after`, in order, hidden ones too."""
        tail = self._server(server).tail
        if tail.covers(after):
            return tail.read(after, limit)
        return await self._reader.events(server, after, limit)

    async def first_since(self, server: int, at: int) -> int:
        """Return the number of the first event not older than `at`, or that behind the last."""
        found = self._server(server).tail.first_since(at)
        return found or await self._reader.first_since(server, at)

    def bell(self, server: int) -> AbstractContextManager[asyncio.Event]:
        """Return an asyncio.Event that is set whenever the server has new events, while entered."""
        return self._server(server).bells.hung()

    async def acknowledge(self, server: int, seq: int) -> None:
        """Record what the server's resource has handled; written within a second."""
        row = self._server(server)
        row.acknowledged = max(row.acknowledged, seq)
        self._unwritten.add(server)
        self._write_acknowledged_soon()

    async def acknowledged(self, server: int) -> int:
        """Return what was acknowledged last; 0 if nothing was."""
        return self._server(server).acknowledged

    async def save_snapshot(self, server: int, snapshot: Snapshot) -> None:
        """Keep the board as it stood just after an event.

        Raises:
            SequenceTaken: there is no such event; nothing was stored.
            JournalUnavailable: nothing was stored.
        """
        self._refuse_if_closed()
        await self._writer.call(lambda store: store.save_snapshot(server, snapshot))

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest snapshot not beyond event `upto`, or None for an empty start."""
        return await self._reader.snapshot(server, upto)

    async def prune(self, *, before: int, fresh_since: int) -> None:
        """Delete old events, and the oldest where there is too much of all (see `Journal`)."""
        self._refuse_if_closed()
        needless = {
            server: await self._needless(server, fresh_since) for server in list(self._servers)
        }
        for server, upto in needless.items():
            old = await self.first_since(server, before) - 1
            while await self._delete({server: min(upto, old)}):
                pass
        while await self._writer.call(lambda store: store.used_bytes()) > self._max_size_bytes:
            if not await self._delete(needless):
                break
        await self._writer.call(lambda store: store.forget_values(before))
        while await self._writer.call(lambda store: store.give_back(GIVE_BACK_PAGES)):
            pass

    async def save(self, server: int, name: str, body: bytes) -> None:
        """Keep a small value under a name; an empty one forgets the name."""
        await self._change(Keep(server, name, body))

    async def load(self, server: int, prefix: str) -> dict[str, bytes]:
        """Return the kept values whose names begin with `prefix`."""
        return await self._reader.kept(server, prefix)

    def hurry(self) -> None:
        """Do nothing: a disk of this machine answers."""

    async def close(self) -> None:
        """Finish what was accepted, then release the journal. May be called twice."""
        if self._closing is None:
            self._closing = self._loop.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        self._write_acknowledged()
        await self._reader.close()  # first: the last connection to close clears the log away
        await self._writer.stop()

    def _server(self, server: int) -> _Server:
        if server not in self._servers:
            self._servers[server] = _Server(0, 0)
        return self._servers[server]

    def _refuse_if_closed(self) -> None:
        if self._closing:
            raise JournalUnavailable("the bridge is stopping")

    async def _change(self, change: Change) -> list[Record]:
        self._refuse_if_closed()
        return await self._writer.change(change)

    def _settle(self, batch: Batch) -> None:
        """Let the event loop's side know what the writer did: memory first, then who waits."""
        self._problem = batch.error.reason if batch.error else ""
        if batch.error:
            self._refused(batch, batch.error.reason)
            return
        if self._metrics:
            self._metrics.commits.inc()
        rung = set()
        for (change, _), outcome in zip(batch.changes, batch.outcomes, strict=True):
            if isinstance(change, Append) and isinstance(outcome, list) and outcome:
                self._server(change.server).tail.extend(outcome)
                rung.add(change.server)
        for server, last in batch.lasts.items():
            if self._server(server).tail.last != last:
                self._server(server).tail.restart(last)
                rung.add(server)
        for (_, future), outcome in zip(batch.changes, batch.outcomes, strict=True):
            settle(future, outcome)
        for server in rung:
            self._servers[server].bells.ring()

    def _refused(self, batch: Batch, reason: str) -> None:
        if self._metrics:
            self._metrics.journal_errors.inc(len(batch.changes))
        for change, future in batch.changes:
            settle(future, JournalUnavailable(reason))
            if isinstance(change, Acknowledged):
                self._unwritten.update(change.numbers)
        if not self._closing:
            self._write_acknowledged_soon()

    def _write_acknowledged_soon(self) -> None:
        if not self._writing_soon:
            self._writing_soon = self._loop.call_later(
                ACKNOWLEDGE_EVERY_S, self._write_acknowledged
            )

    def _write_acknowledged(self) -> None:
        """Write what was acknowledged. With nothing to write it is a trial after a failure."""
        if self._writing_soon:
            self._writing_soon.cancel()
            self._writing_soon = None
            numbers = {server: self._servers[server].acknowledged for server in self._unwritten}
            self._unwritten.clear()
            with contextlib.suppress(JournalUnavailable):
                future = self._writer.change(Acknowledged(numbers))
                future.add_done_callback(asyncio.Future.exception)

    async def _needless(self, server: int, fresh_since: int) -> int:
        """Return up to which event nothing is needed any more; drop the snapshots before it."""
        stood = await self.first_since(server, fresh_since) - 1
        base = await self._reader.snapshot_number(server, stood)
        await self._writer.call(lambda store: store.delete_snapshots(server, before=base))
        return base

    async def _delete(self, needless: dict[int, int]) -> bool:
        """Delete a few of the oldest needless events; return False if there are none."""
        deleted = await self._writer.call(lambda store: store.delete_oldest(needless, PRUNE_STEP))
        if deleted:
            self._server(deleted.server).tail.forget(deleted.upto)
        return deleted is not None

"""The thread that writes: takes what is waiting, commits it at once, answers all of it at once.

The commit of one batch is the gathering of the next: under load a sync of the disk is shared by
all that arrived during the one before, and a lone event waits for nobody. What the event loop
hands over in one of its turns wakes the thread once.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import structlog

from bridge.errors import BridgeError, JournalUnavailable, SequenceTaken
from bridge.journal import schema
from bridge.journal.store import Change, Outcome, Store

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from bridge.journal import Record

__all__ = ["Batch", "Writer", "settle"]

log = structlog.get_logger(__name__)

CHANGES_A_BATCH = 512
"""Beyond which no more are gathered for a transaction."""
WAITING = 8192
"""Changes not yet durable beyond which the journal is unavailable: the disk hangs."""

T = TypeVar("T")
Waiting = tuple[Change, "asyncio.Future[list[Record]]"]


@dataclass(slots=True)
class Batch:
    """Changes that were tried in one transaction, for the event loop to settle."""

    changes: list[Waiting]
    outcomes: list[Outcome]
    """One a change; empty where nothing was stored."""
    error: JournalUnavailable | None
    lasts: dict[int, int]
    """The last number of each server, where they were read anew from the file; else empty."""


@dataclass(slots=True)
class _Task(Generic[T]):
    call: Callable[[Store], T]
    future: asyncio.Future[T]


class Writer:
    """Owns the store from `start` to `stop`.

    `settle` gets every batch, on the event loop, in order.
    """

    def __init__(
        self, store: Store, loop: asyncio.AbstractEventLoop, settle: Callable[[Batch], None]
    ) -> None:
        self._store = store
        self._loop = loop
        self._settle = settle
        self._gathered: list[Waiting] = []
        self._waiting = 0
        self._queue: SimpleQueue[list[Waiting] | _Task[Any] | None] = SimpleQueue()
        self._stopped = loop.create_future()
        self._stops = False
        self._broken = False
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def change(self, change: Change) -> asyncio.Future[list[Record]]:
        """Hand a change to the thread; the future is done when it is durable.

        Raises:
            JournalUnavailable: too much is waiting already.
        """
        if self._waiting >= WAITING:
            raise JournalUnavailable(
                "the disk does not keep up, too much waits for it; see what else keeps it busy"
            )
        self._waiting += 1
        future: asyncio.Future[list[Record]] = self._loop.create_future()
        if not self._gathered:
            self._loop.call_soon(self._hand_over)
        self._gathered.append((change, future))
        return future

    async def call(self, call: Callable[[Store], T]) -> T:
        """Run something else on the thread, in its turn.

        Raises:
            JournalUnavailable: the database failed, or the thread has ended.
            SequenceTaken: as the call raised it.
        """
        if self._stops:
            raise JournalUnavailable("the bridge is stopping")
        future: asyncio.Future[T] = self._loop.create_future()
        self._hand_over(_Task(call, future))
        return await future

    async def stop(self) -> None:
        """Finish what was handed over, then close the store."""
        self._stops = True
        self._hand_over()
        self._queue.put(None)
        await self._stopped
        self._thread.join()

    def _hand_over(self, task: _Task[Any] | None = None) -> None:
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []
        if task:
            self._queue.put(task)

    def _run(self) -> None:
        try:
            while self._work():
                pass
        finally:
            try:
                self._store.database.close()
            finally:
                self._tell(self._stopped.set_result, None)

    def _work(self) -> bool:
        """Take what is waiting and do it; return False once the end was reached."""
        item = self._queue.get()
        changes: list[Waiting] = []
        while isinstance(item, list):
            changes += item
            if len(changes) >= CHANGES_A_BATCH:
                break
            try:
                item = self._queue.get_nowait()
            except Empty:
                break
        if changes:
            self._tell(self._written, self._write(changes))
        if isinstance(item, _Task):
            self._do(item)
        return item is not None

    def _written(self, batch: Batch) -> None:
        self._waiting -= len(batch.changes)
        self._settle(batch)

    def _write(self, changes: list[Waiting]) -> Batch:
        was_broken = self._broken
        try:
            outcomes = self._store.write([change for change, _ in changes])
        except Exception as error:
            return Batch(changes, [], self._failed(error), {})
        self._broken = False
        if was_broken:
            log.info("journal_available_again")
        return Batch(
            changes, outcomes, None, dict(self._store.database.lasts) if was_broken else {}
        )

    def _do(self, task: _Task[Any]) -> None:
        outcome: object
        try:
            outcome = task.call(self._store)
        except SequenceTaken as error:
            outcome = error
        except Exception as error:
            outcome = self._failed(error)
        self._tell(settle, task.future, outcome)

    def _failed(self, error: Exception) -> JournalUnavailable:
        """Give the connection up, since its state is unknown, and find words for the error."""
        self._store.database.disconnect()
        if isinstance(error, sqlite3.Error):
            reason = JournalUnavailable(schema.explain(error))
        elif isinstance(error, JournalUnavailable):
            reason = error
        else:
            log.error("journal_writer_failed", exc_info=error)
            reason = JournalUnavailable(
                f"internal error {type(error).__name__}; please report it with the bridge's log"
            )
        if not self._broken:
            log.error("journal_unavailable", reason=reason.reason)
        self._broken = True
        return reason

    def _tell(self, callback: Callable[..., object], *arguments: object) -> None:
        # A loop that is closed has nobody left who could be told.
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(callback, *arguments)


def settle(future: asyncio.Future[T], outcome: T | BridgeError) -> None:
    """Answer whoever waits, if he still does."""
    if future.done():
        return
    if isinstance(outcome, BridgeError):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)

"""Reads that the memory cannot answer, on a thread and a connection of their own."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from bridge.errors import JournalUnavailable
from bridge.journal import Record, Snapshot, schema
from bridge.journal.store import ALERT, HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Reader"]

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """One thread with a connection that is opened at the first read, and again after a failure.

    Every method raises JournalUnavailable when the database cannot be read now.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None
        self._thread = ThreadPoolExecutor(1, "journal-reader")
        self._closed = False

    async def events(self, server: int, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events beyond a number."""
        return await self._ask(_events, server, after, limit)

    async def first_since(self, server: int, at: int) -> int:
        """Return the number of the first event not older than a time, or that behind the last."""
        return await self._ask(_first_since, server, at)

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest snapshot not beyond an event."""
        return await self._ask(_snapshot, server, upto)

    async def snapshot_number(self, server: int, upto: int) -> int:
        """Return the number of that snapshot alone; 0 if there is none."""
        return await self._ask(_snapshot_number, server, upto)

    async def kept(self, server: int, prefix: str) -> dict[str, bytes]:
        """Return the kept values whose names begin with a prefix."""
        return await self._ask(_kept, server, prefix)

    async def close(self) -> None:
        """End the thread once it has answered what it was asked."""
        self._closed = True
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    async def _ask(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        if self._closed:
            raise JournalUnavailable("the bridge is stopping")
        run = partial(self._run, query, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(self._thread, run)

    def _run(
        self,
        query: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        try:
            if self._connection is None:
                self._connection = schema.connect_reader(self._path)
            return query(self._connection, *args, **kwargs)
        except sqlite3.Error as error:
            self._disconnect()
            raise JournalUnavailable(schema.explain(error)) from error

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None


def _floor(connection: sqlite3.Connection, server: int) -> int:
    """Return the place before the server's first event; one where nothing lies if it has none."""
    row = connection.execute("SELECT slot FROM servers WHERE server = ?", (server,)).fetchone()
    return int(row[0] if row else 0) << schema.SLOT_SHIFT


def _events(
    connection: sqlite3.Connection, server: int, after: int, limit: int
) -> Sequence[Record]:
    floor = _floor(connection, server)
    rows = connection.execute(
        "SELECT place, at, body, flags FROM events WHERE place > ? AND place <= ?"
        " ORDER BY place LIMIT ?",
        (floor + after, floor | schema.GREATEST_SEQ, limit),
    )
    return [
        Record(place - floor, at, body, bool(flags & ALERT), bool(flags & HIDDEN))
        for place, at, body, flags in rows
    ]


def _first_since(connection: sqlite3.Connection, server: int, at: int) -> int:
    """Find it by halving: times rise with the numbers, steps of the clock aside."""
    floor = _floor(connection, server)
    found = schema.ends(connection, floor)
    if found is None:
        return 1
    low, high = found[0], found[1] + 1
    while low < high:
        middle = (low + high) // 2
        at_middle = connection.execute(
            "SELECT at FROM events WHERE place = ?", (floor + middle,)
        ).fetchone()
        if at_middle is None or at_middle[0] < at:  # None: pruned a moment ago
            low = middle + 1
        else:
            high = middle
    return low


def _snapshot(connection: sqlite3.Connection, server: int, upto: int) -> Snapshot | None:
    floor = _floor(connection, server)
    row = connection.execute(
        "SELECT place, at, body FROM snapshots WHERE place BETWEEN ? AND ?"
        " ORDER BY place DESC LIMIT 1",
        (floor, floor + upto),
    ).fetchone()
    return row and Snapshot(row[0] - floor, row[1], row[2])


def _snapshot_number(connection: sqlite3.Connection, server: int, upto: int) -> int:
    floor = _floor(connection, server)
    (place,) = connection.execute(
        "SELECT max(place) FROM snapshots WHERE place BETWEEN ? AND ?", (floor, floor + upto)
    ).fetchone()
    return int(place or floor) - floor


def _kept(connection: sqlite3.Connection, server: int, prefix: str) -> dict[str, bytes]:
    return dict(
        connection.execute(
            "SELECT name, body FROM kept JOIN servers USING (slot)"
            " WHERE server = ? AND substr(name, 1, ?) = ?",
            (server, len(prefix), prefix),
        ).fetchall()
    )

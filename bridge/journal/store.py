"""What is done to the database: a batch of changes in one transaction, snapshots, pruning.

Not safe for threads: it belongs to the one thread that writes. Every `sqlite3.Error`, and
`JournalUnavailable`, means that nothing was stored.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from bridge.errors import SequenceTaken
from bridge.journal import Record
from bridge.journal.database import Database

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bridge.journal import Entry, Snapshot

__all__ = ["ALERT", "HIDDEN", "Acknowledged", "Append", "Change", "Keep", "Outcome", "Store"]

ALERT, HIDDEN = 1, 2
ROWS_A_STATEMENT = 128
"""SQLite lets go of the interpreter at each statement. A batch in one statement, which is its own
transaction too, has to win it back from a busy event loop once, not once a row."""


@dataclass(slots=True)
class Append:
    """Events to be stored after number `after` of a server."""

    server: int
    after: int
    entries: Sequence[Entry]


@dataclass(slots=True)
class Keep:
    """A small value to be kept under a name; an empty one forgets the name."""

    server: int
    name: str
    body: bytes


@dataclass(slots=True)
class Acknowledged:
    """What each server's resource has handled."""

    numbers: Mapping[int, int]


@dataclass(slots=True)
class Deleted:
    """A server's events up to a number are gone."""

    server: int
    upto: int


Change = Append | Keep | Acknowledged
Outcome = list[Record] | SequenceTaken
"""What became of a change: the records that it added, if any, or why it was refused."""


class Store:
    """The database of one journal (`Database` says what opening raises)."""

    def __init__(self, path: Path) -> None:
        self.database = Database(path)

    def write(self, changes: Sequence[Change]) -> list[Outcome]:
        """Store all changes in one transaction; return what became of each.

        An append is checked against the last number as it is at its turn: what was folded over a
        batch that failed fails too.
        """
        database = self.database
        connection = database.connection()
        lasts: dict[int, int] = {}
        rows: list[int | bytes] = []
        others: list[Keep | Acknowledged] = []
        outcomes: list[Outcome] = []
        for change in changes:
            if isinstance(change, Append):
                outcomes.append(self._number(change, lasts, rows))
            else:
                others.append(self._with_slots(change))
                outcomes.append([])
        if others or len(rows) > COLUMNS * ROWS_A_STATEMENT:
            with database.transaction():
                _insert(connection, rows)
                for other in others:
                    self._apply(connection, other)
        else:
            _insert(connection, rows)
        database.lasts.update(lasts)
        for server in lasts:
            database.firsts.setdefault(server, 1)
        database.confirm()
        return outcomes

    def save_snapshot(self, server: int, snapshot: Snapshot) -> None:
        """Store a board as it stood just after an event.

        Raises:
            SequenceTaken: there is no such event: the board was folded over what was not stored.
        """
        last = self.database.lasts.get(server, 0)
        if snapshot.seq > last:
            raise SequenceTaken(server, snapshot.seq, last)
        place = self.database.place(server, snapshot.seq)
        self.database.connection().execute(
            "INSERT OR REPLACE INTO snapshots VALUES (?, ?, ?)", (place, snapshot.at, snapshot.body)
        )

    def delete_oldest(self, needless: Mapping[int, int], limit: int) -> Deleted | None:
        """Delete up to `limit` events of the server whose needless ones begin earliest.

        `needless` says up to which number each server's may go; its last event never does.
        Returns None when there are none.
        """
        database = self.database
        candidates = [
            (self._at(server, first), server, first, min(upto, database.lasts[server] - 1))
            for server, upto in needless.items()
            if (first := database.firsts.get(server, 0))
            and first <= min(upto, database.lasts[server] - 1)
        ]
        if not candidates:
            return None
        _, server, first, last = min(candidates)
        last = min(last, first + limit - 1)
        database.connection().execute(
            "DELETE FROM events WHERE place BETWEEN ? AND ?",
            (database.place(server, first), database.place(server, last)),
        )
        database.firsts[server] = last + 1
        return Deleted(server, last)

    def delete_snapshots(self, server: int, before: int) -> None:
        """Delete a server's snapshots of events before a number."""
        places = self.database.place(server, 0), self.database.place(server, before)
        self.database.connection().execute(
            "DELETE FROM snapshots WHERE place >= ? AND place < ?", places
        )

    def forget_values(self, before: int) -> None:
        """Delete kept values that were not saved since `before` (ms since the epoch)."""
        self.database.connection().execute("DELETE FROM kept WHERE saved_at < ?", (before,))

    def used_bytes(self) -> int:
        """Return the size of what the database holds, without its free pages."""
        connection = self.database.connection()
        pages, free, size = (
            int(connection.execute(f"PRAGMA {name}").fetchone()[0])
            for name in ("page_count", "freelist_count", "page_size")
        )
        return (pages - free) * size

    def give_back(self, pages: int) -> bool:
        """Give up to so many free pages back to the file system; return whether more can be."""
        connection = self.database.connection()
        free = self._free_pages()
        connection.execute(f"PRAGMA incremental_vacuum({pages:d})").fetchall()
        # none in a file that another tool wrote anew
        return 0 < self._free_pages() < free

    def _free_pages(self) -> int:
        return int(self.database.connection().execute("PRAGMA freelist_count").fetchone()[0])

    def _at(self, server: int, seq: int) -> int:
        place = self.database.place(server, seq)
        row = self.database.connection().execute("SELECT at FROM events WHERE place = ?", (place,))
        return int(row.fetchone()[0])

    def _number(self, append: Append, lasts: dict[int, int], rows: list[int | bytes]) -> Outcome:
        server = append.server
        last = lasts.get(server, self.database.lasts.get(server, 0))
        if append.after != last:
            return SequenceTaken(server, append.after, last)
        floor = self.database.place(server, 0)
        records = [
            Record(seq, entry.at, entry.body, entry.alert, entry.hidden)
            for seq, entry in enumerate(append.entries, last + 1)
        ]
        for record in records:
            flags = ALERT * record.alert | HIDDEN * record.hidden
            rows += (floor | record.seq, record.at, flags, record.body)
        if records:
            lasts[server] = records[-1].seq
        return records

    def _with_slots(self, change: Keep | Acknowledged) -> Keep | Acknowledged:
        servers = change.numbers if isinstance(change, Acknowledged) else (change.server,)
        for server in servers:
            self.database.place(server, 0)
        return change

    def _apply(self, connection: sqlite3.Connection, change: Keep | Acknowledged) -> None:
        slots = self.database.slots
        if isinstance(change, Acknowledged):
            if not change.numbers:  # a trial: can it be written?
                connection.execute("INSERT OR REPLACE INTO meta VALUES ('tried', '')")
            connection.executemany(
                "UPDATE servers SET acknowledged = ? WHERE slot = ?",
                [(seq, slots[server]) for server, seq in change.numbers.items()],
            )
        elif change.body:
            connection.execute(
                "INSERT OR REPLACE INTO kept VALUES (?, ?, ?, ?)",
                (slots[change.server], change.name, time.time_ns() // 1_000_000, change.body),
            )
        else:
            connection.execute(
                "DELETE FROM kept WHERE slot = ? AND name = ?", (slots[change.server], change.name)
            )


COLUMNS = 4


def _insert(connection: sqlite3.Connection, rows: list[int | bytes]) -> None:
    step = COLUMNS * ROWS_A_STATEMENT
    for start in range(0, len(rows), step):
        values = rows[start : start + step]
        connection.execute(_insert_of(len(values) // COLUMNS), values)


@cache
def _insert_of(count: int) -> str:
    return "INSERT INTO events VALUES " + ",".join(["(?,?,?,?)"] * count)  # noqa: S608 -- no data

"""The connection that writes: opened, lost, opened again, and never to another file.

Not safe for threads: it belongs to the one thread that writes.
"""

from __future__ import annotations

import contextlib
import secrets
import sqlite3
import time
from typing import TYPE_CHECKING

import structlog

from bridge.errors import ConfigurationError, JournalUnavailable
from bridge.journal import schema
from bridge.journal.files import Lock, beside, identity, make_private, tighten, write_marker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Database"]

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 1.0
"""How often it is checked that the file at the path is still the one that is open."""
CONFIRM_EVERY_S = 0.25
REPLACED = "its file was moved, deleted or replaced; put it back, or restart the bridge"
COPIED = "the journal was copied, or restored with its side files"
OLDER = "the journal is older than it was: restored from a backup, or new beside old side files"

Numbers = dict[int, int]


class Database:
    """The journal's database with its lock, and the numbers that writing needs.

    Raises:
        JournalInUse: another bridge has it.
        JournalUnavailable: it cannot be opened now.
        ConfigurationError: the file is something else, or from a newer bridge.
    """

    def __init__(self, path: Path) -> None:
        path = path.resolve()  # the same file under two names has one lock
        if not path.parent.is_dir():
            raise JournalUnavailable(
                f"there is no folder {path.parent}; make it, or name another one in journal.url"
            )
        self.path = path
        self.slots: Numbers = {}
        """Row number of each server."""
        self.firsts: Numbers = {}
        """Oldest event of each server that has any."""
        self.lasts: Numbers = {}
        """Newest event of each server that has any; never deleted, so numbers never repeat."""
        self.acknowledged: Numbers = {}
        """What each server's resource had handled when this was opened."""
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._looked_at = 0.0
        self._confirmed_at = 0.0
        self.epoch = ""
        try:
            self._lock = Lock(beside(path, ".lock"), path)
        except OSError as error:
            raise _not_opened(path, error) from error
        try:
            self.epoch = self._open()
        except BaseException:
            self.close()
            raise

    def connection(self) -> sqlite3.Connection:
        """Return the open connection; open it again after a failure.

        Raises:
            JournalUnavailable: what lies at the path is no longer what was opened.
            sqlite3.Error: it cannot be opened now.
        """
        now = time.monotonic()
        if self._connection and now - self._looked_at < LOOK_AGAIN_S:
            return self._connection
        if self._file != self._found_file():
            self.disconnect()
            raise JournalUnavailable(REPLACED)
        self._looked_at = now
        return self._connection or self._connect_again()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Keep all that is written inside, or nothing of it."""
        connection = self.connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield connection
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def place(self, server: int, seq: int) -> int:
        """Return the row id of a server's event or snapshot.

        Never inside a transaction: the slot that is made at the first need must outlive it.
        """
        if server not in self.slots:
            connection = self.connection()
            connection.execute("INSERT OR IGNORE INTO servers (server) VALUES (?)", (server,))
            self.slots = dict(connection.execute("SELECT server, slot FROM servers"))
        return self.slots[server] << schema.SLOT_SHIFT | seq

    def confirm(self, *, now: bool = False) -> None:
        """Note outside the database how far it has come; not more often than is worth it."""
        clock = time.monotonic()
        if now or clock - self._confirmed_at >= CONFIRM_EVERY_S:
            self._confirmed_at = clock
            self._lock.confirm(sum(self.lasts.values()))

    def disconnect(self) -> None:
        """Drop the connection after a failure; the next use opens another one."""
        if self._connection:
            with contextlib.suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Close the database and release its lock."""
        self.disconnect()
        if self.epoch:
            self.confirm(now=True)
        self._lock.release()

    def _open(self) -> str:
        try:
            make_private(self.path)
            for suffix in ("-wal", "-shm"):
                tighten(beside(self.path, suffix))
            return self._settle_epoch(self._connect())
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorname", "") == "SQLITE_NOTADB":
                raise schema.not_a_journal(self.path) from None
            raise JournalUnavailable(f"{self.path}: {schema.explain(error)}") from error
        except OSError as error:
            raise _not_opened(self.path, error) from error

    def _connect(self) -> sqlite3.Connection:
        connection = self._connection = schema.connect(self.path)
        schema.prepare(connection, self.path)
        self._file = self._found_file()
        self._looked_at = time.monotonic()
        self._load_numbers(connection)
        return connection

    def _connect_again(self) -> sqlite3.Connection:
        known = self.lasts
        try:
            connection = self._connect()
            self._recognise(connection, known)
        except BaseException as error:
            self.disconnect()
            self.lasts = known
            if isinstance(error, ConfigurationError):
                raise JournalUnavailable(REPLACED) from error
            raise
        return connection

    def _recognise(self, connection: sqlite3.Connection, known: Numbers) -> None:
        lost = any(self.lasts.get(server, 0) < last for server, last in known.items())
        if lost or _meta(connection, "epoch") != self.epoch:
            raise JournalUnavailable(REPLACED)

    def _found_file(self) -> tuple[int, int] | None:
        try:
            stat = self.path.stat()
        except OSError:
            return None
        return stat.st_dev, stat.st_ino

    def _load_numbers(self, connection: sqlite3.Connection) -> None:
        self.slots, self.firsts, self.lasts = {}, {}, {}
        servers = "SELECT server, slot, acknowledged FROM servers"
        for server, slot, acknowledged in connection.execute(servers).fetchall():
            self.slots[server] = slot
            self.acknowledged.setdefault(server, acknowledged)
            if ends := schema.ends(connection, slot << schema.SLOT_SHIFT):
                self.firsts[server], self.lasts[server] = ends

    def _settle_epoch(self, connection: sqlite3.Connection) -> str:
        marker = beside(self.path, ".epoch")
        epoch = _meta(connection, "epoch")
        reason = ""
        if epoch and _meta(connection, "marker") != identity(marker):
            reason = COPIED
        elif sum(self.lasts.values()) < self._lock.confirmed():
            reason = OLDER
        if reason or not epoch:
            # The marker first: dying between the two is seen, and mended by another epoch.
            epoch = secrets.token_hex(16)
            found = write_marker(marker, epoch)
            with self.transaction():
                connection.executemany(
                    "INSERT OR REPLACE INTO meta VALUES (?, ?)",
                    [("epoch", epoch), ("marker", found)],
                )
        if reason:
            log.warning("journal_epoch_renewed", journal=str(self.path), reason=reason)
        self.confirm(now=True)
        return epoch


def _not_opened(path: Path, error: OSError) -> JournalUnavailable:
    return JournalUnavailable(
        f"{path}: {error.strerror or type(error).__name__}; "
        "see that it is a file on a local disk, and that the bridge's user may write there"
    )


def _meta(connection: sqlite3.Connection, name: str) -> str | None:
    row = connection.execute("SELECT value FROM meta WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None

"""The SQLite database: how it is opened, and the numbered steps that made its tables."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING
from urllib.parse import quote

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path, PurePath

__all__ = [
    "GREATEST_SEQ",
    "SLOT_SHIFT",
    "STEPS",
    "connect",
    "connect_reader",
    "ends",
    "explain",
    "not_a_journal",
    "prepare",
]

APPLICATION_ID = 0x43414442
"""`CADB`: tells a journal from any other SQLite file."""
BUSY_S = 2.0
"""How long another program's write (a backup tool, a shell) is waited for."""
CACHED_STATEMENTS = 192
"""Room for one insert of each batch size (`store.ROWS_A_STATEMENT`) and everything else."""
WAL_LIMIT_BYTES = 16 << 20
"""The write-ahead log is cut to this after a burst."""

SLOT_SHIFT = 40
"""An event's place is its server's slot and its number in one integer, which is the row id: one
b-tree, appended at its end, and a server's events lie together in order."""
GREATEST_SEQ = (1 << SLOT_SHIFT) - 1

STEPS = (
    """
    CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    CREATE TABLE servers (
        slot INTEGER PRIMARY KEY,
        server INTEGER NOT NULL UNIQUE,
        acknowledged INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE events (  -- place = slot << 40 | seq; flags: 1 alert, 2 hidden
        place INTEGER PRIMARY KEY, at INTEGER NOT NULL, flags INTEGER NOT NULL, body BLOB NOT NULL
    );
    CREATE TABLE snapshots (place INTEGER PRIMARY KEY, at INTEGER NOT NULL, body BLOB NOT NULL);
    CREATE TABLE kept (
        slot INTEGER NOT NULL, name TEXT NOT NULL, saved_at INTEGER NOT NULL, body BLOB NOT NULL,
        PRIMARY KEY (slot, name)
    ) WITHOUT ROWID;
    """,
)
"""What each version of the schema added. Steps are never changed once released, only appended."""

_AGAIN = "then it goes on by itself"
_BUSY = f"another program is writing to it; end that one (a backup, a database viewer), {_AGAIN}"
_DAMAGED = "the file is damaged; move it away or restore a backup, then restart the bridge"
REASONS = {
    "SQLITE_FULL": f"the disk is full; make room on it, {_AGAIN}",
    "SQLITE_READONLY": "the file or its folder is read-only; give the bridge's user the right to "
    f"write there, {_AGAIN}",
    "SQLITE_BUSY": _BUSY,
    "SQLITE_LOCKED": _BUSY,
    "SQLITE_IOERR": "the disk reports an error; see what the system's log says of the disk",
    "SQLITE_CANTOPEN": "the file cannot be opened or created there; see that its folder is there, "
    "and that the bridge's user may write to it",
    "SQLITE_CORRUPT": _DAMAGED,
    "SQLITE_NOTADB": _DAMAGED,
}
"""What went wrong; what to do about it."""


def connect(path: Path) -> sqlite3.Connection:
    """Return the connection that writes, in autocommit mode; may be handed to another thread.

    Raises:
        sqlite3.Error: the file cannot be opened, or is none of SQLite's.
        ConfigurationError: the file system cannot hold a write-ahead log.
    """
    connection = sqlite3.connect(
        path,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,
        cached_statements=CACHED_STATEMENTS,
    )
    try:
        _pragma(connection, "auto_vacuum", "INCREMENTAL")  # only ever heard by an empty file
        _write_ahead(connection, path)
        # FULL syncs the log at each commit: what was confirmed survives a power cut. Apple's disks
        # sync for real only when asked by another name.
        _pragma(connection, "synchronous", "FULL")
        _pragma(connection, "fullfsync", "ON")
        _pragma(connection, "journal_size_limit", str(WAL_LIMIT_BYTES))
        _pragma(connection, "trusted_schema", "OFF")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_reader(path: Path) -> sqlite3.Connection:
    """Return a connection that only reads, for the thread that calls this; a file that is not there
    is not made.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    connection = sqlite3.connect(
        f"{_uri(path.absolute())}?mode=rw", timeout=BUSY_S, isolation_level=None, uri=True
    )
    _pragma(connection, "query_only", "ON")
    return connection


def _uri(path: PurePath) -> str:
    """Return a path as SQLite reads it; `as_uri` names the host of a Windows share, which SQLite
    refuses.
    """
    text = quote(path.as_posix(), safe="/:")
    return f"file://{text}" if text.startswith("/") else f"file:///{text}"


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the tables to the newest version, each step in a transaction of its own.

    Raises:
        ConfigurationError: the file is no journal, or a newer bridge wrote it.
    """
    version = int(_pragma(connection, "user_version"))
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    if tables and int(_pragma(connection, "application_id")) != APPLICATION_ID:
        raise not_a_journal(path)
    if version > len(STEPS):
        raise ConfigurationError(
            "journal.url",
            f"{path} was written by a newer cad-bridge (schema {version}, known {len(STEPS)})",
            "update this one",
        )
    for number, step in enumerate(STEPS[version:], start=version + 1):
        connection.executescript(
            f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID};"
            f"{step} PRAGMA user_version = {number}; COMMIT;"
        )


def ends(connection: sqlite3.Connection, floor: int) -> tuple[int, int] | None:
    """Return the numbers of a server's oldest and newest event; None if it has none.

    `floor` is the place of its number 0.
    """
    row = connection.execute(
        "SELECT (SELECT min(place) FROM events WHERE place BETWEEN :least AND :greatest),"
        " (SELECT max(place) FROM events WHERE place BETWEEN :least AND :greatest)",
        {"least": floor, "greatest": floor | GREATEST_SEQ},
    ).fetchone()
    return None if row[0] is None else (row[0] - floor, row[1] - floor)


def not_a_journal(path: Path) -> ConfigurationError:
    """Return the error for a file that is something else."""
    return ConfigurationError(
        "journal.url", f"{path} is not a journal of cad-bridge", "name another file"
    )


def explain(error: sqlite3.Error) -> str:
    """Return why SQLite failed, for a person; its code where no words are known."""
    name: str = getattr(error, "sqlite_errorname", "") or type(error).__name__
    return next((text for code, text in REASONS.items() if name.startswith(code)), name)


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    if _pragma(connection, "journal_mode", "WAL") != "wal":
        raise ConfigurationError(
            "journal.url",
            f"the file system of {path} cannot hold SQLite's write-ahead log",
            "put the journal on a local disk",
        )


def _pragma(connection: sqlite3.Connection, name: str, value: str = "") -> str:
    row = connection.execute(f"PRAGMA {name} = {value}" if value else f"PRAGMA {name}").fetchone()
    return str(row[0]) if row else ""

"""The journal as `export` reads it: beside a bridge that writes on, and without writing."""

from __future__ import annotations

import contextlib
import sqlite3
from typing import TYPE_CHECKING, Protocol

from bridge.errors import BridgeError, ConfigurationError, JournalUnavailable
from bridge.journal import schema
from bridge.journal.address import HOW_TO_INSTALL, NOT_INSTALLED
from bridge.journal.reader import Reader
from bridge.owner.cluster import look

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bridge.journal import Record, Snapshot
    from bridge.settings import JournalSettings

__all__ = ["Archive", "FileArchive", "NothingThere", "open_archive"]


class NothingThere(BridgeError):
    """There is no journal, or nothing in it of that time."""

    def __init__(self, what: str, advice: str) -> None:
        self.what = what
        self.advice = advice

    def __str__(self) -> str:
        """Say what is missing, and what to try."""
        return f"{self.what}; {self.advice}"


class Archive(Protocol):
    """The part of a `bridge.journal.Journal` that reading needs."""

    async def read(self, server: int, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events with numbers beyond `after`."""

    async def first_since(self, server: int, at: int) -> int:
        """Return the number of the first event not older than `at`, or that behind the last."""

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest snapshot not beyond event `upto`."""

    async def close(self) -> None:
        """Let go of it."""


class FileArchive:
    """An `Archive` over the file alone, on a connection that cannot write."""

    def __init__(self, path: Path) -> None:
        self._reader = Reader(path)

    async def read(self, server: int, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events with numbers beyond `after`."""
        return await self._reader.events(server, after, limit)

    async def first_since(self, server: int, at: int) -> int:
        """Return the number of the first event not older than `at`, or that behind the last."""
        return await self._reader.first_since(server, at)

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest snapshot not beyond event `upto`."""
        return await self._reader.snapshot(server, upto)

    async def close(self) -> None:
        """Let go of the file."""
        await self._reader.close()


async def open_archive(settings: JournalSettings) -> Archive:
    """Open the configured journal for reading.

    Raises:
        NothingThere: there is no journal yet; none is made.
        ConfigurationError: it is something else, or needs what is not installed.
        JournalUnavailable: it cannot be read now.
    """
    if settings.kind == "sqlite":
        _see_that_it_is_one(settings.path)
        return FileArchive(settings.path)
    looked = await look(settings.address)
    if looked.state == "not_made":
        raise NothingThere(
            f"there is no journal {settings.shown}", "the bridge makes it when it first runs"
        )
    if looked.state == "not_installed":
        raise ConfigurationError(
            "journal.url",
            NOT_INSTALLED,
            HOW_TO_INSTALL,
        )
    if looked.state == "unusable":
        raise JournalUnavailable(looked.detail)
    from bridge.journal.jetstream import JetStreamJournal  # needs a package that is an extra

    return await JetStreamJournal.open(settings.url, max_size_bytes=settings.max_size)


def _see_that_it_is_one(path: Path) -> None:
    """Refuse another file, and a missing one: opening that would make it."""
    if not path.is_file():
        raise NothingThere(f"there is no journal {path}", "the bridge makes it when it first runs")
    # Asked of SQLite, not of the file's head: a young journal is still in the write-ahead log.
    try:
        with contextlib.closing(schema.connect_reader(path)) as connection:
            (application,) = connection.execute("PRAGMA application_id").fetchone()
    except sqlite3.DatabaseError as error:
        raise JournalUnavailable(schema.explain(error)) from None
    if application != schema.APPLICATION_ID:
        raise ConfigurationError("journal.url", f"{path} is no journal of cad-bridge")

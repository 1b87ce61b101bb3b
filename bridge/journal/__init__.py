"""The journal: what every back end promises.

Each server (a game server, by its CAD serverId) has its own numbered row of events. Appending
returns only when the events are durable, so whatever can be read is stored, and live streaming
and replay are the same read from a cursor. Readers are woken by a bell; a lost ring costs time,
never an event.

`opening` chooses the back end. `sqlite` stands on `writer` and `reader`, those on `store`,
`database`, `schema` and `files`. `jetstream` stands on `replica`, `history`, `parcel`, `bucket` and
`pruning`, those on `cluster`; `address` reads its url. Both keep the newest events in a `tail`
and ring `bells`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

__all__ = ["Entry", "Journal", "Record", "Snapshot"]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event to be appended."""

    at: int
    """Milliseconds since the epoch."""
    body: bytes
    """The encoded event (`wire.encode`)."""
    alert: bool = True
    """False: never alerts, however fresh."""
    hidden: bool = False
    """True: part of the board, not streamed."""


@dataclass(frozen=True, slots=True)
class Record:
    """An event as it stands in the journal."""

    seq: int
    at: int
    body: bytes
    alert: bool
    hidden: bool


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A server's encoded board just after event `seq` (0: before the first)."""

    seq: int
    at: int
    body: bytes


class Journal(Protocol):
    """Durable events, cursors and boards of several servers."""

    @property
    def epoch(self) -> str:
        """Name of this journal; another one after a restore from a backup."""
        ...

    @property
    def available(self) -> bool:
        """False from a failed write on until one succeeds, which is tried without being asked."""
        ...

    @property
    def problem(self) -> str:
        """Why it is not available, for the owner; empty while it is."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether other bridges may append too: then a board must follow the journal."""
        ...

    async def append(self, server: int, entries: Sequence[Entry], after: int) -> int:
        """Make the entries durable as events `after + 1`, `after + 2`, …; return the last number.

        Without entries it stores nothing and returns when all up to `after` is durable.

        Raises:
            SequenceTaken: `after` is not the server's last number; nothing was stored.
            JournalUnavailable: disk full, read-only, …; nothing was stored.
        """
        ...

    async def last(self, server: int) -> int:
        """Return the number of the server's last event; 0 if there was none."""
        ...

    async def read(self, server: int, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events with numbers beyond `after`, in order, hidden ones too."""
        ...

    async def first_since(self, server: int, at: int) -> int:
        """Return the number of the first event not older than `at` (ms since the epoch), or the
        number behind the last if all are older.
        """
        ...

    def bell(self, server: int) -> AbstractContextManager[asyncio.Event]:
        """Return an asyncio.Event that is set whenever the server has new events, while entered."""
        ...

    async def acknowledge(self, server: int, seq: int) -> None:
        """Record that the server's resource has handled everything up to `seq`.

        May be written a moment later, and is forgotten if the bridge is killed within it.
        """
        ...

    async def acknowledged(self, server: int) -> int:
        """Return what was acknowledged last; 0 if nothing was."""
        ...

    async def save_snapshot(self, server: int, snapshot: Snapshot) -> None:
        """Keep the board as it stood just after an event.

        Raises:
            SequenceTaken: there is no such event: the board was folded over what was not stored.
            JournalUnavailable: nothing was stored.
        """
        ...

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest snapshot not beyond event `upto`, or None for an empty start."""
        ...

    async def prune(self, *, before: int, fresh_since: int) -> None:
        """Delete events older than `before` (ms since the epoch) and, where the journal is over
        its greatest size, older ones still; never one that is needed to build the board as it
        stood at `fresh_since` or later, nor a server's last one. An event may stay for the sake of
        others that were appended with it. Kept values that were not saved again since `before` go
        too.
        """
        ...

    async def save(self, server: int, name: str, body: bytes) -> None:
        """Keep a small value of the bridge's own under a name (receipts, request counts).

        An empty value forgets the name.
        """
        ...

    async def load(self, server: int, prefix: str) -> dict[str, bytes]:
        """Return the kept values whose names begin with `prefix`."""
        ...

    def hurry(self) -> None:
        """Be patient with machines that do not answer for a few seconds more at the most: the
        bridge is stopping, and what is not stored until then is said in the log.
        """
        ...

    async def close(self) -> None:
        """Finish what was accepted, then release the journal."""
        ...

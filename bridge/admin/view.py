"""What the admin pages may see: a few read-only questions that the service answers.

The pages know nobody's internals, and nothing here carries a secret.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.events import Call
    from bridge.journal import Record
    from bridge.metrics import Metrics
    from bridge.receipts import Receipt
    from bridge.rejected import Rejected

__all__ = ["CadState", "JournalState", "Resource", "ServerState", "View", "Way"]


@dataclass(frozen=True, slots=True)
class Way:
    """A way in which a server's pushes arrive."""

    kind: Literal["hub", "http"]
    state: Literal["up", "connecting", "refused", "down"]
    """`up`: hub session authenticated, or listener open; `refused`: the hub said no."""
    detail: str = ""
    """What an owner can use: `port 30130`, or why it is not up."""
    since: int | None = None
    """When the state began, in ms since the epoch; None: not known."""
    refused: Literal["key", "connection"] | None = None
    """What a hub that is `refused` said no to: community id, key and server id, or already the
    connection, before any key was shown."""


@dataclass(frozen=True, slots=True)
class Resource:
    """The connected resource of a game server."""

    version: str
    since: int
    """When it connected, in ms since the epoch."""
    sent: int = 0
    """Number of the last event that was sent to it."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """A game server as the bridge knows it now."""

    id: int
    name: str = ""
    ways: tuple[Way, ...] = ()
    resource: Resource | None = None
    seen: int | None = None
    """When its resource was connected last, in ms since the epoch; None: never since the start."""
    last: int = 0
    """Number of its last event in the journal."""
    acknowledged: int = 0
    """Number of the last event that its resource has handled."""
    units: int = 0
    """Units on duty."""


@dataclass(frozen=True, slots=True)
class JournalState:
    """The journal's health."""

    kind: str
    """`sqlite` or `nats`."""
    epoch: str
    where: str = ""
    """Its file's name, or the NATS servers and its name there; never a secret."""
    problem: str = ""
    """Why it cannot store now; empty: it can."""
    size: int | None = None
    """Bytes it takes here; None: not known."""
    max_size: int | None = None
    free: int | None = None
    """Bytes left on its disk; None: not known, or not of this machine."""


@dataclass(frozen=True, slots=True)
class CadState:
    """How the CAD's API answered last."""

    state: Literal["ok", "unreachable", "refused", "unknown"] = "unknown"
    """`refused`: it answers, but not to this key; `unknown`: not asked yet."""
    detail: str = ""
    plan: str = ""
    reconciled_at: int | None = None
    """When calls and units were last read from it, in ms since the epoch."""


class View(Protocol):
    """A running bridge, to be looked at. All times are ms since the epoch by `now`."""

    @property
    def metrics(self) -> Metrics:
        """The counters."""
        ...

    @property
    def rejected(self) -> Rejected:
        """The newest pushes that could not be understood."""
        ...

    @property
    def started_at(self) -> int:
        """When this bridge started."""
        ...

    def now(self) -> int:
        """Return the time by the bridge's clock."""
        ...

    def ready(self) -> tuple[bool, str]:
        """Return whether pushes are being taken, and if not, why."""
        ...

    async def journal_state(self) -> JournalState:
        """Return the journal's health."""
        ...

    def cad(self) -> CadState:
        """Return how the CAD's API answered last, without asking it."""
        ...

    async def servers(self) -> Sequence[ServerState]:
        """Return the configured servers, in order."""
        ...

    def calls(self, server: int) -> Sequence[Call]:
        """Return a server's open calls."""
        ...

    def receipts(self, server: int) -> Sequence[Receipt]:
        """Return a server's newest receipts (at most some hundreds), the newest first."""
        ...

    async def events(self, server: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` of a server's newest events, the newest first."""
        ...

"""What the admin pages see of a running bridge: the parts, looked at and never touched."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.admin.view import CadState, JournalState, Resource, ServerState, Way

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bridge.events import Call
    from bridge.game.gateway import Gateway
    from bridge.ingest import Ingest
    from bridge.journal import Record
    from bridge.journal.sqlite import SqliteJournal
    from bridge.metrics import Metrics
    from bridge.receipts import Receipt, Receipts
    from bridge.rejected import Rejected
    from bridge.settings import ServerSettings, Settings
    from bridge.sonoran.listener import Listener
    from bridge.sonoran.side import CadSide

__all__ = ["Overview"]


@dataclass(frozen=True, slots=True)
class Overview:
    """Answers `bridge.admin.view.View`'s questions about the parts of one bridge."""

    settings: Settings
    sqlite: SqliteJournal
    ingests: Mapping[int, Ingest]
    gateway: Gateway
    listeners: Sequence[Listener]
    side: CadSide
    kept: Receipts
    metrics: Metrics
    rejected: Rejected
    started_at: int
    now: Callable[[], int]

    def ready(self) -> tuple[bool, str]:
        """Pushes are taken while the journal can store."""
        if self.sqlite.available:
            return True, ""
        return False, "the journal cannot store now; see the log for the reason"

    async def journal(self) -> JournalState:
        """Return the journal's health; the disk is asked off the event loop."""
        settings = self.settings.journal
        available, why = self.ready()
        size, free = await asyncio.to_thread(_space, settings.path)
        return JournalState(
            kind="sqlite",
            epoch=self.sqlite.epoch,
            problem="" if available else why,
            size=size,
            max_size=settings.max_size,
            free=free,
        )

    def cad(self) -> CadState:
        """Return how the CAD's API answered last."""
        return self.side.state()

    async def servers(self) -> Sequence[ServerState]:
        """Return the configured servers, in order."""
        return [await self._server(server) for server in self.settings.servers]

    def calls(self, server: int) -> Sequence[Call]:
        """Return a server's open calls."""
        board = self.ingests[server].board
        return list(board.calls.values()) if board else []

    def receipts(self, server: int) -> Sequence[Receipt]:
        """Return a server's receipts, the newest first."""
        return self.kept.newest(server)

    async def events(self, server: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` of a server's newest events, the newest first."""
        journal = self.sqlite
        last = await journal.last(server)
        records = await journal.read(server, max(0, last - limit), limit)
        return list(reversed(records))

    async def _server(self, server: ServerSettings) -> ServerState:
        board = self.ingests[server.id].board
        connection = self.gateway.connections.get(server.id)
        return ServerState(
            id=server.id,
            name=server.name,
            ways=tuple(self._ways(server)),
            resource=None
            if connection is None
            else Resource(connection.resource, connection.connected_since, connection.sent),
            seen=self.gateway.last_seen.get(server.id),
            last=await self.sqlite.last(server.id),
            acknowledged=await self.sqlite.acknowledged(server.id),
            units=len(board.units) if board else 0,
        )

    def _ways(self, server: ServerSettings) -> list[Way]:
        ways = [
            Way("http", "up", f"port {listener.port}", self.started_at)
            for listener in self.listeners
            if listener.default_server == server.id
        ]
        if not ways and self.listeners:
            path = f"/servers/{server.id}/sonorancad/event"
            ways.append(
                Way("http", "up", f"port {self.listeners[0].port}, {path}", self.started_at)
            )
        hub = self.side.hub_way(server.id)
        return [hub, *ways] if hub else ways


def _space(path: Path) -> tuple[int | None, int | None]:
    """Return the bytes that a journal takes with its side files, and those left on its disk."""
    try:
        size = sum(part.stat().st_size for part in path.parent.glob(path.name + "*"))
        return size, shutil.disk_usage(path.parent).free
    except OSError:
        return None, None

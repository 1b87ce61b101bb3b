"""What the admin pages see of a running bridge: the parts, looked at and never touched."""

from __future__ import annotations

import asyncio
import shutil
from typing import TYPE_CHECKING

from bridge.admin.view import CadState, JournalState, Resource, ServerState, Way

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bridge.events import Call
    from bridge.journal import Record
    from bridge.metrics import Metrics
    from bridge.receipts import Receipt
    from bridge.rejected import Rejected
    from bridge.service import Service
    from bridge.settings import ServerSettings

__all__ = ["Overview"]


class Overview:
    """Answers `bridge.admin.view.View`'s questions about one service."""

    def __init__(self, service: Service) -> None:
        self._service = service

    @property
    def metrics(self) -> Metrics:
        """The counters."""
        return self._service.metrics

    @property
    def rejected(self) -> Rejected:
        """The newest pushes that could not be understood."""
        return self._service.rejected

    @property
    def started_at(self) -> int:
        """When this bridge started, in ms since the epoch."""
        return self._service.started_at

    def now(self) -> int:
        """Return the time by the bridge's clock."""
        return self._service.now()

    def ready(self) -> tuple[bool, str]:
        """Pushes are taken while the journal can store."""
        if self._service.journal.available:
            return True, ""
        return False, "the journal cannot store now; see the log for the reason"

    async def journal(self) -> JournalState:
        """Return the journal's health; the disk is asked off the event loop."""
        settings = self._service.settings.journal
        available, why = self.ready()
        size, free = await asyncio.to_thread(_space, settings.path)
        return JournalState(
            kind="sqlite",
            epoch=self._service.journal.epoch,
            problem="" if available else why,
            size=size,
            max_size=settings.max_size,
            free=free,
        )

    def cad(self) -> CadState:
        """Return how the CAD's API answered last."""
        return self._service.cad.state()

    async def servers(self) -> Sequence[ServerState]:
        """Return the configured servers, in order."""
        return [await self._server(server) for server in self._service.settings.servers]

    def calls(self, server: int) -> Sequence[Call]:
        """Return a server's open calls."""
        board = self._service.ingests[server].board
        return list(board.calls.values()) if board else []

    def receipts(self, server: int) -> Sequence[Receipt]:
        """Return a server's receipts, the newest first."""
        return self._service.receipts.newest(server)

    async def events(self, server: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` of a server's newest events, the newest first."""
        journal = self._service.journal
        last = await journal.last(server)
        records = await journal.read(server, max(0, last - limit), limit)
        return list(reversed(records))

    async def _server(self, server: ServerSettings) -> ServerState:
        service = self._service
        board = service.ingests[server.id].board
        connection = service.gateway.connections.get(server.id)
        return ServerState(
            id=server.id,
            name=server.name,
            ways=tuple(self._ways(server)),
            resource=None
            if connection is None
            else Resource(connection.resource, connection.connected_since, connection.sent),
            seen=service.gateway.last_seen.get(server.id),
            last=await service.journal.last(server.id),
            acknowledged=await service.journal.acknowledged(server.id),
            units=len(board.units) if board else 0,
        )

    def _ways(self, server: ServerSettings) -> list[Way]:
        service = self._service
        ways = [
            Way("http", "up", f"port {listener.port}", service.started_at)
            for listener in service.listeners
            if listener.default_server == server.id
        ]
        if not ways and service.listeners:
            path = f"/servers/{server.id}/sonorancad/event"
            ways.append(
                Way("http", "up", f"port {service.listeners[0].port}, {path}", service.started_at)
            )
        hub = service.cad.hub_way(server.id)
        return [hub, *ways] if hub else ways


def _space(path: Path) -> tuple[int | None, int | None]:
    """Return the bytes that a journal takes with its side files, and those left on its disk."""
    try:
        size = sum(part.stat().st_size for part in path.parent.glob(path.name + "*"))
        return size, shutil.disk_usage(path.parent).free
    except OSError:
        return None, None

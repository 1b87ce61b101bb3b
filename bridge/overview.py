"""What the admin pages see of a running bridge: the parts, looked at and never touched."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bridge.admin.view import CadState, JournalState, Resource, ServerState, Way
from bridge.errors import JournalUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from bridge.events import Call
    from bridge.game.gateway import Gateway
    from bridge.ingest import Ingest
    from bridge.journal import Journal, Record
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
    journal: Journal
    ingests: Mapping[int, Ingest]
    gateway: Gateway
    listeners: Sequence[Listener]
    side: CadSide
    kept: Receipts
    metrics: Metrics
    rejected: Rejected
    started_at: int
    now: Callable[[], int]
    _numbers: dict[int, tuple[int, int]] = field(default_factory=dict)
    """Of each server the last event and the last one acknowledged, as they were known last."""

    def ready(self) -> tuple[bool, str]:
        """Pushes are taken while the journal can store."""
        return self.journal.available, self.journal.problem

    async def journal_state(self) -> JournalState:
        """Return the journal's health; a disk is asked off the event loop."""
        settings = self.settings.journal
        size = free = None
        if settings.kind == "sqlite":
            size, free = await asyncio.to_thread(_space, settings.path)
        return JournalState(
            kind=settings.kind,
            epoch=self.journal.epoch,
            where=settings.path.name if settings.kind == "sqlite" else settings.shown,
            problem=self.journal.problem,
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
        """Return up to `limit` of a server's newest events, the newest first; JournalUnavailable
        where they cannot be read now.
        """
        if not self._can_be_asked():
            raise JournalUnavailable(self.journal.problem)
        last = await self.journal.last(server)
        records = await self.journal.read(server, max(0, last - limit), limit)
        return list(reversed(records))

    async def _server(self, server: ServerSettings) -> ServerState:
        board = self.ingests[server.id].board
        connection = self.gateway.connections.get(server.id)
        last, acknowledged = await self._numbers_of(server.id)
        return ServerState(
            id=server.id,
            name=server.name,
            ways=tuple(self._ways(server)),
            resource=None
            if connection is None
            else Resource(connection.resource, connection.connected_since, connection.sent),
            seen=self.gateway.last_seen.get(server.id),
            last=last,
            acknowledged=acknowledged,
            units=len(board.units) if board else 0,
        )

    async def _numbers_of(self, server: int) -> tuple[int, int]:
        """Return the last event and the last one acknowledged: the page must also say what is wrong
        while a journal on other machines is away, and not wait for it.
        """
        if self._can_be_asked():
            with contextlib.suppress(JournalUnavailable):
                self._numbers[server] = (
                    await self.journal.last(server),
                    await self.journal.acknowledged(server),
                )
        return self._numbers.get(server, (0, 0))

    def _can_be_asked(self) -> bool:
        """Tell whether the journal can be read: one on this machine's full disk can."""
        return self.journal.available or not self.journal.is_shared

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
    size = free = None
    with contextlib.suppress(OSError):
        free = shutil.disk_usage(path.parent).free
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        with contextlib.suppress(OSError):  # there while the journal is open
            size += path.with_name(f"{path.name}-wal").stat().st_size
    return size, free

"""The composition root: builds the parts, starts them in order, watches them, stops them in order.

Start: journal, boards, gateway, push listeners, admin; then, in the background, what needs the CAD.
Nothing that waits for the CAD delays readiness. Stop is the reverse: no new pushes, what was
accepted is finished and streamed, then the journal is closed.
"""

from __future__ import annotations

import asyncio
import ssl
import time
from contextlib import AsyncExitStack
from itertools import count
from typing import TYPE_CHECKING, Self

import structlog

from bridge import __version__
from bridge.admin.site import AdminSite
from bridge.blot import Secrets
from bridge.errors import ConfigurationError, JournalUnavailable
from bridge.game.gateway import Gateway
from bridge.game.session import Door
from bridge.ingest import Ingest
from bridge.journal.opening import open_journal
from bridge.listening import listening
from bridge.metrics import Metrics
from bridge.overview import Overview
from bridge.recall import board_at
from bridge.receipts import Receipts
from bridge.rejected import Rejected
from bridge.settings import Settings, secrets
from bridge.sonoran.doorkeeper import Doorkeeper
from bridge.sonoran.listener import Listener
from bridge.sonoran.pushes import Pushes
from bridge.sonoran.side import CadSide

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine
    from types import TracebackType
    from typing import Any

    from bridge.journal import Journal

__all__ = ["Service", "wall_clock"]

log = structlog.get_logger(__name__)

TIDY_SECONDS = 15.0
"""How often calls and panics whose time is over are closed."""
PRUNE_EVERY = 40
"""Tidyings between two prunings of the journal: every ten minutes."""


def wall_clock() -> int:
    """Return the time in ms since the epoch."""
    return time.time_ns() // 1_000_000


class Service:
    """One bridge, from start to stop: use it as an async context manager."""

    def __init__(self, settings: Settings, *, now: Callable[[], int] = wall_clock) -> None:
        self.settings = settings
        self.now = now
        self.started_at = now()
        self.metrics = Metrics()
        self.rejected = Rejected(Secrets(secrets(settings)), now)
        self.doorkeeper = Doorkeeper(settings.push.allow_from)
        self.listeners: list[Listener] = []
        self.ingests: dict[int, Ingest] = {}
        self._stack = AsyncExitStack()
        self._tasks: set[asyncio.Task[None]] = set()
        self.journal: Journal
        self.receipts: Receipts
        self.gateway: Gateway
        self.pushes: Pushes
        self.cad: CadSide
        self.admin: AdminSite

    async def __aenter__(self) -> Self:
        """Start every part; whatever was started is stopped again if one cannot."""
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop in the reverse order."""
        await self._stop()
        log.info("bridge_stopped")

    async def _start(self) -> None:
        await self._open_journal()
        await self._open_gateway()
        await self._open_listeners()
        configured = self.settings.admin
        self.admin = AdminSite(configured, self._overview())
        self._stack.push_async_callback(self.admin.stop)  # also of one that started by half
        with listening("admin", configured.host, configured.port):
            await self.admin.start()
        self.cad.start()
        self._in_background(self._tidy())
        self._stack.callback(self.journal.hurry)
        log.info(
            "bridge_started",
            version=__version__,
            servers=len(self.settings.servers),
            source=self.settings.cad.source,
        )

    async def _open_journal(self) -> None:
        self.journal = await open_journal(self.settings.journal, self.metrics)
        self._stack.push_async_callback(self.journal.close)
        ids = [server.id for server in self.settings.servers]
        self.receipts = Receipts(self.journal, self.metrics, self.now)
        await self.receipts.recall(ids)
        self._stack.push_async_callback(self.receipts.keep)
        for server in ids:
            ingest = Ingest(
                server,
                self.journal,
                now=self.now,
                metrics=self.metrics,
                forget_after_ms=int(self.settings.alerts.forget_after * 1000),
            )
            await ingest.start()
            self._stack.push_async_callback(ingest.stop)
            self.ingests[server] = ingest
            if self.journal.is_shared:
                self._in_background(ingest.follow())
        self.pushes = Pushes(
            api_key=self.settings.cad.api_key.get_secret_value(),
            ingests=self.ingests,
            pass_through=self.settings.cad.pass_through,
            rejected=self.rejected,
            metrics=self.metrics,
            now=self.now,
        )

    async def _open_gateway(self) -> None:
        configured = self.settings.gateway
        self.cad = CadSide(
            self.settings.cad,
            ingests=self.ingests,
            journal=self.journal,
            pushes=self.pushes,
            fresh_for=self.settings.alerts.fresh_for,
            metrics=self.metrics,
            now=self.now,
        )
        await self.cad.open()
        self._stack.push_async_callback(self.cad.close)
        self.gateway = Gateway(
            [
                Door(server.id, server.name, server.token.get_secret_value())
                for server in self.settings.servers
            ],
            self.journal,
            self.cad.answer,
            board_at=self._welcome_board,
            fresh_for_ms=int(self.settings.alerts.fresh_for * 1000),
            now=self.now,
            metrics=self.metrics,
            on_receipt=self.receipts.take,
            host=configured.host,
            port=configured.port,
            ssl=_tls(self.settings),
        )
        self._stack.push_async_callback(self.gateway.stop)
        with listening("gateway", configured.host, configured.port):
            await self.gateway.start()

    async def _welcome_board(self, server: int, seq: int) -> dict[str, Any]:
        board = await board_at(self.journal, server, seq)
        return board.to_welcome(self.now())

    async def _open_listeners(self) -> None:
        if not self.settings.cad.uses_http:
            return
        servers, host = self.settings.servers, self.settings.push.host
        ports = [("push.port", self.settings.push.port, servers[0].id)]
        ports += [
            (f"servers.{number}.push_port", server.push_port, server.id)
            for number, server in enumerate(servers)
            if server.push_port
        ]
        for key, port, server_id in ports:
            listener = Listener(
                self.pushes.over_http,
                port=port,
                default_server=server_id,
                servers=[server.id for server in servers],
                settings=self.settings.push,
                doorkeeper=self.doorkeeper,
                turned_away=self.rejected.turn_away,
            )
            self._stack.push_async_callback(listener.stop)
            with listening("push", host, port, port_key=key):
                await listener.start()
            self.listeners.append(listener)

    def _overview(self) -> Overview:
        return Overview(
            settings=self.settings,
            journal=self.journal,
            ingests=self.ingests,
            gateway=self.gateway,
            listeners=self.listeners,
            side=self.cad,
            kept=self.receipts,
            metrics=self.metrics,
            rejected=self.rejected,
            started_at=self.started_at,
            now=self.now,
        )

    def _in_background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("background_task_failed", exc_info=error)

    async def _tidy(self) -> None:
        """Close what is over by its time, keep receipts, prune the journal; for ever."""
        chores = [*(ingest.expire for ingest in self.ingests.values()), self.receipts.keep]
        for turn in count(1):
            await asyncio.sleep(TIDY_SECONDS)
            due = chores if turn % PRUNE_EVERY else [*chores, self._prune]
            refused = [reason for chore in due if (reason := await _refusal(chore))]
            if refused:
                log.warning("tidying_put_off", reason=refused[0])

    async def _prune(self) -> None:
        for ingest in self.ingests.values():
            await _refusal(ingest.keep_snapshot)
        now = self.now()
        await self.journal.prune(
            before=now - int(self.settings.journal.keep_days * 86_400_000),
            fresh_since=now - int(self.settings.alerts.fresh_for * 1000),
        )

    async def _stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._stack.aclose()


async def _refusal(chore: Callable[[], Awaitable[object]]) -> str:
    """Do it; return why the journal did not take it, if so. Its faults hold up no other chore."""
    try:
        await chore()
    except JournalUnavailable as error:
        return error.reason
    except Exception:
        log.exception("tidying_failed")
    return ""


def _tls(settings: Settings) -> ssl.SSLContext | None:
    """Return the gateway's TLS context; None where it speaks plainly."""
    gateway = settings.gateway
    if gateway.tls_cert is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        # a key with a passphrase is refused, instead of asked for on a terminal nobody looks at
        context.load_cert_chain(gateway.tls_cert, gateway.tls_key, password="")
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            "gateway.tls_cert",
            f"cannot be used with gateway.tls_key: {error}",
            "a certificate and its key as PEM files, without a passphrase",
        ) from None
    return context

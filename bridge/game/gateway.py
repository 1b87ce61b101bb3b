"""The websocket door for game servers: who may come in, who is there, who is replaced by whom."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from websockets.asyncio.server import serve

from bridge import __version__
from bridge.errors import JournalUnavailable
from bridge.game import session as rules
from bridge.game.answering import Answering
from bridge.game.connection import LAST_WORDS_S, Connection, Surroundings
from bridge.game.session import SUBPROTOCOL, Session

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from ssl import SSLContext

    from websockets.asyncio.server import Server, ServerConnection
    from websockets.http11 import Request, Response
    from websockets.typing import Subprotocol

    from bridge.game.connection import Answer, BoardAt, OnReceipt
    from bridge.game.session import Door
    from bridge.journal import Journal
    from bridge.metrics import Metrics

__all__ = ["Gateway"]

log = structlog.get_logger(__name__)

FRAME_BYTES = 256 * 1024
"""The largest frame a resource may send: positions of some hundred units fit."""
STRANGERS = 64
"""Connections at a time beyond one for each server."""
HANDSHAKE_S = 5.0
PING_S = 15.0
PONG_S = 45.0
"""A game server stalls while it boots."""
UNSENT_BYTES = 256 * 1024
"""In a socket's buffer before its sender waits: a window of events of the usual size."""
LAG_EVERY_S = 1.0

REPLACED = 4409
NORMAL = 1000
REFUSALS = {
    rules.BAD_FRAME: "bad_frame",
    rules.WRONG_TOKEN: "wrong_token",
    rules.WRONG_PROTOCOL: "wrong_protocol",
    rules.OVERLOADED: "overloaded",
}


class Gateway:
    """Streams each server's journal to its resource, and brings back what that says.

    `answer(server, method, params)` answers a request or raises RequestRefused;
    `board_at(server, seq)` gives the board of a welcome as it stood just after an event;
    `on_receipt(server, receipt)` takes what a receipt says, already checked.
    """

    def __init__(
        self,
        doors: Sequence[Door],
        journal: Journal,
        answer: Answer,
        *,
        board_at: BoardAt,
        on_receipt: OnReceipt,
        fresh_for_ms: int,
        now: Callable[[], int],
        metrics: Metrics,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl: SSLContext | None = None,
    ) -> None:
        self._doors = list(doors)
        self._metrics = metrics
        self._host = host
        self._configured_port = port
        self._ssl = ssl
        self._answering = Answering()
        self._around = Surroundings(
            journal=journal,
            answer=answer,
            board_at=board_at,
            on_receipt=on_receipt,
            answering=self._answering,
            metrics=metrics,
            fresh_for_ms=fresh_for_ms,
            now=now,
            greeted=self._greeted,
        )
        self._server: Server | None = None
        self._open: dict[Connection, asyncio.Task[None]] = {}
        self._watchers: list[asyncio.Task[None]] = []
        self.port = port
        """The port that is listened on, once started."""
        self.connections: dict[int, Connection] = {}
        """The connected resource of each server that has one."""
        self.last_seen: dict[int, int] = {}
        """When each server's resource was connected last, in ms since the epoch."""

    async def start(self) -> None:
        """Listen; OSError when the port is taken."""
        self._server = await serve(
            self._connected,
            self._host,
            self._configured_port,
            ssl=self._ssl,
            origins=[None],  # a browser always names one: no web page reaches a game's gateway
            select_subprotocol=_select_subprotocol,
            process_request=self._admit,
            compression=None,
            server_header=None,
            open_timeout=HANDSHAKE_S,
            ping_interval=PING_S,
            ping_timeout=PONG_S,
            close_timeout=LAST_WORDS_S,
            max_size=FRAME_BYTES,
            write_limit=UNSENT_BYTES,
            logger=_quiet_logger(),
        )
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        for door in self._doors:
            self._metrics.connected.labels(door.server).set(0)
            self._watchers.append(asyncio.create_task(self._watch_lag(door.server)))
        log.info("gateway_opened", host=self._host, port=self.port, tls=self._ssl is not None)

    async def stop(self) -> None:
        """Take nobody in any more, say goodbye to all, and wait for them, within bounds."""
        if self._server is None:
            return
        self._server.close(close_connections=False)
        for connection in self._open:
            connection.end(rules.GOING_AWAY, "the bridge is stopping")
        await asyncio.gather(self._all_gone(), self._answering.stop())
        for watcher in self._watchers:
            watcher.cancel()
        await asyncio.gather(*self._watchers, return_exceptions=True)
        await self._server.wait_closed()
        self._server = None

    async def _all_gone(self) -> None:
        """Wait for the last words of all, which a connection needs twice `LAST_WORDS_S` for."""
        if self._open:
            _, late = await asyncio.wait(self._open.values(), timeout=2.5 * LAST_WORDS_S)
            for task in late:
                task.cancel()
            if late:
                log.warning("connections_cut_off", number=len(late))

    # One connection.

    def _admit(self, connection: ServerConnection, _: Request) -> Response | None:
        if len(self._open) >= len(self._doors) + STRANGERS:
            return connection.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections\n")
        return None

    async def _connected(self, socket: ServerConnection) -> None:
        session = Session(
            self._doors,
            version=__version__,
            fresh_for_ms=self._around.fresh_for_ms,
            subprotocol=socket.subprotocol,
            clock=int(asyncio.get_running_loop().time() * 1000),
        )
        connection = Connection(socket, session, self._around)
        self._open[connection] = asyncio.ensure_future(connection.run())
        try:
            await self._open[connection]
        finally:
            del self._open[connection]
            self._left(connection)

    def _greeted(self, connection: Connection) -> None:
        server = connection.server
        if old := self.connections.get(server):
            if old.instance == connection.instance:
                old.end(NORMAL, "this game server has connected again")
            else:
                old.end(REPLACED, "another game server uses this token")
                log.warning("resource_replaced", server=server, by=connection.peer, old=old.peer)
        self.connections[server] = connection
        self.last_seen[server] = self._around.now()
        self._metrics.connected.labels(server).set(1)
        log.info(
            "resource_connected",
            server=server,
            version=connection.resource,
            peer=connection.peer,
        )

    def _left(self, connection: Connection) -> None:
        code, reason = connection.closing
        if code in REFUSALS:
            self._metrics.refused_frames.labels(REFUSALS[code]).inc()
        if not connection.server:
            log.info("connection_refused", peer=connection.peer, code=code, reason=reason)
            return
        log.info("resource_disconnected", server=connection.server, code=code, reason=reason)
        if self.connections.get(connection.server) is connection:
            del self.connections[connection.server]
            self.last_seen[connection.server] = self._around.now()
            self._metrics.connected.labels(connection.server).set(0)

    async def _watch_lag(self, server: int) -> None:
        """Keep the number of waiting events true while nobody takes them."""
        journal = self._around.journal
        with journal.bell(server) as bell:
            while True:
                bell.clear()
                with contextlib.suppress(JournalUnavailable):  # counted at the next event, then
                    lag = await journal.last(server) - await journal.acknowledged(server)
                    self._metrics.lag.labels(server).set(lag)
                await asyncio.sleep(LAG_EVERY_S)
                await bell.wait()


def _select_subprotocol(_: Any, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Pick ours; else any that is offered: what is refused without one only sees a dead host, and
    the session closes it with a code and a reason.
    """
    return next((name for name in offered if name == SUBPROTOCOL), offered[0] if offered else None)


def _quiet_logger() -> logging.Logger:
    """Return a logger for the library, which reports each scan of the port with a traceback."""
    logger = logging.getLogger("bridge.game.websockets")
    logger.setLevel(logging.CRITICAL)
    return logger

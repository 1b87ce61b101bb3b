"""A gateway on a port of its own over a real journal, and game servers that connect to it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import time
from typing import TYPE_CHECKING, Any, Self

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from bridge.game.gateway import Gateway
from bridge.game.session import SUBPROTOCOL, Door
from bridge.journal import Entry
from bridge.journal.sqlite import SqliteJournal
from bridge.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from pathlib import Path

    from websockets.asyncio.client import ClientConnection

TOKENS = {1: "first-token-" + "x" * 32, 2: "second-token-" + "x" * 32}
FRESH_MS = 300_000
PATIENCE_S = 60
"""After which something does not come at all: a busy machine may stand still for seconds."""


def now() -> int:
    return time.time_ns() // 1_000_000


class Game:
    """A game server's end of the socket, with the words of the contract."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **frame: object) -> None:
        await self.socket.send(json.dumps(frame))

    async def hear(self) -> dict[str, Any]:
        async with asyncio.timeout(PATIENCE_S):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        return frame

    async def hear_events(self, count: int) -> list[int]:
        return [(await self.hear())["seq"] for _ in range(count)]

    async def greet(self, server: int = 1, **changes: object) -> dict[str, Any]:
        await self.say(
            **{
                "op": "hello",
                "token": TOKENS[server],
                "resource": "1.0.0",
                "instance": "a",
                "epoch": None,
                "cursor": None,
                "board": True,
                **changes,
            }
        )
        return await self.hear()

    async def end(self) -> tuple[int, str]:
        """Read on until the connection ends; return code and reason."""
        async with asyncio.timeout(PATIENCE_S):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code or 0, self.socket.close_reason or ""


class Stand:
    """Everything around a gateway, and what it was asked."""

    def __init__(self, journal: SqliteJournal) -> None:
        self.journal = journal
        self.metrics = Metrics()
        self.receipts: list[tuple[int, Mapping[str, Any]]] = []
        self.boards: list[tuple[int, int]] = []
        self.answers: Callable[[int, str, dict[str, Any]], Awaitable[Any]] = self._echo
        self.on_receipt: Callable[[int, Mapping[str, Any]], Awaitable[None]] = self._keep
        self.board_at: Callable[[int, int], Awaitable[Mapping[str, Any]]] = self._board_at
        self.gateway: Gateway
        self.options: dict[str, Any] = {}
        self._sockets: list[ClientConnection] = []
        self._numbers = itertools.count()

    async def start(self, **options: Any) -> Self:
        self.options = options or self.options
        self.gateway = Gateway(
            [Door(server, f"server {server}", token) for server, token in TOKENS.items()],
            self.journal,
            lambda *asked: self.answers(*asked),
            board_at=lambda *asked: self.board_at(*asked),
            on_receipt=lambda *told: self.on_receipt(*told),
            fresh_for_ms=FRESH_MS,
            now=now,
            metrics=self.metrics,
            **self.options,
        )
        await self.gateway.start()
        return self

    async def game(self, *, url: str = "", **options: Any) -> Game:
        """Open a connection; nothing has been said yet."""
        options = {"subprotocols": [SUBPROTOCOL], "open_timeout": PATIENCE_S, **options}
        socket = await connect(url or f"ws://127.0.0.1:{self.gateway.port}/", **options)
        self._sockets.append(socket)
        return Game(socket)

    async def connected(self, server: int = 1, **hello: object) -> Game:
        """Open a connection that has been welcomed."""
        game = await self.game()
        welcome = await game.greet(server, **hello)
        assert welcome["op"] == "welcome"
        return game

    async def happen(self, count: int = 1, *, server: int = 1, **fields: Any) -> int:
        """Append so many events; return the last number."""
        after = await self.journal.last(server)
        for start in range(after, after + count, 100):
            size = min(100, after + count - start)
            entries = [
                Entry(**{"at": now(), "body": b'{"type":"push","n":%d}' % (start + n), **fields})
                for n in range(1, size + 1)
            ]
            await self.journal.append(server, entries, start)
        return after + count

    def figure(self, name: str, **labels: object) -> float:
        texts = {label: str(value) for label, value in labels.items()}
        return self.metrics.registry.get_sample_value(f"cad_bridge_{name}", texts) or 0.0

    async def close(self) -> None:
        for socket in self._sockets:
            socket.transport.abort()
            await socket.wait_closed()
        await self.gateway.stop()
        await self.journal.close()

    async def _echo(self, server: int, method: str, params: dict[str, Any]) -> Any:
        return {"server": server, "method": method, "params": params}

    async def _keep(self, server: int, receipt: Mapping[str, Any]) -> None:
        self.receipts.append((server, receipt))

    async def _board_at(self, server: int, seq: int) -> Mapping[str, Any]:
        self.boards.append((server, seq))
        return {"calls": [{"key": f"as of {seq}"}], "units": []}


@pytest.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    """Return a started gateway with everything around it."""
    journal = await SqliteJournal.open(tmp_path / "journal.db", max_size_bytes=1 << 30)
    stand = await Stand(journal).start()
    yield stand
    await stand.close()

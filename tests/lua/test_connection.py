"""transport.js and Lua together in the simulated game server, over a real websocket."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bridge.demo.game import GameServer, load_players

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

RESOURCE = Path(__file__).parents[2] / "lua_resource"
PLAYERS = Path(__file__).parents[1] / "data" / "players.json"
TOKEN = "k" * 40
PATIENCE_S = 60
WAITING = (RESOURCE / "server/transport.js").read_text(encoding="utf-8") + (
    "\non('test:wait', (ms) => setTimeout(() => emit('test:waited'), ms));"
)
"""The transport, with a word for a test that wants to know how much time has passed for it."""


class Bridge:
    """A bridge that a test plays, frame by frame."""

    def __init__(self) -> None:
        self.connections: list[ServerConnection] = []
        self.frames: list[dict[str, Any]] = []

    async def __call__(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        with contextlib.suppress(ConnectionClosed):
            async for text in connection:
                self.frames.append(json.loads(text))

    def of(self, op: str) -> list[dict[str, Any]]:
        return [frame for frame in self.frames if frame["op"] == op]

    async def send(self, **frame: Any) -> None:
        await self.connections[-1].send(json.dumps(frame))

    async def welcome(self, cursor: int = 0, board: bool = True) -> None:
        await self.send(
            op="welcome",
            bridge="1.0.0",
            server={"id": 1, "name": "Main"},
            epoch="e",
            cursor=cursor,
            freshFor=300_000,
            board={"calls": [], "units": []} if board else None,
        )


async def wait_as_the_transport(game: GameServer, ms: int) -> None:
    """Let time pass by the timers of the transport itself: what it is about to do, it has begun."""
    waited = game.listen("test:waited")
    game.emit_local("test:wait", ms)
    await game.wait_for(lambda: waited, PATIENCE_S)


@pytest.fixture
async def bridge() -> AsyncIterator[tuple[Bridge, str]]:
    made = Bridge()
    async with serve(made, "127.0.0.1", 0, subprotocols=["cad-bridge.v1"]) as server:
        yield made, f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


async def test_from_the_socket_to_the_player_and_back(
    bridge: tuple[Bridge, str], until: Callable[..., Awaitable[None]]
) -> None:
    far, url = bridge
    player = load_players(PLAYERS)[0]
    convars = {"cadbridge_url": url, "cadbridge_token": TOKEN}
    async with GameServer(RESOURCE, clock="real", convars=convars) as game:
        game.grant_ace(f"identifier.{player.identifiers[0]}", "cadbridge.responder")
        await game.join(player, client="headless")
        game.emit_as_client(1, "cadbridge:ready", "1.0.0")
        await until(lambda: far.of("hello"))
        hello = far.of("hello")[0]
        assert (hello["token"], hello["cursor"], hello["board"]) == (TOKEN, None, True)
        await far.welcome()
        await until(lambda: game.export("IsConnected"))
        await until(lambda: "loaded: 1" in "".join(game.console("cadbridge status")))
        call = {
            "key": "911:1",
            "id": 1,
            "kind": "911",
            "emergency": True,
            "age": 0,
            "location": "Zoë's Café 警察",
        }
        event = {"type": "call.opened", "call": call}
        await far.send(op="event", seq=1, age=3, alert=True, event=event)
        await until(lambda: game.packets(1))
        (packet,) = game.packets(1)
        assert packet.args[0]["place"] == "Zoë's Café 警察"
        game.emit_as_client(1, "cadbridge:painted", "911:1", 1, "shown")
        await until(lambda: far.of("receipt") and far.of("ack"))
        assert far.of("receipt")[0]["shown"] == 1
        assert far.of("ack")[0]["seq"] == 1

        # Cut off: it comes back by itself, at its cursor.
        far.connections[-1].transport.abort()
        await until(lambda: len(far.of("hello")) == 2)
        assert (far.of("hello")[1]["cursor"], far.of("hello")[1]["board"]) == (1, False)
        await far.welcome(cursor=1, board=False)
        await until(lambda: game.export("IsConnected"))

        # Restarted: the board is asked for again.
        await game.restart_resource()
        await until(lambda: len(far.of("hello")) == 3)
        assert (far.of("hello")[2]["cursor"], far.of("hello")[2]["board"]) == (1, True)
        await until(lambda: far.connections[-2].close_code == 1000)
        assert TOKEN not in "\n".join(game.console_lines)
        assert not game.errors


async def test_a_server_without_websocket_is_told_what_to_update() -> None:
    convars = {"cadbridge_token": TOKEN}
    async with GameServer(RESOURCE, clock="real", websocket=False, convars=convars) as game:
        said = "has no WebSocket"
        await game.wait_for(lambda: any(said in line for line in game.console_lines), PATIENCE_S)
        assert not game.errors


async def test_a_server_without_a_token_says_so_and_does_not_connect(
    bridge: tuple[Bridge, str],
) -> None:
    far, url = bridge
    convars, files = {"cadbridge_url": url}, {"server/transport.js": WAITING}
    async with GameServer(RESOURCE, clock="real", files=files, convars=convars) as game:
        said = "cadbridge_token is empty"
        await game.wait_for(lambda: any(said in line for line in game.console_lines), PATIENCE_S)
        await wait_as_the_transport(game, 300)
        assert far.connections == []
        assert sum(said in line for line in game.console_lines) == 1


async def test_a_token_set_with_setr_is_noticed_by_the_first_client(
    bridge: tuple[Bridge, str], until: Callable[..., Awaitable[None]]
) -> None:
    far, url = bridge
    player = load_players(PLAYERS)[0]
    convars, files = {"cadbridge_url": url}, {"server/transport.js": WAITING}
    async with GameServer(RESOURCE, clock="real", files=files, convars=convars) as game:
        game.console(f"setr cadbridge_token {TOKEN}")
        await game.restart_resource()
        await until(lambda: far.of("hello"))
        await far.welcome()
        await game.join(player, client="lua")
        said = "players can read cadbridge_token"
        await until(lambda: any(said in line for line in game.console_lines))
        await until(lambda: far.connections[-1].close_code == 1000)
        await wait_as_the_transport(game, 1500)  # the first pause is over after 1150 ms
        assert len(far.connections) == 1


async def test_a_missing_transport_file_is_noticed() -> None:
    files = {"server/transport.js": "this is { no JavaScript"}
    convars = {"cadbridge_token": TOKEN}
    async with GameServer(RESOURCE, clock="real", files=files, convars=convars) as game:
        said = "server/transport.js did not load"
        await game.wait_for(lambda: any(said in line for line in game.console_lines), PATIENCE_S)
        game.errors.clear()

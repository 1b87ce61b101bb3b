"""Several bridges share a journal over NATS: any takes any push, and losing one loses nothing."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
import structlog

from bridge.demo.bridge_process import BridgeProcess
from bridge.demo.game import GameServer, Player
from bridge.service import Service
from bridge.settings import load
from tests.nats_servers import NatsCluster, NatsServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    Until = Callable[..., Awaitable[None]]

RESOURCE = Path(__file__).parents[1] / "lua_resource"
LICENSE = "license:" + "5" * 40
LONGEST_STOP_S = 10.0


def call(number: int, **fields: Any) -> dict[str, Any]:
    body = {"callId": number, "isEmergency": True, "caller": "Test", "description": "Help"}
    return {"type": "EVENT_911", "data": {"call": {**body, **fields}}}


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as server:
        yield server


@contextlib.asynccontextmanager
async def two_bridges(folder: Path, url: str) -> AsyncIterator[tuple[BridgeProcess, BridgeProcess]]:
    """Run two bridges of one community, each in a folder of its own, on one journal."""
    (folder / "one").mkdir()
    (folder / "two").mkdir()
    one = BridgeProcess(folder / "one", environment={"CAD_BRIDGE_JOURNAL__URL": url})
    shared = {
        "CAD_BRIDGE_JOURNAL__URL": url,
        "CAD_BRIDGE_CAD__API_KEY": one.key,
        "CAD_BRIDGE_SERVERS": json.dumps([{"id": 1, "token": one.tokens[1]}]),
    }
    two = BridgeProcess(folder / "two", environment=shared)
    two.key, two.tokens = one.key, one.tokens
    async with one, two:
        yield one, two


@contextlib.asynccontextmanager
async def game_server(*bridges: BridgeProcess) -> AsyncIterator[GameServer]:
    """Run the real resource, told of all the bridges, with one responder in the game."""
    game = GameServer(
        RESOURCE,
        clock="real",
        convars={
            "cadbridge_url": ",".join(bridge.gateway_url for bridge in bridges),
            "cadbridge_token": bridges[0].tokens[1],
        },
    )
    game.add_principal(f"identifier.{LICENSE}", "group.police")
    game.grant_ace("group.police", "cadbridge.responder")
    async with game:
        player = Player(source=1, name="Officer", identifiers=(LICENSE,), coords=(0.0, 0.0, 30.0))
        await game.join(player, client="lua")
        await game.settle()
        yield game


def alerts(game: GameServer) -> list[str]:
    """Return the keys of the calls that were alerts for the responder, in order."""
    shown = (packet.args[0] for packet in game.packets(1) if packet.name == "cadbridge:show")
    return [alert["key"] for alert in shown if alert["how"] == "alert"]


async def connected(bridge: BridgeProcess) -> bool:
    with contextlib.suppress(aiohttp.ClientError):
        (server,) = (await bridge.admin("/api/status"))["servers"]
        return server["resource"] is not None
    return False


async def test_a_push_to_either_bridge_reaches_the_game_server_of_the_other(
    tmp_path: Path, nats: NatsServer, until: Until
) -> None:
    async with two_bridges(tmp_path, nats.url) as (one, two), game_server(two) as game:
        await until(lambda: connected(two))
        assert await one.push(call(1)) == 200
        assert await two.push(call(2)) == 200
        await until(lambda: alerts(game) == ["911:1", "911:2"])


async def test_the_same_push_to_both_bridges_at_once_is_one_alert(
    tmp_path: Path, nats: NatsServer, until: Until
) -> None:
    async with two_bridges(tmp_path, nats.url) as (one, two), game_server(one) as game:
        await until(lambda: connected(one))
        for number in range(1, 21):
            answers = await asyncio.gather(one.push(call(number)), two.push(call(number)))
            assert answers == [200, 200]
        assert await one.push(call(21)) == 200, "comes behind whatever would be one too many"
        await until(lambda: "911:21" in alerts(game))
        assert alerts(game) == [f"911:{number}" for number in range(1, 22)]


async def test_both_bridges_know_every_open_call(
    tmp_path: Path, nats: NatsServer, until: Until
) -> None:
    async with two_bridges(tmp_path, nats.url) as (one, two):

        async def known(bridge: BridgeProcess) -> list[str]:
            return [
                item["key"] for item in (await bridge.admin("/api/calls"))["servers"][0]["calls"]
            ]

        async def both_know(*keys: str) -> bool:
            return sorted(await known(one)) == sorted(await known(two)) == list(keys)

        await one.push(call(1))
        await two.push(call(2))
        await until(lambda: both_know("911:1", "911:2"))
        await two.push({"type": "EVENT_REMOVE_911", "data": {"callIds": [1]}})
        await until(lambda: both_know("911:2"))


async def test_when_a_bridge_dies_its_game_server_goes_on_with_the_other(
    tmp_path: Path, nats: NatsServer, until: Until
) -> None:
    async with (
        two_bridges(tmp_path, nats.url) as (one, two),
        game_server(one, two) as game,
    ):
        await until(lambda: connected(one))
        await one.push(call(1))
        await until(lambda: alerts(game) == ["911:1"])
        await one.kill()
        assert await two.push(call(2)) == 200, "nobody is connected to it yet"
        await until(lambda: connected(two))
        await two.push(call(3))
        await until(lambda: alerts(game) == ["911:1", "911:2", "911:3"])


async def test_a_bridge_without_nats_ends_in_time_and_says_what_was_not_stored(
    tmp_path: Path, nats: NatsServer, until: Until
) -> None:
    """A panel kills after ten seconds."""
    servers = "".join(f'[[servers]]\nid = {n}\ntoken = "{n}{"t" * 32}"\n' for n in (1, 2, 3))
    config = tmp_path / "cad-bridge.toml"
    config.write_text(
        '[cad]\napi_key = "k"\nreconcile = false\n[push]\nhost = "127.0.0.1"\nport = 0\n'
        "[gateway]\nport = 0\n[admin]\nport = 0\n"
        f'[journal]\nurl = "{nats.url}"\n{servers}'
    )
    with structlog.testing.capture_logs() as said:
        async with aiohttp.ClientSession() as session:

            async def push(server: int, number: int) -> int:
                port = service.listeners[0].port
                url = f"http://127.0.0.1:{port}/servers/{server}/sonorancad/event"
                async with session.post(url, json={"key": "k", **call(number)}) as answer:
                    return answer.status

            async with Service(load(config)) as service:
                assert [await push(server, 1) for server in (1, 2, 3)] == [200, 200, 200]
                for server in (1, 2, 3):
                    await service.journal.acknowledge(server, 1)
                nats.kill()
                pushes = [asyncio.create_task(push(server, 2)) for server in (1, 2, 3)]
                await until(lambda: all(ingest._writer for ingest in service.ingests.values()))
                started = time.monotonic()
            assert time.monotonic() - started < LONGEST_STOP_S
            assert await asyncio.gather(*pushes) == [503, 503, 503]
    for event in ("events_not_stored", "acknowledgement_not_written"):
        assert sorted(line["server"] for line in said if line["event"] == event) == [1, 2, 3]
    assert said[-1]["event"] == "bridge_stopped"


@pytest.mark.slow
async def test_when_a_server_of_nats_dies_every_push_is_taken_and_delivered_once(
    tmp_path: Path, until: Until
) -> None:
    with NatsCluster(tmp_path / "nats") as cluster:
        async with (
            two_bridges(tmp_path, cluster.url) as (one, two),
            game_server(one) as game,
        ):
            await until(lambda: connected(one))
            placed = []
            for number in range(1, 25):
                if number in (7, 15):  # dead for a while, then for good, be it the leader or not
                    cluster.nodes[1].kill()
                if number == 12:
                    await asyncio.to_thread(cluster.nodes[1].start)
                bridge = (one, two)[number % 2]
                assert await bridge.push(call(number)) == 200, bridge.log_tail()
                placed.append(f"911:{number}")
            await until(lambda: sorted(alerts(game)) == sorted(placed))
            assert alerts(game) == placed

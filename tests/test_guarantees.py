"""What the contract guarantees, shown on real processes (SIGKILL has a file of its own)."""

import asyncio
import contextlib
import itertools
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import ClientConnection, connect

from bridge.demo.bridge_process import BridgeProcess

unix_only = pytest.mark.skipif(sys.platform == "win32", reason="signals and limits of Unix")

ENOUGH = 40
POSTERS = 6


def call_911(number: int) -> dict[str, Any]:
    return {"type": "EVENT_911", "data": {"call": {"callId": number, "isEmergency": True}}}


def run(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a bridge that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "bridge", "run", "--config", folder / "cad-bridge.toml"],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


async def open_calls(bridge: BridgeProcess) -> set[int]:
    [server] = (await bridge.admin("/api/calls"))["servers"]
    return {call["id"] for call in server["calls"]}


async def readiness(bridge: BridgeProcess) -> int:
    async with bridge.session.get(f"{bridge.admin_url}/readyz") as answer:
        return answer.status


class Game:
    """A game server's side of one connection."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self.welcome: dict[str, Any] = {}

    async def says(self, op: str, **fields: Any) -> None:
        await self._socket.send(json.dumps({"op": op, **fields}))

    async def hears(self, op: str) -> dict[str, Any]:
        async with asyncio.timeout(60):
            while True:
                frame: dict[str, Any] = json.loads(await self._socket.recv())
                if frame["op"] == op:
                    return frame

    async def hears_of(self, number: int) -> dict[str, Any]:
        """Return the event that opened a call, which must be the next event."""
        frame = await self.hears("event")
        assert (frame["event"]["type"], frame["event"]["call"]["id"]) == ("call.opened", number)
        return frame


@contextlib.asynccontextmanager
async def connected(
    bridge: BridgeProcess, epoch: str | None = None, cursor: int | None = None
) -> AsyncIterator[Game]:
    async with connect(
        bridge.gateway_url, subprotocols=["cad-bridge.v1"], compression=None, open_timeout=60
    ) as socket:
        game = Game(socket)
        here = {"token": bridge.tokens[1], "resource": "1.0.0", "instance": "test"}
        await game.says("hello", **here, epoch=epoch, cursor=cursor, board=False)
        game.welcome = await game.hears("welcome")
        yield game


@unix_only
async def test_a_bridge_told_to_stop_under_load_keeps_what_it_confirmed_and_exits_0(
    tmp_path: Path, until: Any
) -> None:
    ids, confirmed = itertools.count(1), set()

    async def post_for_ever() -> None:
        while True:
            number = next(ids)
            if await bridge.push(call_911(number)) == 200:
                confirmed.add(number)

    async with BridgeProcess(tmp_path) as bridge:
        posting = [asyncio.create_task(post_for_ever()) for _ in range(POSTERS)]
        await until(lambda: len(confirmed) >= ENOUGH)
        assert await bridge.stop() == 0
        ended = await asyncio.gather(*posting, return_exceptions=True)
        assert {isinstance(end, aiohttp.ClientError) for end in ended} == {True}, ended
        lines = [json.loads(line) for line in bridge.log.read_text("utf-8").splitlines()]
        assert [line for line in lines if line["level"] in {"error", "warning"}] == []
        assert lines[-1]["event"] == "bridge_stopped"

        await bridge.start()
        assert confirmed <= await open_calls(bridge)


@pytest.mark.parametrize("taken", ["push", "gateway", "admin"])
def test_a_port_that_is_taken_ends_the_command_with_the_key_to_look_at(
    taken: str, tmp_path: Path
) -> None:
    port = getattr(BridgeProcess(tmp_path), f"{taken}_port")
    with socket.create_server(("127.0.0.1", port)):
        ended = run(tmp_path)
    assert ended.returncode == 1, "it may be free later, so whoever keeps it running tries again"
    assert f"cad-bridge: {taken}.port: cannot listen at 127.0.0.1:{port}: " in ended.stderr
    assert "Traceback" not in ended.stderr


async def test_a_second_bridge_on_the_same_journal_exits_2_and_harms_nothing(
    tmp_path: Path,
) -> None:
    async with BridgeProcess(tmp_path) as bridge:
        second = await asyncio.to_thread(run, tmp_path)
        assert (second.returncode, "in use by another bridge" in second.stderr) == (2, True)
        assert await bridge.push(call_911(1)) == 200
        assert await open_calls(bridge) == {1}


@pytest.mark.parametrize(("source", "listens"), [("hub", False), ("both", True)])
async def test_a_cad_that_is_away_delays_nothing_and_the_hub_alone_needs_no_open_port(
    source: str, listens: bool, tmp_path: Path
) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()  # takes connections, and answers nothing
        cad = {
            "CAD_BRIDGE_CAD__SOURCE": source,
            "CAD_BRIDGE_CAD__COMMUNITY_ID": "community-1",
            "CAD_BRIDGE_CAD__RECONCILE": "true",
            "CAD_BRIDGE_CAD__API_URL": f"http://127.0.0.1:{silent.getsockname()[1]}",
        }
        async with BridgeProcess(tmp_path, environment=cad) as bridge:
            if listens:
                assert await bridge.push(call_911(1)) == 200
                assert await open_calls(bridge) == {1}
            else:
                with pytest.raises(aiohttp.ClientConnectorError):
                    await bridge.push(call_911(1))
            async with asyncio.timeout(10):
                assert await bridge.stop() == (1 if sys.platform == "win32" else 0)


async def test_a_journal_restored_from_a_backup_swallows_nothing(tmp_path: Path) -> None:
    journal, backup = tmp_path / "cad-bridge.db", tmp_path / "backup"
    async with BridgeProcess(tmp_path) as bridge:
        assert await bridge.push(call_911(1)) == 200
        await bridge.stop()
        shutil.copy(journal, backup)

        await bridge.start()
        async with connected(bridge) as game:
            before = game.welcome["epoch"]
            for number in (2, 3):
                assert await bridge.push(call_911(number)) == 200
            cursor = [(await game.hears_of(number))["seq"] for number in (1, 2, 3)][-1]
            await game.says("ack", seq=cursor)
        await bridge.stop()
        shutil.copy(backup, journal)

        await bridge.start()
        async with connected(bridge, before, cursor) as game:
            assert game.welcome["epoch"] != before
            assert [call["id"] for call in game.welcome["board"]["calls"]] in ([], [1])
            assert await bridge.push(call_911(4)) == 200
            opened = {}
            while 4 not in opened:
                frame = await game.hears("event")
                opened[frame["event"]["call"]["id"]] = frame
            assert opened[4]["alert"]
            assert opened[4]["seq"] <= cursor, "a number that the old cursor would have swallowed"


@unix_only
async def test_a_full_disk_confirms_nothing_and_is_over_by_itself(
    tmp_path: Path, until: Any
) -> None:
    import resource

    async with BridgeProcess(tmp_path) as bridge, connected(bridge) as game:
        assert await bridge.push(call_911(1)) == 200
        await game.hears_of(1)

        written = (tmp_path / "cad-bridge.db-wal").stat().st_size
        process = bridge._process
        assert process is not None
        _, most = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (written, most))
        push = {"key": bridge.key, **call_911(2)}
        url = f"http://127.0.0.1:{bridge.push_port}/event"
        async with bridge.session.post(url, json=push) as answer:
            assert answer.status == 503
            assert int(answer.headers["Retry-After"]) > 0
            assert (await answer.json(content_type=None))["code"] == "unavailable"
        assert await readiness(bridge) == 503
        await until(lambda: _has_open(bridge, {1}), why="what was not stored is forgotten")
        problems = (await bridge.admin("/api/status"))["problems"]
        assert "journal_unavailable" in {problem["code"] for problem in problems}

        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (most, most))
        await until(lambda: _is_ready(bridge), why="it recovers without being asked")
        assert await bridge.push(call_911(2)) == 200
        assert (await game.hears_of(2))["alert"]


async def _has_open(bridge: BridgeProcess, calls: set[int]) -> bool:
    return await open_calls(bridge) == calls


async def _is_ready(bridge: BridgeProcess) -> bool:
    return await readiness(bridge) == 200

"""The bridge is killed as a power failure would, again and again, under load."""

import asyncio
import contextlib
import itertools
import json
import random
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from bridge.demo.bridge_process import BridgeProcess

KILLS = 50
POSTERS = 6


class Resource:
    """A game server's side that keeps its cursor, and everything it was streamed."""

    def __init__(self, bridge: BridgeProcess) -> None:
        self._bridge = bridge
        self.epoch: str | None = None
        self.cursor: int | None = None
        self.seqs: list[int] = []
        self.opened: list[int] = []

    async def stay_connected(self) -> None:
        while True:
            with contextlib.suppress(OSError, ConnectionClosed, InvalidHandshake):
                await self._connect_once()
            await asyncio.sleep(0.02)

    async def _connect_once(self) -> None:
        async with connect(
            self._bridge.gateway_url, subprotocols=["cad-bridge.v1"], compression=None
        ) as ws:
            hello = {"op": "hello", "token": self._bridge.tokens[1], "resource": "1.0.0"}
            hello |= {"instance": "test", "epoch": self.epoch, "cursor": self.cursor}
            await ws.send(json.dumps(hello))
            async for text in ws:
                frame = json.loads(text)
                if frame["op"] == "welcome":
                    self.epoch, self.cursor = frame["epoch"], frame["cursor"]
                elif frame["op"] == "event":
                    self._take(frame)
                    await ws.send(json.dumps({"op": "ack", "seq": frame["seq"]}))

    def _take(self, frame: dict[str, Any]) -> None:
        self.seqs.append(frame["seq"])
        self.cursor = frame["seq"]
        if frame["event"]["type"] == "call.opened":
            self.opened.append(frame["event"]["call"]["id"])


async def post_for_ever(bridge: BridgeProcess, ids: itertools.count, confirmed: list[int]) -> None:
    """Place a call and remove it, one after the other; note the calls whose push was answered."""
    while True:
        number = next(ids)
        with contextlib.suppress(aiohttp.ClientError):
            call = {"callId": number, "isEmergency": True, "caller": "Test"}
            if await bridge.push({"type": "EVENT_911", "data": {"call": call}}) == 200:
                confirmed.append(number)
            await bridge.push({"type": "EVENT_REMOVE_911", "data": {"callIds": [number]}})
        await asyncio.sleep(0)


@pytest.mark.slow
async def test_what_was_answered_is_delivered_once_and_in_order_through_fifty_kills(
    tmp_path: Path, until: Any
) -> None:
    chance = random.Random(911)
    ids, confirmed = itertools.count(1), []
    async with BridgeProcess(tmp_path) as bridge, asyncio.TaskGroup() as tasks:
        resource = Resource(bridge)
        streaming = tasks.create_task(resource.stay_connected())
        for _ in range(KILLS):
            posting = [
                tasks.create_task(post_for_ever(bridge, ids, confirmed)) for _ in range(POSTERS)
            ]
            await asyncio.sleep(chance.uniform(0.02, 0.4))  # a random moment, not for luck
            await bridge.kill()
            for task in posting:
                task.cancel()
            await asyncio.gather(*posting, return_exceptions=True)
            await bridge.start()
        await until(lambda: set(confirmed) <= set(resource.opened), why="all delivered")
        streaming.cancel()
    assert len(confirmed) > KILLS, "the load reached the bridge"
    assert len(resource.opened) == len(set(resource.opened)), "a call was opened twice"
    assert resource.seqs == sorted(set(resource.seqs)), "the order of numbers"

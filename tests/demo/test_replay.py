"""A recorded night in the demo: the responder sees it, its page has a replay's buttons."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from bridge.demo import replay
from bridge.demo.playback import Playback
from bridge.demo.recording import Recorded, Recording
from bridge.demo.site import DemoSite
from bridge.demo.stage import RESPONDER, Stage

pytestmark = pytest.mark.slow


def recording() -> Recording:
    call = {"key": "911:7", "id": 7, "kind": "911", "emergency": True, "age": 0}
    call |= {"description": "A recorded call", "position": {"x": 100.0, "y": -900.0}}
    ended = {"type": "call.closed", "call": {**call, "age": 1000}, "reason": "removed"}
    return Recording(
        "Night",
        [],
        [],
        [Recorded(0, {"type": "call.opened", "call": call}), Recorded(10_000, ended)],
    )


async def test_a_recorded_call_is_painted_and_leaves_the_map_when_it_was_closed(
    until: Any,
) -> None:
    async with (
        Playback(recording(), speed=10) as playback,
        Stage(bridge=playback) as stage,
        DemoSite(stage, playback=playback) as site,
    ):
        playback.turn(paused=True)  # until the game server has said that the call was painted
        playing = asyncio.create_task(playback.play())
        await until(lambda: "receipt" in (site.hops.to_json() or {"stops": ()})["stops"])
        playback.turn(paused=False)
        played = await playing
        await stage.game.wait_for(lambda: stage.client(RESPONDER).map.removed, timeout=60)

        origin = {"Origin": site.url.rstrip("/")}
        async with aiohttp.ClientSession(site.url, headers=origin) as browser:
            async with browser.post("/do/x5", json={}) as answer:
                assert answer.status == 204
            async with browser.post("/do/emergency", json={}) as answer:
                assert answer.status == 404
        assert playback.speed == 5
        assert "A recorded call" in stage.client(RESPONDER).feed[0].text
        assert stage.client(RESPONDER).blips == []
        assert site.hops.to_json() is not None
        assert stage.game.errors == []
    assert (played.events, played.handled, played.due, played.shown) == (2, 2, 1, 1)


async def test_a_replay_ends_when_it_is_told_to_and_not_at_the_end_of_the_night() -> None:
    stop = asyncio.Event()

    def say(text: str) -> None:
        if "Ctrl+C" in text:
            stop.set()

    async with asyncio.timeout(60):
        played = await replay.into_demo(recording(), speed=1, say=say, patience=3600, stop=stop)

    assert played is None


async def test_replay_says_where_it_can_be_watched_and_what_came_of_it() -> None:
    said: list[str] = []
    fast = Recording("Night", [], [], recording().events[:1])
    played = await replay.into_demo(fast, speed=20, say=said.append, patience=0)
    assert played is not None
    assert played.events == 1
    assert "open http://127.0.0.1:" in said[0]
    assert said[-1] == str(played)

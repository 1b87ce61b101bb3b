"""Playback: the recorded pace at another speed, through the real gateway."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.client import connect

from bridge.demo.playback import SERVER, Playback
from bridge.demo.recording import Recorded, Recording
from bridge.errors import ConfigurationError


def event(number: int) -> dict[str, Any]:
    call = {"key": f"911:{number}", "id": number, "kind": "911", "age": 1500, "caller": "Somebody"}
    return {"type": "call.opened", "call": call}


def recording(*seconds: float) -> Recording:
    before = event(9)["call"]
    events = [Recorded(round(at * 1000), event(number)) for number, at in enumerate(seconds)]
    return Recording("Night", [before], [{"ident": 101, "number": "A-12"}], events)


class Resource:
    """A game server's resource that says hello, listens and acknowledges."""

    def __init__(self, playback: Playback) -> None:
        self._playback = playback
        self.welcome: Any = None
        self.heard: list[Any] = []

    async def listen(self) -> None:
        url = f"ws://127.0.0.1:{self._playback.gateway_port}"
        async with connect(url, subprotocols=["cad-bridge.v1"]) as socket:  # type: ignore[list-item]
            hello = {"op": "hello", "token": self._playback.tokens[SERVER], "resource": "1.0.0"}
            hello |= {"instance": "test", "epoch": None, "cursor": None, "board": True}
            await socket.send(json.dumps(hello))
            async for text in socket:
                frame = json.loads(text)
                if frame["op"] == "welcome":
                    self.welcome = frame
                elif frame["op"] == "event":
                    self.heard.append(frame)
                    await socket.send(json.dumps({"op": "ack", "seq": frame["seq"]}))


async def played(playback: Playback) -> tuple[Resource, Any]:
    resource = Resource(playback)
    listening = asyncio.create_task(resource.listen())
    await playback.connected()
    result = await playback.play()
    listening.cancel()
    await asyncio.gather(listening, return_exceptions=True)
    return resource, result


async def test_a_game_server_gets_the_board_and_then_each_event_as_it_was() -> None:
    async with Playback(recording(0, 2, 4), speed=20) as playback:
        resource, result = await played(playback)

    assert [call["key"] for call in resource.welcome["board"]["calls"]] == ["911:9"]
    assert 1500 <= resource.welcome["board"]["calls"][0]["age"] < 20_000
    assert [unit["number"] for unit in resource.welcome["board"]["units"]] == ["A-12"]
    assert [frame["event"] for frame in resource.heard] == [event(0), event(1), event(2)]
    assert all(frame["alert"] for frame in resource.heard)
    assert (result.events, result.handled) == (3, 3)


async def test_time_passes_as_many_times_faster_as_was_asked_for() -> None:
    began = time.monotonic()
    async with Playback(recording(0, 10), speed=20) as playback:
        await played(playback)
    assert 0.5 <= time.monotonic() - began < 10


async def test_a_long_silence_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bridge.demo.playback.LONGEST_PAUSE", 0.2)
    async with Playback(recording(0, 36_000), speed=1) as playback:
        _, result = await asyncio.wait_for(played(playback), 60)
    assert result.events == 2


async def test_a_replay_can_be_paused_and_sped_up_in_the_middle_of_a_silence(
    monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    monkeypatch.setattr("bridge.demo.playback.LONGEST_PAUSE", 3600)
    async with Playback(recording(0, 0.1, 900), speed=1) as playback:
        playback.turn(paused=True)
        playing = asyncio.create_task(played(playback))
        await until(lambda: playback.played == 1)
        await asyncio.sleep(0.2)  # twice the recorded silence
        assert playback.played == 1
        assert playback.to_json()["paused"] is True

        playback.turn(paused=False)
        await until(lambda: playback.played == 2)
        playback.turn(speed=99)
        assert playback.speed == 20

        monkeypatch.setattr("bridge.demo.playback.FASTEST", 1800)
        playback.turn(speed=1800)
        _, result = await asyncio.wait_for(playing, 60)
    assert result.events == 3


@pytest.mark.parametrize("speed", [0, 0.5, 21, -1, float("nan")])
async def test_a_speed_out_of_bounds_is_refused(speed: float) -> None:
    with pytest.raises(ConfigurationError, match=r"--speed: .* is out of bounds; 1 to 20"):
        Playback(recording(), speed=speed)

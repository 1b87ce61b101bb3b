"""The strip of hops: a stop is passed when its border was seen to be passed, and not before."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from bridge.demo.hops import Hops

PUSH = {"type": "EVENT_911", "data": []}


class Stage:
    """A stage that is both the bridge and the game's world."""

    def __init__(self) -> None:
        self.bridge = self.game = self.world = self
        self.status = 200
        self.events: list[int] = []
        self._heard: defaultdict[str, list[Callable[..., None]]] = defaultdict(list)

    async def push(self, body: Any) -> int:
        if not self.status:
            raise aiohttp.ClientConnectionError
        return self.status

    async def admin(self, path: str) -> Any:
        return {"events": [{"seq": seq} for seq in self.events]}

    def listen(self, name: str, listener: Callable[..., None]) -> None:
        self._heard[name].append(listener)

    def happens(self, name: str, *args: Any, source: str = "") -> None:
        for listener in self._heard[name]:
            listener(list(args), source)

    def streams(self, seq: int) -> None:
        frame = {"op": "event", "seq": seq, "age": 1, "event": {"type": "call.opened"}}
        self.happens("cadbridge:transport", "frame", 1, json.dumps(frame))

    def reports(self, seq: int, shown: int = 1) -> None:
        frame = {"op": "receipt", "seq": seq, "key": "911:1", "due": 1, "sent": 1, "shown": shown}
        self.happens("cadbridge:socket", "send", 1, json.dumps(frame))


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def hops(stage: Stage) -> Hops:
    hops = Hops(stage)  # type: ignore[arg-type]
    hops.listen()
    return hops


def stops(hops: Hops) -> set[str]:
    way = hops.to_json()
    assert way is not None
    return set(way["stops"])


async def test_a_push_passes_one_stop_after_the_other(stage: Stage, hops: Hops) -> None:
    stage.events = [1]
    assert await hops.post(PUSH) == 200
    assert stops(hops) == {"posted", "answered", "stored"}
    stage.streams(1)
    assert stops(hops) == {"posted", "answered", "stored", "streamed"}
    stage.happens("cadbridge:painted", "911:1", 1, "shown", source="net:2")
    hops.painted_by(1)
    stage.reports(1)

    way = hops.to_json()
    assert way is not None
    assert way["stops"]["painted"]["players"] == [1, 2]
    assert way["stops"]["receipt"]["shown"] == 1
    assert way["stops"]["stored"]["seq"] == 1


async def test_a_push_that_changed_nothing_says_so(stage: Stage, hops: Hops) -> None:
    await hops.post(PUSH)
    assert stops(hops) == {"posted", "answered"}
    assert hops.way is not None
    assert "Nothing new" in hops.way.note


async def test_an_event_of_an_earlier_push_passes_no_stop_of_a_later_one(
    stage: Stage, hops: Hops
) -> None:
    stage.events = [1]
    await hops.post(PUSH)
    stage.events = []
    await hops.post(PUSH)
    stage.streams(1)
    stage.reports(1)
    hops.painted_by(1)
    assert stops(hops) == {"posted", "answered"}


async def test_a_bridge_that_is_down_is_told_of_and_nothing_else_is_passed(
    stage: Stage, hops: Hops
) -> None:
    stage.status = 0
    assert await hops.post(PUSH) == 0
    assert stops(hops) == {"posted"}
    assert hops.way is not None
    assert "the bridge is down" in hops.way.note


async def test_a_refused_push_points_to_the_status_page(stage: Stage, hops: Hops) -> None:
    stage.status = 422
    await hops.post(PUSH)
    assert stops(hops) == {"posted", "answered"}
    assert hops.way is not None
    assert "refused" in hops.way.note


async def test_only_the_receipt_of_the_pushs_own_event_counts(stage: Stage, hops: Hops) -> None:
    stage.events = [1]
    await hops.post(PUSH)
    stage.streams(1)
    stage.reports(2, shown=0)
    assert "receipt" not in stops(hops)
    stage.reports(1)
    stage.reports(2, shown=0)
    way = hops.to_json()
    assert way is not None
    assert way["stops"]["receipt"]["shown"] == 1


async def test_what_accompanies_a_push_leaves_its_way_alone(stage: Stage, hops: Hops) -> None:
    stage.events = [1]
    await hops.post(PUSH)
    before = hops.way
    await hops.post({"type": "EVENT_REMOVE_911", "data": []}, aside=True)
    assert hops.way is before


async def test_what_accompanied_a_push_passes_no_stop_of_the_next_one(
    stage: Stage, hops: Hops
) -> None:
    stage.events = [1]
    await hops.post({"type": "EVENT_UNIT_LOGIN", "data": []}, aside=True)
    stage.events = [2, 1]
    await hops.post(PUSH)
    stage.streams(1)
    assert stops(hops) == {"posted", "answered", "stored"}
    stage.streams(2)
    stage.reports(2)
    way = hops.to_json()
    assert way is not None
    assert (way["stops"]["stored"]["seq"], way["stops"]["receipt"]["shown"]) == (2, 1)


def test_of_a_recording_every_event_is_followed(stage: Stage) -> None:
    hops = Hops(stage, recorded=True)  # type: ignore[arg-type]
    hops.listen()
    for seq in (1, 2):
        stage.streams(seq)
        assert hops.way is not None
        assert hops.way.number == seq
        assert stops(hops) == {"streamed", "stored"}

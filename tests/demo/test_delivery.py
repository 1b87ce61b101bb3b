"""Bad delivery: each push arrives, and only what may come in another order does."""

import asyncio
import random
from collections import Counter
from typing import Any

import aiohttp
import pytest

from bridge.demo import delivery
from bridge.demo.delivery import Delivery, NotDelivered


def call(number: int, push_type: str = "EVENT_911") -> dict[str, Any]:
    return {"type": push_type, "data": [{"call": {"callId": number}}]}


class Bridge:
    """Takes pushes; `answers` are what it answers first (0: nobody answers)."""

    def __init__(self, answers: list[int] | None = None) -> None:
        self.taken: list[dict[str, Any]] = []
        self.answers = answers or []

    async def push(self, push: dict[str, Any]) -> int:
        status = self.answers.pop(0) if self.answers else 200
        if not status:
            raise aiohttp.ClientConnectionError
        if status == 200:
            self.taken.append(push)
        return status


async def test_every_push_arrives_and_some_come_twice_late_or_in_another_order() -> None:
    bridge = Bridge()
    carried = Delivery(bridge.push, random.Random(1))
    for number in range(300):
        await carried.post(call(number))
    await carried.flush()

    numbers = [push["data"][0]["call"]["callId"] for push in bridge.taken]
    assert set(numbers) == set(range(300))
    assert carried.twice > 5
    assert carried.late > 5
    assert carried.swapped > 5
    assert max(Counter(numbers).values()) > 1


async def test_pushes_about_one_call_keep_their_order() -> None:
    bridge = Bridge()
    carried = Delivery(bridge.push, random.Random(2))
    for number in range(200):
        await carried.post(call(number))
        await carried.post(
            {
                "type": "EVENT_DISPATCH_NEW",
                "data": [
                    {"dispatch": {"callId": -number, "metaData": {"createdFromId": f"{number}"}}}
                ],
            }
        )
    await carried.flush()

    seen = set()
    for push in bridge.taken:
        body = push["data"][0]
        if "call" in body:
            seen.add(str(body["call"]["callId"]))
        else:
            assert body["dispatch"]["metaData"]["createdFromId"] in seen


async def test_a_push_that_nobody_took_is_posted_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery, "_PAUSE", 0)
    bridge = Bridge([0, 503, 0])
    carried = Delivery(bridge.push, random.Random(3))
    await carried.post(call(1))
    await carried.flush()

    assert bridge.taken
    assert carried.again == 3


async def test_a_push_that_is_refused_ends_the_night() -> None:
    carried = Delivery(Bridge([422] * 9).push, random.Random(3))
    with pytest.raises(NotDelivered, match="EVENT_911 was answered 422"):
        await asyncio.gather(*[carried.post(call(number)) for number in range(3)])

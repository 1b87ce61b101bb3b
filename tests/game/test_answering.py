"""Requests under way: bounded in number and time, and not broken off with their connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bridge.game.answering import MOST, Answering

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Until = Callable[..., Awaitable[None]]


async def test_so_many_at_a_time_for_each_server(until: Until):
    answering, gate, done = Answering(), asyncio.Event(), []

    async def work(number: int) -> None:
        await gate.wait()
        done.append(number)

    assert all(answering.start(1, work(number)) for number in range(MOST))
    assert not answering.start(1, work(-1))
    assert answering.start(2, work(-2))

    gate.set()
    await until(lambda: len(done) == MOST + 1)
    assert -1 not in done
    assert answering.start(1, work(-3))
    await answering.stop()
    assert done[-1] == -3


async def test_what_takes_too_long_is_broken_off(monkeypatch: pytest.MonkeyPatch, until: Until):
    monkeypatch.setattr("bridge.game.answering.REQUEST_MS", 30)
    answering, ended = Answering(), asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    answering.start(1, work())
    await until(ended.is_set)
    await answering.stop()


async def test_stopping_waits_a_little_and_no_longer(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("bridge.game.answering.FINISH_S", 0.1)
    answering, gate, ended = Answering(), asyncio.Event(), []

    async def work(name: str, until: asyncio.Event) -> None:
        try:
            await until.wait()
            ended.append(f"{name} finished")
        except asyncio.CancelledError:
            ended.append(f"{name} broken off")
            raise

    answering.start(1, work("one", gate))
    answering.start(1, work("another", asyncio.Event()))
    asyncio.get_running_loop().call_soon(gate.set)
    await answering.stop()
    await answering.stop()

    assert ended == ["one finished", "another broken off"]

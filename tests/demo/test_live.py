"""The page's stream: everything in order for who reads, and no memory for who does not."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web

from bridge.demo import live
from bridge.demo.live import Live


@pytest.fixture
async def stream() -> AsyncIterator[tuple[Live, str]]:
    sender = Live()
    app = web.Application()

    async def answer(request: web.Request) -> web.StreamResponse:
        return await sender.answer(request, {"first": {"n": 0}})

    app.router.add_get("/", answer)
    runner = web.AppRunner(app, shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield sender, f"http://127.0.0.1:{runner.addresses[0][1]}/"
    sender.end()
    await runner.cleanup()


async def test_a_page_gets_what_there_is_and_then_what_comes_in_order(
    stream: tuple[Live, str],
) -> None:
    sender, url = stream
    async with aiohttp.ClientSession() as session, session.get(url) as page:
        await sender.opened()
        for number in range(3):
            sender.send("more", {"n": number})
        told = b""
        while told.count(b"\n\n") < 4:
            told += await page.content.readany()
    events = [line for line in told.decode().splitlines() if line.startswith("data: ")]
    assert events == [f'data: {{"n":{number}}}' for number in (0, 0, 1, 2)]


async def test_a_section_is_sent_when_it_changed_inside_too(stream: tuple[Live, str]) -> None:
    sender, url = stream
    async with aiohttp.ClientSession() as session, session.get(url) as page:
        await sender.opened()
        body = {"list": [1]}
        sender.show({"state": body})
        sender.show({"state": body})
        body["list"].append(2)
        sender.show({"state": body})
        told = b""
        while told.count(b"\n\n") < 3:
            told += await page.content.readany()
    assert told.count(b"event: state") == 2


async def test_a_page_that_reads_nothing_is_let_go(
    stream: tuple[Live, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "BACKLOG", 5)
    sender, url = stream
    async with aiohttp.ClientSession() as session, session.get(url) as page:
        await sender.opened()
        for number in range(50):  # without a pause: the stream cannot send meanwhile
            sender.send("more", {"n": number})
        told = await page.content.read()
    assert told.count(b"event: more") <= 5


async def test_all_streams_end_with_the_demo(stream: tuple[Live, str]) -> None:
    sender, url = stream
    async with aiohttp.ClientSession() as session, session.get(url) as page:
        assert b"first" in await page.content.readuntil(b"\n\n")
        sender.end()
        assert await page.content.read() == b""


async def test_too_many_pages_are_refused(
    stream: tuple[Live, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "PAGES", 1)
    sender, url = stream
    async with aiohttp.ClientSession() as session, session.get(url):
        await sender.opened()
        async with session.get(url) as second:
            assert second.status == 503

"""The demo as a command: it says where to look, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

import aiohttp
import pytest

from bridge.demo.show import show

pytestmark = pytest.mark.slow


def left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


async def test_the_demo_says_where_to_look_and_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stop = asyncio.Event()
    said: asyncio.Queue[str] = asyncio.Queue()
    showing = asyncio.create_task(show(said.put_nowait, stop))
    await said.get()
    url = (await asyncio.wait_for(said.get(), 90)).removeprefix("open ")
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        assert "cad-bridge demo" in await answer.text()
    assert left(tmp_path)

    stop.set()
    await asyncio.wait_for(showing, 90)

    assert left(tmp_path) == []
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(url)

"""The status page's live updates: a plain event stream, a section at a time.

A section is sent when it differs from what was sent before; something is sent every 15 seconds in
any case, so that the page notices a bridge that has gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Sections = Mapping[str, Callable[[], Awaitable[Any]]]

__all__ = ["Live"]

PAUSE = 1.0
"""Seconds between two looks, while a page is open."""
HEARTBEAT = 15.0
"""Seconds after which the first section is sent again, changed or not."""
STREAMS = 32
"""Pages open at once; further ones are refused."""


class Live:
    """Streams sections of JSON to the pages that are open."""

    def __init__(self, sections: Sections, *, pause: float = PAUSE) -> None:
        self._sections = sections
        self._pause = pause
        self._open = 0
        self._ending = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer one page until it goes away or the bridge stops."""
        if self._open >= STREAMS:
            return web.Response(status=503, text="too many status pages are open\n")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        self._open += 1
        try:
            await response.prepare(request)
            await self._stream(response)
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._open -= 1
        return response

    def end(self) -> None:
        """Let all streams end, so that the listener can stop."""
        self._ending.set()

    async def _stream(self, response: web.StreamResponse) -> None:
        loop = asyncio.get_running_loop()
        sent: dict[str, str] = {}
        beat = loop.time()
        while not self._ending.is_set():
            if loop.time() - beat >= HEARTBEAT:
                sent.pop(next(iter(self._sections)), None)
            for name, ask in self._sections.items():
                try:
                    body = await ask()
                except BridgeError:  # the journal cannot be read now; `status` says so
                    continue
                compared = json.dumps({**body, "now": None})
                if sent.get(name) != compared:
                    sent[name] = compared
                    beat = loop.time()
                    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
                    chunk = f"event: {name}\ndata: {data}\n\n"
                    await response.write(chunk.encode(errors="replace"))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), self._pause)

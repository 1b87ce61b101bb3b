"""The demo page's event stream: what each open page is sent, in order, no more than it takes."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Live"]

BACKLOG = 2_000
"""Messages that wait for a page; one that takes none for so long is let go and comes anew."""
PAGES = 8
"""Pages open at once: a browser opens no more connections to one host anyway."""


class Live:
    """Sends to all pages, and to each new one first what there is."""

    def __init__(self) -> None:
        self._pages: set[asyncio.Queue[str]] = set()
        self._ending = asyncio.Event()
        self._seen = asyncio.Event()
        self._last: dict[str, str] = {}

    def send(self, event: str, body: Any) -> None:
        """Send an event to every page."""
        chunk = _chunk(event, body)
        for page in list(self._pages):
            try:
                page.put_nowait(chunk)
            except asyncio.QueueFull:
                self._pages.discard(page)

    def show(self, sections: Mapping[str, Any]) -> None:
        """Send those sections that are not what they were."""
        for name, body in sections.items():
            text = json.dumps(body)
            if self._last.get(name) != text:
                self._last[name] = text
                self.send(name, body)

    async def opened(self) -> None:
        """Wait until there is a page."""
        await self._seen.wait()

    def end(self) -> None:
        """Let all streams end."""
        self._ending.set()

    async def answer(self, request: web.Request, sections: Mapping[str, Any]) -> web.StreamResponse:
        """Stream to one page until it goes away or the demo ends."""
        if len(self._pages) >= PAGES:
            return web.Response(status=503, text="too many pages are open\n")
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        page: asyncio.Queue[str] = asyncio.Queue(BACKLOG)
        for name, body in sections.items():
            page.put_nowait(_chunk(name, body))
        self._pages.add(page)
        self._seen.set()
        try:
            await self._pour(page, response)
        except ConnectionResetError:
            pass  # the page was closed
        finally:
            self._pages.discard(page)
        return response

    async def _pour(self, page: asyncio.Queue[str], response: web.StreamResponse) -> None:
        ending = asyncio.ensure_future(self._ending.wait())
        try:
            while page in self._pages:
                getting = asyncio.ensure_future(page.get())
                await asyncio.wait({getting, ending}, return_when=asyncio.FIRST_COMPLETED)
                if ending.done():
                    getting.cancel()
                    return
                chunk = getting.result()
                while not page.empty():
                    chunk += page.get_nowait()
                await response.write(chunk.encode(errors="replace"))
        finally:
            ending.cancel()


def _chunk(event: str, body: Any) -> str:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
    return f"event: {event}\ndata: {data}\n\n"

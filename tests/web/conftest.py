"""The real page of the resource in a real browser, over a background as the game has it."""

from __future__ import annotations

import base64
import functools
import json
import threading
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page

from tests.chromium import PATIENCE_MS, chromium

RESOURCE = Path(__file__).parents[2] / "lua_resource"
WEB = RESOURCE / "web"

NIGHT = "radial-gradient(circle at 30% 20%, #39465e, #1a2030 40%, #0a0d14 75%), #0a0d14"
DAY = "linear-gradient(#9fc8ec, #dcecf7 38%, #e9dcb8 46%, #b9b49f 60%, #8d8d8b)"

CLASSES = ("emergency", "civil", "dispatch", "assigned", "panic", "caller", "test", "tone")

PREFERENCES: dict[str, Any] = {
    "style": "auto",
    "place": "top-right",
    "x": 0.85,
    "y": 0.1,
    "size": "medium",
    "stay": "normal",
    "wide": "centre",
    "motion": False,
    "mute": False,
    "muted": {},
    "sound": "game",
    "volume": dict.fromkeys((*CLASSES, "change"), 70),
    "glance": True,
    "shield": False,
}

LISTEN = """
window.said = [];
window.addEventListener('message', (event) => {
  if (event.data && event.data.callback) window.said.push(event.data);
});
// Messages arrive in the order in which they were posted: with the last one, all have been handled.
// Two frames later they have been laid out, rows that the browser left out at first among them.
const frame = window.requestAnimationFrame.bind(window);
window.deliver = (messages) => new Promise((done) => {
  const last = { delivered: Math.random() };
  window.addEventListener('message', function handled({ data }) {
    if (!data || data.delivered !== last.delivered) return;
    window.removeEventListener('message', handled);
    frame(() => frame(done));
  });
  for (const message of [...messages, last]) window.postMessage(message, '*');
});
"""


SETUP = """
async ([background, messages]) => {
  document.documentElement.style.background = background;
  await Promise.all([...document.fonts].map((face) => face.load()));
  await window.deliver(messages);
}
"""


def make_card(key: str = "911:4711", **fields: Any) -> dict[str, Any]:
    """A card as the client sends it."""
    return {
        "key": key,
        "class": "emergency",
        "number": "911 #4711",
        "text": "Two men with rifles went into the bank, I can hear shots.",
        "place": "Vespucci Boulevard",
        "postal": "7351",
        "caller": "Jane Roe",
        "age": 4000,
        "units": [],
        "respond": True,
        "bound": "J",
        "duration": 25000,
        "position": {"x": 300.0, "y": 400.0},
    } | fields


@pytest.fixture
def card() -> Any:
    """Builds a card: key, then whatever differs."""
    return make_card


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None: ...


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """Where the page is served from, as the game does: nothing but the resource's own files."""
    handler = functools.partial(_Quiet, directory=str(WEB))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()
        thread.join()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of this folder."""
    async with chromium() as launched:
        yield launched


@dataclass
class Picture:
    """The pixels of a screenshot: `rows[y]` is RGB, three bytes a pixel."""

    width: int
    rows: list[bytes]


DECODE = """
async (png) => {
  const bytes = Uint8Array.from(atob(png), (letter) => letter.charCodeAt(0));
  const bitmap = await createImageBitmap(new Blob([bytes]), {colorSpaceConversion: 'none'});
  const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d');
  context.drawImage(bitmap, 0, 0);
  const pixels = context.getImageData(0, 0, bitmap.width, bitmap.height).data;
  let text = '';
  for (let at = 0; at < pixels.length; at += 32768)
    text += String.fromCharCode(...pixels.subarray(at, at + 32768));
  return [bitmap.width, btoa(text)];
}
"""


async def read_png(page: Page, data: bytes) -> Picture:
    """Lets the browser read what it wrote; a screenshot has no transparent pixel."""
    width, pixels = await page.evaluate(DECODE, base64.b64encode(data).decode())
    raw = base64.b64decode(pixels)
    flat = bytearray(len(raw) // 4 * 3)
    for part in range(3):
        flat[part::3] = raw[part::4]
    size = 3 * width
    return Picture(width, [bytes(flat[at : at + size]) for at in range(0, len(flat), size)])


@dataclass
class Screen:
    """One page, and what it did beside showing things."""

    page: Page
    errors: list[str]
    requests: list[str]

    async def send(self, action: str, data: Any) -> None:
        """A message as `SendNUIMessage` brings it, on the screen when this returns."""
        message = {"action": action, "data": data}
        await self.page.evaluate("message => window.deliver([message])", message)

    async def stop_clock(self) -> None:
        """From now on nothing ages by itself, however slow the machine is, but by `run_for`."""
        await self.page.clock.install(time="2026-01-01")
        await self.page.clock.pause_at("2026-01-02")

    async def said(self, name: str) -> list[Any]:
        """What the page told the client under this name."""
        all_said = await self.page.evaluate("() => window.said")
        return [entry["data"] for entry in all_said if entry["callback"] == name]

    async def until_said(self, name: str) -> list[Any]:
        """As `said`, once there is something."""
        await self.page.wait_for_function(
            "name => window.said.some(entry => entry.callback === name)", arg=name
        )
        return await self.said(name)

    async def picture(self, box: Any = None) -> Picture:
        """What is on the screen now, or in a part of it."""
        clip = box and {name: round(box[name]) for name in ("x", "y", "width", "height")}
        return await read_png(self.page, await self.page.screenshot(clip=clip))

    async def shown(self) -> list[str]:
        """The numbers on the cards that are to be seen, from top to bottom."""
        cards = self.page.locator("#stack > .card:visible")
        tops = [(await one.bounding_box() or {}).get("y", 0) for one in await cards.all()]
        texts = await cards.locator(".number").all_text_contents()
        return [text for _, text in sorted(zip(tops, texts, strict=True))]


def words(locale: str = "en") -> dict[str, str]:
    """The words of the page in one language."""
    text = (RESOURCE / "locales" / f"{locale}.json").read_text(encoding="utf-8")
    every: dict[str, str] = json.loads(text)
    return {k: v for k, v in every.items() if k.split(".")[0] in {"card", "settings", "list"}}


class Opener:
    """Opens pages and closes them when the test is over."""

    def __init__(self, browser: Browser, address: str) -> None:
        self.browser, self.address, self.pages = browser, address, list[Page]()

    async def __call__(
        self,
        width: int = 1920,
        height: int = 1080,
        *,
        background: str = NIGHT,
        locale: str = "en",
        **preferences: Any,
    ) -> Screen:
        page = await self.browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE_MS)
        self.pages.append(page)
        screen = Screen(page, [], [])
        page.on("pageerror", lambda error: screen.errors.append(str(error)))
        page.on("request", lambda request: screen.requests.append(request.url))
        await page.add_init_script(LISTEN)
        await page.goto(self.address)
        setup = [
            ("words", {"locale": locale, "words": words(locale)}),
            ("view", {"safe": 1, "metric": True}),
            ("hello", {}),
            ("preferences", PREFERENCES | preferences),
            ("where", {"x": 0, "y": 0, "heading": 0, "fast": False}),
        ]
        await page.evaluate(SETUP, [background, [{"action": a, "data": d} for a, d in setup]])
        return screen

    async def close(self) -> None:
        for page in self.pages:
            await page.close()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(browser: Browser, address: str) -> AsyncIterator[Opener]:
    """Opens the page at a size, over a background, with a player's preferences."""
    opener = Opener(browser, address)
    yield opener
    await opener.close()

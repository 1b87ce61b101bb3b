"""The page's server: whom it answers, what it serves, and how callbacks of the screens get through.

Without a bridge: the real client scripts, and a game server that nobody speaks to.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import aiohttp
import pytest

from bridge.demo.cad import Cad
from bridge.demo.game import GameServer
from bridge.demo.site import PAGE, DemoSite
from bridge.demo.stage import CAST
from bridge.owner import resource


class Bridge:
    """A bridge that takes every push and makes nothing of it."""

    key = "the key"
    running = True
    admin_url = ""

    async def push(self, body: Any, *, server: int = 1) -> int:
        return 200

    async def admin(self, path: str) -> Any:
        return {"events": []}


class Cable:
    state = "whole"


class Stage:
    """As much of a stage as a page needs."""

    def __init__(self, game: GameServer) -> None:
        self.cast = tuple(replace(player) for player in CAST)
        self.bridge, self.cad, self.cable, self.game = Bridge(), Cad(), Cable(), game

    def connected(self) -> bool:
        return True

    def client(self, player: Any) -> Any:
        return self.game.client(player.source)


@pytest.fixture
async def site() -> AsyncIterator[DemoSite]:
    game = GameServer(resource.find(), clock="real", javascript=False)
    async with game:
        stage: Any = Stage(game)
        for player in stage.cast:
            await game.join(player, client="lua")
        async with DemoSite(stage) as site:
            yield site


@pytest.fixture
async def browser(site: DemoSite) -> AsyncIterator[aiohttp.ClientSession]:
    """A browser that shows the page: its posts bear the page's origin."""
    origin = {"Origin": site.url.rstrip("/")}
    async with aiohttp.ClientSession(site.url, headers=origin) as session:
        yield session


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1:1", "127.0.0.1", "evil.example:{port}"]
)
async def test_another_host_name_is_refused(
    site: DemoSite, browser: aiohttp.ClientSession, host: str
) -> None:
    port = site.url.rstrip("/").rpartition(":")[2]
    async with browser.get("/", headers={"Host": host.format(port=port)}) as answer:
        assert answer.status == 421


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://evil.example"}, {"Origin": "null"}, {"Origin": ""}],
)
async def test_a_foreign_page_presses_no_button(
    browser: aiohttp.ClientSession, headers: dict[str, str]
) -> None:
    async with browser.post("/do/emergency", json={}, headers=headers) as answer:
        assert answer.status == 403


async def test_a_form_presses_no_button(browser: aiohttp.ClientSession) -> None:
    form = {"Content-Type": "text/plain"}
    async with browser.post("/do/emergency", data="{}", headers=form) as answer:
        assert answer.status == 403


async def test_every_file_of_the_page_is_served_under_a_strict_policy(
    browser: aiohttp.ClientSession,
) -> None:
    for file in PAGE.iterdir():
        async with browser.get(f"/{file.name}") as answer:
            assert answer.status == 200
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
            assert "unsafe" not in answer.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/../site.py",
        "/%2e%2e/site.py",
        "/screen/1/../../server/main.lua",
        "/screen/1/config.lua",
        "/screen/9/index.html",
    ],
)
async def test_nothing_else_is_served(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.get(path) as answer:
        assert answer.status == 404


async def test_a_screen_is_the_resources_own_page_with_its_own_policy(
    browser: aiohttp.ClientSession,
) -> None:
    async with browser.get("/screen/2/index.html") as answer:
        served = await answer.text()
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
    original = (resource.find() / "web" / "index.html").read_text(encoding="utf-8")
    assert served.replace('<script src="/shim.js"></script>\n', "", 1) == original
    assert served.index("/shim.js") < served.index("page.js")
    assert "connect-src https://cadbridge;" in served


async def test_a_callback_of_a_screen_reaches_that_players_client(
    site: DemoSite, browser: aiohttp.ClientSession
) -> None:
    async with browser.post("/nui/2/ready", json={}) as answer:
        assert await answer.json() == {"ok": True}
    sent = [message["action"] for message in site._stage.game.client(2).nui]
    assert "hello" in sent
    assert site._stage.game.client(1).nui == []


@pytest.mark.parametrize("path", ["/nui/9/ready", "/nui/x/ready", "/nui/1/unheard", "/do/unheard"])
async def test_what_nobody_knows_is_not_found(browser: aiohttp.ClientSession, path: str) -> None:
    async with browser.post(path, json={}) as answer:
        assert answer.status == 404


async def test_what_is_no_json_object_is_refused(browser: aiohttp.ClientSession) -> None:
    for body in ("[]", "nonsense", "[" * 5000):
        headers = {"Content-Type": "application/json"}
        async with browser.post("/nui/1/ready", data=body, headers=headers) as answer:
            assert answer.status == 400


async def test_a_button_that_can_do_nothing_says_what_to_do_first(
    browser: aiohttp.ClientSession,
) -> None:
    async with browser.post("/do/dispatch", json={}) as answer:
        assert answer.status == 409
        assert "place one first" in await answer.text()


async def test_the_page_has_a_button_for_everything_that_can_be_done(site: DemoSite) -> None:
    page = (PAGE / "index.html").read_text(encoding="utf-8")
    for name in site.controls.names:
        assert f'data-do="{name}"' in page


async def test_a_new_page_is_told_everything_at_once(browser: aiohttp.ClientSession) -> None:
    async with browser.get("/live") as answer:
        told = b""
        while told.count(b"\n\n") < 4:
            told += await answer.content.readany()
    for section in (b"stage", b"screens", b"hops", b"log"):
        assert b"event: " + section in told

"""The demo in a real browser, with a real bridge: what a newcomer sees in his first minute."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import (
    FrameLocator,
    Locator,
    Page,
    ViewportSize,
    expect,
)

from bridge.demo.game import GameClient
from bridge.demo.site import DemoSite
from bridge.demo.stage import Stage
from tests.chromium import PATIENCE_MS, chromium

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

WIDE: ViewportSize = {"width": 1440, "height": 900}


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def site() -> AsyncIterator[DemoSite]:
    """One stage for all tests: it takes seconds to build."""
    async with Stage() as stage, DemoSite(stage) as site:
        yield site
        assert stage.game.errors == []


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def shown(site: DemoSite) -> AsyncIterator[Page]:
    """The page; what its console says, or what leaves the machine, fails the test."""
    async with chromium() as browser:
        page = await browser.new_page(viewport=WIDE)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))  # the policy's refusals
        page.on("request", lambda asked: complaints.append(asked.url))
        yield page
    ours = ("net::ERR_", site.url)
    assert [text for text in complaints if not text.startswith(ours)] == []


def clients(site: DemoSite) -> list[GameClient]:
    return [site._stage.game.client(source) for source in (1, 2, 3)]


def greetings(site: DemoSite) -> list[int]:
    """How often each screen said that it is loaded, and was heard: what it showed comes again then,
    and an open panel closes.
    """
    return [sum(said.get("action") == "hello" for said in client.nui) for client in clients(site)]


def quiet(site: DemoSite) -> bool:
    """Tell whether the next call is heard: sounds keep a second between them."""
    last = max((sound.at for client in clients(site) for sound in client.sounds), default=0)
    return site._stage.game.now - last > 1000


@pytest_asyncio.fixture(loop_scope="module")
async def page(site: DemoSite, shown: Page, until: Any) -> Page:
    """The page without an open call, everything whole and connected."""
    await shown.set_viewport_size(WIDE)
    cad = site.controls._cad
    for number in list(cad.emergencies):
        await cad.remove(number)
    for number in list(cad.dispatches):
        await cad.close(number)
    await until(lambda: not any(client.blips for client in clients(site)), 60)
    before = greetings(site)
    await shown.goto(site.url)
    await until(lambda: all(map(int.__gt__, greetings(site), before)), 60)
    await expect(shown.locator("#health-resource")).to_have_text("Resource connected")
    await expect(shown.locator("#map .blip")).to_have_count(0)
    await until(lambda: quiet(site))
    return shown


def press(page: Page, name: str) -> Locator:
    return page.locator(f"button[data-do={name}]")


def screen(page: Page, player: int) -> FrameLocator:
    return page.frame_locator(f".player[data-player='{player}'] iframe")


def got(page: Page, player: int) -> Locator:
    return page.locator(f".player[data-player='{player}'] footer")


async def test_a_911_is_seen_by_who_should_see_it_and_by_nobody_else(
    site: DemoSite, page: Page
) -> None:
    await press(page, "emergency").click()

    card = screen(page, 1).locator(".card[data-class=emergency]")
    await expect(card).to_contain_text("Two cars collided")
    await expect(screen(page, 2).locator(".card[data-class=caller]")).to_contain_text(
        "Your call has arrived"
    )
    await expect(page.locator("#way li.passed")).to_have_count(6)
    await expect(page.locator("#way [data-stop=receipt] span")).to_have_text("2 of 2 screens")
    await expect(got(page, 1)).to_contain_text("picture · sound · blip")
    await expect(got(page, 3)).to_contain_text("not one byte")
    await expect(screen(page, 3).locator(".card")).to_have_count(0)
    await expect(page.locator("#map .blip")).to_have_count(1)
    await expect(page.locator("#legend")).to_contain_text("911 #")

    # The key responds, and the real API of the demo's CAD makes a dispatch call of it.
    await page.keyboard.press("j")
    assigned = screen(page, 1).locator(".card[data-class=assigned]")
    await expect(assigned).to_contain_text("A-12")
    await expect(page.locator("#map .route path")).to_have_count(1)
    await expect(page.locator("#log")).to_contain_text("POST 1/dispatch-calls")
    assert len(site.controls._cad.dispatches) == 1


async def test_who_reloads_the_page_sees_what_was_on_the_screens(page: Page) -> None:
    await press(page, "emergency").click()
    await expect(page.locator("#way li.passed")).to_have_count(6)
    await expect(got(page, 1)).to_contain_text("picture · sound · blip")
    before = await got(page, 1).inner_text()

    await page.reload()

    await expect(screen(page, 1).locator(".card[data-class=emergency]")).to_be_visible()
    await expect(got(page, 1)).to_have_text(before, use_inner_text=True)


async def test_a_call_that_becomes_a_dispatch_call_is_one_picture(page: Page) -> None:
    await press(page, "emergency").click()
    await expect(page.locator("#way li.passed")).to_have_count(6)
    await page.keyboard.press("j")

    await expect(screen(page, 1).locator(".card[data-class=assigned]")).to_contain_text("A-12")
    await expect(got(page, 1).locator("b")).to_have_text(re.compile("^picture ·"))


async def test_nothing_is_cut_or_covered_on_a_phone(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.demo.screens.SOUND_MS", 600_000)  # named until it was looked at
    await page.set_viewport_size({"width": 390, "height": 844})
    await press(page, "emergency").click()
    await expect(page.locator("#way li.passed")).to_have_count(6)
    await page.keyboard.press("j")
    await expect(page.locator(".player[data-player='1'] .sound").last).to_contain_text("assigned")

    lines = await page.evaluate(
        "() => [...document.querySelectorAll('#way em')].map((em) => em.getClientRects().length)"
    )
    pill = await page.locator(".player[data-player='1'] .sounds").bounding_box()
    radar = await page.locator(".player[data-player='1'] .radar").bounding_box()
    across = await page.evaluate("() => document.documentElement.scrollWidth")
    await press(page, "calls").click()
    await expect(screen(page, 1).locator(".panel")).to_be_in_viewport(ratio=0.9)
    await page.keyboard.press("Escape")

    assert set(lines) <= {0, 1}
    assert pill is not None
    assert radar is not None
    assert pill["x"] >= radar["x"] + radar["width"]
    assert across == 390


async def test_the_log_follows_also_when_it_has_become_smaller(page: Page) -> None:
    await page.locator("#log").evaluate(
        "log => { log.style.cssText = 'flex: none; height: 40px; min-height: 0'; }"
    )
    await press(page, "emergency").click()

    await page.wait_for_function(
        "() => { const log = document.getElementById('log');"
        " return log.scrollHeight - log.scrollTop - log.clientHeight < 2; }",
        timeout=PATIENCE_MS,
    )


async def test_the_line_that_is_typed_stays_in_its_box(page: Page) -> None:
    right = "node => node.getBoundingClientRect().right"
    group = await page.locator("fieldset", has=page.locator(".say")).evaluate(right)
    line = await page.locator(".say div").evaluate(right)

    assert line <= group - 12


async def test_the_callers_card_leaves_his_minimap_free(page: Page) -> None:
    await press(page, "emergency").click()
    card = screen(page, 2).locator(".card[data-class=caller]")
    await expect(card).to_be_visible()
    box = await card.bounding_box()
    radar = await page.locator(".player[data-player='2'] .radar").bounding_box()

    assert box is not None
    assert radar is not None
    assert box["x"] >= radar["x"] + radar["width"]


async def test_hostile_text_is_text_on_every_screen(page: Page) -> None:
    await press(page, "hostile").click()

    await expect(screen(page, 1).locator(".card")).to_contain_text("<img src=x onerror=alert(1)>")
    await expect(page.locator("#way li.passed")).to_have_count(6)
    assert await screen(page, 1).locator(".card img").count() == 0
    assert await page.locator("main img, #log img").count() == 0


async def test_a_killed_bridge_comes_back_with_what_was_placed_meanwhile(
    site: DemoSite, page: Page
) -> None:
    await press(page, "bridge").click()
    await expect(page.locator("#health-bridge")).to_have_text("Bridge is dead")
    await press(page, "postal").click()
    await expect(page.locator("#push-note")).to_contain_text("Nobody answers")

    await press(page, "bridge").click()

    await expect(page.locator("#health-resource")).to_have_text("Resource connected")
    card = screen(page, 1).locator(".card[data-class=emergency]")
    await expect(card).to_contain_text("collapsed in the lobby")


async def test_a_cut_connection_holds_the_call_until_it_is_mended(
    site: DemoSite, page: Page
) -> None:
    await press(page, "cable").click()
    await expect(page.locator("#health-resource")).to_have_text("Resource waits")
    await press(page, "civil").click()
    await expect(page.locator("#way li.passed")).to_have_count(3)
    await expect(page.locator("#push-note")).to_contain_text("Safe on disk")
    await expect(screen(page, 1).locator(".card")).to_have_count(0)

    await press(page, "cable").click()

    await expect(page.locator("#way li.passed")).to_have_count(6)
    await expect(screen(page, 1).locator(".card[data-class=civil]")).to_be_visible()

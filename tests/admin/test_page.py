"""The status page in a real browser: what a person sees, and that hostile text stays text."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Page, expect

from bridge.admin.view import ServerState, Way
from bridge.events import Call
from bridge.receipts import Receipt
from tests.chromium import PATIENCE_MS, chromium

MUTE = """
window.streams = [];
window.EventSource = class extends EventTarget {
  static CLOSED = 2;
  constructor() { super(); window.streams.push(this); }
  close() { this.readyState = 2; }
};
"""
"""Connections to the bridge on which nothing comes by itself."""

HOSTILE = "<img src=x onerror=document.title='owned'>~r~^1%1</script><b>\u202eevil"


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with chromium() as browser:
        page = await browser.new_page()
        page.set_default_timeout(PATIENCE_MS)
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda said: complaints.append(said.text))  # the policy's refusals
        yield page
    assert [text for text in complaints if "net::ERR_" not in text] == []


async def test_a_person_sees_at_once_that_all_is_well(seen: Any, serve: Any, page: Page) -> None:
    await page.goto(await serve())

    await expect(page.locator("#headline")).to_have_text("Alerts get through")
    await expect(page.locator(".route li[data-level=ok]")).to_have_count(5)
    await expect(page.locator("#live")).to_have_text("live")
    await expect(page.locator("#problems li")).to_have_count(0)


async def test_a_person_sees_at_once_where_the_way_is_broken(
    seen: Any, serve: Any, page: Page
) -> None:
    seen.server_states[0] = replace(seen.server_states[0], resource=None)
    seen.server_states.append(ServerState(2, "Paleto Bay", (Way("hub", "up"),)))
    seen.metrics.pushes.labels(2, "hub", "ok").inc()
    await page.goto(await serve())

    await expect(page.locator("#verdict")).to_have_attribute("data-level", "fail")
    await expect(page.locator("#headline")).to_have_text("Alerts do not get through")
    first = page.locator(".server").first.locator(".route li[data-level=fail]")
    await expect(first).to_contain_text("Sent to the game")
    await expect(page.locator("#problems")).to_contain_text("resource_lost")
    await expect(page.locator("#problems")).to_contain_text("resource_never_connected")
    assert (await page.title()).startswith("✕")


async def test_a_person_sees_that_the_hub_refuses_and_when_it_does_no_more(
    seen: Any, serve: Any, page: Page
) -> None:
    up = seen.server_states[0]
    said = "the hub refused community id, key or server id; it says: Invalid key"
    seen.server_states[0] = replace(up, ways=(Way("hub", "refused", said, refused="key"),))
    await page.goto(await serve())

    await expect(page.locator("#headline")).to_have_text("Alerts do not get through")
    await expect(page.locator("#problems")).to_contain_text("it says: Invalid key.")
    await expect(page.locator("#problems")).to_contain_text("cad.community_id")
    stop = page.locator(".route li[data-level=fail]")
    await expect(stop).to_contain_text("Push received")
    await expect(stop).to_contain_text("CAD hub, refused")

    seen.server_states[0] = up
    await expect(page.locator("#headline")).to_have_text("Alerts get through")
    await expect(page.locator("#problems li")).to_have_count(0)


async def test_a_new_bridge_says_what_to_try_first(seen: Any, serve: Any, page: Page) -> None:
    seen.metrics.pushes.clear()
    await page.goto(await serve())

    await expect(page.locator("#headline")).to_have_text("Ready, and waiting for a call")
    await expect(page.locator("#problems")).to_contain_text("Place a 911 call in the CAD")
    await expect(page.locator("#problems")).to_contain_text("cadbridge test 1")


async def test_what_changes_is_shown_without_a_reload(seen: Any, serve: Any, page: Page) -> None:
    await page.goto(await serve())
    await expect(page.locator("#calls")).to_contain_text("No call is open")

    seen.opens(Call("911", 4711, seen.time, location="Vespucci Blvd", description="Two cars"))
    await expect(page.locator("#calls")).to_contain_text("stored, no receipt")
    seen.kept_receipts[1] = [Receipt("911:4711", 1, seen.time, 7, 7, 6, 412)]

    await expect(page.locator("#calls")).to_contain_text("on 6 of 7 screens in 412 ms")
    await expect(page.locator(".pips i.on")).to_have_count(6)
    await expect(page.locator("#events")).to_contain_text("911 #4711 Vespucci Blvd")


async def test_hostile_text_is_text(seen: Any, serve: Any, page: Page) -> None:
    call = Call("911", HOSTILE, seen.time, caller=HOSTILE, location=HOSTILE, description=HOSTILE)
    seen.opens(call)
    seen.server_states[0] = replace(seen.server_states[0], name=HOSTILE)
    seen.kept_receipts[1] = [Receipt(call.key, 1, seen.time, 1, 1, 1, 5, {HOSTILE: HOSTILE})]
    seen.rejected.keep(
        server=1, way="hub", code="bad_body", reason=HOSTILE, path=HOSTILE, body=HOSTILE.encode()
    )
    await page.goto(await serve())
    await page.locator("summary").click()

    await expect(page.locator("pre")).to_contain_text("<img src=x")
    await expect(page.locator("#calls")).to_contain_text("<img src=x")
    await expect(page.locator("#events")).to_contain_text("\\u202eevil")
    assert await page.locator("main img, main b b, main script").count() == 0
    assert "owned" not in await page.title()


async def test_an_opened_push_stays_open_when_another_one_comes(
    seen: Any, serve: Any, page: Page
) -> None:
    def reject(body: bytes) -> None:
        seen.rejected.keep(server=1, way="hub", code="x", reason="r", path="p", body=body)

    reject(b'{"type":"EVENT_ONE"}')
    await page.goto(await serve())
    await page.locator("summary").click()
    await expect(page.locator("details[open] pre")).to_contain_text("EVENT_ONE")
    reject(b'{"type":"EVENT_TWO"}')

    await expect(page.locator("details")).to_have_count(2)
    await expect(page.locator("details[open] pre")).to_contain_text("EVENT_ONE")


@pytest.mark.parametrize("width", [360, 768, 1280])
async def test_nothing_runs_over_the_edge(seen: Any, serve: Any, page: Page, width: int) -> None:
    seen.opens(Call("911", "9" * 60, seen.time, location="x" * 200, description="y" * 900))
    seen.rejected.keep(server=1, way="hub", code="x", reason="r" * 90, path="p" * 90, body=b"{}")
    await page.set_viewport_size({"width": width, "height": 800})
    await page.goto(await serve())
    await expect(page.locator("#calls")).to_contain_text("stored")
    await expect(page.locator("summary")).to_contain_text("r" * 90)
    await expect(page.locator("#events")).to_contain_text("x" * 200)

    assert await page.evaluate("document.documentElement.scrollWidth") <= width


async def test_a_bridge_that_has_gone_is_not_shown_as_working(
    seen: Any, serve: Any, page: Page
) -> None:
    await page.goto(await serve())
    await expect(page.locator("#headline")).to_have_text("Alerts get through")

    await serve.stop()

    await expect(page.locator("#headline")).to_have_text("The bridge does not answer")
    await expect(page.locator("#live")).to_have_text("no connection")


async def test_a_connection_that_dies_without_a_word_is_replaced(serve: Any, page: Page) -> None:
    await page.add_init_script(MUTE)
    await page.clock.install(time="2026-01-01")
    await page.clock.pause_at("2026-01-02")  # from now on it goes on by `run_for` alone
    await page.goto(await serve())
    await page.evaluate("streams[0].dispatchEvent(new Event('open'))")
    await expect(page.locator("#live")).to_have_text("live")

    await page.clock.run_for(42_000)

    await expect(page.locator("#headline")).to_have_text("The bridge does not answer")
    assert await page.evaluate("streams.map((one) => one.readyState === 2)") == [True, False]
    await page.evaluate("streams[1].dispatchEvent(new Event('open'))")
    await expect(page.locator("#live")).to_have_text("live")
    await expect(page.locator(".stale")).to_have_count(0)

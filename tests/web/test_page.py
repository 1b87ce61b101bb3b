"""The page keeps to itself: nothing is loaded, nothing runs, only the client is told anything."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

WEB = Path(__file__).parents[2] / "lua_resource/web"
SCRIPTS = sorted(WEB.glob("*.js"))
STYLES = sorted(WEB.glob("*.css"))

asynchronous = pytest.mark.asyncio(loop_scope="session")


@asynchronous
async def test_no_request_leaves_the_page(open_page: Any, card: Any, address: str) -> None:
    screen = await open_page()
    url = "https://evil.invalid/x.png"
    await screen.send("show", card(text=url, title=f"<img src={url}>", note=f"url({url})"))
    await screen.send("notice", {"text": f'<link href="{url}">', "kind": url})
    await screen.send("list", {"calls": [card(text=url)]})
    await screen.page.wait_for_timeout(200)

    hosts = {urlsplit(request).netloc for request in screen.requests}

    assert hosts == {urlsplit(address).netloc}


@asynchronous
async def test_the_policy_stops_what_would_try(open_page: Any) -> None:
    screen = await open_page()
    tried = await screen.page.evaluate(
        """async (host) => {
          const tries = {
            fetch: () => fetch(host + '/a'),
            eval: () => new Promise((done, fail) => setTimeout(() => {
              try { done(window.eval('1')); } catch (refusal) { fail(refusal); }
            }, 0)),
            image: () => new Promise((done, fail) => {
              const image = new Image();
              image.onload = done;
              image.onerror = fail;
              image.src = 'data:image/gif;base64,R0lGODlhAQABAAAAACw=';
            }),
            script: () => new Promise((done, fail) => {
              const script = document.createElement('script');
              script.textContent = 'window.hacked = true';
              document.body.append(script);
              setTimeout(() => (window.hacked ? done() : fail()), 50);
            }),
          };
          const done = [];
          for (const [name, attempt] of Object.entries(tries)) {
            try { await attempt(); done.push(name); } catch { /* refused */ }
          }
          return done;
        }""",
        "https://evil.invalid",
    )

    assert tried == []


@asynchronous
async def test_in_the_game_the_client_is_told_by_its_own_address(
    browser: Any, address: str, until: Any
) -> None:
    told: list[str] = []
    page = await browser.new_page()
    await page.add_init_script("window.GetParentResourceName = () => 'cadbridge';")

    async def answer(route: Any) -> None:
        told.append(route.request.url)
        await route.fulfill(json={"ok": True})

    await page.route("https://cadbridge/**", answer)
    await page.goto(address)
    await until(lambda: len(told) >= 2)  # until it is heard
    await page.close()

    assert set(told) == {"https://cadbridge/ready"}


@asynchronous
async def test_the_page_stops_calling_once_it_is_heard(open_page: Any) -> None:
    screen = await open_page()
    before = len(await screen.said("ready"))
    await screen.page.wait_for_timeout(1200)

    assert len(await screen.said("ready")) == before


@asynchronous
async def test_a_fault_of_the_page_gives_the_focus_back(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("list", {"calls": [card()]})
    await screen.page.evaluate("() => { setTimeout(() => { throw new Error('fault'); }, 0); }")

    assert await screen.until_said("close") == [{}]


@asynchronous
async def test_a_panel_stays_open_when_the_screen_gets_another_size(
    open_page: Any, card: Any
) -> None:
    screen = await open_page(width=2560, height=1440)
    await screen.send("show", card())
    await screen.send("list", {"calls": [card()]})
    await screen.page.set_viewport_size({"width": 1280, "height": 720})
    # Whether the browser says this by itself now is its own affair.
    late = "ResizeObserver loop limit exceeded"
    await screen.page.evaluate(
        "message => window.dispatchEvent(new ErrorEvent('error', { message }))", late
    )
    await screen.send("hello", {})  # comes after what the page has said

    assert await screen.said("close") == []
    assert await screen.page.locator(".panel").count() == 1


@asynchronous
async def test_the_page_says_that_it_lives(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("list", {"calls": [card()]})
    await screen.send("alive", {"question": 12})

    assert await screen.until_said("alive") == [{"question": 12}]
    assert await screen.said("close") == []


@asynchronous
async def test_a_page_with_no_panel_open_keeps_no_keyboard(open_page: Any) -> None:
    screen = await open_page()
    await screen.send("list", {"calls": None})
    await screen.send("alive", {"question": 12})

    assert await screen.until_said("close") == [{}]
    assert await screen.said("alive") == []


COUNT_CLOCKS = """
() => {
  const running = new Set();
  const { setInterval, clearInterval } = window;
  window.setInterval = (...args) => {
    const id = setInterval(...args);
    running.add(id);
    return id;
  };
  window.clearInterval = (id) => {
    running.delete(id);
    clearInterval(id);
  };
  window.clocks = () => running.size;
}
"""


@asynchronous
async def test_no_clock_runs_once_the_cards_are_gone_and_the_list_is_closed(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    await screen.page.evaluate(COUNT_CLOCKS)
    await screen.send("show", card("911:1"))
    await screen.send("list", {"calls": [card("911:1")], "here": {"x": 0, "y": 0, "heading": 0}})
    await screen.send("list", {"calls": [card("911:1")], "here": {"x": 0, "y": 0, "heading": 0}})
    assert await screen.page.evaluate("() => window.clocks()") == 2

    await screen.send("close", {})
    await screen.send("clear", {"key": "911:1", "reason": "closed"})

    await screen.page.wait_for_function("() => window.clocks() === 0")


FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|\.src\s*="
    r"|srcdoc|import\(|localStorage|DOMParser|createContextualFragment"
)

# What came after Chromium 103, the game's browser.
TOO_NEW = re.compile(
    r":has\(|@container|color-mix\(|oklch\(|\.toSorted|\.toReversed|\.toSpliced|\.with\("
    r"|text-wrap|\b\d+[dsl]v[hw]\b|@starting-style|popover|Array\.fromAsync|Object\.groupBy"
    r"|^\s*(?:translate|scale|rotate)\s*:|@media[^{]*[<>]|checkVisibility|@scope|^\s*&[^&]|isWellFormed",
    re.MULTILINE,
)


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_text_never_becomes_markup(path: Path) -> None:
    source = path.read_text(encoding="utf-8")

    assert FORBIDDEN.findall(source) == []
    assert set(re.findall(r"https?://[\w.$]*", source)) <= {"https://$", "http://www.w3.org"}


@pytest.mark.parametrize("path", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_the_games_browser_understands_it(path: Path) -> None:
    assert TOO_NEW.findall(path.read_text(encoding="utf-8")) == []


def test_the_page_names_only_files_of_the_manifest() -> None:
    manifest = (WEB.parent / "fxmanifest.lua").read_text(encoding="utf-8")
    page = (WEB / "index.html").read_text(encoding="utf-8")
    used = set(re.findall(r'(?:src|href)="([\w.-]+)"', page))

    assert used == {path.name for path in (*SCRIPTS, *STYLES)}
    assert {name for name in used if f"'web/{name}'" not in manifest} == set()


def test_the_policy_is_the_first_thing_in_the_page() -> None:
    page = (WEB / "index.html").read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)

    assert policy
    assert policy[1].startswith("default-src 'none';")
    assert "unsafe" not in policy[1]
    assert page.index("Content-Security-Policy") < page.index("<link")
    assert not re.search(r"<script(?! src=)", page)
    assert not re.search(r"\son\w+=|style=", page)


def test_every_word_that_the_page_asks_for_exists() -> None:
    import json

    locale = json.loads((WEB.parent / "locales/en.json").read_text(encoding="utf-8"))
    source = "".join(path.read_text(encoding="utf-8") for path in SCRIPTS)
    asked = set(re.findall(r"word\('([\w.-]+)'", source))

    assert asked
    assert asked - set(locale) == set()

"""`/calls`: everything by keyboard or mouse, and what happens outside is followed inside."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.fixture
def calls(open_page: Any, card: Any) -> Any:
    async def open_list(**options: Any) -> Any:
        screen = await open_page(**options)
        rows = [
            card("dispatch:1", number="Call #1", age=300_000, position={"x": 50, "y": 0}),
            card("911:2", number="911 #2", age=1000, position={"x": 5000, "y": 0}),
            card("311:3", number="311 #3", age=60_000, position=None, **{"class": "civil"}),
        ]
        here = {"x": 0, "y": 0, "heading": 0}
        await screen.send("list", {"calls": rows, "here": here, "keys": {}})
        return screen

    return open_list


async def order(screen: Any) -> list[str]:
    texts: list[str] = await screen.page.locator(".call-number").all_text_contents()
    return texts


async def chosen(screen: Any) -> str:
    # not its inner text: that is empty in a row that the browser has not laid out yet
    number = screen.page.locator('[aria-selected="true"] .call-number')
    text: str | None = await number.text_content()
    return text or ""


async def test_the_newest_comes_first_or_the_nearest(calls: Any) -> None:
    screen = await calls()
    assert await order(screen) == ["911 #2", "311 #3", "Call #1"]

    await screen.page.keyboard.press("s")
    assert await order(screen) == ["Call #1", "911 #2", "311 #3"]

    await screen.page.get_by_text("Newest").click()
    assert await order(screen) == ["911 #2", "311 #3", "Call #1"]


async def test_a_unit_in_distress_stands_first_however_the_list_is_sorted(
    calls: Any, card: Any
) -> None:
    screen = await calls()
    far = {"x": 9000, "y": 0}
    panic = card("panic:102", number="Panic", age=400_000, position=far, **{"class": "panic"})
    await screen.send("listed", panic)
    assert await order(screen) == ["Panic", "911 #2", "311 #3", "Call #1"]

    await screen.page.keyboard.press("s")
    assert await order(screen) == ["Panic", "Call #1", "911 #2", "311 #3"]


async def test_the_keyboard_alone_does_everything(calls: Any) -> None:
    screen = await calls()
    keyboard = screen.page.keyboard
    assert await chosen(screen) == "911 #2"

    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    await keyboard.press("ArrowDown")
    assert await chosen(screen) == "Call #1"

    await keyboard.press("r")
    await keyboard.press("Enter")
    await keyboard.press("n")
    await keyboard.type("two suspects, n and r are typed")
    await keyboard.press("Enter")
    await keyboard.press("Home")

    assert await screen.until_said("route") == [{"key": "dispatch:1"}]
    assert await screen.until_said("respond") == [{"key": "dispatch:1"}]
    assert await screen.until_said("note") == [
        {"key": "dispatch:1", "text": "two suspects, n and r are typed"}
    ]
    assert await chosen(screen) == "911 #2"


async def test_escape_leaves_the_note_then_the_list(calls: Any) -> None:
    screen = await calls()
    await screen.page.keyboard.press("End")
    await screen.page.keyboard.press("n")
    await screen.page.keyboard.type("never mind")
    await screen.page.keyboard.press("Escape")
    assert await screen.page.locator(".panel").count() == 1
    assert not await screen.said("close")

    await screen.page.keyboard.press("Escape")

    assert await screen.until_said("close") == [{}]
    assert not await screen.said("note")


async def test_a_note_goes_to_no_other_call_than_the_one_it_was_begun_for(calls: Any) -> None:
    screen = await calls()
    keyboard = screen.page.keyboard
    await keyboard.press("End")
    await keyboard.press("n")
    await keyboard.type("suspect is armed")
    await screen.send("unlisted", {"key": "dispatch:1"})
    await keyboard.press("Escape")

    assert await screen.until_said("close") == [{}]
    assert not await screen.said("note")


@pytest.mark.parametrize(
    ("letter", "most"), [("a", 1000), ("報", 333), ("🚒", 250)], ids=["one byte", "three", "four"]
)
async def test_a_note_is_as_long_as_the_server_takes_it(calls: Any, letter: str, most: int) -> None:
    screen = await calls()
    await screen.page.keyboard.press("End")
    await screen.page.keyboard.press("n")
    await screen.page.keyboard.insert_text(letter * 400)
    await screen.page.keyboard.insert_text(letter * 700)
    await screen.page.keyboard.press("Enter")
    assert await screen.until_said("note") == [{"key": "dispatch:1", "text": letter * most}]


async def test_only_a_dispatch_call_takes_a_note(calls: Any) -> None:
    screen = await calls()
    await screen.page.keyboard.press("n")
    await screen.page.keyboard.press("r")
    await screen.until_said("route")  # came after it

    assert not await screen.page.locator(".note-text").is_visible()
    assert await screen.page.locator(".action", has_text="note").is_disabled()


async def test_the_mouse_alone_does_everything(calls: Any) -> None:
    screen = await calls()
    await screen.page.locator(".call", has_text="Call #1").click()
    await screen.page.get_by_text("Show route").click()
    await screen.page.get_by_role("button", name="Respond").click()
    await screen.page.get_by_text("Write a note").click()
    await screen.page.locator(".note-text").fill("on scene")
    await screen.page.get_by_text("Send").click()

    assert await screen.until_said("route") == [{"key": "dispatch:1"}]
    assert await screen.until_said("respond") == [{"key": "dispatch:1"}]
    assert await screen.until_said("note") == [{"key": "dispatch:1", "text": "on scene"}]


async def test_a_call_without_a_place_has_no_route(calls: Any) -> None:
    screen = await calls()
    await screen.page.locator(".call", has_text="311 #3").click()
    await screen.page.keyboard.press("r")

    assert await screen.page.locator(".action", has_text="route").is_disabled()
    assert not await screen.said("route")


async def test_an_open_list_follows_what_happens(calls: Any, card: Any) -> None:
    screen = await calls()
    await screen.send("listed", card("911:9", number="911 #9", age=0))
    await screen.send("unlisted", {"key": "911:2"})

    assert await order(screen) == ["911 #9", "311 #3", "Call #1"]
    assert await chosen(screen) == "911 #9"
    assert await screen.page.locator(".count").inner_text() == "3"


async def test_no_calls_is_said_in_words(open_page: Any) -> None:
    screen = await open_page()
    await screen.send("list", {"calls": [], "here": {}, "keys": {}})

    assert "There are no open calls." in await screen.page.locator(".panel").inner_text()
    assert not await screen.page.locator(".detail").is_visible()


async def test_500_calls_open_quickly_and_scroll(open_page: Any, card: Any) -> None:
    screen = await open_page()
    rows = [card(f"911:{n}", number=f"911 #{n}", age=n * 1000) for n in range(500)]
    await screen.send("list", {"calls": rows, "here": {"x": 0, "y": 0, "heading": 0}, "keys": {}})
    await screen.page.keyboard.press("End")

    assert await chosen(screen) == "911 #499"
    assert await screen.page.locator('[aria-selected="true"]').is_visible()


async def test_what_is_chosen_stays_chosen_while_calls_come(calls: Any, card: Any) -> None:
    screen = await calls()
    await screen.page.keyboard.press("End")
    for n in range(10, 20):
        await screen.send("listed", card(f"911:{n}", number=f"911 #{n}", age=0))

    assert await chosen(screen) == "Call #1"


@pytest.mark.parametrize("resolution", [(1280, 720), (1680, 1050), (1920, 1080)])
@pytest.mark.parametrize("place", ["top-right", "left"])
async def test_the_list_covers_no_card(
    open_page: Any, card: Any, resolution: tuple[int, int], place: str
) -> None:
    screen = await open_page(width=1000, height=560, place=place)
    await screen.send("show", card())
    await screen.send("list", {"calls": [card()], "keys": {}})
    await screen.page.set_viewport_size({"width": resolution[0], "height": resolution[1]})
    await screen.page.wait_for_timeout(250)
    panel = await screen.page.locator(".panel").bounding_box()
    box = await screen.page.locator("#stack > .card").bounding_box()

    assert panel["x"] >= box["x"] + box["width"] or box["x"] >= panel["x"] + panel["width"]
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= resolution[0]


@pytest.mark.parametrize("resolution", [(800, 600), (1280, 720), (3840, 2160), (3440, 1440)])
async def test_the_list_fits_the_screen(calls: Any, resolution: tuple[int, int]) -> None:
    screen = await calls(width=resolution[0], height=resolution[1])
    await screen.page.wait_for_timeout(250)
    box = await screen.page.locator(".panel").bounding_box()

    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= resolution[0]
    assert box["y"] + box["height"] <= resolution[1]


async def test_a_row_says_how_many_units_are_on_their_way(open_page: Any, card: Any) -> None:
    screen = await open_page()
    rows = [card("911:1", age=1, units=["1A-12", "M-3"]), card("911:2", age=60_000)]
    await screen.send("list", {"calls": rows, "keys": {}})
    counts = screen.page.locator(".call-units:visible")
    assert await counts.all_inner_texts() == ["2"]

    await screen.send("listed", card("911:2", age=60_000, units=["E-7"]))
    assert await counts.all_inner_texts() == ["2", "1"]


async def test_a_title_from_right_to_left_stands_where_the_others_do(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    rows = [card("911:1", age=1, text="السيارة مشتعلة"), card("911:2", age=2)]
    await screen.send("list", {"calls": rows, "keys": {}})

    lefts = await screen.page.evaluate(
        "() => [...document.querySelectorAll('.call-title')]"
        ".map((node) => Math.round(node.getBoundingClientRect().left))"
    )

    assert lefts[0] == lefts[1]


@pytest.mark.parametrize("known", [False, True])
async def test_a_call_that_becomes_a_dispatch_call_stays_chosen(
    calls: Any, card: Any, known: bool
) -> None:
    screen = await calls()
    await screen.page.keyboard.press("ArrowDown")
    became = card("dispatch:3", number="Call #3", age=60_000)
    if known:
        await screen.send("listed", became)
    await screen.send("listed", became | {"replaces": "311:3"})

    assert await order(screen) == ["911 #2", "Call #3", "Call #1"]
    assert await chosen(screen) == "Call #3"
    await screen.page.keyboard.press("Enter")
    assert await screen.until_said("respond") == [{"key": "dispatch:3"}]


@pytest.mark.parametrize(("key", "name"), [("Enter", "respond"), ("r", "route"), ("n", "note")])
async def test_a_key_pressed_as_a_call_ends_does_not_mean_the_next(
    open_page: Any, card: Any, key: str, name: str
) -> None:
    screen = await open_page()
    await screen.stop_clock()
    rows = [card("dispatch:1", age=1), card("dispatch:2", age=2)]
    await screen.send("list", {"calls": rows})
    await screen.send("unlisted", {"key": "dispatch:1"})

    async def press() -> None:
        await screen.page.keyboard.press(key)
        if await screen.page.locator(".note-text").is_visible():
            await screen.page.keyboard.type("on scene")
            await screen.page.keyboard.press("Enter")
        await screen.send("hello", {})  # comes after what the page has said

    await press()
    assert await screen.said(name) == []
    await screen.page.clock.run_for(1000)
    await press()

    assert [data["key"] for data in await screen.said(name)] == ["dispatch:2"]


async def test_who_chooses_a_call_himself_need_not_wait(calls: Any) -> None:
    screen = await calls()
    await screen.stop_clock()
    await screen.send("unlisted", {"key": "911:2"})
    await screen.page.keyboard.press("ArrowDown")
    await screen.page.keyboard.press("Enter")

    assert await screen.until_said("respond") == [{"key": "dispatch:1"}]


async def test_one_call_has_the_route(calls: Any, card: Any) -> None:
    screen = await calls()
    for key in ("dispatch:1", "911:2"):
        await screen.send("listed", card(key, number=key, routed=True))

    assert await screen.page.locator(".call.routed .call-number").all_text_contents() == ["911:2"]


async def test_row_and_card_tell_the_same_distance(calls: Any) -> None:
    screen = await calls()
    await screen.page.keyboard.press("End")
    await screen.send("where", {"x": 2050, "y": 0, "heading": 0, "fast": False})
    await screen.page.wait_for_function(
        "() => document.querySelector('[aria-selected=true] .call-far').textContent.includes('2.0')"
    )

    assert await screen.page.locator(".detail .distance").inner_text() == "2.0 km"


async def test_the_counts_of_units_stand_in_a_column(open_page: Any, card: Any) -> None:
    screen = await open_page()
    ages = (1000, 61_000, 3_700_000)
    rows = [card(f"911:{age}", age=age, units=["1A-12"], routed=age > 61_000) for age in ages]
    await screen.send("list", {"calls": rows, "here": {"x": 0, "y": 0, "heading": 0}})

    lefts = await screen.page.evaluate(
        "() => [...document.querySelectorAll('.call-units')]"
        ".map((node) => Math.round(node.getBoundingClientRect().left))"
    )

    assert len(set(lefts)) == 1


async def test_news_does_not_scroll_the_list_away_from_what_is_read(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    rows = [card(f"911:{n}", number=f"911 #{n}", age=n * 1000) for n in range(60)]
    here = {"x": 0, "y": 0, "heading": 0}
    await screen.send("list", {"calls": rows, "here": here, "keys": {}})
    scrolled = "() => Math.round(document.querySelector('.calls').scrollTop)"
    await screen.page.evaluate("() => document.querySelector('.calls').scrollTo(0, 900)")
    before = await screen.page.evaluate(scrolled)
    await screen.send("listed", card("911:30", number="911 #30", age=30_500))

    assert await screen.page.evaluate(scrolled) == before > 0


async def test_a_row_without_an_age_keeps_the_one_it_has(calls: Any, card: Any) -> None:
    screen = await calls()
    await screen.send("listed", card("dispatch:1", number="Call #1", age=None, routed=True))

    assert await order(screen) == ["911 #2", "311 #3", "Call #1"]
    assert "5 min" in await screen.page.locator(".call-far").last.inner_text()


@pytest.mark.parametrize(
    ("fields", "offered"),
    [
        ({}, True),
        ({"class": "assigned"}, False),
        ({"class": "caller", "respond": False}, False),
    ],
)
async def test_respond_is_offered_only_where_it_does_something(
    open_page: Any, card: Any, fields: dict[str, Any], offered: bool
) -> None:
    screen = await open_page()
    here = {"x": 0, "y": 0, "heading": 0}
    await screen.send("list", {"calls": [card(**fields)], "here": here, "keys": {}})

    assert await screen.page.locator(".action.main").is_visible() is offered
    await screen.page.keyboard.press("Enter")
    await screen.page.keyboard.press("r")
    await screen.until_said("route")  # came after it
    assert bool(await screen.said("respond")) is offered

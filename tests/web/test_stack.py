"""Four cards and a number; a picture is confirmed once it has been painted."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")


def number(n: int) -> str:
    return f"911 #{n}"


async def test_the_newest_four_are_shown_and_the_rest_is_a_number(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    for n in range(9):
        await screen.send("show", card(f"911:{n}", number=number(n)))

    assert await screen.shown() == [number(n) for n in (8, 7, 6, 5)]
    assert await screen.page.locator(".more").inner_text() == "+5 more · emergencies: 5"


async def test_panic_then_ones_own_call_then_emergencies_come_first(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    for kind in ("panic", "assigned", "emergency", "civil", "dispatch"):
        await screen.send("show", card(kind, number=kind, **{"class": kind}))

    assert await screen.shown() == ["panic", "assigned", "emergency", "dispatch"]


async def test_the_card_that_the_key_means_is_always_to_be_seen(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("show", card("311:1", number="311 #1", **{"class": "civil"}))
    for n in range(6):
        await screen.send("show", card(f"911:{n}", number=number(n)))
    await screen.send("target", {"key": "311:1"})

    assert "311 #1" in await screen.shown()
    assert await screen.page.locator(".key:visible").count() == 1


async def test_without_a_bound_key_the_card_names_the_command(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("show", card(bound=None))
    await screen.send("target", {"key": "911:4711"})

    assert await screen.page.locator(".cap").inner_text() == "/respond"


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("place", ["top-left", "left"])
async def test_a_full_stack_on_the_left_leaves_the_minimap_free(
    open_page: Any, card: Any, place: str, size: str
) -> None:
    screen = await open_page(place=place, size=size)
    for n in range(6):
        await screen.send("show", card(f"911:{n}", text="Help us, " * 60, place="Street " * 20))
    for _ in range(3):
        await screen.send("notice", {"text": "A line " * 40, "kind": "info"})

    boxes = [await one.bounding_box() for one in await screen.page.locator(".card:visible").all()]

    assert boxes
    assert min(box["y"] for box in boxes) >= 0
    assert max(box["y"] + box["height"] for box in boxes) <= 0.77 * 1080


async def test_a_card_leaves_when_it_is_over(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("show", card("911:1"))
    await screen.send("show", card("911:2"))
    await screen.send("clear", {"key": "911:1", "reason": "closed"})

    assert await screen.page.locator(".card").count() == 1


async def test_a_moving_card_leaves_too(open_page: Any, card: Any) -> None:
    screen = await open_page(motion=True)
    await screen.send("show", card())
    await screen.send("clear", {"key": "911:4711"})
    await screen.page.wait_for_function("() => !document.querySelector('.card')")


async def test_a_dispatch_call_takes_the_place_of_its_911_call(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("show", card("911:1"))
    await screen.send("rename", {"old": "911:1", "new": "dispatch:9"})
    await screen.send("show", card("dispatch:9", number="Dispatch #9", **{"class": "dispatch"}))

    assert await screen.shown() == ["Dispatch #9"]
    assert await screen.page.locator(".card").count() == 1


async def test_a_picture_is_confirmed_after_it_was_painted(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.page.evaluate(
        "() => { window.frames_ = 0; const count = () => { window.frames_ += 1;"
        " requestAnimationFrame(count); }; requestAnimationFrame(count);"
        " window.addEventListener('message', (event) => {"
        " if (event.data.callback === 'painted') window.at = window.frames_;"
        " if (event.data.action === 'show') window.from = window.frames_; }); }"
    )
    await screen.send("show", card(ticket=7))
    (said,) = await screen.until_said("painted")

    frames = await screen.page.evaluate("() => window.at - window.from")

    assert said == {"tickets": [7]}
    assert frames >= 1


async def test_a_line_is_shown_and_confirmed(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("notice", {"text": "Help is on the way.", "kind": "good", "ticket": 3})

    assert await screen.page.locator(".notice").inner_text() == "Help is on the way."
    assert await screen.until_said("painted") == [{"tickets": [3]}]


async def test_lines_do_not_pile_up(open_page: Any) -> None:
    screen = await open_page()
    await screen.stop_clock()
    for n in range(20):
        await screen.send("notice", {"text": f"line {n}", "kind": "info"})

    assert await screen.page.locator(".notice").count() == 3


async def test_an_emergency_is_followed_while_it_moves(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("show", card("panic:1", **{"class": "panic"}))
    await screen.send("move", {"key": "panic:1", "position": {"x": 0, "y": 50}})

    assert await screen.page.locator(".distance").inner_text() == "50 m"


@pytest.mark.parametrize(
    "message",
    [
        None,
        7,
        "show",
        [],
        {},
        {"action": "show"},
        {"action": "show", "data": 7},
        {"action": "show", "data": {"key": 7}},
        {"action": "show", "data": {"key": "a", "class": "__proto__", "units": 3, "changed": 4}},
        {"action": "show", "data": {"key": "a", "changed": ["constructor", 7, None]}},
        {"action": "constructor", "data": {}},
        {"action": "where", "data": {"x": "a"}},
        {"action": "move", "data": {"key": "a", "position": 5}},
        {"action": "list", "data": {"calls": [None, 7, {}]}},
        {"action": "settings", "data": {"preferences": 7}},
        {"action": "words", "data": {"words": 7}},
        {"action": "preferences", "data": {"place": {}, "size": 7}},
        {"action": "sound", "data": {"name": "constructor", "volume": 50}},
        {"action": "view", "data": {"safe": "much"}},
    ],
)
async def test_a_message_that_makes_no_sense_breaks_nothing(
    open_page: Any, card: Any, message: Any
) -> None:
    screen = await open_page()
    await screen.page.evaluate("m => window.postMessage(m, '*')", message)
    await screen.send("show", card())

    assert await screen.page.locator(".card:visible").count() >= 1
    assert screen.errors == []


async def test_a_message_of_another_frame_is_not_heard(open_page: Any) -> None:
    screen = await open_page()
    async with screen.page.expect_event("frameattached") as attached:
        await screen.page.evaluate("() => document.body.append(document.createElement('iframe'))")
    frame = await attached.value
    forged = {"action": "show", "data": {"key": "x", "class": "panic", "number": "x"}}
    await screen.page.evaluate(
        "() => window.addEventListener('message', ({ data }) => { window.arrived = data.action; })"
    )
    await frame.evaluate("m => parent.postMessage(m, '*')", forged)
    await screen.page.wait_for_function("() => window.arrived === 'show'")

    assert await screen.page.locator(".card").count() == 0


async def test_a_card_that_grows_pushes_none_off_the_screen(open_page: Any, card: Any) -> None:
    screen = await open_page(1280, 720)
    for n in range(4):
        await screen.send("show", card(f"911:{n}", text="short"))
    await screen.send("show", card("911:3", title="t " * 99, text="x " * 400, note="n " * 200))
    await screen.page.wait_for_function(
        "() => [...document.querySelectorAll('.card')]"
        ".every((card) => card.getBoundingClientRect().bottom <= innerHeight)",
    )

    assert await screen.page.locator(".card:visible").count() >= 1
    assert screen.errors == []


async def test_a_card_that_leaves_makes_room_for_one_that_had_none(
    open_page: Any, card: Any
) -> None:
    screen = await open_page(1280, 720, motion=True)
    for n in range(5):
        await screen.send("show", card(f"911:{n}", number=number(n), text="Help us, " * 60))
    before = len(await screen.shown())
    await screen.send("clear", {"key": "911:4"})
    await screen.page.wait_for_function("() => !document.querySelector('.card.leave')")

    assert len(await screen.shown()) == min(before, 4)


async def test_what_moves_up_after_a_card_has_left_glides(open_page: Any, card: Any) -> None:
    screen = await open_page(motion=True)
    for n in range(2):
        await screen.send("show", card(f"911:{n}"))
    await screen.page.evaluate(
        "() => { const animate = Element.prototype.animate; window.glided = 0;"
        "Element.prototype.animate = function (...how) {"
        "window.glided += 1; return animate.apply(this, how); }; }"
    )
    await screen.send("clear", {"key": "911:1"})
    await screen.page.wait_for_function("() => document.querySelectorAll('.card').length === 1")

    assert await screen.page.evaluate("window.glided") == 1


@pytest.mark.parametrize("place", ["top-right", "top-left", "bottom-right"])
@pytest.mark.parametrize(("size", "cards"), [("medium", 3), ("medium", 4), ("large", 2)])
async def test_a_line_is_on_the_screen_however_full_the_stack_is(
    open_page: Any, card: Any, place: str, size: str, cards: int
) -> None:
    screen = await open_page(1280, 720, place=place, size=size)
    await screen.stop_clock()
    for n in range(cards):
        await screen.send("show", card(f"911:{n}", text="Help us " * (6 + 8 * n), units=["A-1"]))
    for _ in range(3):
        await screen.send("notice", {"text": "Help is on the way.", "kind": "good"})
    await screen.page.clock.run_for(100)

    boxes = [await one.bounding_box() for one in await screen.page.locator(".notice").all()]

    assert min(box["y"] for box in boxes) >= 0
    lowest = max(box["y"] + box["height"] for box in boxes)
    assert lowest <= (0.77 if place == "top-left" else 1) * 720


async def test_in_the_pause_menu_a_line_can_still_be_read(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("show", card())
    await screen.send("where", {"x": 0, "y": 0, "heading": 0, "fast": False, "paused": True})
    await screen.send("clear", {"key": "911:4711"})
    await screen.send("notice", {"text": "Help is on the way.", "kind": "good"})

    assert await screen.page.locator(".notice").is_visible()


async def test_at_speed_there_is_room_for_cards_that_had_none(open_page: Any, card: Any) -> None:
    screen = await open_page(1280, 720, size="large")
    for n in range(4):
        await screen.send("show", card(f"911:{n}", number=number(n), text="Help us, " * 60))
    assert await screen.page.locator(".card:visible").count() < 4
    await screen.send("where", {"x": 0, "y": 0, "heading": 0, "fast": True})

    assert await screen.page.locator(".card:visible").count() == 4

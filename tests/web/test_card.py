"""The card says what it is by shape, word and colour, and stays readable whatever comes."""

from __future__ import annotations

import functools
import re
from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLASSES = ("emergency", "civil", "dispatch", "assigned", "panic", "caller", "test", "tone")

DAY = "linear-gradient(#9fc8ec, #dcecf7 38%, #e9dcb8 46%, #b9b49f 60%, #8d8d8b)"

SCREENS = [(1280, 720), (1920, 1080), (2560, 1440), (3840, 2160), (3440, 1440)]

HOSTILE = [
    "<img src=x onerror=\"parent.postMessage({callback: 'hacked'}, '*')\">",
    "<script>window.hacked = true</script>",
    "javascript:window.hacked=true",
    "~r~red ^1red %1 {n} \x00\x07",
    "\u202eevil\u2066",
    "W" * 5000,
    "حادث سير خطير عند التقاطع",
    "\ud83d\udea8",
    "{{constructor.constructor('window.hacked=true')()}}",
]


@pytest.mark.parametrize("kind", CLASSES)
async def test_each_class_has_a_word_and_a_shape_of_its_own(
    open_page: Any, card: Any, kind: str
) -> None:
    screen = await open_page()
    for other in CLASSES:
        await screen.send("show", card(other, **{"class": other}))
    root = screen.page.locator(f'.card[data-class="{kind}"]')

    use = await root.locator(".head > .shape > use").get_attribute("href")
    kinds = await screen.page.locator(".card .kind").all_text_contents()

    assert use == f"#shape-{kind}"
    assert len(set(kinds)) == len(CLASSES)
    assert await screen.page.locator(use).count() == 1


async def test_a_card_tells_all_that_is_known(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send(
        "show",
        card(title="Robbery", priority="1", units=["1A-12", "K9-3"], note="armed", age=61000),
    )
    await screen.send("target", {"key": "911:4711"})

    text = await screen.page.locator(".card").inner_text()

    for part in ("EMERGENCY", "911 #4711", "1 min", "Robbery", "rifles", "Vespucci Boulevard"):
        assert part in text
    for part in ("7351", "Jane Roe", "1", "1A-12", "K9-3", "armed", "500 m", "J", "Respond"):
        assert part in text


async def test_what_is_unknown_takes_no_room(open_page: Any, card: Any) -> None:
    screen = await open_page()
    bare = {"key": "911:1", "class": "emergency", "number": "911 #1", "age": 0}
    await screen.send("show", bare)

    visible = await screen.page.locator(".card :is(.title, .text, .note, .caller):visible").count()

    assert visible == 0
    assert "Location unknown" in await screen.page.locator(".card").inner_text()


@pytest.mark.parametrize("text", HOSTILE)
async def test_hostile_text_is_text(open_page: Any, card: Any, text: str) -> None:
    screen = await open_page()
    fields = ("number", "title", "text", "note", "place", "postal", "caller", "priority", "bound")
    await screen.send("show", card(units=[text] * 9, **dict.fromkeys(fields, text)))
    await screen.send("notice", {"text": text, "kind": text})

    box = await screen.page.locator(".card").bounding_box()
    inside = await screen.page.evaluate(
        "() => document.querySelectorAll('#stack img, #stack script, #stack a').length"
    )

    assert inside == 0
    assert await screen.page.evaluate("() => window.hacked") is None
    assert not await screen.said("hacked")
    assert box["width"] <= 400
    assert box["height"] <= 520
    assert screen.errors == []


async def test_text_from_right_to_left_turns_only_itself(open_page: Any, card: Any) -> None:
    screen = await open_page()
    arabic = "حادث سير"
    await screen.send("show", card(title=arabic, place=arabic, caller=arabic, note=arabic))

    find = "name => getComputedStyle(document.querySelector('.card ' + name)).direction"
    directions = {
        name: await screen.page.evaluate(find, name)
        for name in (".title", ".place .value", ".caller .value", ".text", ".head")
    }

    assert directions == {
        ".title": "rtl",
        ".place .value": "rtl",
        ".caller .value": "rtl",
        ".text": "ltr",
        ".head": "ltr",
    }


async def test_the_age_counts(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.stop_clock()
    await screen.send("show", card(age=57000))
    age = screen.page.locator(".age")
    assert await age.inner_text() == "57 s"

    await screen.page.clock.run_for(4000)

    assert await age.inner_text() == "1 min"


@pytest.mark.parametrize(
    ("here", "turn"),
    [((0, 0), 0), ((0, 90), 90), ((0, -90), -90), ((0, 180), 180), ((0, 45), 45)],
)
async def test_the_arrow_points_from_where_the_player_looks(
    open_page: Any, card: Any, here: tuple[int, int], turn: int
) -> None:
    screen = await open_page()
    await screen.send("show", card(position={"x": 0, "y": 100}))
    await screen.send("where", {"x": 0, "y": 0, "heading": here[1], "fast": False})

    arrow = await screen.page.locator(".arrow").get_attribute("style")

    assert arrow is None if turn == 0 else f"rotate({turn}deg)" in str(arrow) or turn == 180
    assert await screen.page.locator(".distance").inner_text() == "100 m"


@pytest.mark.parametrize(
    ("metric", "metres", "text"),
    [
        (True, 7, "10 m"),
        (True, 340, "340 m"),
        (True, 1234, "1.2 km"),
        (True, 12340, "12 km"),
        (False, 100, "350 ft"),
        (False, 1609, "1.0 mi"),
    ],
)
async def test_a_distance_is_in_the_players_units(
    open_page: Any, card: Any, metric: bool, metres: int, text: str
) -> None:
    screen = await open_page()
    await screen.send("view", {"safe": 1, "metric": metric})
    await screen.send("show", card(position={"x": metres, "y": 0}))

    assert await screen.page.locator(".distance").inner_text() == text


async def test_a_change_is_shown_in_place_and_marked(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.stop_clock()  # a mark lasts only a while
    await screen.send("show", card())
    await screen.send("show", card(text="He has a gun", units=["1A-1"], changed=["text", "units"]))

    assert await screen.page.locator(".card").count() == 1
    assert await screen.page.locator(".text").inner_text() == "He has a gun"
    assert await screen.page.locator(".card .changed").count() == 2
    assert await screen.page.locator(".fresh").is_visible()


async def test_a_mark_goes_after_a_while(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.stop_clock()
    await screen.send("show", card())
    await screen.send("show", card(changed=["text"]))
    await screen.page.clock.run_for(7000)

    assert await screen.page.locator(".changed, .updated").count() == 0


@pytest.mark.parametrize("size", ["small", "medium", "large"])
@pytest.mark.parametrize("resolution", SCREENS)
async def test_a_full_stack_stays_on_the_screen(
    open_page: Any, card: Any, resolution: tuple[int, int], size: str
) -> None:
    width, height = resolution
    screen = await open_page(width, height, size=size)
    for number in range(7):
        await screen.send("show", card(f"911:{number}", note="n " * 99, title="t " * 99))

    cards = await screen.page.locator(".card:visible").all()
    boxes = [await one.bounding_box() for one in [*cards, screen.page.locator(".more")]]

    assert 1 <= len(cards) <= 4
    assert all(box["y"] >= 0 and box["y"] + box["height"] <= height for box in boxes)
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


@pytest.mark.parametrize("resolution", SCREENS)
async def test_the_smallest_text_can_be_read(
    open_page: Any, card: Any, resolution: tuple[int, int]
) -> None:
    screen = await open_page(*resolution)
    await screen.send("show", card(units=["1A-1"], changed=["text"], priority="1"))

    smallest = await screen.page.evaluate(
        "() => Math.min(...[...document.querySelectorAll('.card *')]"
        ".filter((node) => node.offsetParent && node.childElementCount === 0 && node.textContent)"
        ".map((node) => parseFloat(getComputedStyle(node).fontSize)))"
    )

    assert smallest >= max(9.5, resolution[1] / 100)


async def test_on_a_wide_screen_cards_stay_near_the_middle_unless_chosen(
    open_page: Any, card: Any
) -> None:
    edges = {}
    for wide in ("centre", "edge"):
        screen = await open_page(3440, 1440, wide=wide)
        await screen.send("show", card())
        box = await screen.page.locator(".card").bounding_box()
        edges[wide] = box["x"] + box["width"]

    assert edges["centre"] <= (3440 + 2560) / 2
    assert edges["edge"] > 3350


async def test_the_safe_zone_of_the_game_is_kept(open_page: Any, card: Any) -> None:
    screen = await open_page()
    await screen.send("view", {"safe": 0.9, "metric": True})
    await screen.send("show", card())

    box = await screen.page.locator(".card").bounding_box()

    assert box["x"] + box["width"] <= 1920 * 0.95
    assert box["y"] >= 1080 * 0.05


@pytest.mark.parametrize("place", ["top-left", "top", "top-right", "left", "right", "bottom-right"])
async def test_each_place_is_on_the_screen(open_page: Any, card: Any, place: str) -> None:
    screen = await open_page(place=place)
    for number in range(6):
        await screen.send("show", card(f"911:{number}"))

    box = await screen.page.locator("#stack").bounding_box()

    assert box["x"] >= 0
    assert box["y"] >= 0
    assert box["x"] + box["width"] <= 1920
    assert box["y"] + box["height"] <= 1080


@pytest.mark.parametrize("kind", CLASSES)
async def test_every_text_has_a_contrast_of_4_5(open_page: Any, card: Any, kind: str) -> None:
    screen = await open_page()
    shown = card(
        title="Robbery",
        priority="1",
        status="Active",
        units=["1A-1", "1A-2", "1A-3", "1A-4", "1A-5"],
        note="armed",
        changed=["title", "text", "note", "units", "place", "caller", "postal", "priority"],
        **{"class": kind},
    )
    await screen.send("show", shown)
    await screen.send("target", {"key": "911:4711"})
    texts = await _texts(screen)
    await screen.page.evaluate(
        "() => document.querySelectorAll('.card *').forEach((node) => {"
        " node.style.color = 'transparent'; })"
    )
    box = await screen.page.locator(".card").bounding_box()

    least = dict[str, float]()
    for background in ("#ffffff", "#000000", DAY):
        await screen.page.evaluate(
            "css => { document.documentElement.style.background = css; }", background
        )
        await screen.send("show", shown)  # its marks last only a while
        picture = await screen.picture(box)
        for text, colour, rect in texts:
            ground = _ground(picture, rect["x"] - box["x"], rect["y"] - box["y"], rect)
            contrast = min(_contrast(colour, pixel) for pixel in ground)
            least[text] = min(contrast, least.get(text, 21))

    assert len(least) >= 12
    assert {text: round(c, 2) for text, c in least.items() if c < 4.5} == {}


def _ground(picture: Any, x: float, y: float, rect: Any) -> set[bytes]:
    """The colours of every other pixel inside the box of a text, but for its outermost line."""
    rows = range(max(0, round(y) + 1), min(len(picture.rows), round(y + rect["height"]) - 1), 2)
    columns = range(max(0, round(x)), min(picture.width, round(x + rect["width"])), 2)
    return {picture.rows[row][3 * column : 3 * column + 3] for row in rows for column in columns}


async def _texts(screen: Any) -> list[Any]:
    """Each text that is to be seen: the text, its colour, the box of its letters."""
    every = await screen.page.evaluate(
        """() => [...document.querySelectorAll('.card *')]
          .filter((node) => node.childElementCount === 0 && node.textContent
                  && node.getClientRects().length && !node.closest('svg'))
          .map((node) => {
            const range = document.createRange();
            range.selectNodeContents(node);
            const box = range.getClientRects()[0];
            return [node.textContent, getComputedStyle(node).color,
                    {x: box.x, y: box.y, width: box.width, height: box.height}];
          })"""
    )
    return [
        (text, bytes(int(part) for part in re.findall(r"\d+", colour)[:3]), rect)
        for text, colour, rect in every
    ]


@functools.cache
def _luminance(colour: bytes) -> float:
    """WCAG 2: relative luminance."""
    parts = [c / 255 for c in colour]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(a: bytes, b: bytes) -> float:
    light, dark = sorted((_luminance(a), _luminance(b)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


async def test_at_speed_a_card_is_what_happened_arrow_and_distance(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    await screen.send("show", card(title="Robbery " * 20))
    await screen.send("target", {"key": "911:4711"})
    await screen.send("where", {"x": 0, "y": 0, "heading": 0, "fast": True})

    text = await screen.page.locator(".card").inner_text()
    box = await screen.page.locator(".card").bounding_box()

    assert "EMERGENCY" in text
    assert "Robbery" in text
    assert "500 m" in text
    assert "rifles" not in text
    assert "Vespucci" not in text
    assert box["height"] < 70


@pytest.mark.parametrize("size", ["small", "medium", "large"])
async def test_at_speed_no_word_lies_under_the_distance(
    open_page: Any, card: Any, size: str
) -> None:
    screen = await open_page(size=size)
    long = "Panic 1A-12 of a department with a very long name"
    await screen.send("show", card("a", text="Two men with rifles " * 9, note="Gone " * 40))
    await screen.send("show", card("b", number=long, **{"class": "panic"}))
    await screen.send("show", card("a", text="Two men " * 9, note="Gone " * 40, changed=["note"]))
    await screen.send("where", {"x": 0, "y": -9_999, "heading": 0, "fast": True})

    overlaps = await screen.page.evaluate(
        """() => [...document.querySelectorAll('.card')].flatMap((card) => {
          const edge = card.querySelector('.compass').getBoundingClientRect().left;
          return [...card.querySelectorAll('.kind, .number, .title, .text, .note')]
            .filter((node) => node.getBoundingClientRect().right > edge)
            .map((node) => node.className);
        })"""
    )

    assert overlaps == []
    assert await screen.page.locator(".card .note").first.is_visible()
    assert await screen.page.locator('[data-class="panic"] .number').is_visible()


async def test_a_long_number_leaves_room_for_the_kind(open_page: Any, card: Any) -> None:
    screen = await open_page()
    number = "Call #123e4567-e89b-12d3-a456-426614174000"
    await screen.send("show", card(number=number, **{"class": "panic"}))

    cut = await screen.page.evaluate(
        "() => { const kind = document.querySelector('.kind');"
        " return kind.scrollWidth - kind.clientWidth; }"
    )

    assert cut <= 0


async def test_who_is_on_the_call_is_shown_the_way_not_asked_again(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    await screen.send("show", card(units=["1A-12"], **{"class": "assigned"}))
    await screen.send("target", {"key": "911:4711"})

    assert await screen.page.locator(".key .label").inner_text() == "Show route"


async def test_at_speed_a_card_without_a_place_has_the_whole_line(
    open_page: Any, card: Any
) -> None:
    screen = await open_page()
    for key, position in (("a", {"x": 300.0, "y": 400.0}), ("b", None)):
        await screen.send("show", card(key, position=position, text="Two men with rifles " * 9))
    await screen.send("where", {"x": 0, "y": 0, "heading": 0, "fast": True})

    newest, placed = [
        await one.bounding_box() for one in await screen.page.locator(".card .text").all()
    ][::-1]

    assert newest["width"] > placed["width"] + 100


async def test_glance_mode_is_the_players_choice(open_page: Any, card: Any) -> None:
    screen = await open_page(glance=False)
    await screen.send("show", card(title="Robbery"))
    await screen.send("where", {"x": 0, "y": 0, "heading": 0, "fast": True})

    assert "Robbery" in await screen.page.locator(".card").inner_text()


async def test_nothing_moves_for_who_wants_nothing_to_move(open_page: Any, card: Any) -> None:
    screen = await open_page(motion=False)
    await screen.send("show", card())

    running = await screen.page.evaluate("() => document.getAnimations().length")

    assert running == 0


async def test_reduced_motion_of_the_system_is_honoured(open_page: Any, card: Any) -> None:
    screen = await open_page(motion=True)
    await screen.page.emulate_media(reduced_motion="reduce")
    await screen.send("preferences", {"motion": True, "place": "top-right", "size": "medium"})
    await screen.send("show", card())

    running = await screen.page.evaluate("() => document.getAnimations().length")

    assert running == 0

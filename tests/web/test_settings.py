"""`/alerts`: each choice is in force and told at once; keyboard and mouse always come back."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="session")

CLASSES = ["emergency", "civil", "dispatch", "assigned", "panic", "caller", "tone", "change"]

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
    "muted": {"civil": True},
    "sound": "game",
    "volume": dict.fromkeys(CLASSES, 70),
    "glance": True,
    "shield": False,
}


@pytest.fixture
def settings(open_page: Any) -> Any:
    async def open_settings(**options: Any) -> Any:
        screen = await open_page(**options)
        data = {
            "preferences": PREFERENCES,
            "styles": {"card": True, "native": True, "chat": True, "ox_lib": False},
            "keys": {"respond": "J"},
            "classes": CLASSES,
        }
        await screen.send("settings", data)
        return screen

    return open_settings


async def saved(screen: Any) -> dict[str, Any]:
    result: dict[str, Any] = (await screen.until_said("save"))[-1]["preferences"]
    return result


async def test_a_choice_is_told_at_once(settings: Any) -> None:
    screen = await settings()
    await screen.page.get_by_role("radio", name="Large").click()

    assert (await saved(screen))["size"] == "large"
    assert await screen.page.locator("#stack").get_attribute("data-size") == "large"


async def test_a_style_that_is_not_there_cannot_be_chosen(settings: Any) -> None:
    screen = await settings()

    assert await screen.page.locator('.panel input[value="ox_lib"]').is_disabled()
    assert not await screen.page.locator('.panel input[value="chat"]').is_disabled()


async def test_the_cards_move_to_the_chosen_place(settings: Any) -> None:
    screen = await settings()
    await screen.page.locator('[data-spot="top-left"]').click()

    assert (await saved(screen))["place"] == "top-left"
    assert (await screen.page.locator(".card").bounding_box())["x"] < 100


async def test_the_sample_can_be_dragged_anywhere(settings: Any) -> None:
    screen = await settings()
    box = await screen.page.locator(".card").bounding_box()
    mouse = screen.page.mouse
    await mouse.move(box["x"] + 50, box["y"] + 30)
    await mouse.down()
    await mouse.move(250, 230, steps=5)
    await mouse.up()
    await mouse.move(900, 900)

    moved = await screen.page.locator(".card").bounding_box()
    chosen = await saved(screen)

    assert chosen["place"] == "free"
    assert len(await screen.said("save")) == 1
    assert abs(moved["x"] - 200) < 3
    assert abs(moved["y"] - 200) < 3


async def test_the_cards_can_be_moved_by_keyboard(settings: Any) -> None:
    screen = await settings()
    before = await screen.page.locator(".card").bounding_box()
    await screen.page.get_by_text("Move with the arrow keys").focus()
    await screen.page.keyboard.press("ArrowDown")
    await screen.page.keyboard.press("ArrowLeft")
    after = await screen.page.locator(".card").bounding_box()

    assert after["y"] > before["y"]
    assert after["x"] < before["x"]
    assert (await saved(screen))["place"] == "free"


async def test_a_low_card_grows_upwards(open_page: Any, card: Any) -> None:
    screen = await open_page(place="free", x=0.5, y=0.95)
    for number in range(4):
        await screen.send("show", card(f"911:{number}"))

    box = await screen.page.locator("#stack").bounding_box()

    assert box["y"] >= 0
    assert abs(box["y"] + box["height"] - 0.95 * 1080) < 3


async def test_a_card_low_in_the_middle_has_the_panel_above_it(settings: Any) -> None:
    screen = await settings(width=1280, height=720)
    await screen.send("preferences", PREFERENCES | {"place": "free", "x": 0.5, "y": 0.95})
    await screen.page.locator('.panel input[value="small"]').check(force=True)
    await screen.page.locator(".card").drag_to(
        screen.page.locator("#stage"), force=True, target_position={"x": 640, "y": 640}
    )
    panel = await screen.page.locator(".panel").bounding_box()
    card = await screen.page.locator(".card").bounding_box()

    assert card["y"] >= panel["y"] + panel["height"]
    assert panel["y"] >= 0


async def test_panic_has_no_switch_and_no_silence(settings: Any) -> None:
    screen = await settings()
    row = screen.page.locator('.mixer[data-class="panic"]')

    assert await row.locator('[role="switch"]').count() == 0
    assert int(await row.locator(".slider").get_attribute("min")) >= 40


async def test_one_class_can_be_switched_off(settings: Any) -> None:
    screen = await settings()
    await screen.page.locator('.mixer[data-class="dispatch"] .switch').click()

    assert (await saved(screen))["muted"] == {"civil": True, "dispatch": True}


async def test_a_volume_is_told_and_heard(settings: Any) -> None:
    screen = await settings()
    slider = screen.page.locator('.mixer[data-class="assigned"] .slider')
    await slider.focus()
    await screen.page.keyboard.press("End")

    assert (await saved(screen))["volume"]["assigned"] == 100
    assert (await screen.until_said("listen"))[-1] == {"name": "assigned", "class": "assigned"}


@pytest.mark.parametrize("how", ["Escape", "button", "done"])
async def test_closing_gives_the_keyboard_back(settings: Any, how: str) -> None:
    screen = await settings()
    if how == "Escape":
        await screen.page.keyboard.press("Escape")
    elif how == "button":
        await screen.page.locator(".panel-close").click()
    else:
        await screen.page.get_by_text("Done").click()

    assert await screen.until_said("close") == [{}]
    assert await screen.page.locator(".panel, .card").count() == 0


async def test_the_client_can_close_it(settings: Any) -> None:
    screen = await settings()
    await screen.send("close", {})

    assert await screen.page.locator(".panel").count() == 0
    assert not await screen.said("close")


async def test_the_tab_key_stays_in_the_panel(settings: Any) -> None:
    screen = await settings()
    inside = "() => Boolean(document.activeElement.closest('.panel'))"
    for _ in range(60):
        await screen.page.keyboard.press("Tab")
        assert await screen.page.evaluate(inside)


@pytest.mark.parametrize(
    "resolution",
    [(800, 600), (1024, 768), (1280, 720), (1440, 1080), (3440, 1440)],
)
@pytest.mark.parametrize("place", ["top-right", "top-left", "top"])
async def test_the_panel_does_not_cover_the_cards(
    settings: Any, resolution: tuple[int, int], place: str
) -> None:
    screen = await settings(width=resolution[0], height=resolution[1])
    await screen.page.locator(f'[data-spot="{place}"]').click()
    panel = await screen.page.locator(".panel").bounding_box()
    card = await screen.page.locator(".card").bounding_box()

    beside = panel["x"] >= card["x"] + card["width"] or card["x"] >= panel["x"] + panel["width"]
    below = panel["y"] >= card["y"] + card["height"]
    assert beside or below
    assert panel["x"] >= 0
    assert panel["x"] + panel["width"] <= resolution[0]
    assert panel["y"] >= 0
    assert panel["y"] + panel["height"] <= resolution[1]


@pytest.mark.parametrize("locale", ["de", "fr", "es", "pt-BR", "nl", "pl"])
@pytest.mark.parametrize("resolution", [(1280, 720), (800, 600)])
async def test_every_language_fits_the_panel(
    settings: Any, locale: str, resolution: tuple[int, int]
) -> None:
    screen = await settings(width=resolution[0], height=resolution[1], locale=locale)

    cut = await screen.page.evaluate(
        "() => [...document.querySelectorAll('.panel *')]"
        ".filter((node) => node.scrollWidth > node.clientWidth + 1 && node.clientWidth > 0"
        " && getComputedStyle(node).display !== 'inline').map((node) => node.textContent)"
    )
    panel = await screen.page.locator(".panel").bounding_box()

    assert cut == []
    assert panel["x"] >= 0
    assert panel["height"] <= resolution[1]


async def test_closing_in_the_middle_of_a_drag_is_no_fault(settings: Any) -> None:
    screen = await settings()
    box = await screen.page.locator(".card").bounding_box()
    await screen.page.mouse.move(box["x"] + 50, box["y"] + 30)
    await screen.page.mouse.down()
    await screen.page.keyboard.press("Escape")
    await screen.page.mouse.move(200, 200)
    await screen.page.mouse.up()

    assert screen.errors == []
    assert await screen.said("close") == [{}]


async def test_only_the_sample_shows_a_key_that_does_not_mean_it(settings: Any, card: Any) -> None:
    screen = await settings()
    await screen.send("show", card("911:1"))
    await screen.send("show", card("911:2"))
    await screen.send("target", {"key": "911:2"})

    assert (
        await screen.page.locator(".key:visible").count() == 2
    )  # of the sample, and of the target

"""One call is one picture for life, and a receipt tells only of what was painted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

ENGLISH = json.loads(
    (Path(__file__).parents[2] / "lua_resource/locales/en.json").read_text(encoding="utf-8")
)

LOOK = {"sprite": 480, "colour": 1, "scale": 1.0, "flash": 0, "minutes": 10, "radius": 0}


class Style:
    """A style that paints when it is told to, and writes down what it was asked."""

    def __init__(self, client: Any, name: str, *, at_once: bool = True) -> None:
        self.seen: list[Any] = []
        self.open: list[Any] = []
        self.there = True
        self.at_once = at_once
        self._client = client
        self.table = client.lua.table_from(
            {
                "name": name,
                "available": lambda _: self.there,
                "show": self._show,
                "clear": lambda _, key, reason: self.seen.append(("clear", key, reason)),
                "rename": lambda _, old, new: self.seen.append(("rename", old, new)),
                "notice": self._notice,
            }
        )

    def _paint(self, done: Any) -> None:
        if self.at_once:
            done(True)
        else:
            self.open.append(done)

    def _show(self, _: Any, alert: Any, lines: Any, done: Any, duration: int, key: Any) -> None:
        self.seen.append(("show", alert.key, alert.how))
        self._paint(done)

    def _notice(self, _: Any, notice: Any, done: Any) -> None:
        self.seen.append(("notice", notice.text))
        self._paint(done)


class Screen:
    """The screen between fakes."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.receipts: list[tuple[str, int, str]] = []
        self.sounds: list[str] = []
        self.cancelled = False
        self.away = False
        self.chosen: dict[str, Any] = {}
        self.card = Style(client, "card")
        self.native = Style(client, "native")
        self.ox_lib = Style(client, "ox_lib")
        self.watched = 0
        modules, clock = client.modules, client.clock
        self.blips = modules.blips.new(client.game.table, clock.later)
        play = lambda name, _volume: self.sounds.append(name)  # noqa: E731
        self.screen = modules.screen.new(
            client.lua.table_from(
                {
                    "styles": client.lua.table_from(
                        {
                            "card": self.card.table,
                            "native": self.native.table,
                            "ox_lib": self.ox_lib.table,
                        }
                    ),
                    "choose": modules.styles.choose,
                    "blips": self.blips,
                    "sounds": modules.sounds.new(play, clock.now, clock.later),
                    "preferences": lambda: modules.preferences.complete(client.table(self.chosen)),
                    "say": self._say,
                    "announce": lambda _: self.cancelled,
                    "receipt": lambda *receipt: self.receipts.append(receipt),
                    "bound": lambda: "J",
                    "away": lambda: self.away,
                    "watch": self._watch,
                    "now": clock.now,
                    "later": clock.later,
                }
            )
        )

    def _say(self, _locale: str, name: str, places: Any) -> str:
        return str(ENGLISH[name].format(**dict(places.items()) if places else {}))

    def _watch(self) -> None:
        self.watched += 1

    def show(self, key: str = "911:1", **fields: Any) -> None:
        alert = {
            "key": key,
            "seq": 7,
            "class": "emergency",
            "how": "alert",
            "number": "911 #1",
            "age": 0,
            "sound": "new",
            "style": "auto",
            "locale": "en",
            "respond": True,
            "position": {"x": 10.0, "y": 20.0, "z": 0.0},
            "blip": LOOK,
        } | fields
        self.screen.show(
            self.screen, self.client.table({k: v for k, v in alert.items() if v is not None})
        )

    def clear(self, key: str, reason: str = "closed") -> None:
        self.screen.clear(self.screen, key, reason)


@pytest.fixture
def screen(client: Any) -> Screen:
    return Screen(client)


def test_an_alert_is_painted_then_heard_then_confirmed(screen: Screen) -> None:
    screen.card.at_once = False
    screen.show()
    assert (screen.receipts, screen.sounds) == ([], [])

    screen.card.open[0](True)

    assert screen.receipts == [("911:1", 7, "shown")]
    assert screen.sounds == ["new"]


def test_a_page_that_paints_nothing_is_replaced_by_the_feed(screen: Screen) -> None:
    screen.card.at_once = False
    screen.show()
    screen.card.open[0](False)

    assert ("show", "911:1", "alert") in screen.native.seen
    assert ("clear", "911:1", "moved") in screen.card.seen
    assert screen.receipts == [("911:1", 7, "shown")]


def test_without_a_page_the_feed_shows_it_at_once(screen: Screen) -> None:
    screen.card.there = False
    screen.show()

    assert screen.native.seen == [("show", "911:1", "alert")]
    assert screen.receipts == [("911:1", 7, "shown")]


def test_a_change_is_shown_in_place(screen: Screen) -> None:
    screen.show()
    screen.show(how="change", seq=8, sound="changed", changed=["text"], text="new")

    assert screen.card.seen == [("show", "911:1", "alert"), ("show", "911:1", "change")]
    assert len(screen.client.game.named("AddBlipForCoord")) == 1


def test_a_card_is_still_there_when_the_player_leaves_the_pause_menu(screen: Screen) -> None:
    screen.away = True
    screen.show()
    screen.client.clock.advance(120_000)
    screen.away = False
    screen.client.clock.advance(5_000)
    assert screen.card.seen == [("show", "911:1", "alert")]

    screen.client.clock.advance(15_000)
    assert screen.card.seen[1:] == [("clear", "911:1", "expired")]


def test_silent_news_of_a_call_that_has_left_the_screen_brings_no_card_back(screen: Screen) -> None:
    screen.show()
    screen.client.clock.advance(60_000)
    screen.card.seen.clear()
    screen.show(how="change", sound=None)
    assert screen.card.seen == []

    screen.show(how="change", sound="assigned", **{"class": "assigned"})
    assert screen.card.seen == [("show", "911:1", "change")]


def test_a_picture_leaves_after_its_time_and_its_blip_stays(screen: Screen) -> None:
    screen.show()
    screen.client.clock.advance(25_000)

    assert screen.card.seen[-1] == ("clear", "911:1", "expired")
    assert not screen.client.game.named("RemoveBlip")


def test_news_does_not_shorten_what_a_picture_had_left(screen: Screen) -> None:
    screen.show()
    screen.client.clock.advance(1000)
    screen.show(how="change", sound=None)
    screen.client.clock.advance(20_000)

    assert not [entry for entry in screen.card.seen if entry[0] == "clear"]


def test_a_closed_call_takes_its_picture_and_its_blip_along(screen: Screen) -> None:
    screen.show()
    screen.clear("911:1")

    assert screen.card.seen[-1] == ("clear", "911:1", "closed")
    assert len(screen.client.game.named("RemoveBlip")) == 1


def test_a_dispatch_call_takes_the_place_of_its_911_call(screen: Screen) -> None:
    screen.show("911:1")
    screen.show("dispatch:9", replaces="911:1", how="change", sound=None, **{"class": "dispatch"})

    assert screen.card.seen[1:] == [
        ("rename", "911:1", "dispatch:9"),
        ("show", "dispatch:9", "change"),
    ]
    assert len(screen.client.game.named("AddBlipForCoord")) == 1

    screen.clear("911:1")
    assert not screen.client.game.named("RemoveBlip")


def test_a_quiet_alert_is_a_blip_and_nothing_else(screen: Screen) -> None:
    screen.show(how="quiet", sound=None, seq=None)

    assert len(screen.client.game.named("AddBlipForCoord")) == 1
    assert (screen.card.seen, screen.sounds, screen.receipts) == ([], [], [])


def flashes(screen: Screen) -> int:
    return len(screen.client.game.named("SetBlipFlashTimer"))


def test_a_quiet_blip_does_not_flash_and_lives_its_minutes(screen: Screen) -> None:
    screen.show(how="quiet", sound=None, seq=None, blip=LOOK | {"flash": 15})
    assert flashes(screen) == 0

    screen.client.clock.advance(11 * 60_000)

    assert len(screen.client.game.named("RemoveBlip")) == 1


def test_news_of_a_quiet_blip_flashes(screen: Screen) -> None:
    look = LOOK | {"flash": 15}
    screen.show(how="quiet", sound=None, seq=None, blip=look)
    screen.show(how="change", sound=None, blip=look)
    assert flashes(screen) == 0

    screen.show(how="change", sound="changed", blip=look)
    assert flashes(screen) == 1


def test_a_call_that_is_found_later_flashes_once(screen: Screen) -> None:
    look = LOOK | {"flash": 15}
    screen.show(position=None, blip=None)
    for _ in range(2):
        screen.show(how="change", sound=None, changed=["position"], blip=look)

    assert flashes(screen) == 1


def test_a_muted_player_gets_the_blip_and_says_that_he_is_muted(screen: Screen) -> None:
    screen.chosen = {"mute": True}
    screen.show()

    assert screen.receipts == [("911:1", 7, "muted")]
    assert (screen.card.seen, screen.sounds) == ([], [])
    assert len(screen.client.game.named("AddBlipForCoord")) == 1


def test_panic_breaks_through_mute(screen: Screen) -> None:
    screen.chosen = {"mute": True, "muted": {"emergency": True}}
    screen.show("panic:101", sound="panic", **{"class": "panic"})

    assert screen.card.seen == [("show", "panic:101", "alert")]
    assert screen.sounds == ["panic"]


def test_another_resource_may_take_the_picture_over(screen: Screen) -> None:
    screen.cancelled = True
    screen.show()

    assert screen.receipts == [("911:1", 7, "suppressed")]
    assert (screen.card.seen, screen.sounds) == ([], [])


def test_beyond_thirty_pictures_in_ten_seconds_one_line_tells_the_rest(screen: Screen) -> None:
    for number in range(50):
        kind = "emergency" if number % 2 else "civil"
        screen.show(f"911:{number}", seq=number, **{"class": kind})
    assert len([entry for entry in screen.card.seen if entry[0] == "show"]) == 30
    assert len(screen.receipts) == 30

    screen.client.clock.advance(2000)

    assert ("notice", "Further calls: 20, emergencies among them: 10") in screen.card.seen
    assert len(screen.receipts) == 50


def test_panic_is_shown_in_any_crowd(screen: Screen) -> None:
    for number in range(40):
        screen.show(f"911:{number}")
    screen.show("panic:1", **{"class": "panic"})

    assert screen.card.seen[-1] == ("show", "panic:1", "alert")


def test_the_route_is_drawn_and_taken_away_as_the_server_says(screen: Screen) -> None:
    screen.show(route=True)
    screen.show(how="change", route=False, sound=None)

    assert [on for _, on in screen.client.game.named("SetBlipRoute")] == [True, False]


def test_the_key_responds_to_the_newest_call(screen: Screen) -> None:
    screen.show("911:1")
    screen.show("911:2")
    screen.show("911:1", how="change", sound=None)
    screen.show("dispatch:3", respond=False)

    assert screen.screen.latest(screen.screen).key == "911:2"

    screen.clear("911:2")
    assert screen.screen.latest(screen.screen).key == "911:1"


def test_another_style_takes_over_what_is_shown(screen: Screen) -> None:
    screen.show()
    screen.chosen = {"style": "native"}
    screen.screen.reconsider(screen.screen)

    assert screen.card.seen[-1] == ("clear", "911:1", "moved")
    assert screen.native.seen == [("show", "911:1", "alert")]
    assert len(screen.receipts) == 1
    assert len(screen.sounds) == 1


@pytest.mark.parametrize("style", ["card", "native", "ox_lib"])
def test_a_choice_that_is_not_about_a_picture_does_not_show_it_again(
    screen: Screen, style: str
) -> None:
    screen.chosen = {"style": style}
    screen.show()
    screen.chosen = {"style": style, "size": "large", "volume": {"panic": 90}}
    screen.screen.reconsider(screen.screen)

    assert getattr(screen, style).seen == [("show", "911:1", "alert")]


def test_the_shield_masks_what_is_shown_already_and_takes_the_mask_off(screen: Screen) -> None:
    screen.show()
    for shield in (True, True, False):
        screen.chosen = {"shield": shield}
        screen.screen.reconsider(screen.screen)

    assert len(screen.card.seen) == 3


def test_muting_takes_pictures_off_at_once(screen: Screen) -> None:
    screen.show()
    screen.chosen = {"muted": {"emergency": True}}
    screen.screen.reconsider(screen.screen)

    assert screen.card.seen[-1] == ("clear", "911:1", "muted")


def test_the_shield_masks_before_anything_is_painted(screen: Screen) -> None:
    painted: list[Any] = []
    screen.card.table["show"] = lambda _, alert, *rest: painted.append(alert)
    screen.chosen = {"shield": True}
    screen.show(caller="Jane Roe", place="Alta Street 12", postal="7351", text="JANE fell on Alta")

    (alert,) = painted
    assert alert.text == "••• fell on •••" or alert.text == "••• fell on Alta"
    assert {alert.caller, alert.place, alert.postal} == {"•••"}
    assert screen.screen.known(screen.screen, "911:1").caller == "Jane Roe"


def test_a_player_without_rights_keeps_nothing(screen: Screen) -> None:
    screen.show("911:1")
    screen.show("911:2")
    screen.screen.wipe(screen.screen)

    assert screen.screen.latest(screen.screen) is None
    assert len(screen.client.game.named("RemoveBlip")) == 2
    assert {entry[1] for entry in screen.card.seen if entry[0] == "clear"} == {"911:1", "911:2"}


@pytest.mark.parametrize(
    "alert",
    [
        None,
        7,
        "x",
        {},
        {"key": 5, "class": "emergency"},
        {"key": "911:1"},
        {"key": "911:1", "class": "nonsense"},
        {"key": "x" * 500, "class": "emergency"},
        {"key": "911:1", "class": "emergency", "units": 3},
        {"key": "911:1", "class": "emergency", "changed": "all"},
    ],
)
def test_what_is_no_alert_does_nothing(screen: Screen, alert: Any) -> None:
    screen.screen.show(screen.screen, screen.client.table(alert))

    assert (screen.card.seen, screen.client.game.calls) == ([], [])


def test_memory_has_a_bound(screen: Screen) -> None:
    for number in range(900):
        screen.show(f"911:{number}", how="quiet", sound=None, seq=None)

    made = len(screen.client.game.named("AddBlipForCoord"))
    assert made - len(screen.client.game.named("RemoveBlip")) <= 600


def test_nothing_runs_once_all_is_over(screen: Screen) -> None:
    screen.show()
    screen.show("panic:1", sound="panic", **{"class": "panic"})
    screen.clear("911:1")
    screen.clear("panic:1")
    screen.client.clock.advance(3_600_000)

    assert screen.client.clock.waiting == 0


def test_what_another_dispatch_script_shows_is_only_marked_on_the_map(screen: Screen) -> None:
    screen.show(style="none")

    assert screen.receipts == [("911:1", 7, "suppressed")]
    assert (screen.card.seen, screen.sounds) == ([], [])
    assert len(screen.client.game.named("AddBlipForCoord")) == 1


def test_a_picture_that_changes_all_the_time_has_one_timer(screen: Screen) -> None:
    screen.show()
    before = screen.client.clock.waiting
    for _ in range(200):
        screen.show(how="change", sound=None, text="x")

    assert screen.client.clock.waiting == before


def test_a_picture_that_quietly_takes_anothers_place_is_still_the_one_of_the_key(
    screen: Screen,
) -> None:
    screen.show("911:1")
    screen.watched = 0
    screen.show("dispatch:9", replaces="911:1", how="quiet", sound=None)

    assert screen.watched


def test_a_picture_whose_place_is_taken_by_a_known_one_is_not_the_one_of_the_key(
    screen: Screen,
) -> None:
    screen.show("911:1")
    screen.show("dispatch:9", how="quiet", sound=None)
    screen.watched = 0
    screen.show("dispatch:9", replaces="911:1", how="quiet", sound=None)

    assert screen.watched


def test_a_panic_that_ends_does_not_silence_another(screen: Screen) -> None:
    screen.show("panic:1", **{"class": "panic", "sound": "panic"})
    screen.client.clock.advance(2500)
    screen.show("panic:2", **{"class": "panic", "sound": "panic"})
    screen.clear("panic:1")
    screen.sounds.clear()
    screen.client.clock.advance(5000)

    assert screen.sounds == ["panic"] * 3


@pytest.mark.parametrize(("style", "outcome"), [("native", "paused"), ("ox_lib", "shown")])
def test_a_style_that_lies_over_the_pause_menu_is_seen_there(
    screen: Screen, style: str, outcome: str
) -> None:
    getattr(screen, style).table["above"] = style == "ox_lib"
    screen.away = True
    screen.chosen = {"style": style}
    screen.show()

    assert screen.receipts == [("911:1", 7, outcome)]

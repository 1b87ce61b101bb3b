"""The whole client in a simulated game: what it is sent, what the player gets, what goes back."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bridge.demo.game import GameClient, GameServer, load_players

ROOT = Path(__file__).parents[2]

HOSTILE = (
    "~r~red ~n~ ^1^^11 %1 {n} <img src=x onerror=x> \u202eevil\u202c \x00 [link](http://x) *b*"
)

LOOK = {
    "sprite": 480,
    "colour": 1,
    "scale": 1.0,
    "flash": 5,
    "minutes": 10,
    "radius": 0,
    "name": "911 #1",
    "category": 20,
    "categoryName": "Emergency calls",
}


class Play:
    """One player, the server that sends to him, and what his client says."""

    def __init__(self, server: GameServer) -> None:
        self.server = server
        self.client: GameClient = server.client(1)
        self.painted: list[tuple[Any, ...]] = []
        self.tickets: list[int] = []
        server.on("cadbridge:painted", lambda *args: self.painted.append(args))

    async def send(self, event: str, *args: Any) -> None:
        """A net event of the server to the player, and the time it takes."""
        encoded = [json.dumps(arg) for arg in args]
        self.server.lua(
            "local all, n = {...}, select('#', ...)"
            " for i = 1, n do all[i] = json.decode(all[i]) end"
            f" TriggerClientEvent('{event}', 1, table.unpack(all, 1, n))",
            *encoded,
        )
        await self.server.advance(200)

    async def show(self, key: str = "911:1", **fields: Any) -> None:
        alert = {
            "key": key,
            "seq": 7,
            "class": "emergency",
            "how": "alert",
            "number": "911 #1",
            "text": "Help",
            "age": 0,
            "sound": "new",
            "style": "auto",
            "locale": "en",
            "respond": True,
            "position": {"x": 500.0, "y": 600.0, "z": 20.0},
            "blip": LOOK,
        } | fields
        await self.send("cadbridge:show", alert)

    async def load_page(self) -> None:
        """The page loads, and from now on paints whatever it is sent."""
        await self.client.nui_callback("ready", {})
        self.client.page.on_message = self._paint

    def _paint(self, message: Any) -> None:
        ticket = message["data"].get("ticket") if isinstance(message["data"], dict) else None
        if ticket:
            self.tickets.append(ticket)

    async def paint(self) -> None:
        await self.client.nui_callback("painted", {"tickets": self.tickets})
        self.tickets = []
        await self.server.advance(200)

    def nui(self, action: str) -> list[Any]:
        return [m["data"] for m in self.client.nui if m["action"] == action]


@pytest_asyncio.fixture
async def play() -> AsyncIterator[Play]:
    players = {player.source: player for player in load_players(ROOT / "tests/data/players.json")}
    async with GameServer(ROOT / "lua_resource", clock="manual", javascript=False) as server:
        await server.add_resource("chat")
        await server.add_resource("ox_lib")
        await server.join(players[1], client="lua")
        await server.advance(1000)
        yield Play(server)
        assert server.errors == []


async def test_without_a_page_the_feed_shows_and_confirms(play: Play) -> None:
    await play.show()

    (post,) = play.client.feed
    assert post.sender == "Emergency · 911 #1"
    assert play.painted == [("911:1", 7, "shown")]
    assert [sound.name for sound in play.client.sounds] == ["Lose_1st"]
    assert [blip.name for blip in play.client.blips] == ["911 #1"]


async def test_the_card_confirms_when_the_page_says_so(play: Play) -> None:
    await play.load_page()
    await play.show()
    assert play.painted == []
    assert not play.client.sounds

    await play.paint()

    assert play.painted == [("911:1", 7, "shown")]
    assert play.client.sounds
    assert not play.client.feed


async def test_a_page_that_has_gone_silent_is_not_waited_for(play: Play) -> None:
    await play.load_page()
    await play.show()
    await play.server.advance(2500)

    assert play.painted == [("911:1", 7, "shown")]
    assert len(play.client.feed) == 1
    assert play.nui("clear")[-1]["key"] == "911:1"


async def test_a_page_that_was_minimised_is_used_again_once_it_paints(play: Play) -> None:
    await play.load_page()
    for n in range(4):
        await play.show(f"911:{n}")
        await play.server.advance(2500)
    assert len(play.client.feed) == 4

    await play.paint()
    await play.show("911:9")

    assert len(play.client.feed) == 4
    assert play.nui("show")[-1]["key"] == "911:9"


async def test_a_page_that_is_loaded_again_gets_back_what_was_on_it(play: Play) -> None:
    await play.load_page()
    await play.show("911:1")
    await play.paint()
    play.client.nui.clear()

    await play.client.nui_callback("ready", {})
    await play.server.advance(200)

    actions = [message["action"] for message in play.client.nui]
    assert actions.index("words") < actions.index("show")
    assert [card["key"] for card in play.nui("show")] == ["911:1"]
    assert play.nui("target")[-1]["key"] == "911:1"
    assert play.nui("where")
    await play.paint()
    assert play.painted == [("911:1", 7, "shown")]
    assert len(play.client.sounds) == 1


async def test_a_page_that_is_loaded_again_owes_no_answer_to_what_the_one_before_was_sent(
    play: Play,
) -> None:
    await play.load_page()
    for n in range(3):
        await play.show(f"911:{n}")
    play.tickets.clear()  # it painted none of them
    await play.client.nui_callback("ready", {})
    await play.paint()
    await play.server.advance(2500)

    await play.show("911:9")

    assert not play.client.feed
    assert play.nui("show")[-1]["key"] == "911:9"


async def test_what_a_page_did_not_paint_is_told_once_the_next_one_has(play: Play) -> None:
    await play.load_page()
    await play.show()
    play.tickets.clear()  # it did not paint it
    await play.client.nui_callback("ready", {})
    await play.paint()
    await play.server.advance(2500)
    assert play.painted == [("911:1", 7, "shown")]
    assert len(play.client.sounds) == 1


async def test_a_forged_event_of_another_resource_does_nothing(play: Play) -> None:
    forged = {"key": "911:1", "class": "panic", "how": "alert", "style": "native", "locale": "en"}
    for event in ("show", "clear", "move", "notice", "list", "settings", "wipe"):
        play.client.emit(f"cadbridge:{event}", forged, "x")
    await play.server.advance(200)

    assert not play.client.feed
    assert not play.client.blips
    assert play.client.page.focus == (False, False)


async def test_another_resource_hears_of_an_alert_and_may_show_it_itself(play: Play) -> None:
    await play.server.add_resource(
        "own",
        client="AddEventHandler('cadbridge:alert', function(alert)"
        " if alert.class == 'civil' then CancelEvent() end end)",
    )
    await play.server.advance(200)
    heard = play.client.listen("cadbridge:alert")
    await play.show("911:1", **{"class": "civil"})
    await play.show("911:2")

    assert [args[0]["key"] for args in heard] == ["911:1", "911:2"]
    assert play.painted == [("911:1", 7, "suppressed"), ("911:2", 7, "shown")]
    assert len(play.client.feed) == 1
    assert len(play.client.blips) == 2


async def test_a_card_with_a_place_is_told_where_the_player_is_and_no_longer(play: Play) -> None:
    await play.load_page()
    play.client.position = (1.0, 2.0, 3.0)
    await play.show()
    await play.paint()
    await play.server.advance(2000)

    steps = play.nui("where")
    assert 6 <= len(steps) <= 12
    assert (steps[-1]["x"], steps[-1]["y"], steps[-1]["fast"]) == (1.0, 2.0, False)

    await play.send("cadbridge:clear", "911:1", "closed")
    before = len(play.nui("where"))
    await play.server.advance(5000)
    assert len(play.nui("where")) <= before + 1


async def test_who_drives_fast_only_glances(play: Play) -> None:
    await play.load_page()
    play.client.vehicle, play.client.speed = True, 30.0
    await play.show()

    assert play.nui("where")[-1]["fast"] is True


async def test_a_route_is_drawn_follows_and_ends_on_arrival(play: Play) -> None:
    await play.show(route=True)
    (blip,) = play.client.blips
    assert blip.route

    await play.show(how="change", sound=None, position={"x": 700.0, "y": 600.0, "z": 0.0})
    assert play.client.blips[0].route
    assert play.client.blips[0].coords[0] == 700.0

    play.client.position = (705.0, 600.0, 0.0)
    await play.server.advance(2500)

    assert not play.client.blips[0].route
    assert play.client.map.waypoint is None


async def test_a_panic_is_followed(play: Play) -> None:
    await play.show("panic:101", **{"class": "panic", "sound": "panic"})
    await play.send("cadbridge:move", "panic:101", {"x": 9.0, "y": 8.0, "z": 7.0})

    assert play.client.blips[0].coords == (9.0, 8.0, 7.0)


async def test_the_bound_key_responds_and_its_name_is_shown(play: Play) -> None:
    await play.load_page()
    asked = play.server.listen("cadbridge:respond")
    await play.show()
    play.client.press("cadbridge_respond")
    await play.server.advance(200)

    assert play.nui("show")[0]["bound"] == "J"
    assert play.nui("target")[-1] == {"key": "911:1"}
    assert asked == [["911:1"]]


async def test_keys_do_nothing_in_the_pause_menu(play: Play) -> None:
    asked = play.server.listen("cadbridge:respond")
    await play.show()
    play.client.surroundings.paused = True
    play.client.press("cadbridge_respond")
    await play.server.advance(200)

    assert asked == []


async def test_settings_are_kept_on_the_players_machine(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:settings", "en")
    assert play.client.page.focus == (True, True)
    (opened,) = play.nui("settings")
    assert opened["styles"]["ox_lib"] is True

    await play.client.nui_callback("save", {"preferences": {"style": "chat", "mute": False}})
    await play.client.nui_callback("close", {})
    await play.show()

    assert play.client.page.focus == (False, False)
    assert json.loads(play.client.kvp["cadbridge:preferences"])["style"] == "chat"
    assert len(play.client.chat) == 1


async def test_a_panel_that_does_not_answer_loses_the_focus(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:settings", "en")
    await play.server.advance(4000)

    assert play.client.page.focus == (False, False)


async def test_a_panel_that_answers_keeps_the_focus(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:list", [], "en")
    for _ in range(10):
        await play.client.nui_callback("alive", play.nui("alive")[-1])
        await play.server.advance(1500)

    assert play.client.page.focus == (True, True)


@pytest.mark.parametrize("end", ["stop", "restart", "reload", "wipe"])
async def test_no_focus_and_no_blip_is_left_behind(play: Play, end: str) -> None:
    await play.load_page()
    await play.show()
    await play.send("cadbridge:list", [], "en")
    if end == "stop":
        await play.server.stop_resource("cadbridge")
    elif end == "restart":
        await play.server.restart_resource()
    elif end == "reload":
        await play.client.nui_callback("ready", {})
    else:
        await play.send("cadbridge:wipe")
    await play.server.advance(200)

    assert play.client.page.focus == (False, False)
    if end != "reload":
        assert play.client.blips == []


async def test_the_list_responds_routes_and_notes(play: Play) -> None:
    await play.load_page()
    responded = play.server.listen("cadbridge:respond")
    noted = play.server.listen("cadbridge:note")
    call = {
        "key": "911:5",
        "class": "civil",
        "how": "quiet",
        "number": "911 #5",
        "age": 5,
        "locale": "en",
        "style": "auto",
        "position": {"x": 50.0, "y": 60.0},
        "blip": LOOK,
    }
    await play.send("cadbridge:list", [call], "en")
    for name, data in (
        ("route", {"key": "911:5"}),
        ("respond", {"key": "911:5"}),
        ("note", {"key": "911:5", "text": "  on\nscene "}),
        ("note", {"key": "911:5", "text": "   "}),
        ("respond", {"key": "911:unknown"}),
        ("respond", {"key": ["911:5"]}),
        ("note", {}),
    ):
        await play.client.nui_callback(name, data)
    await play.server.advance(200)

    assert [blip.route for blip in play.client.blips] == [True]
    assert responded == [["911:5"]]
    assert noted == [["911:5", "on scene"]]
    assert play.nui("listed")[-1]["routed"] is True

    await play.client.nui_callback("route", {"key": "911:5"})
    assert [blip.route for blip in play.client.blips] == [False]


async def test_who_loses_his_rights_keeps_the_settings_panel_that_he_has_open(play: Play) -> None:
    await play.load_page()
    await play.show()
    await play.send("cadbridge:settings", "en")
    closed = len(play.nui("close"))
    await play.send("cadbridge:wipe")

    assert play.client.page.focus == (True, True)
    assert len(play.nui("close")) == closed
    assert play.client.blips == []


async def test_who_loses_his_rights_has_no_call_of_a_list_any_more(play: Play) -> None:
    await play.load_page()
    responded = play.server.listen("cadbridge:respond")
    await play.send("cadbridge:list", [listed()], "en")
    await play.send("cadbridge:wipe")
    for name in ("respond", "route"):
        await play.client.nui_callback(name, {"key": "911:5"})
    await play.server.advance(200)

    assert (responded, play.client.blips) == ([], [])


def listed(key: str = "911:5", **fields: Any) -> dict[str, Any]:
    """An entry of the list as the server sends it: it carries no look for the map."""
    entry = {
        "key": key,
        "class": "civil",
        "how": "quiet",
        "number": "911 #5",
        "age": 5,
        "locale": "en",
        "style": "auto",
        "position": {"x": 500.0, "y": 600.0, "z": 20.0},
    }
    return entry | fields


async def test_a_route_from_the_list_leaves_the_mark_of_the_call_as_it_is(play: Play) -> None:
    await play.load_page()
    look = LOOK | {"sprite": 60, "colour": 3, "minutes": 1, "name": "911 #5 · Pier"}
    await play.show("911:5", blip=look, **{"class": "assigned"})
    (before,) = play.client.blips
    face = (before.handle, before.sprite, before.colour, before.name)
    await play.send("cadbridge:list", [listed(**{"class": "assigned"})], "en")

    await play.client.nui_callback("route", {"key": "911:5"})
    (blip,) = play.client.blips
    assert (blip.handle, blip.sprite, blip.colour, blip.name) == face
    assert blip.route

    await play.client.nui_callback("route", {"key": "911:5"})
    await play.server.advance(120_000)
    assert [blip.route for blip in play.client.blips] == [False]  # lasting, as what is one's own


async def test_a_route_from_the_list_marks_a_call_again_whose_mark_is_gone(play: Play) -> None:
    await play.load_page()
    await play.show("911:5", blip=LOOK | {"sprite": 60, "minutes": 1, "name": "911 #5 · Pier"})
    await play.server.advance(70_000)
    assert play.client.blips == []
    await play.send("cadbridge:list", [listed()], "en")
    await play.client.nui_callback("route", {"key": "911:5"})

    (blip,) = play.client.blips
    assert (blip.sprite, blip.name, blip.route) == (60, "911 #5 · Pier", True)


async def test_a_route_from_the_list_to_a_call_never_marked_bears_its_number(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:list", [listed()], "en")
    await play.client.nui_callback("route", {"key": "911:5"})

    (blip,) = play.client.blips
    assert (blip.name, blip.route, blip.flashing) == ("911 #5", True, False)


async def test_the_list_tells_what_the_client_knows_of_a_call_beyond_what_was_cut(
    play: Play,
) -> None:
    await play.load_page()
    long = "Shots at the pier. " * 10
    await play.show("911:5", text=long, place="Pier 1", title=long)
    await play.show("911:6", text=long)
    entries = [
        listed("911:5", text=f"{long[:60]}…", place="Pier 2", title=f"{long[:20]}…"),
        listed("911:6", text="Something else…"),
        listed("911:7", text=f"{long[:60]}…"),
    ]
    await play.send("cadbridge:list", entries, "en")

    (opened,) = play.nui("list")
    known, other, unknown = opened["calls"]
    assert (known["text"], known["place"]) == (long.strip(), "Pier 2")
    assert other["text"] == "Something else…"
    assert unknown["text"] == f"{long[:60]}…"


@pytest.mark.parametrize("style", ["card", "native", "ox_lib", "chat"])
@pytest.mark.parametrize("text", [HOSTILE, "é" * 600_000, "\U0001f6a8" * 400, "~" * 5000])
async def test_hostile_text_is_harmless_in_every_style(play: Play, style: str, text: str) -> None:
    await play.load_page()
    rest = ("title", "place", "postal", "caller", "note", "priority")
    fields = {"text": text, "units": [text[:500]] * 40} | dict.fromkeys(rest, text[:3000])
    await play.show(style=style, number=text[:100], changed=["note"], **fields)
    if style == "card":
        await play.paint()
        shown = json.dumps(play.nui("show"), ensure_ascii=False)
        assert len(shown) < 20_000
        assert "\u202e" not in shown
        assert "\\u0000" not in shown
    elif style == "native":
        (post,) = play.client.feed
        assert set(post.codes) <= {"~n~"}
        assert all(len(part.encode()) <= 99 for part in post.components)
        assert "\ufffd" not in "".join(post.components)
        assert "<" not in post.text
    elif style == "ox_lib":
        (notify,) = play.client.notifies
        assert len(notify["description"]) < 10_000
        assert "[link](" not in notify["description"]
        assert " *b*" not in notify["description"]
    else:
        (message,) = play.client.chat
        assert "^" not in "".join(message["args"])
        assert "~" not in "".join(message["args"])
        assert "template" not in message
        assert len("".join(message["args"])) < 5000

    assert [outcome for *_, outcome in play.painted] == ["shown"]


async def test_an_entry_of_the_feed_is_replaced_by_its_next(play: Play) -> None:
    await play.show(style="native")
    first = play.client.feed[0].handle
    await play.show(style="native", how="change", sound="changed", text="News")

    assert play.client.feed_removed == [first]
    assert play.client.feed[-1].sender.startswith("Update · Emergency")


async def test_an_ox_lib_that_is_not_started_is_not_asked(play: Play) -> None:
    await play.server.stop_resource("ox_lib")
    await play.show(style="ox_lib")

    assert len(play.client.feed) == 1
    assert play.painted == [("911:1", 7, "shown")]


async def test_an_idle_client_with_its_page_loaded_and_its_list_closed_does_nothing(
    play: Play,
) -> None:
    await play.load_page()
    await play.show()
    await play.paint()
    await play.show("911:2", route=True, **{"class": "assigned"})
    await play.send("cadbridge:clear", "911:1", "closed")
    await play.client.nui_callback("route", {"key": "911:2"})  # drives without it
    await play.send("cadbridge:list", [listed("911:2")], "en")
    await play.client.nui_callback("close", {})
    await play.server.advance(60_000)
    assert [blip.route for blip in play.client.blips] == [False]
    messages, natives = len(play.client.nui), play.client.natives
    await play.server.advance(60_000)

    assert len(play.client.nui) == messages
    assert play.client.natives - natives == Counter()


@pytest.mark.parametrize(
    "stored", ["{", "null", '"x"', '{"style":7}', "[1,2,3]", "\x00", '{"volume":{"panic":"loud"}}']
)
async def test_broken_stored_settings_break_nothing(stored: str) -> None:
    players = {player.source: player for player in load_players(ROOT / "tests/data/players.json")}
    async with GameServer(ROOT / "lua_resource", clock="manual", javascript=False) as server:
        await server.join(players[1])
        await server.load_client(1)
        server.client(1).lua(
            "SetResourceKvp('cadbridge:preferences', ...)", stored.replace("\x00", "")
        )
        await server.restart_resource()
        await server.advance(500)
        play = Play(server)
        await play.show()

        assert server.errors == []
        assert len(play.client.feed) == 1


async def test_in_the_pause_menu_no_card_lies_over_the_map(play: Play) -> None:
    await play.load_page()
    await play.show(position=None, blip=None)
    play.client.surroundings.paused = True
    await play.server.advance(1000)
    play.client.surroundings.paused = False
    await play.server.advance(1000)

    assert [step["paused"] for step in play.nui("where")] == [False, True, False]


async def test_without_a_page_the_list_is_told_in_the_feed_and_nothing_takes_the_keyboard(
    play: Play,
) -> None:
    calls = [
        {"key": f"911:{n}", "class": "civil", "number": f"911 #{n}", "locale": "en"}
        for n in range(9)
    ]
    await play.send("cadbridge:list", calls, "en")
    await play.send("cadbridge:settings", "en")

    assert play.client.page.focus == (False, False)
    assert [post.sender[-6:] for post in play.client.feed] == [f"911 #{n}" for n in range(4)]


async def test_the_route_button_does_not_make_a_call_younger(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:list", [listed(age=5000)], "en")
    await play.server.advance(60_000)
    await play.client.nui_callback("route", {"key": "911:5"})

    assert "age" not in play.nui("listed")[-1]
    assert play.nui("listed")[-1]["routed"] is True


async def test_a_call_that_takes_anothers_place_takes_it_in_an_open_list(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:list", [listed()], "en")
    await play.show("dispatch:9", how="change", replaces="911:5", changed=[])

    assert [(row["key"], row["replaces"]) for row in play.nui("listed")] == [
        ("dispatch:9", "911:5")
    ]
    assert play.nui("unlisted") == []


async def test_a_note_from_the_list_is_not_cut(play: Play) -> None:
    await play.load_page()
    noted = play.server.listen("cadbridge:note")
    await play.send("cadbridge:list", [listed()], "en")
    note = "報" * 333  # as long as the page lets it be
    await play.client.nui_callback("note", {"key": "911:5", "text": note})
    await play.server.advance(200)

    assert noted == [["911:5", note]]


async def test_a_tone_is_no_entry_of_an_open_list(play: Play) -> None:
    await play.load_page()
    await play.send("cadbridge:list", [listed()], "en")
    await play.show("tone:9", **{"class": "tone"})
    await play.show("911:6")

    assert [row["key"] for row in play.nui("listed")] == ["911:6"]


async def test_the_chat_offers_no_key_as_a_command(play: Play) -> None:
    # As the chat does after any resource has started or stopped.
    play.client.lua(
        "local all = {} for _, command in ipairs(GetRegisteredCommands()) do"
        " all[#all + 1] = { name = '/' .. command.name, help = '' } end"
        " all[#all + 1] = { name = '/911', help = '' }"
        " TriggerEvent('chat:addSuggestions', all)"
    )
    await play.server.advance(200)

    assert "/911" in play.client.suggestions
    assert [name for name in play.client.suggestions if name[1] in "+-"] == []


async def test_what_the_chat_says_of_our_commands_outlives_its_forgetting(play: Play) -> None:
    await play.server.advance(1500)  # what the server says by itself has come
    help_ = {"name": "/911", "help": "Place a call", "params": [{"name": "text", "help": "What"}]}
    await play.send("cadbridge:suggest", [help_, {"name": "/link", "help": "Link"}])
    assert play.client.suggestions["/911"] == help_
    play.client.suggestions.clear()
    # As the chat does when its page is loaded; lists of others say nothing of ours.
    play.client.lua("TriggerEvent('chat:addSuggestions', {{ name = '/me', help = 'Acts' }})")
    await play.server.advance(200)
    assert set(play.client.suggestions) == {"/me"}
    play.client.lua(
        "TriggerEvent('chat:addSuggestions', {{ name = '/link', help = '' }, { name = '/911' }})"
    )
    await play.server.advance(200)
    assert play.client.suggestions["/911"] == help_
    assert play.client.suggestions["/link"]["help"] == "Link"
    # It is heard here too, and answered no second time.
    before = play.client.natives["TriggerEventInternal"]
    await play.server.advance(1000)
    assert play.client.natives["TriggerEventInternal"] == before


async def test_a_command_that_is_the_players_no_more_leaves_the_chat(play: Play) -> None:
    await play.server.advance(1500)  # what the server says by itself has come
    both = [{"name": "/panic", "help": "Panic"}, {"name": "/link", "help": "Link"}]
    await play.send("cadbridge:suggest", both)
    await play.send("cadbridge:suggest", both[1:])
    assert set(play.client.suggestions) == {"/link"}
    await play.send("cadbridge:suggest", "nonsense")
    await play.send("cadbridge:suggest", [])
    assert play.client.suggestions == {}


async def test_another_resource_cannot_say_what_the_chat_is_to_show(play: Play) -> None:
    play.client.lua("TriggerEvent('cadbridge:suggest', {{ name = '/x', help = 'x' }})")
    await play.server.advance(200)
    assert "/x" not in play.client.suggestions


async def test_what_the_pause_menu_hides_is_not_confirmed_as_seen(play: Play) -> None:
    await play.load_page()
    play.client.surroundings.paused = True
    await play.show()
    await play.paint()

    assert play.painted == [("911:1", 7, "paused")]
    assert play.client.sounds

"""One table owns point, circle and route of a call; what is removed is forgotten."""

from __future__ import annotations

import math
from typing import Any

import pytest

LOOK = {
    "sprite": 480,
    "colour": 1,
    "scale": 1.0,
    "flash": 10,
    "minutes": 10,
    "radius": 0,
    "name": "911 #4711",
    "category": 20,
    "categoryName": "911 calls",
}
AT = {"x": 100.0, "y": -200.0, "z": 30.0}


@pytest.fixture
def blips(client: Any) -> Any:
    return client.modules.blips.new(client.game.table, client.clock.later)


def show(client: Any, blips: Any, key: str = "911:1", **changes: Any) -> None:
    look = client.table(LOOK | changes.pop("look", {}))
    position = client.table(changes.pop("position", AT))
    blips.show(blips, key, position, look, changes.pop("news", True), changes.pop("lasting", False))


def living(client: Any) -> int:
    game = client.game
    made = len(game.named("AddBlipForCoord")) + len(game.named("AddBlipForRadius"))
    return made - len(game.named("RemoveBlip"))


def test_a_call_gets_a_point_with_name_and_legend_entry(client: Any, blips: Any) -> None:
    show(client, blips)

    assert client.game.named("AddBlipForCoord") == [(100.0, -200.0, 30.0)]
    assert client.game.named("SetBlipSprite") == [(100, 480)]
    assert client.game.named("AddTextComponentSubstringPlayerName") == [("911 #4711",)]
    assert client.game.named("AddTextEntry") == [("BLIP_CAT_20", "911 calls")]
    assert client.game.named("SetBlipCategory") == [(100, 20)]
    assert client.game.named("SetBlipFlashTimer") == [(100, 10000)]


@pytest.mark.parametrize(
    "position",
    [
        None,
        {"x": 0, "y": 0},
        {"x": math.nan, "y": 5.0},
        {"x": math.inf, "y": 5.0},
        {"x": "1", "y": 5.0},
        {"x": 1e9, "y": 5.0},
        {"y": 5.0},
        7,
    ],
)
def test_no_checked_position_no_blip_and_no_route(client: Any, blips: Any, position: Any) -> None:
    blips.show(blips, "911:1", client.table(position), client.table(LOOK), True, False)
    blips.route(blips, "911:1")

    assert client.game.calls == []


def test_a_mark_that_is_no_news_does_not_flash(client: Any, blips: Any) -> None:
    show(client, blips, news=False)

    assert not client.game.named("SetBlipFlashes")


def test_a_colour_may_be_one_outside_the_palette(client: Any, blips: Any) -> None:
    show(client, blips, look={"colour": 0xFF8800FF, "radius": 50})
    blips.route(blips, "911:1")

    assert client.game.named("SetBlipColour") == [(100, 0xFF8800FF), (101, 0xFF8800FF)]
    assert client.game.named("SetBlipRouteColour") == [(100, 0xFF8800FF)]


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300, "7", True])
def test_a_look_that_is_no_number_has_the_default(client: Any, blips: Any, value: Any) -> None:
    show(client, blips, look={"sprite": value, "colour": value})

    assert client.game.named("SetBlipSprite") == [(100, 480)]
    assert client.game.named("SetBlipColour") == [(100, 1)]


def test_news_moves_the_same_point(client: Any, blips: Any) -> None:
    show(client, blips)
    show(client, blips, position={"x": 5.0, "y": 6.0}, news=False)

    assert len(client.game.named("AddBlipForCoord")) == 1
    assert client.game.named("SetBlipCoords") == [(100, 5.0, 6.0, 0.0)]


def test_an_unchanged_look_is_not_painted_again(client: Any, blips: Any) -> None:
    show(client, blips)
    client.game.forget()
    show(client, blips, news=False)

    assert client.game.calls == []


def test_point_circle_and_route_go_together(client: Any, blips: Any) -> None:
    show(client, blips, look={"radius": 150})
    blips.route(blips, "911:1")
    blips.remove(blips, "911:1")

    assert client.game.named("RemoveBlip") == [(100,), (101,)]
    assert client.game.named("SetBlipRoute") == [(100, True), (100, False)]
    assert living(client) == 0


def test_a_removed_blip_is_never_touched_again(client: Any, blips: Any) -> None:
    show(client, blips)
    blips.route(blips, "911:1")
    blips.remove(blips, "911:1")
    client.game.forget()
    blips.remove(blips, "911:1")
    blips.move(blips, "911:1", client.table(AT))
    blips.unroute(blips, "911:1")
    client.clock.advance(3_600_000)

    assert client.game.calls == []


def test_a_blip_fades_and_goes_after_its_minutes(client: Any, blips: Any) -> None:
    show(client, blips)
    client.clock.advance(5 * 60_000)
    assert client.game.named("SetBlipAlpha") == [(100, 255), (100, 255)]

    client.clock.advance(5 * 60_000)

    faint = [alpha for _, alpha in client.game.named("SetBlipAlpha")[2:]]
    assert faint == sorted(faint, reverse=True)
    assert faint[-1] < 130
    assert living(client) == 0
    assert client.clock.waiting == 0


def test_news_gives_a_new_life(client: Any, blips: Any) -> None:
    show(client, blips)
    client.clock.advance(8 * 60_000)
    show(client, blips, news=True)
    client.clock.advance(8 * 60_000)

    assert living(client) == 1


def test_a_call_of_ones_own_stays_until_it_is_over(client: Any, blips: Any) -> None:
    show(client, blips, lasting=True)
    client.clock.advance(5 * 3_600_000)

    assert living(client) == 1


def test_a_route_keeps_its_blip(client: Any, blips: Any) -> None:
    client.game.answers["GetEntityCoords"] = client.table({"x": 5000.0, "y": 0.0, "z": 0.0})
    show(client, blips)
    blips.route(blips, "911:1")
    client.clock.advance(30 * 60_000)
    assert living(client) == 1

    blips.unroute(blips, "911:1")
    client.clock.advance(2 * 60_000)
    assert living(client) == 0


def test_a_route_ends_on_arrival_and_with_it_the_looking(client: Any, blips: Any) -> None:
    show(client, blips, lasting=True)
    client.game.answers["GetEntityCoords"] = client.table({"x": 900.0, "y": 0.0, "z": 0.0})
    blips.route(blips, "911:1")
    client.clock.advance(10_000)
    assert client.game.named("SetBlipRoute") == [(100, True)]

    client.game.answers["GetEntityCoords"] = client.table({"x": 110.0, "y": -190.0, "z": 0.0})
    client.clock.advance(2_000)

    assert client.game.named("SetBlipRoute") == [(100, True), (100, False)]
    client.game.forget()
    client.clock.advance(60_000)
    assert client.game.calls == []


def test_there_is_one_route_at_a_time(client: Any, blips: Any) -> None:
    show(client, blips, "911:1")
    show(client, blips, "911:2")
    blips.route(blips, "911:1")
    blips.route(blips, "911:2")

    assert client.game.named("SetBlipRoute") == [(100, True), (100, False), (101, True)]


def test_a_route_follows_its_call(client: Any, blips: Any) -> None:
    show(client, blips)
    blips.route(blips, "911:1")
    show(client, blips, position={"x": 7.0, "y": 8.0}, news=False)

    assert client.game.named("SetBlipRoute") == [(100, True), (100, True)]


def test_a_911_call_that_becomes_a_dispatch_call_keeps_its_blip(client: Any, blips: Any) -> None:
    show(client, blips, "911:1")
    blips.route(blips, "911:1")
    blips.rename(blips, "911:1", "dispatch:9")
    blips.remove(blips, "911:1")
    assert living(client) == 1

    blips.remove(blips, "dispatch:9")

    assert living(client) == 0
    assert client.game.named("SetBlipRoute")[-1] == (100, False)


def test_a_unit_in_distress_is_followed(client: Any, blips: Any) -> None:
    show(client, blips, "panic:101", lasting=True)
    blips.move(blips, "panic:101", client.table({"x": 1.0, "y": 2.0, "z": 3.0}))
    blips.move(blips, "panic:101", client.table({"x": math.nan, "y": 2.0}))

    assert client.game.named("SetBlipCoords") == [(100, 1.0, 2.0, 3.0)]


def test_all_goes_when_the_resource_stops(client: Any, blips: Any) -> None:
    for number in range(20):
        show(client, blips, f"911:{number}", look={"radius": 100})
    blips.route(blips, "911:3")
    blips.removeAll(blips)

    assert living(client) == 0


def test_the_players_own_waypoint_is_left_alone(client: Any, blips: Any) -> None:
    show(client, blips)
    blips.route(blips, "911:1")

    assert not client.game.named("SetNewWaypoint")


def test_a_hostile_name_is_one_safe_component(client: Any, blips: Any) -> None:
    show(client, blips, look={"name": "~r~<b>" + "é" * 200})

    (name,) = client.game.named("AddTextComponentSubstringPlayerName")[0]
    assert "~" not in name
    assert "<" not in name
    assert len(name.encode()) <= 99


def test_a_route_takes_the_colour_that_its_call_gets(client: Any, blips: Any) -> None:
    show(client, blips)
    blips.route(blips, "911:1")
    show(client, blips, look=LOOK | {"colour": 2})

    assert [colour for _, colour in client.game.named("SetBlipRouteColour")] == [1, 2]

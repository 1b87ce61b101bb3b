"""server/roster.lua against the sample players and pushes: the first list with a match counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any

DATA = Path(__file__).parents[1] / "data"
PLAYERS = json.loads((DATA / "players.json").read_text(encoding="utf-8"))
EXPECTED = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))["valid"]
LISTS = ["communityUserId", "communityUserIds", "identities", "apiIds", "callerCommunityUserId"]
DEFAULTS = {"communityUserId": ["license"], "apiIds": ["license", "steam", "discord"]}


class Roster:
    def __init__(self, lua: Lua, make: Any, bare: dict[str, list[str]] | None = None) -> None:
        self.lua, self.make = lua, make
        self.ambiguous: list[str] = []
        new = lua.eval("CadBridge.roster.new")
        self.it = new(
            make.to_lua(lua, bare or DEFAULTS), lambda value: self.ambiguous.append(value.decode())
        )

    def do(self, name: str, *values: Any) -> Any:
        method = self.lua.eval(f"function(it, ...) return it:{name}(...) end")
        return self.make.to_python(
            method(self.it, *(self.make.to_lua(self.lua, v) for v in values))
        )

    def add(self, source: int, *identifiers: str) -> None:
        self.do("add", source, "name", list(identifiers), False)

    def match(self, *lists: list[Any]) -> tuple[list[int], int | None]:
        found = self.do("match", [*lists, *[[]] * (5 - len(lists))])
        return list(found["players"] or []), found.get("list")


@pytest.fixture
def new(load: Callable[..., Lua], make: Any) -> Callable[..., Roster]:
    lua = load("server/membership.lua", "server/roster.lua")
    return lambda bare=None: Roster(lua, make, bare)


@pytest.fixture
def roster(new: Callable[..., Roster]) -> Roster:
    """The sample players, all of them."""
    made = new()
    for player in PLAYERS:
        made.add(player["source"], *player["identifiers"])
    return made


def five_lists(body: dict[str, Any]) -> list[list[Any]]:
    """Return the ids of one element of an EVENT_911 as the bridge sends them."""

    def listed(value: Any) -> list[Any]:
        return value if isinstance(value, list) else [] if value is None else [value]

    call = body.get("call") or {}
    meta = {}
    for place in (body, call):
        if isinstance(place.get("metaData"), dict):
            meta.update(place["metaData"])
    return [
        listed(body.get("communityUserId")),
        listed(body.get("communityUserIds")),
        listed(body.get("identities")),
        listed(body.get("apiIds")),
        listed(meta.get("callerCommunityUserId")),
    ]


def samples() -> list[Any]:
    cases = []
    for entry in EXPECTED:
        if entry["type"] != "EVENT_911":
            continue
        push = json.loads((DATA / entry["file"]).read_text(encoding="utf-8"))
        data = push["data"] if isinstance(push["data"], list) else [push["data"]]
        for number, (body, expect) in enumerate(zip(data, entry["expect"], strict=True)):
            name = f"{Path(entry['file']).stem}-{number}"
            cases.append(pytest.param(body, expect, id=name))
    return cases


@pytest.mark.parametrize(("body", "expect"), samples())
def test_a_sample_push_means_the_players_it_should(
    roster: Roster, body: dict[str, Any], expect: dict[str, Any]
) -> None:
    players, matched = roster.match(*five_lists(body))
    assert players == expect["players"]
    by = expect["matchedBy"]
    assert (matched and LISTS[matched - 1]) == (by and by.removeprefix("metaData."))


SAME = [
    ("license:ABC", "license:abc"),
    ("LICENSE:abc", "license:abc"),
    ("  license:abc ", "license:abc"),
    ("license: abc", "license:abc"),
    ("license2:ABC", "license2:abc"),
    ("STEAM:110000104D2E5F1", "steam:110000104d2e5f1"),
    ("steam:76561198041196017", "steam:110000104d2e5f1"),
    ("fivem:12345", "fivem:12345"),
    ("discord:310000000000000002", "discord:310000000000000002"),
]


@pytest.mark.parametrize(("written", "identifier"), SAME)
def test_an_id_matches_however_it_is_written(
    new: Callable[..., Roster], written: str, identifier: str
) -> None:
    roster = new()
    roster.add(1, identifier)
    assert roster.match([written]) == ([1], 1)


NOBODY: list[Any] = [
    "",
    "  ",
    "nil",
    "NULL",
    "undefined",
    "None",
    "unknown",
    "license:nil",
    "license:",
    "ip:203.0.113.21",
    "203.0.113.21",
    "4410021",
    "fivem:abc123",
    "unknowntype:abc123",
    "player_abc123",
    "x" * 300,
    5,
    True,
    {},
]


@pytest.mark.parametrize("written", NOBODY, ids=repr)
def test_what_is_no_id_means_nobody(roster: Roster, written: Any) -> None:
    for position in range(5):
        lists: list[list[Any]] = [[], [], [], [], []]
        lists[position] = [written]
        assert roster.match(*lists) == ([], None)


def test_a_bare_id_means_a_license_only_where_it_proves_something(roster: Roster) -> None:
    discord = "310000000000000002"
    assert roster.match([discord]) == ([], None)
    assert roster.match([], [], [], [discord]) == ([2], 4)


def test_a_bare_decimal_steam_id_counts_where_bare_ids_may_mean_steam(roster: Roster) -> None:
    assert roster.match([], [], [], ["76561198041196017"]) == ([2], 4)
    assert roster.match(["76561198041196017"]) == ([], None)


def test_a_bare_value_of_two_players_means_nobody_and_is_said_once(
    new: Callable[..., Roster],
) -> None:
    roster = new({"communityUserId": ["fivem", "xbl"], "apiIds": ["license"]})
    for player in PLAYERS:
        roster.add(player["source"], *player["identifiers"])
    for _ in range(3):
        assert roster.match(["5550142"]) == ([], None)
    assert roster.ambiguous == ["5550142"]
    assert roster.match(["fivem:5550142"]) == ([10], 1)
    roster.do("remove", 11)
    assert roster.match(["5550142"]) == ([10], 1)


def test_one_player_with_the_same_value_twice_is_not_ambiguous(new: Callable[..., Roster]) -> None:
    roster = new({"communityUserId": ["license", "license2"], "apiIds": []})
    roster.add(1, "license:abc", "license2:abc")
    assert roster.match(["abc"]) == ([1], 1)


def test_ip_is_never_a_type_whatever_the_owner_says(new: Callable[..., Roster]) -> None:
    roster = new({"communityUserId": ["ip"], "apiIds": ["ip"]})
    roster.add(1, "ip:203.0.113.21")
    assert roster.match(["203.0.113.21"], [], [], ["203.0.113.21"]) == ([], None)
    assert roster.match(["ip:203.0.113.21"]) == ([], None)


def test_within_a_list_all_matches_count(roster: Roster) -> None:
    assert roster.match(["license:nobody"], ["abc123", PLAYERS[2]["identifiers"][0]]) == ([1, 3], 2)


def test_who_left_means_nobody_and_may_come_back(roster: Roster) -> None:
    roster.do("remove", 1)
    assert roster.match(["abc123"]) == ([], None)
    roster.add(40, "license:abc123")
    assert roster.match(["abc123"]) == ([40], 1)


def test_where_a_caller_stood_is_remembered_for_five_minutes(new: Callable[..., Roster]) -> None:
    roster = new()
    roster.add(1, "license:abc", "discord:1", "ip:203.0.113.1")
    roster.do("remove", 1, 1000, {"x": 5.0, "y": 6.0})
    assert roster.do("left", [["abc", "license:abc"]], 2000) == [
        {"at": 1000, "position": {"x": 5.0, "y": 6.0}}
    ]
    # Only what proves who he was counts.
    assert roster.do("left", [[], [], [], ["license:abc"]], 2000) == {}
    assert roster.do("left", [["abc"]], 302_000) == {}


def test_who_comes_back_is_not_two_persons(new: Callable[..., Roster]) -> None:
    roster = new()
    roster.add(1, "license:abc")
    roster.do("remove", 1, 1000, {"x": 5.0, "y": 6.0})
    roster.add(2, "license:abc")
    assert roster.do("left", [["abc"]], 2000) == {}
    assert roster.match(["abc"]) == ([2], 1)


def test_many_who_left_are_forgotten_in_turn(new: Callable[..., Roster]) -> None:
    roster = new()
    for number in range(50):
        roster.add(number, f"license:{number:x}a")
        roster.do("remove", number, number * 10_000, None)
    assert len(roster.it[b"leavers"]) <= 31

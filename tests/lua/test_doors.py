"""server/doors.lua: whatever a player's game sends, only intentions of those who may get in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

Town = Any
Make = Any

RESOURCE = Path(__file__).parents[2] / "lua_resource"
DOORS = ["ready", "painted", "respond", "leave", "note", "calls", "exposed"]

HOSTILE: list[list[Any]] = [
    [],
    [None],
    [None, None, None],
    [True],
    [0],
    [-1],
    [3.5],
    [float("inf")],
    [float("nan")],
    [2**63],
    ["x" * 100_000],
    [b"\xff\xfe\x00".decode("latin-1")],
    ["a\0b", "c", "shown"],
    [{"key": "911:4711"}],
    [["911:4711"]],
    [{"__cfx_functionReference": "x"}, {}, {}],
    ["911:4711", "1", "shown"],
    ["911:4711", 1, "SHOWN"],
    ["911:4711", 1, "shown", "more"],
    ["911:4711", "x" * 2001],
    ["911:4711", ""],
]


@pytest.fixture
async def street(town: Town, make: Make) -> Town:
    town.responders(1)
    await town.come(1, 4)
    await town.event("call.opened", call=make.call())
    town.forget()
    return town


def test_no_other_file_opens_the_network() -> None:
    opens = re.compile(r"Register(Net|Server)Event|onNet\b|addNetEventListener")
    for file in sorted((RESOURCE / "server").rglob("*")):
        if file.suffix in (".lua", ".js") and file.name != "doors.lua":
            assert not opens.search(file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize("values", HOSTILE, ids=repr)
async def test_hostile_values_do_nothing_at_any_door(street: Town, values: list[Any]) -> None:
    for source in (1, 4):
        for door in DOORS:
            street.server.emit_as_client(source, f"cadbridge:{door}", *values)
    await street.server.advance(200)
    assert street.frames("request") == []
    assert street.frames("receipt") == [] or street.frames("receipt")[0]["shown"] == 0
    assert street.got(4) == []
    # Nothing at all is what a key press sends: the list, and that he is on no call.
    nothing = all(value is None for value in values)
    assert {name for name, _ in street.got(1)} == ({"list", "notice"} if nothing else set())


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats()
    | st.text(max_size=50)
    | st.sampled_from(["911:4711", "shown", "muted", "1.0.0"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(
    knocks=st.lists(st.tuples(st.sampled_from(DOORS), st.lists(VALUES, max_size=4)), max_size=20)
)
async def test_a_bystander_gets_nothing_whatever_he_sends(
    opened: Any, make: Make, knocks: list[tuple[str, list[Any]]]
) -> None:
    async with opened() as town:
        town.responders(1)
        await town.come(1, 4)
        await town.event("call.opened", call=make.call())
        town.forget()
        for door, values in knocks:
            town.server.emit_as_client(4, f"cadbridge:{door}", *values)
        await town.server.advance(300)
        assert town.got(4) == []
        assert town.got(1) == []
        assert town.frames("request") == []


async def test_broken_bytes_do_nothing(street: Town) -> None:
    for payload in (b"", b"\xc1", b"\xdf\xff\xff\xff\xff", b"\x93\x01", b"\xd9\xff"):
        for door in DOORS:
            street.server.emit_raw_as_client(4, f"cadbridge:{door}", payload)
    await street.server.advance(200)
    # The game's own decoder complains; that is not the resource's.
    street.server.errors.clear()
    assert street.got(4) == []


async def test_what_is_refused_is_counted_and_named_once(street: Town) -> None:
    for _ in range(3):
        street.server.emit_as_client(4, "cadbridge:note", 5)
        street.server.emit_as_client(4, "cadbridge:respond", "911:4711")
    await street.server.advance(200)
    assert street.said("J.P. Brandt (4) sent cadbridge:note with values") == 1
    assert street.said("J.P. Brandt (4) sent cadbridge:respond without being a responder") == 1
    lines = street.server.console("cadbridge status")
    assert any("Ignored from cadbridge:note: 3" in line for line in lines)


async def test_a_flood_is_ignored_and_named_once(street: Town) -> None:
    for _ in range(100):
        street.server.emit_as_client(1, "cadbridge:calls")
    await street.server.advance(500)
    assert [name for name, _ in street.got(1)] == ["list"] * 4 + ["notice"]
    assert street.said("sends cadbridge:calls too often") == 1


async def test_who_presses_a_key_too_fast_is_told_once_in_a_while(street: Town) -> None:
    slow = "Not so fast: wait a moment and try again."
    for _ in range(8):
        street.server.emit_as_client(1, "cadbridge:respond", "911:4711")
        street.server.emit_as_client(1, "cadbridge:calls")
        await street.server.advance(500)
    assert street.lines(1).count(slow) == 1
    await street.server.advance(10_000)
    for _ in range(6):
        street.server.emit_as_client(1, "cadbridge:calls")
    await street.server.advance(100)
    assert street.lines(1).count(slow) == 1


async def test_a_flood_of_what_the_game_sends_by_itself_is_no_key(street: Town) -> None:
    for _ in range(10):
        street.server.emit_as_client(1, "cadbridge:exposed", "x")
        street.server.emit_as_client(1, "cadbridge:ready", "1.0.0")
    await street.server.advance(100)
    assert street.lines(1) == []


async def test_a_bystander_who_floods_hears_nothing(street: Town) -> None:
    for _ in range(20):
        street.server.emit_as_client(4, "cadbridge:respond", "911:4711")
    await street.server.advance(500)
    assert street.got(4) == []


async def test_nobody_speaks_for_another_player(street: Town, make: Make) -> None:
    seq = street.seq
    street.server.emit_as_client(4, "cadbridge:painted", "911:4711", seq, "shown")
    await street.server.advance(6000)
    (receipt,) = street.frames("receipt")
    assert (receipt["shown"], receipt["why"]) == (0, {"unanswered": 1})


async def test_an_event_of_the_server_itself_is_no_player(street: Town) -> None:
    for door in DOORS:
        street.server.emit_local(f"cadbridge:{door}", "911:4711", resource="another")
    await street.server.advance(200)
    assert street.got(1) == []
    assert street.frames("request") == []


@pytest.mark.parametrize(
    "name", ["cadbridge:transport", "cadbridge:socket", "cadbridge:callOpened"]
)
async def test_inner_events_are_closed_to_the_network(street: Town, name: str) -> None:
    street.server.emit_as_client(4, name, "open", 9)
    await street.server.advance(300)
    assert all("was not safe for net" in str(error) for error in street.server.errors)
    street.server.errors.clear()
    assert [words for words in street.out if words[0] == "hello"][-1][1] == 1
    assert street.got(1) == []


async def test_the_connection_is_closed_to_other_resources(street: Town, make: Make) -> None:
    forged = '{"op":"event","seq":99,"age":0,"alert":true,"event":{"type":"call.opened","call":{}}}'
    street.tell("frame", street.generation, forged, by="another")
    street.tell("down", "closed", 1006, 1000, by="another")
    await street.server.advance(300)
    assert street.got(1) == []
    assert street.server.export("IsConnected") is True


async def test_a_player_who_left_is_nobody(street: Town) -> None:
    await street.server.drop(1)
    street.server.lobby.process.world.queue("cadbridge:calls", b"\x90", "net:1")
    street.server.lobby.process.world.queue("cadbridge:calls", b"\x90", "net:65540")
    await street.server.advance(100)
    assert street.got(1) == []

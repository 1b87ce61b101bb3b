from __future__ import annotations

import pytest

from bridge.demo.game.hashing import joaat
from bridge.demo.game.packing import FunctionRef, decode, encode_args
from bridge.demo.game.players import load_players


@pytest.mark.parametrize(
    "value", [None, True, 1, -200, 2**40, 1.5, 3.0, "é", "a\udcffb", [1, [None]], {"k": {1: 2}}]
)
def test_values_come_back(value: object) -> None:
    (back,) = decode(encode_args([value]))
    assert back == value
    assert type(back) is type(value)


def test_bytes_become_text_of_these_bytes() -> None:
    assert decode(encode_args([b"a\xff"])) == ["a\udcff"]


def test_function_references_keep_their_name() -> None:
    assert decode(encode_args([FunctionRef("a:1:2")])) == [FunctionRef("a:1:2")]


def test_what_no_script_could_hold_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        encode_args([{1, 2}])


def test_hashes_are_those_of_the_game() -> None:
    assert joaat("adder") & 0xFFFFFFFF == 0xB779A091
    assert joaat("ADDER") == joaat("adder") == 0xB779A091 - (1 << 32)


def test_the_sample_players_are_read(data: object) -> None:
    players = load_players(data / "players.json")  # type: ignore[operator]
    assert len(players) == 12
    assert players[0].principals()[0] == "identifier.license:abc123"

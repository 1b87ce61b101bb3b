"""What a player has chosen survives whatever happens to the place where it is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest


def read(client: Any, text: Any) -> dict[str, Any]:
    decode = lambda stored: client.table(json.loads(stored))  # noqa: E731
    result: dict[str, Any] = client.plain(client.modules.preferences.read(text, decode))
    return result


def test_a_new_player_gets_the_defaults(client: Any) -> None:
    chosen = read(client, None)

    assert chosen["style"] == "auto"
    assert chosen["place"] == "top-right"
    assert chosen["glance"] is True
    assert chosen["shield"] is False
    assert chosen["mute"] is False


@pytest.mark.parametrize(
    "stored",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        '"x"',
        '{"style":3,"place":null,"size":"huge","x":"a","y":[],"volume":7,"muted":"all","mute":"yes"}',
        '{"volume":{"panic":-1,"emergency":"loud"},"muted":{"panic":true}}',
    ],
)
def test_a_broken_stored_value_gives_the_defaults(client: Any, stored: str) -> None:
    assert read(client, stored) | {"volume": 0} == read(client, None) | {"volume": 0}


def test_what_was_chosen_comes_back(client: Any) -> None:
    chosen = {"style": "chat", "place": "free", "x": 0.25, "y": 0.5, "size": "large", "mute": True}

    assert chosen.items() <= read(client, json.dumps(chosen)).items()


@pytest.mark.parametrize(("stored", "kept"), [(-4, 0), (250, 100), (33.4, 33)])
def test_a_volume_is_a_whole_number_up_to_100(client: Any, stored: float, kept: int) -> None:
    assert read(client, json.dumps({"volume": {"civil": stored}}))["volume"]["civil"] == kept


def test_panic_cannot_be_muted_nor_turned_down_to_nothing(client: Any) -> None:
    text = '{"mute":true,"muted":{"panic":true},"volume":{"panic":0}}'
    chosen = client.table(read(client, text))

    assert not client.modules.preferences.silences(chosen, "panic")
    assert client.modules.preferences.loudness(chosen, "panic") >= 40
    assert client.modules.preferences.silences(chosen, "emergency")


def test_one_class_can_be_muted_alone(client: Any) -> None:
    chosen = client.table(read(client, '{"muted":{"civil":true}}'))

    assert client.modules.preferences.silences(chosen, "civil")
    assert not client.modules.preferences.silences(chosen, "emergency")

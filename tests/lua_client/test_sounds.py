"""One sound a second, the most urgent one; panic at once and unmistakable."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture
def played() -> list[tuple[int, str]]:
    return []


@pytest.fixture
def sounds(client: Any, played: list[tuple[int, str]]) -> Any:
    def play(name: str, _volume: int) -> None:
        played.append((client.clock.at - 1000, name))

    return client.modules.sounds.new(play, client.clock.now, client.clock.later)


def test_a_burst_of_alerts_sounds_once_a_second(client: Any, sounds: Any, played: Any) -> None:
    for _ in range(50):
        sounds.due(sounds, "new", 70)
        client.clock.advance(100)

    assert [at for at, _ in played] == [0, 1000, 2000, 3000, 4000]


def test_the_more_urgent_sound_follows_when_the_second_is_over(
    client: Any, sounds: Any, played: Any
) -> None:
    for name in ("changed", "new", "assigned", "new"):
        sounds.due(sounds, name, 70)
        client.clock.advance(100)
    client.clock.advance(5000)

    assert played == [(0, "changed"), (1000, "assigned")]


def test_panic_waits_for_nothing_and_sounds_three_times(
    client: Any, sounds: Any, played: Any
) -> None:
    sounds.due(sounds, "new", 70)
    client.clock.advance(200)
    sounds.due(sounds, "panic", 70)
    sounds.due(sounds, "assigned", 70)
    client.clock.advance(10000)

    assert played == [(0, "new"), (200, "panic"), (1200, "panic"), (2200, "panic")]


def test_a_panic_that_has_ended_sounds_no_more(client: Any, sounds: Any, played: Any) -> None:
    sounds.due(sounds, "panic", 70)
    client.clock.advance(500)
    sounds.hush(sounds)
    client.clock.advance(10000)

    assert played == [(0, "panic")]


@pytest.mark.parametrize("name", [None, "quiet", "siren", 3, ""])
def test_what_is_no_sound_is_silence(sounds: Any, played: Any, name: Any) -> None:
    sounds.due(sounds, name, 70)

    assert not played


def test_volume_nought_is_silence(sounds: Any, played: Any) -> None:
    sounds.due(sounds, "new", 0)

    assert not played


def test_each_kind_of_news_has_a_sound_of_its_own(client: Any) -> None:
    table = client.plain(client.modules.sounds.GAME)

    assert set(table) == {"new", "assigned", "changed", "panic"}
    assert len({tuple(sound) for sound in table.values()}) == 4


def test_panics_of_several_units_do_not_sound_over_each_other(
    client: Any, sounds: Any, played: Any
) -> None:
    for _ in range(5):
        sounds.due(sounds, "panic", 70)
        client.clock.advance(100)
    client.clock.advance(10000)

    assert played == [(at, "panic") for at in (0, 1000, 2000, 3000)]

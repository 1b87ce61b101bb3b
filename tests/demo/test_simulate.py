"""A night with a real bridge: nothing is lost, and what is lost is said."""

from typing import Any

import pytest

from bridge.demo import simulate as simulation
from bridge.demo import verdict
from bridge.demo.delivery import Delivery
from bridge.demo.simulate import simulate
from bridge.errors import ConfigurationError


@pytest.mark.parametrize(
    ("minutes", "speed", "named"),
    [
        (0, 20, "--minutes"),
        (181, 20, "--minutes"),
        (60, 1, "--minutes: 60 at this speed"),
        (1, 0.5, "--speed"),
        (1, 21, "--speed"),
    ],
)
async def test_a_night_without_bounds_is_refused(minutes: float, speed: float, named: str) -> None:
    with pytest.raises(ConfigurationError, match=named):
        await simulate(minutes, speed=speed)


def acts(monkeypatch: pytest.MonkeyPatch, number: int, *, seed: int) -> int:
    """Let a night be over after so many acts, be the machine fast or slow; return its seed.

    In the nights below the four kinds of accidents have all begun before the acts' own pauses are
    two thirds over, and what is dropped is a call that stays a 911 call.
    """
    monkeypatch.setattr(simulation, "MOST_ACTS", number)
    return seed


@pytest.mark.slow
async def test_nothing_is_lost_though_everything_breaks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(simulation, "BETWEEN_ACCIDENTS", (0.3, 0.8))
    said: list[str] = []

    night = await simulate(180, seed=acts(monkeypatch, 30, seed=146), say=said.append)

    assert night.verdict.lost == []
    assert night.ok
    assert night.verdict.alerts == 10
    seen = night.verdict.painted + night.verdict.quiet + night.verdict.over
    assert seen == night.verdict.alerts
    assert len(night.accidents) == 4
    assert len(night.delivery.types) > 20
    assert night.lines()[-1] == "lost     0"
    assert "seed 146" in said[0]


@pytest.mark.slow
async def test_what_is_lost_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verdict, "SETTLE_SECONDS", 1.0)
    carry = Delivery._until_taken
    dropped = []

    async def careless(self: Delivery, push: dict[str, Any]) -> None:
        if push["type"] == "EVENT_911" and len(dropped) < 1:
            dropped.append(push["data"][0]["call"]["callId"])
            return
        if push["type"] != "EVENT_911" or push["data"][0]["call"]["callId"] not in dropped:
            await carry(self, push)

    monkeypatch.setattr(Delivery, "_until_taken", careless)

    night = await simulate(180, seed=acts(monkeypatch, 12, seed=5), accidents=False)

    assert not night.ok
    assert f"911:{dropped[0]} is not in the journal" in night.verdict.lost
    assert f"911:{dropped[0]} never came to the responder" in night.verdict.lost
    assert "(seed 5)" in "\n".join(night.lines())

"""`simulate`: a Friday night against the demo's own stage, with everything that can go wrong in it.

Pushes come twice, late and in another order; the bridge is killed, the resource restarted, the
connection cut or silent. At the end everything must be there: each push answered, each call and
note in the journal, each call on the responder's screen or map, and the same board in CAD, bridge
and game. It makes its own bridge, CAD and game server, and there is no way to name others.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bridge.demo.delivery import Delivery
from bridge.demo.stage import CALLER, RESPONDER, Stage
from bridge.demo.traffic import ACTS_A_MINUTE, Traffic
from bridge.demo.verdict import Verdict, judge
from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FASTEST", "LONGEST_MINUTES", "Night", "simulate"]

LONGEST_MINUTES = 180.0
FASTEST = 20.0
MOST_SECONDS = 900.0
"""Of real time; a longer night is refused beforehand."""
MOST_ACTS = 20_000
SHOWN = 20
"""Losses printed."""
BETWEEN_ACCIDENTS = (3.0, 6.0)
"""Seconds of real time: the game server's pauses before it connects again are real too."""


@dataclass(slots=True)
class Night:
    """How the night went."""

    seed: int
    delivery: Delivery
    accidents: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)

    @property
    def ok(self) -> bool:
        """Nothing was lost."""
        return not self.verdict.lost

    def lines(self) -> list[str]:
        """Return what to print."""
        sent, verdict = self.delivery, self.verdict
        accidents = ", ".join(f"{n} × {what}" for what, n in sorted(self.accidents.items()))
        delivered = (
            f"{sent.twice} came twice, {sent.late} once more later, {sent.swapped} in another "
            f"order, {sent.again} had to be posted again"
        )
        painted = (
            f"{verdict.painted} of {verdict.alerts} calls on the responder's screen, "
            f"{verdict.quiet} only on his map after a restart, {verdict.over} over before it"
        )
        return [
            f"sent     {sent.sent} pushes of {len(sent.types)} types; {delivered}",
            f"broken   {accidents or 'nothing'}",
            f"stored   {verdict.events} events: {verdict.calls} calls, {verdict.notes} notes",
            f"painted  {painted}",
            f"lost     {len(verdict.lost)}" + (f" (seed {self.seed})" if verdict.lost else ""),
            *(f"         {what}" for what in verdict.lost[:SHOWN]),
        ]


async def simulate(
    minutes: float = 10.0,
    *,
    speed: float = FASTEST,
    seed: int | None = None,
    accidents: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Night:
    """Play a night and judge it.

    Args:
        minutes: how long it is.
        speed: how many of its minutes pass in a real one, 1 to 20.
        seed: a night of the same seed has the same acts; None: any.
        accidents: let things break.
        say: prints a line.

    Raises:
        ConfigurationError: an option is out of bounds.
    """
    _check(minutes, speed)
    seed = random.SystemRandom().randrange(1_000_000) if seed is None else seed
    say(f"{minutes:g} minutes at {speed:g} times the speed, seed {seed}: starting the stage ...")
    async with Stage() as stage:
        delivery = Delivery(stage.bridge.push, random.Random(seed + 1))  # noqa: S311 - chance, no secret
        stage.cad.belong(stage.bridge.key, delivery.post)
        night = Night(seed, delivery)
        painted = _watch(stage)
        players = [player.identifiers[0] for player in (RESPONDER, CALLER)]
        traffic = Traffic(random.Random(seed), stage.cad, players)  # noqa: S311
        breaking = asyncio.create_task(_break(stage, night, seed)) if accidents else None
        try:
            await _run(traffic, minutes, speed, random.Random(seed + 2), say)  # noqa: S311
            await traffic.end()
            await delivery.flush()
        finally:
            if breaking is not None:
                breaking.cancel()
                await asyncio.gather(breaking, return_exceptions=True)
        await _mend(stage)
        night.verdict = await judge(stage, traffic, painted)
    return night


def _watch(stage: Stage) -> set[str]:
    """Return the set into which each key goes that the responder's client has painted."""
    painted: set[str] = set()

    def hear(args: list[Any], source: str) -> None:
        if source.rpartition(":")[2] == str(RESPONDER.source) and args[2] == "shown":
            painted.add(args[0])

    stage.game.world.listen("cadbridge:painted", hear)
    return painted


def _check(minutes: float, speed: float) -> None:
    if not 0 < minutes <= LONGEST_MINUTES:
        raise ConfigurationError("--minutes", f"{minutes:g} is out of bounds", "up to 180")
    if not 1 <= speed <= FASTEST:
        raise ConfigurationError("--speed", f"{speed:g} is out of bounds", f"1 to {FASTEST:g}")
    if minutes * 60 / speed > MOST_SECONDS:
        raise ConfigurationError(
            "--minutes",
            f"{minutes:g} at this speed take longer than {MOST_SECONDS / 60:g} minutes",
            "fewer, or a higher --speed",
        )


async def _run(
    traffic: Traffic,
    minutes: float,
    speed: float,
    chance: random.Random,
    say: Callable[[str], None],
) -> None:
    """Let people act until the night is over, by the clock or by number."""
    await traffic.begin()
    ends = time.monotonic() + minutes * 60 / speed
    spoken = time.monotonic()
    for _ in range(MOST_ACTS):
        await asyncio.sleep(chance.expovariate(ACTS_A_MINUTE * speed / 60))
        if time.monotonic() >= ends:
            return
        await traffic.act()
        if time.monotonic() - spoken >= 10:
            spoken = time.monotonic()
            say(f"{len(traffic.placed)} calls so far, {ends - spoken:.0f} s to go")


async def _break(stage: Stage, night: Night, seed: int) -> None:
    """Break one thing after the other, all kinds in turn, until cancelled."""
    chance = random.Random(seed + 3)  # noqa: S311
    kinds: list[tuple[str, Callable[[Stage, random.Random], Any]]] = [
        ("bridge killed", _kill),
        ("resource restarted", _restart),
        ("connection cut", _cut),
        ("connection silent", _silence),
    ]
    while True:
        chance.shuffle(kinds)
        for name, accident in kinds:
            await asyncio.sleep(chance.uniform(*BETWEEN_ACCIDENTS))
            night.accidents[name] += 1
            await accident(stage, chance)


async def _kill(stage: Stage, chance: random.Random) -> None:
    await stage.bridge.kill()
    await asyncio.sleep(chance.uniform(0, 0.5))
    await asyncio.shield(stage.bridge.start())


async def _restart(stage: Stage, _: random.Random) -> None:
    await asyncio.shield(stage.game.restart_resource())


async def _cut(stage: Stage, chance: random.Random) -> None:
    stage.cable.cut()
    await asyncio.sleep(chance.uniform(0.2, 2.0))
    stage.cable.mend()


async def _silence(stage: Stage, chance: random.Random) -> None:
    stage.cable.silence()
    await asyncio.sleep(chance.uniform(0.2, 1.5))
    stage.cable.mend()


async def _mend(stage: Stage) -> None:
    stage.cable.mend()
    if not stage.bridge.running:
        await stage.bridge.start()

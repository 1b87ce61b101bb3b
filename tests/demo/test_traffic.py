"""The night's traffic: every type, the same for the same seed, and never nonsense."""

import random
from collections import Counter
from typing import Any

from bridge.demo.cad import Cad
from bridge.demo.traffic import _STATELESS, Traffic
from bridge.owner import samples
from bridge.sonoran.payloads import parse

PLAYERS = ["license:responder", "license:caller"]


async def night(cad: Cad, seed: int, acts: int) -> Traffic:
    traffic = Traffic(random.Random(seed), cad, PLAYERS)
    await traffic.begin()
    for _ in range(acts):
        await traffic.act()
    await traffic.end()
    return traffic


async def test_a_night_has_every_push_type_there_is(cad: Cad, pushed: Any) -> None:
    await night(cad, 1, 400)
    assert set(pushed.types) == set(samples.NAMES)


async def test_what_changes_no_state_comes_in_turn_all_night(cad: Cad, pushed: Any) -> None:
    await night(cad, 1, 2000)
    counts = Counter(name for name in pushed.types if name in _STATELESS)

    assert min(counts.values()) > 1
    assert max(counts.values()) - min(counts.values()) <= 1


async def test_the_same_seed_gives_the_same_night(pushed: Any) -> None:
    async def types(seed: int) -> list[str]:
        cad = Cad()
        pushed.clear()
        cad.belong("", pushed.post)
        await night(cad, seed, 100)
        return list(pushed.types)

    assert await types(7) == await types(7)
    assert await types(7) != await types(8)


async def test_every_push_of_a_night_is_understood(cad: Cad, pushed: Any) -> None:
    await night(cad, 2, 400)
    for push in pushed:
        parse(push["type"], push, 0, frozenset())


async def test_what_was_placed_is_open_or_was_closed_by_a_push(cad: Cad, pushed: Any) -> None:
    traffic = await night(cad, 3, 400)
    removed = {
        f"911:{number}"
        for push in pushed
        if push["type"] == "EVENT_REMOVE_911"
        for number in push["data"][0]["callIds"]
    }
    still = {f"911:{number}" for number in cad.emergencies}
    assert set(traffic.placed) == removed | still
    assert not removed & still

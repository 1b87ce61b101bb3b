from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.memory import Memory


@pytest.fixture
def memory() -> Memory[str, int]:
    return Memory(lasts_ms=100, most=3)


def test_a_memory_lasts_as_long_as_it_says(memory: Memory[str, int]) -> None:
    memory.put("a", 1, at=1000)

    assert memory.get("a", 1099) == 1
    assert memory.get("a", 1100) is None
    assert memory.get("b", 1000) is None


def test_what_is_put_again_lasts_from_then_on(memory: Memory[str, int]) -> None:
    memory.put("a", 1, at=1000)
    memory.put("a", 2, at=1090)

    assert memory.get("a", 1150) == 2


def test_when_full_the_oldest_makes_room(memory: Memory[str, int]) -> None:
    for at, key in enumerate("abac d".replace(" ", "")):
        memory.put(key, at, at)

    assert dict(memory.items(4)) == {"a": 2, "c": 3, "d": 4}


def test_what_is_too_old_is_dropped_by_the_next(memory: Memory[str, int]) -> None:
    memory.put("a", 1, at=0)
    memory.put("b", 2, at=50)
    memory.put("c", 3, at=120)

    assert list(memory.entries) == ["b", "c"]
    assert dict(memory.items(150)) == {"c": 3}


def test_a_key_can_be_forgotten(memory: Memory[str, int]) -> None:
    memory.put("a", 1, at=0)
    memory.drop("a")
    memory.drop("never there")

    assert memory.get("a", 0) is None


def test_nothing_is_lost_when_the_clock_steps_back(memory: Memory[str, int]) -> None:
    memory.put("a", 1, at=1000)
    memory.put("b", 2, at=500)

    assert memory.get("a", 500) == 1
    assert memory.get("b", 550) == 2


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 50)), max_size=30))
def test_a_memory_that_was_written_down_goes_on_like_the_first(steps: list[Any]) -> None:
    first: Memory[str, int] = Memory(100, 3)
    second: Memory[str, int] = Memory(100, 3)
    now = 0
    for key, later in steps:
        now += later
        second.from_json(first.to_json(int), int)
        first.put(key, now, now)
        second.put(key, now, now)

        assert first == second
        assert list(first.entries) == list(second.entries)
        assert len(first.entries) <= 3

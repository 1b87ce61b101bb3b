import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from bridge.errors import JournalUnavailable
from bridge.sonoran.faults import CadLimited
from bridge.sonoran.limits import OVERALL, Limits, Window, our_share


def now() -> int:
    return time.time_ns() // 1_000_000


class Kept:
    """As much of a journal as limits need."""

    def __init__(self) -> None:
        self.values: dict[str, bytes] = {}
        self.broken = False

    async def save(self, server: int, name: str, body: bytes) -> None:
        if self.broken:
            raise JournalUnavailable("disk full")
        self.values[name] = body

    async def load(self, server: int, prefix: str) -> dict[str, bytes]:
        if self.broken:
            raise JournalUnavailable("disk full")
        return {name: body for name, body in self.values.items() if name.startswith(prefix)}


@pytest.mark.parametrize(
    ("limit", "share"), [(1, 1), (3, 2), (5, 4), (10, 8), (12, 9), (20, 16), (30, 24), (60, 48)]
)
def test_a_share_of_each_limit_is_left_to_others(limit: int, share: int) -> None:
    assert our_share(limit) == share


def test_a_window_never_holds_more_than_its_limit() -> None:
    window = Window(3, span_ms=1000)
    sent: list[int] = []
    at = 0
    for step in range(200):
        at = window.free_at(at + (step * 37) % 400)
        window.count(at)
        sent.append(at)

    for first, fourth in zip(sent, sent[3:], strict=False):
        assert fourth - first >= 1000


def test_who_waits_behind_others_is_told_when_his_turn_is() -> None:
    window = Window(2, span_ms=1000)
    window.count(0)
    window.count(100)

    assert [window.free_at(200, ahead) for ahead in range(4)] == [1000, 1100, 2000, 2100]


def test_a_closed_window_lets_nothing_out_before_its_time() -> None:
    window = Window(2, span_ms=1000)
    window.close(500)
    window.close(300)

    assert window.free_at(100) == 500
    assert window.free_at(600) == 600


def test_an_earlier_life_counts_as_far_as_it_is_recent() -> None:
    window = Window(2, span_ms=1000)
    window.restore([5000, 4500, 3000, 9000], 5200)

    assert window.counted(5200) == [4500, 5000]
    assert window.free_at(5200) == 5500


async def test_within_the_limit_nobody_waits() -> None:
    limits = Limits({"calls": 5}, now)
    await limits.load()
    waits: list[float] = []

    for _ in range(4):
        await limits.take("calls", 0.0, waits.append)

    assert waits == []
    assert 30 < limits.wait_for("calls") <= 61


async def test_who_would_wait_too_long_is_refused_at_once() -> None:
    limits = Limits({"calls": 1}, now)
    await limits.take("calls", 0)
    started = time.monotonic()

    with pytest.raises(CadLimited, match=r"'calls'.*our share.*free in [56]\d s"):
        await limits.take("calls", 45)

    assert time.monotonic() - started < 30


async def test_forty_at_once_get_the_limit_and_the_others_are_told() -> None:
    limits = Limits({"calls/911": 10}, now)

    results = await asyncio.gather(
        *(limits.take("calls/911", 8) for _ in range(40)), return_exceptions=True
    )

    assert results.count(None) == 8
    assert sum(isinstance(result, CadLimited) for result in results) == 32


async def test_the_queue_is_first_come_first_served_and_says_that_it_waits() -> None:
    limits = Limits({"a": 1}, now, span_ms=150)
    order: list[int] = []
    waits: list[float] = []

    async def take(number: int) -> None:
        await limits.take("a", 60, waits.append)
        order.append(number)

    started = time.monotonic()
    await asyncio.gather(*(take(number) for number in range(4)))

    assert order == [0, 1, 2, 3]
    assert time.monotonic() - started >= 0.44
    assert len(waits) == 3


async def test_the_queue_is_bounded() -> None:
    limits = Limits({"a": 1}, now)
    await limits.take("a", 0)
    waiting = [asyncio.create_task(limits.take("a", 1e6)) for _ in range(32)]
    await asyncio.sleep(0)

    with pytest.raises(CadLimited):
        await limits.take("a", 1e6)

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert limits._waiting["a"] == 0


async def test_who_gives_up_leaves_his_place() -> None:
    limits = Limits({"a": 1}, now)
    await limits.take("a", 0)
    impatient = asyncio.create_task(limits.take("a", 100))
    await asyncio.sleep(0)
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)

    assert limits._waiting["a"] == 0
    assert limits.wait_for("a") <= 61


async def test_all_endpoints_together_stay_below_one_a_second() -> None:
    limits = Limits({"a": 60, "b": 60}, now)
    for number in range(OVERALL):
        await limits.take("ab"[number % 2], 0)

    with pytest.raises(CadLimited):
        await limits.take("b", 10)


async def test_a_429_closes_the_endpoint_for_as_long_as_the_cad_said() -> None:
    limits = Limits({"a": 10, "b": 10}, now)

    assert limits.refused("a", 700.0) == 700.0

    assert 600 < limits.wait_for("a") <= 700
    assert limits.wait_for("b") == 0


@pytest.fixture
def loop_ms(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Have limits count by the event loop's time, which a test can let pass."""

    def ms() -> int:
        return int(asyncio.get_running_loop().time() * 1000)

    monkeypatch.setattr("bridge.sonoran.limits.steady", lambda clock: clock)
    return ms


async def test_a_429_while_one_waits_refuses_him_in_time(loop_ms: Any, pass_time: Any) -> None:
    limits = Limits({"a": 1}, loop_ms, span_ms=50_000)
    await limits.take("a", 0)
    waiting = asyncio.create_task(limits.take("a", 100))
    await asyncio.sleep(0)
    limits.refused("a", 300.0)

    await pass_time(50)

    assert waiting.done()
    with pytest.raises(CadLimited):
        await waiting


async def test_a_429_behind_which_another_waits_refuses_him_in_time(
    loop_ms: Any, pass_time: Any
) -> None:
    limits = Limits({"a": 1}, loop_ms, span_ms=20_000)
    await limits.take("a", 0)
    first, second = (asyncio.create_task(limits.take("a", 100)) for _ in range(2))
    await asyncio.sleep(0)
    limits.refused("a", 90.0)

    await pass_time(91)

    assert (first.done(), second.done()) == (True, True)
    assert await first is None
    with pytest.raises(CadLimited):
        await second


async def test_silent_429s_close_for_growing_times_until_one_is_served() -> None:
    limits = Limits({"a": 10}, now)

    assert [limits.refused("a", None) for _ in range(6)] == [5, 10, 20, 40, 60, 60]
    limits.served("a")
    assert limits.refused("a", None) == 5


async def test_a_429_is_not_believed_for_days() -> None:
    assert Limits({"a": 10}, now).refused("a", 1e9) == 900


async def test_a_restart_forgets_nothing() -> None:
    journal: Any = Kept()
    before = Limits({"calls": 5, "units": 3}, now, journal=journal)
    await before.load()
    for _ in range(4):
        await before.take("calls", 0)

    after = Limits({"calls": 5, "units": 3}, now, journal=journal)
    await after.load()

    with pytest.raises(CadLimited):
        await after.take("calls", 10)
    await after.take("units", 0)


@pytest.mark.parametrize("kept", [b"", b"[]", b'{"calls":7}', b'{"calls":["x"]}', b"\xff"])
async def test_counts_that_cannot_be_read_are_none(kept: bytes) -> None:
    journal: Any = Kept()
    journal.values["cad-requests"] = kept
    limits = Limits({"calls": 5}, now, journal=journal)

    await limits.load()
    await limits.take("calls", 0)


async def test_a_broken_journal_stops_no_request() -> None:
    journal: Any = Kept()
    journal.broken = True
    limits = Limits({"calls": 5}, now, journal=journal)

    await limits.load()
    for _ in range(4):
        await limits.take("calls", 0)

    with pytest.raises(CadLimited):
        await limits.take("calls", 1)


async def test_counts_are_kept_before_the_request_goes_out() -> None:
    journal: Any = Kept()
    limits = Limits({"calls": 5}, now, journal=journal)

    await limits.take("calls", 0)

    kept = json.loads(journal.values["cad-requests"])
    assert kept.keys() == {"calls", "*"}
    assert abs(kept["calls"][0] - now()) < 60_000


async def test_a_clock_that_is_set_back_blocks_nothing() -> None:
    clock = [10_000_000]
    limits = Limits({"a": 2}, lambda: clock[0])
    await limits.take("a", 0)
    clock[0] -= 3_600_000

    assert limits.wait_for("a") <= 61

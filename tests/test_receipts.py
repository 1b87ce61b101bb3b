import asyncio
import json
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge.errors import JournalUnavailable
from bridge.metrics import Metrics
from bridge.receipts import KEPT, MOST_BYTES, Receipts

FRAME = {"key": "911:4711", "seq": 7, "due": 7, "sent": 7, "shown": 6, "ms": 41}


class Keeper:
    """The part of a journal that keeps small values."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, str], bytes] = {}
        self.written = 0
        self.full = False

    async def save(self, server: int, name: str, body: bytes) -> None:
        if self.full:
            raise JournalUnavailable("the disk is full")
        self.kept[server, name] = body
        self.written += 1

    async def load(self, server: int, prefix: str) -> dict[str, bytes]:
        return {
            name: body
            for (owner, name), body in self.kept.items()
            if owner == server and name.startswith(prefix)
        }


@pytest.fixture
def keeper() -> Keeper:
    return Keeper()


def receipts(keeper: Any) -> Receipts:
    return Receipts(keeper, Metrics(), now=lambda: 1000)


async def test_receipts_outlive_the_bridge(keeper: Keeper) -> None:
    first, second = receipts(keeper), receipts(keeper)
    await first.take(1, FRAME | {"why": {"muted": 1}})
    await first.take(1, FRAME | {"key": "911:4712"})
    await first.keep()
    await second.recall([1, 2])

    assert [receipt.key for receipt in second.newest(1)] == ["911:4712", "911:4711"]
    assert second.newest(1) == first.newest(1)
    assert second.newest(2) == []


async def test_a_later_receipt_of_a_call_takes_the_place_of_the_first(keeper: Keeper) -> None:
    kept = receipts(keeper)
    await kept.take(1, FRAME)
    await kept.take(1, FRAME | {"shown": 7})
    assert [receipt.shown for receipt in kept.newest(1)] == [7]


async def test_no_more_are_kept_than_calls_can_be_open(keeper: Keeper) -> None:
    kept = receipts(keeper)
    for number in range(KEPT + 3):
        await kept.take(1, FRAME | {"key": f"911:{number}"})
    assert len(kept.newest(1)) == KEPT
    assert kept.newest(1)[0].key == f"911:{KEPT + 2}"


async def test_large_receipts_leave_the_older_ones_out_and_fit_into_a_message(
    keeper: Keeper,
) -> None:
    """A value that NATS never takes would make the journal look as if it could not store."""
    kept, later = receipts(keeper), receipts(keeper)
    why = {f"{number:0128}": 100_000 for number in range(64)}
    for number in range(KEPT):
        await kept.take(1, FRAME | {"key": f"911:{number}", "why": why})
    await kept.keep()
    (body,) = keeper.kept.values()
    assert MOST_BYTES * 0.9 < len(body) <= MOST_BYTES
    await later.recall([1])
    newest = later.newest(1)
    assert newest == kept.newest(1)[: len(newest)]


@pytest.mark.parametrize(
    "body",
    [
        b"no json",
        b"5",
        b"[5]",
        b'[{"seq": 1}]',
        json.dumps([FRAME | {"at": 1, "why": {}, "new": 1}]).encode(),
    ],
)
async def test_what_another_version_kept_does_not_stop_the_bridge(
    body: bytes, keeper: Keeper
) -> None:
    await receipts(keeper).keep()
    keeper.kept[1, "receipts"] = body
    kept = receipts(keeper)
    with capture_logs() as logs:
        await kept.recall([1])
    assert kept.newest(1) == []
    assert [line["event"] for line in logs] == ["receipts_unreadable"]


async def test_nothing_is_written_while_nothing_changes(keeper: Keeper) -> None:
    kept = receipts(keeper)
    await kept.take(1, FRAME)
    await kept.take(2, FRAME)
    for _ in range(3):
        await kept.keep()
    assert keeper.written == 2
    await kept.take(2, FRAME)
    await kept.keep()
    assert keeper.written == 3


async def test_a_full_disk_is_logged_and_tried_again(keeper: Keeper) -> None:
    kept = receipts(keeper)
    await kept.take(1, FRAME)
    keeper.full = True
    with capture_logs() as logs:
        await kept.keep()
    assert [line["event"] for line in logs] == ["receipts_not_kept"]
    keeper.full = False
    await kept.keep()
    assert keeper.written == 1


async def test_what_is_broken_off_is_written_when_the_bridge_stops(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, asked = receipts(keeper), asyncio.Event()

    async def hanging(*_: Any) -> None:
        asked.set()
        await asyncio.Event().wait()

    await kept.take(1, FRAME)
    monkeypatch.setattr(keeper, "save", hanging)
    tidying = asyncio.create_task(kept.keep())
    await asked.wait()
    tidying.cancel()
    await asyncio.gather(tidying, return_exceptions=True)
    monkeypatch.undo()

    await kept.keep()
    assert keeper.written == 1

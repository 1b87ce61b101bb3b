"""What every journal promises, whatever holds it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from bridge.errors import JournalUnavailable, SequenceTaken
from bridge.journal import Entry, Record, Snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.journal import Journal

    Opener = Callable[[], Awaitable[Journal]]

NOON = 1_700_000_000_000
SERVER = 7


def entry(number: int, *, alert: bool = True, hidden: bool = False, size: int = 0) -> Entry:
    """Return an event that happened `number` seconds after noon and says its number."""
    body = b'{"type":"push","n":%d}' % number
    return Entry(NOON + number * 1000, body.ljust(size), alert, hidden)


async def fill(
    journal: Journal, count: int, *, server: int = SERVER, size: int = 0, at_once: int = 100
) -> None:
    """Append so many more events to a server."""
    after = await journal.last(server)
    numbers = range(after + 1, after + count + 1)
    for start in range(0, count, at_once):
        entries = [entry(number, size=size) for number in numbers[start : start + at_once]]
        after = await journal.append(server, entries, after)


async def numbers(journal: Journal, after: int = 0, limit: int = 10_000) -> list[int]:
    return [record.seq for record in await journal.read(SERVER, after, limit)]


async def test_an_empty_journal_says_so(journal: Journal):
    assert await journal.last(SERVER) == 0
    assert await numbers(journal) == []
    assert await journal.first_since(SERVER, NOON) == 1
    assert await journal.acknowledged(SERVER) == 0
    assert await journal.snapshot(SERVER, 5) is None
    assert await journal.load(SERVER, "") == {}
    assert journal.available


async def test_events_are_numbered_from_one_and_read_as_they_were(journal: Journal):
    first = entry(1, alert=False)
    second = entry(2, hidden=True)

    assert await journal.append(SERVER, [first, second], after=0) == 2
    assert await journal.append(SERVER, [entry(3)], after=2) == 3

    assert list(await journal.read(SERVER, 0, 10)) == [
        Record(1, first.at, first.body, alert=False, hidden=False),
        Record(2, second.at, second.body, alert=True, hidden=True),
        Record(3, entry(3).at, entry(3).body, alert=True, hidden=False),
    ]
    assert await journal.last(SERVER) == 3


@pytest.mark.parametrize("after", [0, 2, 5])
async def test_an_event_after_another_than_the_last_is_refused(journal: Journal, after: int):
    await journal.append(SERVER, [entry(1)], after=0)

    with pytest.raises(SequenceTaken) as caught:
        await journal.append(SERVER, [entry(9)], after=after)

    assert (caught.value.expected, caught.value.last) == (after, 1)
    assert await numbers(journal) == [1]


async def test_what_was_folded_over_a_refused_event_is_refused_too(journal: Journal):
    results = await asyncio.gather(
        journal.append(SERVER, [entry(1)], after=0),
        journal.append(SERVER, [entry(2)], after=5),
        journal.append(SERVER, [entry(3)], after=6),
        journal.append(SERVER, [entry(2)], after=1),
        return_exceptions=True,
    )

    assert [type(result) for result in results] == [int, SequenceTaken, SequenceTaken, int]
    assert [record.body for record in await journal.read(SERVER, 0, 9)] == [
        entry(1).body,
        entry(2).body,
    ]


async def test_many_at_once_keep_their_order(journal: Journal):
    results = await asyncio.gather(
        *(journal.append(SERVER, [entry(n), entry(n)], after=2 * n) for n in range(400))
    )

    assert results == [2 * n + 2 for n in range(400)]
    bodies = [record.body for record in await journal.read(SERVER, 0, 1000)]
    assert bodies == [entry(n // 2).body for n in range(800)]


async def test_an_append_of_nothing_waits_for_those_before(journal: Journal):
    first = asyncio.ensure_future(journal.append(SERVER, [entry(1)], after=0))
    nothing = asyncio.ensure_future(journal.append(SERVER, [], after=1))

    assert await nothing == 1
    assert first.done()
    with pytest.raises(SequenceTaken):
        await journal.append(SERVER, [], after=7)


async def test_each_server_counts_for_itself(journal: Journal):
    await journal.append(1, [entry(1), entry(2)], after=0)
    await journal.append(2, [entry(9)], after=0)
    await journal.acknowledge(2, 1)
    await journal.save(2, "a", b"x")
    await journal.save_snapshot(2, Snapshot(1, NOON, b"board"))

    assert (await journal.last(1), await journal.last(2), await journal.last(3)) == (2, 1, 0)
    assert [record.body for record in await journal.read(2, 0, 9)] == [entry(9).body]
    assert await journal.acknowledged(1) == 0
    assert await journal.load(1, "") == {}
    assert await journal.snapshot(1, 9) is None


async def test_reading_goes_on_from_a_number_and_no_further_than_asked(journal: Journal):
    await fill(journal, 10)

    assert await numbers(journal, after=3, limit=4) == [4, 5, 6, 7]
    assert await numbers(journal, after=8, limit=4) == [9, 10]
    assert await numbers(journal, after=10) == []
    assert await numbers(journal, after=99) == []


async def test_a_reader_far_behind_reads_the_same_as_one_that_follows(journal: Journal):
    await fill(journal, 3000, size=1500)

    behind, after = [], 0
    while records := await journal.read(SERVER, after, 256):
        behind += [(record.seq, record.body) for record in records]
        after = records[-1].seq

    assert behind == [(n, entry(n, size=1500).body) for n in range(1, 3001)]


async def test_everything_is_there_after_a_restart(journal: Journal, reopen: Opener):
    await fill(journal, 20)
    await journal.acknowledge(SERVER, 13)
    await journal.save(SERVER, "receipt:1", b"{}")
    await journal.save_snapshot(SERVER, Snapshot(20, NOON, b"board"))
    epoch = journal.epoch

    again = await reopen()

    assert again.epoch == epoch
    assert await again.last(SERVER) == 20
    assert await numbers(again) == list(range(1, 21))
    assert await again.acknowledged(SERVER) == 13
    assert await again.load(SERVER, "") == {"receipt:1": b"{}"}
    assert await again.snapshot(SERVER, 20) == Snapshot(20, NOON, b"board")
    assert await again.append(SERVER, [entry(21)], after=20) == 21


@pytest.mark.parametrize("count", [10, 3000])
async def test_the_first_event_since_a_time_is_found(journal: Journal, count: int):
    await fill(journal, count)

    async def first_since(second: float) -> int:
        return await journal.first_since(SERVER, NOON + int(second * 1000))

    assert await first_since(-100) == 1
    assert await first_since(1) == 1
    assert await first_since(1.5) == 2
    assert await first_since(7) == 7
    assert await first_since(count - 1) == count - 1
    assert await first_since(count) == count
    assert await first_since(count + 0.001) == count + 1


async def test_the_bell_rings_for_new_events_of_its_server(journal: Journal):
    with journal.bell(SERVER) as bell, journal.bell(SERVER) as second:
        await journal.append(99, [entry(1)], after=0)
        assert not bell.is_set()

        await journal.append(SERVER, [entry(1)], after=0)
        async with asyncio.timeout(60):
            await bell.wait()
            await second.wait()

        bell.clear()
        with pytest.raises(SequenceTaken):
            await journal.append(SERVER, [entry(1)], after=0)
        assert not bell.is_set()

    await journal.append(SERVER, [entry(2)], after=1)
    assert not bell.is_set()


async def test_what_rang_can_be_read(journal: Journal):
    with journal.bell(SERVER) as bell:
        appending = asyncio.ensure_future(journal.append(SERVER, [entry(1)], after=0))
        async with asyncio.timeout(60):
            await bell.wait()
        assert await numbers(journal) == [1]
        await appending


async def test_an_acknowledgement_never_goes_back(journal: Journal):
    await fill(journal, 5)
    await journal.acknowledge(SERVER, 4)
    await journal.acknowledge(SERVER, 2)

    assert await journal.acknowledged(SERVER) == 4


async def test_the_newest_snapshot_not_beyond_an_event_is_found(journal: Journal):
    await fill(journal, 10)
    for seq in (3, 6, 9):
        await journal.save_snapshot(SERVER, Snapshot(seq, NOON + seq, b"board %d" % seq))

    assert await journal.snapshot(SERVER, 2) is None
    assert await journal.snapshot(SERVER, 3) == Snapshot(3, NOON + 3, b"board 3")
    assert await journal.snapshot(SERVER, 8) == Snapshot(6, NOON + 6, b"board 6")
    assert await journal.snapshot(SERVER, 100) == Snapshot(9, NOON + 9, b"board 9")


async def test_a_later_snapshot_of_the_same_event_takes_its_place(journal: Journal):
    await fill(journal, 1)
    await journal.save_snapshot(SERVER, Snapshot(1, NOON, b"old"))
    await journal.save_snapshot(SERVER, Snapshot(1, NOON, b"new"))

    assert await journal.snapshot(SERVER, 1) == Snapshot(1, NOON, b"new")


async def test_a_board_of_an_event_that_was_not_stored_is_refused(journal: Journal):
    await fill(journal, 2)

    with pytest.raises(SequenceTaken):
        await journal.save_snapshot(SERVER, Snapshot(3, NOON, b"board"))

    assert await journal.snapshot(SERVER, 9) is None
    assert journal.available


async def test_pruning_without_a_snapshot_deletes_nothing(journal: Journal):
    await fill(journal, 10)

    await journal.prune(before=NOON + 100_000, fresh_since=NOON + 100_000)

    assert await numbers(journal) == list(range(1, 11))


async def test_pruning_deletes_what_is_old_up_to_the_snapshot_it_is_in(journal: Journal):
    await fill(journal, 20, at_once=1)
    for seq in (5, 10, 15):
        await journal.save_snapshot(SERVER, Snapshot(seq, NOON, b"board"))

    await journal.prune(before=NOON + 8_000, fresh_since=NOON + 13_000)

    # Old are the events before 8; the board at 12 needs the snapshot at 10, and no older one.
    assert await numbers(journal) == list(range(8, 21))
    assert await journal.snapshot(SERVER, 9) is None
    assert await journal.snapshot(SERVER, 12) == Snapshot(10, NOON, b"board")


async def test_pruning_never_passes_what_a_fresh_board_needs(journal: Journal):
    await fill(journal, 20, at_once=1)
    await journal.save_snapshot(SERVER, Snapshot(5, NOON, b"board"))
    await journal.save_snapshot(SERVER, Snapshot(15, NOON, b"board"))

    await journal.prune(before=NOON + 100_000, fresh_since=NOON + 13_000)

    assert await numbers(journal) == list(range(6, 21))
    assert await journal.snapshot(SERVER, 12) == Snapshot(5, NOON, b"board")


async def test_the_last_event_stays_and_numbers_never_repeat(journal: Journal, reopen: Opener):
    await fill(journal, 10, at_once=1)
    await journal.save_snapshot(SERVER, Snapshot(10, NOON, b"board"))

    await journal.prune(before=NOON + 100_000, fresh_since=NOON + 100_000)
    again = await reopen()

    assert await numbers(again) == [10]
    assert await again.append(SERVER, [entry(11)], after=10) == 11


async def test_what_was_pruned_is_gone_for_readers_and_times(journal: Journal):
    await fill(journal, 1300, at_once=1)
    await journal.save_snapshot(SERVER, Snapshot(1290, NOON, b"board"))

    await journal.prune(before=NOON + 1_200_000, fresh_since=NOON + 1_300_000)

    assert await numbers(journal) == list(range(1200, 1301))
    assert await numbers(journal, after=100, limit=3) == [1200, 1201, 1202]
    assert await journal.first_since(SERVER, NOON) == 1200


async def test_values_are_kept_by_name_and_found_by_prefix(journal: Journal):
    for name in ("receipt:1", "receipt:2", "limit:calls"):
        await journal.save(SERVER, name, name.encode())
    await journal.save(SERVER, "receipt:2", b"\x00newer")

    assert await journal.load(SERVER, "receipt:") == {
        "receipt:1": b"receipt:1",
        "receipt:2": b"\x00newer",
    }
    assert set(await journal.load(SERVER, "")) == {"receipt:1", "receipt:2", "limit:calls"}
    assert await journal.load(SERVER, "%") == {}


async def test_an_empty_value_forgets_the_name(journal: Journal):
    await journal.save(SERVER, "a", b"x")
    await journal.save(SERVER, "a", b"")
    await journal.save(SERVER, "never there", b"")

    assert await journal.load(SERVER, "") == {}


async def test_pruning_forgets_values_that_nobody_saves_any_more(journal: Journal):
    await journal.save(SERVER, "a", b"x")

    await journal.prune(before=NOON, fresh_since=NOON)
    assert await journal.load(SERVER, "") == {"a": b"x"}

    far_future = NOON * 10
    await journal.prune(before=far_future, fresh_since=far_future)
    assert await journal.load(SERVER, "") == {}


async def test_closing_finishes_what_was_accepted(journal: Journal, reopen: Opener):
    appends = [
        asyncio.ensure_future(journal.append(SERVER, [entry(n)], after=n)) for n in range(50)
    ]
    await asyncio.sleep(0)
    await journal.close()

    assert [await append for append in appends] == list(range(1, 51))
    assert await (await reopen()).last(SERVER) == 50


async def test_a_closed_journal_takes_and_gives_nothing(journal: Journal):
    await fill(journal, 2000)
    await journal.close()
    await journal.close()

    with pytest.raises(JournalUnavailable):
        await journal.append(SERVER, [entry(1)], after=2000)
    with pytest.raises(JournalUnavailable):
        await journal.save(SERVER, "a", b"x")
    with pytest.raises(JournalUnavailable):
        await journal.save_snapshot(SERVER, Snapshot(1, NOON, b"board"))
    with pytest.raises(JournalUnavailable):
        await journal.prune(before=NOON, fresh_since=NOON)
    with pytest.raises(JournalUnavailable):
        await journal.load(SERVER, "")


async def test_an_append_that_nobody_waits_for_any_more_is_stored_all_the_same(journal: Journal):
    append = asyncio.ensure_future(journal.append(SERVER, [entry(1)], after=0))
    await asyncio.sleep(0)
    append.cancel()

    assert await journal.append(SERVER, [entry(2)], after=1) == 2
    assert await numbers(journal) == [1, 2]

"""Facts to durable events: order, groups, copies, and all that can fail."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bridge import ingest as module
from bridge.board import Board
from bridge.errors import JournalUnavailable
from bridge.events import Call, CallClosed, CallNoted, CallOpened, Note, RemovalRemembered
from bridge.facts import Attached, Closed, Noted, Placed, Removed, Written
from bridge.ingest import Ingest, Outcome
from bridge.journal import Record
from bridge.recall import board_at

NOW = 1_790_000_000_000
CALL = Call("911", 1, NOW)
FULL = JournalUnavailable("the disk is full")


def placed(number: int) -> Placed:
    return Placed(replace(CALL, id=number))


async def settle() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


# what is answered is durable


async def test_a_call_is_stored_before_it_is_answered(ingest: Ingest, journal: Any) -> None:
    journal.gate.clear()
    answer = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    assert not answer.done()

    journal.gate.set()
    assert await answer == Outcome(events=1, seq=1)
    assert journal.events() == [CallOpened(CALL)]


async def test_facts_of_one_push_are_folded_one_over_the_other(
    ingest: Ingest, journal: Any
) -> None:
    outcome = await ingest.accept([Placed(CALL), Removed("911:1"), Placed(CALL)])

    assert outcome == Outcome(events=2, seq=2)
    assert journal.events() == [CallOpened(CALL), CallClosed(CALL, "removed")]


async def test_a_copy_is_answered_as_known(ingest: Ingest, journal: Any) -> None:
    await ingest.accept([Placed(CALL)])

    assert await ingest.accept([Placed(CALL)]) == Outcome(events=0, seq=1)
    assert len(journal.events()) == 1


async def test_a_copy_is_not_answered_before_what_it_copies_is_stored(
    ingest: Ingest, journal: Any
) -> None:
    journal.gate.clear()
    first = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    copy = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    assert not copy.done()

    journal.gate.set()
    assert (await first).events == 1
    assert await copy == Outcome(events=0, seq=1)


async def test_what_comes_while_the_journal_writes_is_written_together(
    ingest: Ingest, journal: Any
) -> None:
    journal.gate.clear()
    pushes = [asyncio.create_task(ingest.accept([placed(1)]))]
    await settle()
    pushes += [asyncio.create_task(ingest.accept([placed(number)])) for number in range(2, 50)]
    await settle()
    journal.gate.set()

    answers = await asyncio.gather(*pushes)
    assert journal.appends == [1, 48]
    assert [answer.seq for answer in answers] == list(range(1, 50))
    assert [event.call.id for event in journal.events()] == list(range(1, 50))


async def test_a_batch_that_is_full_is_followed_by_another(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ENTRIES", 2)

    await asyncio.gather(*(ingest.accept([placed(number)]) for number in range(5)))
    assert journal.appends == [2, 2, 1]


async def test_entries_say_what_alerts_and_what_is_hidden(ingest: Ingest, journal: Any) -> None:
    await ingest.accept([Placed(CALL), Placed(replace(CALL, id=2), alert=False), Removed("911:3")])

    flags = [(record.alert, record.hidden) for record in journal.records[1]]
    assert flags == [(True, False), (False, False), (True, True)]
    assert journal.events()[2] == RemovalRemembered("911:3")


async def test_stopping_waits_for_what_was_accepted(ingest: Ingest, journal: Any) -> None:
    journal.gate.clear()
    push = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    stopped = asyncio.create_task(ingest.stop())
    await settle()
    assert not stopped.done()

    journal.gate.set()
    await stopped
    assert journal.events() == [CallOpened(CALL)]
    await push


async def test_events_are_counted_once_they_are_stored(
    ingest: Ingest, journal: Any, metrics: Any
) -> None:
    journal.failures = [FULL]
    with pytest.raises(JournalUnavailable):
        await ingest.accept([placed(1)])
    await ingest.accept([placed(1), placed(2)])

    counted = metrics.registry.get_sample_value(
        "cad_bridge_events_total", {"server": "1", "type": "call.opened"}
    )
    assert counted == 2
    assert ("journal", 1) in metrics.last_passed


# start


async def test_the_board_is_read_from_the_journal(
    journal: Any, new_ingest: Callable[..., Ingest]
) -> None:
    journal.write(1, CallOpened(CALL))
    ingest = new_ingest(journal)
    assert ingest.board is None

    await ingest.start()
    assert ingest.board == await board_at(journal, 1, 1)
    assert (await ingest.accept([Placed(CALL)])).events == 0


async def test_a_journal_that_cannot_be_read_is_said_and_tried_again(
    journal: Any, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest(journal)
    journal.readable = False
    with pytest.raises(JournalUnavailable, match="the disk is gone"):
        await ingest.start()
    with pytest.raises(JournalUnavailable, match="the disk is gone"):
        await ingest.accept([Placed(CALL)])
    assert ingest.board is None

    journal.readable = True
    assert await ingest.accept([Placed(CALL)]) == Outcome(1, 1)


async def test_accepting_nothing_reads_the_board(
    journal: Any, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest(journal)

    assert await ingest.accept([]) == Outcome(0, 0)
    assert ingest.board == Board()


# failure


async def test_a_full_disk_is_said_and_the_board_is_as_before(ingest: Ingest, journal: Any) -> None:
    await ingest.accept([placed(1)])
    journal.failures = [FULL]
    with pytest.raises(JournalUnavailable, match="the disk is full"):
        await ingest.accept([placed(2)])
    await settle()

    assert ingest.board == await board_at(journal, 1, 1)
    assert await ingest.accept([placed(2)]) == Outcome(1, 2)


async def test_a_copy_of_what_could_not_be_stored_is_stored_instead(
    ingest: Ingest, journal: Any
) -> None:
    journal.gate.clear()
    first = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    copy = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    journal.failures = [FULL]
    journal.gate.set()

    with pytest.raises(JournalUnavailable):
        await first
    assert await copy == Outcome(1, 1)
    assert journal.events() == [CallOpened(CALL)]


async def test_a_copy_that_shares_the_failed_batch_is_stored_instead(
    ingest: Ingest, journal: Any
) -> None:
    journal.failures = [FULL]
    first, copy = await asyncio.gather(
        ingest.accept([Placed(CALL)]), ingest.accept([Placed(CALL)]), return_exceptions=True
    )

    assert isinstance(first, JournalUnavailable)
    assert copy == Outcome(1, 1)


async def test_what_was_gathered_behind_a_failure_is_folded_again(
    ingest: Ingest, journal: Any
) -> None:
    note = Written(1, NOW, creation=False, alert=False)
    journal.gate.clear()
    opened = asyncio.create_task(ingest.accept([Written(1, NOW, creation=True, alert=True)]))
    await settle()
    later = [
        asyncio.create_task(ingest.accept([Attached(1, (101,))])),
        asyncio.create_task(ingest.accept([note])),
    ]
    await settle()
    journal.failures = [FULL]
    journal.gate.set()

    with pytest.raises(JournalUnavailable):
        await opened
    await asyncio.gather(*later)
    (waiting, quiet) = journal.events()
    assert waiting.idents == (101,)
    assert (quiet.call.units, quiet.alert) == ((101,), False)


async def test_a_copy_is_refused_while_the_journal_cannot_answer(
    ingest: Ingest, journal: Any
) -> None:
    await ingest.accept([Placed(CALL)])
    journal.failures = [FULL]

    with pytest.raises(JournalUnavailable, match="the disk is full"):
        await ingest.accept([Placed(CALL)])
    assert (await ingest.accept([Placed(CALL)])).events == 0


async def test_an_unexpected_failure_is_logged_and_told_without_detail(
    ingest: Ingest, journal: Any
) -> None:
    journal.failures = [ZeroDivisionError("inside")]
    with capture_logs() as logs, pytest.raises(JournalUnavailable, match="unexpected error"):
        await ingest.accept([Placed(CALL)])

    assert [line["event"] for line in logs] == ["append_failed"]
    assert (await ingest.accept([Placed(CALL)])).events == 1


async def test_a_failure_of_folding_leaves_the_board_as_before(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ingest.accept([placed(1)])
    with pytest.raises(AssertionError):
        await ingest.accept([placed(2), "no fact"])  # type: ignore[list-item]

    assert (await ingest.accept([placed(2)])).events == 1
    assert ingest.board == await board_at(journal, 1, 2)


async def test_after_a_failure_of_folding_what_is_under_way_is_waited_for(
    ingest: Ingest, journal: Any
) -> None:
    journal.gate.clear()
    first = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    with pytest.raises(AssertionError):
        await ingest.accept(["no fact"])  # type: ignore[list-item]
    copy = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    journal.gate.set()

    assert (await first).events == 1
    assert (await copy).events == 0
    assert journal.refused == 0


async def test_who_stops_waiting_loses_nothing(ingest: Ingest, journal: Any) -> None:
    journal.gate.clear()
    push = asyncio.create_task(ingest.accept([Placed(CALL)]))
    await settle()
    push.cancel()
    await settle()
    journal.gate.set()

    assert (await ingest.accept([Placed(CALL)])).events == 0
    assert journal.events() == [CallOpened(CALL)]


async def test_who_stops_waiting_for_the_board_leaves_it_to_the_others(
    journal: Any, new_ingest: Callable[..., Ingest]
) -> None:
    ingest = new_ingest(journal)
    impatient = asyncio.create_task(ingest.accept([placed(1)]))
    patient = asyncio.create_task(ingest.accept([placed(2)]))
    await asyncio.sleep(0)
    impatient.cancel()

    assert (await patient).events == 1


async def test_when_writing_is_cut_off_whoever_waits_is_told(ingest: Ingest, journal: Any) -> None:
    journal.failures = [asyncio.CancelledError()]

    with pytest.raises(JournalUnavailable, match="stopping"):
        await ingest.accept([Placed(CALL)])


async def test_when_reading_is_cut_off_it_is_begun_anew(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cut(*_: object) -> int:
        raise asyncio.CancelledError

    journal.failures = [FULL]
    with monkeypatch.context() as patch:
        patch.setattr(journal, "last", cut)
        with pytest.raises(JournalUnavailable):
            await ingest.accept([Placed(CALL)])
        await settle()

    assert (await ingest.accept([Placed(CALL)])).events == 1


# another bridge


async def test_what_another_bridge_wrote_is_folded_over(ingest: Ingest, journal: Any) -> None:
    await ingest.accept([placed(1)])
    journal.write(1, CallClosed(CALL, "removed"))

    assert await ingest.accept([placed(1)]) == Outcome(0, 2)
    assert await ingest.accept([placed(2)]) == Outcome(1, 3)
    assert ingest.board == await board_at(journal, 1, 3)


async def test_a_copy_of_what_another_bridge_undid_is_no_copy(ingest: Ingest, journal: Any) -> None:
    await ingest.accept([Attached(1, (101,))])
    journal.write(1, replace(journal.events()[0], idents=()))

    assert (await ingest.accept([Attached(1, (101,))])).events == 1


@pytest.fixture
async def following(ingest: Ingest) -> AsyncIterator[Ingest]:
    """An ingest that follows what other bridges write."""
    task = asyncio.create_task(ingest.follow())
    await settle()
    yield ingest
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_the_board_follows_what_another_bridge_writes(
    following: Ingest, journal: Any
) -> None:
    await following.accept([placed(1)])
    journal.write(1, CallOpened(replace(CALL, id=2), alert=True))
    journal.write(1, CallClosed(CALL, "removed"))
    journal.ring()
    await settle()

    assert following.board is not None
    assert list(following.board.calls) == ["911:2"]
    assert await following.accept([placed(3)]) == Outcome(1, 4)
    assert journal.refused == 0, "it folded over what the other wrote"


async def test_what_is_under_way_is_not_replayed_a_second_time(
    following: Ingest, journal: Any
) -> None:
    journal.gate.clear()
    accepting = asyncio.create_task(following.accept([placed(1)]))
    await settle()
    journal.ring()
    await settle()
    journal.gate.set()
    journal.ring()
    assert await accepting == Outcome(1, 1)
    await settle()
    assert await following.accept([placed(2)]) == Outcome(1, 2)
    assert following.board == await board_at(journal, 1, 2)


async def test_a_board_whose_next_events_were_pruned_is_read_anew(
    following: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await following.accept([placed(1)])
    for number in (2, 3):
        journal.write(1, CallOpened(replace(CALL, id=number), alert=True))
    read, asked = journal.read, []

    async def pruned(server: int, after: int, limit: int) -> list[Record]:
        asked.append(after)
        records: list[Record] = await read(server, after, limit)
        return records[1:] if len(asked) == 1 else records

    monkeypatch.setattr(journal, "read", pruned)
    journal.ring()
    await settle()
    assert following.board is not None
    assert list(following.board.calls) == ["911:1", "911:2", "911:3"]


async def test_a_board_beyond_the_end_of_a_restored_journal_is_read_anew(
    following: Ingest, journal: Any
) -> None:
    await following.accept([placed(1)])
    await following.accept([placed(2)])
    del journal.records[1][1:]
    journal.ring()
    await settle()
    assert following.board is not None
    assert list(following.board.calls) == ["911:1"]


async def test_a_journal_that_cannot_be_read_is_followed_when_it_can(
    following: Ingest, journal: Any
) -> None:
    await following.accept([placed(1)])
    journal.readable = False
    journal.ring()
    await settle()
    journal.readable = True
    journal.write(1, CallClosed(CALL, "removed"))
    journal.ring()
    await settle()
    assert following.board is not None
    assert not following.board.calls


async def test_what_is_written_while_the_board_is_read_back_is_followed(
    following: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    await following.accept([placed(1)])
    reading = asyncio.Event()
    snapshot = journal.snapshot

    async def slow(server: int, upto: int) -> Any:
        await reading.wait()
        return await snapshot(server, upto)

    monkeypatch.setattr(journal, "snapshot", slow)
    journal.failures.append(FULL)
    with pytest.raises(JournalUnavailable):
        await following.accept([placed(2)])
    await settle()  # it knows the last number, and reads up to that
    journal.write(1, CallOpened(replace(CALL, id=3), alert=True))
    journal.ring()
    await settle()
    reading.set()
    await settle()

    assert following.board is not None
    assert list(following.board.calls) == ["911:1", "911:3"]


async def test_what_is_written_before_the_bell_hangs_is_followed(
    ingest: Ingest, journal: Any
) -> None:
    await ingest.start()
    journal.write(1, CallOpened(CALL))
    journal.ring()
    task = asyncio.create_task(ingest.follow())
    await settle()
    task.cancel()
    assert ingest.board is not None
    assert list(ingest.board.calls) == ["911:1"]


async def test_what_could_not_be_read_when_it_rang_is_read_without_another_ring(
    following: Ingest, journal: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FOLLOW_AGAIN_S", 0.01)
    await following.accept([placed(1)])
    read, failures = journal.read, [FULL, RuntimeError("a fault of ours")]

    async def broken(server: int, after: int, limit: int) -> Any:
        if failures:
            raise failures.pop()
        return await read(server, after, limit)

    monkeypatch.setattr(journal, "read", broken)
    journal.write(1, CallClosed(CALL, "removed"))
    journal.ring()
    await until(lambda: following.board is not None and not following.board.calls)


async def test_who_is_always_too_late_is_told(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    append = journal.append

    async def too_late(server: int, entries: Any, after: int) -> int:
        journal.write(1, RemovalRemembered(f"911:{after}"))
        return await append(server, entries, after)

    monkeypatch.setattr(journal, "append", too_late)
    with pytest.raises(JournalUnavailable, match="others wrote first, 10 times"):
        await ingest.accept([placed(99)])


# snapshots


async def test_a_snapshot_is_taken_every_so_often_and_is_the_board_there(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 5)
    for number in range(12):
        await ingest.accept([placed(number)])
    await ingest.stop()

    assert [snapshot.seq for snapshot in journal.snapshots[1]] == [5, 10]
    snapshot = journal.snapshots[1].pop()
    assert Board.decode(snapshot.body, snapshot.at) == await board_at(journal, 1, 10)


async def test_a_snapshot_has_nothing_of_what_comes_after_it(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 5)
    monkeypatch.setattr(module, "MOST_ENTRIES", 6)
    await asyncio.gather(*(ingest.accept([placed(number)]) for number in range(8)))
    await ingest.stop()

    (snapshot,) = journal.snapshots[1]
    assert snapshot.seq == 8
    assert len(Board.decode(snapshot.body, snapshot.at).calls) == 8


async def test_a_snapshot_that_is_asked_for_is_taken_if_anything_has_happened(
    ingest: Ingest, journal: Any
) -> None:
    await ingest.keep_snapshot()
    await ingest.accept([placed(number) for number in range(3)])
    await ingest.keep_snapshot()
    await ingest.keep_snapshot()

    (snapshot,) = journal.snapshots[1]
    assert Board.decode(snapshot.body, snapshot.at) == await board_at(journal, 1, 3)


async def test_a_snapshot_that_is_asked_for_waits_for_no_journal_that_is_busy(
    ingest: Ingest, journal: Any
) -> None:
    journal.gate.clear()
    writing = asyncio.create_task(ingest.accept([placed(1)]))
    await settle()
    async with asyncio.timeout(60):
        await ingest.keep_snapshot()
    assert journal.snapshots[1] == []  # the board has what may never be stored

    journal.gate.set()
    await writing
    await ingest.keep_snapshot()
    assert [snapshot.seq for snapshot in journal.snapshots[1]] == [1]


async def test_what_is_gathered_behind_a_snapshot_counts_towards_the_next(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 5)
    journal.gate.clear()
    first = asyncio.create_task(ingest.accept([placed(number) for number in range(5)]))
    await settle()
    second = asyncio.create_task(ingest.accept([placed(number) for number in range(5, 9)]))
    await settle()
    journal.gate.set()
    await asyncio.gather(first, second)
    await ingest.accept([placed(9)])
    await ingest.stop()

    assert [snapshot.seq for snapshot in journal.snapshots[1]] == [5, 10]


async def test_a_snapshot_that_cannot_be_kept_is_tried_again(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 5)
    journal.full_snapshots = True
    await ingest.accept([placed(number) for number in range(5)])
    await ingest.stop()
    journal.full_snapshots = False
    await ingest.accept([placed(5)])
    await ingest.stop()

    assert [snapshot.seq for snapshot in journal.snapshots[1]] == [6]


async def test_an_unexpected_failure_of_a_snapshot_holds_nothing_up(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 1)
    keeping = asyncio.Event()

    async def broken(server: int, snapshot: Any) -> None:
        await keeping.wait()
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(journal, "save_snapshot", broken)
    await ingest.accept([placed(1)])
    second = asyncio.create_task(ingest.accept([placed(2)]))
    await settle()
    with capture_logs() as logs:
        keeping.set()
        async with asyncio.timeout(60):
            assert await second == Outcome(1, 2)
            await ingest.stop()
    assert [line["event"] for line in logs if line["log_level"] == "error"] == [
        "snapshot_failed",
        "snapshot_failed",
    ]


async def test_no_snapshot_is_kept_of_what_could_not_be_stored(
    ingest: Ingest, journal: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 2)
    journal.failures = [FULL]
    with pytest.raises(JournalUnavailable):
        await ingest.accept([placed(1), placed(2)])

    assert journal.snapshots[1] == []


async def test_events_replayed_at_start_count_towards_the_next_snapshot(
    journal: Any, new_ingest: Callable[..., Ingest], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SNAPSHOT_EVERY", 5)
    for number in range(4):
        journal.write(1, RemovalRemembered(f"911:{number}"))
    ingest = new_ingest(journal)
    await ingest.accept([placed(9)])
    await ingest.stop()

    assert [snapshot.seq for snapshot in journal.snapshots[1]] == [5]


# time


async def test_what_is_over_by_its_time_is_closed(ingest: Ingest, journal: Any, clock: Any) -> None:
    await ingest.accept([Placed(CALL)])
    assert await ingest.expire() == Outcome(0, 1)

    clock.ms += 3_600_000
    assert await ingest.expire() == Outcome(1, 2)
    assert journal.events()[1] == CallClosed(CALL, "expired")
    assert journal.records[1][1].at == clock.ms


async def test_expiring_before_the_start_reads_the_board(
    journal: Any, new_ingest: Callable[..., Ingest]
) -> None:
    journal.write(1, CallOpened(CALL), NOW - 3_600_000)

    assert await new_ingest(journal).expire() == Outcome(1, 2)


async def test_nothing_is_asked_of_the_journal_when_nothing_is_over(
    ingest: Ingest, journal: Any
) -> None:
    await ingest.expire()

    assert journal.appends == []


# what the owner should know


async def test_call_ids_that_are_text_are_told_once(ingest: Ingest) -> None:
    with capture_logs() as logs:
        await ingest.accept([placed(1), Placed(replace(CALL, id="26-7"))])
        await ingest.accept([Placed(replace(CALL, id="26-8")), Closed(9)])

    assert [(line["event"], line["call"]) for line in logs] == [("call_id_is_text", "911:26-7")]


async def test_a_late_copy_sets_nothing_back_after_a_restart_either(
    ingest: Ingest, journal: Any, new_ingest: Callable[..., Ingest]
) -> None:
    new = Written(1, NOW, creation=True, alert=True, title="Smoke", status=0, units=(101,))
    await ingest.accept([new])
    await ingest.accept([replace(new, creation=False, alert=False, title="Fire", units=())])

    restarted = new_ingest(journal)
    await restarted.start()

    assert (await restarted.accept([new])).events == 0
    assert restarted.board is not None
    assert restarted.board.calls["dispatch:1"].title == "Fire"


async def test_a_note_is_stored_with_the_whole_call(ingest: Ingest, journal: Any) -> None:
    await ingest.accept([Written(1, NOW, creation=True, alert=True)])
    for text in ("one", "two"):
        await ingest.accept([Noted(1, Note(text))])

    (last,) = journal.events()[2:]
    assert isinstance(last, CallNoted)
    assert [note.content for note in last.call.notes] == ["one", "two"]

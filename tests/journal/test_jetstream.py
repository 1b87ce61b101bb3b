"""The journal over NATS: several bridges at once, and what can go wrong between them and NATS."""

from __future__ import annotations

import asyncio
import gc
import random
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from bridge.errors import JournalUnavailable, SequenceTaken
from bridge.journal import Entry, Snapshot, cluster, jetstream
from bridge.journal.cluster import Cluster
from bridge.journal.jetstream import JetStreamJournal
from tests.nats_servers import NatsServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

NOON = 1_700_000_000_000
SERVER = 7
OTHER = 8
NEVER_S = 3600.0


def entry(number: int, *, size: int = 0, seconds: int | None = None) -> Entry:
    at = NOON + (number if seconds is None else seconds) * 1000
    return Entry(at, (b'{"n":%d}' % number).ljust(size))


async def reach(journal: JetStreamJournal, last: int) -> None:
    """Wait until the journal knows of an event that another bridge appended."""
    with journal.bell(SERVER) as bell:
        async with asyncio.timeout(60):
            while await journal.last(SERVER) < last:
                await bell.wait()
                bell.clear()


async def numbers(journal: JetStreamJournal, server: int = SERVER) -> list[int]:
    return [record.seq for record in await journal.read(server, 0, 10_000)]


@asynccontextmanager
async def bridges(
    server: NatsServer, count: int = 1, *, name: str = "", max_size: int = 1 << 30
) -> AsyncIterator[list[JetStreamJournal]]:
    """Open a journal as so many bridges do."""
    url = f"{server.url}/{name or uuid4().hex}"
    opened = [await JetStreamJournal.open(url, max_size_bytes=max_size) for _ in range(count)]
    try:
        yield opened
    finally:
        for journal in opened:
            await journal.close()


@pytest.fixture
def notices_silence(patient: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a journal wait for an answer as long as it does where no test runs."""
    monkeypatch.setattr(cluster, "ANSWER_S", 2.0)


@pytest.fixture
async def own(tmp_path: Path, notices_silence: None) -> AsyncIterator[NatsServer]:
    """Run a NATS server that this test may kill."""
    with NatsServer(tmp_path / "own") as server:
        yield server


@contextmanager
def impatient() -> Iterator[None]:
    """Let an append give up after half a second."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cluster, "PERSIST_S", 0.5)
        yield


@contextmanager
def giving_up_after(seconds: float) -> Iterator[None]:
    """Let a start wait no longer for a server that takes it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cluster, "CONNECT_S", seconds)
        yield


# Several bridges ---------------------------------------------------------------------------------


async def test_all_bridges_call_the_journal_by_the_same_name(nats: NatsServer) -> None:
    url = f"{nats.url}/{uuid4().hex}"
    opened = await asyncio.gather(
        *(JetStreamJournal.open(url, max_size_bytes=1 << 30) for _ in range(4))
    )
    assert len({journal.epoch for journal in opened}) == 1
    for journal in opened:
        await journal.close()


async def test_what_one_bridge_appends_rings_at_the_other_and_is_read_there(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "LOOK_EVERY_S", NEVER_S)
    async with bridges(nats, 2) as (one, other):
        assert await other.last(SERVER) == 0
        with other.bell(SERVER) as bell:
            await one.append(SERVER, [entry(1), entry(2)], after=0)
            async with asyncio.timeout(60):
                await bell.wait()
        assert await other.last(SERVER) == 2
        assert [r.body for r in await other.read(SERVER, 0, 9)] == [entry(1).body, entry(2).body]


async def test_of_two_bridges_that_append_at_once_one_is_beaten_and_goes_on_behind(
    nats: NatsServer,
) -> None:
    async with bridges(nats, 2) as (one, other):
        results = await asyncio.gather(
            one.append(SERVER, [entry(1)], after=0),
            other.append(SERVER, [entry(2)], after=0),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == ["SequenceTaken", "int"]
        (beaten,) = [result for result in results if isinstance(result, SequenceTaken)]
        assert (beaten.expected, beaten.last) == (0, 1)
        loser = other if isinstance(results[1], SequenceTaken) else one
        assert await loser.append(SERVER, [entry(3)], after=1) == 2
        for journal in (one, other):
            await reach(journal, 2)
            assert await numbers(journal) == [1, 2]


async def test_many_racing_bridges_leave_one_row_without_gap_or_loss(nats: NatsServer) -> None:
    async def append_thirty(journal: JetStreamJournal, first: int) -> None:
        for number in range(first, first + 30):
            while True:
                after = await journal.last(SERVER)
                with suppress(SequenceTaken):
                    await journal.append(SERVER, [entry(number)], after)
                    break

    async with bridges(nats, 3) as journals:
        await asyncio.gather(
            *(append_thirty(journal, 100 * n) for n, journal in enumerate(journals, 1))
        )
        for journal in journals:
            await reach(journal, 90)
        rows = [await journal.read(SERVER, 0, 1000) for journal in journals]
    assert rows[0] == rows[1] == rows[2]
    assert [record.seq for record in rows[0]] == list(range(1, 91))
    assert len({record.body for record in rows[0]}) == 90


async def test_a_bridge_that_appends_nothing_learns_that_it_was_behind(nats: NatsServer) -> None:
    async with bridges(nats, 2) as (one, other):
        assert await other.append(SERVER, [], after=0) == 0
        await one.append(SERVER, [entry(1)], after=0)
        with pytest.raises(SequenceTaken):
            await other.append(SERVER, [], after=0)


async def test_the_bridge_that_a_game_server_comes_to_next_knows_what_it_acknowledged(
    nats: NatsServer, until: Any
) -> None:
    async with bridges(nats, 2) as (one, other):
        await one.append(SERVER, [entry(1), entry(2)], after=0)
        await one.acknowledge(SERVER, 2)

        async def is_known() -> bool:
            return await other.acknowledged(SERVER) == 2

        await until(is_known)


async def test_a_board_that_one_bridge_kept_is_found_by_the_other(nats: NatsServer) -> None:
    async with bridges(nats, 2) as (one, other):
        await one.append(SERVER, [entry(1)], after=0)
        board = Snapshot(1, NOON, bytes(range(256)) * 12_000)
        await one.save_snapshot(SERVER, board)
        assert await other.snapshot(SERVER, 5) == board


async def test_a_board_larger_than_a_message_is_kept_in_parts(nats: NatsServer) -> None:
    noise = random.Random(1).randbytes(1_700_000)
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1), entry(2)], after=0)
        await journal.save_snapshot(SERVER, Snapshot(1, NOON, b"small"))
        await journal.save_snapshot(SERVER, Snapshot(2, NOON, noise))
        assert await journal.snapshot(SERVER, 9) == Snapshot(2, NOON, noise)
        assert await journal.snapshot(SERVER, 1) == Snapshot(1, NOON, b"small")


@pytest.mark.parametrize("spoilt", ["a part is missing", "its parts are of two"])
async def test_a_board_that_is_not_whole_is_passed_over_for_the_one_before(
    nats: NatsServer, spoilt: str
) -> None:
    """Two bridges may keep a board of the same event at the same time, each in several parts."""
    noise = random.Random(911).randbytes(1_200_000)
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1), entry(2)], after=0)
        before = Snapshot(1, NOON, noise[:1000])
        await journal.save_snapshot(SERVER, before)
        await journal.save_snapshot(SERVER, Snapshot(2, NOON, noise))
        assert await journal.snapshot(SERVER, 2) == Snapshot(2, NOON, noise)
        part = f"board.{SERVER}.{2:016}.1"
        if spoilt == "a part is missing":
            await journal._bucket._forget(part)
        else:
            await journal._bucket._put(part, noise[: 512 << 10])
        assert await journal.snapshot(SERVER, 2) == before

        await journal.prune(before=NOON * 2, fresh_since=NOON * 2)
        assert await journal.snapshot(SERVER, 2) == before
        assert await journal.read(SERVER, 1, 10)


async def test_a_search_that_a_restored_backup_overtakes_is_not_believed_afterwards(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        await journal.append(SERVER, [entry(2)], after=1)
        await journal.append(OTHER, [entry(1)], after=0)
        await journal.append(SERVER, [entry(3)], after=2)
        history = journal._replicas[SERVER]._history
        first_from = journal._cluster.first_from

        async def forget_meanwhile(*words: Any) -> Any:
            history.forget()
            return await first_from(*words)

        monkeypatch.setattr(journal._cluster, "first_from", forget_meanwhile)
        assert [r.seq for r in await history.events(0, 2, 4)] == [1, 2]
        assert history._went_on == (0, 1)


async def test_servers_share_the_stream_and_count_each_for_itself(nats: NatsServer) -> None:
    async with bridges(nats) as (journal,):
        for number in range(1, 6):
            await journal.append(1, [entry(number)], after=number - 1)
            await journal.append(2, [entry(10 + number)], after=number - 1)
        async with bridges(nats, name=journal._stream) as (again,):
            assert await numbers(again, 1) == await numbers(again, 2) == [1, 2, 3, 4, 5]
            assert [r.body for r in await again.read(2, 3, 9)] == [entry(14).body, entry(15).body]


async def test_an_append_larger_than_a_message_is_several_in_one_row(nats: NatsServer) -> None:
    entries = [entry(n, size=200_000) for n in range(1, 13)]
    async with bridges(nats, 2) as (one, other):
        assert await one.append(SERVER, entries, after=0) == 12
        await reach(other, 12)
        assert [record.body for record in await other.read(SERVER, 0, 99)] == [
            e.body for e in entries
        ]


async def test_what_something_else_publishes_under_our_subjects_is_passed_over(
    nats: NatsServer,
) -> None:
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        subject = f"{journal._stream}.{SERVER}"
        await journal._cluster.publish(journal._stream, subject, b"not ours")
        with capture_logs() as said:
            assert await journal.append(SERVER, [entry(2)], after=1) == 2
        assert "message_unreadable" in {line["event"] for line in said}
        async with bridges(nats, name=journal._stream) as (again,):
            assert await numbers(again) == [1, 2]


# NATS away ---------------------------------------------------------------------------------------


async def test_an_append_outlasts_a_short_absence_of_nats(own: NatsServer) -> None:
    async with bridges(own) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        own.kill()
        append = asyncio.create_task(journal.append(SERVER, [entry(2)], after=1))
        await asyncio.to_thread(own.start)
        assert await append == 2
        assert journal.available
        assert await numbers(journal) == [1, 2]


async def test_while_nats_is_away_the_journal_says_so_and_recovers_by_itself(
    own: NatsServer, until: Any
) -> None:
    async with bridges(own) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        own.kill()
        with impatient(), pytest.raises(JournalUnavailable, match="NATS"):
            await journal.append(SERVER, [entry(2)], after=1)
        assert not journal.available
        assert journal.problem
        assert await numbers(journal) == [1], "what is in memory is read all the same"
        await asyncio.to_thread(own.start)
        await until(lambda: journal.available)
        assert journal.problem == ""
        last = await journal.last(SERVER)
        # The one whose answer never came may have been stored when NATS was back, or not.
        assert last in {1, 2}
        assert await journal.append(SERVER, [entry(3)], after=last) == last + 1


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # the client's, of refused ones
@pytest.mark.usefixtures("notices_silence")
async def test_a_password_that_is_changed_while_nats_runs_is_told_and_not_only_silence(
    tmp_path: Path, until: Any
) -> None:
    users = tmp_path / "users.conf"

    def allow(password: str) -> None:
        users.write_text(f'authorization {{ user: "bridge", password: "{password}" }}')

    allow("first")
    with NatsServer(tmp_path / "own", "--config", str(users)) as server:
        url = server.url.replace("nats://", "nats://bridge:first@")
        journal = await JetStreamJournal.open(url, max_size_bytes=1 << 30)
        try:
            server.kill()
            await until(lambda: cluster.UNREACHABLE in journal._cluster._refusals)
            with impatient(), pytest.raises(JournalUnavailable, match="can be reached"):
                await journal.append(SERVER, [entry(1)], after=0)
            allow("second")
            await asyncio.to_thread(server.start)
            await until(lambda: cluster.REFUSED in journal._cluster._refusals)
            with impatient(), pytest.raises(JournalUnavailable, match="refuses the user, password"):
                await journal.append(SERVER, [entry(1)], after=0)
            server.kill()
            allow("first")
            await asyncio.to_thread(server.start)
            await until(lambda: journal.available)
        finally:
            await journal.close()
            gc.collect()


async def test_a_nats_that_hangs_is_noticed_and_nothing_is_stored_twice(
    own: NatsServer, until: Any
) -> None:
    async with bridges(own) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        own.freeze()
        with impatient(), pytest.raises(JournalUnavailable, match="does not answer"):
            await journal.append(SERVER, [entry(2)], after=1)
        own.thaw()
        await until(lambda: journal.available)

        async def append_two() -> bool:
            last = await journal.last(SERVER)
            with suppress(JournalUnavailable, SequenceTaken):
                return last == 2 or await journal.append(SERVER, [entry(2)], after=1) == 2
            return False

        await until(append_two)
        assert [record.body for record in await journal.read(SERVER, 0, 9)] == [
            entry(1).body,
            entry(2).body,
        ]


async def test_a_lost_answer_is_no_second_event(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish, lost = Cluster.publish, []

    async def lose_the_first_answer(cluster: Cluster, stream: str, *words: Any) -> int:
        position = await publish(cluster, stream, *words)
        if not lost and not stream.startswith("KV_"):
            lost.append(position)
            raise JournalUnavailable("NATS does not answer")
        return position

    monkeypatch.setattr(Cluster, "publish", lose_the_first_answer)
    async with bridges(nats) as (journal,):
        assert await journal.append(SERVER, [entry(1)], after=0) == 1
        assert lost
        assert await journal.append(SERVER, [entry(2)], after=1) == 2
        assert await numbers(journal) == [1, 2]


async def test_a_lost_answer_and_then_a_look_that_breaks_off_is_no_second_event(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In trouble answers are lost in a row: also that to the look which finds our own message."""
    async with bridges(nats) as (journal,):
        assert await journal.append(SERVER, [entry(1)], after=0) == 1
        publish, first_from = journal._cluster.publish, journal._cluster.first_from
        lost: list[str] = []

        async def lose_the_answer(stream: str, *words: Any) -> int:
            position = await publish(stream, *words)
            if "publish" not in lost and not stream.startswith("KV_"):
                lost.append("publish")
                raise JournalUnavailable("NATS does not answer")
            return position

        async def break_off_behind_it(stream: str, *words: Any) -> Any:
            message = await first_from(stream, *words)
            if message is None and lost == ["publish"]:
                lost.append("look")
                raise JournalUnavailable("NATS does not answer")
            return message

        monkeypatch.setattr(journal._cluster, "publish", lose_the_answer)
        monkeypatch.setattr(journal._cluster, "first_from", break_off_behind_it)
        monkeypatch.setattr(journal, "_look", lambda *_: asyncio.sleep(0))
        with journal.bell(SERVER) as bell:
            assert await journal.append(SERVER, [entry(2)], after=1) == 2
            assert bell.is_set()
        assert lost == ["publish", "look"]
        assert await journal.append(SERVER, [entry(3)], after=2) == 3
        async with bridges(nats, name=journal._stream) as (other,):
            assert await numbers(other) == [1, 2, 3]


async def test_what_was_read_before_a_look_broke_off_rings_too(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    async with bridges(nats, 2) as (one, other):
        assert await other.last(SERVER) == 0
        first_from, broken = other._cluster.first_from, []

        async def break_off_behind_it(*words: Any) -> Any:
            message = await first_from(*words)
            if message is None and other._replicas[SERVER].last and not broken:
                broken.append(words)
                raise JournalUnavailable("NATS does not answer")
            return message

        monkeypatch.setattr(other._cluster, "first_from", break_off_behind_it)
        with other.bell(SERVER) as bell:
            await one.append(SERVER, [entry(1)], after=0)
            await until(lambda: broken)
            assert bell.is_set()


# What comes while something is being asked or written --------------------------------------------


async def test_an_acknowledgement_that_comes_while_one_is_written_is_written_too(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "WRITE_EVERY_S", NEVER_S)  # this test writes by itself
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1), entry(2)], after=0)
        write = journal._bucket.write_standing

        async def write_while_one_comes(server: int, acknowledged: int, last: int) -> None:
            await write(server, acknowledged, last)
            if acknowledged == 1:
                await journal.acknowledge(SERVER, 2)

        monkeypatch.setattr(journal._bucket, "write_standing", write_while_one_comes)
        await journal.acknowledge(SERVER, 1)
        await journal._write_standings()
        await journal._write_standings()
        async with bridges(nats, name=journal._stream) as (other,):
            assert await other.acknowledged(SERVER) == 2


async def test_an_acknowledgement_that_comes_while_the_last_one_is_asked_for_stays(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1), entry(2)], after=0)
        standing = journal._bucket.standing

        async def ask_while_one_comes(server: int) -> tuple[int, int]:
            found = await standing(server)
            await journal.acknowledge(SERVER, 2)
            return found

        monkeypatch.setattr(journal._bucket, "standing", ask_while_one_comes)
        assert await journal.acknowledged(SERVER) == 2


async def test_what_another_bridge_stores_while_one_starts_is_no_restored_backup(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record of how far the journal came may speak of more than was read a moment ago."""
    monkeypatch.setattr(jetstream, "WRITE_EVERY_S", NEVER_S)  # this test writes by itself
    async with bridges(nats, 2) as (one, other):
        await one.append(SERVER, [entry(1)], after=0)
        epoch = one.epoch
        standing = other._bucket.standing
        monkeypatch.setattr(other, "_follow", lambda _: asyncio.sleep(0))  # no ring mends it

        async def ask_a_moment_later(server: int) -> tuple[int, int]:
            if await one.last(SERVER) == 1:
                await one.append(SERVER, [entry(2)], after=1)
                await one.acknowledge(SERVER, 2)
                await one._write_standings()
            return await standing(server)

        monkeypatch.setattr(other._bucket, "standing", ask_a_moment_later)
        assert await other.last(SERVER) == 2
        assert other.epoch == epoch
        assert await one._bucket.epoch() == epoch


async def test_a_server_that_is_asked_for_while_the_journal_gets_a_new_name_disturbs_nothing(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        epoch, write = journal.epoch, journal._bucket.write_standing

        async def write_while_another_is_asked_for(*words: int) -> None:
            with journal.bell(OTHER):
                await write(*words)

        monkeypatch.setattr(journal._bucket, "write_standing", write_while_another_is_asked_for)
        await journal._renew_epoch()
        assert journal.epoch != epoch


async def test_what_nobody_thought_of_ends_no_duty(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch, until: Any
) -> None:
    monkeypatch.setattr(jetstream, "WRITE_EVERY_S", 0.05)
    async with bridges(nats, 2) as (one, other):
        assert await other.last(SERVER) == 0
        faults = []
        in_step, write = other._replicas[SERVER].in_step, other._bucket.write_standing

        async def fail_once() -> None:
            if "look" not in faults:
                faults.append("look")
                raise ValueError
            await in_step()

        async def fail_to_write_once(*words: int) -> None:
            if "write" not in faults:
                faults.append("write")
                raise ValueError
            await write(*words)

        monkeypatch.setattr(other._replicas[SERVER], "in_step", fail_once)
        monkeypatch.setattr(other._bucket, "write_standing", fail_to_write_once)
        with other.bell(SERVER) as bell:
            await one.append(SERVER, [entry(1)], after=0)
            await until(lambda: "look" in faults)
            await one.append(SERVER, [entry(2)], after=1)
            await until(bell.is_set)
        await other.acknowledge(SERVER, 1)
        await until(lambda: "write" in faults)

        async def is_written() -> bool:
            return (await one._bucket.standing(SERVER))[0] == 1

        await until(is_written)


async def test_a_bridge_whose_rings_are_lost_looks_by_itself(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "LOOK_EVERY_S", 0.2)
    monkeypatch.setattr(JetStreamJournal, "_heard", lambda *_: None)
    async with bridges(nats, 2) as (one, other):
        assert await other.last(SERVER) == 0
        with other.bell(SERVER) as bell:
            await one.append(SERVER, [entry(1)], after=0)
            async with asyncio.timeout(60):
                await bell.wait()


async def test_a_ring_that_is_faster_than_the_store_costs_a_moment_only(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "LOOK_EVERY_S", NEVER_S)
    async with bridges(nats, 2) as (one, other):
        assert await other.last(SERVER) == 0
        first_from, looks = other._cluster.first_from, []

        async def not_yet_there(*words: Any) -> Any:
            looks.append(words)
            return await first_from(*words) if len(looks) > 1 else None

        monkeypatch.setattr(other._cluster, "first_from", not_yet_there)
        with other.bell(SERVER) as bell:
            await one.append(SERVER, [entry(1)], after=0)
            async with asyncio.timeout(60):
                await bell.wait()


async def test_without_jetstream_the_owner_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "PERSIST_S", 0.2)
    with (
        NatsServer(tmp_path, jetstream=False) as plain,
        pytest.raises(JournalUnavailable, match="without JetStream"),
    ):
        await JetStreamJournal.open(plain.url, max_size_bytes=1 << 30)


async def test_a_refused_password_is_told_without_it(
    tmp_path: Path,
) -> None:
    with NatsServer(tmp_path, "--user", "bridge", "--pass", "right-one") as server:
        place = server.url.removeprefix("nats://")
        with (
            giving_up_after(2.0),
            capture_logs() as said,
            pytest.raises(JournalUnavailable, match="refuses") as refusal,
        ):
            await JetStreamJournal.open(f"nats://bridge:wr0ng@{place}", max_size_bytes=1 << 30)
        assert "wr0ng" not in f"{refusal.value} {said}"
        journal = await JetStreamJournal.open(
            f"nats://bridge:right-one@{place}", max_size_bytes=1 << 30
        )
        await journal.close()


async def test_a_nats_that_is_not_there_is_told_by_its_address(
    own: NatsServer,
) -> None:
    own.kill()
    with giving_up_after(1.0), pytest.raises(JournalUnavailable, match=f"127.0.0.1:{own.port}"):
        await JetStreamJournal.open(own.url, max_size_bytes=1 << 30)


@pytest.mark.parametrize("error", [ConnectionResetError(), TypeError("not callable")])
async def test_a_connection_that_is_lost_while_it_is_ended_is_ended_all_the_same(
    nats: NatsServer, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async with bridges(nats) as (journal,):
        client = journal._cluster._client
        end = client.close

        async def close() -> None:
            await end()
            raise error

        monkeypatch.setattr(client, "close", close)
        await journal.close()


# Restored from a backup --------------------------------------------------------------------------


@pytest.mark.parametrize("first", ["a question", "a ring"])
async def test_a_journal_restored_from_a_backup_has_another_name(
    own: NatsServer, tmp_path: Path, until: Any, first: str
) -> None:
    async with bridges(own, name="j") as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        epoch = journal.epoch
    own.back_up("j", tmp_path / "backup")
    own.start()
    async with bridges(own, name="j") as (journal,):
        await journal.append(SERVER, [entry(2), entry(3)], after=1)
        await journal.acknowledge(SERVER, 3)
    own.put_back("j", tmp_path / "backup")
    own.start()

    async with bridges(own, name="j") as (journal,):
        if first == "a ring":
            with journal.bell(SERVER) as bell:
                journal._heard(f"j.{SERVER}")
                await until(lambda: bell.is_set() or journal._replicas[SERVER].last)
        assert await journal.last(SERVER) == 1
        assert journal.epoch != epoch
        assert await journal.acknowledged(SERVER) <= 1
        renewed = journal.epoch
    async with bridges(own, name="j") as (journal,):
        assert await journal.last(SERVER) == 1
        assert journal.epoch == renewed


@pytest.mark.parametrize("by", ["itself", "an append"])
async def test_a_running_bridge_notices_that_the_journal_went_back(
    own: NatsServer, tmp_path: Path, until: Any, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    if by == "an append":  # comes before the bridge has looked by itself

        async def never(*_: Any) -> None:
            await asyncio.Event().wait()

        monkeypatch.setattr(JetStreamJournal, "_follow", never)
    async with bridges(own, name="j") as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        own.back_up("j", tmp_path / "backup")
        await asyncio.to_thread(own.start)
        await journal.append(SERVER, [entry(2)], after=1)
        epoch = journal.epoch
        own.put_back("j", tmp_path / "backup")
        with journal.bell(SERVER) as bell:
            await asyncio.to_thread(own.start)
            if by == "an append":
                with pytest.raises(SequenceTaken):
                    await journal.append(SERVER, [entry(3)], after=2)
            await until(lambda: journal.epoch != epoch)
            assert bell.is_set()
        assert await journal.last(SERVER) == 1
        assert await journal.append(SERVER, [entry(9)], after=1) == 2


async def test_a_board_of_events_that_a_backup_does_not_hold_is_forgotten(
    own: NatsServer, tmp_path: Path, until: Any
) -> None:
    """Other events will have their numbers: the board would be of what never was."""
    async with bridges(own, name="j") as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        before = Snapshot(1, NOON, b"before")
        await journal.save_snapshot(SERVER, before)
        own.back_up("j", tmp_path / "backup")
        await asyncio.to_thread(own.start)
        await journal.append(SERVER, [entry(2), entry(3)], after=1)
        await journal.save_snapshot(SERVER, Snapshot(3, NOON, b"of what is lost"))
        epoch = journal.epoch
        own.put_back("j", tmp_path / "backup")
        await asyncio.to_thread(own.start)
        await until(lambda: journal.epoch != epoch)
        assert await journal.last(SERVER) == 1
        assert await journal.append(SERVER, [entry(8), entry(9)], after=1) == 3
        assert await journal.snapshot(SERVER, 3) == before


async def test_a_journal_whose_stream_was_deleted_is_not_called_available(
    nats: NatsServer, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That its small values can be written says nothing of events."""
    monkeypatch.setattr(jetstream, "WRITE_EVERY_S", 0.05)
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        trials, copies = [], journal._cluster.copies

        async def try_counted(stream: str) -> Any:
            trials.append(stream)
            return await copies(stream)

        monkeypatch.setattr(journal._cluster, "copies", try_counted)
        await journal._cluster._jetstream.delete_stream(journal._stream)
        with impatient(), pytest.raises(JournalUnavailable):
            await journal.append(SERVER, [entry(2)], after=1)
        await until(lambda: len(trials) > 2)
        assert not journal.available
        assert "restart the bridge" in journal.problem


async def test_the_new_name_wakes_the_connections_of_every_server(
    own: NatsServer, tmp_path: Path, until: Any
) -> None:
    """Also of one whose events the backup holds: its cursor counts under the old name."""
    async with bridges(own, name="j") as (journal,):
        await journal.append(OTHER, [entry(1)], after=0)
        own.back_up("j", tmp_path / "backup")
        await asyncio.to_thread(own.start)
        await journal.append(SERVER, [entry(2)], after=0)
        epoch = journal.epoch
        own.put_back("j", tmp_path / "backup")
        with journal.bell(OTHER) as bell:
            await asyncio.to_thread(own.start)
            await until(bell.is_set)
            assert journal.epoch != epoch
        assert await journal.last(OTHER) == 1


async def test_a_restore_that_cuts_no_connection_is_noticed_too(
    nats: NatsServer, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jetstream, "LOOK_EVERY_S", 0.2)
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(1)], after=0)
        epoch = journal.epoch
        stream = journal._stream
        with journal.bell(SERVER) as bell:
            await journal._cluster._jetstream.delete_stream(stream)
            await journal._cluster.have_stream(stream, f"{stream}.*", 1, newest=False)
            await until(bell.is_set)
            assert journal.epoch != epoch


# Pruning -----------------------------------------------------------------------------------------


async def test_a_journal_over_its_size_loses_its_oldest_needless_events(nats: NatsServer) -> None:
    chance = random.Random(2)
    async with bridges(nats, max_size=3_000_000) as (journal,):
        for number in range(1, 13):
            body = chance.randbytes(400_000)
            await journal.append(SERVER, [Entry(NOON + number, body)], after=number - 1)
        await journal.save_snapshot(SERVER, Snapshot(9, NOON, b"board"))

        await journal.prune(before=0, fresh_since=NOON + 99)

        left = await numbers(journal)
        assert left[-1] == 12
        assert 1 < left[0] <= 10
        assert await journal._cluster.used_bytes(journal._stream) <= 3_000_000


async def test_pruning_keeps_what_stands_in_one_message_with_what_is_needed(
    nats: NatsServer,
) -> None:
    async with bridges(nats) as (journal,):
        await journal.append(SERVER, [entry(n) for n in range(1, 11)], after=0)
        await journal.append(SERVER, [entry(n) for n in range(11, 21)], after=10)
        await journal.append(SERVER, [entry(21)], after=20)
        await journal.save_snapshot(SERVER, Snapshot(15, NOON, b"board"))

        await journal.prune(before=NOON * 2, fresh_since=NOON + 18_000)

        assert await numbers(journal) == list(range(11, 22))
        assert await journal.first_since(SERVER, NOON) == 11

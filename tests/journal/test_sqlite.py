"""What the SQLite journal promises beyond the contract: files, failures, and being killed."""
# ruff: noqa: ASYNC240 -- the loop of a test may wait for a file

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, Any

import pytest

import bridge
from bridge.errors import ConfigurationError, JournalInUse, JournalUnavailable
from bridge.journal import Entry, Snapshot, schema
from bridge.journal.sqlite import SqliteJournal
from bridge.metrics import Metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

HERE = Path(__file__).parent
ROOT = Path(bridge.__file__).parents[1]
WRITER = HERE / "writer_process.py"
SERVER = 7
NOON = 1_700_000_000_000

unix_only = pytest.mark.skipif(os.name == "nt", reason="the system has no file modes")


def entry(number: int, size: int = 0) -> Entry:
    return Entry(NOON + number * 1000, (b"event %d" % number).ljust(size))


async def fill(journal: SqliteJournal, count: int, *, server: int = SERVER, size: int = 0) -> None:
    after = await journal.last(server)
    for start in range(after, after + count, 100):
        numbers = range(start + 1, min(start + 100, after + count) + 1)
        await journal.append(server, [entry(number, size) for number in numbers], start)


@contextlib.asynccontextmanager
async def opened(path: Path, max_size_bytes: int = 1 << 30) -> AsyncIterator[SqliteJournal]:
    journal = await SqliteJournal.open(path, max_size_bytes=max_size_bytes)
    try:
        yield journal
    finally:
        await journal.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.db"


def files(path: Path) -> set[str]:
    return {file.name.removeprefix(path.name) for file in path.parent.iterdir()}


def python(*arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


# Being killed.


@pytest.mark.slow
async def test_whatever_was_confirmed_is_there_after_every_kill(path: Path):
    chance = random.Random(911)
    confirmed = {1: 0, 2: 0}
    epochs = set()

    def note(line: str) -> None:
        server, seq = map(int, line.split())
        confirmed[server] = max(confirmed[server], seq)

    for _ in range(12):
        process = python(WRITER, path)
        try:
            assert process.stdout is not None
            epochs.add((await asyncio.to_thread(process.stdout.readline)).split()[1])
            while not all(confirmed.values()):  # the first time, however slow the disk is
                note(await asyncio.to_thread(process.stdout.readline))
            await asyncio.sleep(chance.uniform(0.0, 0.25))  # the moment is the random variable
        finally:
            process.kill()
        output, _ = await asyncio.to_thread(process.communicate)
        for line in output.splitlines():
            note(line)

        async with opened(path) as journal:
            epochs.add(journal.epoch)
            for server, seq in confirmed.items():
                last = await journal.last(server)
                assert last >= seq
                records = await journal.read(server, 0, last + 1)
                assert [(r.seq, r.body) for r in records] == [
                    (n, b"event %d" % n) for n in range(1, last + 1)
                ]
                assert await journal.acknowledged(server) <= seq
    assert len(epochs) == 1


# One bridge at a time.


async def test_a_second_journal_on_the_same_file_is_refused(path: Path):
    async with opened(path):
        with pytest.raises(JournalInUse, match=r"journal\.db"):
            await SqliteJournal.open(path, max_size_bytes=1)

    async with opened(path):
        pass


async def test_another_process_is_refused_until_the_first_is_killed(path: Path):
    process = python(WRITER, path)
    try:
        assert process.stdout is not None
        await asyncio.to_thread(process.stdout.readline)
        with pytest.raises(JournalInUse):
            await SqliteJournal.open(path, max_size_bytes=1)
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)

    async with opened(path):
        pass


@unix_only
async def test_two_names_of_one_file_are_one_journal(path: Path, tmp_path: Path):
    other = tmp_path / "other.db"
    other.symlink_to(path)
    async with opened(path):
        with pytest.raises(JournalInUse):
            await SqliteJournal.open(other, max_size_bytes=1)


async def test_a_journal_that_could_not_be_opened_is_not_held(path: Path):
    path.write_bytes(b"something else entirely " * 100)
    with pytest.raises(ConfigurationError):
        await SqliteJournal.open(path, max_size_bytes=1)

    path.unlink()
    async with opened(path):
        pass


# Files.


@unix_only
async def test_only_the_owner_can_read_any_of_the_files(path: Path):
    umask = os.umask(0)
    try:
        async with opened(path) as journal:
            await fill(journal, 3)
            await journal.save(SERVER, "a", b"x")
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(umask)

    assert set(modes.values()) == {0o600}
    assert len(modes) == 5  # database, log, its index, lock, epoch


@unix_only
async def test_files_that_others_could_read_are_closed_to_them(path: Path):
    async with opened(path):
        pass
    for file in path.parent.iterdir():
        file.chmod(0o644)

    async with opened(path):
        modes = {stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}

    assert modes == {0o600}


async def test_a_clean_end_leaves_no_log_behind(path: Path):
    async with opened(path) as journal:
        await fill(journal, 2000)
        await journal.read(SERVER, 0, 10)  # so that the reader has a connection too
        await journal.first_since(SERVER, NOON)

    assert files(path) == {"", ".lock", ".epoch"}


async def test_a_missing_folder_is_named(tmp_path: Path):
    with pytest.raises(JournalUnavailable, match="nowhere"):
        await SqliteJournal.open(tmp_path / "nowhere" / "journal.db", max_size_bytes=1)


async def test_a_folder_in_its_place_is_refused(path: Path):
    path.mkdir()
    with pytest.raises(JournalUnavailable):
        await SqliteJournal.open(path, max_size_bytes=1)


async def test_another_programs_database_is_left_alone(path: Path):
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE treasure (value)")
        other.commit()

    with pytest.raises(ConfigurationError, match="not a journal"):
        await SqliteJournal.open(path, max_size_bytes=1)

    with contextlib.closing(sqlite3.connect(path)) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("treasure",)]


async def test_a_journal_of_a_newer_bridge_is_left_alone(path: Path):
    async with opened(path):
        pass
    with contextlib.closing(sqlite3.connect(path)) as other:
        other.execute("PRAGMA user_version = 99")

    with pytest.raises(ConfigurationError, match="newer"):
        await SqliteJournal.open(path, max_size_bytes=1)


async def test_a_half_made_schema_is_finished(path: Path):
    sqlite3.connect(path).close()
    assert path.read_bytes() == b""

    async with opened(path) as journal:
        await fill(journal, 1)


# The epoch.


def noted(path: Path) -> int:
    """Return how many events are known outside the database to have been confirmed."""
    return int(path.with_name(path.name + ".lock").read_text().split()[1])


async def epoch_of(path: Path) -> str:
    async with opened(path) as journal:
        return journal.epoch


async def test_two_journals_have_two_names(tmp_path: Path):
    assert await epoch_of(tmp_path / "a.db") != await epoch_of(tmp_path / "b.db")


async def test_a_restored_database_has_a_new_epoch(path: Path, tmp_path: Path):
    async with opened(path) as journal:
        await fill(journal, 5)
        epoch = journal.epoch
    backup = shutil.copy(path, tmp_path / "backup")
    async with opened(path) as journal:
        await fill(journal, 1)
        assert journal.epoch == epoch

    shutil.copyfile(backup, path)  # into the same inode, as an upload would

    async with opened(path) as journal:
        assert journal.epoch != epoch
        assert await journal.last(SERVER) == 5
        restored = journal.epoch
    assert await epoch_of(path) == restored


async def test_a_backup_taken_while_running_has_a_new_epoch_when_restored_after_a_kill(
    path: Path, tmp_path: Path
):
    backup = tmp_path / "backup.db"
    process = python(WRITER, path)
    try:
        assert process.stdout is not None
        epoch = (await asyncio.to_thread(process.stdout.readline)).split()[1]
        with (
            contextlib.closing(sqlite3.connect(path)) as source,
            contextlib.closing(sqlite3.connect(backup)) as target,
        ):
            source.backup(target)
            (saved,) = target.execute("SELECT count(*) FROM events").fetchone()
        while noted(path) <= saved:
            assert await asyncio.to_thread(process.stdout.readline)
    finally:
        process.kill()
        await asyncio.to_thread(process.communicate)
    for suffix in ("-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)

    shutil.copyfile(backup, path)

    assert await epoch_of(path) != epoch


async def test_a_restored_folder_has_a_new_epoch(path: Path, tmp_path: Path):
    async with opened(path) as journal:
        await fill(journal, 5)
        epoch = journal.epoch
    backup = tmp_path / "backup"
    backup.mkdir()
    for file in ("", ".lock", ".epoch"):
        shutil.copy2(f"{path}{file}", backup / f"b{file}")
    async with opened(path) as journal:
        await fill(journal, 5)

    for file in ("", ".lock", ".epoch"):
        shutil.copyfile(backup / f"b{file}", f"{path}{file}")
        shutil.copystat(backup / f"b{file}", f"{path}{file}")

    assert await epoch_of(path) != epoch


async def test_a_copy_elsewhere_has_an_epoch_of_its_own(path: Path, tmp_path: Path):
    epoch = await epoch_of(path)
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in ("", ".lock", ".epoch"):
        shutil.copy2(f"{path}{file}", copy / f"journal.db{file}")
    shutil.copy2(path, copy / "alone.db")

    epochs = {await epoch_of(copy / "journal.db"), await epoch_of(copy / "alone.db")}

    assert len(epochs - {epoch}) == 2
    assert await epoch_of(path) == epoch


async def test_a_deleted_database_starts_anew(path: Path):
    async with opened(path) as journal:
        await fill(journal, 5)
        epoch = journal.epoch
    path.unlink()

    async with opened(path) as journal:
        assert journal.epoch != epoch
        assert await journal.last(SERVER) == 0


async def test_a_backup_with_nothing_added_since_is_still_the_same_journal(
    path: Path, tmp_path: Path
):
    async with opened(path) as journal:
        await fill(journal, 5)
        epoch = journal.epoch
    shutil.copyfile(path, tmp_path / "backup")
    shutil.copyfile(tmp_path / "backup", path)

    assert await epoch_of(path) == epoch


async def test_a_damaged_lock_file_costs_nothing(path: Path):
    async with opened(path) as journal:
        await fill(journal, 5)
        epoch = journal.epoch
    lock = path.with_name(path.name + ".lock")

    for text in (b"", b"x", b"events 99999999999999999x99\n", b"\xff" * 28):
        lock.write_bytes(text)
        assert await epoch_of(path) == epoch


# Disk full, read-only, and other misfortunes.


class Faulty(sqlite3.Connection):
    """A connection that refuses to write while it is told to."""

    fault: str | None = None

    def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
        if Faulty.fault and sql.startswith(("INSERT", "COMMIT")):
            error = sqlite3.OperationalError("injected")
            error.sqlite_errorname = Faulty.fault
            raise error
        return super().execute(sql, *arguments)  # type: ignore[arg-type]


@pytest.fixture
def faulty(monkeypatch: pytest.MonkeyPatch) -> type[Faulty]:
    """Let every connection be one that can be told to fail."""
    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, factory=Faulty, **options)
    )
    monkeypatch.setattr(Faulty, "fault", None)
    return Faulty


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("SQLITE_FULL", "the disk is full"),
        ("SQLITE_READONLY_ROLLBACK", "read-only"),
        ("SQLITE_IOERR_FSYNC", "the disk reports an error"),
        ("SQLITE_BUSY", "another program"),
        ("SQLITE_SOMETHING_NEW", "SQLITE_SOMETHING_NEW"),
    ],
)
async def test_a_failing_disk_stores_nothing_and_everything_goes_on_afterwards(
    path: Path,
    faulty: type[Faulty],
    until: Callable[..., Awaitable[None]],
    fault: str,
    words: str,
):
    async with opened(path) as journal:
        await fill(journal, 3)
        faulty.fault = fault
        results = await asyncio.gather(
            journal.append(SERVER, [entry(4)], 3),
            journal.append(SERVER, [entry(5)], 4),
            journal.save(SERVER, "a", b"x"),
            return_exceptions=True,
        )

        assert [type(result) for result in results] == [JournalUnavailable] * 3
        assert words in str(results[0])
        assert not journal.available
        with pytest.raises(JournalUnavailable):
            await journal.save_snapshot(SERVER, Snapshot(1, NOON, b"board"))
        assert await journal.last(SERVER) == 3

        faulty.fault = None
        await until(lambda: journal.available)  # by itself, with no event to try it
        assert await journal.append(SERVER, [entry(4)], 3) == 4
        assert [record.seq for record in await journal.read(SERVER, 0, 9)] == [1, 2, 3, 4]


async def test_acknowledgements_outlive_a_failing_disk(
    path: Path, faulty: type[Faulty], until: Callable[..., Awaitable[None]]
):
    async with opened(path) as journal:
        await fill(journal, 3)
        faulty.fault = "SQLITE_FULL"
        await journal.acknowledge(SERVER, 2)
        await until(lambda: not journal.available)
        faulty.fault = None
        await until(lambda: journal.available)

    async with opened(path) as journal:
        assert await journal.acknowledged(SERVER) == 2


async def test_a_commit_that_failed_but_reached_the_disk_is_found_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Uncertain(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
            cursor = super().execute(sql, *arguments)  # type: ignore[arg-type]
            if "INTO events" in sql and b"event 4" in str(arguments).encode():
                raise sqlite3.OperationalError("injected after the commit")
            return cursor

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, factory=Uncertain, **options)
    )
    async with opened(path) as journal:
        await fill(journal, 3)
        with pytest.raises(JournalUnavailable), journal.bell(SERVER) as bell:
            await journal.append(SERVER, [entry(4)], 3)

        with journal.bell(SERVER) as bell:
            await journal.save(SERVER, "a", b"x")
            assert bell.is_set()

        assert await journal.last(SERVER) == 4
        assert [r.body for r in await journal.read(SERVER, 2, 9)] == [b"event 3", b"event 4"]
        assert await journal.append(SERVER, [entry(5)], 4) == 5


async def test_an_unforeseen_error_ends_neither_the_thread_nor_the_journal(path: Path):
    async with opened(path) as journal:
        broken = Entry("no time", b"event 1")  # type: ignore[arg-type]
        await journal.append(SERVER, [broken], 0)  # SQLite takes text for a number
        with pytest.raises(JournalUnavailable):
            await journal.append(SERVER, [Entry(NOON, object())], 1)  # type: ignore[arg-type]
        with pytest.raises(JournalUnavailable, match="internal error"):
            await journal.append(SERVER, None, 1)  # type: ignore[arg-type]

        assert await journal.append(SERVER, [entry(2)], 1) == 2


FULL_DISK = """
    import asyncio, resource, signal, sys
    from bridge.errors import JournalUnavailable
    from bridge.journal import Entry
    from bridge.journal.sqlite import SqliteJournal

    async def main():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        journal = await SqliteJournal.open(sys.argv[1], max_size_bytes=1 << 30)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, hard))
        stored = 0
        try:
            while True:
                stored = await journal.append(1, [Entry(stored, b"x" * 4000)], stored)
        except JournalUnavailable as error:
            print("full", error.reason, stored)
        assert await journal.last(1) == stored
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        while not journal.available:
            await asyncio.sleep(0.02)
        assert await journal.append(1, [Entry(0, b"after")], stored) == stored + 1
        await journal.close()
        print("recovered")

    asyncio.run(main())
"""


@unix_only
async def test_a_file_that_cannot_grow_is_a_full_disk_until_it_can(path: Path):
    process = python("-c", textwrap.dedent(FULL_DISK), path)
    output, _ = await asyncio.to_thread(process.communicate, timeout=120)

    assert process.returncode == 0, output
    assert "full" in output
    assert "recovered" in output
    async with opened(path) as journal:
        last = await journal.last(1)
        assert len(await journal.read(1, 0, 1000)) == last


READ_ONLY = """
    import asyncio, os, sys
    from bridge.errors import JournalUnavailable
    from bridge.journal.sqlite import SqliteJournal

    if os.geteuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        asyncio.run(SqliteJournal.open(sys.argv[1], max_size_bytes=1))
    except JournalUnavailable as error:
        print("unavailable:", error)
"""


@unix_only
async def test_a_folder_that_cannot_be_written_is_named_as_the_reason(tmp_path: Path):
    folder = Path("/proc/self") if Path("/proc/self").is_dir() else tmp_path
    if folder == tmp_path:
        folder.chmod(0o500)
    process = python("-c", textwrap.dedent(READ_ONLY), folder / "journal.db")
    output, _ = await asyncio.to_thread(process.communicate, timeout=120)

    assert output.startswith("unavailable: the journal cannot store now (")


@unix_only
@pytest.mark.parametrize("fate", ["moved", "deleted", "replaced"])
async def test_a_file_taken_away_while_running_is_noticed_before_anything_is_lost(
    path: Path,
    tmp_path: Path,
    until: Callable[..., Awaitable[None]],
    fate: str,
):
    kept = tmp_path / "kept.db"

    async def refused() -> bool:
        try:
            await fill(journal, 1)
        except JournalUnavailable as error:
            return "moved, deleted or replaced" in str(error)
        return False

    async with opened(path) as journal:
        await fill(journal, 3)
        path.rename(kept)
        if fate == "replaced":
            sqlite3.connect(path).close()
            path.touch()

        await until(refused)
        assert not journal.available

        if fate != "deleted":
            kept.replace(path)
            await until(lambda: journal.available)
            await fill(journal, 1)


@pytest.mark.parametrize("intruder", ["an older backup", "another journal", "rubbish"])
async def test_a_file_overwritten_in_place_while_running_gets_no_events(
    path: Path, tmp_path: Path, faulty: type[Faulty], intruder: str
):
    async with opened(path) as journal:
        await fill(journal, 1)
    async with opened(tmp_path / "another.db") as journal:
        await fill(journal, 9)
    sources = {"an older backup": path, "another journal": tmp_path / "another.db"}
    content = sources[intruder].read_bytes() if intruder in sources else b"rubbish " * 1000
    async with opened(path) as journal:
        await fill(journal, 3)
        faulty.fault = "SQLITE_FULL"
        with pytest.raises(JournalUnavailable):
            await fill(journal, 1)
        for suffix in ("-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        path.write_bytes(content)
        faulty.fault = None

        for _ in range(2):
            with pytest.raises(JournalUnavailable, match=r"replaced|damaged"):
                await fill(journal, 1)

        assert await journal.last(SERVER) == 4
    if intruder in sources:
        with contextlib.closing(sqlite3.connect(path)) as found:
            counts = found.execute("SELECT count(*) FROM events").fetchone()
            assert counts == ((1,) if intruder == "an older backup" else (9,))


async def test_a_server_without_events_is_no_obstacle(path: Path):
    async with opened(path) as journal:
        await journal.save(SERVER, "a", b"x")

    async with opened(path) as journal:
        await fill(journal, 1)
        assert await journal.load(SERVER, "a") == {"a": b"x"}


async def test_a_lock_that_the_file_system_does_not_know_is_named(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    def refuse(_descriptor: int) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr("bridge.journal.files._lock", refuse)
    with pytest.raises(JournalUnavailable, match="not supported"):
        await SqliteJournal.open(path, max_size_bytes=1)


async def test_a_file_system_without_a_write_ahead_log_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    class Old(sqlite3.Connection):
        def execute(self, sql: str, *arguments: object) -> sqlite3.Cursor:  # type: ignore[override]
            return super().execute(sql.replace("= WAL", "= DELETE"), *arguments)  # type: ignore[arg-type]

    connect = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda *args, **options: connect(*args, factory=Old, **options)
    )
    with pytest.raises(ConfigurationError, match="local disk"):
        await SqliteJournal.open(path, max_size_bytes=1)


async def test_another_program_that_writes_for_long_makes_it_unavailable(
    path: Path, monkeypatch: pytest.MonkeyPatch, until: Callable[..., Awaitable[None]]
):
    monkeypatch.setattr("bridge.journal.schema.BUSY_S", 0.05)
    async with opened(path) as journal:
        with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with pytest.raises(JournalUnavailable, match="another program"):
                await fill(journal, 1)
            other.execute("ROLLBACK")
        await until(lambda: journal.available)
        await fill(journal, 1)


async def test_reading_fails_clearly_and_recovers(path: Path, monkeypatch: pytest.MonkeyPatch):
    async with opened(path) as journal:
        await fill(journal, 2000)
        with monkeypatch.context() as broken:
            broken.setattr("bridge.journal.schema.connect_reader", _cannot_open)
            with pytest.raises(JournalUnavailable, match="cannot be opened"):
                await journal.read(SERVER, 0, 10)

        assert len(await journal.read(SERVER, 0, 10)) == 10


def _cannot_open(_path: Path) -> sqlite3.Connection:
    error = sqlite3.OperationalError("injected")
    error.sqlite_errorname = "SQLITE_CANTOPEN"
    raise error


async def test_a_disk_that_hangs_is_told_instead_of_waited_for(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bridge.journal.writer.WAITING", 0)
    async with opened(path) as journal:
        with pytest.raises(JournalUnavailable, match="keep up"):
            await journal.append(SERVER, [entry(1)], 0)


# Size and figures.


async def test_a_journal_over_its_greatest_size_loses_its_oldest_events(path: Path):
    async with opened(path, max_size_bytes=300_000) as journal:
        await fill(journal, 400, server=1, size=1000)
        await fill(journal, 400, server=2, size=1000)
        for server in (1, 2):
            await journal.save_snapshot(server, Snapshot(390, NOON, b"board"))

        await journal.prune(before=0, fresh_since=NOON + 1_000_000)

        firsts = [(await journal.read(server, 0, 1))[0].seq for server in (1, 2)]
        assert min(firsts) > 1
    assert path.stat().st_size < 400_000


async def test_what_is_needed_stays_even_in_a_journal_that_is_too_large(path: Path):
    async with opened(path, max_size_bytes=1) as journal:
        await fill(journal, 50)
        await journal.prune(before=0, fresh_since=NOON)

        assert len(await journal.read(SERVER, 0, 100)) == 50


async def test_a_journal_written_anew_by_another_tool_is_pruned_too(path: Path, tmp_path: Path):
    """As `.dump` and `.recover` of SQLite's shell write it: pages cannot be given back there."""
    async with opened(path) as journal:
        await fill(journal, 3)
    anew = tmp_path / "anew.db"
    with (
        contextlib.closing(sqlite3.connect(path)) as old,
        contextlib.closing(sqlite3.connect(anew)) as new,
    ):
        for name in ("application_id", "user_version"):
            (value,) = old.execute(f"PRAGMA {name}").fetchone()
            new.execute(f"PRAGMA {name} = {value}")
        new.executescript("\n".join(old.iterdump()))
        new.execute("CREATE TABLE scrap (body BLOB)")
        new.execute("INSERT INTO scrap VALUES (zeroblob(1000000))")
        new.execute("DROP TABLE scrap")
        new.commit()
    async with opened(anew) as journal, asyncio.timeout(60):
        await journal.prune(before=0, fresh_since=0)
        assert await journal.append(SERVER, [entry(4)], 3) == 4


async def test_a_journal_that_closes_while_it_is_pruned_keeps_nobody_waiting(
    path: Path, monkeypatch: pytest.MonkeyPatch
):
    async with opened(path) as journal:
        await fill(journal, 3)
        writing = journal._writer.call

        async def close_before(call: Any) -> Any:
            await journal.close()
            return await writing(call)

        monkeypatch.setattr(journal._writer, "call", close_before)
        async with asyncio.timeout(60):
            with pytest.raises(JournalUnavailable, match="stopping"):
                await journal.prune(before=0, fresh_since=0)


async def test_reading_a_file_that_was_taken_away_makes_no_other_one(path: Path, tmp_path: Path):
    async with opened(path) as journal:
        await fill(journal, 3)
        for file in tmp_path.glob(f"{path.name}*"):
            if file.suffix != ".lock":
                file.unlink()
        with pytest.raises(JournalUnavailable, match="cannot be opened"):
            await journal.load(SERVER, "")
        assert not path.exists()


async def test_events_arrive_while_it_is_pruned(path: Path):
    async with opened(path) as journal:
        await fill(journal, 3000)
        await journal.save_snapshot(SERVER, Snapshot(2900, NOON, b"board"))

        pruning = asyncio.ensure_future(
            journal.prune(before=NOON + 2_900_000, fresh_since=NOON + 3_000_000)
        )
        await fill(journal, 100)
        await pruning

        assert (await journal.read(SERVER, 0, 1))[0].seq == 2900
        assert await journal.last(SERVER) == 3100


async def test_commits_and_refusals_are_counted(path: Path, faulty: type[Faulty]):
    metrics = Metrics()
    journal = await SqliteJournal.open(path, max_size_bytes=1 << 30, metrics=metrics)
    try:
        await asyncio.gather(*(journal.append(SERVER, [entry(n)], n) for n in range(50)))
        faulty.fault = "SQLITE_FULL"
        with pytest.raises(JournalUnavailable):
            await fill(journal, 1)
    finally:
        faulty.fault = None
        await journal.close()

    commits = metrics.registry.get_sample_value("cad_bridge_journal_commits_total")
    assert commits is not None
    assert 1 <= commits < 50  # gathered
    assert metrics.registry.get_sample_value("cad_bridge_journal_errors_total") == 1


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        (PurePosixPath("/srv/meine Brücke/j#1?.db"), "file:///srv/meine%20Br%C3%BCcke/j%231%3F.db"),
        (PureWindowsPath(r"C:\cad bridge\j.db"), "file:///C:/cad%20bridge/j.db"),
        (PureWindowsPath(r"\\nas\games\j.db"), "file:////nas/games/j.db"),
    ],
)
def test_a_path_is_named_as_sqlite_reads_it(path: PurePath, uri: str) -> None:
    assert schema._uri(path) == uri


async def test_a_journal_is_read_whatever_signs_are_in_its_path(tmp_path: Path) -> None:
    folder = tmp_path / "meine Brücke #1 100%"
    folder.mkdir()
    journal = await SqliteJournal.open(folder / "j.db", max_size_bytes=1 << 30)
    await journal.append(1, [Entry(1_700_000_000_000, b"{}")], after=0)
    await journal.close()
    journal = await SqliteJournal.open(folder / "j.db", max_size_bytes=1 << 30)
    assert [record.seq for record in await journal.read(1, 0, 9)] == [1]
    await journal.close()

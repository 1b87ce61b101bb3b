"""A journal in memory that can be made slow, full, broken, or shared with another bridge."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pytest

from bridge import wire
from bridge.errors import JournalUnavailable, SequenceTaken
from bridge.events import Event
from bridge.ingest import Ingest
from bridge.journal import Entry, Journal, Record, Snapshot
from bridge.metrics import Metrics

NOW = 1_790_000_000_000


class MemoryJournal:
    """Keeps the promises of `bridge.journal.Journal`, and breaks only those it is told to."""

    def __init__(self) -> None:
        self.epoch = "memory"
        self.available = True
        self.records: dict[int, list[Record]] = defaultdict(list)
        self.snapshots: dict[int, list[Snapshot]] = defaultdict(list)
        self.values: dict[tuple[int, str], bytes] = {}
        self.acks: dict[int, int] = defaultdict(int)
        self.appends: list[int] = []
        """How many entries each append had."""
        self.refused = 0
        """How many appends came with a number that was taken."""
        self.failures: list[BaseException] = []
        """What the next appends raise, one each."""
        self.readable = True
        self.full_snapshots = False
        self.gate = asyncio.Event()
        """While it is not set, appends wait."""
        self.gate.set()
        self.bells: dict[int, list[asyncio.Event]] = defaultdict(list)

    def ring(self, server: int = 1) -> None:
        """Ring as for what another bridge wrote."""
        for bell in self.bells[server]:
            bell.set()

    def write(self, server: int, event: Event, at: int = NOW) -> None:
        """Write as another bridge would."""
        records = self.records[server]
        records.append(
            Record(len(records) + 1, at, wire.encode(event, at), True, wire.is_hidden(event))
        )

    def events(self, server: int = 1) -> list[Event]:
        """Return what is stored."""
        return [wire.decode(record.body, record.at) for record in self.records[server]]

    async def append(self, server: int, entries: Sequence[Entry], after: int) -> int:
        await asyncio.sleep(0)
        await self.gate.wait()
        if self.failures:
            raise self.failures.pop(0)
        records = self.records[server]
        if after != len(records):
            self.refused += 1
            raise SequenceTaken(server, after, len(records))
        self.appends.append(len(entries))
        for seq, entry in enumerate(entries, after + 1):
            records.append(Record(seq, entry.at, entry.body, entry.alert, entry.hidden))
        return len(records)

    async def last(self, server: int) -> int:
        if not self.readable:
            raise JournalUnavailable("the disk is gone")
        return len(self.records[server])

    async def read(self, server: int, after: int, limit: int) -> Sequence[Record]:
        return self.records[server][after : after + limit]

    async def first_since(self, server: int, at: int) -> int:
        old = [record for record in self.records[server] if record.at < at]
        return len(old) + 1

    @contextmanager
    def bell(self, server: int) -> Iterator[asyncio.Event]:
        bell = asyncio.Event()
        self.bells[server].append(bell)
        yield bell
        self.bells[server].remove(bell)

    async def acknowledge(self, server: int, seq: int) -> None:
        self.acks[server] = seq

    async def acknowledged(self, server: int) -> int:
        return self.acks[server]

    async def save_snapshot(self, server: int, snapshot: Snapshot) -> None:
        if self.full_snapshots:
            raise JournalUnavailable("the disk is full")
        self.snapshots[server].append(snapshot)

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        usable = [each for each in self.snapshots[server] if each.seq <= upto]
        return usable[-1] if usable else None

    async def prune(self, *, before: int, fresh_since: int) -> None:
        raise NotImplementedError

    async def save(self, server: int, name: str, body: bytes) -> None:
        self.values[server, name] = body

    async def load(self, server: int, prefix: str) -> dict[str, bytes]:
        return {n: body for (s, n), body in self.values.items() if s == server and n[:1] == prefix}

    async def close(self) -> None:
        pass


class Clock:
    """Milliseconds that move when told to."""

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> int:
        return self.ms


@pytest.fixture(scope="session")
def new_journal() -> type[MemoryJournal]:
    """For tests that need several."""
    return MemoryJournal


@pytest.fixture
async def journal() -> MemoryJournal:
    return MemoryJournal()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(scope="session")
def new_ingest() -> Callable[[Journal], Ingest]:
    """Return how to make the ingest of server 1; a call is forgotten after an hour."""

    def make(
        journal: Journal, now: Callable[[], int] = lambda: NOW, metrics: Metrics | None = None
    ) -> Ingest:
        return Ingest(1, journal, now=now, metrics=metrics or Metrics(), forget_after_ms=3_600_000)

    return make


@pytest.fixture
async def ingest(
    journal: MemoryJournal, clock: Clock, metrics: Metrics, new_ingest: Callable[..., Ingest]
) -> Ingest:
    made = new_ingest(journal, clock, metrics)
    await made.start()
    return made

"""Journals to test: every implementation by one fixture, closed whatever the test did."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from bridge.journal import cluster
from bridge.journal.jetstream import JetStreamJournal
from bridge.journal.sqlite import SqliteJournal
from tests.nats_servers import NatsServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
    from pathlib import Path

    from bridge.journal import Journal

    Opener = Callable[[], Awaitable[Journal]]


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no journal take a machine that stands still for a NATS that is away."""
    monkeypatch.setattr(cluster, "CONNECT_S", 60.0)
    monkeypatch.setattr(cluster, "ANSWER_S", 60.0)
    monkeypatch.setattr(cluster, "PERSIST_S", 60.0)


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """Run one NATS server for all tests; each journal has a name of its own in it."""
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(params=["sqlite", "jetstream"])
async def reopen(
    request: pytest.FixtureRequest, tmp_path: Path, nats: NatsServer
) -> AsyncIterator[Opener]:
    """Return what opens the one journal of this test; a journal still open is closed first."""
    opened: list[Journal] = []
    url = f"{nats.url}/{uuid4().hex}"
    openers: dict[str, Opener] = {
        "sqlite": lambda: SqliteJournal.open(tmp_path / "journal.db", max_size_bytes=1 << 30),
        "jetstream": lambda: JetStreamJournal.open(url, max_size_bytes=1 << 30),
    }

    async def open_again() -> Journal:
        for journal in opened:
            await journal.close()
        opened.append(await openers[request.param]())
        return opened[-1]

    yield open_again
    for journal in opened:
        await journal.close()


@pytest.fixture
async def journal(reopen: Opener) -> Journal:
    """Return an empty journal."""
    return await reopen()

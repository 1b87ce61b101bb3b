"""Journals to test: every implementation by one fixture, closed whatever the test did."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bridge.journal.sqlite import SqliteJournal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from pathlib import Path

    from bridge.journal import Journal

    Opener = Callable[[], Awaitable[Journal]]


@pytest.fixture(params=["sqlite"])
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    """Return what opens the one journal of this test; a journal still open is closed first."""
    opened: list[Journal] = []
    openers: dict[str, Opener] = {
        "sqlite": lambda: SqliteJournal.open(tmp_path / "journal.db", max_size_bytes=1 << 30),
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

"""A board to say things to, and to hear what changed."""

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from bridge.board import Board, replay
from bridge.events import Event
from bridge.facts import Fact
from bridge.folding import expire, fold

NOW = 1_790_000_000_000
FORGET_AFTER_MS = 6 * 3_600_000


@dataclass
class Desk:
    """Says facts to a board, at a time that only moves when told to."""

    board: Board = field(default_factory=Board)
    now: int = NOW

    def hears(self, *facts: Fact) -> list[Event]:
        """Return what the facts change, after the board has changed."""
        events: list[Event] = []
        for fact in facts:
            events += self._done(fold(self.board, fact, self.now))
        return events

    def waits(self, seconds: float) -> list[Event]:
        """Return what is over after so many seconds."""
        self.now += int(seconds * 1000)
        return self._done(expire(self.board, self.now, FORGET_AFTER_MS))

    def _done(self, events: list[Event]) -> list[Event]:
        for event in events:
            replay(self.board, event, self.now)
        return events


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture(scope="session")
def new_desk() -> Callable[[], Desk]:
    """For tests that need several."""
    return Desk

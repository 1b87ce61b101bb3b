"""What is gathered while the journal writes, to be stored by one append."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.errors import JournalUnavailable, SequenceTaken
    from bridge.journal import Entry

__all__ = ["Batch"]


@dataclass(slots=True)
class Batch:
    """Entries that follow event `after`, and those who wait for them."""

    after: int
    entries: list[Entry] = field(default_factory=list)
    types: Counter[str] = field(default_factory=Counter)
    """How many events of each type, for the metrics."""
    done: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once it is stored or given up."""
    failure: JournalUnavailable | SequenceTaken | None = None

    @property
    def last(self) -> int:
        """Number of its last event, once it is stored."""
        return self.after + len(self.entries)

    def finish(self, failure: JournalUnavailable | SequenceTaken | None = None) -> None:
        """Let those who wait know what became of it."""
        self.failure = failure
        self.done.set()

"""The newest events of a server in memory, so that streaming them reads no disk."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.journal import Record

__all__ = ["Tail"]

GREATEST_COUNT = 1024
"""Four windows of a connection (256 events each)."""
GREATEST_BYTES = 2 << 20


class Tail:
    """Consecutive events up to the last one; bounded by number and by bytes."""

    def __init__(
        self, last: int, count: int = GREATEST_COUNT, size_bytes: int = GREATEST_BYTES
    ) -> None:
        self.last = last
        """Number of the server's last event, whether it is held here or not; 0 for none."""
        self._records: list[Record] = []
        self._bytes = 0
        self._greatest_count = count
        self._greatest_bytes = size_bytes

    def extend(self, records: Sequence[Record]) -> None:
        """Add events; where they do not follow the last one, those before are forgotten."""
        if records[0].seq != self.last + 1:
            self.restart(records[0].seq - 1)
        self._records += records
        self._bytes += sum(len(record.body) for record in records)
        self.last = records[-1].seq
        excess = max(0, len(self._records) - self._greatest_count)
        held = self._bytes - sum(len(record.body) for record in self._records[:excess])
        while held > self._greatest_bytes:
            held -= len(self._records[excess].body)
            excess += 1
        self._drop(excess)

    def restart(self, last: int) -> None:
        """Forget everything: the last event is another one than was thought."""
        self._records.clear()
        self._bytes = 0
        self.last = last

    def forget(self, upto: int) -> None:
        """Drop events up to a number, as the journal did."""
        self._drop(min(max(0, upto - self._before), len(self._records)))

    def covers(self, after: int) -> bool:
        """Return whether every event beyond a number is held here."""
        return after >= self._before

    def read(self, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events beyond a number that is covered."""
        start = after - self._before
        return self._records[start : start + limit]

    def first_since(self, at: int) -> int | None:
        """Return the number of the first event not older than `at`, or the number behind the last;
        None if an event that is not held here may be the one.
        """
        index = bisect_left(self._records, at, key=lambda record: record.at)
        return self._before + index + 1 if index or not self._before else None

    @property
    def _before(self) -> int:
        return self.last - len(self._records)

    def _drop(self, count: int) -> None:
        if count:
            self._bytes -= sum(len(record.body) for record in self._records[:count])
            del self._records[:count]

"""Pushes a minute, for the last hour: the small plots of the status page.

Fed by looking at a counter that only rises, so that no other part has to know of it.
"""

from __future__ import annotations

from collections import deque

__all__ = ["MINUTES", "History"]

MINUTES = 60


class History:
    """Counts by minute of what a rising total has risen by, a row for each server."""

    def __init__(self, now: int) -> None:
        self._minute = now // 60_000
        self._rows: dict[int, deque[int]] = {}
        self._totals: dict[int, int] = {}

    def look(self, now: int, totals: dict[int, int]) -> None:
        """Take note of the totals at a time (ms since the epoch).

        What they have risen by since the last look counts for the minute of that last look's end,
        so look a few times a minute.
        """
        minute = now // 60_000
        passed = max(0, min(minute - self._minute, MINUTES))
        self._minute = max(minute, self._minute)
        for server, total in totals.items():
            row = self._rows.setdefault(server, deque([0] * MINUTES, maxlen=MINUTES))
            row.extend([0] * passed)
            row[-1] += total - self._totals.get(server, 0)
            self._totals[server] = total

    def row(self, server: int) -> list[int]:
        """Return `MINUTES` counts, the running minute last."""
        return list(self._rows.get(server, [0] * MINUTES))

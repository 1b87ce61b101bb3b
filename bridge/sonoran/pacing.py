"""Time between us and the CAD: pauses before another try, what a request may take, a clock."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Backoff", "Budget", "steady"]

_SPREAD = 0.25
"""Bridges that lost the CAD at one moment must not come back at one moment."""


class Backoff:
    """Pauses that double from `first` to `most` seconds, each a quarter more or less."""

    def __init__(
        self, first: float, most: float, jitter: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._first = first
        self._most = most
        self._jitter = jitter
        self._next = first

    def pause(self) -> float:
        """Return the seconds to wait now; the next pause will be twice as long."""
        pause = self._next
        self._next = min(pause * 2, self._most)
        return pause * self._jitter(1 - _SPREAD, 1 + _SPREAD)

    def reset(self) -> None:
        """Begin at the shortest pause again."""
        self._next = self._first


class Budget:
    """The seconds that one request of a player may still take, over all that it asks of the CAD."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds; 0 when used up."""
        return max(0.0, self._end - time.monotonic())


def steady(now: Callable[[], int]) -> Callable[[], int]:
    """Return a clock (ms since the epoch) that begins at `now()` and is never set.

    Windows that count the last minute must not care when the system's clock is corrected.
    """
    began, origin = now(), time.monotonic()
    return lambda: began + int((time.monotonic() - origin) * 1000)

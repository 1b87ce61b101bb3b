"""Time of the simulated server: the machine's own, or one that a test moves."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Protocol

__all__ = ["TICK_MS", "Clock", "ManualClock", "RealClock", "Wait"]

Wait = Callable[[Callable[[], object], float], Awaitable[None]]
"""Lets time pass until a condition holds; TimeoutError if it does not within so many seconds."""

TICK_MS = 50
"""FXServer's main loop (GameServer.cpp): scripts' timers step by it."""

_UPTIME_MS = 60_000
"""A game timer never starts at 0: the server has been up for a while."""

_MANUAL_EPOCH = 1_750_000_000


class Clock(Protocol):
    """Tells game time in milliseconds and the time of day in seconds."""

    def now(self) -> int:
        """Return the game timer, ms."""

    def seconds(self) -> int:
        """Return seconds since 1970."""


class RealClock:
    """The machine's monotonic clock."""

    def __init__(self) -> None:
        self._start = time.monotonic()

    def now(self) -> int:
        """Return the game timer, ms."""
        return _UPTIME_MS + int((time.monotonic() - self._start) * 1000)

    def seconds(self) -> int:
        """Return seconds since 1970."""
        return int(time.time())


class ManualClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self._now = _UPTIME_MS

    def now(self) -> int:
        """Return the game timer, ms."""
        return self._now

    def seconds(self) -> int:
        """Return seconds since 1970, which pass with the game timer."""
        return _MANUAL_EPOCH + self._now // 1000

    def move(self, milliseconds: int) -> None:
        """Let time pass."""
        self._now += milliseconds

"""How time passes: by the machine's clock in the background, or step by step for a test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bridge.demo.game.clock import TICK_MS, ManualClock, RealClock

__all__ = ["Pace"]

FRAMES_PER_TICK = 3
"""A player's game draws 60 frames a second while the server ticks 20 times."""

_FRAMES_MS = (16, 17, 17)
"""The frames of one tick."""

_LOOK_SECONDS = 0.005


class Pace:
    """Calls `frame` for the players' games and `tick` for the server."""

    def __init__(
        self,
        clock: ManualClock | RealClock,
        *,
        frame: Callable[[], None],
        tick: Callable[[], None],
    ) -> None:
        self._clock = clock
        self._frame = frame
        self._tick = tick
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Let the real clock run by itself; a manual one waits."""
        if isinstance(self._clock, RealClock):
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Let time stand still.

        Raises:
            Exception: what ended the clock's task before: a fault of the simulator itself.
        """
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
            _raise_failure(task)

    async def _run(self) -> None:
        """Tick by the machine's clock; what a stall has missed is not made up for."""
        loop = asyncio.get_running_loop()
        length = TICK_MS / FRAMES_PER_TICK / 1000
        count, due = 0, loop.time()
        while True:
            due = max(due + length, loop.time())
            await asyncio.sleep(due - loop.time())
            self._frame()
            count += 1
            if count % FRAMES_PER_TICK == 0:
                self._tick()

    def _step(self, clock: ManualClock) -> None:
        for length in _FRAMES_MS:
            clock.move(length)
            self._frame()
        self._tick()

    async def advance(self, milliseconds: int) -> None:
        """Let time pass (manual clock): whole ticks of 50 ms, with three frames in each."""
        if not isinstance(self._clock, ManualClock):
            raise TypeError("only a manual clock can be moved")
        for _ in range(-(-milliseconds // TICK_MS)):
            self._step(self._clock)
        await asyncio.sleep(0)

    async def next_tick(self) -> None:
        """Let one tick pass."""
        if isinstance(self._clock, ManualClock):
            self._step(self._clock)
        else:
            self._tick()
        await asyncio.sleep(0)

    async def wait_for(self, condition: Callable[[], object], seconds: float) -> None:
        """Let time pass until something is so.

        Raises:
            TimeoutError: it was not so within the time (of the clock in use).
        """
        end = self._clock.now() + int(seconds * 1000)
        while not condition():
            if self._clock.now() >= end:
                raise TimeoutError("what was waited for did not happen")
            if isinstance(self._clock, ManualClock):
                self._step(self._clock)
                await asyncio.sleep(0)
                continue
            if self._task is not None:
                _raise_failure(self._task)
            await asyncio.sleep(_LOOK_SECONDS)


def _raise_failure(task: asyncio.Task[None]) -> None:
    if task.done() and not task.cancelled():
        problem = task.exception()
        if problem is not None:
            raise problem

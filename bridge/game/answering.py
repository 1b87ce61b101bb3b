"""The requests that are being answered, also those whose connection has ended meanwhile.

What was asked of the CAD is not broken off halfway because a socket was cut: it runs to its own
end, within the time of a request, and its answer is dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from typing import TYPE_CHECKING, Any

from bridge.game.session import REQUEST_MS

if TYPE_CHECKING:
    from collections.abc import Coroutine

__all__ = ["Answering"]

MOST = 128
"""At a time for one game server: twice what one connection may have open."""
FINISH_S = 5.0
"""What those under way may still take when the gateway stops."""


class Answering:
    """Runs what answers requests; bounded in number and time."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._running: Counter[int] = Counter()

    def start(self, server: int, work: Coroutine[Any, Any, None]) -> bool:
        """Run it; return False, without having begun, if too much is running for the server."""
        if self._running[server] >= MOST:
            work.close()
            return False
        task = asyncio.get_running_loop().create_task(self._run(work))
        self._tasks.add(task)
        self._running[server] += 1
        task.add_done_callback(lambda done: self._ended(server, done))
        return True

    async def stop(self) -> None:
        """Let what is running end, for a while."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=FINISH_S)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _run(self, work: Coroutine[Any, Any, None]) -> None:
        with contextlib.suppress(TimeoutError):  # the session says so, by its own clock
            async with asyncio.timeout(REQUEST_MS / 1000):
                await work

    def _ended(self, server: int, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._running[server] -= 1

"""The CAD's published limits: so many requests an endpoint in any 60 seconds, a key.

The key is shared: the CAD's own FiveM resource and every other tool of the community count against
the same limits, so the bridge keeps to a share of each. How long a request would wait is known
before it waits, and who would wait too long is refused at once. The counts are kept in the journal
before a request goes out: a restart does not forget them.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from typing import TYPE_CHECKING, Final

import structlog

from bridge.errors import JournalUnavailable
from bridge.sonoran.faults import CadLimited
from bridge.sonoran.pacing import steady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bridge.journal import Journal

__all__ = ["OVERALL", "SPAN_MS", "Limits", "Window", "our_share"]

log = structlog.get_logger(__name__)

SPAN_MS: Final = 61_000
"""A minute, and a second for what differs between our sending and the arrival there."""
OVERALL: Final = 48
"""Requests a minute of all kinds: the CAD asks for no more than one a second over a longer time."""
_MOST_WAITING: Final = 32
"""Requests in the queue before one endpoint."""
_LONGEST_PAUSE: Final = 900.0
"""Seconds that a 429 is believed."""
_KEPT_UNDER: Final = "cad-requests"
_BRIDGE: Final = 0
"""The journal's number for what belongs to no one server."""
_ALL: Final = "*"


def our_share(limit: int) -> int:
    """Return how many of a published limit the bridge takes; the rest is for other tools."""
    return max(1, limit * 4 // 5)


class Window:
    """A sliding window: in no span of `span_ms` are there more than `limit` requests."""

    def __init__(self, limit: int, span_ms: int = SPAN_MS) -> None:
        self._limit = limit
        self._span_ms = span_ms
        self._sent: deque[int] = deque(maxlen=limit)
        self._closed_until = 0

    def free_at(self, now: int, ahead: int = 0) -> int:
        """Return when (ms) a request may go out before which `ahead` others wait."""
        sent = list(self._sent)
        for _ in range(ahead + 1):
            at = max(now, self._closed_until)
            if len(sent) >= self._limit:
                at = max(at, sent[-self._limit] + self._span_ms)
            sent.append(at)
        return sent[-1]

    def count(self, now: int) -> None:
        """Count a request that goes out now; `free_at(now)` must be `now`."""
        self._sent.append(now)

    def close(self, until: int) -> None:
        """Let nothing out before a time: the CAD said that the limit is used up."""
        self._closed_until = max(self._closed_until, until)

    def counted(self, now: int) -> list[int]:
        """Return the times (ms) of the requests in the last span."""
        return [at for at in self._sent if at > now - self._span_ms]

    def restore(self, counted: Iterable[int], now: int) -> None:
        """Count requests of an earlier life of the bridge."""
        self._sent.extend(sorted(at for at in counted if now - self._span_ms < at <= now))


class Limits:
    """The windows of all endpoints of one key, and the queue before each."""

    def __init__(
        self,
        limits: Mapping[str, int],
        now: Callable[[], int],
        *,
        journal: Journal | None = None,
        span_ms: int = SPAN_MS,
    ) -> None:
        """Make the windows.

        Args:
            limits: published limit a minute of each endpoint.
            now: milliseconds since the epoch.
            journal: where counts survive a restart; None: nowhere.
            span_ms: length of the windows; shorter in tests only.
        """
        self._windows = {name: Window(our_share(limit), span_ms) for name, limit in limits.items()}
        self._overall = Window(OVERALL, span_ms)
        self._queues = {name: asyncio.Lock() for name in limits}
        self._waiting = dict.fromkeys(limits, 0)
        self._refusals = dict.fromkeys(limits, 0)
        self._now = steady(now)
        self._journal = journal

    async def load(self) -> None:
        """Count what an earlier life of the bridge sent; call once, before the first `take`."""
        if self._journal is None:
            return
        try:
            kept = (await self._journal.load(_BRIDGE, _KEPT_UNDER)).get(_KEPT_UNDER, b"{}")
            counts = json.loads(kept)
            for name, window in {**self._windows, _ALL: self._overall}.items():
                window.restore([int(at) for at in counts.get(name, [])], self._now())
        except (JournalUnavailable, ValueError, TypeError, AttributeError):
            log.warning("request_counts_unread", next="the CAD may answer 429 for a minute")

    def wait_for(self, endpoint: str) -> float:
        """Return the seconds that a request would wait if it came now."""
        now, ahead = self._now(), self._waiting[endpoint]
        at = max(self._windows[endpoint].free_at(now, ahead), self._overall.free_at(now))
        return (at - now) / 1000

    async def take(
        self,
        endpoint: str,
        patience: float,
        on_wait: Callable[[float], None] | None = None,
    ) -> None:
        """Wait for the endpoint's next place, first come first served, and count a request.

        Args:
            endpoint: a name among the limits.
            patience: seconds; who would have to wait longer is refused at once.
            on_wait: told the seconds beforehand if there is any wait.

        Raises:
            CadLimited: no place in time; nothing may be sent.
        """
        wait = self.wait_for(endpoint)
        if wait > patience or self._waiting[endpoint] >= _MOST_WAITING:
            raise CadLimited(endpoint, wait)
        if wait > 0 and on_wait is not None:
            on_wait(wait)
        give_up = self._now() + int(patience * 1000)
        self._waiting[endpoint] += 1
        try:
            async with asyncio.timeout(patience + 1), self._queues[endpoint]:
                await self._until_free(endpoint, give_up)
        except TimeoutError:
            raise CadLimited(endpoint, self.wait_for(endpoint)) from None
        finally:
            self._waiting[endpoint] -= 1
        await self._keep()

    def refused(self, endpoint: str, retry_after: float | None) -> float:
        """Note that the CAD answered 429; return the seconds that the endpoint stays closed.

        Args:
            endpoint: a name among the limits.
            retry_after: seconds the CAD asked for; None if it did not say: growing pauses.
        """
        self._refusals[endpoint] += 1
        if retry_after is None:
            retry_after = min(60.0, 5.0 * 2 ** min(4, self._refusals[endpoint] - 1))
        pause = min(retry_after, _LONGEST_PAUSE)
        self._windows[endpoint].close(self._now() + int(pause * 1000))
        return pause

    def served(self, endpoint: str) -> None:
        """Note that the CAD took a request: pauses after a 429 begin small again."""
        self._refusals[endpoint] = 0

    async def _until_free(self, endpoint: str, give_up: int) -> None:
        window = self._windows[endpoint]
        while (at := max(window.free_at(now := self._now()), self._overall.free_at(now))) > now:
            if at > give_up:  # the CAD closed the endpoint while we waited
                raise CadLimited(endpoint, (at - now) / 1000)
            await asyncio.sleep((at - now) / 1000)
        window.count(now)
        self._overall.count(now)

    async def _keep(self) -> None:
        if self._journal is None:
            return
        now = self._now()
        counts = {name: window.counted(now) for name, window in self._windows.items()}
        counts[_ALL] = self._overall.counted(now)
        body = json.dumps({name: times for name, times in counts.items() if times}).encode()
        try:
            await self._journal.save(_BRIDGE, _KEPT_UNDER, body)
        except JournalUnavailable:
            log.debug("request_counts_unsaved")  # memory still holds them

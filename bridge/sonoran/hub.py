"""The CAD's push hub for one server: connects, reconnects, hands pushes on in order.

A hub that is down delays nothing else. Pushes that were read are handled whatever becomes of the
connection they came by; while the journal cannot store, they wait, and reading waits with them.
There is no replay on the hub: after every connect `on_connected` has the state read once.
"""

from __future__ import annotations

import asyncio
import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Never

import aiohttp
import structlog

from bridge.blot import Secrets
from bridge.sonoran.hub_session import HubLost, HubSession, Pace, Refusal, Timing, connected
from bridge.sonoran.negotiate import (
    HubAddress,
    NegotiationFailed,
    NegotiationRefused,
    directly,
    negotiated,
)
from bridge.sonoran.pacing import Backoff

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bridge.metrics import Metrics
    from bridge.sonoran.pushes import Outcome
    from bridge.sonoran.signalr import Invoked

__all__ = ["HUB_PATH", "Hub", "HubStatus"]

log = structlog.get_logger(__name__)

HUB_PATH: Final = "/apiWsHub"
_MOST_WAITING: Final = 8 * 1024 * 1024
"""Characters of pushes that were read and are not stored yet; beyond that reading waits."""
_TO_FINISH: Final = 5.0
"""Seconds for the pushes that were read when the bridge stops."""


@dataclass(frozen=True, slots=True)
class HubStatus:
    """What an owner wants to know of the hub."""

    connected_since: int | None = None
    """Milliseconds since the epoch; None: not connected now."""
    last_error: str = ""
    refused: Refusal | None = None
    """What the hub said no to when it was asked last; None: it did not, or has accepted since."""
    attempts: int = 0
    """Since it was connected last."""
    pushes: int = 0


class Hub:
    """The hub session of one server."""

    def __init__(
        self,
        url: str,
        community_id: str,
        api_key: str,
        server_id: int,
        on_push: Callable[[str | dict[str, Any]], Awaitable[Outcome]],
        on_connected: Callable[[], Awaitable[None]],
        *,
        now: Callable[[], int],
        metrics: Metrics | None = None,
        timing: Timing | None = None,
    ) -> None:
        """Keep what is needed; `run` connects.

        Args:
            url: of the hub, `https://…/apiWsHub`.
            community_id: of the CAD community.
            api_key: the community's; never in a text or a log.
            server_id: the CAD's number of the game server, whose pushes come.
            on_push: takes a push, JSON text or an object; the next one waits for it. An outcome
                `unavailable` means: again, in a moment.
            on_connected: called after every connect.
            now: milliseconds since the epoch.
            metrics: where the session's state is shown.
            timing: pings, patience, pauses.
        """
        self._url = url
        self._server = server_id
        self._authenticate = (community_id, api_key, server_id)
        self._secrets = Secrets([api_key])
        self._on_push = on_push
        self._on_connected = on_connected
        self._now = now
        self._metrics = metrics
        self._timing = timing or Timing()
        self._negotiates = False
        self._session: HubSession | None = None
        self._lived_from: float | None = None
        self._backlog = _Backlog(_MOST_WAITING)
        self._status = HubStatus()

    @property
    def status(self) -> HubStatus:
        """How it is now."""
        return self._status

    @property
    def is_up(self) -> bool:
        """The hub has accepted the key on the present connection."""
        return self._session is not None

    async def run(self) -> Never:
        """Stay connected until cancelled; what was read is handled before it ends."""
        worker = asyncio.create_task(self._work())
        try:
            await self._stay_connected()
        finally:
            try:
                async with asyncio.timeout(_TO_FINISH):
                    await self._backlog.empty()
            except TimeoutError:
                log.warning("hub_pushes_dropped", server=self._server, count=len(self._backlog))
            worker.cancel()
            await asyncio.gather(worker, return_exceptions=True)

    async def invoke(self, target: str, arguments: Sequence[Any]) -> Any:
        """Call a method of the hub on the present connection.

        Raises:
            HubLost: there is none, or it ended, or no answer came.
            HubRefused: the hub answered with an error.
        """
        if self._session is None:
            raise HubLost("the hub is not connected")
        return await self._session.invoke(target, arguments)

    async def reconnect(self) -> None:
        """End the present connection; another one is made by the usual rules."""
        if self._session is not None:
            await self._session.abandon()

    async def _stay_connected(self) -> Never:
        usual = Backoff(self._timing.first_pause, self._timing.longest_pause)
        refused = Backoff(*self._timing.refused)
        while True:
            lived, lost = await self._connect_once()
            if lived >= self._timing.lasting:
                usual.reset()
                refused.reset()
            pause = self._pause(lost.pace, usual, refused)
            error = self._shown(str(lost))
            no_to = lost.refused if pause else None  # the other way may be open
            self._set_status(connected_since=None, last_error=error, refused=no_to)
            log.warning("hub_lost", server=self._server, reason=error)
            await asyncio.sleep(pause)

    def _shown(self, text: str) -> str:
        """Return a text as logs and pages may show it: it may quote the hub."""
        blotted = self._secrets.blot(text)
        return "".join(sign if sign.isprintable() else " " for sign in blotted)

    def _pause(self, pace: Pace, usual: Backoff, refused: Backoff) -> float:
        if pace == "other_way":
            self._negotiates = not self._negotiates
            if self._status.attempts == 1:
                return 0.0  # the other way is tried at once, but only once in an outage
        if pace == "refused":
            return refused.pause()
        if pace == "forbidden":
            return random.uniform(*self._timing.forbidden)  # noqa: S311 - only spreads load
        return usual.pause()

    async def _connect_once(self) -> tuple[float, HubLost]:
        """Return the seconds that the session lived after the hub accepted the key, and its end."""
        self._lived_from = None
        self._set_status(attempts=self._status.attempts + 1)
        try:
            async with connected(await self._address(), self._timing) as socket:
                session = HubSession(
                    socket, self._authenticate, self._take, self._came_up, self._timing
                )
                await session.run()
        except HubLost as lost:
            return self._lived(), lost
        except Exception:  # a fault of ours must not end the feed for good
            log.exception("hub_failed", server=self._server)
            return 0.0, HubLost("a fault of the bridge's own; see its log")
        finally:
            self._session = None
            self._show(up=False)

    def _lived(self) -> float:
        began = self._lived_from
        return 0.0 if began is None else asyncio.get_running_loop().time() - began

    async def _address(self) -> HubAddress:
        if not self._negotiates:
            return directly(self._url)
        try:
            return await negotiated(self._url, self._timing.answer)
        except NegotiationRefused as error:
            raise HubLost(str(error), "other_way", refused="connection") from None
        except NegotiationFailed as error:
            raise HubLost(str(error), "other_way") from None
        except TimeoutError:
            raise HubLost("the hub did not answer a negotiation in time") from None
        except (aiohttp.ClientError, OSError) as error:
            raise HubLost(f"the hub cannot be reached: {error!s:.200}") from None

    async def _came_up(self, session: HubSession) -> None:
        self._session = session
        self._lived_from = asyncio.get_running_loop().time()
        self._set_status(connected_since=self._now(), attempts=0, refused=None)
        self._show(up=True)
        log.info("hub_connected", server=self._server, negotiated=self._negotiates)
        try:
            await self._on_connected()
        except Exception:
            log.exception("hub_follow_up_failed", server=self._server)

    async def _take(self, session: HubSession, push: Invoked, size: int) -> None:
        body = push.arguments[0] if push.arguments else None
        if not isinstance(body, (str, dict)):
            log.warning("hub_push_unreadable", server=self._server, kind=type(body).__name__)
            if push.id is not None:
                await session.complete(push.id, error="a push is an object or JSON text")
            return
        await self._backlog.put(_Waiting(body, size, session, push.id))

    async def _work(self) -> Never:
        while True:
            push = await self._backlog.first()
            error: str | None = None
            try:
                await self._handle(push.body)
            except Exception:  # one push must not end the feed
                log.exception("hub_push_failed", server=self._server)
                error = "the push could not be handled"
            await self._backlog.done()
            self._set_status(pushes=self._status.pushes + 1)
            if push.id is not None:
                await push.session.complete(push.id, error=error)

    async def _handle(self, body: str | dict[str, Any]) -> None:
        pauses = Backoff(0.5, 5.0)
        while True:
            outcome = await self._on_push(body)
            if outcome.code != "unavailable":
                return
            await asyncio.sleep(pauses.pause())

    def _set_status(self, **changed: Any) -> None:
        before = {name: getattr(self._status, name) for name in HubStatus.__slots__}
        self._status = HubStatus(**before | changed)

    def _show(self, *, up: bool) -> None:
        if self._metrics is not None:
            self._metrics.hub_up.labels(self._server).set(int(up))


@dataclass(frozen=True, slots=True)
class _Waiting:
    body: str | dict[str, Any]
    size: int
    session: HubSession
    id: str | None


class _Backlog:
    """Pushes in order of arrival, bounded by their size."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._size = 0
        self._pushes: deque[_Waiting] = deque()
        self._changed = asyncio.Condition()

    def __len__(self) -> int:
        return len(self._pushes)

    async def put(self, push: _Waiting) -> None:
        """Add a push, once there is room; one of any size fits into an empty backlog."""
        async with self._changed:
            await self._changed.wait_for(
                lambda: not self._pushes or self._size + push.size <= self._most
            )
            self._pushes.append(push)
            self._size += push.size
            self._changed.notify_all()

    async def first(self) -> _Waiting:
        """Return the oldest push, which stays until it is done."""
        async with self._changed:
            await self._changed.wait_for(lambda: self._pushes)
            return self._pushes[0]

    async def done(self) -> None:
        """Remove the oldest push."""
        async with self._changed:
            self._size -= self._pushes.popleft().size
            self._changed.notify_all()

    async def empty(self) -> None:
        """Wait until all are done."""
        async with self._changed:
            await self._changed.wait_for(lambda: not self._pushes)

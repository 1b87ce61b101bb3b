"""The CAD's side as a whole: its API, its hub, reconciliation, and what the game asks of it.

Built from the configuration, started last, and never waited for: a CAD that is away delays nothing
but what only it can answer.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from bridge.admin.view import CadState, Way
from bridge.requests import Requests
from bridge.sonoran.api import LIMITS, Api
from bridge.sonoran.desk import Desk
from bridge.sonoran.faults import CadFault, CadLimited, CadRefused
from bridge.sonoran.hub import HUB_PATH, Hub
from bridge.sonoran.identity import Identity
from bridge.sonoran.limits import Limits
from bridge.sonoran.livemap import LiveMap
from bridge.sonoran.pacing import Budget
from bridge.sonoran.reconciler import Reconciler
from bridge.sonoran.requests import CadRequests

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from typing import Any, Literal

    from bridge.ingest import Ingest
    from bridge.journal import Journal
    from bridge.metrics import Metrics
    from bridge.settings import CadSettings
    from bridge.sonoran.pushes import Pushes

__all__ = ["CadSide"]

log = structlog.get_logger(__name__)

PLAN_SECONDS = 30.0
"""Patience of the one question at start: does the CAD know this key?"""
_KEY_REFUSED = frozenset({401, 403})
"""Status of an answer that refuses the key; others refuse what was asked, such as a closed call."""


class CadSide:
    """What the bridge has to do with the CAD, beside receiving its posts."""

    def __init__(
        self,
        settings: CadSettings,
        *,
        ingests: Mapping[int, Ingest],
        journal: Journal,
        pushes: Pushes,
        fresh_for: float,
        metrics: Metrics,
        now: Callable[[], int],
    ) -> None:
        key = settings.api_key.get_secret_value()
        self._settings = settings
        self._limits = Limits(LIMITS, now, journal=journal)
        self._api = Api(settings.api_url, key, self._limits, metrics=metrics)
        self._plan = ""
        self._reconcilers = (
            {
                server: Reconciler(server, self._api, ingest, now=now, fresh_for=fresh_for)
                for server, ingest in ingests.items()
            }
            if settings.reconcile
            else {}
        )
        self._hubs = (
            {
                server: Hub(
                    settings.api_url.rstrip("/") + HUB_PATH,
                    settings.community_id,
                    key,
                    server,
                    partial(pushes.over_hub, server),
                    self._after_connect(server),
                    now=now,
                    metrics=metrics,
                )
                for server in ingests
            }
            if settings.uses_hub
            else {}
        )
        identity = Identity(settings.identifier, settings.identifier_form)
        self._methods = CadRequests(
            Desk(self._api, identity, ingests, self._reconcilers, now),
            {server: LiveMap(server, self._api, self._hubs.get(server)) for server in ingests},
        )
        self._requests = Requests(ingests, self._methods.methods(), now=now, metrics=metrics)
        self._tasks: list[asyncio.Task[Any]] = []

    @property
    def answer(self) -> Callable[[int, str, Mapping[str, Any]], Awaitable[Any]]:
        """Answers what the game asks; see `Requests.answer`."""
        return self._requests.answer

    async def open(self) -> None:
        """Recall what the key was used for in the last minute; asks the CAD nothing."""
        await self._limits.load()

    def start(self) -> None:
        """Begin to ask and to listen, in the background."""
        if self._settings.reconcile:
            self._tasks.append(asyncio.create_task(self._ask_plan()))
        workers: Sequence[Hub | Reconciler] = [*self._hubs.values(), *self._reconcilers.values()]
        self._tasks += [asyncio.create_task(worker.run()) for worker in workers]
        for task in self._tasks:
            task.add_done_callback(_tell_of_failure)

    async def close(self) -> None:
        """Stop what runs, hub sessions after their last pushes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._requests.close()
        await self._methods.close()

    def state(self) -> CadState:
        """Return how the CAD's API answered last."""
        if not self._api.asked:
            return CadState()
        read = [
            at
            for reconciler in self._reconcilers.values()
            if (at := reconciler.status.calls_read) is not None
        ]
        fault = self._api.fault
        return CadState(
            state=_state(fault),
            detail="" if fault is None else str(fault),
            plan=self._plan,
            reconciled_at=max(read, default=None),
        )

    def hub_way(self, server: int) -> Way | None:
        """Return how a server's hub session is; None where the hub is not used."""
        hub = self._hubs.get(server)
        if hub is None:
            return None
        status = hub.status
        if status.connected_since is not None:
            return Way("hub", "up", since=status.connected_since)
        if status.refused is not None:
            return Way("hub", "refused", status.last_error, refused=status.refused)
        return Way("hub", "connecting", status.last_error)

    def _after_connect(self, server: int) -> Callable[[], Awaitable[None]]:
        """Return what follows a hub's connecting: the state is read, as the hub replays nothing."""

        async def read_state() -> None:
            if server in self._reconcilers:
                await self._reconcilers[server].soon()

        return read_state

    async def _ask_plan(self) -> None:
        try:
            self._plan = await self._api.plan(Budget(PLAN_SECONDS))
        except CadFault as fault:
            log.warning("cad_not_asked", reason=str(fault))


def _state(fault: CadFault | None) -> Literal["ok", "refused", "unreachable"]:
    if isinstance(fault, CadRefused):
        if fault.status in _KEY_REFUSED:
            return "refused"
        return "unreachable" if fault.status >= 500 else "ok"  # it answers, and to this key
    return "ok" if fault is None or isinstance(fault, CadLimited) else "unreachable"


def _tell_of_failure(task: asyncio.Task[Any]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("background_task_failed", exc_info=task.exception())

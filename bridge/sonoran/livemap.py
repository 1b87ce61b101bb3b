"""Where units are, for the CAD's live map: only units on duty, only what moved, at its pace.

Over the hub where there is one (25 units a call, a call every 250 ms), else by REST (12 a minute,
shared). A newer place of a unit takes that of one that still waits, so nothing piles up, and an
answer comes when the places have been sent: who waits for it before sending on keeps the pace.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import structlog

from bridge.errors import RequestRefused
from bridge.sonoran.desk import ANSWER_WITHIN, refusal
from bridge.sonoran.faults import CadFault
from bridge.sonoran.hub_session import HubLost, HubRefused
from bridge.sonoran.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bridge.sonoran.api import Api
    from bridge.sonoran.hub import Hub

__all__ = ["BATCH", "LiveMap"]

log = structlog.get_logger(__name__)

BATCH: Final = 25
"""Units a call, by the CAD's documentation."""
_APART: Final = 0.25
"""Seconds between two calls over the hub."""
_MOST_UNITS: Final = 1000

Update = dict[str, Any]
"""What the CAD takes of a unit: identId, location, coordinates {x, y, z, w}."""


@dataclass(slots=True)
class _Waiting:
    update: Update
    sent: list[asyncio.Future[bool]] = field(default_factory=list)


class LiveMap:
    """The live map of one server."""

    def __init__(
        self,
        server: int,
        api: Api,
        hub: Hub | None,
        *,
        apart: float = _APART,
        within: float = ANSWER_WITHIN,
    ) -> None:
        """Keep what is needed.

        Args:
            server: the CAD's number of the game server.
            api: the CAD's API.
            hub: the server's hub session; None: pushes come another way.
            apart: seconds between two calls over the hub.
            within: seconds after which `show` answers with what was sent so far.
        """
        self._server = server
        self._api = api
        self._hub = hub
        self._apart = apart
        self._within = within
        self._waiting: dict[int, _Waiting] = {}
        self._shown: dict[int, Update] = {}
        self._sender: asyncio.Task[None] | None = None

    async def show(self, updates: Sequence[Update]) -> int:
        """Send what moved; return how many places the CAD took of these.

        Raises:
            RequestRefused: the CAD took none.
        """
        sent = [self._wait(update) for update in updates if self._has_moved(update)]
        if not sent:
            return 0
        if self._sender is None or self._sender.done():
            self._sender = asyncio.create_task(self._send())
        done, _ = await asyncio.wait(sent, timeout=self._within)
        errors = [error for future in done if (error := future.exception()) is not None]
        taken = sum(future.result() for future in done if future.exception() is None)
        if errors and not taken:
            raise errors[0]
        return taken

    async def close(self) -> None:
        """Stop sending."""
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)

    def _has_moved(self, update: Update) -> bool:
        ident = update["identId"]
        known = ident in self._waiting or ident in self._shown
        if not known and len(self._waiting) + len(self._shown) >= _MOST_UNITS:
            self._shown.clear()
        return ident in self._waiting or self._shown.get(ident) != update

    def _wait(self, update: Update) -> asyncio.Future[bool]:
        future = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(update["identId"], _Waiting(update))
        waiting.update = update
        waiting.sent.append(future)
        return future

    async def _send(self) -> None:
        """Send batches until nothing waits."""
        while self._waiting:
            batch = [self._waiting.pop(ident) for ident in list(self._waiting)[:BATCH]]
            updates = [waiting.update for waiting in batch]
            try:
                taken = await self._send_batch(updates)
            except RequestRefused as refused:
                for future in _open(batch):
                    future.set_exception(refused)
                    future.exception()  # nobody may be waiting any more
            except BaseException:
                for future in _open(batch):
                    future.cancel()
                raise
            else:
                if taken:
                    self._shown |= {update["identId"]: update for update in updates}
                for future in _open(batch):
                    future.set_result(taken)

    async def _send_batch(self, updates: list[Update]) -> bool:
        if self._hub is not None and self._hub.is_up:
            taken = await self._over_hub(self._hub, updates)
            await asyncio.sleep(self._apart)
            return taken
        try:
            return await self._api.locate(self._server, updates, Budget(self._within)) > 0
        except CadFault as fault:
            raise refusal(fault) from None

    async def _over_hub(self, hub: Hub, updates: list[Update]) -> bool:
        try:
            answer = await hub.invoke("unitLocation", [updates])
        except HubLost as lost:
            raise RequestRefused("timeout", str(lost)) from None
        except HubRefused as refused:
            raise RequestRefused("cad_refused", f"the hub refused: {refused}") from None
        if isinstance(answer, dict) and answer.get("success") is True:
            return True
        error = f"{answer.get('error')!s:.200}" if isinstance(answer, dict) else "no object"
        if error.startswith("Unauthenticated"):
            await hub.reconnect()
        raise RequestRefused("cad_refused", f"the hub refused unit locations: {error}")


def _open(batch: list[_Waiting]) -> list[asyncio.Future[bool]]:
    return [future for waiting in batch for future in waiting.sent if not future.done()]

"""How pushes come when the network is bad: twice, late, in another order, again until answered."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp

from bridge.errors import BridgeError

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable

__all__ = ["Delivery", "NotDelivered"]

Json = dict[str, Any]

TWICE, LATE, SWAPPED = 0.08, 0.05, 0.08
"""Chances that a push comes twice at once, that a 911 call comes again later, that one is held."""
PATIENCE = 45.0
"""Seconds in which the bridge must take a push; it is started again within a few."""
_PAUSE = 0.2
_MAY_PASS = (
    frozenset({"EVENT_DISPATCH_NEW", "EVENT_REMOVE_911"}),
    frozenset({"EVENT_DISPATCH_NEW", "EVENT_DISPATCH_UNIT_ATTACH"}),
)
"""Pushes about one call that the contract takes in either order."""


class NotDelivered(BridgeError):
    """The bridge did not take a push within the time."""


class Delivery:
    """Carries the CAD's pushes to the bridge, badly; each arrives at least once."""

    def __init__(self, push: Callable[[Json], Awaitable[int]], chance: random.Random) -> None:
        self._push = push
        self._chance = chance
        self._held: Json | None = None
        self._old: deque[Json] = deque(maxlen=50)
        self.types: set[str] = set()
        self.sent = self.twice = self.late = self.swapped = self.again = 0

    async def post(self, push: Json, *, aside: bool = False) -> int:
        """Take a push of the CAD; it may be held back until the next one."""
        self.sent += 1
        self.types.add(push["type"])
        held, self._held = self._held, None
        if held is None and self._chance.random() < SWAPPED:
            self._held = push
            return HTTPStatus.OK
        order = [push] if held is None else [held, push]
        if held is not None and _may_swap(held, push):
            self.swapped += 1
            order.reverse()
        for one in order:
            await self._deliver(one)
        return HTTPStatus.OK

    async def flush(self) -> None:
        """Deliver what is held back."""
        held, self._held = self._held, None
        if held is not None:
            await self._deliver(held)

    async def _deliver(self, push: Json) -> None:
        if self._chance.random() < TWICE:
            self.twice += 1
            await asyncio.gather(self._until_taken(push), self._until_taken(push))
        else:
            await self._until_taken(push)
        if push["type"] == "EVENT_911":
            self._old.append(push)
        if self._old and self._chance.random() < LATE:
            self.late += 1
            await self._until_taken(self._chance.choice(self._old))

    async def _until_taken(self, push: Json) -> None:
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                status = await self._push(push)
            except (aiohttp.ClientError, TimeoutError):
                status = 0
            if status == HTTPStatus.OK:
                return
            if time.monotonic() > deadline or 400 <= status < 500:
                raise NotDelivered(f"{push['type']} was answered {status or 'not at all'}")
            self.again += 1
            await asyncio.sleep(_PAUSE)


def _may_swap(first: Json, second: Json) -> bool:
    if frozenset({first["type"], second["type"]}) in _MAY_PASS:
        return True
    return not _subjects(first) & _subjects(second)


def _subjects(push: Json) -> set[str]:
    """Return the calls and units that a push is about, a dispatch call's 911 call among them."""
    found: set[str] = set()
    kind = "911" if push["type"] in {"EVENT_911", "EVENT_REMOVE_911"} else "dispatch"
    for body in push["data"] if isinstance(push["data"], list) else [push["data"]]:
        call = body.get("call") or body.get("dispatch") or body
        for number in [call.get("callId"), *call.get("callIds", ())]:
            if number is not None:
                found.add(f"{kind}:{number}")
        origin = call.get("metaData", {}).get("createdFromId")
        if origin:
            found.add(f"911:{origin}")
        found |= {f"unit:{ident}" for ident in _idents(body)}
    return found


def _idents(body: Json) -> list[Any]:
    idents = body.get("idents", body.get("identIds", body.get("identId", [])))
    units = [body["unit"]] if "unit" in body else body.get("units", [])
    return (idents if isinstance(idents, list) else [idents]) + [unit["id"] for unit in units]

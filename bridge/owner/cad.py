"""What the CAD says of a key: is it right, which plan, which servers. For `init` and `doctor`.

Two of the ten requests a minute that each endpoint allows; nothing is changed in the CAD.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bridge.sonoran.api import LIMITS, Api
from bridge.sonoran.faults import CadFault, CadRefused
from bridge.sonoran.limits import Limits
from bridge.sonoran.pacing import Budget

if TYPE_CHECKING:
    from bridge.sonoran.answers import ServerEntry

__all__ = ["Looked", "look"]

PATIENCE = 10.0
"""Seconds for both requests."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of asking."""

    state: Literal["ok", "refused", "unreachable"]
    """`refused`: the CAD answers, but not to this key."""
    detail: str = ""
    plan: str = ""
    servers: tuple[ServerEntry, ...] = ()


async def look(url: str, api_key: str) -> Looked:
    """Ask the CAD at `url` with a key; never raises for what the CAD or the network does."""
    api = Api(url, api_key, Limits(LIMITS, lambda: int(time.time() * 1000)))
    budget = Budget(PATIENCE)
    try:
        plan = await api.plan(budget)
        servers = await api.servers(budget)
    except CadRefused as fault:
        state: Literal["refused", "unreachable"]
        state = "refused" if fault.status in {401, 403} else "unreachable"
        return Looked(state, str(fault))
    except CadFault as fault:
        return Looked("unreachable", str(fault))
    return Looked("ok", plan=plan, servers=tuple(servers))

"""The CAD's REST API v2: the endpoints that the bridge asks, one method each.

Paths, bodies and limits are those of the CAD's public documentation. A method raises a `CadFault`
of one kind or another, or returns what the CAD did.
"""

from __future__ import annotations

import email.utils
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from bridge.sonoran import answers
from bridge.sonoran.rest import Answer, Endpoint, Rest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bridge.events import CallId
    from bridge.metrics import Metrics
    from bridge.sonoran.faults import CadFault
    from bridge.sonoran.limits import Limits
    from bridge.sonoran.pacing import Budget

    Wait = Callable[[float], None] | None

__all__ = ["LIMITS", "PAGE", "Api", "CallsRead"]

_S: Final = "/v2/emergency/servers/{server}"
_CALL: Final = _S + "/dispatch-calls/{call}"

VERSION: Final = Endpoint("version", "GET", "/v2/general/version", 10)
SERVERS: Final = Endpoint("servers", "GET", "/v2/general/servers", 10)
LINK_CREATE: Final = Endpoint("links", "POST", "/v2/general/links", 30)
LINK_CHECK: Final = Endpoint("links/check", "POST", "/v2/general/links/check", 30)
CALLS: Final = Endpoint("calls", "GET", _S + "/calls", 5)
UNITS: Final = Endpoint("units", "GET", _S + "/units", 3)
ACCOUNT_UNITS: Final = Endpoint("account units", "GET", _S + "/accounts/{account}/units", 10)
PLACE_911: Final = Endpoint("calls/911", "POST", _S + "/calls/911", 10)
REMOVE_911: Final = Endpoint("calls/911 remove", "DELETE", _S + "/calls/911/{call}", 10)
DISPATCH: Final = Endpoint("dispatch-calls", "POST", _S + "/dispatch-calls", 20)
CLOSE: Final = Endpoint("dispatch-calls/close", "POST", _S + "/dispatch-calls/close", 20)
ATTACH: Final = Endpoint("attachments", "POST", _CALL + "/attachments", 10)
DETACH: Final = Endpoint("attachments remove", "DELETE", _S + "/dispatch-calls/attachments", 10)
NOTE: Final = Endpoint("notes", "POST", _CALL + "/notes", 60)
STATUS: Final = Endpoint("units/status", "PATCH", _S + "/units/status", 30)
PANIC: Final = Endpoint("units/panic", "PATCH", _S + "/units/panic", 20)
LOCATIONS: Final = Endpoint("unit-locations", "PATCH", _S + "/unit-locations", 12)

_ALL: Final = (
    VERSION, SERVERS, LINK_CREATE, LINK_CHECK, CALLS, UNITS, ACCOUNT_UNITS, PLACE_911, REMOVE_911,
    DISPATCH, CLOSE, ATTACH, DETACH, NOTE, STATUS, PANIC, LOCATIONS,
)  # fmt: skip
LIMITS: Final = {endpoint.name: endpoint.limit for endpoint in _ALL}
"""Published limit a minute of each endpoint, by name."""
PAGE: Final = 100
"""Units an answer of `GET units`."""


@dataclass(frozen=True, slots=True)
class CallsRead:
    """`GET calls`, and the CAD's own time (ms since the epoch) when it answered."""

    lists: answers.Calls
    at: int | None


class Api:
    """What the CAD can be asked, for all servers of one community."""

    def __init__(
        self,
        url: str,
        api_key: str,
        limits: Limits,
        *,
        metrics: Metrics | None = None,
        longest: float = 8.0,
    ) -> None:
        """Connect nothing yet; for the arguments see `Rest`."""
        self._rest = Rest(url, api_key, limits, metrics=metrics, longest=longest)

    @property
    def asked(self) -> bool:
        """The CAD was asked something since the start."""
        return self._rest.asked

    @property
    def fault(self) -> CadFault | None:
        """What was wrong with the last exchange; None: nothing."""
        return self._rest.fault

    # For the owner: is the key right, what does the CAD know of us?

    async def plan(self, budget: Budget) -> str:
        """Return the name of the community's plan."""
        return (await self._read(answers.Plan, VERSION, budget)).name

    async def servers(self, budget: Budget) -> list[answers.ServerEntry]:
        """Return the servers that the CAD has configured."""
        return (await self._read(answers.Servers, SERVERS, budget)).servers

    # Links

    async def create_link(self, community_user_id: str, budget: Budget) -> answers.LinkCode:
        """Get a code by which a player links his CAD account."""
        body = {"communityUserId": community_user_id}
        return await self._read(answers.LinkCode, LINK_CREATE, budget, body=body)

    async def check_link(self, community_user_id: str, budget: Budget) -> answers.LinkCheck:
        """Ask whether a player is linked. A refusal without a reason means that he is not."""
        body = {"communityUserId": community_user_id}
        return await self._read(answers.LinkCheck, LINK_CHECK, budget, body=body)

    # State

    async def calls(self, server: int, budget: Budget) -> CallsRead:
        """Return the calls that are open, and a few that were closed lately."""
        query = {"closedLimit": "10", "closedOffset": "0", "type": "100"}
        answer = await self._rest.ask(CALLS, budget, names={"server": server}, query=query)
        lists = answers.read(answers.Calls, answer.body, answer.trace)
        return CallsRead(lists, _time_of(answer))

    async def units(self, server: int, offset: int, budget: Budget) -> list[Any]:
        """Return a page of the units and dispatchers that are on duty, from `offset` on."""
        query = {
            "includeOffline": "false",
            "onlyUnits": "false",
            "limit": str(PAGE),
            "offset": str(offset),
        }
        answer = await self._rest.ask(UNITS, budget, names={"server": server}, query=query)
        return answers.units_of(answer.body, answer.trace)

    async def account_units(
        self, server: int, account: str, budget: Budget, on_wait: Wait = None
    ) -> list[Any]:
        """Return the units of one CAD account that are on duty."""
        query = {"onlyOnline": "true", "onlyUnits": "true", "limit": "10", "offset": "0"}
        names = {"server": server, "account": account}
        answer = await self._rest.ask(
            ACCOUNT_UNITS, budget, names=names, query=query, on_wait=on_wait
        )
        return answers.units_of(answer.body, answer.trace)

    # Calls

    async def place_911(
        self, server: int, body: Mapping[str, Any], budget: Budget
    ) -> tuple[answers.Placed911, Any]:
        """Place a 911 or civil call; return its number and the call as the CAD describes it."""
        answer = await self._rest.ask(PLACE_911, budget, names={"server": server}, body=body)
        return answers.read(answers.Placed911, answer.body, answer.trace), answer.body

    async def remove_911(
        self, server: int, call: CallId, budget: Budget, on_wait: Wait = None
    ) -> None:
        """Remove a 911 call."""
        names = {"server": server, "call": call}
        await self._rest.ask(REMOVE_911, budget, names=names, on_wait=on_wait)

    async def dispatch(
        self, server: int, body: Mapping[str, Any], budget: Budget, on_wait: Wait = None
    ) -> tuple[answers.Written, Any]:
        """Create a dispatch call; return its number and the call as the CAD describes it."""
        answer = await self._rest.ask(
            DISPATCH, budget, names={"server": server}, body=body, on_wait=on_wait
        )
        return answers.read(answers.Written, answer.body, answer.trace), answer.body

    async def close_dispatch(self, server: int, call: CallId, budget: Budget) -> None:
        """Close a dispatch call."""
        await self._rest.ask(CLOSE, budget, names={"server": server}, body={"callIds": [call]})

    async def attach(
        self,
        server: int,
        call: CallId,
        community_user_id: str,
        budget: Budget,
        on_wait: Wait = None,
    ) -> tuple[int, ...]:
        """Attach a player's units to a dispatch call; return their idents, none if he has none."""
        names = {"server": server, "call": call}
        body = {"communityUserIds": [community_user_id]}
        answer = await self._rest.ask(ATTACH, budget, names=names, body=body, on_wait=on_wait)
        return answers.read(answers.Idents, answer.body, answer.trace).idents

    async def detach(self, server: int, community_user_id: str, budget: Budget) -> tuple[int, ...]:
        """Detach a player's units from whatever call they are on; return their idents."""
        body = {"communityUserIds": [community_user_id]}
        found = await self._read(answers.Idents, DETACH, budget, server=server, body=body)
        return found.idents

    async def note(self, server: int, call: CallId, text: str, label: str, budget: Budget) -> Any:
        """Add a note to a dispatch call; return the answer, which describes the note."""
        body = {"note": text, "noteType": "text", "label": label}
        names = {"server": server, "call": call}
        return (await self._rest.ask(NOTE, budget, names=names, body=body)).body

    # Units

    async def set_status(
        self, server: int, community_user_id: str, status: int, budget: Budget
    ) -> int:
        """Set the status of a player's units; return how many they are."""
        body = {"status": status, "communityUserIds": [community_user_id]}
        return (await self._read(answers.Updated, STATUS, budget, server=server, body=body)).count

    async def set_panic(self, server: int, community_user_id: str, on: bool, budget: Budget) -> int:
        """Switch the panic of a player's units; return how many they are."""
        body = {"isPanic": on, "communityUserIds": [community_user_id]}
        return (await self._read(answers.Updated, PANIC, budget, server=server, body=body)).count

    async def locate(
        self, server: int, updates: Sequence[Mapping[str, Any]], budget: Budget
    ) -> int:
        """Tell the live map where units are; return how many it took."""
        body = {"updates": list(updates)}
        found = await self._read(answers.Updated, LOCATIONS, budget, server=server, body=body)
        return found.count

    async def _read(
        self,
        model: type[answers.Model],
        endpoint: Endpoint,
        budget: Budget,
        *,
        server: int | None = None,
        body: Any = None,
    ) -> answers.Model:
        answer = await self._rest.ask(endpoint, budget, names={"server": server}, body=body)
        return answers.read(model, answer.body, answer.trace)


def _time_of(answer: Answer) -> int | None:
    try:
        return int(email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp() * 1000)
    except (KeyError, ValueError, TypeError, OverflowError):
        return None

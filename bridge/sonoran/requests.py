"""What the game asks of the CAD: one function a method.

The CAD sends no push for most of what is done through its API, so what it answers is ingested as if
it had been pushed. Nothing is sent twice by itself: a request that got no clear answer is refused
with words that say so, and the CAD's state is read.
"""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Final

import structlog
from pydantic import Field

from bridge.errors import JournalUnavailable, PushRejected, RequestRefused
from bridge.events import Note
from bridge.facts import Closed, Detached, Fact, Noted, PanicSet, Placed, Removed, StatusSet
from bridge.params import CallRef, OfPlayer, Params, Place, Player, Text
from bridge.sonoran import answers
from bridge.sonoran.desk import ANSWER_WITHIN, Desk
from bridge.sonoran.links import Links
from bridge.sonoran.pacing import Budget
from bridge.sonoran.payloads import emergency_from, parse, values
from bridge.sonoran.respond import Responses

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.events import CallId, Unit
    from bridge.sonoran.livemap import LiveMap, Update

__all__ = ["CadRequests"]

log = structlog.get_logger(__name__)

_DELETE_AFTER: Final = 30
"""Minutes after which the CAD forgets a 911 call that nobody answered."""
_MOST_UPDATES: Final = 1000


class _Create(Params):
    player: Player
    emergency: bool
    caller: Text = ""
    text: Text
    position: Place | None = None
    postal: Text | None = None
    location: Text = ""


class _OfCall(Params):
    player: Player
    call: CallRef


class _Note(_OfCall):
    text: Text


class _Panic(Params):
    player: Player
    on: bool


class _Status(Params):
    player: Player
    status: Annotated[int, Field(ge=0, le=10_000)]


class _Update(Params):
    player: Player
    location: Text = ""
    position: Place
    heading: Annotated[float, Field(allow_inf_nan=False)] = 0.0


class _Updates(Params):
    updates: Annotated[list[_Update], Field(max_length=_MOST_UPDATES)]


class CadRequests:
    """The methods that need the CAD, for all servers."""

    def __init__(
        self, desk: Desk, maps: Mapping[int, LiveMap], *, within: float = ANSWER_WITHIN
    ) -> None:
        """Keep what is needed.

        Args:
            desk: whom to ask, and where answers go.
            maps: the live map of each server.
            within: seconds for what a player waits for.
        """
        self._desk = desk
        self._maps = maps
        self._within = within
        self._links = Links(desk)
        self._responses = Responses(desk, self._links, within=within)

    def methods(self) -> dict[str, tuple[type[Params], Any]]:
        """Return each method's params and function, for `bridge.requests`."""
        return {
            "link.create": (OfPlayer, self._links.create),
            "link.check": (OfPlayer, self._links.check),
            "call.create": (_Create, self._create),
            "call.respond": (_OfCall, self._respond),
            "call.leave": (OfPlayer, self._leave),
            "call.close": (_OfCall, self._close),
            "call.note": (_Note, self._note),
            "unit.panic": (_Panic, self._panic),
            "unit.status": (_Status, self._status),
            "units.located": (_Updates, self._located),
        }

    async def close(self) -> None:
        """Give up what waits, and stop the live maps."""
        await self._responses.close()
        for live_map in self._maps.values():
            await live_map.close()

    async def _create(self, server: int, params: _Create) -> dict[str, str]:
        """call.create: place a 911 or civil call. The CAD pushes it too; the second is a copy."""
        name = self._desk.identity.of(params.player)
        async with self._desk.asking(server):
            body = _911_body(params, name)
            placed, said = await self._desk.api.place_911(server, body, Budget(self._within))
        described = answers.described({**body, "callId": placed.id}, said)
        call = emergency_from(described, self._desk.now(), "answer")
        # the CAD knows him by what we sent; the game server knows that it is him
        his = (self._desk.identity.in_full(params.player),)
        call = replace(call, caller_ids=(his, *call.caller_ids[1:]))
        await self._desk.accept(server, Placed(call))
        return {"key": call.key}

    async def _respond(self, server: int, params: _OfCall) -> dict[str, Any]:
        """call.respond: see `respond`."""
        return await self._responses.respond(server, params.call, params.player)

    async def _leave(self, server: int, params: OfPlayer) -> dict[str, bool]:
        """call.leave: detach the player's units from whatever call they are on."""
        name = self._desk.identity.of(params.player)
        async with self._desk.asking(server):
            idents = await self._desk.api.detach(server, name, Budget(self._within))
        if idents:
            await self._desk.accept(server, Detached(None, idents))
        return {"left": bool(idents)}

    async def _close(self, server: int, params: _OfCall) -> dict[str, bool]:
        """call.close: close a dispatch call, remove a 911 call."""
        call = await self._desk.call(server, params.call)
        api, budget = self._desk.api, Budget(self._within)
        async with self._desk.asking(server, about_call=True):
            if call.kind == "911":
                await api.remove_911(server, call.id, budget)
            elif call.kind == "dispatch":
                await api.close_dispatch(server, call.id, budget)
        ended = Closed(call.id) if call.kind == "dispatch" else Removed(call.key)
        await self._desk.accept(server, ended)
        return {"closed": True}

    async def _note(self, server: int, params: _Note) -> dict[str, bool]:
        """call.note: add a note to a dispatch call; a 911 call takes none."""
        call = await self._desk.call(server, params.call)
        if call.kind != "dispatch":
            raise RequestRefused(
                "cad_refused", "the CAD keeps notes with dispatch calls only; respond to it first"
            )
        text = values.text(params.text, values.DESCRIPTION)
        if not text:
            raise RequestRefused("bad_params", "text: has nothing to read in it")
        label = _label(await self._desk.units(server, params.player))
        async with self._desk.asking(server, about_call=True):
            said = await self._desk.api.note(server, call.id, text, label, Budget(self._within))
        noted = _noted(call.id, said, Note(text, label), self._desk.now())
        await self._desk.accept(server, *noted)
        return {"noted": True}

    async def _panic(self, server: int, params: _Panic) -> dict[str, int]:
        """unit.panic: raised in the game first, whatever the CAD says; it has no echo."""
        units = await self._desk.units(server, params.player)
        try:
            await self._desk.accept(server, *(PanicSet(u.ident, params.on) for u in units))
        except JournalUnavailable as error:
            log.warning("panic_not_stored", server=server, reason=str(error))
        name = self._desk.identity.of(params.player)  # only now: who has none is in distress too
        async with self._desk.asking(server):
            count = await self._desk.api.set_panic(server, name, params.on, Budget(self._within))
        return await self._updated(server, count, units)

    async def _status(self, server: int, params: _Status) -> dict[str, int]:
        """unit.status: set the status of the player's units."""
        name = self._desk.identity.of(params.player)
        async with self._desk.asking(server):
            count = await self._desk.api.set_status(
                server, name, params.status, Budget(self._within)
            )
        units = await self._desk.units(server, params.player)
        if count and units:
            await self._desk.accept(server, *(StatusSet(u.ident, params.status) for u in units))
        return await self._updated(server, count, units)

    async def _located(self, server: int, params: _Updates) -> dict[str, int]:
        """units.located: show units on duty on the CAD's live map."""
        identity = self._desk.identity
        board = await self._desk.board(server)
        index = identity.index(board.units.values())
        updates = [
            _update(unit, said)
            for said in params.updates
            for unit in identity.units_in(index, said.player)
        ]
        return {"updated": await self._maps[server].show(updates)}

    async def _updated(self, server: int, count: int, units: tuple[Unit, ...]) -> dict[str, int]:
        """Return how many units the CAD changed; 0 means that he is not logged in as a unit."""
        if (count > 0) != bool(units):  # the board knows more, or less, than the CAD
            await self._desk.look_again(server)
        return {"updated": count}


def _911_body(params: _Create, name: str) -> dict[str, Any]:
    """Return what the CAD needs of a new 911 call; all metaData are texts."""
    meta = {"callerCommunityUserId": name}
    if params.position is not None:
        place = params.position.model_dump(exclude_none=True)
        meta |= {axis: f"{metres:.2f}" for axis, metres in place.items()}
    postal = values.word(params.postal, values.SHORT)
    if postal:
        meta["postal"] = postal
    return {
        "isEmergency": params.emergency,
        "caller": values.text(params.caller, values.CALLER),
        "location": values.text(params.location, values.LOCATION),
        "description": values.text(params.text, values.DESCRIPTION),
        "deleteAfterMinutes": _DELETE_AFTER,
        "metaData": meta,
    }


def _noted(call: CallId, said: Any, sent: Note, now: int) -> list[Fact]:
    """Return the note as the CAD has it, with its time, so that its list of notes brings no second
    one; as it was sent where the CAD does not say.
    """
    note = said.get("note") if isinstance(said, dict) else None
    with contextlib.suppress(PushRejected):
        return parse("EVENT_DISPATCH_NOTE", {"data": {"callId": call, "note": note}}, now)
    return [Noted(call, sent)]


def _label(units: tuple[Unit, ...]) -> str:
    return next((unit.number for unit in units if unit.number), "In game")


def _update(unit: Unit, said: _Update) -> Update:
    """Return a place as the live map takes it, in steps that are worth sending."""
    position = said.position
    return {
        "identId": unit.ident,
        "location": values.text(said.location, values.LOCATION) or "-",
        "coordinates": {
            "x": round(position.x, 1),
            "y": round(position.y, 1),
            "z": round(position.z or 0.0, 1),
            "w": round(said.heading % 360),
        },
    }

"""`call.respond`: a player's unit goes to a call, in the CAD too.

The CAD has no way to accept a 911 call. A dispatch call is made from it, and then the 911 call is
removed. Between the two, a second responder would make a second dispatch call; so responses to one
call come one after the other, and who comes later is attached to what the first one made.

The player's route does not wait for any of it. Where the CAD's limits make the wait long, he is
told at once that it is queued, and it is given up a minute after he asked.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar
from weakref import WeakValueDictionary

import structlog

from bridge.errors import BridgeError, JournalUnavailable, PushRejected, RequestRefused
from bridge.facts import Attached, Fact, OnDuty, Written
from bridge.sonoran import answers
from bridge.sonoran.desk import ANSWER_WITHIN, Desk
from bridge.sonoran.faults import CadFault, CadRefused
from bridge.sonoran.pacing import Budget
from bridge.sonoran.payloads import dispatch_from, unit_from, values

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine

    from bridge.events import Call, CallId
    from bridge.sonoran.links import Links

T = TypeVar("T")

__all__ = ["Responses"]

log = structlog.get_logger(__name__)

_GIVE_UP: Final = 60.0
"""Seconds after which a queued response is forgotten."""
_WORTH_SAYING: Final = 2.0
"""Seconds of waiting for a limit from which on the player is told that he is queued."""
_MOST_QUEUED: Final = 64
_LOOK_AFTER: Final = (0.0, 10.0, 30.0)
"""Seconds from one look at what became of an unanswered request to the next."""
_FROM_CALLER: Final = 0
"""The CAD's origin of a dispatch call: a caller."""
_ACTIVE: Final = 1
"""The CAD's status of a dispatch call that units are on."""
_TITLE: Final = 60


class Responses:
    """Answers `call.respond`."""

    def __init__(self, desk: Desk, links: Links, *, within: float = ANSWER_WITHIN) -> None:
        self._desk = desk
        self._links = links
        self._within = within
        self._turns: WeakValueDictionary[tuple[int, str], asyncio.Lock] = WeakValueDictionary()
        self._in_doubt: set[tuple[int, str]] = set()
        """Calls from which a dispatch call may have been made, though nobody said so."""
        self._tasks: set[asyncio.Task[Any]] = set()

    async def respond(self, server: int, ref: int | str, player: tuple[str, ...]) -> dict[str, Any]:
        """Attach a player's unit to a call, made from a 911 call where it is one."""
        call = await self._desk.call(server, ref)
        if call.kind == "test":
            return {"call": call.key}
        name = self._desk.identity.of(player)
        if len(self._tasks) >= _MOST_QUEUED:
            raise RequestRefused("rate_limited", "too many responses wait for the CAD")
        response = _Response(server, call.key, player, name, Budget(_GIVE_UP), asyncio.Event())
        task = self._start(self._in_turn(response))
        waiting = asyncio.create_task(response.queued.wait())
        try:
            await asyncio.wait(
                {task, waiting}, timeout=self._within, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            waiting.cancel()
        if task.done():
            return {"call": task.result()}
        task.add_done_callback(partial(_say_how_it_ended, server, call.key))
        return {"call": call.key, "queued": True}

    async def close(self) -> None:
        """Give up what waits."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _in_turn(self, response: _Response) -> str:
        """Return the key of the call that the unit is on when all before it have had their turn."""
        try:
            async with (
                asyncio.timeout(response.budget.left),
                self._turn(response.server, response.key),
                self._desk.asking(response.server, about_call=True),
            ):
                return await self._respond(response)
        except TimeoutError:
            self._start(self._settle(response.server, response.key))
            raise RequestRefused("timeout", f"given up after {_GIVE_UP:.0f} s") from None

    @contextlib.asynccontextmanager
    async def _turn(self, server: int, key: str) -> AsyncIterator[None]:
        turn = self._turns.setdefault((server, key), asyncio.Lock())
        async with turn:
            yield

    async def _respond(self, response: _Response) -> str:
        server, key = response.server, response.key
        if (server, key) in self._in_doubt:
            await self._look(server, key, response.budget)
        call = await self._desk.call(server, key)  # by now it may be a dispatch call
        idents = await self._idents(response)
        if call.kind == "911":
            return await self._dispatch(response, call, idents)
        if not set(idents) <= set(call.units):
            attached = await self._desk.api.attach(
                server, call.id, response.name, response.budget, response.waits
            )
            if not attached:
                raise _not_a_unit()
            await self._desk.accept(server, Attached(call.id, attached))
        return call.key

    async def _dispatch(self, response: _Response, call: Call, idents: tuple[int, ...]) -> str:
        """Make a dispatch call from a 911 call, and have that removed."""
        server = response.server
        body = _dispatch_body(call, response.name)
        try:
            created, said = await self._desk.api.dispatch(
                server, body, response.budget, response.waits
            )
        except CadFault as fault:
            if fault.may_have_worked:
                self._doubt(server, call.key)
            raise
        except asyncio.CancelledError:  # its time was over, whatever the CAD makes of it
            self._in_doubt.add((server, call.key))
            raise
        written = _as_written(body, said, self._desk.now())
        units = idents if created.units is None else created.units
        facts: list[Fact] = [replace(written, units=units, origin_911=call.key)]
        if units:  # also where something else has told of the call before
            facts.append(Attached(created.id, units))
        try:
            await self._desk.accept(server, *facts)
        except JournalUnavailable:  # the CAD has a call now that nobody here knows
            self._doubt(server, call.key)
            raise
        except asyncio.CancelledError:  # its time was over, stored or not
            self._in_doubt.add((server, call.key))
            raise
        self._start(self._remove(server, call.id))
        if not units:
            raise _not_a_unit()
        return f"dispatch:{created.id}"

    async def _idents(self, response: _Response) -> tuple[int, ...]:
        """Return the player's units: as the board knows, else as the CAD does.

        Raises:
            RequestRefused: he is not linked, or not logged in as a unit. A dispatch call must not
                be made for him: it would be nobody's.
        """
        server, budget = response.server, response.budget
        units = await self._desk.units(server, response.player)
        if units:
            return tuple(unit.ident for unit in units)
        account = await self._links.account_of(server, response.name, budget)
        if account is None:
            raise RequestRefused("not_linked", "the player has not linked his CAD account: /link")
        if not account:
            raise _not_a_unit()
        facts: list[Fact] = []
        for unit in await self._desk.api.account_units(server, account, budget, response.waits):
            with contextlib.suppress(PushRejected):
                facts += unit_from(unit, "Units")
        units = tuple(fact.unit for fact in facts if isinstance(fact, OnDuty))
        if not units:
            raise _not_a_unit()
        await self._desk.accept(server, *facts)
        return tuple(unit.ident for unit in units)

    def _doubt(self, server: int, key: str) -> None:
        """The CAD may have a dispatch call of it: who responds next looks first, and so do we."""
        self._in_doubt.add((server, key))
        self._start(self._settle(server, key))

    async def _settle(self, server: int, key: str) -> None:
        """Find out what became of a request to make a dispatch call, and finish what it began."""
        budget = Budget(_GIVE_UP)
        for pause in _LOOK_AFTER:
            await asyncio.sleep(pause)
            async with self._turn(server, key):
                if (server, key) not in self._in_doubt:
                    return
                with contextlib.suppress(CadFault, JournalUnavailable):
                    await self._look(server, key, budget)

    async def _look(self, server: int, key: str, budget: Budget) -> None:
        """Read the CAD's calls; if there is a dispatch call made of the 911 call, remove that.

        Raises:
            CadFault: they could not be read; nothing may be made of the 911 call.
        """
        board = await self._desk.board(server)
        if key not in board.dispatched:
            await self._desk.read_calls(server, budget)
            board = await self._desk.board(server)
        if key in board.dispatched:
            self._in_doubt.discard((server, key))
            for number in values.call_ids(key.removeprefix("911:")):
                self._start(self._remove(server, number))
        elif key not in board.calls:
            self._in_doubt.discard((server, key))

    async def _remove(self, server: int, call: CallId) -> None:
        try:
            await self._desk.api.remove_911(server, call, Budget(_GIVE_UP))
        except CadFault as fault:
            gone_already = isinstance(fault, CadRefused) and fault.status == 404
            if not gone_already:
                log.warning("dispatched_911_left_in_cad", server=server, reason=str(fault))

    def _start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())
        return task


@dataclass(frozen=True, slots=True)
class _Response:
    """One player's response to one call."""

    server: int
    key: str
    player: tuple[str, ...]
    name: str
    """What the CAD knows him by."""
    budget: Budget
    queued: asyncio.Event

    def waits(self, seconds: float) -> None:
        """Note that a limit makes it wait."""
        if seconds > _WORTH_SAYING:
            self.queued.set()


def _not_a_unit() -> RequestRefused:
    return RequestRefused("not_a_unit", "the player is not logged in as a unit in the CAD")


def _dispatch_body(call: Call, name: str) -> dict[str, Any]:
    """Return what the CAD needs to make a dispatch call of a 911 call; all metaData are texts."""
    meta = {"createdFromId": str(call.id)}
    if call.position is not None:
        place = {"x": call.position.x, "y": call.position.y, "z": call.position.z}
        meta |= {axis: f"{metres:.2f}" for axis, metres in place.items() if metres is not None}
    if call.silent:
        meta["silentAlert"] = "true"
    caller = next((ids[0] for ids in call.caller_ids if ids), "")
    if caller:
        meta["callerCommunityUserId"] = caller
    note = {
        "time": datetime.now(UTC).strftime("%H:%M:%S"),
        "label": "Caller",
        "type": "text",
        "content": call.caller,
    }
    return {
        "origin": _FROM_CALLER,
        "status": _ACTIVE,
        "priority": 1 if call.emergency else 2,
        "block": "",
        "address": call.location,
        "postal": call.postal or "",
        "title": values.text(call.description, _TITLE) or ("911" if call.emergency else "311"),
        "code": "",
        "description": call.description,
        "notes": [note] if call.caller else [],
        "communityUserIds": [name],
        "metaData": meta,
    }


def _as_written(body: dict[str, Any], said: Any, now: int) -> Written:
    """Return the dispatch call as the CAD describes it, and as we did where it does not."""
    call = answers.described(body, said)
    if "callId" not in call:
        call["callId"] = call.get("id")
    return dispatch_from(call, now, "answer", creation=True)


def _say_how_it_ended(server: int, key: str, task: asyncio.Task[str]) -> None:
    if task.cancelled():
        return
    error = task.exception()
    if error is None:
        log.info("queued_response_done", server=server, call=key)
    else:
        reason = str(error) if isinstance(error, BridgeError) else type(error).__name__
        log.warning("queued_response_given_up", server=server, call=key, reason=reason)

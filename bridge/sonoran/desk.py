"""What the methods of the CAD's side share: whom they ask, what they know, how they refuse."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from bridge.errors import JournalUnavailable, RequestRefused
from bridge.sonoran.faults import CadFault, CadGarbled, CadLimited, CadRefused, CadTimeout
from bridge.sonoran.reconciler import Reconciler

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

    from bridge.board import Board
    from bridge.events import Call, Unit
    from bridge.facts import Fact
    from bridge.sonoran.api import Api
    from bridge.sonoran.identity import Identity
    from bridge.sonoran.pacing import Budget
    from bridge.sonoran.reconciler import Ingests

__all__ = ["ANSWER_WITHIN", "Desk", "Reads", "refusal"]

ANSWER_WITHIN = 9.0
"""Seconds for what a player waits for; the game gives up after 10."""


_FOUND_FRESH = 60.0
"""Seconds: a call found while looking for another that is older alerts nobody."""


class Reads(Protocol):
    """What is needed of a `Reconciler`."""

    async def soon(self) -> None:
        """Have calls and units read."""
        ...

    async def read_calls(self, budget: Budget) -> None:
        """Read the calls now."""
        ...


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that a method needs, for all servers."""

    api: Api
    identity: Identity
    ingests: Mapping[int, Ingests]
    readers: Mapping[int, Reads]
    """Who reads the CAD's state of each server; empty with `reconcile = false`."""
    now: Callable[[], int]

    async def board(self, server: int) -> Board:
        """Return a server's board, read back from the journal if need be.

        Raises:
            JournalUnavailable: it cannot be read now.
        """
        ingest = self.ingests[server]
        if ingest.board is None:
            await ingest.accept(())
        board = ingest.board
        if board is None:
            raise JournalUnavailable("the board could not be read")
        return board

    async def call(self, server: int, ref: int | str) -> Call:
        """Return the open call that a key or id means: the open 911 call of that number, else the
        dispatch call; for a 911 call that was dispatched, the dispatch call.

        Raises:
            RequestRefused: there is none.
        """
        board = await self.board(server)
        for key in (str(ref), f"911:{ref}", f"dispatch:{ref}"):
            found = board.calls.get(key) or board.calls.get(board.dispatched.get(key, ""))
            if found is not None:
                return found
        raise RequestRefused("unknown_call", f"there is no open call {str(ref)[:80]!r}")

    async def units(self, server: int, player: Sequence[str]) -> tuple[Unit, ...]:
        """Return the units on duty that are this player's, as far as the board knows."""
        board = await self.board(server)
        return self.identity.units_of(player, board.units.values())

    async def accept(self, server: int, *facts: Fact) -> None:
        """Ingest what the CAD did on our request, as it sends no push for most of it."""
        await self.ingests[server].accept(facts)

    async def look_again(self, server: int) -> None:
        """Have the CAD's state read: it may differ from the board."""
        if server in self.readers:
            await self.readers[server].soon()

    async def read_calls(self, server: int, budget: Budget) -> None:
        """Read the CAD's calls now, also where nobody reads them regularly.

        Raises:
            CadFault: they could not be read.
            JournalUnavailable: what was missed could not be stored.
        """
        reader = self.readers.get(server)
        if reader is None:
            reader = Reconciler(
                server, self.api, self.ingests[server], now=self.now, fresh_for=_FOUND_FRESH
            )
        await reader.read_calls(budget)

    @contextlib.asynccontextmanager
    async def asking(self, server: int, *, about_call: bool = False) -> AsyncIterator[None]:
        """Turn what may go wrong between us and the CAD into a refusal, in words.

        After a fault that may have worked, or a call that the CAD does not know, the CAD's state
        is read.
        """
        try:
            yield
        except CadFault as fault:
            refused = refusal(fault, about_call=about_call)
            if fault.may_have_worked or refused.code == "unknown_call":
                await self.look_again(server)
            raise refused from fault


def refusal(fault: CadFault, *, about_call: bool = False) -> RequestRefused:
    """Return what the game is told of a fault."""
    match fault:
        case CadLimited():
            code = "rate_limited"
        case CadTimeout():
            code = "timeout"
        case CadRefused(status=404) if about_call:
            code = "unknown_call"
        case CadRefused() | CadGarbled():
            code = "cad_refused"
        case _:
            code = "timeout" if fault.may_have_worked else "cad_unreachable"
    said = str(fault)
    if fault.may_have_worked:
        said += "; it may have been done all the same, so look before you repeat it"
    return RequestRefused(code, said)

"""When the CAD's state is read: at start, after each hub connect, when in doubt, every 5 minutes.

Calls and units have limits of their own and fail on their own, so each has a loop of its own; but
what was read of the calls waits a moment for the units, so that the responders of an open call are
known before it alerts.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Never, Protocol

import structlog

from bridge.errors import BridgeError, JournalUnavailable
from bridge.sonoran.api import PAGE, Api
from bridge.sonoran.faults import CadFault
from bridge.sonoran.pacing import Backoff, Budget
from bridge.sonoran.reconcile import (
    Age,
    Picture,
    calls_missed,
    is_settled,
    listed_in,
    units_missed,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bridge.board import Board
    from bridge.facts import Fact

__all__ = ["Ingests", "ReconcileStatus", "Reconciler", "Rhythm"]

log = structlog.get_logger(__name__)

_MOST_PAGES: Final = 10


class Ingests(Protocol):
    """What is needed of `bridge.ingest.Ingest`."""

    @property
    def board(self) -> Board | None:
        """The board as last known; None before it was read."""
        ...

    async def accept(self, facts: Sequence[Fact]) -> object:
        """Fold the facts over the board and make what they change durable."""
        ...


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Seconds."""

    every: float = 300.0
    first_pause: float = 5.0
    """After a failure; doubling up to `every`."""
    apart: float = 20.0
    """Least between two readings of one kind: a hub that comes and goes must not cost the key's
    other users their share."""
    patience: float = 90.0
    """That a reading waits for its limit."""
    for_units: float = 5.0
    """That the first calls wait for the first units."""


@dataclass(slots=True)
class ReconcileStatus:
    """When each was read last (ms since the epoch, None: never), and what went wrong since."""

    calls_read: int | None = None
    units_read: int | None = None
    calls_error: str = ""
    units_error: str = ""


class Reconciler:
    """Keeps one server's board in agreement with the CAD."""

    def __init__(
        self,
        server: int,
        api: Api,
        ingest: Ingests,
        *,
        now: Callable[[], int],
        fresh_for: float,
        rhythm: Rhythm | None = None,
    ) -> None:
        """Keep what is needed; `run` reads.

        Args:
            server: the CAD's number of the game server.
            api: the CAD's API.
            ingest: the server's; what was missed goes there.
            now: milliseconds since the epoch.
            fresh_for: seconds; calls found that are older alert nobody.
            rhythm: how often.
        """
        self.status = ReconcileStatus()
        self._server = server
        self._api = api
        self._ingest = ingest
        self._now = now
        self._fresh_for_ms = int(fresh_for * 1000)
        self._listed: frozenset[str] = frozenset()
        self._rhythm = rhythm or Rhythm()
        self._calls_wanted = asyncio.Event()
        self._units_wanted = asyncio.Event()
        self._units_tried = asyncio.Event()

    async def run(self) -> Never:
        """Read now, when asked to, and every few minutes, until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_reading("units", self._units_wanted, self._first_units))
            tasks.create_task(self._keep_reading("calls", self._calls_wanted, self._then_calls))
        raise AssertionError("the loops do not end by themselves")

    async def soon(self) -> None:
        """Have both read as soon as limits and pauses allow; returns at once."""
        self._calls_wanted.set()
        self._units_wanted.set()

    async def read_calls(self, budget: Budget) -> None:
        """Read the calls and ingest what was missed.

        Raises:
            CadFault: they could not be read.
            JournalUnavailable: they could not be stored.
        """
        before, asked = Picture.of(await self._board()), self._now()
        read = await self._api.calls(self._server, budget)
        age = Age(self._now(), read.at, self.status.calls_read, self._fresh_for_ms, self._listed)
        facts = calls_missed(read.lists, before, await self._board(), age)
        await self._ingest.accept(facts)
        self.status.calls_read = asked
        self._listed = listed_in(read.lists)
        if not is_settled(read.lists, await self._board()):
            self._calls_wanted.set()

    async def read_units(self, budget: Budget) -> None:
        """Read the units and ingest what was missed; of a list that breaks off, what there is.

        Raises:
            CadFault: they could not be read to the end.
            JournalUnavailable: they could not be stored.
        """
        before, asked = Picture.of(await self._board()), self._now()
        units: list[Any] = []
        fault: CadFault | None = None
        at_end = has_moved = False
        while not at_end and len(units) < _MOST_PAGES * PAGE:
            try:
                page = await self._api.units(self._server, max(0, len(units) - 1), budget)
            except CadFault as error:
                fault = error
                break
            at_end = len(page) < PAGE
            if units:
                # the last one is asked for again: if it is not there, some came or went meanwhile,
                # and one that is on duty may have moved to a page that was read before
                is_same = _idents(page[:1]) == _idents(units[-1:])
                has_moved = has_moved or not is_same
                page = page[1:] if is_same else page
            units += page
        complete = at_end and not has_moved
        facts = units_missed(units, before, await self._board(), complete=complete)
        await self._ingest.accept(facts)
        if fault is not None:
            raise fault
        self.status.units_read = asked

    async def _first_units(self, budget: Budget) -> None:
        try:
            await self.read_units(budget)
        finally:
            self._units_tried.set()

    async def _then_calls(self, budget: Budget) -> None:
        try:
            async with asyncio.timeout(self._rhythm.for_units):
                await self._units_tried.wait()
        except TimeoutError:
            log.info("calls_read_before_units", server=self._server)
        await self.read_calls(budget)

    async def _keep_reading(
        self, what: str, wanted: asyncio.Event, read: Callable[[Budget], Awaitable[None]]
    ) -> Never:
        pauses = Backoff(self._rhythm.first_pause, self._rhythm.every)
        while True:
            wanted.clear()
            error = await self._tried(what, read)
            setattr(self.status, f"{what}_error", error)
            if error:
                pause = pauses.pause()
            else:
                pauses.reset()
                pause = self._rhythm.every
            least = min(pause, self._rhythm.apart)
            await asyncio.sleep(least)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause - least):
                    await wanted.wait()

    async def _tried(self, what: str, read: Callable[[Budget], Awaitable[None]]) -> str:
        """Return what went wrong, empty if nothing did."""
        try:
            await read(Budget(self._rhythm.patience))
        except BridgeError as error:
            log.warning("reconciliation_failed", server=self._server, what=what, reason=str(error))
            return str(error)
        except Exception:  # a fault of ours must not end reconciliation for good
            log.exception("reconciliation_failed", server=self._server, what=what)
            return "a fault of the bridge's own; see its log"
        return ""

    async def _board(self) -> Board:
        board = self._ingest.board
        if board is None:
            await self._ingest.accept(())  # which reads it
            board = self._ingest.board
        if board is None:
            raise JournalUnavailable("the board could not be read")
        return board


def _idents(units: list[Any]) -> list[Any]:
    return [unit.get("id") if isinstance(unit, dict) else None for unit in units]

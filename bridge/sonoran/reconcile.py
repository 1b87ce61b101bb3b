"""What the CAD says is open and on duty, against the board -> facts. Pure.

Pushes can be lost and the CAD has no replay, so its lists are read now and then. A list is older
than the board by the time that reading took: what a push changed meanwhile is left as the push said
(`Picture` is the board as it was when the request went out). What a list does not say is never
taken for "gone": a missing list, or one with an entry that cannot be read, ends nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, TypeVar

from bridge.errors import PushRejected
from bridge.facts import (
    Closed,
    Fact,
    OffDuty,
    OnDuty,
    PanicSet,
    Placed,
    Removed,
    StatusSet,
    Written,
)
from bridge.sonoran.payloads import dispatch_from, emergency_from, unit_from, values

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bridge.board import Board
    from bridge.events import Call, CallId, CallKind, Unit
    from bridge.sonoran.answers import Calls

K = TypeVar("K")

__all__ = ["Age", "Picture", "calls_missed", "is_settled", "listed_in", "units_missed"]

JUST_OPENED_MS: Final = 15_000
"""A call that is so young may not be in the CAD's lists yet."""
_CLOCK_SKEW_MS: Final = 5 * 60_000
_READING_MS: Final = 90_000
"""What waiting for the CAD's limits, and its answer, may add to the time between two readings: that
time is as long as a call is fresh, and a call that came between them must alert."""


@dataclass(frozen=True, slots=True)
class Picture:
    """The board's calls and units at one moment."""

    calls: Mapping[str, Call]
    units: Mapping[int, Unit]
    outlasted: frozenset[int] = frozenset()
    """See `Board.outlasted`."""

    @classmethod
    def of(cls, board: Board) -> Picture:
        """Return the board as it is now; its entries are replaced, never changed."""
        return cls(dict(board.calls), dict(board.units), frozenset(board.outlasted))

    def is_still_so(self, ident: int, board: Board) -> bool:
        """Tell whether nothing was said of the unit since."""
        was_over, is_over = ident in self.outlasted, ident in board.outlasted
        return self.units.get(ident) == board.units.get(ident) and was_over == is_over


@dataclass(frozen=True, slots=True)
class Age:
    """How old a call is that was found in a list.

    The CAD's own time decides, by its own clock. Where it gives none, a call that was not in the
    lists before is younger than those (`last_read`, None: nothing was ever read).
    """

    now: int
    """All in ms since the epoch; `now` and `last_read` by our clock, `cad_now` by the CAD's."""
    cad_now: int | None
    last_read: int | None
    fresh_for: int
    listed: frozenset[str] = frozenset()
    """Keys of the calls that were in the lists before, on the board or expired there."""

    def opened_at(self, call: object) -> int:
        """Return when the call was made at the earliest, in ms since the epoch by our clock."""
        age = self._by_the_cad(call)
        if age is not None:
            return self.now - age
        return self.now if self.last_read is None else self.last_read

    def is_fresh(self, key: str, call: object) -> bool:
        """Tell whether the call is to alert; not if nobody knows how old it is."""
        age = self._by_the_cad(call)
        if age is not None:
            return age <= self.fresh_for
        if self.last_read is None or key in self.listed:
            return False
        return self.now - self.last_read <= self.fresh_for + _READING_MS

    def _by_the_cad(self, call: object) -> int | None:
        """Return the call's age in ms by the CAD's own time, None if it gives none."""
        updated = _time_of(call)
        if updated is None:
            return None
        age = (self.now if self.cad_now is None else self.cad_now) - updated
        return max(0, age) if age >= -_CLOCK_SKEW_MS else None


def calls_missed(lists: Calls, before: Picture, board: Board, age: Age) -> list[Fact]:
    """Return what the CAD's lists of calls say and the board does not know.

    Args:
        lists: what the CAD answered.
        before: the board when the CAD was asked.
        board: the board now.
        age: how old unknown calls are.
    """
    # dispatch calls first: one that was made from a 911 call takes its place and its alert
    return [
        *_dispatch_missed(lists, before, board, age),
        *_emergencies_missed(lists, before, board, age),
    ]


def is_settled(lists: Calls, board: Board) -> bool:
    """Tell whether the lists have every open call of the board, now that they were ingested; if
    not, they were older than a push, and reading them again soon will tell.
    """
    listed = listed_in(lists)
    if lists.emergency is None or lists.active is None:
        return True  # nothing can be told from such lists, now or soon
    if len(listed) < len(lists.emergency) + len(lists.active):
        return True
    return all(call.key in listed or call.kind == "test" for call in board.calls.values())


def listed_in(lists: Calls) -> frozenset[str]:
    """Return the keys of the open calls that the CAD's lists have."""
    emergencies = (f"911:{number}" for number in _ids(lists.emergency))
    return frozenset((*emergencies, *(f"dispatch:{number}" for number in _ids(lists.active))))


def units_missed(
    units: Sequence[Any], before: Picture, board: Board, *, complete: bool
) -> list[Fact]:
    """Return what the CAD's list of units says and the board does not know.

    Args:
        units: unit objects.
        before: the board when the CAD was asked.
        board: the board now.
        complete: the list is whole: who is not in it is off duty.
    """
    facts: list[Fact] = []
    listed: set[int] = set()
    for index, unit in enumerate(units):
        try:
            said = unit_from(unit, f"units.{index}")
        except PushRejected:
            complete = False
            continue
        for fact in said:
            ident = _ident(fact)
            if not isinstance(fact, OffDuty):
                listed.add(ident)
            elif ident not in board.units:
                continue
            if before.is_still_so(ident, board):
                facts += [fact] if ident in board.outlasted else _without_all_clear(fact)
    if complete:
        facts += [OffDuty(ident) for ident in _unchanged(before.units, board.units) - listed]
    return facts


def _dispatch_missed(lists: Calls, before: Picture, board: Board, age: Age) -> list[Fact]:
    if lists.active is None:
        return []
    facts: list[Fact] = []
    listed: set[str] = set()
    complete = True
    for index, raw in enumerate(lists.active):
        try:
            said = dispatch_from(raw, age.now, f"ActiveCalls.{index}", creation=False)
        except PushRejected:
            complete = False
            continue
        key = f"dispatch:{said.id}"
        listed.add(key)
        if key in board.calls:
            if before.calls.get(key) == board.calls[key]:
                facts.append(said)
        elif key not in before.calls:
            waiting = board.waiting.get(key, age.now) or ()
            facts.append(_found_dispatch(said, waiting, raw, age))
    if complete:
        closed = set(_ids(lists.closed))
        facts += [
            Closed(call.id, "closed" if call.id in closed else "gone")
            for call in _ghosts("dispatch", listed, before, board, age)
        ]
    return facts


def _emergencies_missed(lists: Calls, before: Picture, board: Board, age: Age) -> list[Fact]:
    if lists.emergency is None:
        return []
    facts: list[Fact] = []
    listed: set[str] = set()
    complete = True
    for index, raw in enumerate(lists.emergency):
        try:
            call = emergency_from(raw, age.now, f"EmergencyCalls.{index}")
        except PushRejected:
            complete = False
            continue
        listed.add(call.key)
        if before.calls.get(call.key) == board.calls.get(call.key):
            is_unknown = call.key not in board.calls
            call = replace(call, opened_at=age.opened_at(raw))
            facts.append(Placed(call, alert=is_unknown and age.is_fresh(call.key, raw)))
    if complete:
        ghosts = _ghosts("911", listed, before, board, age)
        facts += [Removed(call.key, "gone") for call in ghosts]
    return facts


def _found_dispatch(said: Written, waiting: tuple[int, ...], raw: object, age: Age) -> Written:
    """Return an unknown call as listed, and with the units that pushes have attached to it."""
    units = said.units
    if units is not None:
        units = tuple(dict.fromkeys((*units, *waiting)))
    alert = age.is_fresh(f"dispatch:{said.id}", raw)
    return replace(said, at=age.opened_at(raw), alert=alert, units=units)


def _ghosts(
    kind: CallKind, listed: set[str], before: Picture, board: Board, age: Age
) -> list[Call]:
    """Return the calls of the board that the CAD does not list any more."""
    keys = _unchanged(before.calls, board.calls) - listed
    calls = [board.calls[key] for key in keys]
    return [c for c in calls if c.kind == kind and age.now - c.opened_at > JUST_OPENED_MS]


def _unchanged(before: Mapping[K, object], now: Mapping[K, object]) -> set[K]:
    return {key for key, value in before.items() if now.get(key) == value}


def _without_all_clear(fact: Fact) -> list[Fact]:
    """Return the fact without an end of panic: one that was raised in the game while the CAD could
    not be told must not be called off by a list. It ends by push, by hand, or by its time.
    """
    match fact:
        case OnDuty(unit) if not unit.panic:
            return [replace(fact, unsaid=fact.unsaid | {"panic"})]
        case PanicSet(on=False):
            return []
        case _:
            return [fact]


def _ident(fact: Fact) -> int:
    """Return whose fact of `unit_from` this is."""
    match fact:
        case OnDuty(unit):
            return unit.ident
        case OffDuty(ident) | StatusSet(ident) | PanicSet(ident):
            return ident
        case _:
            raise TypeError(type(fact))


def _ids(calls: list[Any] | None) -> Iterator[CallId]:
    for call in calls or ():
        if isinstance(call, dict):
            yield from values.call_ids(call.get("callId"), least=-1)


def _time_of(call: object) -> int | None:
    """Return when the CAD last changed a call, in ms since the epoch by the CAD's clock."""
    updated = call.get("updated") if isinstance(call, dict) else None
    if not isinstance(updated, str):
        return None
    try:
        when = datetime.fromisoformat(updated)
    except ValueError:
        return None
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return int(when.timestamp() * 1000)

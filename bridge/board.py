"""The board of one server: the open calls, the units on duty, and what must be remembered.

A board is the journal read event by event. `replay` is the only thing that changes one, always by
replacement; what the CAD says becomes events in `folding`, which only reads the board. So the live
board and one read back from the journal are the same by construction.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, assert_never

from bridge import wire
from bridge.events import (
    Call,
    CallChanged,
    CallClosed,
    CallNoted,
    CallOpened,
    Event,
    FieldsEmptied,
    LinkVerified,
    LogOutRemembered,
    Note,
    Pushed,
    RemovalRemembered,
    TonePlayed,
    Unit,
    UnitChanged,
    UnitOffDuty,
    UnitOnDuty,
    UnitsWaiting,
)
from bridge.memory import Memory

__all__ = ["Board", "Gone", "fingerprint", "is_empty", "note_fingerprint", "replay"]

MINUTE = 60_000
GONE_MS = 15 * MINUTE
"""How long a closed call stays closed whatever comes late."""
WAITING_MS = 10 * MINUTE
"""How long units wait for the call that they were attached to."""
SAME_MS = 10_000
"""The same note, tone or other stateless push within so long is a copy."""
PANIC_MS = 10 * MINUTE
LEFT_MS = MINUTE
"""How long a unit that logged out is not brought back by a description of it under way."""
QUIET_MS = 10 * MINUTE
"""How long the creation of a call that an edit has opened may come late and still alert."""


@dataclass(frozen=True, slots=True)
class Gone:
    """What came of a call that is no longer open.

    `call` is the 911 call that a dispatch call may yet be made of; None for all others, and if it
    was never seen.
    """

    reason: str
    call: Call | None = None


@dataclass(slots=True)
class Board:
    """Open calls by key and units by ident; the rest is memory that no game server needs."""

    calls: dict[str, Call] = field(default_factory=dict)
    units: dict[int, Unit] = field(default_factory=dict)
    heard: dict[str, int] = field(default_factory=dict)
    """When the last event of each open call was."""
    panics: dict[int, int] = field(default_factory=dict)
    """Since when each panic is on."""
    outlasted: set[int] = field(default_factory=set)
    """Idents whose panic is over here by its time, though the CAD may still show it."""
    dispatched: dict[str, str] = field(default_factory=dict)
    """Keys of 911 calls, each with the open dispatch call that took its place."""
    cleared: dict[str, frozenset[str]] = field(default_factory=dict)
    """Fields of open calls that are empty on purpose: no late copy fills them in."""
    gone: Memory[str, Gone] = field(default_factory=lambda: Memory(GONE_MS, 1000))
    waiting: Memory[str, tuple[int, ...]] = field(default_factory=lambda: Memory(WAITING_MS, 200))
    quiet: Memory[str, bool] = field(default_factory=lambda: Memory(QUIET_MS, 500))
    """Calls that were opened without alert."""
    left: Memory[int, bool] = field(default_factory=lambda: Memory(LEFT_MS, 1000))
    """Units that logged out."""
    recent: Memory[str, bool] = field(default_factory=lambda: Memory(SAME_MS, 1000))
    """Fingerprints of what changes no state."""

    def to_welcome(self, now: int) -> dict[str, Any]:
        """Return the part of the board that a game server mirrors, as JSON data."""
        return {
            "calls": [wire.call_to_json(call, now) for call in self.calls.values()],
            "units": [wire.unit_to_json(unit) for unit in self.units.values()],
        }

    def encode(self, now: int) -> bytes:
        """Return the whole board; `decode` with the same time gives an equal one."""
        body = {
            **self.to_welcome(now),
            "heard": self.heard,
            "panics": list(self.panics.items()),
            "outlasted": sorted(self.outlasted),
            "dispatched": self.dispatched,
            "cleared": {key: sorted(names) for key, names in self.cleared.items()},
            "gone": self.gone.to_json(
                lambda gone: [gone.reason, gone.call and wire.call_to_json(gone.call, now)]
            ),
            "waiting": self.waiting.to_json(list),
            "quiet": self.quiet.to_json(bool),
            "left": self.left.to_json(bool),
            "recent": self.recent.to_json(bool),
        }
        return wire.dump(body)

    @classmethod
    def decode(cls, body: bytes, at: int) -> Board:
        """Return the board that `encode(at)` made these bytes of."""
        read = wire.load(body)
        calls = [wire.call_from_json(call, at) for call in read["calls"]]
        units = [wire.unit_from_json(unit) for unit in read["units"]]
        board = cls(
            calls={call.key: call for call in calls},
            units={unit.ident: unit for unit in units},
            heard=read["heard"],
            panics=dict(read["panics"]),
            outlasted=set(read["outlasted"]),
            dispatched=read["dispatched"],
            cleared={key: frozenset(names) for key, names in read.get("cleared", {}).items()},
        )
        board.gone.from_json(
            read["gone"],
            lambda gone: Gone(gone[0], gone[1] and wire.call_from_json(gone[1], at)),
        )
        board.waiting.from_json(read["waiting"], tuple)
        board.quiet.from_json(read["quiet"], bool)
        board.left.from_json(read["left"], bool)
        board.recent.from_json(read["recent"], bool)
        return board


def replay(board: Board, event: Event, at: int) -> None:
    """Change the board as the event of time `at` (ms since the epoch) says."""
    match event:
        case CallOpened(call, alert):
            _keep(board, call, at)
            board.waiting.drop(call.key)
            board.gone.drop(call.key)
            if alert:
                board.quiet.drop(call.key)
            else:
                board.quiet.put(call.key, True, at)
        case CallChanged(call, changed):
            if "notes" in changed:
                _remember_notes(board, call, at)
            _keep(board, call, at)
        case CallNoted(call, note):
            _keep(board, call, at)
            board.recent.put(note_fingerprint(call.key, note), True, at)
        case CallClosed(call, reason):
            _close(board, call, reason, at)
        case UnitOnDuty(unit):
            board.units[unit.ident] = unit
            board.left.drop(unit.ident)
            if unit.panic:
                board.panics[unit.ident] = at
        case UnitChanged(unit, changed):
            board.units[unit.ident] = unit
            if "panic" in changed:
                _panic(board, unit, at)
        case UnitOffDuty(unit):
            board.units.pop(unit.ident, None)
            board.panics.pop(unit.ident, None)
            board.outlasted.discard(unit.ident)
            board.left.put(unit.ident, True, at)
        case TonePlayed() | LinkVerified() | Pushed():
            board.recent.put(fingerprint(event), True, at)
        case RemovalRemembered(key):
            board.gone.put(key, Gone("removed"), at)
        case UnitsWaiting(key, idents):
            if idents:
                board.waiting.put(key, idents, at)
            else:
                board.waiting.drop(key)
        case LogOutRemembered(ident):
            board.left.put(ident, True, at)
        case FieldsEmptied(key, fields):
            board.cleared[key] = board.cleared.get(key, frozenset()) | set(fields)
        case _ as never:
            assert_never(never)


def is_empty(value: object) -> bool:
    """Return whether a field of a call says nothing."""
    return value is None or value is False or value == "" or value == ()


def fingerprint(event: TonePlayed | LinkVerified | Pushed) -> str:
    """Return a text that two copies of one stateless event share."""
    return _hash(wire.event_to_json(event, 0))


def note_fingerprint(key: str, note: Note) -> str:
    """Return a text that two copies of one note to one call share."""
    return _hash([key, note.content, note.label, note.kind, note.time])


def _hash(body: object) -> str:
    text = json.dumps(body, sort_keys=True)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def _keep(board: Board, call: Call, at: int) -> None:
    key = call.key
    before = board.calls.get(key)
    if before is not None:
        _remember_cleared(board, key, before, call)
    board.calls[key] = call
    board.heard[key] = at
    if call.origin_911 is not None:
        board.dispatched[call.origin_911] = key


def _remember_cleared(board: Board, key: str, before: Call, after: Call) -> None:
    cleared = {
        name
        for name in wire.CALL_FIELDS
        if is_empty(getattr(after, name)) and not is_empty(getattr(before, name))
    }
    if cleared:
        board.cleared[key] = board.cleared.get(key, frozenset()) | cleared


def _remember_notes(board: Board, call: Call, at: int) -> None:
    """Remember notes that came with a change of the call, so that their own pushes are copies."""
    before = board.calls.get(call.key)
    for note in call.notes:
        if before is None or note not in before.notes:
            board.recent.put(note_fingerprint(call.key, note), True, at)


def _close(board: Board, call: Call, reason: str, at: int) -> None:
    key, origin = call.key, call.origin_911
    board.calls.pop(key, None)
    board.heard.pop(key, None)
    board.cleared.pop(key, None)
    board.quiet.drop(key)
    board.gone.put(key, Gone(reason, call if call.kind == "911" else None), at)
    if origin is not None and board.dispatched.get(origin) == key:
        del board.dispatched[origin]
        others = [other.key for other in board.calls.values() if other.origin_911 == origin]
        if others:
            board.dispatched[origin] = others[-1]
        else:
            # the 911 call was over long before, but a copy of it must not follow its dispatch call
            board.gone.put(origin, Gone("dispatched"), at)


def _panic(board: Board, unit: Unit, at: int) -> None:
    since = board.panics.pop(unit.ident, None)
    board.outlasted.discard(unit.ident)
    if unit.panic:
        board.panics[unit.ident] = at
    elif since is not None and at - since >= PANIC_MS:
        board.outlasted.add(unit.ident)

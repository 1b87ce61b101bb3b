"""The vocabulary: calls, units, and what changed about them.

An event is what the journal keeps and the game server hears. It carries the *whole* resulting call
or unit, so that whoever reads events replaces and never merges. On the wire and in the journal an
event is one JSON object (`wire`).

Hidden events (`Hidden`) are the part of the board that no game server needs, such as the removal of
a call that was never seen. They are journaled like the others, so that the board is exactly the
journal read from its last snapshot on, and they are not streamed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

CallKind = Literal["911", "dispatch", "test"]
CallId = int | str
"""A whole number; text where the CAD sends text."""
IdLists = tuple[tuple[str, ...], ...]
"""Player ids by where they came from, best evidence first, always five lists: communityUserId,
communityUserIds, identities, apiIds, metaData.callerCommunityUserId. The first two are verified."""

NO_IDS: IdLists = ((), (), (), (), ())

MOST_NOTES = 50
"""Notes kept of a call, the newest: each travels with every later event of its call."""
MOST_UNITS = 1000
"""Idents attached to one call."""


@dataclass(frozen=True, slots=True)
class Position:
    """A point of the game's map, in metres; z is None where only the plane is known."""

    x: float
    y: float
    z: float | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A note of a dispatch call. Only kind `text` is for reading; others name an attachment."""

    content: str
    label: str = ""
    kind: str = "text"
    time: str = ""


@dataclass(frozen=True, slots=True)
class Call:
    """An open call as the CAD last described it."""

    kind: CallKind
    id: CallId
    opened_at: int
    """Milliseconds since the epoch, by the bridge's clock."""
    emergency: bool = True
    caller: str = ""
    location: str = ""
    description: str = ""
    postal: str | None = None
    position: Position | None = None
    caller_ids: IdLists = NO_IDS
    silent: bool = False
    """The caller is not to be told that a unit responds."""
    title: str = ""
    code: str = ""
    priority: int | str | None = None
    status: int | str | None = None
    units: tuple[int, ...] = ()
    notes: tuple[Note, ...] = ()
    origin_911: str | None = None
    """Key of the 911 call that this dispatch call was made from."""

    @property
    def key(self) -> str:
        """Name of the call among all calls of a server, such as `911:4711`."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit, or a dispatcher, that is on duty in the CAD."""

    ident: int
    number: str = ""
    name: str = ""
    department: str = ""
    subdivision: str = ""
    rank: str = ""
    group: str = ""
    agency: int | None = None
    """The CAD's page: 0 police, 1 fire, 2 EMS, 3 dispatch."""
    status: int | str | None = None
    panic: bool = False
    dispatcher: bool = False
    account: str = ""
    player_ids: IdLists = NO_IDS


@dataclass(frozen=True, slots=True)
class Target:
    """One addressee of a tone: 0 all active units, 1 dispatch call, 2 agency, 3 department,
    4 subdivision, 5 unit identifier, 6 unit group.
    """

    type: int
    value: int | str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Tone:
    """A tone, a station alert or a page, as text for those addressed."""

    kind: Literal["tone", "station", "page"]
    text: str = ""
    targets: tuple[Target, ...] = ()
    idents: tuple[int, ...] = ()
    url: str = ""


@dataclass(frozen=True, slots=True)
class CallOpened:
    """A call that was not open before."""

    call: Call
    alert: bool = True
    """False for what may change state but alert nobody, such as an old call found at start."""


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call after a change, with the names of the fields that differ (as on the wire)."""

    call: Call
    changed: tuple[str, ...]
    attached: tuple[int, ...] = ()
    detached: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CallClosed:
    """A call that is no longer open: `removed`, `closed`, `dispatched` (a dispatch call took its
    place), `expired` (no news for too long), `gone` (reconciliation missed it).
    """

    call: Call
    reason: str


@dataclass(frozen=True, slots=True)
class CallNoted:
    """A note that was added to a call; the call already has it."""

    call: Call
    note: Note


@dataclass(frozen=True, slots=True)
class UnitOnDuty:
    """A unit that was not on duty before."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class UnitChanged:
    """A unit after a change, with the names of the fields that differ (as on the wire)."""

    unit: Unit
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UnitOffDuty:
    """A unit that is no longer on duty, as it last was."""

    unit: Unit


@dataclass(frozen=True, slots=True)
class TonePlayed:
    """A tone, station alert or page; changes no state."""

    tone: Tone


@dataclass(frozen=True, slots=True)
class LinkVerified:
    """A player finished linking his CAD account; changes no state."""

    community_user_id: str
    account: str


@dataclass(frozen=True, slots=True)
class Pushed:
    """A push that the owner wants handed to other resources (`pass_through`); changes no state."""

    type: str
    data: Any


@dataclass(frozen=True, slots=True)
class RemovalRemembered:
    """Hidden: a call was removed before it was seen, so a late copy must not open it."""

    key: str


@dataclass(frozen=True, slots=True)
class UnitsWaiting:
    """Hidden: who is attached to a call that is not known yet (empty: nobody any more)."""

    key: str
    idents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FieldsEmptied:
    """Hidden: fields of an open call were said to be empty that had never held anything, so a late
    creation must not fill them in.
    """

    key: str
    fields: tuple[str, ...]
    """Names of `Call` fields."""


@dataclass(frozen=True, slots=True)
class LogOutRemembered:
    """Hidden: a unit logged out before it was known, so a description of it under way must not
    bring it on duty.
    """

    ident: int


Hidden = RemovalRemembered | UnitsWaiting | FieldsEmptied | LogOutRemembered
Event = (
    CallOpened
    | CallChanged
    | CallClosed
    | CallNoted
    | UnitOnDuty
    | UnitChanged
    | UnitOffDuty
    | TonePlayed
    | LinkVerified
    | Pushed
    | Hidden
)

"""What the CAD said, whatever the shape in which it said it.

A fact is one statement about one call or unit. Pushes, the answers to our own requests and
reconciliation all become facts; the board folds them into events. Values are clean: texts are cut
and stripped of control characters, numbers are finite, ids have been told apart from texts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from bridge.events import Call, CallId, IdLists, Note, Position, Tone, Unit


@dataclass(frozen=True, slots=True)
class Placed:
    """A 911 (or test) call exists as described. A second one of the same key changes it, as the CAD
    has no other way to say so.
    """

    call: Call
    alert: bool = True
    """False: state only, for a call that is old by the CAD's own time."""


@dataclass(frozen=True, slots=True)
class Removed:
    """A 911 (or test) call no longer exists."""

    key: str
    reason: str = "removed"


@dataclass(frozen=True, slots=True)
class Written:
    """A dispatch call was created, edited, or found in a list. None: not said, keep what is known.

    Whether it is a creation and whether it may alert are two things: a call that was missed and is
    found in a list alerts too, though the list says what the call is now.
    """

    id: CallId
    at: int
    """When, in ms since the epoch: the opening time of a call that was not known."""
    creation: bool
    """True: what the call was when it was made, which may come late; of a call that is known by
    then it fills in what nobody has said. False: what the call is now."""
    alert: bool
    """False: state only, as for an edit; the creation of a call that was opened so still alerts."""
    title: str | None = None
    code: str | None = None
    location: str | None = None
    description: str | None = None
    postal: str | None = None
    """Empty: said to be none."""
    position: Position | None = None
    priority: int | str | None = None
    status: int | str | None = None
    units: tuple[int, ...] | None = None
    notes: tuple[Note, ...] | None = None
    origin_911: str | None = None
    silent: bool | None = None
    caller: str | None = None
    caller_ids: IdLists | None = None


@dataclass(frozen=True, slots=True)
class Closed:
    """A dispatch call was closed."""

    id: CallId
    reason: str = "closed"


@dataclass(frozen=True, slots=True)
class Noted:
    """A note was added to a dispatch call."""

    id: CallId
    note: Note


@dataclass(frozen=True, slots=True)
class Attached:
    """Units were attached to a dispatch call."""

    id: CallId
    idents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Detached:
    """Units were detached from a dispatch call; None: from whatever call they are on."""

    id: CallId | None
    idents: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Located:
    """Where a call is was found in the game."""

    key: str
    position: Position


@dataclass(frozen=True, slots=True)
class OnDuty:
    """A unit is on duty and is as described (log-in, or a full unit object)."""

    unit: Unit
    unsaid: frozenset[str] = frozenset()
    """Names of `Unit` fields that the CAD did not mention: keep what is known of them."""
    logged_in: bool = True
    """False for a mere description (status, update): it brings back no unit that has just left."""


@dataclass(frozen=True, slots=True)
class OffDuty:
    """A unit logged out."""

    ident: int


@dataclass(frozen=True, slots=True)
class StatusSet:
    """A unit's status changed."""

    ident: int
    status: int | str


@dataclass(frozen=True, slots=True)
class PanicSet:
    """A unit's panic was switched on or off."""

    ident: int
    on: bool


@dataclass(frozen=True, slots=True)
class Grouped:
    """A unit is now in a group."""

    ident: int
    group: str


@dataclass(frozen=True, slots=True)
class Ungrouped:
    """A unit has left a group; nothing changes if it is in another one by now."""

    ident: int
    group: str


@dataclass(frozen=True, slots=True)
class GroupRenamed:
    """A group has another name, for the units named and for all others in it."""

    old: str
    new: str
    idents: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Linked:
    """A player finished linking his account."""

    community_user_id: str
    account: str


@dataclass(frozen=True, slots=True)
class Toned:
    """A tone, station alert or page was sent."""

    tone: Tone


@dataclass(frozen=True, slots=True)
class Other:
    """A push without state that the owner wants handed on (`pass_through`)."""

    type: str
    data: Any = field(hash=False)


Fact = (
    Placed
    | Removed
    | Written
    | Closed
    | Noted
    | Attached
    | Detached
    | Located
    | OnDuty
    | OffDuty
    | StatusSet
    | PanicSet
    | Grouped
    | Ungrouped
    | GroupRenamed
    | Linked
    | Toned
    | Other
)

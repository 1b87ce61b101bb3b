"""Pushes about units and dispatchers -> facts.

Sources: [D] the CAD's public documentation, [H] what its own FiveM resource 4.0.104 reads.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainValidator

from bridge.errors import PushRejected
from bridge.events import NO_IDS, Unit
from bridge.facts import (
    Fact,
    Grouped,
    GroupRenamed,
    OffDuty,
    OnDuty,
    PanicSet,
    StatusSet,
    Ungrouped,
)
from bridge.sonoran.payloads import values
from bridge.sonoran.payloads.shapes import (
    Body,
    Choice,
    Flag,
    Named,
    PlayerIds,
    Shape,
    Text,
    cut_to,
    idents_of,
    read,
)

__all__ = [
    "group_add",
    "group_change_name",
    "group_remove",
    "log_in",
    "log_out",
    "panic",
    "status",
    "unit_from",
    "update",
]

OFFLINE = 100
"""The CAD's status of a unit that is not logged in (v2)."""
DISPATCH_PAGE = 3

Name = Annotated[Text, cut_to(values.NAME)]


class _Details(Shape):
    number: Name = Field(None, alias="unitNum")
    name: Name = None
    department: Name = None
    subdivision: Name = None
    rank: Name = None
    group: Name = None
    page: Annotated[int | None, PlainValidator(values.whole)] = None
    community_user_id: PlayerIds = Field((), alias="communityUserId")
    community_user_ids: PlayerIds = Field((), alias="communityUserIds")
    identities: PlayerIds = ()
    api_ids: PlayerIds = Field((), alias="apiIds")


class _Unit(Shape):
    ident: Annotated[int, PlainValidator(values.needed_ident)] = Field(alias="id")
    status: Choice = None
    account: Name = Field(None, alias="accId")
    is_panic: Flag = Field(None, alias="isPanic")
    is_dispatch: Flag = Field(None, alias="isDispatch")
    data: Annotated[
        _Details | None,
        BeforeValidator(lambda value: value if isinstance(value, dict) else None),
    ] = None


class _LoggedIn(Shape):
    unit: _Unit
    is_dispatch: Flag = Field(None, alias="isDispatch")


class _Status(Named):
    status: Choice = None
    units: Any = None


class _Panic(Named):
    on: Annotated[bool, PlainValidator(values.on_or_off)] = Field(True, alias="isPanic")


class _Group(Named):
    name: Name = Field(None, alias="groupName")


class _Renamed(Named):
    old: Name = Field(None, alias="oldName")
    new: Name = Field(None, alias="newName")


def log_in(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_LOGIN: a unit or dispatcher logged in.

    `{unit: {id, status, accId, isPanic, location, aop, data: {unitNum, name, district, department,
    subdivision, rank, group, page, apiIds}}, isDispatch, selfDispatch}` [D]; `communityUserId` in
    `data` and `isDispatch` in the unit [D, v2], `communityUserIds` [H].

    Raises:
        PushRejected: no `unit`, or no usable `id` in it.
    """
    said = read(_LoggedIn, element, path)
    dispatches = said.unit.is_dispatch if said.is_dispatch is None else said.is_dispatch
    return [_on_duty(said.unit, dispatches, logged_in=True)]


def unit_from(unit: object, path: str) -> list[Fact]:
    """Return what a full unit object of the CAD's REST API says: on duty as described, or off.

    Raises:
        PushRejected: no object, or no usable `id`.
    """
    return _described(read(_Unit, unit, path))


def log_out(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_LOGOUT: a unit logged out. `{identId: n}` [D].

    Raises:
        PushRejected: no usable ident.
    """
    return [OffDuty(ident) for ident in idents_of(read(Named, element, path), path)]


def status(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_STATUS: the status of units changed.

    `{identIds: n, status}`, a number although called a list [D]; `{identIds: [n, …], status}` [H];
    `{units: [unit, …]}`, possibly empty [D, H]. A status is a number of the CAD's or one of the
    community's own; 100 is "offline".

    Raises:
        PushRejected: neither units nor idents with a status.
    """
    said = read(_Status, element, path)
    facts = [] if said.units is None else _units(said.units, f"{path}.units")
    idents = idents_of(said, path, needed=said.units is None)
    if not idents:
        return facts
    if said.status is None:
        raise PushRejected("is missing", f"{path}.status")
    return [*facts, *(_status(ident, said.status) for ident in idents)]


def update(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_UPDATE: units as they now are. `{units: [unit, …]}` [H]; not documented.

    Raises:
        PushRejected: no list of units.
    """
    return status(element, path, now)


def panic(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_PANIC: a panic was raised or ended.

    `{identIds: [n, …], isPanic}` [D]; `{identId: n, isPanic}` formerly [H]. Sent for "off" too; a
    missing `isPanic` means on (the safe side).

    Raises:
        PushRejected: no usable ident, or an `isPanic` that is neither true nor false: what cannot
            be read must not call off an alarm.
    """
    said = read(_Panic, element, path)
    return [PanicSet(ident, said.on) for ident in idents_of(said, path)]


def group_add(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_GROUP_ADD: units joined a group.

    `{identId: n, identIds: [n, …], groupName}` [D]; the ids beside `data` instead of in it [H],
    which `parse` has put in their place.

    Raises:
        PushRejected: no usable ident, or no name.
    """
    said = read(_Group, element, path)
    idents = idents_of(said, path)
    if not said.name:
        raise PushRejected("is missing", f"{path}.groupName")
    return [Grouped(ident, said.name) for ident in idents]


def group_remove(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_GROUP_REMOVE: a unit left a group. `{identId: n, groupName}` [D].

    Without a name it left whatever group it is in.

    Raises:
        PushRejected: no usable ident.
    """
    said = read(_Group, element, path)
    return [Ungrouped(ident, said.name or "") for ident in idents_of(said, path)]


def group_change_name(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_UNIT_GROUP_CHANGE_NAME: a group has another name.

    `{identIds: [n, …], oldName, newName}` [D]. Without idents: for all units that are in it.

    Raises:
        PushRejected: no new name; or neither an old name nor a usable ident.
    """
    said = read(_Renamed, element, path)
    idents = idents_of(said, path, needed=not said.old)
    if not said.new:
        raise PushRejected("is missing", f"{path}.newName")
    return [GroupRenamed(said.old or "", said.new, idents)]


def _units(value: object, path: str) -> list[Fact]:
    """Return what a list of unit objects says; one that names no unit does not spoil the others."""
    if not isinstance(value, list):
        raise PushRejected("is no list", path)
    if len(value) > values.IDENTS:
        raise PushRejected(f"has more than {values.IDENTS} units", path)
    facts: list[Fact] = []
    refused: PushRejected | None = None
    for index, unit in enumerate(value):
        try:
            facts += unit_from(unit, f"{path}.{index}")
        except PushRejected as error:
            refused = refused or error
    if refused is not None and not facts:
        raise refused
    return facts


def _described(unit: _Unit) -> list[Fact]:
    """Return what a unit object says outside of a log-in. Without its details it says nothing of
    whose unit it is, so it can only change one that is known.
    """
    if unit.status == OFFLINE:
        return [OffDuty(unit.ident)]
    if unit.data is not None:
        return [_on_duty(unit, unit.is_dispatch, logged_in=False)]
    facts: list[Fact] = []
    if unit.status is not None:
        facts.append(StatusSet(unit.ident, unit.status))
    if unit.is_panic is not None:
        facts.append(PanicSet(unit.ident, unit.is_panic))
    return facts


def _on_duty(unit: _Unit, is_dispatch: bool | None, *, logged_in: bool) -> OnDuty:
    details = unit.data or _NO_DETAILS
    fields = {
        "number": details.number,
        "name": details.name,
        "department": details.department,
        "subdivision": details.subdivision,
        "rank": details.rank,
        "group": details.group,
        "agency": details.page,
        "status": unit.status,
        "panic": unit.is_panic,
        "dispatcher": is_dispatch,
        "account": unit.account,
    }
    unsaid = frozenset(name for name, value in fields.items() if value is None)
    known: Body = {name: value for name, value in fields.items() if value is not None}
    if is_dispatch is None and details.page == DISPATCH_PAGE:
        known["dispatcher"] = True
    ids = (
        details.community_user_id,
        details.community_user_ids,
        details.identities,
        details.api_ids,
        (),
    )
    player_ids = values.at_most(ids) if any(ids) else NO_IDS
    return OnDuty(Unit(unit.ident, **known, player_ids=player_ids), unsaid, logged_in)


_NO_DETAILS = _Details.model_validate({})


def _status(ident: int, value: int | str) -> Fact:
    return OffDuty(ident) if value == OFFLINE else StatusSet(ident, value)

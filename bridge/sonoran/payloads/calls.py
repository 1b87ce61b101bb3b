"""Pushes about 911 and dispatch calls -> facts.

Sources: [D] the CAD's public documentation, [H] what its own FiveM resource 4.0.104 reads, [S] what
that resource writes into the CAD. Where they disagree, all of it is read.
"""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

from pydantic import Field, PlainValidator

from bridge.errors import PushRejected
from bridge.events import MOST_NOTES, NO_IDS, Call, CallId, IdLists, Note
from bridge.facts import Attached, Closed, Detached, Fact, Noted, Placed, Removed, Written
from bridge.sonoran.payloads import values
from bridge.sonoran.payloads.shapes import (
    Body,
    CallIds,
    CallNumber,
    Choice,
    Flag,
    Idents,
    MetaData,
    Named,
    PlayerIds,
    Shape,
    Text,
    cut_to,
    idents_of,
    read,
)

__all__ = [
    "attach",
    "close",
    "detach",
    "dispatch_from",
    "edit_dispatch",
    "emergency_from",
    "new_dispatch",
    "note",
    "place_911",
    "remove_911",
]

Short = Annotated[Text, cut_to(values.SHORT)]
Name = Annotated[Text, cut_to(values.NAME)]
Long = Annotated[Text, cut_to(values.DESCRIPTION)]
Place = Annotated[str, PlainValidator(values.place)]
DispatchNumber = Annotated[int | str, PlainValidator(partial(values.call_id, least=-1))]
"""The documented example of a dispatch call has the number -1."""
DispatchIds = Annotated[tuple[int | str, ...], PlainValidator(partial(values.call_ids, least=-1))]


class _Emergency(Shape):
    number: CallNumber = Field(alias="callId")
    is_emergency: Flag = Field(None, alias="isEmergency")
    emergency: Flag = None
    caller: Annotated[Text, cut_to(values.CALLER)] = None
    location: Place = ""
    description: Long = None
    meta: MetaData = Field(None, alias="metaData")


class _Placed(Shape):
    call: _Emergency
    meta: MetaData = Field(None, alias="metaData")
    community_user_id: PlayerIds = Field((), alias="communityUserId")
    community_user_ids: PlayerIds = Field((), alias="communityUserIds")
    identities: PlayerIds = ()
    api_ids: PlayerIds = Field((), alias="apiIds")


class _Removed(Shape):
    call_id: CallIds = Field((), alias="callId")
    call_ids: CallIds = Field((), alias="callIds")


class _Closed(Shape):
    call_id: DispatchIds = Field((), alias="callId")
    call_ids: DispatchIds = Field((), alias="callIds")


class _Dispatch(Shape):
    number: DispatchNumber = Field(alias="callId")
    status: Choice = None
    status_id: Choice = Field(None, alias="statusId")
    priority: Choice = None
    block: Short = None
    address: Annotated[Text, cut_to(values.LOCATION)] = None
    postal: Short = None
    title: Name = None
    code: Name = None
    description: Long = None
    notes: Any = None
    idents: Idents = None
    meta: MetaData = Field(None, alias="metaData")


class _Noted(Shape):
    number: DispatchNumber = Field(alias="callId")
    note: Any


class _Assigned(Named):
    number: DispatchNumber = Field(alias="callId")


def place_911(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_911: a 911 (`isEmergency`) or civil call was placed, in the CAD or through its API.

    `{call: {callId, isEmergency, caller, location, description}, apiIds, communityUserId,
    metaData}` [D]; metaData inside `call`, and `identities`, `communityUserIds` beside it [H].
    metaData may stand at both places: inside wins. Missing: `isEmergency` is true (the safe side),
    texts are empty, ids and position none. The ids are those of the person who placed the call.

    Raises:
        PushRejected: no `call`, or no usable `callId`.
    """
    said = read(_Placed, element, path)
    ids = (said.community_user_id, said.community_user_ids, said.identities, said.api_ids)
    return [Placed(_emergency(said.call, ids, said.meta, now))]


def emergency_from(call: object, at: int, path: str) -> Call:
    """Return a 911 call as the CAD's REST API has it: the `call` object alone.

    Raises:
        PushRejected: no object, or no usable `callId`.
    """
    return _emergency(read(_Emergency, call, path), ((), (), (), ()), None, at)


def remove_911(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_REMOVE_911: 911 calls were removed, or turned into dispatch calls.

    `{callIds: [n, …]}` [D]; `{callId: n}` before CAD 3.27.0.

    Raises:
        PushRejected: no usable call id.
    """
    said = read(_Removed, element, path)
    ids = _ids(said.call_id + said.call_ids, path)
    return [Removed(f"911:{number}") for number in ids]


def new_dispatch(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_DISPATCH_NEW: a dispatch call was created.

    `{eventOriginIdent, dispatch: {callId, origin, status, priority, block, address, postal, title,
    code, description, notes, idents, metaData}}` [D]; `notes` is a text there and a list of
    objects in practice; the call directly in the element, without `dispatch` [H]; `primary`,
    `trackPrimary` [H] and the `template`, `values`, `statusId` of custom layouts [D, v2] beside.
    `metaData.createdFromId` [S] or `.origin911` [D] is the 911 call that it was made from.
    `origin` has two contradicting meanings in the documentation and is not read.

    Raises:
        PushRejected: no call, or no usable `callId`.
    """
    return [_written(element, path, now, creation=True)]


def edit_dispatch(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_DISPATCH_EDIT: a dispatch call is now as described; shapes as in `new_dispatch`. What
    is absent or null is kept as it was.

    Raises:
        PushRejected: no call, or no usable `callId`.
    """
    return [_written(element, path, now, creation=False)]


def dispatch_from(call: object, at: int, path: str, *, creation: bool) -> Written:
    """Return a dispatch call as the CAD's REST API has it: the `dispatch` object alone.

    Args:
        call: the object.
        at: when it was said, in ms since the epoch.
        path: where it stands, for errors.
        creation: it was just made, and alerts; else it is as described, and does not.

    Raises:
        PushRejected: no object, or no usable `callId`.
    """
    said = read(_Dispatch, call, path)
    meta = said.meta or {}
    status = said.status if said.status is not None else said.status_id
    postal = values.word(said.postal, values.SHORT) or values.word(meta.get("postal"), values.SHORT)
    if postal is None and said.postal is not None:
        postal = ""
    return Written(
        id=said.number,
        at=at,
        creation=creation,
        alert=creation,
        title=said.title,
        code=said.code,
        location=_location(said.block, said.address),
        description=said.description,
        postal=postal,
        position=values.position(meta.get("x"), meta.get("y"), meta.get("z")),
        priority=said.priority,
        status=status,
        units=said.idents,
        notes=_notes(said.notes),
        origin_911=_origin(meta),
        silent=values.flag(meta.get("silentAlert")),
        caller_ids=_ids_of_caller(NO_IDS[:4], meta) or None,
    )


def close(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_DISPATCH_CLOSED: dispatch calls were closed.

    `{eventOriginIdent, callIds: [n, …]}` [D]; `{callId: n}` formerly.

    Raises:
        PushRejected: no usable call id.
    """
    said = read(_Closed, element, path)
    return [Closed(number) for number in _ids(said.call_id + said.call_ids, path)]


def note(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_DISPATCH_NOTE: a note was added to a dispatch call.

    `{callId, note: {time, label, type, content}}` [D]; `note` as plain text [H]. Only type `text`
    is for reading, others name an attachment.

    Raises:
        PushRejected: no usable `callId`, or nothing in the note.
    """
    said = read(_Noted, element, path)
    added = _note(said.note)
    if added is None:
        raise PushRejected("is no note", f"{path}.note")
    return [Noted(said.number, added)]


def attach(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_DISPATCH_UNIT_ATTACH: units were attached to a dispatch call.

    `{eventOriginIdent, callId, ident: n}` or `{…, idents: [n, …]}` [D]; both at once: the union.

    Raises:
        PushRejected: no usable `callId` or ident.
    """
    said = read(_Assigned, element, path)
    return [Attached(said.number, idents_of(said, path))]


def detach(element: Body, path: str, now: int) -> list[Fact]:
    """EVENT_DISPATCH_UNIT_DETACH: units were detached; shapes as in `attach`.

    Raises:
        PushRejected: no usable `callId` or ident.
    """
    said = read(_Assigned, element, path)
    return [Detached(said.number, idents_of(said, path))]


def _emergency(
    call: _Emergency, ids: tuple[tuple[str, ...], ...], beside: Body | None, at: int
) -> Call:
    meta = call.meta or {}
    if beside:
        meta = {**beside, **meta}
    emergency = call.is_emergency if call.is_emergency is not None else call.emergency
    return Call(
        kind="911",
        id=call.number,
        opened_at=at,
        emergency=emergency is not False,
        caller=call.caller or "",
        location=call.location,
        description=call.description or "",
        postal=values.word(meta.get("postal"), values.SHORT),
        position=values.position(meta.get("x"), meta.get("y"), meta.get("z")),
        caller_ids=_ids_of_caller(ids, meta) or NO_IDS,
        silent=values.flag(meta.get("silentAlert")) is True,
    )


def _written(element: Body, path: str, now: int, *, creation: bool) -> Written:
    if "dispatch" in element:
        return dispatch_from(element["dispatch"], now, f"{path}.dispatch", creation=creation)
    if "callId" in element:
        return dispatch_from(element, now, path, creation=creation)
    raise PushRejected("is missing", f"{path}.dispatch")


def _ids(numbers: tuple[CallId, ...], path: str) -> tuple[CallId, ...]:
    found = tuple(dict.fromkeys(numbers))
    if not found:
        raise PushRejected("has no usable call id", f"{path}.callIds")
    return found


def _ids_of_caller(ids: tuple[tuple[str, ...], ...], meta: Body) -> IdLists | None:
    lists = (*ids, values.player_ids(meta.get("callerCommunityUserId")))
    return values.at_most(lists) if any(lists) else None


def _location(block: str | None, address: str | None) -> str | None:
    if block is None and address is None:
        return None
    street = values.place(address)
    number = values.word(block, values.SHORT)
    if number is None or street.startswith(f"{number} "):
        return street
    return f"{number} {street}".strip()


def _origin(meta: Body) -> str | None:
    """Return the key of the 911 call; 0 and -1 are how a missing one is written."""
    for name in ("createdFromId", "origin911"):
        for number in values.call_ids(meta.get(name), least=1):
            return f"911:{number}"
    return None


def _notes(value: object) -> tuple[Note, ...] | None:
    """Return the notes of a call; None where nothing was said: the documented empty text too."""
    if isinstance(value, list):
        found = [each for raw in value[-MOST_NOTES:] if (each := _note(raw)) is not None]
        return tuple(found)
    single = _note(value)
    return None if single is None else (single,)


def _note(value: object) -> Note | None:
    if isinstance(value, str):
        value = {"content": value}
    if not isinstance(value, dict):
        return None
    content = values.text(value.get("content"), values.DESCRIPTION)
    kind = values.text(value.get("type"), values.SHORT) or "text"
    if kind == "text" and not content:
        return None
    return Note(
        content=content,
        label=values.text(value.get("label"), values.NAME),
        kind=kind,
        time=values.text(value.get("time"), values.SHORT),
    )

"""Events as JSON, on the wire and in the journal.

An event is encoded once, when it happens, and the same bytes go to the journal and to the socket.
Names are camelCase; what is empty or unknown is left out. No absolute time leaves the bridge, as
clocks differ: a call's `opened_at` travels as `age`, the milliseconds between the call's opening
and the event, so a reader adds the event's own age.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_never

from pydantic_core import from_json, to_json

from bridge.events import (
    NO_IDS,
    Call,
    CallChanged,
    CallClosed,
    CallNoted,
    CallOpened,
    Event,
    FieldsEmptied,
    Hidden,
    LinkVerified,
    LogOutRemembered,
    Note,
    Position,
    Pushed,
    RemovalRemembered,
    Target,
    Tone,
    TonePlayed,
    Unit,
    UnitChanged,
    UnitOffDuty,
    UnitOnDuty,
    UnitsWaiting,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bridge.events import IdLists

Json = dict[str, Any]

CALL_FIELDS = {
    "emergency": "emergency",
    "caller": "caller",
    "location": "location",
    "description": "description",
    "postal": "postal",
    "position": "position",
    "caller_ids": "callerIds",
    "silent": "silent",
    "title": "title",
    "code": "code",
    "priority": "priority",
    "status": "status",
    "units": "units",
    "notes": "notes",
    "origin_911": "origin911",
}
"""What can change about a call: the name here and on the wire."""
UNIT_FIELDS = {
    "number": "number",
    "name": "name",
    "department": "department",
    "subdivision": "subdivision",
    "rank": "rank",
    "group": "group",
    "agency": "agency",
    "status": "status",
    "panic": "panic",
    "dispatcher": "dispatcher",
    "account": "account",
    "player_ids": "playerIds",
}
"""What can change about a unit: the name here and on the wire."""

_TYPES: dict[type, str] = {
    CallOpened: "call.opened",
    CallChanged: "call.changed",
    CallClosed: "call.closed",
    CallNoted: "call.noted",
    UnitOnDuty: "unit.on_duty",
    UnitChanged: "unit.changed",
    UnitOffDuty: "unit.off_duty",
    TonePlayed: "tone.played",
    LinkVerified: "link.verified",
    Pushed: "push",
    RemovalRemembered: "removal.remembered",
    UnitsWaiting: "units.waiting",
    FieldsEmptied: "fields.emptied",
    LogOutRemembered: "log_out.remembered",
}


def encode(event: Event, at: int) -> bytes:
    """Return the event of time `at` (ms since the epoch) as one line of UTF-8 JSON."""
    return dump(event_to_json(event, at))


def decode(body: bytes, at: int) -> Event:
    """Return the event that `encode(event, at)` made these bytes of."""
    return event_from_json(load(body), at)


def dump(value: object) -> bytes:
    """Return JSON data as UTF-8, several times faster than the standard library does; a number
    that JSON does not know becomes null. ValueError for half a surrogate pair.
    """
    return to_json(value, inf_nan_mode="null")


def load(body: bytes) -> Any:
    """Return JSON data; ValueError for what is none."""
    return from_json(body, allow_inf_nan=False)


def type_of(event: Event) -> str:
    """Return the event's `type`."""
    return _TYPES[type(event)]


def is_hidden(event: Event) -> bool:
    """Return whether the event is part of the board but not of the stream."""
    return isinstance(event, Hidden)


def event_to_json(event: Event, at: int) -> Json:
    """Return the event's JSON object; `at` is the event's time in ms since the epoch."""
    match event:
        case CallOpened(call, alert):
            opened: Json = {"type": "call.opened", "call": call_to_json(call, at)}
            if not alert:
                opened["alert"] = False
            return opened
        case CallChanged(call, changed, attached, detached):
            return {
                "type": "call.changed",
                "call": call_to_json(call, at),
                "changed": changed,
                "attached": attached,
                "detached": detached,
            }
        case CallClosed(call, reason):
            return {"type": "call.closed", "call": call_to_json(call, at), "reason": reason}
        case CallNoted(call, note):
            return {
                "type": "call.noted",
                "call": call_to_json(call, at),
                "note": _note_to_json(note),
            }
        case UnitOnDuty(unit):
            return {"type": "unit.on_duty", "unit": unit_to_json(unit)}
        case UnitChanged(unit, changed):
            return {"type": "unit.changed", "unit": unit_to_json(unit), "changed": changed}
        case UnitOffDuty(unit):
            return {"type": "unit.off_duty", "unit": unit_to_json(unit)}
        case TonePlayed(tone):
            return {"type": "tone.played", "tone": _tone_to_json(tone)}
        case LinkVerified(community_user_id, account):
            return {
                "type": "link.verified",
                "communityUserId": community_user_id,
                "account": account,
            }
        case Pushed(push_type, data):
            return {"type": "push", "push": push_type, "data": data}
        case RemovalRemembered(key):
            return {"type": "removal.remembered", "key": key}
        case UnitsWaiting(key, idents):
            return {"type": "units.waiting", "key": key, "idents": idents}
        case FieldsEmptied(key, fields):
            return {"type": "fields.emptied", "key": key, "fields": fields}
        case LogOutRemembered(ident):
            return {"type": "log_out.remembered", "ident": ident}
        case _ as never:
            assert_never(never)


def event_from_json(body: Mapping[str, Any], at: int) -> Event:
    """Return the event of `event_to_json`; KeyError for an object that is none."""
    match body["type"]:
        case "call.opened":
            return CallOpened(call_from_json(body["call"], at), body.get("alert", True))
        case "call.changed":
            return CallChanged(
                call_from_json(body["call"], at),
                tuple(body["changed"]),
                tuple(body["attached"]),
                tuple(body["detached"]),
            )
        case "call.closed":
            return CallClosed(call_from_json(body["call"], at), body["reason"])
        case "call.noted":
            return CallNoted(call_from_json(body["call"], at), _note_from_json(body["note"]))
        case "unit.on_duty":
            return UnitOnDuty(unit_from_json(body["unit"]))
        case "unit.changed":
            return UnitChanged(unit_from_json(body["unit"]), tuple(body["changed"]))
        case "unit.off_duty":
            return UnitOffDuty(unit_from_json(body["unit"]))
        case "tone.played":
            return TonePlayed(_tone_from_json(body["tone"]))
        case "link.verified":
            return LinkVerified(body["communityUserId"], body["account"])
        case "push":
            return Pushed(body["push"], body["data"])
        case "removal.remembered":
            return RemovalRemembered(body["key"])
        case "units.waiting":
            return UnitsWaiting(body["key"], tuple(body["idents"]))
        case "fields.emptied":
            return FieldsEmptied(body["key"], tuple(body["fields"]))
        case "log_out.remembered":
            return LogOutRemembered(body["ident"])
        case other:
            raise KeyError(other)


def call_to_json(call: Call, at: int) -> Json:
    """Return the call as design.md section 5 names its fields, with its age at the time `at`."""
    body: Json = {"key": call.key, "id": call.id, "kind": call.kind}
    _add_fields(body, call, CALL_FIELDS)
    body["age"] = at - call.opened_at
    return body


def call_from_json(body: Mapping[str, Any], at: int) -> Call:
    """Return the call of `call_to_json(call, at)`."""
    position = body.get("position")
    return Call(
        kind=body["kind"],
        id=body["id"],
        opened_at=at - body["age"],
        emergency=body.get("emergency", False),
        caller=body.get("caller", ""),
        location=body.get("location", ""),
        description=body.get("description", ""),
        postal=body.get("postal"),
        position=position and Position(position["x"], position["y"], position.get("z")),
        caller_ids=_ids_from_json(body.get("callerIds")),
        silent=body.get("silent", False),
        title=body.get("title", ""),
        code=body.get("code", ""),
        priority=body.get("priority"),
        status=body.get("status"),
        units=tuple(body.get("units", ())),
        notes=tuple(_note_from_json(note) for note in body.get("notes", ())),
        origin_911=body.get("origin911"),
    )


def unit_to_json(unit: Unit) -> Json:
    """Return the unit as design.md section 5 names its fields."""
    body: Json = {"ident": unit.ident}
    _add_fields(body, unit, UNIT_FIELDS)
    return body


def unit_from_json(body: Mapping[str, Any]) -> Unit:
    """Return the unit of `unit_to_json`."""
    return Unit(
        ident=body["ident"],
        number=body.get("number", ""),
        name=body.get("name", ""),
        department=body.get("department", ""),
        subdivision=body.get("subdivision", ""),
        rank=body.get("rank", ""),
        group=body.get("group", ""),
        agency=body.get("agency"),
        status=body.get("status"),
        panic=body.get("panic", False),
        dispatcher=body.get("dispatcher", False),
        account=body.get("account", ""),
        player_ids=_ids_from_json(body.get("playerIds")),
    )


def _add_fields(body: Json, thing: Call | Unit, fields: Mapping[str, str]) -> None:
    for field, name in fields.items():
        value = getattr(thing, field)
        if value or value.__class__ is int:  # a status of 0 is one
            if field in _AS_JSON:
                value = _AS_JSON[field](value)
            if value is not None:
                body[name] = value


def _without_nothing(body: Json) -> Json:
    return {name: value for name, value in body.items() if value}


def _position_to_json(position: Position) -> Json:
    body = {"x": position.x, "y": position.y}
    if position.z is not None:
        body["z"] = position.z
    return body


def _note_to_json(note: Note) -> Json:
    return _without_nothing(
        {"content": note.content, "label": note.label, "kind": note.kind, "time": note.time}
    )


def _notes_to_json(notes: tuple[Note, ...]) -> list[Json]:
    return [_note_to_json(note) for note in notes]


def _ids_to_json(lists: IdLists) -> IdLists | None:
    return lists if any(lists) else None


_AS_JSON: dict[str, Callable[[Any], Any]] = {
    "position": _position_to_json,
    "notes": _notes_to_json,
    "caller_ids": _ids_to_json,
    "player_ids": _ids_to_json,
}


def _note_from_json(body: Mapping[str, Any]) -> Note:
    return Note(
        body.get("content", ""), body.get("label", ""), body.get("kind", ""), body.get("time", "")
    )


def _tone_to_json(tone: Tone) -> Json:
    return _without_nothing(
        {
            "kind": tone.kind,
            "text": tone.text,
            "targets": [
                {"type": target.type, "value": target.value, "label": target.label}
                for target in tone.targets
            ],
            "idents": tone.idents,
            "url": tone.url,
        }
    )


def _tone_from_json(body: Mapping[str, Any]) -> Tone:
    return Tone(
        body["kind"],
        body.get("text", ""),
        tuple(Target(t["type"], t["value"], t["label"]) for t in body.get("targets", ())),
        tuple(body.get("idents", ())),
        body.get("url", ""),
    )


def _ids_from_json(lists: list[list[str]] | None) -> IdLists:
    return tuple(tuple(ids) for ids in lists) if lists else NO_IDS

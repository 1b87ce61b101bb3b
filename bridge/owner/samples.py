"""A sample push of each type that the CAD sends, in the documented shape; all made up.

Without the key: whoever posts one adds it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["NAMES", "documented_911", "sample", "type_of"]

Json = dict[str, Any]

CALLER = "license:abc123"
"""The documentation's own example of a community user id."""
_ACCOUNT = "00000101-1111-4222-8333-444444444444"


def documented_911(call: int = 4711, caller: str = CALLER) -> Json:
    """Return an EVENT_911 with exactly the fields of the documented example."""
    return {"type": "EVENT_911", "data": _emergency(call, caller)}


def sample(name: str, *, call: int, caller: str = CALLER) -> Json:
    """Return the sample of a type, named as `type_of` understands it.

    Args:
        name: such as `EVENT_911` or `911`.
        call: id of the call it speaks of, where it speaks of one.
        caller: `communityUserId`, where it has one.

    Raises:
        KeyError: there is no such sample.
    """
    push_type = type_of(name)
    return {"type": push_type, "data": _SAMPLES[push_type](call, caller)}


def type_of(name: str) -> str:
    """Return the type that a name stands for: in any letter case, with or without EVENT_."""
    name = name.upper()
    return name if name in _SAMPLES else f"EVENT_{name}"


def _emergency(call: int, caller: str) -> Any:
    return [
        {
            "call": {
                "callId": call,
                "isEmergency": True,
                "caller": "Maria Lopez",
                "location": "2140 Vespucci Blvd",
                "description": "Two cars collided, one is on its roof.",
            },
            "apiIds": ["Steam:11000010c0ffee1", "88120045"],
            "communityUserId": caller,
            "metaData": {"someKey": "anotherValue"},
        }
    ]


def _dispatch(call: int, priority: int) -> Any:
    return [
        {
            "eventOriginIdent": 150,
            "dispatch": {
                "callId": call,
                "origin": 0,
                "status": 1,
                "priority": priority,
                "block": "2140",
                "address": "Vespucci Blvd",
                "postal": "8021",
                "title": "Traffic Collision",
                "code": "10-50 - Collision",
                "description": "Two vehicles, possible entrapment",
                "notes": "",
                "idents": [101],
                "metaData": {},
            },
        }
    ]


def _unit(caller: str, status: int = 2) -> Json:
    return {
        "id": 101,
        "accId": _ACCOUNT,
        "status": status,
        "isPanic": False,
        "location": "Mission Row",
        "aop": "Los Santos",
        "data": {
            "unitNum": "A-12",
            "name": "Marta Quill",
            "district": "Los Santos",
            "department": "LSPD",
            "subdivision": "Patrol",
            "rank": "Officer",
            "group": "",
            "page": 0,
            "communityUserId": caller,
        },
    }


def _note(call: int) -> Json:
    note = {"time": "20:16:02", "label": "A-12", "type": "text", "content": "One patient trapped"}
    return {"callId": call, "note": note}


_RECORD = {"record": {"id": 51, "type": 4, "name": "Citation"}}

_SAMPLES: dict[str, Callable[[int, str], Any]] = {
    "EVENT_911": _emergency,
    "EVENT_REMOVE_911": lambda call, _: [{"callIds": [call]}],
    "EVENT_DISPATCH_NEW": lambda call, _: _dispatch(call, priority=1),
    "EVENT_DISPATCH_EDIT": lambda call, _: _dispatch(call, priority=2),
    "EVENT_DISPATCH_CLOSED": lambda call, _: {"eventOriginIdent": 150, "callIds": [call]},
    "EVENT_DISPATCH_NOTE": lambda call, _: _note(call),
    "EVENT_DISPATCH_UNIT_ATTACH": lambda call, _: {
        "eventOriginIdent": 150,
        "callId": call,
        "idents": [101],
    },
    "EVENT_DISPATCH_UNIT_DETACH": lambda call, _: {
        "eventOriginIdent": 150,
        "callId": call,
        "idents": [101],
    },
    "EVENT_DISPATCH_TOGGLE_BODYCAM": lambda _, __: {"ident": "101", "state": True},
    "EVENT_UNIT_LOGIN": lambda _, caller: [
        {"unit": _unit(caller), "isDispatch": False, "selfDispatch": False}
    ],
    "EVENT_UNIT_LOGOUT": lambda _, __: [{"identId": 101}],
    "EVENT_UNIT_STATUS": lambda _, __: [{"identIds": 101, "status": 3}],
    "EVENT_UNIT_UPDATE": lambda _, caller: {"units": [_unit(caller, status=4)]},
    "EVENT_UNIT_PANIC": lambda _, __: [{"identIds": [101], "isPanic": True}],
    "EVENT_UNIT_GROUP_ADD": lambda _, __: {"identId": 101, "groupName": "Ladder 7"},
    "EVENT_UNIT_GROUP_REMOVE": lambda _, __: {"identId": 101, "groupName": "Ladder 7"},
    "EVENT_UNIT_GROUP_CHANGE_NAME": lambda _, __: {
        "identIds": [101],
        "oldName": "Ladder 7",
        "newName": "Ladder 9",
    },
    "EVENT_COMMUNITY_LINK_VERIFIED": lambda _, caller: {
        "communityUserId": caller,
        "accountUuid": _ACCOUNT,
    },
    "EVENT_CHAR_SELECTED": lambda _, __: {"accId": _ACCOUNT, "id": 17},
    "EVENT_TONE": lambda _, __: {
        "url": "https://files.invalid/tones/medical.mp3",
        "playTonesTo": [{"type": 0, "value": None, "label": "All"}],
    },
    "EVENT_STATION_ALERT": lambda _, __: {
        "locations": [{"name": "Station 7", "open": ["Bay 1"], "close": ["Bay 3"]}],
        "message": "Engine 7, structure fire",
        "colors": ["red"],
        "tone": "tone2",
    },
    "EVENT_PAGER_REBORN": lambda _, __: {
        "addresses": ["FIRE-7"],
        "identIds": [101],
        "nature": "Emergency",
        "body": "Respond to the harbour.",
    },
    "EVENT_NEW_CALLOUT": lambda _, __: {
        "callout": {"calloutLocations": [{"x": 195, "y": -933, "z": 0}]}
    },
    "EVENT_STREETSIGN_UPDATED": lambda _, __: {
        "signData": {"ids": [3], "text1": "CRASH AHEAD", "text2": "", "text3": ""}
    },
    "EVENT_RECORD_ADD": lambda _, __: _RECORD,
    "EVENT_RECORD_EDIT": lambda _, __: _RECORD,
    "EVENT_RECORD_REMOVE": lambda _, __: _RECORD,
    "EVENT_PRINT_RECORD": lambda _, __: {
        "identId": 101,
        "url": "https://files.invalid/records/51.pdf",
    },
    "GET_LOGS": lambda _, __: {},
}

NAMES = tuple(_SAMPLES)
"""The types there is a sample of."""

"""Every push the CAD sends, in every shape -> facts. Pure.

One function a type, in `calls`, `units` and `others`; each says which shapes it reads and where
they come from. `data` may be an object, a list of one, or a list of several.

What this module decides about types:

- `IGNORED_TYPES` say nothing to the bridge and are never handed on.
- `KNOWN_TYPES` (with the ignored ones) are all that the CAD is known to send. A known type whose
  body cannot be understood is rejected.
- Any other type is no error: it is handed on if the owner listed it, and otherwise says nothing.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from bridge.errors import PushRejected
from bridge.facts import Attached, Detached, GroupRenamed, Toned, Written
from bridge.sonoran.payloads import calls, others, units, values
from bridge.sonoran.payloads.calls import dispatch_from, emergency_from
from bridge.sonoran.payloads.units import unit_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bridge.facts import Fact
    from bridge.sonoran.payloads.shapes import Body

    Reader = Callable[[Body, str, int], list[Fact]]

__all__ = [
    "IGNORED_TYPES",
    "KNOWN_TYPES",
    "dispatch_from",
    "emergency_from",
    "parse",
    "unit_from",
]

_ABOUT_CALLS: Mapping[str, Reader] = {
    "EVENT_911": calls.place_911,
    "EVENT_REMOVE_911": calls.remove_911,
    "EVENT_DISPATCH_NEW": calls.new_dispatch,
    "EVENT_DISPATCH_EDIT": calls.edit_dispatch,
    "EVENT_DISPATCH_CLOSED": calls.close,
    "EVENT_DISPATCH_NOTE": calls.note,
    "EVENT_DISPATCH_UNIT_ATTACH": calls.attach,
    "EVENT_DISPATCH_UNIT_DETACH": calls.detach,
}
_ABOUT_OTHERS: Mapping[str, Reader] = {
    "EVENT_UNIT_LOGIN": units.log_in,
    "EVENT_UNIT_LOGOUT": units.log_out,
    "EVENT_UNIT_STATUS": units.status,
    "EVENT_UNIT_UPDATE": units.update,
    "EVENT_UNIT_PANIC": units.panic,
    "EVENT_UNIT_GROUP_ADD": units.group_add,
    "EVENT_UNIT_GROUP_REMOVE": units.group_remove,
    "EVENT_UNIT_GROUP_CHANGE_NAME": units.group_change_name,
    "EVENT_COMMUNITY_LINK_VERIFIED": others.link_verified,
    "EVENT_TONE": others.tone,
    "EVENT_STATION_ALERT": others.station_alert,
    "EVENT_PAGER_REBORN": others.page,
}
_HANDED_ON = frozenset(
    {
        "EVENT_DISPATCH_TOGGLE_BODYCAM",
        "EVENT_CHAR_SELECTED",
        "EVENT_NEW_CALLOUT",
        "EVENT_STREETSIGN_UPDATED",
        "EVENT_RECORD_ADD",
        "EVENT_RECORD_EDIT",
        "EVENT_RECORD_REMOVE",
        "EVENT_PRINT_RECORD",
    }
)
"""Types that change nothing here (`others.handed_on`)."""

IGNORED_TYPES = frozenset({"GET_LOGS"})
"""The CAD's support asks its own resource for logs; ours are the owner's."""
KNOWN_TYPES = frozenset({*_ABOUT_CALLS, *_ABOUT_OTHERS, *_HANDED_ON, *IGNORED_TYPES})
_READERS = {**_ABOUT_CALLS, **_ABOUT_OTHERS}
_IDENT_FIELDS = ("ident", "idents", "identId", "identIds")


def parse(
    push_type: str, body: Mapping[str, Any], now: int, pass_through: frozenset[str] = frozenset()
) -> list[Fact]:
    """Return what a push says; an empty list if it says nothing to the bridge.

    Args:
        push_type: the push's `type`, in any letter case.
        body: the push's object; its `key` has been checked and removed.
        now: milliseconds since the epoch.
        pass_through: types, in any letter case, to be handed on to other resources as they are,
            beside what else they say.

    Raises:
        PushRejected: a known type with a body that cannot be understood, with reason and path;
            nothing of the push counts then.
    """
    kind = push_type.upper()
    if kind in IGNORED_TYPES:
        return []
    facts: list[Fact] = []
    if kind in KNOWN_TYPES:
        elements = _elements(body.get("data"), _most(kind))
        if kind == "EVENT_UNIT_GROUP_ADD":
            elements = _with_idents_beside(elements, body)
        if reader := _READERS.get(kind):
            for path, element in elements:
                facts += reader(element, path, now)
            if len(facts) > 1:
                _check_totals(facts, _most(kind))
    if pass_through and kind in _upper(pass_through):
        facts += others.handed_on(kind, body.get("data"))
    return facts


def _most(kind: str) -> int:
    return values.CALLS if kind in _ABOUT_CALLS else values.IDENTS


@lru_cache(maxsize=8)
def _upper(types: frozenset[str]) -> frozenset[str]:
    return frozenset(name.upper() for name in types)


def _elements(data: object, most: int) -> Sequence[tuple[str, Body]]:
    if isinstance(data, dict):
        return [("data", data)]
    if data is None:
        raise PushRejected("is missing", "data")
    if not isinstance(data, list):
        raise PushRejected("is neither an object nor a list", "data")
    if not data:
        raise PushRejected("has no element", "data")
    if len(data) > most:
        raise PushRejected(f"has more than {most} elements", "data")
    for index, element in enumerate(data):
        if not isinstance(element, dict):
            raise PushRejected("is no object", f"data.{index}")
    return [(f"data.{index}", element) for index, element in enumerate(data)]


def _with_idents_beside(
    elements: Sequence[tuple[str, Body]], body: Mapping[str, Any]
) -> Sequence[tuple[str, Body]]:
    """Return the elements with the idents that stand beside `data`, where they name none."""
    beside = {name: body[name] for name in _IDENT_FIELDS if name in body}
    return [
        (path, element if any(map(element.get, _IDENT_FIELDS)) else {**element, **beside})
        for path, element in elements
    ]


def _check_totals(facts: Sequence[Fact], most: int) -> None:
    """Refuse what only all elements together have too much of."""
    if len(facts) > most:
        raise PushRejected(f"has more than {most} calls or units", "data")
    if sum(map(_idents_named, facts)) > values.IDENTS:
        raise PushRejected(f"names more than {values.IDENTS} idents", "data")


def _idents_named(fact: Fact) -> int:
    match fact:
        case Attached(idents=idents) | Detached(idents=idents) | GroupRenamed(idents=idents):
            return len(idents)
        case Written(units=units):
            return len(units or ())
        case Toned(tone=tone):
            return len(tone.idents)
        case _:
            return 0

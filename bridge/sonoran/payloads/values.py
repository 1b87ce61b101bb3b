"""Single values as the CAD sends them -> clean ones.

Numbers come as numbers or as text, lists as lists or as their only member, absent values as absent,
null, an empty text or a word such as `nil`; texts are written by players. What one value means is
decided here once, whatever event it stands in (facts on pushes, sections 2, 3 and 5).

Only what a push cannot do without raises; whatever else cannot be read counts as not said.
"""

from __future__ import annotations

import math
import re
from contextlib import suppress
from itertools import islice
from typing import TYPE_CHECKING, Any

from pydantic_core import PydanticCustomError

from bridge.events import Position

if TYPE_CHECKING:
    from bridge.events import CallId, IdLists

CALLER = 100
LOCATION = 200
DESCRIPTION = 1000
NAME = 100
SHORT = 50
"""Characters kept of codes, postals, priorities and other single words."""
ID_TEXT = 255
"""Characters of a player's id in the CAD; a longer one is none."""
CALL_ID_TEXT = 64
PLAYER_IDS = 32
META_KEYS = 64
CALLS = 100
IDENTS = 1000
"""Calls and idents a push."""

NOTHING = frozenset({"", "nil", "null", "undefined", "none", "unknown"})
"""What other programs write where they have no value."""

_LARGEST = 2**63 - 1
_BLANKS = re.compile("[\t-\r\x85\u2028\u2029]+")
_UNWANTED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DECIMAL = re.compile(r"[+-]?\d{1,20}(?:\.\d{0,20})?(?:[eE][+-]?\d{1,3})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?\d{1,19}(?:\.0{0,20})?", re.ASCII)
_CODE_FOR_PLACE = re.compile(r"vec(?:tor)?[234]?\s*\(", re.IGNORECASE)

# The game's island of Cayo Perico lies outside of what is usually given as the map (x up to 4500,
# y down to -4500), so that is included.
_WEST, _EAST = -5000.0, 6500.0
_SOUTH, _NORTH = -7000.0, 8500.0
_LOWEST, _HIGHEST = -1000.0, 3000.0


def text(value: object, most: int) -> str:
    """Return a text of at most `most` characters that is safe to store and to encode; empty for
    what is no text. A number becomes its digits.
    """
    if not isinstance(value, str):
        return _digits(value)
    if len(value) > most or not value.isprintable():
        # cut before the cleaning, so that its time is bounded
        return plain(value[: 4 * most]).strip()[:most].rstrip(" \u200d")
    return value.strip()


def plain(value: str) -> str:
    """Return the text with a blank for line ends and tabs, and without all that is invisible and
    harmful: control characters, text-direction overrides, lone surrogates.
    """
    return _UNWANTED.sub("", _BLANKS.sub(" ", value))


def word(value: object, most: int) -> str | None:
    """Return a text, or None for an empty one and for words that mean "no value"."""
    if value is None:
        return None
    cleaned = text(value, most)
    return None if len(cleaned) < 10 and cleaned.lower() in NOTHING else cleaned


def place(value: object) -> str:
    """Return a location for people: not `Unknown`, nor the program text of a vector."""
    location = word(value, LOCATION)
    return "" if location is None or _CODE_FOR_PLACE.match(location) else location


def flag(value: object) -> bool | None:
    """Return True only for true, 1 and their texts, None where nothing was said.

    The text `false` is no truth, though Lua and JavaScript take it for one.
    """
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        return value == 1
    if isinstance(value, str):
        said = value.strip().lower()
        return None if said in NOTHING else said in {"true", "1"}
    return None


def on_or_off(value: object) -> bool:
    """Return whether something that alarms people is on; null means on (the safe side).

    Raises:
        PydanticCustomError: for what is clearly neither.
    """
    said = flag(value)
    if (
        said is False
        and value not in (False, 0)
        and str(value).strip().lower() not in {"false", "0"}
    ):
        said = None
    if said is None and value is not None:
        raise PydanticCustomError("flag", "is neither true nor false")
    return said is not False


def number(value: object) -> float | None:
    """Return a finite number from a number or a text, else None."""
    if isinstance(value, str):
        value = value.strip()
        if not _DECIMAL.fullmatch(value):
            return None
        value = float(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    if not -_LARGEST <= value <= _LARGEST:  # infinite, not a number, or of no use
        return None
    return float(value)


def whole(value: object) -> int | None:
    """Return a whole number from a number (Lua writes 3 as 3.0) or a text, else None."""
    if isinstance(value, str):
        value = value.strip()
        if not _WHOLE.fullmatch(value):
            return None
        value = int(value.partition(".")[0])
    elif isinstance(value, float):
        if not value.is_integer() or abs(value) > 2**53:
            return None
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _LARGEST:
        return None
    return value


def ident(value: object) -> int | None:
    """Return a unit's identifier, else None."""
    found = whole(value)
    return found if found is not None and found >= 0 else None


def needed_ident(value: object) -> int:
    """Return a unit's identifier.

    Raises:
        PydanticCustomError: for anything else.
    """
    found = ident(value)
    if found is None:
        raise PydanticCustomError("ident", "is no whole number")
    return found


def idents(value: object) -> tuple[int, ...] | None:
    """Return the idents of one number, one text, or a list of them, each once, in order.

    None when nothing usable was said; an empty list says "no idents". An empty object is how Lua
    may write an empty list.

    Raises:
        PydanticCustomError: for more than `IDENTS`.
    """
    if not isinstance(value, list):
        single = ident(value)
        return () if value == {} else None if single is None else (single,)
    if len(value) > IDENTS:
        raise PydanticCustomError("too_many", "has more than {most} idents", {"most": IDENTS})
    usable = tuple(dict.fromkeys(found for each in value if (found := ident(each)) is not None))
    return usable if usable or not value else None


def call_id(value: object, least: int = 0) -> CallId:
    """Return a call's number, or its id as opaque text (communities may format call numbers).

    Raises:
        PydanticCustomError: for anything else.
    """
    found = whole(value)
    if found is not None:
        if found >= least:
            return found
        raise PydanticCustomError("call_id", "is negative")
    if isinstance(value, str):
        name = value.strip()
        if name.lower() not in NOTHING and len(name) <= CALL_ID_TEXT and name.isprintable():
            return name
    raise PydanticCustomError(
        "call_id",
        "is no whole number and no text of 1 to {most} characters",
        {"most": CALL_ID_TEXT},
    )


def call_ids(value: object, least: int = 0) -> tuple[CallId, ...]:
    """Return the call ids of one value or a list, each once, in order; unusable ones are dropped.

    Raises:
        PydanticCustomError: for more than `CALLS`.
    """
    listed = value if isinstance(value, list) else [value]
    if len(listed) > CALLS:
        raise PydanticCustomError("too_many", "has more than {most} calls", {"most": CALLS})
    found: dict[CallId, None] = {}
    for each in listed:
        with suppress(PydanticCustomError):
            found[call_id(each, least)] = None
    return tuple(found)


def choice(value: object) -> int | str | None:
    """Return a status or priority: a number, any other text for show, None if not said.

    Communities can name their own, so neither is compared blindly.
    """
    found = whole(value)
    if found is None and isinstance(value, str):
        return word(value, SHORT)
    return found


def player_ids(value: object) -> tuple[str, ...]:
    """Return the ids of one text, one number, or a list of them, each once, in order.

    An address is never an id: it is shared, it changes, and it is nobody's business.
    """
    if value is None:
        return ()
    found: dict[str, None] = {}
    for each in value[: 4 * PLAYER_IDS] if isinstance(value, list) else (value,):
        name = word(each, ID_TEXT + 1)
        if name and len(name) <= ID_TEXT and name[:3].lower() != "ip:":
            found[name] = None
    return tuple(found)[:PLAYER_IDS]


def at_most(lists: IdLists, most: int = PLAYER_IDS) -> IdLists:
    """Return the lists cut so that all together hold at most `most` ids, the first ones kept."""
    if sum(map(len, lists)) <= most:
        return lists
    kept = []
    for ids in lists:
        kept.append(ids[:most])
        most -= len(kept[-1])
    return tuple(kept)


def meta_data(value: object) -> dict[str, Any]:
    """Return metaData as an object: null, a list (how Lua writes an empty table) and anything else
    that is none are an empty one.
    """
    if not isinstance(value, dict):
        return {}
    return value if len(value) <= META_KEYS else dict(islice(value.items(), META_KEYS))


def position(x: object, y: object, z: object) -> Position | None:
    """Return a point of the map; None if x or y is missing, not finite or off the map, and for
    exactly 0,0, which means "no position".
    """
    if x is None or y is None:
        return None
    east, north = number(x), number(y)
    if east is None or north is None or (east == 0 and north == 0):
        return None
    if not (_WEST <= east <= _EAST and _SOUTH <= north <= _NORTH):
        return None
    height = number(z)
    if height is not None and not _LOWEST <= height <= _HIGHEST:
        height = None
    return Position(east, north, height)


def _digits(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    found = whole(value)
    if found is not None:
        return str(found)
    return str(value) if isinstance(value, float) and math.isfinite(value) else ""

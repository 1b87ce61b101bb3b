"""The bytes of a push -> one JSON object, strictly and in bounded time and memory.

What Python's parser would take and JSON does not know is refused: NaN, Infinity, other encodings.
So is what is JSON but hurts whoever reads it later: more than `MAX_DEPTH` levels, numbers of more
than `MAX_DIGITS` digits or beyond the range of a double.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, Never

from bridge.errors import PushRejected

__all__ = ["MAX_DEPTH", "MAX_DIGITS", "read_object"]

MAX_DEPTH = 32
"""Levels of arrays and objects; documented pushes have six at the most."""
MAX_DIGITS = 19
"""As many as a 64 bit number has; the CAD's own ids are far shorter."""

_STRING = re.compile(rb'"[^"]*"')
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
_INNERMOST = re.compile(rb"\[\]|\{\}")


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a push consists of.

    Raises:
        PushRejected: with code `not_json`; the text never quotes the body.
    """
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and _is_deeper(body, MAX_DEPTH):
        raise _refused(f"is nested deeper than {MAX_DEPTH} levels")
    try:
        value = _DECODER.decode(body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _refused("is not UTF-8") from None
    except json.JSONDecodeError as error:
        raise _refused(f"is not JSON: {error.msg} at character {error.pos}") from None
    if not isinstance(value, dict):
        raise _refused("is JSON, but no object")
    return value


def _refused(reason: str) -> PushRejected:
    return PushRejected(f"the body {reason}", code="not_json")


def _is_deeper(body: bytes, levels: int) -> bool:
    """Peel one level of innermost brackets a pass; every step runs at the speed of `bytes`, and in
    linear time, since nobody has shown a key yet.
    """
    unescaped = body.replace(rb"\\", b"").replace(rb"\"", b"")
    brackets = _STRING.sub(b"", unescaped).translate(None, _NOT_BRACKETS)
    for _ in range(levels):
        brackets = _INNERMOST.sub(b"", brackets)
    # what is left without a pair is not balanced: the parser says so, unless it is long
    return _INNERMOST.search(brackets) is not None or len(brackets) > 10 * levels


def _whole(text: str) -> int:
    if len(text) > MAX_DIGITS + text.startswith("-"):
        raise _refused(f"has a number of more than {MAX_DIGITS} digits")
    return int(text)


def _decimal(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise _refused("has a number beyond the range of a double")
    return value


def _constant(name: str) -> Never:
    raise _refused(f"has {name}, which is not JSON")


_DECODER = json.JSONDecoder(parse_int=_whole, parse_float=_decimal, parse_constant=_constant)

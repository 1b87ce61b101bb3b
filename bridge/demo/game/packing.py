"""The values that cross a border between runtimes: MessagePack as FiveM uses it, seen from Python.

Text is bytes to Lua. What is no UTF-8 comes to Python with surrogate escapes and goes back as the
same bytes. An empty table is a list, floats stay floats.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from struct import unpack as struct_unpack
from typing import Any

import msgpack

__all__ = ["FunctionRef", "decode", "encode_args", "text_of"]

_FUNCTION_REFS = (10, 11)
_VECTOR_FLOATS = {20: "<2f", 21: "<3f", 22: "<4f"}


@dataclass(frozen=True, slots=True)
class FunctionRef:
    """A script's function, as it travels: `resource:instance:index`."""

    text: str


def text_of(raw: bytes) -> str:
    """Return Lua's bytes as text; what is no UTF-8 is escaped, not lost."""
    return raw.decode("utf-8", "surrogateescape")


def _extension(kind: int, data: bytes) -> Any:
    if kind in _FUNCTION_REFS:
        return FunctionRef(text_of(data))
    if kind in _VECTOR_FLOATS:
        return struct_unpack(_VECTOR_FLOATS[kind], data)
    return None


def _replace(value: object) -> Any:
    if isinstance(value, FunctionRef):
        return msgpack.ExtType(_FUNCTION_REFS[0], value.text.encode("utf-8", "surrogateescape"))
    raise TypeError(f"a {type(value).__name__} cannot be sent to a script")


def encode_args(args: Iterable[object]) -> bytes:
    """Pack the arguments of an event or a call. bytes become a string of just these bytes."""
    packed = msgpack.packb(
        list(args), use_bin_type=False, unicode_errors="surrogateescape", default=_replace
    )
    assert isinstance(packed, bytes)  # noqa: S101 - packb without a stream
    return packed


def decode(payload: bytes) -> Any:
    """Unpack what a script packed; arguments of an event come as a list.

    Raises:
        ValueError: the bytes are no MessagePack.
    """
    return msgpack.unpackb(
        payload,
        raw=False,
        unicode_errors="surrogateescape",
        strict_map_key=False,
        ext_hook=_extension,
    )

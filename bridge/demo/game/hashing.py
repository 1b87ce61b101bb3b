"""The game's hash of names: Jenkins' one-at-a-time, over lower case."""

from __future__ import annotations

__all__ = ["joaat"]

_MASK = 0xFFFFFFFF


def joaat(text: str) -> int:
    """Return the hash as the signed 32-bit number that natives take and give."""
    value = 0
    for byte in text.lower().encode("utf-8", "surrogateescape"):
        value = (value + byte) & _MASK
        value = (value + (value << 10)) & _MASK
        value ^= value >> 6
    value = (value + (value << 3)) & _MASK
    value ^= value >> 11
    value = (value + (value << 15)) & _MASK
    return value - (1 << 32) if value & 0x80000000 else value

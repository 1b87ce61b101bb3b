"""What a player has before his eyes and ears: blips, feed, sounds; as natives made them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

__all__ = ["Blip", "FeedPost", "Sound", "TextCommand", "as_seen"]

Coordinates = tuple[float, float, float]

COMPONENT_BYTES = 99
"""More than this one text component does not hold."""

LABELS = {"STRING": "~a~", "CELL_EMAIL_BCON": "~a~" * 10, "THREESTRINGS": "~a~~a~~a~"}
"""The game's own labels that take components."""

_TAG = re.compile(r"</?(?:font|b|i|c|img|br|p)\b[^>]*>", re.IGNORECASE)


@dataclass(slots=True)
class Blip:
    """A mark on the map. `kind`: coord, radius or entity; `removed_at` is None while it lives."""

    handle: int
    kind: str
    coords: Coordinates
    created_at: int
    radius: float = 0.0
    sprite: int = 1
    colour: int = 0
    scale: float = 1.0
    alpha: int = 255
    name: str | None = None
    display: int = 2
    category: int = 1
    priority: int = 0
    rotation: int = 0
    short_range: bool = False
    high_detail: bool = False
    flashing: bool = False
    flash_interval: int | None = None
    flash_timer: int | None = None
    flash_started: int | None = None
    fade: tuple[int, int] | None = None
    """Target alpha and duration, ms."""
    route: bool = False
    route_colour: int | None = None
    removed_at: int | None = None

    def flashes(self, now: int) -> bool:
        """Return whether it flashes at a time: a timer ends it by itself."""
        if not self.flashing:
            return False
        if self.flash_timer is None or self.flash_started is None:
            return True
        return now - self.flash_started < self.flash_timer


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A notification above the map."""

    handle: int
    text: str
    """As the player reads it."""
    codes: tuple[str, ...]
    """The codes and tags in it that the game acted upon."""
    components: tuple[str, ...]
    at: int
    important: bool = False
    sender: str | None = None
    subject: str | None = None
    picture: str | None = None
    icon: int | None = None
    background: int | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """A sound of the game."""

    name: str
    set: str
    at: int
    sound_id: int


@dataclass(slots=True)
class TextCommand:
    """A text between its Begin and its End, which must come in one frame."""

    kind: str
    label: str
    components: list[str] = field(default_factory=list)

    def text(self, entries: dict[str, str]) -> str:
        """Return the label with its places filled; components without a place are not shown."""
        pattern = entries.get(self.label, LABELS.get(self.label, self.label))
        waiting = list(self.components)
        return re.sub("~a~", lambda _: waiting.pop(0) if waiting else "", pattern)


def as_seen(text: str) -> tuple[str, tuple[str, ...]]:
    """Return a text as the player reads it, and the codes that were acted upon.

    `~n~` begins a line, other codes vanish, an unpaired `~` swallows the rest, tags work.
    """
    seen, codes = "", []
    while text:
        before, tilde, rest = text.partition("~")
        seen += before
        if not tilde:
            break
        code, closing, text = rest.partition("~")
        codes.append(f"~{code}{closing}")
        if not closing:
            break
        if code == "n":
            seen += "\n"
        elif code.startswith("INPUT_"):
            seen += f"[{code[6:]}]"
    codes.extend(_TAG.findall(seen))
    return _TAG.sub("", seen), tuple(codes)

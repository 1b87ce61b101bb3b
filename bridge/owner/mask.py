"""Other names in the place of people's, in events that leave the owner's hands.

The same person gets the same name everywhere in a file, so that it still tells who did what. Hidden
are callers, units' names, accounts and players' ids, and every mention of a hidden name in a text.
Call signs, places and what was said stay: without them there is nothing to look at.
"""

from __future__ import annotations

import re
from typing import Any

__all__ = ["Mask"]

Json = dict[str, Any]

_LEAST = 3
"""Letters that a name has at least to be looked for in texts."""
_TEXTS = ("location", "description", "title", "code", "text", "content", "label")
_IDS = frozenset({"callerIds", "playerIds"})
_KINDS = {"caller": "Caller", "name": "Unit member", "account": "account"}


class Mask:
    """Learns names first, then hides them."""

    def __init__(self) -> None:
        self._names: dict[str, str] = {}
        """What is put in the place of each name, by the name in lower case."""
        self._counts: dict[str, int] = {}
        self._pattern: re.Pattern[str] | None = None

    def learn(self, value: Any) -> None:
        """Take note of every name in an event or board."""
        if isinstance(value, list):
            for item in value:
                self.learn(item)
        elif isinstance(value, dict) and value.get("type") != "push":
            for key, item in value.items():
                if key in _KINDS and isinstance(item, str):
                    self._name(_KINDS[key], item)
                elif key in _IDS or key == "communityUserId":
                    self._hidden(key, item)
                else:
                    self.learn(item)

    def hide(self, value: Any) -> Any:
        """Return an event, a board or a part of one with other names in it."""
        if isinstance(value, list):
            return [self.hide(item) for item in value]
        if not isinstance(value, dict):
            return value
        if value.get("type") == "push":  # of what other resources make of it nothing is known
            return {**value, "data": None}
        return {key: self._hidden(key, item) for key, item in value.items()}

    def _hidden(self, key: str, value: Any) -> Any:
        if key in _KINDS and isinstance(value, str):
            return self._name(_KINDS[key], value)
        if key in _IDS:
            return [[self._id(one) for one in ids] for ids in value]
        if key == "communityUserId":
            return self._id(value)
        if key == "url":
            return ""
        if key in _TEXTS and isinstance(value, str):
            return self._text(value)
        return self.hide(value)

    def _name(self, kind: str, name: str) -> str:
        known = self._names.get(name.lower())
        if known is None:
            self._counts[kind] = self._counts.get(kind, 0) + 1
            known = self._names[name.lower()] = f"{kind} {self._counts[kind]}"
            self._pattern = None
        return known

    def _id(self, text: str) -> str:
        """Hide an id; its type stays, and with and without type it stays the same id."""
        prefix, colon, value = text.rpartition(":")
        return f"{prefix}{colon}{self._name('player', value).replace(' ', '')}"

    def _text(self, text: str) -> str:
        if self._pattern is None:
            names = sorted((name for name in self._names if len(name) >= _LEAST), key=len)
            words = "|".join(re.escape(name) for name in reversed(names))
            self._pattern = re.compile(
                rf"(?<!\w)(?:{words})(?!\w)" if words else r"(?!)", re.IGNORECASE
            )
        return self._pattern.sub(lambda found: self._names.get(found[0].lower(), "…"), text)

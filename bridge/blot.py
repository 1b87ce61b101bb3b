"""Blots out secrets wherever a text is about to be shown or kept.

The last line of defence, not the first: no part logs a secret on purpose. But a push echoes its key
into a field, a library puts a URL into its exception, and owners paste logs into support threads.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BLOT", "Secrets"]

BLOT = "█████"
SHORTEST = 4
"""Characters of a secret that is looked for: a shorter word is none, and is part of many others."""


class Secrets:
    """The words that must never be seen, and how to take them out of a text."""

    def __init__(self, words: Iterable[str] = ()) -> None:
        self._forms: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.longest = 0
        """Characters of the longest form of a secret; 0 without any."""
        self.add(*words)

    def add(self, *words: str) -> None:
        """Register secrets; what is shorter than `SHORTEST` is ignored.

        Each is also looked for as JSON and as a URL would write it, in any letter case.
        """
        for word in words:
            if len(word) >= SHORTEST:
                self._forms |= {word, json.dumps(word)[1:-1], quote(word, safe="")}
        if not self._forms:
            return
        forms = sorted(self._forms, key=len, reverse=True)
        self.longest = len(forms[0])
        self._pattern = re.compile("|".join(map(re.escape, forms)), re.IGNORECASE)

    def blot(self, text: str) -> str:
        """Return the text with every secret replaced by `BLOT`."""
        return text if self._pattern is None else self._pattern.sub(BLOT, text)

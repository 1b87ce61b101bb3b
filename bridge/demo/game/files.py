"""The files of a resource: a folder, with what was laid over it or written meanwhile.

Nothing is ever written to the folder: what scripts save lives as long as the simulated server.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

__all__ = ["ResourceFiles"]


def _clean(name: str) -> str | None:
    """Return the name relative to the resource, or None if it leads out of it."""
    parts: list[str] = []
    for part in name.replace("\\", "/").lstrip("/").split("/"):
        if part in ("", "."):
            continue
        if part == "..":
            if not parts:
                return None
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts) or None


class ResourceFiles:
    """A resource's folder, or none (all files in memory)."""

    def __init__(
        self, root: Path | None, overlay: Mapping[str, str | bytes | None] | None = None
    ) -> None:
        self.root = root
        self._listed: list[str] | None = None
        self._overlay: dict[str, bytes | None] = {}
        for name, content in (overlay or {}).items():
            self._overlay[name] = content.encode() if isinstance(content, str) else content

    def read(self, name: str) -> bytes | None:
        """Return a file's bytes, None if there is none of that name inside the resource."""
        clean = _clean(name)
        if clean is None:
            return None
        if clean in self._overlay:
            return self._overlay[clean]
        if self.root is None:
            return None
        try:
            return (self.root / clean).read_bytes()
        except OSError:  # nothing, or a folder
            return None

    def write(self, name: str, content: bytes) -> bool:
        """Keep a file; False if the name leads out of the resource."""
        clean = _clean(name)
        if clean is None:
            return False
        self._overlay[clean] = content
        return True

    def remove(self, name: str) -> bool:
        """Remove a file; False if there is none."""
        clean = _clean(name)
        if clean is None or self.read(clean) is None:
            return False
        self._overlay[clean] = None
        return True

    def refresh(self) -> None:
        """Look into the folder anew at the next question for its names."""
        self._listed = None

    def names(self) -> list[str]:
        """Return all files, sorted by path; the folder's as they were at the last refresh."""
        if self._listed is None:
            self._listed = _below(self.root) if self.root is not None else []
        found = {*self._listed, *self._overlay}
        return sorted(name for name in found if self._overlay.get(name, b"") is not None)

    def glob(self, pattern: str) -> list[str]:
        """Return the files of a manifest entry: a name, or a pattern with `*`, `**` and `?`.

        `**/` stands for any number of folders, none included; `*` and `?` stay within a name.
        """
        pattern = pattern.removeprefix("./")
        if not any(sign in pattern for sign in "*?"):
            clean = _clean(pattern)
            return [clean] if clean is not None and self.read(clean) is not None else []
        expression = _expression(pattern)
        return [name for name in self.names() if expression.fullmatch(name)]


def _below(root: Path) -> list[str]:
    return [
        Path(folder, name).relative_to(root).as_posix()
        for folder, _, names in os.walk(root)
        for name in names
    ]


def _expression(pattern: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    meaning = {"**/": "(?:[^/]+/)*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(meaning.get(part, re.escape(part)) for part in parts))

"""Convars: the server's variables, with flags that stick and permissions to read."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["Convar", "Convars"]

ARCHIVE, REPLICATED, SERVER_INFO = "archive", "replicated", "server_info"


@dataclass(slots=True)
class Convar:
    """A variable, its name as it was first written."""

    name: str
    value: str
    flags: set[str]


@dataclass(frozen=True, slots=True)
class _Watch:
    resource: str
    pattern: re.Pattern[str]
    call: Callable[[str], None]


class Convars:
    """Names are found without regard to case, permissions with it (as in the game server)."""

    def __init__(self) -> None:
        self._known: dict[str, Convar] = {}
        self._readers: dict[str, set[str]] = {}
        self._watches: dict[int, _Watch] = {}
        self._cookie = 0

    def find(self, name: str) -> Convar | None:
        """Return a variable, None if it was never set."""
        return self._known.get(name.lower())

    def set(self, name: str, value: str, flag: str | None = None) -> None:
        """Set a variable; a flag stays for good, also when later set without."""
        known = self.find(name)
        if known is None:
            known = Convar(name, "", set())
            self._known[name.lower()] = known
        known.value = value
        if flag is not None:
            known.flags.add(flag)
        for watch in list(self._watches.values()):
            if self.readable(name, watch.resource) and watch.pattern.fullmatch(name):
                watch.call(name)

    def restrict(self, resource: str, name: str) -> None:
        """Let only the resources named so far read a variable (`add_convar_permission`)."""
        self._readers.setdefault(name, set()).add(resource)

    def readable(self, name: str, resource: str) -> bool:
        """Return whether a resource may read; the list is compared letter by letter."""
        readers = self._readers.get(name)
        return readers is None or resource in readers

    def read(self, name: str, resource: str) -> str | None:
        """Return what a script gets, None for the default."""
        known = self.find(name)
        return known.value if known is not None and self.readable(name, resource) else None

    def watch(self, resource: str, pattern: str | None, call: Callable[[str], None]) -> int:
        """Call back with the name of each variable that is set and matches; returns a cookie."""
        expression = re.escape(pattern or "*").replace(r"\*", ".*")
        expression = expression.replace(r"\ ", "|").replace(r"\+", "|")
        self._cookie += 1
        self._watches[self._cookie] = _Watch(
            resource, re.compile(f"(?:{expression})", re.IGNORECASE), call
        )
        return self._cookie

    def unwatch(self, cookie: int) -> None:
        """Stop calling back."""
        self._watches.pop(cookie, None)

    def forget(self, resource: str) -> None:
        """Drop the listeners of a stopped resource."""
        for cookie in [c for c, watch in self._watches.items() if watch.resource == resource]:
            del self._watches[cookie]

    def replicated(self) -> dict[str, str]:
        """Return what every client is sent."""
        return {c.name: c.value for c in self._known.values() if REPLICATED in c.flags}

    def server_info(self) -> dict[str, str]:
        """Return what `/info.json` shows to the world."""
        return {c.name: c.value for c in self._known.values() if SERVER_INFO in c.flags}

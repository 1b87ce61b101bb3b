"""ACE: who may do what (FXServer's Security.cpp).

A principal inherits from others, an object is also covered by its parents (`a.b` by `a`), a deny
of any of them wins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

__all__ = ["AccessControl"]

EVERYONE = "builtin.everyone"


class AccessControl:
    """The access control entries and inheritances of a server."""

    def __init__(self, *, allow_all: bool = False) -> None:
        self._allow_all = allow_all
        self._entries: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._parents: defaultdict[str, list[str]] = defaultdict(list)
        self._closures: dict[str, frozenset[str]] = {}

    def add(self, principal: str, target: str, *, allow: bool = True) -> None:
        """Add an entry, as `add_ace` does."""
        self._entries[target].append((principal, allow))

    def remove(self, principal: str, target: str, *, allow: bool = True) -> None:
        """Remove equal entries, as `remove_ace` does."""
        entries = self._entries[target]
        entries[:] = [entry for entry in entries if entry != (principal, allow)]

    def inherit(self, child: str, parent: str) -> None:
        """Let a principal have all that another has, as `add_principal` does."""
        self._parents[child].append(parent)
        self._closures.clear()

    def disinherit(self, child: str, parent: str) -> None:
        """Take that back, as `remove_principal` does."""
        parents = self._parents[child]
        parents[:] = [other for other in parents if other != parent]
        self._closures.clear()

    def _closure(self, principal: str) -> frozenset[str]:
        """Return a principal and all from whom it inherits."""
        found = self._closures.get(principal)
        if found is not None:
            return found
        known = {principal, EVERYONE}
        waiting = [principal]
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in known:
                    known.add(parent)
                    waiting.append(parent)
        self._closures[principal] = frozenset(known)
        return self._closures[principal]

    def _entries_for(self, target: str) -> list[tuple[str, bool]]:
        """Return the entries of an object and of those above it."""
        found: list[tuple[str, bool]] = []
        while True:
            found.extend(self._entries.get(target, ()))
            target, dot, _ = target.rpartition(".")
            if not dot:
                return found

    def _allowed(self, principal: str, entries: list[tuple[str, bool]]) -> bool:
        principals = self._closure(principal)
        verdicts = [allow for owner, allow in entries if owner in principals]
        return bool(verdicts) and all(verdicts)

    def allowed(self, principal: str, target: str) -> bool:
        """Return whether one principal may."""
        return self.any_allowed([principal], target)

    def any_allowed(self, principals: Iterable[str], target: str) -> bool:
        """Return whether one of somebody's principals may: a deny binds its principal only."""
        if self._allow_all:
            return True
        entries = self._entries_for(target)
        return bool(entries) and any(self._allowed(one, entries) for one in principals)

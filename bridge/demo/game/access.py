"""ACE: who may do what (FXServer's Security.cpp).

A principal inherits from others, an object is also covered by its parents (`a.b` by `a`), a deny
of any of them wins.
"""

from __future__ import annotations

from collections import defaultdict

__all__ = ["AccessControl"]

EVERYONE = "builtin.everyone"


class AccessControl:
    """The access control entries and inheritances of a server."""

    def __init__(self, *, allow_all: bool = False) -> None:
        self._allow_all = allow_all
        self._entries: defaultdict[str, list[tuple[str, bool]]] = defaultdict(list)
        self._parents: defaultdict[str, list[str]] = defaultdict(list)

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

    def disinherit(self, child: str, parent: str) -> None:
        """Take that back, as `remove_principal` does."""
        parents = self._parents[child]
        parents[:] = [other for other in parents if other != parent]

    def _closure(self, principal: str) -> set[str]:
        known = {principal, EVERYONE}
        waiting = [principal]
        while waiting:
            for parent in self._parents.get(waiting.pop(), ()):
                if parent not in known:
                    known.add(parent)
                    waiting.append(parent)
        return known

    def allowed(self, principal: str, target: str) -> bool:
        """Return whether one principal may."""
        if self._allow_all:
            return True
        principals: set[str] | None = None
        allowed = False
        while True:
            for owner, allow in self._entries.get(target, ()):
                if principals is None:
                    principals = self._closure(principal)
                if owner in principals:
                    if not allow:
                        return False
                    allowed = True
            target, dot, _ = target.rpartition(".")
            if not dot:
                return allowed

    def any_allowed(self, principals: list[str], target: str) -> bool:
        """Return whether one of somebody's principals may: a deny binds its principal only."""
        return any(self.allowed(principal, target) for principal in principals)

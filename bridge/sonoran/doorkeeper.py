"""Who may knock at the push listener: networks, and addresses that show wrong keys.

Pure: time comes in as an argument, in seconds of any steady clock. The key is the only
authentication of a push, so guessing is slowed down; but whoever has shown the right key in the
last day is never shut out, or a wrong forwarder behind the same address could silence the CAD.
"""

from __future__ import annotations

import ipaddress
from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Doorkeeper"]

WRONG_KEYS = 5
"""So many in `WINDOW` seconds are answered; further ones are told to wait."""
WINDOW = 60.0
TRUST = 86400.0
"""Seconds for which an address that has shown the right key is let through."""
MEMORY = 10_000
"""Addresses remembered; the one not heard of for longest is forgotten first."""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Doorkeeper:
    """Decides by address alone, before a body is read."""

    def __init__(self, allow_from: Sequence[Network] = ()) -> None:
        self._allow_from = tuple(allow_from)
        self._wrong: OrderedDict[str, deque[float]] = OrderedDict()
        self._right: OrderedDict[str, float] = OrderedDict()

    def allows(self, address: str) -> bool:
        """Tell whether the address lies in an allowed network (none configured: all do)."""
        if not self._allow_from:
            return True
        try:
            ip = ipaddress.ip_address(address.partition("%")[0])
        except ValueError:
            return False
        mapped = getattr(ip, "ipv4_mapped", None)
        return any((mapped or ip) in network for network in self._allow_from)

    def must_wait(self, address: str, now: float) -> float:
        """Return the seconds after which the address may knock again; 0: now."""
        wrong = self._wrong.get(address)
        if not wrong or now - self._right.get(address, -TRUST) < TRUST:
            return 0.0
        while wrong and now - wrong[0] >= WINDOW:
            wrong.popleft()
        return WINDOW - (now - wrong[0]) if len(wrong) >= WRONG_KEYS else 0.0

    def wrong_key(self, address: str, now: float) -> None:
        """Remember that the address showed a wrong key."""
        self._wrong.setdefault(address, deque(maxlen=WRONG_KEYS)).append(now)
        _newest(self._wrong, address)

    def right_key(self, address: str, now: float) -> None:
        """Remember that the address showed the right key."""
        self._right[address] = now
        _newest(self._right, address)


def _newest(memory: OrderedDict[str, Any], address: str) -> None:
    memory.move_to_end(address)
    if len(memory) > MEMORY:
        memory.popitem(last=False)

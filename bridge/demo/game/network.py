"""What goes over the wire between server and players: packets and the limits on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bridge.demo.game.packing import decode

__all__ = ["Bucket", "Packet", "ServerDoor", "Wire"]

_LONGEST_EVENT = 384 * 1024
_LONGEST_COMMAND = 4096
"""Bytes beyond which the server does not even read the packet."""


@dataclass(slots=True)
class Packet:
    """A net event that the server sent to one player."""

    name: str
    payload: bytes
    at: int
    """Game time of sending, ms."""
    latent: bool = False
    lost: bool | None = None
    """None: under way; True: his client was not loaded, or nobody there heard the event."""

    @property
    def args(self) -> list[Any]:
        """Return the arguments."""
        arguments = decode(self.payload)
        return arguments if isinstance(arguments, list) else [arguments]

    @property
    def bytes(self) -> int:
        """Return how many bytes name and payload have."""
        return len(self.name.encode("utf-8", "surrogateescape")) + len(self.payload)


@dataclass(frozen=True, slots=True)
class Wire:
    """What one player's machine may ask of the server."""

    send: Callable[[str, bytes], None]
    """Takes a net event, its name and payload."""
    command: Callable[[str], None]
    """Takes a command line that the player's own scripts do not know."""


@dataclass(slots=True)
class Bucket:
    """A token bucket: so many a second, so many at once."""

    rate: float
    burst: float
    level: float = 0.0
    last: int | None = None

    def take(self, now: int, amount: float = 1.0) -> bool:
        """Take tokens at a time in ms; False if there are too few."""
        if self.last is None:
            self.level = self.burst
        else:
            self.level = min(self.burst, self.level + self.rate * (now - self.last) / 1000)
        self.last = now
        if self.level < amount:
            return False
        self.level -= amount
        return True


class ServerDoor:
    """FXServer's limits on what one player sends (ServerEventPacketHandler.cpp and others).

    Each check returns None to let it pass, `""` to drop it, or the reason to drop the player.
    """

    def __init__(self) -> None:
        self._events = Bucket(50, 200)
        self._event_flood = Bucket(75, 300)
        self._event_bytes = Bucket(128 * 1024, 384 * 1024)
        self._commands = Bucket(7, 14)
        self._command_flood = Bucket(25, 45)
        self._command_bytes = Bucket(1024, 8 * 1024)

    def event(self, now: int, name: str, size: int) -> str | None:
        """Check an event of so many bytes, those of its name among them."""
        if size - len(name.encode("utf-8", "surrogateescape")) > _LONGEST_EVENT:
            return ""
        if not self._events.take(now):
            flooding = not self._event_flood.take(now)
            return "Reliable network event overflow." if flooding else ""
        if not self._event_bytes.take(now, size):
            return f"Reliable network event size overflow: {name}"
        return None

    def command(self, now: int, line: str) -> str | None:
        """Check a command line."""
        size = len(line.encode("utf-8", "surrogateescape"))
        if size > _LONGEST_COMMAND:
            return ""
        if not self._commands.take(now):
            return "Reliable server command overflow." if not self._command_flood.take(now) else ""
        if not self._command_bytes.take(now, size):
            return f"Reliable server command size overflow: {line}"
        return None

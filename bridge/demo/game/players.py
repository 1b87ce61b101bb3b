"""Players: who they are, where they stand, and the list of those connected."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["FIRST_TEMPORARY", "Player", "Players", "load_players"]

FIRST_TEMPORARY = 65536
"""Ids before joining start here (InitConnectMethod.cpp); final ones are 16 bit."""

_PED_OFFSET = 0x20000


@dataclass(slots=True)
class Player:
    """A person who plays. `source` is the final id; coordinates are metres on the map."""

    source: int
    name: str
    identifiers: Sequence[str]
    coords: tuple[float, float, float] = (0.0, 0.0, 70.0)
    heading: float = 0.0
    bucket: int = 0
    ping: int = 30
    temp_source: int = 0
    job: dict[str, Any] = field(default_factory=dict)
    unit: int | None = None
    speed: float = 0.0
    in_vehicle: bool = False

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Player:
        """Read an entry of `players.json`."""
        at = raw["coords"]
        return cls(
            source=raw["source"],
            name=raw["name"],
            identifiers=list(raw["identifiers"]),
            coords=(float(at["x"]), float(at["y"]), float(at["z"])),
            heading=float(raw.get("heading", 0.0)),
            bucket=raw.get("bucket", 0),
            ping=raw.get("ping", 30),
            temp_source=raw.get("tempSource", 0),
            job=dict(raw.get("job", {})),
            unit=raw.get("unit"),
        )

    @property
    def ped(self) -> int:
        """Return the handle of his ped on the server (OneSync)."""
        return _PED_OFFSET + self.source

    def principals(self) -> list[str]:
        """Return whose rights he has."""
        return [f"identifier.{identifier}" for identifier in self.identifiers] + [
            f"player.{self.source}"
        ]


def load_players(path: Path) -> list[Player]:
    """Read a file of players (`tests/data/players.json` has the shape)."""
    return [Player.from_json(raw) for raw in json.loads(path.read_text(encoding="utf-8"))]


class Players:
    """Those connected, by final id, and those connecting, by temporary id."""

    def __init__(self) -> None:
        self._joined: dict[int, Player] = {}
        self._by_text: dict[bytes, Player] = {}
        self._order: list[bytes] = []
        self._temporary = FIRST_TEMPORARY

    def connecting(self, player: Player) -> int:
        """Let somebody connect; returns his temporary id."""
        self._temporary += 1
        if not player.temp_source:
            player.temp_source = self._temporary
        self._by_text[str(player.temp_source).encode()] = player
        return player.temp_source

    def refused(self, player: Player) -> None:
        """Forget somebody who did not get in."""
        self._by_text.pop(str(player.temp_source).encode(), None)

    def joined(self, player: Player) -> None:
        """Give him his final id."""
        self.refused(player)
        key = str(player.source).encode()
        self._joined[player.source] = player
        self._by_text[key] = player
        self._order.append(key)

    def left(self, player: Player) -> None:
        """Forget a player."""
        key = str(player.source).encode()
        self._joined.pop(player.source, None)
        self._by_text.pop(key, None)
        if key in self._order:
            self._order.remove(key)

    def __iter__(self) -> Iterator[Player]:
        """Return the players with final ids."""
        return iter(list(self._joined.values()))

    def __len__(self) -> int:
        return len(self._joined)

    def get(self, source: int) -> Player | None:
        """Return a player by final id."""
        return self._joined.get(source)

    def find(self, text: bytes) -> Player | None:
        """Return a player by final or temporary id, as scripts name him."""
        return self._by_text.get(text)

    def at(self, index: int) -> bytes | None:
        """Return the id of the nth player, as text."""
        return self._order[index] if 0 <= index < len(self._order) else None

    def of_ped(self, ped: int) -> Player | None:
        """Return whose ped that is."""
        return self._joined.get(ped - _PED_OFFSET)

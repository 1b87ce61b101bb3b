"""A player without a game of his own: a record of what he was sent."""

from __future__ import annotations

from bridge.demo.game.network import Packet
from bridge.demo.game.players import Player
from bridge.demo.game.resource import Resource

__all__ = ["HeadlessClient"]


class HeadlessClient:
    """Counts as loaded until `loaded` is set to False. A thousand of them cost nothing."""

    def __init__(self, player: Player, packets: list[Packet]) -> None:
        self.player = player
        self.packets = packets
        """What the server sent him."""
        self.loaded = True

    def hear(self, packet: Packet) -> bool:
        """Take a packet; False if it is lost."""
        return self.loaded

    def frame(self) -> None:
        """Draw nothing."""

    def start_resource(self, served: Resource) -> None:
        """Start nothing."""

    def stop_resource(self, name: str) -> None:
        """Stop nothing."""

    def set_convar(self, name: str, value: str) -> None:
        """Keep nothing."""

"""A player without a game of his own: a record of what he was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.demo.game.lobby import Lobby
    from bridge.demo.game.network import Packet
    from bridge.demo.game.players import Player
    from bridge.demo.game.resource import Resource

__all__ = ["HeadlessClient"]


class HeadlessClient:
    """Counts as loaded until `loaded` is set to False. A thousand of them cost nothing."""

    def __init__(self, lobby: Lobby, player: Player) -> None:
        self._lobby = lobby
        self.player = player
        self.loaded = True

    @property
    def packets(self) -> list[Packet]:
        """Return what the server sent him."""
        return self._lobby.packets(self.player.source)

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

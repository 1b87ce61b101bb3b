"""What each player of the demo sees, hears and was sent, as the page draws it around the card."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.demo.game import Blip, GameClient
    from bridge.demo.stage import Stage

__all__ = ["Screens"]

Json = dict[str, Any]

FEED_MS = 9_000
"""How long the game shows an entry of its feed."""
SOUND_MS = 3_000
"""How long the page names a sound that was heard."""
_SOUNDS = {
    "Lose_1st": "new call",
    "CHECKPOINT_PERFECT": "assigned to you",
    "SELECT": "call changed",
    "Beep_Red": "panic",
}
"""What the resource means by the game's sounds (`client/sounds.lua`)."""


class Screens:
    """The three screens, and what came to each since a moment."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._since: dict[int, Json] = {}
        self.mark()

    def mark(self) -> None:
        """Count from now on: a push has been posted."""
        for player in self._stage.cast:
            client = self._stage.client(player)
            self._since[player.source] = {
                "packets": len(self._stage.game.packets(player.source)),
                "nui": len(client.nui),
                "sounds": len(client.sounds),
                "feed": len(client.feed),
                "blips": len(client.map.all),
            }

    def to_json(self) -> Json:
        """Return every player's screen by his number."""
        return {str(player.source): self._screen(player.source) for player in self._stage.cast}

    def _screen(self, source: int) -> Json:
        client = self._stage.game.client(source)
        now = self._stage.game.now
        x, y, _ = client.position
        return {
            "at": [round(x, 1), round(y, 1)],
            "heading": round(client.player.heading),
            "moving": client.speed > 0,
            "focus": client.page.focus[0],
            "blips": [_blip(blip, now) for blip in client.blips],
            "feed": [
                {"id": post.handle, "text": post.text, "sender": post.sender}
                for post in client.feed
                if now - post.at < FEED_MS and post.handle not in client.feed_removed
            ],
            "sounds": [
                {"id": number, "name": sound.name, "means": _SOUNDS.get(sound.name, "")}
                for number, sound in enumerate(client.sounds)
                if now - sound.at < SOUND_MS
            ],
            "got": self._got(source, client),
        }

    def _got(self, source: int, client: GameClient) -> Json:
        """Count what came to a player since the mark, down to the bytes he was sent."""
        since = self._since[source]
        messages = client.nui[since["nui"] :]
        packets = self._stage.game.packets(source)[since["packets"] :]
        return {
            "cards": len(_pictures(messages)) + len(client.feed[since["feed"] :]),
            "notices": sum(message.get("action") == "notice" for message in messages),
            "sounds": len(client.sounds) - since["sounds"],
            "blips": len(client.map.all) - since["blips"],
            "bytes": sum(packet.bytes for packet in packets),
        }


def _pictures(messages: list[Json]) -> set[str]:
    """Return the keys of the cards a page was sent: one call is one picture, come what may."""
    keys = set[str]()
    for message in messages:
        data = message.get("data") or {}
        if message.get("action") == "show":
            keys.add(data["key"])
        elif message.get("action") == "rename":
            keys.discard(data["old"])
    return keys


def _blip(blip: Blip, now: int) -> Json:
    return {
        "id": blip.handle,
        "kind": blip.kind,
        "at": [round(blip.coords[0], 1), round(blip.coords[1], 1)],
        "radius": blip.radius,
        "sprite": blip.sprite,
        "colour": blip.colour,
        "scale": blip.scale,
        "alpha": blip.alpha,
        "name": blip.name or "",
        "flash": (blip.flash_interval or 500) if blip.flashes(now) else 0,
        "route": blip.route_colour if blip.route else None,
    }

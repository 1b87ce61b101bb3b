"""A simulated FiveM game server that runs the real, unchanged resource.

It is the engine of the demo and of the tests, as strict as the game: what FXServer would drop,
lose or misread is dropped, lost or refused here.
"""

from __future__ import annotations

from bridge.demo.game.client import GameClient
from bridge.demo.game.console import ScriptError
from bridge.demo.game.headless import HeadlessClient
from bridge.demo.game.lobby import JoinRefused
from bridge.demo.game.manifest import ManifestRefused
from bridge.demo.game.network import Packet
from bridge.demo.game.page import NuiRefused
from bridge.demo.game.players import Player, load_players
from bridge.demo.game.runtime_lua import ScriptFailure
from bridge.demo.game.screen import Blip, FeedPost, Sound
from bridge.demo.game.server import GameServer, Measure

__all__ = [
    "Blip",
    "FeedPost",
    "GameClient",
    "GameServer",
    "HeadlessClient",
    "JoinRefused",
    "ManifestRefused",
    "Measure",
    "NuiRefused",
    "Packet",
    "Player",
    "ScriptError",
    "ScriptFailure",
    "Sound",
    "load_players",
]

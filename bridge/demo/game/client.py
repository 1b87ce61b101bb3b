"""One player's game: his own scripts, and what they show him."""

from __future__ import annotations

from collections import Counter
from typing import Any

from bridge.demo.game.access import AccessControl
from bridge.demo.game.clock import Wait
from bridge.demo.game.console import Console
from bridge.demo.game.convars import REPLICATED, Convars
from bridge.demo.game.downloads import downloaded
from bridge.demo.game.fakes import StandIns
from bridge.demo.game.kvp import KvpStore, KvpValue
from bridge.demo.game.natives.feed import FeedNatives
from bridge.demo.game.natives.keys import KeyNatives
from bridge.demo.game.natives.machine import MachineNatives
from bridge.demo.game.natives.map import MapNatives
from bridge.demo.game.natives.page import PageNatives
from bridge.demo.game.natives.shared import EventNatives, KvpNatives, ResourceNatives
from bridge.demo.game.natives.sounds import SoundNatives
from bridge.demo.game.natives.surroundings import SurroundingNatives
from bridge.demo.game.natives.texts import TextNatives
from bridge.demo.game.network import Packet, Wire
from bridge.demo.game.packing import encode_args
from bridge.demo.game.page import Page
from bridge.demo.game.players import Player
from bridge.demo.game.process import ServerProcess
from bridge.demo.game.resource import Resource, Runtime
from bridge.demo.game.runtime_lua import LuaRuntime, lua_of
from bridge.demo.game.screen import Blip
from bridge.demo.game.surroundings import Surroundings
from bridge.demo.game.world import World

__all__ = ["GameClient"]

SERVER_SOURCE = "net:65535"
"""What `source` is made of for an event from the server."""


class GameClient:
    """A player's game, put together of its parts; what his scripts do is found in them.

    Args:
        player: who plays.
        process: the server, whose resources he downloads.
        wire: how his machine reaches the server.
        name: the resource whose Lua, page and store are asked about.
        machine: what is stored on his machine.
        wait: lets time pass until a condition holds.
    """

    def __init__(
        self,
        player: Player,
        process: ServerProcess,
        wire: Wire,
        *,
        name: str,
        machine: dict[str, KvpValue],
        wait: Wait,
    ) -> None:
        self.player = player
        self._process = process
        self._wire = wire
        self._name = name
        self.loaded = False
        clock = process.clock
        self.console = Console(f"client {player.source}", process.errors)
        self.convars = Convars()
        self.world = World(
            "client",
            clock=clock,
            console=self.console,
            convars=self.convars,
            access=AccessControl(allow_all=True),
            make=self._make,
        )
        self.world.scheduler = process.world.scheduler
        self.world.on_unknown_command = wire.command
        self._store = KvpStore(machine)
        # Eyes and ears
        self.surroundings = Surroundings()
        self._texts = TextNatives(self.console, self.surroundings)
        self.map = MapNatives(clock, self._texts)
        self._feed = FeedNatives(clock, self._texts)
        self.feed, self.feed_removed = self._feed.posts, self._feed.removed
        self._sounds = SoundNatives(clock)
        self.sounds = self._sounds.played
        told = StandIns(self.world)
        self.chat, self.suggestions, self.notifies = told.chat, told.suggestions, told.notifies
        # Hands
        self.page = Page(self.world, name, wait)
        self.nui, self.nui_callback = self.page.messages, self.page.call
        self.keys = KeyNatives(lambda line: self.world.commands.execute(line, None, 0))
        self.press, self.release = self.keys.press, self.keys.release

    def _make(self, world: World, resource: str, scripts: list[str]) -> list[Runtime]:
        if not any(LuaRuntime.handles in script for script in scripts):
            return []
        libraries = [
            ResourceNatives(world, resource),
            EventNatives(world, resource),
            KvpNatives(self._store, resource),
            MachineNatives(self._wire, self._store),
            PageNatives(world, self.page, self.surroundings, resource),
            SurroundingNatives(self.player, self.surroundings),
            self._texts,
            self.map,
            self._feed,
            self._sounds,
            self.keys,
        ]
        return [LuaRuntime(world, resource, libraries, self._process.strict.get(resource))]

    # Life --------------------------------------------------------------------------------------

    def load(self) -> None:
        """Download and start what runs on the server; from now on events are heard."""
        for name, value in self._process.convars.replicated().items():
            self.convars.set(name, value, REPLICATED)
        self.loaded = True
        for served in list(self._process.world.resources.values()):
            if served.state == "started":
                self.start_resource(served)

    def unload(self) -> None:
        """End the game."""
        self.loaded = False
        for resource in self.world.resources.values():
            for runtime in resource.runtimes:
                runtime.close()
            resource.runtimes = []

    def start_resource(self, served: Resource) -> None:
        """Download and start a resource."""
        if served.manifest.first("server_only") is not None or not self.loaded:
            return
        copy = downloaded(served)
        self.world.resources[served.name] = copy
        self.world.start(copy)

    def stop_resource(self, name: str) -> None:
        """Stop a resource; blips that it leaves stay on the map."""
        known = self.world.resources.get(name)
        if known is not None and known.state == "started":
            self.world.stop(known)
            self.page.forget(name)

    def hear(self, packet: Packet) -> bool:
        """Take a net event; False if it is lost, since nothing here listens."""
        if not self.loaded or not self.world.has_handlers(packet.name):
            return False
        self.world.queue(packet.name, packet.payload, SERVER_SOURCE)
        return True

    def frame(self) -> None:
        """Let one frame of the game pass."""
        if self.loaded:
            self.surroundings.frames += 1
            self._texts.forget()
            self.world.tick()

    def set_convar(self, name: str, value: str) -> None:
        """Take a replicated convar."""
        self.convars.set(name, value, REPLICATED)

    # What is seen ------------------------------------------------------------------------------

    @property
    def blips(self) -> list[Blip]:
        """Return the blips on the map."""
        return self.map.blips

    @property
    def kvp(self) -> dict[str, KvpValue]:
        """Return what the resource keeps on his machine, by key."""
        return self._store.of(self._name)

    @property
    def natives(self) -> Counter[str]:
        """Return how often the resource's client Lua called each native since its start."""
        return self._lua().native_calls()

    @property
    def speed(self) -> float:
        """Return his speed, m/s."""
        return self.player.speed

    @speed.setter
    def speed(self, value: float) -> None:
        self.player.speed = value

    @property
    def vehicle(self) -> bool:
        """Return whether he sits in a vehicle."""
        return self.player.in_vehicle

    @vehicle.setter
    def vehicle(self, value: bool) -> None:
        self.player.in_vehicle = value

    @property
    def position(self) -> tuple[float, float, float]:
        """Return where he stands."""
        return self.player.coords

    @position.setter
    def position(self, value: tuple[float, float, float]) -> None:
        self.player.coords = value

    # What he does ------------------------------------------------------------------------------

    def command(self, line: str) -> None:
        """Type a command (without slash): his scripts' first, else it goes to the server."""
        if not self.world.commands.execute(line, None, 0):
            self._wire.command(line)

    def emit(self, name: str, *args: object, resource: str = "tester") -> bool:
        """Trigger a local client event as another client resource; False if it was canceled."""
        with self.world.posing(resource):
            return self.world.trigger(name, encode_args(args), "")

    def listen(self, name: str) -> list[list[Any]]:
        """Record the arguments of every event of a name from now on."""
        heard: list[list[Any]] = []
        self.world.listen(name, lambda args, _: heard.append(args))
        return heard

    def lua(self, code: str, *args: object) -> Any:
        """Run a chunk in the resource's client Lua and return its first result.

        Raises:
            ScriptFailure: it raised.
        """
        values = self._lua().evaluate(code, *args)
        return values[0] if values else None

    def _lua(self) -> LuaRuntime:
        return lua_of(self.world.resources[self._name])

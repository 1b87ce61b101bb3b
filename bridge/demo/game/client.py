"""One player's game: his own scripts, and what they show him. Or a player without a game."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from bridge.demo.game.access import AccessControl
from bridge.demo.game.console import Console
from bridge.demo.game.convars import REPLICATED, Convars
from bridge.demo.game.downloads import downloaded
from bridge.demo.game.hashing import joaat
from bridge.demo.game.kvp import KvpStore
from bridge.demo.game.natives.hud import BlipNatives, FeedNatives, SoundNatives
from bridge.demo.game.natives.interface import InterfaceNatives
from bridge.demo.game.natives.shared import EventNatives, KvpNatives, ResourceNatives
from bridge.demo.game.natives.signature import NativeError
from bridge.demo.game.natives.surroundings import SurroundingNatives
from bridge.demo.game.packing import encode_args
from bridge.demo.game.page import Page
from bridge.demo.game.resource import Resource, Runtime
from bridge.demo.game.runtime_lua import LuaRuntime, ScriptFailure
from bridge.demo.game.screen import Blip, FeedPost, Sound, TextCommand
from bridge.demo.game.world import Poser, World

if TYPE_CHECKING:
    from collections import Counter

    from bridge.demo.game.lobby import Lobby
    from bridge.demo.game.network import Packet
    from bridge.demo.game.players import Player

__all__ = ["GameClient"]

SERVER_SOURCE = "net:65535"
"""What `source` is made of for an event from the server."""

_ANSWER_SECONDS = 5.0


class GameClient:
    """A player's game. Everything that his scripts do to screen, map and ears is kept here."""

    def __init__(self, lobby: Lobby, player: Player) -> None:
        self._lobby = lobby
        self._process = lobby.process
        self.player = player
        self.loaded = False
        self.console = Console(f"client {player.source}", self._process.errors)
        self.convars = Convars()
        self.store = KvpStore(lobby.machine_of(player))
        self.world = World(
            "client",
            clock=self._process.clock,
            console=self.console,
            convars=self.convars,
            access=AccessControl(allow_all=True),
            make=self._make,
        )
        self.world.scheduler = self._process.world.scheduler
        self.world.on_unknown_command = lambda line: lobby.command(player.source, line)
        self.frames = 0
        # The map
        self.all_blips: dict[int, Blip] = {}
        self.blip_handles = itertools.count(1001)
        self.waypoint: tuple[float, float] | None = None
        # Eyes and ears
        self.feed: list[FeedPost] = []
        self.feed_removed: list[int] = []
        self.open_sounds: set[int] = set()
        self._text: TextCommand | None = None
        self.sounds: list[Sound] = []
        self.text_entries: dict[str, str] = {}
        self.chat: list[Any] = []
        self.suggestions: dict[str, Any] = {}
        self.notifies: list[Any] = []
        self.page = Page(self.world)
        self.nui = self.page.messages
        # Keys: command -> (description, mapper, default key); bindings differ from the default
        self.key_mappings: dict[str, tuple[str, str, str]] = {}
        self.key_bindings: dict[str, str] = {}
        # Settings and surroundings, to be changed by a test
        self.paused = False
        self.hud_hidden = False
        self.radar_hidden = False
        self.big_map = False
        self.faded_out = False
        self.dead = False
        self.resolution = (1920, 1080)
        self.safe_zone = 1.0
        self.cursor = (960, 540)
        self.camera_heading = 0.0
        self.language = 0
        self.metric = True
        self.streets: tuple[str, str] = ("Vespucci Blvd", "Alta St")
        self.zone = "DOWNT"
        self.zone_label = "Downtown"

    def _make(self, world: World, resource: str, scripts: list[str]) -> list[Runtime]:
        if not any(LuaRuntime.handles in script for script in scripts):
            return []
        libraries = [
            ResourceNatives(world, resource),
            EventNatives(world, resource),
            KvpNatives(self.store, resource),
            BlipNatives(self),
            FeedNatives(self),
            SoundNatives(self),
            InterfaceNatives(self, resource),
            SurroundingNatives(self),
        ]
        return [LuaRuntime(world, resource, libraries, self._process.strict.get(resource))]

    # Life --------------------------------------------------------------------------------------

    def load(self) -> None:
        """Download and start what runs on the server; from now on events are heard."""
        self.world.listen("__sim:chat", self._chat)
        self.world.listen("__sim:ox_lib", lambda args, _: self.notifies.append(args[0]))
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
            self.frames += 1
            self.world.tick()

    def set_convar(self, name: str, value: str) -> None:
        """Take a replicated convar."""
        self.convars.set(name, value, REPLICATED)

    def _chat(self, args: list[Any], _: str) -> None:
        what, value = args[0], args[1]
        if what == "message":
            self.chat.append(value)
        elif what == "add":
            self.suggestions[value["name"]] = value
        else:
            self.suggestions.pop(value, None)

    # Text that scripts put together -------------------------------------------------------------

    def begin_text(self, kind: str, label: str) -> None:
        """Begin a text; it must be ended within this frame."""
        self._text = TextCommand(kind, label, self.frames)

    def open_text(self) -> TextCommand:
        """Return the text that was begun in this frame.

        Raises:
            NativeError: there is none: the game would show nothing.
        """
        if self._text is None or self._text.frame != self.frames:
            raise NativeError("no text was begun in this frame")
        return self._text

    def end_text(self, kind: str) -> tuple[str, tuple[str, ...]]:
        """End the text; returns it and its components."""
        command = self.open_text()
        if command.kind != kind:
            raise NativeError(f"the text was begun for a {command.kind}, not a {kind}")
        self._text = None
        return command.text(self.text_entries), tuple(command.components)

    def send(self, name: str, payload: bytes) -> None:
        """Send a net event to the server."""
        self._lobby.receive(self.player.source, name, payload)

    # What is seen ------------------------------------------------------------------------------

    @property
    def blips(self) -> list[Blip]:
        """Return the blips on the map."""
        return [blip for blip in self.all_blips.values() if blip.removed_at is None]

    @property
    def removed_blips(self) -> list[Blip]:
        """Return those that were there once."""
        return [blip for blip in self.all_blips.values() if blip.removed_at is not None]

    @property
    def commands(self) -> list[str]:
        """Return the names of his scripts' commands."""
        return [str(command["name"]) for command in self.world.commands.all()]

    @property
    def kvp(self) -> dict[str, Any]:
        """Return what the resource keeps on his machine, by key."""
        return dict(self.store.of(self._lobby.name))

    @property
    def packets(self) -> list[Packet]:
        """Return what the server sent him."""
        return self._lobby.packets(self.player.source)

    @property
    def nui_focus(self) -> tuple[bool, bool]:
        """Return whether the page has keyboard and mouse."""
        return self.page.focus

    @property
    def on_nui(self) -> Callable[[Any], None] | None:
        """Return who is told of each message to the page."""
        return self.page.on_message

    @on_nui.setter
    def on_nui(self, value: Callable[[Any], None] | None) -> None:
        self.page.on_message = value

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
            self._lobby.command(self.player.source, line)

    def press(self, name: str) -> None:
        """Press the key of `+name` (a mapping must exist)."""
        self._key(f"+{name}")

    def release(self, name: str) -> None:
        """Let go the key of `-name`."""
        self._key(f"-{name}")

    def _key(self, command: str) -> None:
        mapped = command.replace("-", "+", 1) if command.startswith("-") else command
        if mapped not in self.key_mappings and command[1:] not in self.key_mappings:
            raise KeyError(f"no key is mapped to {mapped}")
        if command[1:] in self.key_mappings:
            if command.startswith("+"):
                self.world.commands.execute(command[1:], None, 0)
            return
        self.world.commands.execute(command, None, 0)

    def key_label(self, control: int) -> str:
        """Return how the game names the key of a mapped command, by its hash."""
        for command, (_, _, default) in self.key_mappings.items():
            if (joaat(command) | 0x80000000) & 0xFFFFFFFF == control & 0xFFFFFFFF:
                key = self.key_bindings.get(command, default)
                return f"t_{key.upper()}" if key else ""
        return ""

    async def nui_callback(
        self,
        callback: str,
        data: Any = None,
        *,
        resource: str | None = None,
        origin: str | None = None,
    ) -> Any:
        """Let the page call back, and return the answer.

        Raises:
            NuiRefused: no such callback, or a page of another origin.
            TimeoutError: nobody answers, and the page's request would hang.
        """
        answers = self.page.call(
            callback, data, resource=resource or self._lobby.name, origin=origin
        )
        await self._lobby.wait(lambda: answers, _ANSWER_SECONDS)
        return answers[0]

    def emit(self, name: str, *args: object, resource: str = "tester") -> bool:
        """Trigger a local client event as another client resource; False if it was canceled."""
        self.world.stack.append(Poser(resource))
        try:
            return self.world.trigger(name, encode_args(args), "")
        finally:
            self.world.stack.pop()

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
        values = self._scripts().evaluate(code, *args)
        return values[0] if values else None

    @property
    def natives(self) -> Counter[str]:
        """Return how often the resource's client Lua called each native since its start."""
        return self._scripts().native_calls()

    def _scripts(self) -> LuaRuntime:
        for runtime in self.world.resources[self._lobby.name].runtimes:
            if isinstance(runtime, LuaRuntime):
                return runtime
        raise ScriptFailure("no client scripts run")

"""The simulated game server: runs a resource as FXServer does, with players that a test moves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from bridge.demo.game.client import GameClient
from bridge.demo.game.clock import ManualClock, RealClock
from bridge.demo.game.commands import split_line
from bridge.demo.game.console import ScriptError
from bridge.demo.game.fakes import made_up_resource
from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.headless import HeadlessClient
from bridge.demo.game.kvp import KvpValue
from bridge.demo.game.lobby import ClientKind, Lobby
from bridge.demo.game.natives.server import EntityNatives, PlayerNatives, ServerNatives
from bridge.demo.game.natives.shared import EventNatives, KvpNatives, ResourceNatives
from bridge.demo.game.network import Packet
from bridge.demo.game.pace import Pace
from bridge.demo.game.packing import FunctionRef, encode_args
from bridge.demo.game.players import Player, Players
from bridge.demo.game.process import ServerProcess
from bridge.demo.game.runtime_lua import LuaRuntime, ScriptFailure, lua_of

__all__ = ["GameServer", "Measure"]


@dataclass(frozen=True, slots=True)
class Measure:
    """What the resource's server scripts used since the last look."""

    natives: Counter[str]
    seconds: float
    """Processor time inside its Lua, the natives that it called included."""
    engine_seconds: float
    """The part of it that went into JSON and MessagePack: C in the game, Lua here.

    Counted from the first call of `measure` on.
    """


class GameServer:
    """One server with one resource of interest, and others that a test adds.

    Args:
        resource_dir: the folder of the resource.
        name: the folder's name on the server.
        convars: set (not replicated) before anything starts.
        onesync: without it the server knows no positions.
        clock: `manual` moves by `advance` only, `real` runs by itself.
        javascript: run server JavaScript under Node (real clock only).
        build: the server's build number, for `/server:` dependencies.
        websocket: False simulates a Node without a global WebSocket.
        store: the server's key-value store, to outlive this object.
        files: laid over the folder: name to text or bytes, None for a missing file.
        globals_allowed: globals that the resource's scripts may make; others are errors.
        seed: decides which runtime of a resource, Lua or JavaScript, gets an event first.
    """

    def __init__(
        self,
        resource_dir: Path,
        *,
        name: str = "cadbridge",
        convars: Mapping[str, str] | None = None,
        onesync: bool = True,
        clock: Literal["manual", "real"] = "manual",
        javascript: bool | None = None,
        build: int = 28954,
        websocket: bool = True,
        store: dict[str, KvpValue] | None = None,
        files: Mapping[str, str | bytes | None] | None = None,
        globals_allowed: Iterable[str] = ("CadBridge",),
        seed: int = 0,
    ) -> None:
        self.name = name
        if clock == "manual" and javascript:
            raise ValueError("Node runs in real time: clock='manual' needs javascript=False")
        self.clock = ManualClock() if clock == "manual" else RealClock()
        self.process = ServerProcess(
            self.clock,
            onesync=onesync,
            build=build,
            javascript=clock == "real" if javascript is None else javascript,
            websocket=websocket,
            store=store,
            strict={name: frozenset(globals_allowed)},
            seed=seed,
        )
        self.process.libraries = self._libraries
        self.world = self.process.world
        self.lobby = Lobby(self.process, name, self.wait_for)
        self._pace = Pace(self.clock, frame=self.lobby.frame, tick=self._tick)
        self._measured: tuple[Counter[str], float, float] = (Counter(), 0.0, 0.0)
        self._own = ResourceFiles(resource_dir, files)
        for key, value in (convars or {}).items():
            self.process.convars.set(key, value)

    def _libraries(self, resource: str) -> list[object]:
        return [
            ResourceNatives(self.world, resource),
            EventNatives(self.world, resource),
            KvpNatives(self.process.store, resource),
            PlayerNatives(self.lobby),
            EntityNatives(self.lobby.players, onesync=self.process.onesync),
            ServerNatives(self.lobby, resource),
        ]

    # Life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the resource, and the clock if it runs by itself.

        Raises:
            ManifestRefused: FXServer would not start the resource.
        """
        self.process.add(self.name, self._own)
        self.process.start(self.name)
        self._pace.start()

    async def stop(self) -> None:
        """Stop everything."""
        try:
            await self._pace.stop()
        finally:
            self._stop_all()

    def _stop_all(self) -> None:
        for source in list(self.lobby.clients):
            self.lobby.unload(source)
        for name in list(self.world.resources):
            self.process.stop(name)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def start_resource(self, name: str) -> None:
        """Start a resource on the server, and a tick later with the players."""
        self.lobby.start_resource(name)
        await self._pace.next_tick()

    async def stop_resource(self, name: str) -> None:
        """Stop a resource everywhere."""
        self.lobby.stop_resource(name)

    async def restart_resource(self, name: str | None = None) -> None:
        """Stop and start a resource; what it sends to players while they reload is lost."""
        self.lobby.restart_resource(name or self.name)
        await self._pace.next_tick()

    async def add_resource(
        self,
        name: str,
        *,
        server: str = "",
        client: str = "",
        manifest: str = "",
        files: Mapping[str, str | bytes | None] | None = None,
        start: bool = True,
    ) -> None:
        """Add a resource made of Lua text, with runtimes of its own.

        Without scripts, `chat` and `ox_lib` are stand-ins that record what they are told.
        """
        self.process.add(name, made_up_resource(name, server, client, manifest, files or {}))
        if start:
            await self.start_resource(name)

    # Players -----------------------------------------------------------------------------------

    async def join(self, player: Player, client: ClientKind | None = None) -> None:
        """Let a player connect and join; his client is loaded if one is named.

        Raises:
            JoinRefused: a resource refused him.
        """
        await self.lobby.join(player)
        if client is not None:
            self.lobby.load(player.source, client)

    async def load_client(self, source: int, kind: ClientKind = "lua") -> None:
        """Load a player's client; from then on he hears what is sent to him."""
        self.lobby.load(source, kind)

    async def unload_client(self, source: int) -> None:
        """Let a player's client be as if it had not loaded."""
        self.lobby.unload(source)

    async def drop(self, source: int, reason: str = "Exiting") -> None:
        """Let a player leave."""
        self.lobby.drop(source, reason)

    @property
    def players(self) -> Players:
        """Return who is connected."""
        return self.lobby.players

    def player(self, source: int) -> Player:
        """Return a player who is connected."""
        return self.lobby.player(source)

    def client(self, source: int) -> GameClient:
        """Return a player's game."""
        client = self.lobby.clients[source]
        if not isinstance(client, GameClient):
            raise TypeError(f"player {source} is headless")
        return client

    def headless(self, source: int) -> HeadlessClient:
        """Return the record of a headless player."""
        client = self.lobby.clients[source]
        if not isinstance(client, HeadlessClient):
            raise TypeError(f"player {source} has a game of his own")
        return client

    def move(self, source: int, x: float, y: float, z: float, heading: float | None = None) -> None:
        """Put a player somewhere."""
        player = self.lobby.player(source)
        player.coords = (float(x), float(y), float(z))
        if heading is not None:
            player.heading = float(heading)

    # Time --------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Return the game timer, ms."""
        return self.clock.now()

    def _tick(self) -> None:
        self.lobby.deliver()
        self.process.tick()

    async def advance(self, milliseconds: int) -> None:
        """Let time pass (manual clock): whole ticks of 50 ms, with three frames in each."""
        await self._pace.advance(milliseconds)

    async def wait_for(
        self,
        condition: Callable[[], object],
        timeout: float = 20.0,  # noqa: ASYNC109 - of the game's clock
    ) -> None:
        """Let time pass until something is so.

        Raises:
            TimeoutError: it was not so within the time (of the clock in use).
        """
        await self._pace.wait_for(condition, timeout)

    async def settle(self) -> None:
        """Let time pass until nothing is under way between server and players."""
        await self.wait_for(lambda: self.lobby.settled)

    # What a test does --------------------------------------------------------------------------

    def console(self, line: str) -> list[str]:
        """Type into the server's console; returns the lines that were printed meanwhile."""
        before = len(self.process.console.lines)
        for command in split_line(line):
            with self.process.scripts():
                known = self.world.commands.execute(command, None, 0)
            if not known:
                self.process.console.write("cmd", f"No such command {command.split()[0]}.\n")
        return self.process.console.since(before)

    @property
    def console_lines(self) -> list[str]:
        """Return everything printed so far."""
        return self.process.console.lines

    def command_as(self, source: int, line: str) -> None:
        """Let a player type a command (without slash)."""
        client = self.lobby.clients.get(source)
        if isinstance(client, GameClient):
            client.command(line)
        else:
            self.lobby.command(source, line)

    def emit_as_client(self, source: int, name: str, *args: object) -> None:
        """Send a net event as a player's machine could, forged ones too; it comes with a tick."""
        self.lobby.receive(source, name, encode_args(args))

    def emit_raw_as_client(self, source: int, name: str, payload: bytes) -> None:
        """Send a net event with any bytes."""
        self.lobby.receive(source, name, payload)

    @contextmanager
    def _posing(self, resource: str) -> Iterator[None]:
        with self.process.scripts(), self.world.posing(resource):
            yield

    def emit_local(self, name: str, *args: object, resource: str | None = None) -> bool:
        """Trigger a local event as a resource (this one if none is named).

        Returns False if a handler canceled it.
        """
        with self._posing(resource or self.name):
            return self.world.trigger(name, encode_args(args), "")

    def listen(self, name: str) -> list[list[Any]]:
        """Record the arguments of every server event of a name from now on."""
        heard: list[list[Any]] = []
        self.world.listen(name, lambda args, _: heard.append(args))
        return heard

    def on(self, name: str, callback: Callable[..., object]) -> None:
        """Call a function with the arguments of every server event of a name."""

        def call(args: list[Any], _: str) -> None:
            callback(*args)

        self.world.listen(name, call)

    def export(self, name: str, *args: object, resource: str = "tester") -> Any:
        """Call the resource's server export as another resource; returns its first result.

        Raises:
            ScriptFailure: there is no such export, or it raised.
        """
        found: list[FunctionRef] = []
        give = FunctionRef(self.world.python_reference(lambda a: found.append(a[0])))
        with self._posing(resource):
            self.world.trigger(f"__cfx_export_{self.name}_{name}", encode_args([give]), "")
            if not found:
                raise ScriptFailure(f"no such export {name} in resource {self.name}")
            results = self.world.call(found[0].text, *args)
        if results is None:
            raise ScriptFailure(f"the export {name} failed")
        return results[0] if results else None

    def lua(self, code: str, *args: object) -> Any:
        """Run a chunk in the resource's server Lua and return its first result.

        Raises:
            ScriptFailure: it raised.
        """
        with self.process.scripts():
            values = self._lua_runtime().evaluate(code, *args)
        return values[0] if values else None

    def _lua_runtime(self) -> LuaRuntime:
        return lua_of(self.world.resources[self.name])

    def set_convar(self, name: str, value: str) -> None:
        """Set a convar, as `set` does."""
        with self.process.scripts():
            self.process.convars.set(name, value)

    def grant_ace(self, principal: str, target: str) -> None:
        """Allow something, as `add_ace` does."""
        self.process.access.add(principal, target)

    def revoke_ace(self, principal: str, target: str) -> None:
        """Take that back."""
        self.process.access.remove(principal, target)

    def add_principal(self, child: str, parent: str) -> None:
        """Let a principal inherit, as `add_principal` does."""
        self.process.access.inherit(child, parent)

    def remove_principal(self, child: str, parent: str) -> None:
        """Take that back."""
        self.process.access.disinherit(child, parent)

    # What a test looks at ----------------------------------------------------------------------

    @property
    def errors(self) -> list[ScriptError]:
        """Return what scripts did wrong so far, on the server and with all players."""
        return self.process.errors

    def packets(self, source: int) -> list[Packet]:
        """Return every net event that was sent to a player, lost ones too."""
        return self.lobby.packets(source)

    @property
    def natives(self) -> Counter[str]:
        """Return how often the resource's server Lua called each native since its start."""
        return self._lua_runtime().native_calls()

    def measure(self) -> Measure:
        """Return what the resource's server Lua used since the last call."""
        runtime = self._lua_runtime()
        natives, seconds, engine = self._measured
        now = (runtime.native_calls(), runtime.seconds, runtime.engine_seconds())
        self._measured = now
        return Measure(Counter(now[0]) - natives, now[1] - seconds, now[2] - engine)

"""The simulated game server: runs a resource as FXServer does, with players that a test moves."""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from bridge.demo.game.access import AccessControl
from bridge.demo.game.client import GameClient, HeadlessClient, Poser
from bridge.demo.game.clock import TICK_MS, ManualClock, RealClock
from bridge.demo.game.commands import split_line
from bridge.demo.game.console import Console, ScriptError
from bridge.demo.game.convars import ARCHIVE, REPLICATED, SERVER_INFO, Convars
from bridge.demo.game.fakes import FAKES
from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.kvp import KvpStore, KvpValue
from bridge.demo.game.manifest import ManifestRefused, read_manifest
from bridge.demo.game.natives.server import EntityNatives, PlayerNatives, ServerNatives
from bridge.demo.game.natives.shared import EventNatives, KvpNatives, ResourceNatives
from bridge.demo.game.network import Packet, ServerDoor
from bridge.demo.game.packing import FunctionRef, encode_args
from bridge.demo.game.players import Player, Players
from bridge.demo.game.resource import Resource, Runtime
from bridge.demo.game.runtime_js import JsRuntime
from bridge.demo.game.runtime_lua import LuaRuntime, ScriptFailure
from bridge.demo.game.world import World

__all__ = ["GameServer", "JoinRefused", "Measure"]

FRAMES_PER_TICK = 3
"""A player's game draws 60 frames a second while the server ticks 20 times."""

SCHEDULER_VARIABLE = "CAD_BRIDGE_SCHEDULER_LUA"
"""Names CitizenFX's own scheduler.lua, to run server scripts under it instead of ours."""

ClientKind = Literal["lua", "headless"]


class JoinRefused(Exception):
    """A resource did not let the player in."""


@dataclass(frozen=True, slots=True)
class Measure:
    """What the resource's server scripts used since the last look."""

    natives: Counter[str]
    seconds: float
    """Time spent inside its Lua, the natives that it called included."""


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
    ) -> None:
        self.name = name
        self.globals_allowed = frozenset(globals_allowed)
        self.onesync = onesync
        self.build = build
        self.websocket = websocket
        self.errors: list[ScriptError] = []
        self.clock = ManualClock() if clock == "manual" else RealClock()
        self.javascript = clock == "real" if javascript is None else javascript
        if self.javascript and clock == "manual":
            raise ValueError("Node runs in real time: clock='manual' needs javascript=False")
        self.console_output = Console("server", self.errors)
        self.convars = Convars()
        self.access = AccessControl()
        self.store = KvpStore(store)
        self.players = Players()
        self.world = World(
            "server",
            clock=self.clock,
            console=self.console_output,
            convars=self.convars,
            access=self.access,
            make=self._make,
        )
        scheduler = os.environ.get(SCHEDULER_VARIABLE)
        if scheduler:
            self.world.scheduler = Path(scheduler).read_bytes()
        self._clients: dict[int, GameClient | HeadlessClient] = {}
        self._doors: dict[int, ServerDoor] = {}
        self._packets: dict[int, list[Packet]] = {}
        self._outgoing: list[tuple[int, int, Packet]] = []
        self._machines: dict[str, dict[str, KvpValue]] = {}
        self._js: list[JsRuntime] = []
        self._taken: list[JsRuntime] = []
        self._inside = 0
        self._task: asyncio.Task[None] | None = None
        self._measured: tuple[Counter[str], float] = (Counter(), 0.0)
        self._own = ResourceFiles(resource_dir, files)
        self._builtins()
        for key, value in (convars or {}).items():
            self.convars.set(key, value)
        self.convars.watch("", None, self._replicate)

    # Making ------------------------------------------------------------------------------------

    def _make(self, world: World, resource: str, scripts: list[str]) -> list[Runtime]:
        runtimes: list[Runtime] = []
        if any(LuaRuntime.handles in script for script in scripts):
            libraries = self._libraries(resource)
            runtimes.append(LuaRuntime(world, resource, libraries, self.globals_of(resource)))
        if self.javascript and any(JsRuntime.handles in script for script in scripts):
            runtimes.append(self._make_js(world, resource))
        return runtimes

    def _libraries(self, resource: str) -> list[object]:
        return [
            ResourceNatives(self.world, resource),
            EventNatives(self.world, resource),
            KvpNatives(self.store, resource),
            PlayerNatives(self),
            EntityNatives(self),
            ServerNatives(self, resource),
        ]

    def _make_js(self, world: World, resource: str) -> JsRuntime:
        root = world.resources[resource].files.root
        runtime = JsRuntime(
            world,
            resource,
            self._libraries(resource),
            folder="" if root is None else str(root),
            websocket=self.websocket,
            entering=self.scripts,
        )
        self._js = [known for known in self._js if not known.gone]
        self._js.append(runtime)
        if self._inside:
            runtime.take()
            self._taken.append(runtime)
        return runtime

    @contextmanager
    def scripts(self) -> Iterator[None]:
        """Hold while scripts of the server are entered: JavaScript does not run by itself."""
        self._inside += 1
        if self._inside == 1:
            self._taken = list(self._js)
            for runtime in self._taken:
                runtime.take()
        try:
            yield
        finally:
            self._inside -= 1
            if self._inside == 0:
                for runtime in self._taken:
                    runtime.give()

    def globals_of(self, resource: str) -> frozenset[str] | None:
        """Return the globals that a resource may make; None: any, it is not the one in test."""
        return self.globals_allowed if resource == self.name else None

    def _builtins(self) -> None:
        add = self.world.commands.builtin
        add("set", lambda a: self.convars.set(a[0], a[1]))
        add("setr", lambda a: self.convars.set(a[0], a[1], REPLICATED))
        add("sets", lambda a: self.convars.set(a[0], a[1], SERVER_INFO))
        add("seta", lambda a: self.convars.set(a[0], a[1], ARCHIVE))
        add("add_ace", lambda a: self.access.add(a[0], a[1], allow=a[2] == "allow"))
        add("remove_ace", lambda a: self.access.remove(a[0], a[1], allow=a[2] == "allow"))
        add("add_principal", lambda a: self.access.inherit(a[0], a[1]))
        add("remove_principal", lambda a: self.access.disinherit(a[0], a[1]))
        add("add_convar_permission", self._add_convar_permission)

    def _add_convar_permission(self, words: list[str]) -> None:
        if words[1] == "read":
            self.convars.restrict(words[0], words[2])

    def _replicate(self, name: str) -> None:
        known = self.convars.find(name)
        if known is not None and REPLICATED in known.flags:
            for client in self._clients.values():
                client.set_convar(known.name, known.value)

    def machine_of(self, player: Player) -> dict[str, KvpValue]:
        """Return what is stored on a player's machine; it survives leaving and joining again."""
        key = player.identifiers[0] if player.identifiers else player.name
        return self._machines.setdefault(key, {})

    # Life --------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Start the resource, and the clock if it runs by itself.

        Raises:
            ManifestRefused: FXServer would not start the resource.
        """
        self._register(self.name, self._own)
        self._start(self.name)
        if isinstance(self.clock, RealClock):
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop everything."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        for client in self._clients.values():
            if isinstance(client, GameClient):
                client.unload()
        for resource in list(self.world.resources.values()):
            if resource.state == "started":
                with self.scripts():
                    resource.stop(self.world)

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

    def _register(self, name: str, files: ResourceFiles) -> None:
        """Read a manifest, as `refresh` does."""
        self.world.resources[name] = Resource(name, files, read_manifest(files))

    def _start(self, name: str) -> None:
        resource = self.world.resources[name]
        try:
            resource.manifest.check(
                build=self.build,
                onesync=self.onesync,
                resources=frozenset(self.world.resources),
            )
        except ManifestRefused as refusal:
            self.console_output.write("resources", f"^1Resource {name} {refusal}^7\n")
            raise
        with self.scripts():
            resource.start(self.world)
        self.console_output.write("resources", f"Started resource {name}\n")

    async def start_resource(self, name: str) -> None:
        """Start a resource on the server, and a tick later with the players."""
        self._register(name, self.world.resources[name].files)
        self._start(name)
        await self._next_tick()
        for client in self._clients.values():
            client.start_resource(self.world.resources[name])

    async def stop_resource(self, name: str) -> None:
        """Stop a resource everywhere."""
        with self.scripts():
            self.world.resources[name].stop(self.world)
        self.console_output.write("resources", f"Stopping resource {name}\n")
        for client in self._clients.values():
            client.stop_resource(name)

    async def restart_resource(self, name: str | None = None) -> None:
        """Stop and start a resource; what it sends to players while they reload is lost."""
        await self.stop_resource(name or self.name)
        await self.start_resource(name or self.name)

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
        if name in FAKES and not (server or client):
            client = FAKES[name]
        lines = ["fx_version 'cerulean'", "game 'gta5'", manifest]
        content: dict[str, str | bytes | None] = dict(files or {})
        for side, text in (("server", server), ("client", client)):
            if text:
                lines.append(f"{side}_script '{side}.lua'")
                content[f"{side}.lua"] = text
        content["fxmanifest.lua"] = "\n".join(lines)
        self._register(name, ResourceFiles(None, content))
        if start:
            await self.start_resource(name)

    # Players -----------------------------------------------------------------------------------

    async def join(self, player: Player, client: ClientKind | None = None) -> None:
        """Let a player connect and join; his client is loaded if one is named.

        Raises:
            JoinRefused: a resource refused him.
        """
        temporary = self.players.connecting(player)
        await self._ask_to_connect(player, temporary)
        self.players.joined(player)
        self._doors[player.source] = ServerDoor()
        self._packets.setdefault(player.source, [])
        self._internal("playerJoining", player.source, str(temporary))
        if client is not None:
            await self.load_client(player.source, client)

    async def _ask_to_connect(self, player: Player, temporary: int) -> None:
        state: dict[str, Any] = {"deferred": False, "done": False, "refusal": None}

        def done(args: list[Any]) -> None:
            state.update(done=True, refusal=args[0] if args else None)

        def reference(function: Callable[[list[Any]], object]) -> FunctionRef:
            return FunctionRef(self.world.python_reference(function))

        deferrals = {
            "defer": reference(lambda _: state.update(deferred=True)),
            "update": reference(lambda _: None),
            "presentCard": reference(lambda _: None),
            "handover": reference(lambda _: None),
            "done": reference(done),
        }
        kick = reference(lambda args: state.update(refusal=args[0] if args else ""))
        accepted = self._internal("playerConnecting", temporary, player.name, kick, deferrals)
        if state["deferred"]:
            await self.wait_for(lambda: bool(state["done"]), 30.0)
        if not accepted or state["refusal"] is not None:
            self.players.refused(player)
            raise JoinRefused(str(state["refusal"] or "refused"))

    async def load_client(self, source: int, kind: ClientKind = "lua") -> None:
        """Load a player's client; from then on he hears what is sent to him."""
        player = self.players.get(source)
        if player is None:
            raise KeyError(f"no player {source}")
        if kind == "headless":
            self._clients[source] = HeadlessClient(self, player)
            return
        client = GameClient(self, player)
        self._clients[source] = client
        client.load()

    async def unload_client(self, source: int) -> None:
        """Let a player's client be as if it had not loaded."""
        client = self._clients.pop(source, None)
        if isinstance(client, GameClient):
            client.unload()

    async def drop(self, source: int, reason: str = "Exiting") -> None:
        """Let a player leave."""
        self.drop_now(source, reason)

    def drop_now(self, source: int, reason: str) -> None:
        """Take a player from the server; in `playerDropped` he is still listed."""
        player = self.players.get(source)
        if player is None:
            return
        self._internal("playerDropped", source, reason, "monitor", 1)
        self.players.left(player)
        self._doors.pop(source, None)
        client = self._clients.pop(source, None)
        if isinstance(client, GameClient):
            client.unload()

    def _internal(self, name: str, source: int, *args: object) -> bool:
        """Trigger an event that the server itself raises about a player."""
        with self.scripts():
            return self.world.trigger(name, encode_args(args), f"internal-net:{source}")

    def player(self, source: int) -> Player:
        """Return a player who is connected."""
        player = self.players.get(source)
        if player is None:
            raise KeyError(f"no player {source}")
        return player

    def client(self, source: int) -> GameClient:
        """Return a player's game."""
        client = self._clients[source]
        if not isinstance(client, GameClient):
            raise TypeError(f"player {source} is headless")
        return client

    def headless(self, source: int) -> HeadlessClient:
        """Return the record of a headless player."""
        client = self._clients[source]
        if not isinstance(client, HeadlessClient):
            raise TypeError(f"player {source} has a game of his own")
        return client

    def move(self, source: int, x: float, y: float, z: float, heading: float | None = None) -> None:
        """Put a player somewhere."""
        player = self.player(source)
        player.coords = (float(x), float(y), float(z))
        if heading is not None:
            player.heading = float(heading)

    # The wire ----------------------------------------------------------------------------------

    def send(self, name: str, target: bytes, payload: bytes, rate: int) -> None:
        """Send a net event to a player (or `-1`: all); an unknown target is ignored."""
        if target == b"-1":
            sources = [player.source for player in self.players]
        else:
            player = self.players.find(target)
            sources = (
                [] if player is None or self.players.get(player.source) is None else [player.source]
            )
        now = self.clock.now()
        due = now + (len(payload) * 1000 // rate if rate > 0 else 0)
        for source in sources:
            packet = Packet(name, payload, now, rate > 0)
            self._packets[source].append(packet)
            self._outgoing.append((due, source, packet))

    def receive(self, source: int, name: str, payload: bytes) -> None:
        """Take a net event from a player's machine, within the limits of the server."""
        door = self._doors.get(source)
        if door is None:
            return
        verdict = door.event(self.clock.now(), name, len(name) + len(payload))
        if verdict is None:
            self.world.queue(name, payload, f"net:{source}")
        elif verdict:
            self.drop_now(source, verdict)

    def command_from_client(self, source: int, line: str) -> None:
        """Take a command that a player's own scripts do not know."""
        door = self._doors.get(source)
        player = self.players.get(source)
        if door is None or player is None:
            return
        verdict = door.command(self.clock.now(), line)
        if verdict is None:
            with self.scripts():
                self.world.commands.execute(line, player.principals(), source)
        elif verdict:
            self.drop_now(source, verdict)

    def packets(self, source: int) -> list[Packet]:
        """Return every net event that was sent to a player, lost ones too."""
        return self._packets.setdefault(source, [])

    def _deliver(self) -> None:
        now = self.clock.now()
        waiting, self._outgoing = self._outgoing, []
        for due, source, packet in waiting:
            if due > now:
                self._outgoing.append((due, source, packet))
                continue
            client = self._clients.get(source)
            packet.lost = client is None or not client.hear(packet)

    # Time --------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Return the game timer, ms."""
        return self.clock.now()

    def _tick(self) -> None:
        self._deliver()
        with self.scripts():
            self.world.tick()

    def _frame(self) -> None:
        for client in list(self._clients.values()):
            client.frame()

    async def _run(self) -> None:
        count = 0
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += TICK_MS / FRAMES_PER_TICK / 1000
            await asyncio.sleep(max(0.0, due - loop.time()))
            self._frame()
            count += 1
            if count % FRAMES_PER_TICK == 0:
                self._tick()

    def _step(self) -> None:
        clock = self.clock
        assert isinstance(clock, ManualClock)  # noqa: S101 - the callers' condition
        for length in (16, 17, 17):
            clock.move(length)
            self._frame()
        self._tick()

    async def advance(self, milliseconds: int) -> None:
        """Let time pass (manual clock): whole ticks of 50 ms, with three frames in each."""
        if not isinstance(self.clock, ManualClock):
            raise TypeError("only a manual clock can be moved")
        for _ in range(-(-milliseconds // TICK_MS)):
            self._step()
        await asyncio.sleep(0)

    async def _next_tick(self) -> None:
        if isinstance(self.clock, ManualClock):
            self._step()
        else:
            self._tick()
            await asyncio.sleep(0)

    async def wait_for(
        self,
        condition: Callable[[], object],
        timeout: float = 5.0,  # noqa: ASYNC109 - of the game's clock
    ) -> None:
        """Let time pass until something is so.

        Raises:
            TimeoutError: it was not so within the time (of the clock in use).
        """
        end = self.clock.now() + int(timeout * 1000)
        while not condition():
            if self.clock.now() >= end:
                raise TimeoutError("what was waited for did not happen")
            if isinstance(self.clock, ManualClock):
                self._step()
                await asyncio.sleep(0)
            else:
                await asyncio.sleep(0.005)

    async def settle(self) -> None:
        """Let time pass until nothing is under way between server and players."""
        await self.wait_for(self._settled, 5.0)

    def _settled(self) -> bool:
        return (
            not self._outgoing
            and self.world.idle
            and all(
                client.world.idle
                for client in self._clients.values()
                if isinstance(client, GameClient)
            )
        )

    # What a test does --------------------------------------------------------------------------

    def console(self, line: str) -> list[str]:
        """Type into the server's console; returns the lines that were printed meanwhile."""
        before = len(self.console_output.lines)
        for command in split_line(line):
            with self.scripts():
                known = self.world.commands.execute(command, None, 0)
            if not known:
                self.console_output.write("cmd", f"No such command {command.split()[0]}.\n")
        return self.console_output.since(before)

    @property
    def console_lines(self) -> list[str]:
        """Return everything printed so far."""
        return self.console_output.lines

    def command_as(self, source: int, line: str) -> None:
        """Let a player type a command (without slash)."""
        client = self._clients.get(source)
        if isinstance(client, GameClient):
            client.command(line)
        else:
            self.command_from_client(source, line)

    def emit_as_client(self, source: int, name: str, *args: object) -> None:
        """Send a net event as a player's machine could, forged ones too; it comes with a tick."""
        self.receive(source, name, encode_args(args))

    def emit_raw_as_client(self, source: int, name: str, payload: bytes) -> None:
        """Send a net event with any bytes."""
        self.receive(source, name, payload)

    @contextmanager
    def _posing(self, resource: str) -> Iterator[None]:
        with self.scripts():
            self.world.stack.append(Poser(resource))
            try:
                yield
            finally:
                self.world.stack.pop()

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
        with self.scripts():
            values = self._lua_runtime().evaluate(code, *args)
        return values[0] if values else None

    def _lua_runtime(self) -> LuaRuntime:
        for runtime in self.world.resources[self.name].runtimes:
            if isinstance(runtime, LuaRuntime):
                return runtime
        raise ScriptFailure("no server Lua runs")

    def set_convar(self, name: str, value: str) -> None:
        """Set a convar, as `set` does."""
        with self.scripts():
            self.convars.set(name, value)

    def grant_ace(self, principal: str, target: str) -> None:
        """Allow something, as `add_ace` does."""
        self.access.add(principal, target)

    def revoke_ace(self, principal: str, target: str) -> None:
        """Take that back."""
        self.access.remove(principal, target)

    def add_principal(self, child: str, parent: str) -> None:
        """Let a principal inherit, as `add_principal` does."""
        self.access.inherit(child, parent)

    def remove_principal(self, child: str, parent: str) -> None:
        """Take that back."""
        self.access.disinherit(child, parent)

    # What a test looks at ----------------------------------------------------------------------

    @property
    def natives(self) -> Counter[str]:
        """Return how often the resource's server Lua called each native since its start."""
        return self._lua_runtime().native_calls()

    def measure(self) -> Measure:
        """Return what the resource's server Lua used since the last call."""
        runtime = self._lua_runtime()
        natives, seconds = runtime.native_calls(), runtime.seconds
        before, before_seconds = self._measured
        self._measured = (natives, seconds)
        return Measure(Counter(natives) - before, seconds - before_seconds)

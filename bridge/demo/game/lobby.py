"""The players of a server: how they come and go, and what goes over the wire to and from them."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

from bridge.demo.game.client import GameClient
from bridge.demo.game.clock import Wait
from bridge.demo.game.convars import REPLICATED
from bridge.demo.game.headless import HeadlessClient
from bridge.demo.game.kvp import KvpValue
from bridge.demo.game.manifest import ManifestRefused
from bridge.demo.game.network import Packet, ServerDoor, Wire
from bridge.demo.game.packing import FunctionRef, encode_args
from bridge.demo.game.players import Player, Players
from bridge.demo.game.process import ServerProcess

__all__ = ["ClientKind", "JoinRefused", "Lobby"]

ClientKind = Literal["lua", "headless"]

_DEFERRAL_SECONDS = 30.0
_LEFT_BY_HIMSELF = 1
_LARGE = 1_000_000
"""Bytes of a normal event from which on the server warns."""


class JoinRefused(Exception):
    """A resource did not let the player in."""


class Lobby:
    """Players, their games, and the packets between.

    Args:
        process: the server.
        name: the resource whose calls and stores clients are asked about.
        wait: lets time pass until a condition holds.
    """

    def __init__(self, process: ServerProcess, name: str, wait: Wait) -> None:
        self.process = process
        self._name = name
        self._wait = wait
        self.players = Players()
        self.clients: dict[int, GameClient | HeadlessClient] = {}
        self._doors: dict[int, ServerDoor] = {}
        self._packets: dict[int, list[Packet]] = {}
        self._outgoing: list[tuple[int, int, Packet]] = []
        self._machines: dict[str, dict[str, KvpValue]] = {}
        self._starting: list[str] = []
        process.convars.watch("", None, self._replicate)
        add = process.world.commands.builtin
        add("start", lambda words: self._with_resource(words[0], self.start_resource))
        add("stop", lambda words: self._with_resource(words[0], self.stop_resource))
        add("restart", lambda words: self._with_resource(words[0], self.restart_resource))
        add("ensure", lambda words: self._with_resource(words[0], self.restart_resource))

    def _with_resource(self, name: str, act: Callable[[str], None]) -> None:
        """Do what a console command asks with a resource."""
        if name not in self.process.world.resources:
            self.process.console.write("resources", f"^3Couldn't find resource {name}.^7\n")
            return
        with contextlib.suppress(ManifestRefused):  # the console has said why
            act(name)

    def _machine_of(self, player: Player) -> dict[str, KvpValue]:
        """Return what is stored on a player's machine; it survives leaving and joining again."""
        key = player.identifiers[0] if player.identifiers else player.name
        return self._machines.setdefault(key, {})

    def _replicate(self, name: str) -> None:
        known = self.process.convars.find(name)
        if known is not None and REPLICATED in known.flags:
            for client in self.clients.values():
                client.set_convar(known.name, known.value)

    # Coming and going --------------------------------------------------------------------------

    async def join(self, player: Player) -> None:
        """Let a player connect and join; his client is not loaded yet.

        Raises:
            JoinRefused: a resource refused him.
        """
        temporary = self.players.connecting(player)
        await self._ask_to_connect(player, temporary)
        self.players.joined(player)
        self._doors[player.source] = ServerDoor()
        self._packets.setdefault(player.source, [])
        self._internal("playerJoining", player.source, str(temporary))

    async def _ask_to_connect(self, player: Player, temporary: int) -> None:
        state: dict[str, Any] = {"deferred": False, "done": False, "refusal": None}

        def done(args: list[Any]) -> None:
            state.update(done=True, refusal=args[0] if args else None)

        def reference(function: Callable[[list[Any]], object]) -> FunctionRef:
            return FunctionRef(self.process.world.python_reference(function))

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
            await self._wait(lambda: state["done"], _DEFERRAL_SECONDS)
        if not accepted or state["refusal"] is not None:
            self.players.refused(player)
            raise JoinRefused(str(state["refusal"] or "refused"))

    def load(self, source: int, kind: ClientKind) -> None:
        """Load a player's client; from then on he hears what is sent to him."""
        player = self.player(source)
        if kind == "headless":
            self.clients[source] = HeadlessClient(player, self.packets(source))
            return
        client = GameClient(
            player,
            self.process,
            Wire(partial(self.receive, source), partial(self.command, source)),
            name=self._name,
            machine=self._machine_of(player),
            wait=self._wait,
        )
        self.clients[source] = client
        client.load()

    def unload(self, source: int) -> None:
        """Let a player's client be as if it had not loaded."""
        client = self.clients.pop(source, None)
        if isinstance(client, GameClient):
            client.unload()

    def drop(self, source: int, reason: str) -> None:
        """Take a player from the server; in `playerDropped` he is still listed."""
        player = self.players.get(source)
        if player is None:
            return
        self._internal("playerDropped", source, reason, "monitor", _LEFT_BY_HIMSELF)
        self.players.left(player)
        self._doors.pop(source, None)
        self.unload(source)

    def _internal(self, name: str, source: int, *args: object) -> bool:
        """Trigger an event that the server itself raises about a player."""
        with self.process.scripts():
            origin = f"internal-net:{source}"
            return self.process.world.trigger(name, encode_args(args), origin)

    def player(self, source: int) -> Player:
        """Return a player who is connected.

        Raises:
            KeyError: there is none of that id.
        """
        player = self.players.get(source)
        if player is None:
            raise KeyError(f"no player {source}")
        return player

    # Resources ---------------------------------------------------------------------------------

    def start_resource(self, name: str) -> None:
        """Start a resource on the server now, with the players at the next tick."""
        self.process.refresh(name)
        self.process.start(name)
        self._starting.append(name)

    def stop_resource(self, name: str) -> None:
        """Stop a resource everywhere."""
        self.process.stop(name)
        for client in self.clients.values():
            client.stop_resource(name)

    def restart_resource(self, name: str) -> None:
        """Stop and start a resource; what it sends to players while they reload is lost."""
        self.stop_resource(name)
        self.start_resource(name)

    def _start_with_players(self) -> None:
        starting, self._starting = self._starting, []
        for name in starting:
            for client in self.clients.values():
                client.start_resource(self.process.world.resources[name])

    # The wire ----------------------------------------------------------------------------------

    def send(self, name: str, target: bytes, payload: bytes, rate: int) -> None:
        """Send a net event to a player (or `-1`: all); an unknown target is ignored.

        `rate` is 0, or the bytes a second of a latent event.
        """
        if target == b"-1":
            sources = [player.source for player in self.players]
        else:
            player = self.players.find(target)
            known = player is not None and self.players.get(player.source) is player
            sources = [player.source] if player is not None and known else []
        if len(payload) >= _LARGE and rate == 0:
            self.process.console.write(
                "network", f"^3Event {name} of {len(payload)} bytes: use a latent event.^7\n"
            )
        now = self.process.clock.now()
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
        size = len(name.encode("utf-8", "surrogateescape")) + len(payload)
        verdict = door.event(self.process.clock.now(), name, size)
        if verdict is None:
            self.process.world.queue(name, payload, f"net:{source}")
        elif verdict:
            self.drop(source, verdict)

    def command(self, source: int, line: str) -> None:
        """Take a command that a player's own scripts do not know."""
        door = self._doors.get(source)
        player = self.players.get(source)
        if door is None or player is None:
            return
        verdict = door.command(self.process.clock.now(), line)
        if verdict is None:
            with self.process.scripts():
                self.process.world.commands.execute(line, player.principals(), source)
        elif verdict:
            self.drop(source, verdict)

    def packets(self, source: int) -> list[Packet]:
        """Return every net event that was sent to a player, lost ones too."""
        return self._packets.setdefault(source, [])

    def deliver(self) -> None:
        """Hand over what has arrived by now."""
        now = self.process.clock.now()
        waiting, self._outgoing = self._outgoing, []
        for due, source, packet in waiting:
            if due > now:
                self._outgoing.append((due, source, packet))
                continue
            client = self.clients.get(source)
            packet.lost = client is None or not client.hear(packet)
        self._start_with_players()

    def frame(self) -> None:
        """Let every player's game draw one frame."""
        for client in list(self.clients.values()):
            client.frame()

    @property
    def settled(self) -> bool:
        """Return whether nothing is under way between server and players."""
        games = [client for client in self.clients.values() if isinstance(client, GameClient)]
        quiet = all(client.world.idle for client in games)
        return quiet and not self._outgoing and not self._starting and self.process.world.idle

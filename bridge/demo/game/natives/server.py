"""Natives of the server: players, positions, rights, net events, files, the server itself."""

from __future__ import annotations

import msgpack

from bridge.demo.game.convars import REPLICATED, SERVER_INFO
from bridge.demo.game.lobby import Lobby
from bridge.demo.game.natives.shared import c_string
from bridge.demo.game.natives.signature import NativeError, native
from bridge.demo.game.packing import text_of
from bridge.demo.game.players import Player, Players

__all__ = ["EntityNatives", "PlayerNatives", "ServerNatives"]

Coordinates = tuple[float, float, float]


class PlayerNatives:
    """Who is connected."""

    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby
        self._players = lobby.players
        self._access = lobby.process.access

    @native("GetNumPlayerIndices() -> int")
    def num_player_indices(self) -> int:
        """Count the players."""
        return len(self._players)

    @native("GetPlayerFromIndex(int) -> string")
    def player_from_index(self, index: int) -> bytes | None:
        """Return the id of the nth player, as text."""
        return self._players.at(index)

    @native("DoesPlayerExist(string) -> bool")
    def does_player_exist(self, player: bytes) -> bool:
        """Return whether a player of this final id is connected."""
        found = self._players.find(player)
        return (
            found is not None
            and self._players.get(found.source) is found
            and (player == str(found.source).encode())
        )

    @native("GetPlayerName(string) -> string")
    def player_name(self, player: bytes) -> bytes | None:
        """Return his name, nil if he is unknown."""
        found = self._players.find(player)
        return None if found is None else found.name.encode()

    @native("GetNumPlayerIdentifiers(string) -> int")
    def num_player_identifiers(self, player: bytes) -> int:
        """Count his identifiers."""
        found = self._players.find(player)
        return 0 if found is None else len(found.identifiers)

    @native("GetPlayerIdentifier(string, int) -> string")
    def player_identifier(self, player: bytes, index: int) -> bytes | None:
        """Return an identifier, counted from 0."""
        found = self._players.find(player)
        if found is None or not 0 <= index < len(found.identifiers):
            return None
        return found.identifiers[index].encode()

    @native("GetPlayerIdentifierByType(string, string) -> string")
    def player_identifier_by_type(self, player: bytes, kind: bytes) -> bytes | None:
        """Return the first identifier that *begins* with the text: `license` finds `license2:`."""
        found = self._players.find(player)
        if found is None:
            return None
        prefix = text_of(kind)
        matching = (known for known in found.identifiers if known.startswith(prefix))
        first = next(matching, None)
        return None if first is None else first.encode()

    @native("GetNumPlayerTokens(string) -> int")
    def num_player_tokens(self, player: bytes) -> int:
        """Count his machine's tokens."""
        return 0

    @native("GetPlayerToken(string, int) -> string")
    def player_token(self, player: bytes, index: int) -> bytes | None:
        """Return a token."""
        return None

    @native("GetPlayerEndpoint(string) -> string")
    def player_endpoint(self, player: bytes) -> bytes | None:
        """Return his address."""
        found = self._players.find(player)
        for identifier in found.identifiers if found is not None else ():
            if identifier.startswith("ip:"):
                return identifier[3:].encode()
        return None

    @native("GetPlayerPing(string) -> int")
    def player_ping(self, player: bytes) -> int:
        """Return his ping."""
        found = self._players.find(player)
        return 0 if found is None else found.ping

    @native("GetPlayerLastMsg(string) -> int")
    def player_last_msg(self, player: bytes) -> int:
        """Return how long ago he was heard, ms."""
        return 0 if self._players.find(player) is not None else -1

    @native("IsPlayerAceAllowed(string, string) -> bool")
    def is_player_ace_allowed(self, player: bytes, target: bytes) -> bool:
        """Return whether he may."""
        found = self._players.find(player)
        if found is None:
            return False
        return self._access.any_allowed(found.principals(), text_of(target))

    @native("IsPrincipalAceAllowed(string, string) -> bool")
    def is_principal_ace_allowed(self, principal: bytes, target: bytes) -> bool:
        """Return whether a principal may."""
        return self._access.allowed(text_of(principal), text_of(target))

    @native("DropPlayer(string, string)")
    def drop_player(self, player: bytes, reason: bytes) -> None:
        """Throw him out."""
        found = self._players.find(player)
        if found is not None:
            self._lobby.drop(found.source, text_of(reason))

    @native("GetPlayerRoutingBucket(string) -> int")
    def player_routing_bucket(self, player: bytes) -> int:
        """Return in which world he is."""
        found = self._players.find(player)
        return 0 if found is None else found.bucket

    @native("SetPlayerRoutingBucket(string, int)")
    def set_player_routing_bucket(self, player: bytes, bucket: int) -> None:
        """Move him to another world."""
        found = self._players.find(player)
        if found is not None:
            found.bucket = bucket


class EntityNatives:
    """Where players are. Without OneSync the server knows of no entity."""

    def __init__(self, players: Players, *, onesync: bool) -> None:
        self._players = players
        self._onesync = onesync

    def _owner(self, entity: int) -> Player | None:
        """Return whose ped it is, None for entity 0."""
        if entity == 0:
            return None
        found = self._players.of_ped(entity) if self._onesync else None
        if found is None:
            raise NativeError(f"Tried to access invalid entity: {entity}")
        return found

    @native("GetPlayerPed(string) -> int")
    def player_ped(self, player: bytes) -> int:
        """Return his ped, 0 if the server knows none."""
        found = self._players.find(player)
        known = found is not None and self._players.get(found.source) is found
        return found.ped if found is not None and known and self._onesync else 0

    @native("DoesEntityExist(int) -> bool")
    def does_entity_exist(self, entity: int) -> bool:
        """Return whether there is such an entity."""
        return self._onesync and self._players.of_ped(entity) is not None

    @native("GetEntityCoords(int) -> vector3", raises=True)
    def entity_coords(self, entity: int) -> Coordinates:
        """Return where it is; zeros for entity 0."""
        found = self._owner(entity)
        return (0.0, 0.0, 0.0) if found is None else found.coords

    @native("GetEntityHeading(int) -> float", raises=True)
    def entity_heading(self, entity: int) -> float:
        """Return where it looks, degrees."""
        found = self._owner(entity)
        return 0.0 if found is None else found.heading

    @native("GetEntitySpeed(int) -> float", raises=True)
    def entity_speed(self, entity: int) -> float:
        """Return its speed, m/s."""
        found = self._owner(entity)
        return 0.0 if found is None else found.speed

    @native("GetVehiclePedIsIn(int, bool) -> int", raises=True)
    def vehicle_ped_is_in(self, ped: int, last: bool) -> int:
        """Return the vehicle, 0 on foot."""
        found = self._owner(ped)
        return found.ped + 0x10000 if found is not None and found.in_vehicle else 0

    @native("GetEntityRoutingBucket(int) -> int", raises=True)
    def entity_routing_bucket(self, entity: int) -> int:
        """Return in which world it is."""
        found = self._owner(entity)
        return 0 if found is None else found.bucket

    @native("GetAllPeds() -> object")
    def all_peds(self) -> bytes:
        """Return all peds that the server knows."""
        peds = [player.ped for player in self._players] if self._onesync else []
        return bytes(msgpack.packb(peds))


class ServerNatives:
    """Net events, files, convars and resources of the server."""

    def __init__(self, lobby: Lobby, resource: str) -> None:
        self._lobby = lobby
        self._process = lobby.process
        self._resource = resource

    @native("TriggerClientEventInternal(string, string, string, int)")
    def trigger_client_event(self, name: bytes, target: bytes, payload: bytes, size: int) -> None:
        """Send a net event to a player, or to all (-1)."""
        self._lobby.send(text_of(name), target, payload[:size], 0)

    @native("TriggerLatentClientEventInternal(string, string, string, int, int)")
    def trigger_latent_client_event(
        self, name: bytes, target: bytes, payload: bytes, size: int, rate: int
    ) -> None:
        """Send a net event slowly, `rate` bytes a second (0: 25000)."""
        self._lobby.send(text_of(name), target, payload[:size], rate or 25000)

    @native("SaveResourceFile(string, string, string, int) -> bool")
    def save_resource_file(self, name: bytes, file: bytes, data: bytes, size: int) -> bool:
        """Write a file of the own resource; without a length the data ends at a zero byte."""
        known = self._process.world.resources.get(text_of(name))
        if known is None or known.name != self._resource:
            return False
        return known.files.write(text_of(file), c_string(data) if size <= 0 else data[:size])

    @native("GetResourcePath(string) -> string")
    def resource_path(self, name: bytes) -> bytes | None:
        """Return a resource's folder."""
        known = text_of(name) in self._process.world.resources
        return self._process.world.path_of(text_of(name)).encode() if known else None

    @native("StartResource(string) -> bool")
    def start_resource(self, name: bytes) -> bool:
        """Start a resource that does not run."""
        known = self._process.world.resources.get(text_of(name))
        if known is None or known.state != "stopped":
            return False
        self._lobby.start_resource(known.name)
        return True

    @native("StopResource(string) -> bool")
    def stop_resource(self, name: bytes) -> bool:
        """Stop a resource that runs."""
        known = self._process.world.resources.get(text_of(name))
        if known is None or known.state != "started":
            return False
        self._lobby.stop_resource(known.name)
        return True

    @native("SetConvar(string, string)")
    def set_convar(self, name: bytes, value: bytes) -> None:
        """Set a convar."""
        self._process.convars.set(text_of(name), text_of(value))

    @native("SetConvarReplicated(string, string)")
    def set_convar_replicated(self, name: bytes, value: bytes) -> None:
        """Set a convar that every client sees."""
        self._process.convars.set(text_of(name), text_of(value), REPLICATED)

    @native("SetConvarServerInfo(string, string)")
    def set_convar_server_info(self, name: bytes, value: bytes) -> None:
        """Set a convar that the world sees."""
        self._process.convars.set(text_of(name), text_of(value), SERVER_INFO)

    @native("FlushResourceKvp()")
    def flush_resource_kvp(self) -> None:
        """Wait until the store is on the disk."""
        self._process.store.writes += 1

    @native("GetConsoleBuffer() -> string")
    def console_buffer(self) -> bytes:
        """Return what the console shows."""
        return "\n".join(self._process.console.lines[-200:]).encode("utf-8", "replace")

    @native("GetGameBuildNumber() -> int")
    def game_build_number(self) -> int:
        """Return the game's build that the server asks of clients."""
        return 3258

"""Natives that both sides have: resources, events, convars, commands, stores, time."""

from __future__ import annotations

import re
from ctypes import c_float
from typing import Any

import msgpack

from bridge.demo.game.hashing import joaat
from bridge.demo.game.kvp import KvpStore
from bridge.demo.game.natives.signature import NativeError, native
from bridge.demo.game.packing import text_of
from bridge.demo.game.world import World

__all__ = ["EventNatives", "KvpNatives", "ResourceNatives"]


_WHOLE = re.compile(r"\s*[+-]?\d+")
_DECIMAL = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


def c_string(raw: bytes) -> bytes:
    """Return what a native reads of a string: C text ends at a zero byte."""
    return raw.partition(b"\0")[0]


class ResourceNatives:
    """What a script asks about resources, the server and time."""

    def __init__(self, world: World, resource: str) -> None:
        self._world = world
        self._resource = resource
        self._name = resource.encode()
        self._listed: list[str] = []

    @native("GetCurrentResourceName() -> string")
    def current_resource_name(self) -> bytes:
        """Return the name of the script's own resource."""
        return self._name

    @native("GetInvokingResource() -> string")
    def invoking_resource(self) -> bytes | None:
        """Return the resource that called into this one, None if the game did."""
        name = self._world.invoking_resource()
        return None if name is None else name.encode()

    @native("IsDuplicityVersion() -> bool")
    def is_duplicity_version(self) -> bool:
        """Return whether this is the server."""
        return self._world.side == "server"

    @native("GetGameName() -> string")
    def game_name(self) -> bytes:
        """Return `fxserver` or `fivem`."""
        return b"fxserver" if self._world.side == "server" else b"fivem"

    @native("GetResourceState(string) -> string")
    def resource_state(self, name: bytes) -> bytes:
        """Return `missing` for a resource that does not exist."""
        known = self._world.resources.get(text_of(name))
        return b"missing" if known is None else known.state.encode()

    @native("GetNumResources() -> int")
    def num_resources(self) -> int:
        """Count the resources, and note them for GetResourceByFindIndex."""
        self._listed = list(self._world.resources)
        return len(self._listed)

    @native("GetResourceByFindIndex(int) -> string")
    def resource_by_find_index(self, index: int) -> bytes | None:
        """Return one of the resources that GetNumResources has counted."""
        return self._listed[index].encode() if 0 <= index < len(self._listed) else None

    def _metadata(self, name: bytes, key: bytes) -> list[str]:
        known = self._world.resources.get(text_of(name))
        return [] if known is None else known.manifest.values(text_of(key))

    @native("GetNumResourceMetadata(string, string) -> int")
    def num_resource_metadata(self, name: bytes, key: bytes) -> int:
        """Count a key's values in a manifest."""
        return len(self._metadata(name, key))

    @native("GetResourceMetadata(string, string, int) -> string")
    def resource_metadata(self, name: bytes, key: bytes, index: int) -> bytes | None:
        """Return one value of a key in a manifest."""
        values = self._metadata(name, key)
        return values[index].encode() if 0 <= index < len(values) else None

    @native("LoadResourceFile(string, string) -> string")
    def load_resource_file(self, name: bytes, file: bytes) -> bytes | None:
        """Return a file's bytes; a client has only what the manifest lets it download."""
        known = self._world.resources.get(text_of(name))
        return None if known is None else known.files.read(text_of(file))

    @native("GetConvar(string, string) -> string")
    def convar(self, name: bytes, default: bytes) -> bytes:
        """Return a convar's value."""
        value = self._world.convars.read(text_of(name), self._resource)
        return default if value is None else value.encode("utf-8", "surrogateescape")

    def _number(self, name: bytes, pattern: re.Pattern[str]) -> str | None:
        """Return the number that a convar begins with, as C reads it; None if there is none."""
        value = self._world.convars.read(text_of(name), self._resource)
        if value is None:
            return None
        match = pattern.match({"true": "1", "false": "0"}.get(value.lower(), value))
        return None if match is None else match[0]

    @native("GetConvarInt(string, int) -> int")
    def convar_int(self, name: bytes, default: int) -> int:
        """Return a convar's value as a whole number."""
        value = self._number(name, _WHOLE)
        return default if value is None else int(value)

    @native("GetConvarFloat(string, float) -> float")
    def convar_float(self, name: bytes, default: float) -> float:
        """Return a convar's value as a number."""
        value = self._number(name, _DECIMAL)
        return default if value is None else float(value)

    @native("GetConvarBool(string, bool) -> bool")
    def convar_bool(self, name: bytes, default: bool) -> bool:
        """Return a convar's value as truth."""
        value = self._number(name, _WHOLE)
        return default if value is None else int(value) != 0

    @native("AddConvarChangeListener(string?, func) -> int")
    def add_convar_change_listener(self, pattern: bytes | None, handler: bytes) -> int:
        """Call a function with the name (and an empty text) when a convar is set."""
        reference = text_of(handler)
        return self._world.convars.watch(
            self._resource,
            None if pattern is None else text_of(pattern),
            lambda name: self._world.call(reference, name, ""),
        )

    @native("RemoveConvarChangeListener(int)")
    def remove_convar_change_listener(self, cookie: int) -> None:
        """Stop that."""
        self._world.convars.unwatch(cookie)

    @native("GetHashKey(string) -> int")
    def hash_key(self, text: bytes) -> int:
        """Return the hash of a name."""
        return joaat(text_of(text))

    @native("GetGameTimer() -> int")
    def game_timer(self) -> int:
        """Return milliseconds since the game started."""
        return self._world.clock.now()

    @native("GetInstanceId() -> int")
    def instance_id(self) -> int:
        """Return a number of the runtime."""
        return 1


class EventNatives:
    """Events, references to functions, commands."""

    def __init__(self, world: World, resource: str) -> None:
        self._world = world
        self._resource = resource

    @native("TriggerEventInternal(string, string, int) -> bool")
    def trigger_event(self, name: bytes, payload: bytes, size: int) -> bool:
        """Run the handlers of a local event; false if one canceled it."""
        return self._world.trigger(text_of(name), payload[:size], "")

    @native("RegisterResourceAsEventHandler(string)")
    def register_as_event_handler(self, name: bytes) -> None:
        """Note that this resource wants an event."""
        self._world.handle(self._resource, text_of(name))

    @native("CancelEvent()")
    def cancel_event(self) -> None:
        """Cancel the event under way."""
        self._world.cancel()

    @native("WasEventCanceled() -> bool")
    def was_event_canceled(self) -> bool:
        """Return whether the last event that ended was canceled."""
        return self._world.last_canceled

    @native("DuplicateFunctionReference(string) -> string")
    def duplicate_function_reference(self, reference: bytes) -> bytes | None:
        """Keep a function alive for one more user."""
        return reference if self._world.duplicate(text_of(reference)) else None

    @native("DeleteFunctionReference(string)")
    def delete_function_reference(self, reference: bytes) -> None:
        """Let a function go."""
        self._world.delete(text_of(reference))

    @native("RegisterCommand(string, func, bool?)")
    def register_command(
        self,
        name: bytes,
        handler: bytes,
        restricted: bool | None = None,
    ) -> None:
        """Add a command; the flag has a meaning on the server only."""
        self._world.commands.register(
            text_of(name), self._resource, text_of(handler), restricted=bool(restricted)
        )

    @native("GetRegisteredCommands() -> object")
    def registered_commands(self) -> bytes:
        """Return all commands with name, resource and arity."""
        return bytes(msgpack.packb(self._world.commands.all(), use_bin_type=False))

    @native("ExecuteCommand(string)", raises=True)
    def execute_command(self, line: bytes) -> None:
        """Run a console command with the rights of this resource."""
        if not self._world.run_command(text_of(line), self._resource):
            raise NativeError(f"no such command: {text_of(line)}")


class KvpNatives:
    """The resource's key-value store."""

    def __init__(self, store: KvpStore, resource: str) -> None:
        self._store = store
        self._resource = resource

    def _get(self, key: bytes, kind: type | tuple[type, ...], wanted: str) -> Any:
        """Return a value of a kind, None if there is none.

        Raises:
            NativeError: it is of another kind, which MessagePack refuses to convert.
        """
        name = text_of(c_string(key))
        value = self._store.get(self._resource, name)
        if value is not None and not isinstance(value, kind):
            raise NativeError(f"the stored value of {name} is no {wanted}")
        return value

    def _set(self, key: bytes, value: bytes | int | float, *, sync: bool) -> None:
        self._store.set(self._resource, text_of(c_string(key)), value, sync=sync)

    @native("SetResourceKvp(string, string)")
    def set_string(self, key: bytes, value: bytes) -> None:
        """Store text (up to a zero byte), and wait for the disk."""
        self._set(key, c_string(value), sync=True)

    @native("SetResourceKvpNoSync(string, string)")
    def set_string_no_sync(self, key: bytes, value: bytes) -> None:
        """Store text (up to a zero byte)."""
        self._set(key, c_string(value), sync=False)

    @native("SetResourceKvpInt(string, int)")
    def set_int(self, key: bytes, value: int) -> None:
        """Store a whole number of 32 bits."""
        self._set(key, _signed(value), sync=True)

    @native("SetResourceKvpIntNoSync(string, int)")
    def set_int_no_sync(self, key: bytes, value: int) -> None:
        """Store a whole number of 32 bits."""
        self._set(key, _signed(value), sync=False)

    @native("SetResourceKvpFloat(string, float)")
    def set_float(self, key: bytes, value: float) -> None:
        """Store a number in 32 bits, and wait for the disk."""
        self._set(key, _single(value), sync=True)

    @native("SetResourceKvpFloatNoSync(string, float)")
    def set_float_no_sync(self, key: bytes, value: float) -> None:
        """Store a number in 32 bits."""
        self._set(key, _single(value), sync=False)

    @native("GetResourceKvpString(string) -> string", raises=True)
    def get_string(self, key: bytes) -> bytes | None:
        """Return text, nil if there is none."""
        value: bytes | None = self._get(key, bytes, "text")
        return value

    @native("GetResourceKvpInt(string) -> int", raises=True)
    def get_int(self, key: bytes) -> int:
        """Return a whole number, 0 if there is none."""
        return int(self._get(key, int, "whole number") or 0)

    @native("GetResourceKvpFloat(string) -> float", raises=True)
    def get_float(self, key: bytes) -> float:
        """Return a number, 0.0 if there is none."""
        return float(self._get(key, (int, float), "number") or 0.0)

    @native("DeleteResourceKvp(string)")
    def delete(self, key: bytes) -> None:
        """Delete a value, and wait for the disk."""
        self._store.delete(self._resource, text_of(c_string(key)), sync=True)

    @native("DeleteResourceKvpNoSync(string)")
    def delete_no_sync(self, key: bytes) -> None:
        """Delete a value."""
        self._store.delete(self._resource, text_of(c_string(key)), sync=False)

    @native("StartFindKvp(string) -> int")
    def start_find(self, prefix: bytes) -> int:
        """Begin to list keys."""
        return self._store.start_find(self._resource, text_of(c_string(prefix)))

    @native("FindKvp(int) -> string")
    def find(self, handle: int) -> bytes | None:
        """Return the next key, nil at the end."""
        key = self._store.find(handle)
        return None if key is None else key.encode("utf-8", "surrogateescape")

    @native("EndFindKvp(int)")
    def end_find(self, handle: int) -> None:
        """End the list."""
        self._store.end_find(handle)


def _single(value: float) -> float:
    return c_float(value).value


def _signed(value: int) -> int:
    return (value + 0x80000000) % 0x100000000 - 0x80000000

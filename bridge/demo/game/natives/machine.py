"""Natives of the player's machine: what it sends to the server, and what is stored on it."""

from __future__ import annotations

from bridge.demo.game.kvp import KvpStore
from bridge.demo.game.natives.signature import native
from bridge.demo.game.network import Wire
from bridge.demo.game.packing import text_of

__all__ = ["MachineNatives"]


class MachineNatives:
    """Events to the server, and the stores of other resources."""

    def __init__(self, wire: Wire, store: KvpStore) -> None:
        self._wire = wire
        self._store = store

    @native("TriggerServerEventInternal(string, string, int)")
    def trigger_server_event(self, name: bytes, payload: bytes, size: int) -> None:
        """Send a net event."""
        self._wire.send(text_of(name), payload[:size])

    @native("TriggerLatentServerEventInternal(string, string, int, int)")
    def trigger_latent_server_event(
        self,
        name: bytes,
        payload: bytes,
        size: int,
        rate: int,
    ) -> None:
        """Send a net event slowly; the same limits hold."""
        self._wire.send(text_of(name), payload[:size])

    @native("GetExternalKvpString(string, string) -> string")
    def external_kvp_string(self, resource: bytes, key: bytes) -> bytes | None:
        """Read what another resource keeps on this machine."""
        value = self._store.get(text_of(resource), text_of(key))
        return value if isinstance(value, bytes) else None

"""A resource in one world: its files, manifest, state and script runtimes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.manifest import Manifest

__all__ = ["Resource", "Runtime"]


class Runtime(Protocol):
    """A script runtime, Lua or JavaScript."""

    resource: str
    instance: int
    handles: str
    """A script whose name contains this goes to the runtime."""

    def load(self, name: str, text: bytes) -> None:
        """Load and run a script file."""

    def trigger(self, name: str, payload: bytes, source: str) -> None:
        """Run the handlers of an event."""

    def call_ref(self, index: int, arguments: bytes) -> bytes | None:
        """Call a function of a script by its reference; None if that failed."""

    def duplicate_ref(self, index: int) -> bool:
        """Count one more user of a function; False if it is unknown."""

    def delete_ref(self, index: int) -> None:
        """Count one user of a function less."""

    def tick(self) -> None:
        """Let timers and threads run."""

    def close(self) -> None:
        """End the runtime."""


@dataclass(slots=True)
class Resource:
    """Its state is FXServer's: `stopped`, `starting` (while loading, and in its own
    `onResourceStart`), `started` (still so in its own `onResourceStop`).
    """

    name: str
    files: ResourceFiles
    manifest: Manifest
    state: str = "stopped"
    runtimes: list[Runtime] = field(default_factory=list)
    handled: set[str] = field(default_factory=set)
    """Events for which some runtime of it has a handler."""

    def scripts(self, side: str) -> list[str]:
        """Return the scripts of a side in the order of loading."""
        return [
            *self.manifest.files(self.files, "shared_script"),
            *self.manifest.files(self.files, f"{side}_script"),
        ]

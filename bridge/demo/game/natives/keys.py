"""Natives of the player's keys."""

from __future__ import annotations

from collections.abc import Callable

from bridge.demo.game.hashing import joaat
from bridge.demo.game.natives.shared import c_string
from bridge.demo.game.natives.signature import native
from bridge.demo.game.packing import text_of

__all__ = ["KeyNatives"]


class KeyNatives:
    """The commands that scripts let a player bind, and what his keys do.

    Args:
        run: runs a command of his scripts.
    """

    def __init__(self, run: Callable[[str], object]) -> None:
        self._run = run
        self.bound: dict[str, str] = {}
        """The key of each command: the one that its script proposed, until he takes another."""

    def press(self, name: str) -> None:
        """Press the key of `name`, or of `+name`."""
        self._run(self._command(name))

    def release(self, name: str) -> None:
        """Let go the key of `name`, or of `+name`: `-name` runs then."""
        if self._command(name) != name:
            self._run(f"-{name}")

    def _command(self, name: str) -> str:
        """Return the command under a key.

        Raises:
            KeyError: none is mapped.
        """
        for command in (name, f"+{name}"):
            if command in self.bound:
                return command
        raise KeyError(f"no key is mapped to +{name}")

    @native("RegisterKeyMapping(string, string, string, string)")
    def register_key_mapping(
        self, command: bytes, description: bytes, mapper: bytes, key: bytes
    ) -> None:
        """Let the player bind a key to a command."""
        name = c_string(command).decode("utf-8", "replace")
        if not name.startswith("~!"):
            self.bound.setdefault(name, text_of(key))

    @native("GetControlInstructionalButton(int, int, bool?) -> string")
    @native("GetControlInstructionalButtonsString(int, int, bool?) -> string")
    def control_instructional_button(
        self,
        pad: int,
        control: int,
        allow_swap: bool | None = None,
    ) -> bytes:
        """Return how the key of a mapped command, by its hash, is written, as `t_Y`."""
        for command, key in self.bound.items():
            if (joaat(command) | 0x80000000) & 0xFFFFFFFF == control & 0xFFFFFFFF:
                return f"t_{key.upper()}".encode() if key else b""
        return b""

"""Natives of the game's texts: labels, and the text that a script puts together."""

from __future__ import annotations

from bridge.demo.game.console import Console, ScriptError
from bridge.demo.game.natives.shared import c_string
from bridge.demo.game.natives.signature import NativeError, native
from bridge.demo.game.packing import text_of
from bridge.demo.game.screen import COMPONENT_BYTES, TextCommand
from bridge.demo.game.surroundings import Surroundings

__all__ = ["TextNatives"]


class TextNatives:
    """The labels that scripts added, and the one text that was begun in this frame."""

    def __init__(self, console: Console, surroundings: Surroundings) -> None:
        self._console = console
        self._surroundings = surroundings
        self._labels: dict[str, str] = {}
        self._open: TextCommand | None = None

    def begin(self, kind: str, label: bytes) -> None:
        """Begin a text; it must be ended within this frame."""
        self._open = TextCommand(kind, _seen(label))

    def _begun(self) -> TextCommand:
        """Return the text that was begun in this frame.

        Raises:
            NativeError: there is none: the game would show nothing.
        """
        if self._open is None:
            raise NativeError("no text was begun in this frame")
        return self._open

    def end(self, kind: str) -> tuple[str, tuple[str, ...]]:
        """End the text; returns it and its components."""
        command = self._begun()
        if command.kind != kind:
            raise NativeError(f"the text was begun for a {command.kind}, not a {kind}")
        self._open = None
        return command.text(self._labels), tuple(command.components)

    def forget(self) -> None:
        """Drop a text that was not ended within its frame."""
        self._open = None

    @native("AddTextEntry(string, string)")
    def add_text_entry(self, key: bytes, text: bytes) -> None:
        """Add a label."""
        self._labels[_seen(key)] = _seen(text)

    @native("AddTextComponentSubstringPlayerName(string)", raises=True)
    def add_component(self, text: bytes) -> None:
        """Fill a place of the text that was begun."""
        command = self._begun()
        raw = c_string(text)
        if len(raw) > COMPONENT_BYTES:
            problem = f"a text component has {len(raw)} bytes, {COMPONENT_BYTES} are shown"
            self._console.errors.append(ScriptError(self._console.where, "text", problem))
        command.components.append(raw[:COMPONENT_BYTES].decode("utf-8", "replace"))

    @native("GetLabelText(string) -> string")
    def label_text(self, label: bytes) -> bytes:
        """Return the text of a label, `NULL` for none."""
        name = text_of(label)
        if name == self._surroundings.zone:
            return self._surroundings.zone_label.encode()
        return self._labels.get(name, "NULL").encode()

    @native("DoesTextLabelExist(string) -> bool")
    def does_text_label_exist(self, label: bytes) -> bool:
        """Return whether there is such a label."""
        return text_of(label) in self._labels


def _seen(text: bytes) -> str:
    return c_string(text).decode("utf-8", "replace")

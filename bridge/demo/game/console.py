"""What the server's or a player's console shows, and the script errors among it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Console", "ScriptError"]


_BAD = ("was not safe for net", "error during NUI callback", "SCRIPT ERROR", "Unhandled promise")


@dataclass(frozen=True, slots=True)
class ScriptError:
    """Something a script did wrong: an error, a script that did not load, an unsafe event."""

    where: str
    """`server`, or `client 3`."""
    resource: str
    text: str

    def __str__(self) -> str:
        """Return it as one would read it in a console."""
        return f"[{self.where}] {self.resource}: {self.text}"


class Console:
    """Collects lines as `[script:cadbridge] text`, and errors."""

    def __init__(self, where: str, errors: list[ScriptError]) -> None:
        self.where = where
        self.lines: list[str] = []
        self.errors = errors
        self._partial: dict[str, str] = {}

    def write(self, channel: str, text: str) -> None:
        """Print text of a channel; a line without its end waits for the rest."""
        text = self._partial.pop(channel, "") + text
        *whole, rest = text.split("\n")
        if rest:
            self._partial[channel] = rest
        self.lines.extend(f"[{channel}] {line}" for line in whole)

    def script(self, resource: str, text: str) -> None:
        """Print what a script traced."""
        self.write(f"script:{resource}", text)
        if any(sign in text for sign in _BAD):
            self.errors.append(ScriptError(self.where, resource, text.rstrip("\n")))

    def error(self, resource: str, text: str, trace: str = "") -> None:
        """Print a script error and keep it."""
        self.write(f"script:{resource}", f"^1SCRIPT ERROR: {text}^7\n{trace}\n")
        self.errors.append(ScriptError(self.where, resource, f"{text}\n{trace}".rstrip("\n")))

    def since(self, count: int) -> list[str]:
        """Return the lines after the first `count`."""
        return self.lines[count:]

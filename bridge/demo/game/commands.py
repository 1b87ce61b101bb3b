"""Console commands: names, who registered them first, whose function runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from bridge.demo.game.access import AccessControl
from bridge.demo.game.console import Console

__all__ = ["Commands", "arguments_of", "split_line"]

Builtin = Callable[[list[str]], None]
Call = Callable[[str, int, list[str], str], object]
"""Calls a script's function by its reference, with source, words and line."""


@dataclass(frozen=True, slots=True)
class _Command:
    name: str
    resource: str
    arity: int


def split_line(text: str) -> list[str]:
    """Return the commands of a line: split at `;` outside of quotes, and at line ends."""
    commands, current, quoted = [], "", False
    for sign in text:
        if sign == '"':
            quoted = not quoted
        if sign in "\r\n" or (sign == ";" and not quoted):
            commands.append(current)
            current = ""
        else:
            current += sign
    commands.append(current)
    return [command for command in commands if command.strip()]


def arguments_of(command: str) -> list[str]:
    """Return the words of a command; quotes keep blanks together, a backslash quotes one sign."""
    words: list[str] = []
    at, size = 0, len(command)
    while True:
        while at < size and ord(command[at]) <= ord(" "):
            at += 1
        if at >= size or command.startswith("//", at) or command[at] == "#":
            return words
        word = ""
        if command[at] == '"':
            at += 1
            while at < size and command[at] != '"':
                if command[at] == "\\" and at + 1 < size:
                    at += 1
                word += command[at]
                at += 1
            at += 1
        else:
            while at < size and ord(command[at]) > ord(" ") and command[at] != '"':
                word += command[at]
                at += 1
        words.append(word)


class Commands:
    """The commands of a world. Names are found without regard to case.

    Of two registrations of a name the last one's function runs, with the first one's access rule;
    when the first owner stops, the command is gone for both (ResourceScriptFunctions.cpp).
    """

    def __init__(self, access: AccessControl, console: Console, call: Call) -> None:
        self._access = access
        self._console = console
        self._call = call
        self._known: dict[str, _Command] = {}
        self._references: dict[str, str] = {}
        self._builtins: dict[str, tuple[str, Builtin]] = {}

    def builtin(self, name: str, run: Builtin) -> None:
        """Add a command of the server itself."""
        self._builtins[name.lower()] = (name, run)

    def register(self, name: str, resource: str, reference: str, *, restricted: bool) -> None:
        """Register a script's function for a command."""
        self._references[name] = reference
        if name.lower() in self._known or name.lower() in self._builtins:
            return
        self._access.add(f"resource.{resource}", f"command.{name}")
        if not restricted:
            self._access.add("builtin.everyone", f"command.{name}")
        self._known[name.lower()] = _Command(name, resource, -1)

    def forget(self, resource: str) -> None:
        """Take away the commands that a stopped resource registered first."""
        for key, command in list(self._known.items()):
            if command.resource == resource:
                del self._known[key]
                self._access.remove("builtin.everyone", f"command.{command.name}")
                self._access.remove(f"resource.{resource}", f"command.{command.name}")

    def all(self) -> list[dict[str, object]]:
        """Return what GetRegisteredCommands gives."""
        known = [
            {"name": c.name, "resource": c.resource, "arity": c.arity} for c in self._known.values()
        ]
        builtins = [
            {"name": name, "resource": "internal", "arity": -1}
            for name, _ in self._builtins.values()
        ]
        return [*builtins, *known]

    def has(self, name: str) -> bool:
        """Return whether somebody registered the name."""
        return name.lower() in self._known or name.lower() in self._builtins

    def execute(self, line: str, principals: list[str] | None, source: int) -> bool:
        """Run one command line; False if there is no such command.

        Args:
            line: as typed, without a leading slash.
            principals: whose rights count; None is the server's own console, which may all.
            source: 0, or the player.
        """
        words = arguments_of(line)
        if not words:
            return True
        key = words[0].lower()
        if not self.has(key):
            return False
        known = self._known.get(key)
        name = known.name if known is not None else self._builtins[key][0]
        right = f"command.{name}"
        if principals is not None and not self._access.any_allowed(principals, right):
            self._console.write("cmd", f"Access denied for command {words[0]}.\n")
            return True
        if key in self._builtins:
            try:
                self._builtins[key][1](words[1:])
            except IndexError:
                self._console.write("cmd", f"Argument count mismatch for {words[0]}.\n")
        elif known is not None and known.name in self._references:
            self._call(self._references[known.name], source, words[1:], line)
        return True

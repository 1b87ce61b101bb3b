"""fxmanifest.lua: run as Lua, whose every unknown function is a line of metadata."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import lupa.lua54

from bridge.demo.game.files import ResourceFiles

__all__ = ["Manifest", "ManifestRefused", "read_manifest"]

MANIFEST_NAME = "fxmanifest.lua"

_FX_VERSIONS = ("adamant", "bodacious", "cerulean")

# Defined by the game server: a key with a table loses its `s`; a value may be followed by a table
# of its own. (`file 'x'`, `files { 'x' }` and `file 'x' { … }` are the same; `files 'x'` is not.)
_COLLECT = b"""
local add, text, bytes = ...
setmetatable(_G, { __index = function(_, key)
    return function(value)
        local name = key
        if type(value) == 'table' then
            if key:sub(-1) == 's' then name = key:sub(1, -2) end
            for _, item in ipairs(value) do add(name, bytes(item)) end
        else
            add(key, bytes(value))
        end
        return function(extra) add(name .. '_extra', bytes(extra)) end
    end
end })
local chunk, problem = load(text, '@fxmanifest.lua', 't')
if not chunk then error(problem, 0) end
chunk()
"""


class ManifestRefused(Exception):
    """The server would not start this resource."""


@dataclass(slots=True)
class Manifest:
    """The metadata of a resource, in the order of the file."""

    entries: list[tuple[str, str]] = field(default_factory=list)

    def values(self, key: str) -> list[str]:
        """Return all values of a key, in order."""
        return [value for name, value in self.entries if name == key]

    def first(self, key: str) -> str | None:
        """Return the first value of a key, None if there is none."""
        return next(iter(self.values(key)), None)

    def files(self, files: ResourceFiles, *keys: str) -> list[str]:
        """Return the files that the keys' entries name, in order, patterns spread out.

        A file that two entries name comes twice, as it is loaded twice.
        """
        found: list[str] = []
        for key in keys:
            for pattern in self.values(key):
                found.extend([pattern] if pattern.startswith("@") else files.glob(pattern))
        return found

    def check(self, *, build: int, onesync: bool, resources: frozenset[str]) -> None:
        """Refuse what FXServer refuses before it starts a resource.

        Raises:
            ManifestRefused: with the line that the console would show.
        """
        version = self.first("fx_version")
        if version is None:
            raise ManifestRefused("does not specify an `fx_version` in fxmanifest.lua.")
        if version not in _FX_VERSIONS:
            raise ManifestRefused(f"needs fx_version {version}, which this server does not know.")
        games = {*self.values("game")}
        if not games & {"gta5", "common"}:
            raise ManifestRefused("does not support the current game (gta5).")
        # `dependencies` without its s: FXServer reads that name too.
        for entry in [*self.values("dependency"), *self.values("dependencie")]:
            self._check_dependency(entry, build, onesync, resources)

    @staticmethod
    def _check_dependency(entry: str, build: int, onesync: bool, resources: frozenset[str]) -> None:
        if entry.startswith("/server:"):
            if build < int(entry.partition(":")[2]):
                raise ManifestRefused(f"requires server build {entry[8:]} or newer.")
        elif entry == "/onesync":
            if not onesync:
                raise ManifestRefused("requires OneSync to be enabled.")
        elif not entry.startswith("/") and entry not in resources:
            raise ManifestRefused(f"could not find dependency {entry}.")


def read_manifest(files: ResourceFiles) -> Manifest:
    """Run the manifest of a resource.

    Raises:
        ManifestRefused: there is none, or it is no valid Lua (a byte order mark makes it so).
    """
    text = files.read(MANIFEST_NAME)
    if text is None:
        raise ManifestRefused(f"has no {MANIFEST_NAME}.")
    manifest = Manifest()
    lua = lupa.lua54.LuaRuntime(encoding=None, register_eval=False, register_builtins=False)
    collect = lua.eval(b"function(code) return load(code) end")(_COLLECT)
    lua.execute(b"python, package, io, os, dofile, loadfile, require = nil")

    def add(key: bytes, value: bytes) -> None:
        manifest.entries.append((key.decode(), value.decode("utf-8", "replace")))

    def as_text(value: Any) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, int | float) and not isinstance(value, bool):
            return str(value).encode()
        if lupa.lua54.lua_type(value) == "table":
            return json.dumps(_plain(value)).encode()
        raise ManifestRefused(f"has a {type(value).__name__} where text belongs.")

    try:
        collect(add, text, as_text)
    except lupa.lua54.LuaError as problem:
        raise ManifestRefused(f"has a manifest that does not load: {problem}") from None
    return manifest


def _plain(value: Any) -> Any:
    """Return a Lua value as JSON can write it."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if lupa.lua54.lua_type(value) == "table":
        items = dict(value.items())
        if all(isinstance(key, int) for key in items):
            return [_plain(items[key]) for key in sorted(items)]
        return {str(_plain(key)): _plain(item) for key, item in items.items()}
    return value

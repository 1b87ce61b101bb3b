"""Pure Lua modules of the resource, loaded as the manifest orders them, without a game."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lupa.lua54 import LuaRuntime

if TYPE_CHECKING:
    from collections.abc import Callable

RESOURCE = Path(__file__).parents[2] / "lua_resource"

Lua = Any
"""A Lua runtime, or a value of it: lupa ships no types."""


@pytest.fixture(scope="session")
def load() -> Callable[..., Lua]:
    """Return a function that loads files of the resource, in order, into a new Lua 5.4.

    Texts are bytes on both sides, as Lua has no others.
    """

    def runtime(*files: str) -> Lua:
        lua = LuaRuntime(encoding=None, unpack_returned_tuples=True)
        for file in files:
            path = RESOURCE / file
            chunk = lua.eval("function(code, name) return assert(load(code, name, 't')) end")
            chunk(path.read_bytes(), f"@{file}".encode())()
        return lua

    return runtime

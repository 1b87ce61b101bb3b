"""A client's Lua without a game: the real files, natives that note each call, a clock by hand."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from lupa import lua54

RESOURCE = Path(__file__).parents[2] / "lua_resource"

SHARED = ("shared/namespace.lua", "shared/text.lua", "shared/locale.lua")

CLIENT = (
    "client/preferences.lua",
    "client/shield.lua",
    "client/sounds.lua",
    "client/blips.lua",
    "client/notify/lines.lua",
    "client/notify/feed.lua",
    "client/notify/ox_lib.lua",
    "client/notify/chat.lua",
    "client/notify/card.lua",
    "client/notify/styles.lua",
    "client/crowd.lua",
    "client/screen.lua",
    "client/compass.lua",
    "client/focus.lua",
    "client/keys.lua",
    "client/page.lua",
    "client/panels.lua",
    "client/chat_help.lua",
)


class Natives:
    """The game as far as a test needs it: every native exists, what it answers may be set.

    `calls` lists (name, arguments…) in order; Lua text arrives as `str`.
    """

    def __init__(self, lua: Any) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.answers: dict[str, Any] = {
            "GetEntityCoords": lua.table_from({"x": 0.0, "y": 0.0, "z": 0.0}),
            "GetGameplayCamRot": lua.table_from({"x": 0.0, "y": 0.0, "z": 0.0}),
            "PlayerPedId": 1,
            "GetEntitySpeed": 0.0,
            "GetVehiclePedIsIn": 0,
            "GetResourceState": "missing",
            "GetHashKey": -5,
            "GetControlInstructionalButton": "t_J",
        }
        handles = itertools.count(100)
        for name in (
            "AddBlipForCoord",
            "AddBlipForRadius",
            "EndTextCommandThefeedPostMessagetext",
            "EndTextCommandThefeedPostTicker",
        ):
            self.answers[name] = lambda *_: next(handles)
        index = lua.eval(
            "function(call) return setmetatable({}, {__index = function(_, name)"
            " return function(...) return call(name, ...) end end}) end"
        )
        self.table = index(self._call)

    def _call(self, name: str, *arguments: Any) -> Any:
        self.calls.append((name, *arguments))
        answer = self.answers.get(name)
        return answer(*arguments) if inspect.isfunction(answer) else answer

    def named(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of all calls of one native, in order."""
        return [call[1:] for call in self.calls if call[0] == name]

    def forget(self) -> None:
        self.calls.clear()


class Clock:
    """Milliseconds that pass only when a test says so; timers fire in order."""

    def __init__(self) -> None:
        self.at = 1000
        self._order = itertools.count()
        self._timers: list[tuple[int, int, Callable[[], object]]] = []

    def now(self) -> int:
        return self.at

    def later(self, ms: int, action: Callable[[], object]) -> None:
        self._timers.append((self.at + int(ms), next(self._order), action))

    @property
    def waiting(self) -> int:
        """How many timers are under way."""
        return len(self._timers)

    def advance(self, ms: int) -> None:
        end = self.at + ms
        while True:
            due = min((timer for timer in self._timers if timer[0] <= end), default=None)
            if due is None:
                break
            self._timers.remove(due)
            self.at = max(self.at, due[0])
            due[2]()
        self.at = end


class Client:
    """The client's modules in one Lua, as the manifest orders them, without `main.lua`."""

    def __init__(self) -> None:
        self.lua = lua54.LuaRuntime(unpack_returned_tuples=True)
        self.clock = Clock()
        self.game = Natives(self.lua)
        for name in SHARED + CLIENT:
            self.lua.execute((RESOURCE / name).read_text(encoding="utf-8"))
        self.modules = self.lua.globals().CadBridge

    def table(self, value: Any) -> Any:
        """A Lua table from dicts and lists, all the way down."""
        if isinstance(value, dict):
            return self.lua.table_from({key: self.table(item) for key, item in value.items()})
        if isinstance(value, list | tuple):
            return self.lua.table_from([self.table(item) for item in value])
        return value

    def plain(self, value: Any) -> Any:
        """Dicts and lists from a Lua table, all the way down."""
        if lua54.lua_type(value) != "table":
            return value
        keys = list(value.keys())
        if keys and keys == list(range(1, len(keys) + 1)):
            return [self.plain(value[key]) for key in keys]
        return {key: self.plain(value[key]) for key in keys}


@pytest.fixture
def client() -> Client:
    """All modules of the client, loaded."""
    return Client()

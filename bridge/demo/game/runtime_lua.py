"""One Lua state: the scripts of one resource on one side (server, or one player's game)."""

from __future__ import annotations

import itertools
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import lupa.lua54

from bridge.demo.game.console import ScriptError
from bridge.demo.game.hashing import joaat
from bridge.demo.game.natives.signature import Native, NativeError, lua_bindings, natives_of
from bridge.demo.game.packing import decode, encode_args, text_of
from bridge.demo.game.resource import Resource
from bridge.demo.game.world import World

__all__ = ["LuaRuntime", "ScriptFailure", "lua_of", "next_instance"]

_LUA_FOLDER = Path(__file__).parent / "lua"
_instances = itertools.count(1)

# Time of this thread alone, so that a busy machine does not count; Windows counts it too coarsely.
cpu_seconds = time.perf_counter if sys.platform == "win32" else time.thread_time


def next_instance() -> int:
    """Return a number that no other runtime has: it tells function references apart."""
    return next(_instances)


class ScriptFailure(Exception):
    """A script raised an error at a call that a test made."""


@cache
def _source(name: str) -> bytes:
    return (_LUA_FOLDER / name).read_bytes()


@cache
def _bindings(natives: tuple[Native, ...]) -> bytes:
    return lua_bindings(list(natives))


class LuaRuntime:
    """Loads scripts, takes events and calls, wakes threads.

    `instance` tells runtimes apart in function references, `seconds` is the time spent inside.
    """

    handles = ".lua"

    def __init__(
        self,
        world: World,
        resource: str,
        libraries: Iterable[object],
        globals_allowed: frozenset[str] | None = None,
    ) -> None:
        self._globals_allowed = globals_allowed
        self.world = world
        self.resource = resource
        self.instance = next_instance()
        self.next_due: int | None = None
        self.seconds = 0.0
        self._depth = 0
        self._closed = False
        self._final: Counter[str] | None = None
        natives: dict[Native, Callable[..., Any]] = {}
        for library in libraries:
            natives.update(natives_of(library))
        self._lua: Any = lupa.lua54.LuaRuntime(
            encoding=None,
            unpack_returned_tuples=True,
            register_eval=False,
            register_builtins=False,
        )
        entries = self._build(natives)
        self._counts = entries[b"counts"]
        # Functions, not the table: inside of a nested call lupa misreads a table's fields.
        self._script = entries[b"script"]
        self._event = entries[b"event"]
        self._call_ref = entries[b"call_ref"]
        self._duplicate_ref = entries[b"duplicate_ref"]
        self._delete_ref = entries[b"delete_ref"]
        self._tick = entries[b"tick"]
        self._evaluate = entries[b"evaluate"]
        self._engine_seconds = entries[b"engine_seconds"]

    def _build(self, natives: dict[Native, Callable[..., Any]]) -> Any:
        lua = self._lua
        functions = lua.table_from({n.name.encode(): f for n, f in natives.items()})
        load = lua.eval(b"function(text) return assert(load(text, '@citizen:/host.lua', 't')) end")
        setup = load(_source("host.lua"))
        clock = self.world.clock
        host = lua.table_from(
            {
                b"trace": self._trace,
                b"now": clock.now,
                b"time": clock.seconds,
                b"clock": time.process_time,
                b"cpu": cpu_seconds,
                b"platform": b"Windows" if sys.platform == "win32" else b"Linux",
                b"script_error": self._script_error,
                b"is_python_error": lambda value: isinstance(value, Exception),
                b"canonicalize_ref": self._canonicalize,
                b"invoke_ref": self._invoke,
                b"hash": lambda text: joaat(text_of(text)),
                b"new_global": self._new_global,
                b"open_file": self._open_file,
                b"remove_file": self._remove_file,
                b"FORMAT_STACK_TRACE": joaat("FORMAT_STACK_TRACE"),
            }
        )
        return setup(
            host,
            self.world.side.encode(),
            lambda name: self.world.lua_source(text_of(name)),
            functions,
            _bindings(tuple(natives)),
        )

    # What the runtime's scripts call -----------------------------------------------------------

    def _trace(self, text: bytes) -> None:
        self.world.console.script(self.resource, text.decode("utf-8", "replace"))

    def _script_error(self, text: bytes, trace: bytes) -> None:
        self.world.console.error(
            self.resource, text.decode("utf-8", "replace"), trace.decode("utf-8", "replace")
        )

    def _new_global(self, name: bytes) -> None:
        allowed = self._globals_allowed
        if allowed is not None and text_of(name) not in allowed:
            problem = f"global {text_of(name)} was created"
            self.world.console.errors.append(
                ScriptError(self.world.console.where, self.resource, problem)
            )

    def _canonicalize(self, index: int) -> bytes:
        return f"{self.resource}:{self.instance}:{index}".encode()

    def _invoke(self, reference: bytes, arguments: bytes) -> bytes | None:
        return self.world.invoke(text_of(reference), arguments)

    def _own_file(self, name: bytes) -> str | None:
        """Return the name within the resource of a path under it, None for any other path."""
        prefix = self.world.path_of(self.resource) + "/"
        text = text_of(name)
        return text.removeprefix(prefix) if text.startswith(prefix) else None

    def _open_file(self, name: bytes, mode: bytes = b"r") -> Any:
        own = self._own_file(name)
        if own is None or not mode.startswith(b"r"):
            return None, name + b": Permission denied", 13
        content = self.world.resources[self.resource].files.read(own)
        if content is None:
            return None, name + b": No such file or directory", 2
        return content

    def _remove_file(self, name: bytes) -> Any:
        own = self._own_file(name)
        if own is None:
            return None, name + b": Permission denied", 13
        if not self.world.resources[self.resource].files.remove(own):
            return None, name + b": No such file or directory", 2
        return True

    # What the world calls ----------------------------------------------------------------------

    def _enter(self, entry: Any, *arguments: object) -> Any:
        world = self.world
        if entry is None:
            return None
        world.stack.append(self)
        self._depth += 1
        start = cpu_seconds()
        try:
            return entry(*arguments)
        except lupa.lua54.LuaError as problem:
            world.console.error(self.resource, str(problem))
            return None
        except NativeError as problem:
            world.console.error(self.resource, str(problem))
            return None
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.seconds += cpu_seconds() - start
            self.next_due = 0  # something may have been scheduled: the next tick looks
            world.stack.pop()
            if self._closed and self._depth == 0:
                self._release()

    def load(self, name: str, text: bytes) -> None:
        """Load and run a script file; what goes wrong is printed as FXServer prints it."""
        result = self._enter(self._script, text, f"@{self.resource}/{name}".encode())
        if isinstance(result, tuple):
            problem = text_of(result[1])
            self.world.console.script(
                self.resource,
                f"Error parsing script {name} in resource {self.resource}: {problem}\n",
            )
            self.world.script_failed(self.resource, name, problem)

    def trigger(self, name: str, payload: bytes, source: str) -> None:
        """Run the handlers of an event."""
        self._enter(self._event, name.encode("utf-8", "surrogateescape"), payload, source.encode())

    def call_ref(self, index: int, arguments: bytes) -> bytes | None:
        """Call a function of a script by its reference."""
        result: bytes | None = self._enter(self._call_ref, index, arguments)
        return result

    def duplicate_ref(self, index: int) -> bool:
        """Count one more user of a function; False if it is unknown."""
        return bool(self._enter(self._duplicate_ref, index) == index)

    def delete_ref(self, index: int) -> None:
        """Count one user of a function less."""
        self._enter(self._delete_ref, index)

    def tick(self) -> None:
        """Wake the threads that are due."""
        if self.next_due is None or self.next_due > self.world.clock.now():
            return
        self.next_due = self._enter(self._tick)

    def evaluate(self, code: str, *arguments: object) -> list[Any]:
        """Run a chunk of a test and return its results.

        Raises:
            ScriptFailure: it does not parse, or raised.
        """
        result = self._enter(self._evaluate, code.encode(), encode_args(arguments))
        if not isinstance(result, bytes):
            raise ScriptFailure(text_of(result[1]) if isinstance(result, tuple) else "failed")
        values = decode(result)
        return values if isinstance(values, list) else [values]

    def native_calls(self) -> Counter[str]:
        """Return how often each native was called since the start."""
        if self._final is not None:
            return self._final
        return Counter({text_of(name): count for name, count in self._counts.items()})

    def engine_seconds(self) -> float:
        """Return the time spent in JSON and MessagePack since this was first asked."""
        return float(self._engine_seconds()) if self._engine_seconds is not None else 0.0

    def close(self) -> None:
        """End: references into this runtime are dead from now on."""
        self._closed = True
        if self._depth == 0:
            self._release()

    def _release(self) -> None:
        """Let Lua go. It holds us and we hold it, which Python's collector cannot see through."""
        if self._lua is None:
            return
        self._final = self.native_calls()
        self._lua = self._counts = None
        self._script = self._event = self._tick = self._evaluate = None
        self._engine_seconds = None
        self._call_ref = self._duplicate_ref = self._delete_ref = None


def lua_of(resource: Resource) -> LuaRuntime:
    """Return the Lua that runs a resource's scripts.

    Raises:
        ScriptFailure: none does.
    """
    for runtime in resource.runtimes:
        if isinstance(runtime, LuaRuntime):
            return runtime
    raise ScriptFailure(f"no Lua of {resource.name} runs")

"""A process in which resources run: the server, or one player's game.

It carries local events between runtimes, knows who called whom, and wakes everybody.
"""

from __future__ import annotations

import random
import re
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bridge.demo.game.access import AccessControl
from bridge.demo.game.clock import Clock
from bridge.demo.game.commands import Commands
from bridge.demo.game.console import Console, ScriptError
from bridge.demo.game.convars import Convars
from bridge.demo.game.hashing import joaat
from bridge.demo.game.packing import decode, encode_args
from bridge.demo.game.resource import Resource, Runtime

__all__ = ["Caller", "World"]

_LUA_FOLDER = Path(__file__).parent / "lua"

RuntimeMaker = Callable[["World", str, list[str]], list[Runtime]]
Listener = Callable[[list[Any], str], None]


def plain_lua(text: bytes) -> bytes:
    """Return CfxLua's text as Lua 5.4: a name in backticks is its hash."""
    return re.sub(rb"`(\w+)`", lambda match: str(joaat(match[1].decode())).encode(), text)


class Caller(Protocol):
    """Somebody in the stack of who called whom: a runtime, or a test posing as a resource."""

    @property
    def resource(self) -> str:
        """Return the name of the resource."""


@dataclass(frozen=True, slots=True)
class _Poser:
    resource: str


class World:
    """One side's resources and what they share.

    `side` is `server` or `client`; `make` makes the runtimes that a resource's scripts need.
    """

    def __init__(
        self,
        side: str,
        *,
        clock: Clock,
        console: Console,
        convars: Convars,
        access: AccessControl,
        make: RuntimeMaker,
        seed: int = 0,
    ) -> None:
        self.side = side
        self.clock = clock
        self.console = console
        self.convars = convars
        self.access = access
        self.commands = Commands(access, console, self.call)
        self.resources: dict[str, Resource] = {}
        self.stack: list[Caller] = []
        self.last_canceled = False
        self.scheduler: bytes | None = None
        self.on_unknown_command: Callable[[str], None] | None = None
        self._python: list[Callable[[list[Any]], object]] = []
        self._make = make
        self._random = random.Random(seed)  # noqa: S311 - an order, no secret
        self._cancel: list[list[bool]] = []
        self._queue: deque[tuple[str, bytes, str, str | None]] = deque()
        self._listeners: defaultdict[str, list[Listener]] = defaultdict(list)
        self._handlers: defaultdict[str, list[str]] = defaultdict(list)

    # Resources ---------------------------------------------------------------------------------

    def start(self, resource: Resource) -> None:
        """Make a resource's runtimes, load its scripts, tell everybody."""
        resource.state = "starting"
        scripts = resource.scripts(self.side)
        resource.runtimes = self._make(self, resource.name, scripts)
        self._random.shuffle(resource.runtimes)  # nobody may count on who gets an event first
        for script in scripts:
            for runtime in resource.runtimes:
                if runtime.handles in script:
                    self._load(resource, runtime, script)
        self.trigger("onResourceStart", encode_args([resource.name]), "")
        resource.state = "started"
        self.queue(f"on{self.side.title()}ResourceStart", encode_args([resource.name]), "")

    def _load(self, resource: Resource, runtime: Runtime, script: str) -> None:
        owner: Resource | None = resource
        name = script
        if script.startswith("@"):
            other, _, name = script[1:].partition("/")
            owner = self.resources.get(other)
        text = owner.files.read(name) if owner is not None else None
        if text is None:
            self.script_failed(resource.name, script, "no such file")
        else:
            runtime.load(script, text)

    def stop(self, resource: Resource) -> None:
        """Tell everybody, then end a resource's runtimes and what hangs on them."""
        self.trigger("onResourceStop", encode_args([resource.name]), "")
        self.queue(f"on{self.side.title()}ResourceStop", encode_args([resource.name]), "")
        resource.state = "stopped"
        for runtime in resource.runtimes:
            runtime.close()
        resource.runtimes = []
        resource.handled.clear()
        self.commands.forget(resource.name)
        self.convars.forget(resource.name)

    def lua_source(self, name: str) -> bytes:
        """Return a file of the Lua host; the scheduler may be replaced by FXServer's own."""
        if name == "scheduler.lua" and self.scheduler is not None:
            return plain_lua(self.scheduler)
        return (_LUA_FOLDER / name).read_bytes()

    def path_of(self, resource: str) -> str:
        """Return the path that scripts see of a resource's folder."""
        return f"resources:/{resource}" if self.side == "client" else f"/resources/{resource}"

    def script_failed(self, resource: str, script: str, problem: str) -> None:
        """Say that a script did not load; the resource starts all the same."""
        self.console.write("citizen-scripting-core", f"Failed to load script {script}.\n")
        self.console.errors.append(
            ScriptError(self.console.where, resource, f"Failed to load script {script}: {problem}")
        )

    # Events ------------------------------------------------------------------------------------

    def handle(self, resource: str, event: str) -> None:
        """Note that a resource has a handler for an event."""
        self.resources[resource].handled.add(event)
        names = self._handlers[event]
        if resource not in names:
            names.append(resource)

    def trigger(self, name: str, payload: bytes, source: str, only: str | None = None) -> bool:
        """Run all handlers of an event now; False if one of them canceled it."""
        canceled = [False]
        self._cancel.append(canceled)
        try:
            for runtime in self._hearing(name, only):
                runtime.trigger(name, payload, source)
            if name in self._listeners:
                arguments = decode(payload)
                for listener in list(self._listeners[name]):
                    listener(arguments, source)
        finally:
            self._cancel.pop()
        self.last_canceled = canceled[0]
        return not canceled[0]

    def _hearing(self, name: str, only: str | None) -> Iterator[Runtime]:
        """Return the runtimes of the resources that handle an event, as they are at their turn."""
        names = [only] if only is not None else list(self._handlers.get(name, ()))
        if only is None and name.startswith("__cfx_nui:"):
            return  # scripts cannot pose as the page
        for resource in names:
            owner = self.resources.get(resource)
            if owner is not None and name in owner.handled:
                yield from list(owner.runtimes)

    def cancel(self) -> None:
        """Cancel the event under way."""
        if self._cancel:
            self._cancel[-1][0] = True

    def queue(self, name: str, payload: bytes, source: str, only: str | None = None) -> None:
        """Run the handlers of an event at the next tick."""
        self._queue.append((name, payload, source, only))

    @property
    def idle(self) -> bool:
        """True if no event waits for the next tick."""
        return not self._queue

    def has_handlers(self, name: str) -> bool:
        """Return whether somebody here listens for an event."""
        if self._listeners.get(name):
            return True
        owners = (self.resources.get(resource) for resource in self._handlers.get(name, ()))
        return any(owner is not None and name in owner.handled for owner in owners)

    def run_command(self, line: str, resource: str) -> bool:
        """Run a command as a resource; False if there is none and nobody else to ask."""
        if self.commands.execute(line, [f"resource.{resource}"], 0):
            return True
        if self.on_unknown_command is None:
            return False
        self.on_unknown_command(line)
        return True

    def listen(self, name: str, listener: Listener) -> None:
        """Call a Python function with the arguments and source of each event of a name."""
        self._listeners[name].append(listener)

    def invoking_resource(self) -> str | None:
        """Return the resource that called into the present runtime, None if the game itself did."""
        return self.stack[-2].resource if len(self.stack) > 1 else None

    @contextmanager
    def posing(self, resource: str) -> Iterator[None]:
        """Hold while a test acts as a resource: it stands among the callers."""
        self.stack.append(_Poser(resource))
        try:
            yield
        finally:
            self.stack.pop()

    # Function references -----------------------------------------------------------------------

    def _runtime(self, reference: str) -> tuple[Runtime, int] | None:
        name, _, rest = reference.partition(":")
        instance, _, index = rest.partition(":")
        owner = self.resources.get(name)
        for runtime in owner.runtimes if owner is not None else ():
            if str(runtime.instance) == instance:
                return runtime, int(index)
        return None

    def python_reference(self, function: Callable[[list[Any]], object]) -> str:
        """Return a reference that scripts can call; the function gets their arguments."""
        self._python.append(function)
        return f"python:0:{len(self._python) - 1}"

    def invoke(self, reference: str, arguments: bytes) -> bytes | None:
        """Call a script's function; None if it is gone or failed."""
        if reference.startswith("python:"):
            result = self._python[int(reference.rpartition(":")[2])](decode(arguments))
            return encode_args([] if result is None else [result])
        found = self._runtime(reference)
        return found[0].call_ref(found[1], arguments) if found is not None else None

    def call(self, reference: str, *arguments: object) -> Any:
        """Call a script's function with Python values and return its results."""
        result = self.invoke(reference, encode_args(arguments))
        return None if result is None else decode(result)

    def duplicate(self, reference: str) -> bool:
        """Count one more user of a function; False if it is gone."""
        if reference.startswith("python:"):
            return True
        found = self._runtime(reference)
        return found is not None and found[0].duplicate_ref(found[1])

    def delete(self, reference: str) -> None:
        """Count one user of a function less."""
        found = self._runtime(reference)
        if found is not None:
            found[0].delete_ref(found[1])

    # Time --------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Run queued events, then timers and threads."""
        for _ in range(len(self._queue)):
            name, payload, source, only = self._queue.popleft()
            self.trigger(name, payload, source, only)
        for runtime in self.runtimes():
            runtime.tick()

    def runtimes(self) -> Iterable[Runtime]:
        """Return all runtimes of started resources."""
        return [runtime for owner in self.resources.values() for runtime in owner.runtimes]

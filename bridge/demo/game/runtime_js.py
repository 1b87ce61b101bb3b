"""A resource's server JavaScript, in a Node of its own.

JavaScript and Lua share one thread in the game. Here one of two processes has the word at a time:
Node runs freely while no server Lua runs; before the server enters any script it takes the word
(`take`), so that neither ever finds itself in the middle of the other. Calls both ways nest.

One thing differs from the game: a promise made by code that Lua has entered goes on as soon as Node
has the word again, in the game only at the next tick, up to 50 ms later.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import Any

from bridge.demo.game.console import ScriptError
from bridge.demo.game.natives.signature import Native, NativeError, natives_of
from bridge.demo.game.node_process import Frame, NodeGone, NodeProcess
from bridge.demo.game.packing import FunctionRef, decode, encode_args
from bridge.demo.game.runtime_lua import next_instance
from bridge.demo.game.world import World

__all__ = ["JsRuntime"]


class JsRuntime:
    """Loads classic scripts into one shared scope; events, calls and natives go through frames."""

    handles = ".js"

    def __init__(
        self,
        world: World,
        resource: str,
        libraries: Iterable[object],
        *,
        folder: str,
        websocket: bool,
        entering: Callable[[], Any],
    ) -> None:
        self.world = world
        self.resource = resource
        self.instance = next_instance()
        self._entering = entering
        self._held = 0
        self._loop = asyncio.get_running_loop()
        self._natives: dict[str, tuple[Native, Callable[..., Any]]] = {
            declared.name: (declared, function)
            for library in libraries
            for declared, function in natives_of(library)
        }
        options = {
            "resource": resource,
            "instance": self.instance,
            "folder": folder,
            "websocket": websocket,
            "natives": sorted(self._natives),
            "now": world.clock.now(),
        }
        self.gone = False
        self._node = NodeProcess(options, self._wake)
        self._await("ready")

    @property
    def pid(self) -> int:
        """Return the number of the Node process."""
        return self._node.pid

    # The word ----------------------------------------------------------------------------------

    def take(self) -> None:
        """Let Node stop running freely; scripts of the server may be entered now."""
        self._held += 1
        if self._held == 1 and not self.gone:
            self._order("taken", {"op": "take"})

    def give(self) -> None:
        """Let Node run freely again."""
        self._held -= 1
        if self._held == 0 and not self.gone:
            self._try_send({"op": "give"})

    def _wake(self) -> None:
        """Have frames looked at by the loop (called from another thread)."""
        with contextlib.suppress(RuntimeError):  # the loop has been closed
            self._loop.call_soon_threadsafe(self._drain)

    def _drain(self) -> None:
        """Serve what Node asks while it runs freely."""
        while not self._held and not self.gone:
            frame = self._node.poll()
            if frame is None:
                return
            self._held += 1  # it waits for us: the word is ours
            try:
                with self._entering():
                    self._serve(frame)
            except NodeGone as problem:
                self._lost(problem)
            finally:
                self._held -= 1

    # Frames ------------------------------------------------------------------------------------

    def _try_send(self, head: dict[str, Any], body: bytes = b"") -> None:
        try:
            self._node.send(head, body)
        except NodeGone as problem:
            self._lost(problem)

    def _lost(self, problem: NodeGone) -> None:
        if not self.gone:
            self.gone = True
            self.world.console.error(self.resource, f"JavaScript runtime: {problem}")

    def _await(self, op: str) -> Frame | None:
        """Serve until a frame of a kind comes; None if Node is gone."""
        try:
            while True:
                frame = self._node.receive()
                if frame.op == op:
                    return frame
                self._serve(frame)
        except NodeGone as problem:
            self._lost(problem)
            return None

    def _order(self, answer: str, head: dict[str, Any], body: bytes = b"") -> Frame | None:
        if self.gone:
            return None
        self._try_send(head, body)
        return self._await(answer)

    def _run(self, head: dict[str, Any], body: bytes = b"") -> Frame | None:
        """Let Node do something while it has no word of its own."""
        self.take()
        self.world.stack.append(self)
        try:
            return self._order("done", head, body)
        finally:
            self.world.stack.pop()
            self.give()

    def _serve(self, frame: Frame) -> None:
        console = self.world.console
        match frame.op:
            case "trace":
                console.script(self.resource, frame.head["text"])
            case "error":
                console.error(self.resource, frame.head["text"])
            case "warning":
                console.write("node", frame.head["text"])
                if "UnhandledPromiseRejection" in frame.head["text"]:
                    problem = ScriptError("server", self.resource, frame.head["text"].strip())
                    console.errors.append(problem)
            case "invoke":
                with self._on_stack():
                    result = self.world.invoke(frame.head["reference"], frame.body)
                self._node.send({"op": "reply", "failed": result is None}, result or b"")
            case "native":
                self._answer_native(frame)

    def _on_stack(self) -> _OnStack:
        return _OnStack(self)

    def _answer_native(self, frame: Frame) -> None:
        try:
            with self._on_stack():
                result = self._call_native(frame.head["name"], decode(frame.body))
        except NativeError as problem:
            self._node.send({"op": "reply", "problem": str(problem)})
        else:
            self._node.send({"op": "reply"}, result)

    def _call_native(self, name: str, arguments: list[Any]) -> bytes:
        declared, function = self._natives[name]
        if len(arguments) > len(declared.parameters):
            raise NativeError(f"{name} takes {len(declared.parameters)} arguments, not more")
        missing = len(declared.parameters) - len(arguments)
        values = [
            _argument(name, position, kind, value)
            for position, (kind, value) in enumerate(
                zip(declared.parameters, [*arguments, *[None] * missing], strict=True), 1
            )
        ]
        result = function(*values)
        if declared.result == "object":
            return bytes(result)
        if declared.result == "bool":
            result = 1 if result else False
        # One value, not a list of arguments: cut the list's head off.
        return encode_args([list(result) if isinstance(result, tuple) else result])[1:]

    # What the world calls ----------------------------------------------------------------------

    def load(self, name: str, text: bytes) -> None:
        """Load and run a script file."""
        frame = self._run({"op": "load", "name": name}, text)
        if frame is not None and frame.head["problem"]:
            problem = frame.head["problem"]
            line = f"Error loading script {name} in resource {self.resource}: {problem}\n"
            self.world.console.script(self.resource, line)
            self.world.script_failed(self.resource, name, problem)

    def trigger(self, name: str, payload: bytes, source: str) -> None:
        """Run the handlers of an event."""
        self._run({"op": "event", "name": name, "source": source}, payload)

    def call_ref(self, index: int, arguments: bytes) -> bytes | None:
        """Call a function of a script by its reference."""
        frame = self._run({"op": "call", "index": index}, arguments)
        return None if frame is None else frame.body

    def duplicate_ref(self, index: int) -> bool:
        """Count one more user of a function; False if it is unknown."""
        frame = self._run({"op": "duplicate", "index": index})
        return frame is not None and bool(frame.head["known"])

    def delete_ref(self, index: int) -> None:
        """Count one user of a function less."""
        self._run({"op": "delete", "index": index})

    def tick(self) -> None:
        """Let timers run."""
        self._run({"op": "tick", "now": self.world.clock.now()})

    def close(self) -> None:
        """End Node, after a last turn of its loop."""
        if not self.gone:
            self._try_send({"op": "stop"})
            if self._held:
                self._try_send({"op": "give"})
            self._await("bye")
        self.gone = True
        self._node.end()


class _OnStack:
    """Puts a runtime into the stack of callers, unless it is on top already."""

    def __init__(self, runtime: JsRuntime) -> None:
        self._runtime = runtime
        self._pushed = False

    def __enter__(self) -> None:
        stack = self._runtime.world.stack
        self._pushed = not stack or stack[-1] is not self._runtime
        if self._pushed:
            stack.append(self._runtime)

    def __exit__(self, *_: object) -> None:
        if self._pushed:
            self._runtime.world.stack.pop()


def _argument(name: str, position: int, kind: str, value: Any) -> Any:
    """Return a value as a native takes it; JavaScript knows one kind of number."""
    if value is None and kind.endswith("?"):
        return None
    wrong = NativeError(f"{name}: argument {position} must be {kind}, not {value!r}")
    number = isinstance(value, int | float) and not isinstance(value, bool)
    match kind.rstrip("?"):
        case "string":
            if isinstance(value, bytes):
                return value
            if isinstance(value, str):
                return value.encode("utf-8", "surrogateescape")
            if isinstance(value, int) and number and value != 0:
                return str(value).encode()
        case "int" | "hash":
            if number and float(value).is_integer():
                return int(value)
        case "float":
            if number:
                return float(value)
        case "bool":
            if isinstance(value, bool) or value in (0, 1):
                return bool(value)
        case "func":
            if isinstance(value, FunctionRef):
                return value.text.encode()
    raise wrong

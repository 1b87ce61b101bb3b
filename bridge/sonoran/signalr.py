"""The wire format of the CAD's hub: SignalR's JSON protocol, version 1; no socket, no clock.

Frames are text. Every message ends with the byte 0x1E, the handshake too; one frame may hold
several messages, and a message may come in several frames. A `Session` is one connection's worth
of it: what arrived goes into `receive`, what came of it comes out as signals; `call` and
`completion` return texts to be sent. Source: SignalR's own specification (dotnet/aspnetcore,
HubProtocol and TransportProtocols).

Unknown messages, targets and fields are skipped, as is what cannot be read between two separators:
a feed of emergencies does not end over a message that nobody needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Never

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = [
    "HANDSHAKE",
    "MAX_MESSAGE",
    "PING",
    "Answered",
    "Closed",
    "Invoked",
    "Opened",
    "Pinged",
    "Refused",
    "Session",
    "Signal",
    "Skipped",
    "TooLong",
    "completion",
]

MAX_MESSAGE: Final = 4 * 1024 * 1024
"""Characters of one message. A station alert may carry audio; beyond this the peer is broken."""
SEPARATOR: Final = "\x1e"
HANDSHAKE: Final = '{"protocol":"json","version":1}' + SEPARATOR
PING: Final = '{"type":6}' + SEPARATOR

_INVOCATION, _COMPLETION, _PING, _CLOSE = 1, 3, 6, 7


@dataclass(frozen=True, slots=True)
class Opened:
    """The handshake was accepted; calls may be sent."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The handshake was refused; the peer closes."""

    error: str


@dataclass(frozen=True, slots=True)
class Invoked:
    """The peer calls a method of ours."""

    target: str
    """In lower case: SignalR compares names without regard to it."""
    arguments: tuple[Any, ...]
    id: str | None = None
    """None: no answer is expected; otherwise the peer waits for `completion(id, …)`."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A call of ours is over: with an error, or with a result (None: done, no value)."""

    id: str
    result: Any = field(default=None, hash=False)
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Pinged:
    """The peer is alive."""


@dataclass(frozen=True, slots=True)
class Closed:
    """The peer ends the connection, with or without an error."""

    error: str = ""
    may_reconnect: bool = False


@dataclass(frozen=True, slots=True)
class Skipped:
    """A message was not understood, or is not needed (`harmless`); `reason` never quotes it."""

    reason: str
    harmless: bool = False


Signal = Opened | Refused | Invoked | Answered | Pinged | Closed | Skipped


class TooLong(Exception):
    """The peer sends more than `MAX_MESSAGE` characters without a separator."""


class Session:
    """One connection: splits frames into messages, opens by the handshake, numbers our calls."""

    def __init__(self, max_message: int = MAX_MESSAGE) -> None:
        self.is_open = False
        self._max_message = max_message
        self._pieces: list[str] = []
        self._length = 0
        self._calls = 0

    def receive(self, frame: str) -> Iterator[Signal]:
        """Yield what the messages that this frame completes mean; must be exhausted.

        Raises:
            TooLong: the connection is of no use any more.
        """
        for message in self._split(frame):
            yield self._read(message)

    def call(self, target: str, arguments: Sequence[Any]) -> tuple[str, str]:
        """Return the id and the text of a call; its `Answered` bears the id.

        SignalR knows no optional arguments: leave none out, pass None.
        """
        self._calls += 1
        call_id = str(self._calls)
        body = {
            "type": _INVOCATION,
            "invocationId": call_id,
            "target": target,
            "arguments": list(arguments),
        }
        return call_id, _encode(body)

    def _split(self, frame: str) -> Iterator[str]:
        *ends, rest = frame.split(SEPARATOR)
        for end in ends:
            self._keep(end)
            message = "".join(self._pieces)
            self._pieces.clear()
            self._length = 0
            if message:
                yield message
        self._keep(rest)

    def _keep(self, piece: str) -> None:
        self._length += len(piece)
        if self._length > self._max_message:
            self._pieces.clear()
            raise TooLong(f"more than {self._max_message} characters without a separator")
        if piece:
            self._pieces.append(piece)

    def _read(self, message: str) -> Signal:
        try:
            body = _DECODER.decode(message)
        except (ValueError, RecursionError):
            return Skipped("no JSON")
        if not isinstance(body, dict):
            return Skipped("no JSON object")
        if not self.is_open:
            return self._read_handshake(body)
        match body.get("type"):
            case 1:
                return _read_invocation(body)
            case 3:
                return _read_completion(body)
            case 6:
                return Pinged()
            case 7:
                return Closed(_text(body.get("error")), body.get("allowReconnect") is True)
            case _:
                return Skipped("a type of message that is not used here", harmless=True)

    def _read_handshake(self, body: dict[str, Any]) -> Signal:
        if body.get("error"):
            return Refused(_text(body["error"]))
        if body.get("type") == _CLOSE:
            return Closed(_text(body.get("error")), body.get("allowReconnect") is True)
        if "type" in body:
            return Skipped("a message before the handshake's answer")
        self.is_open = True
        return Opened()


def completion(call_id: str, *, error: str | None = None) -> str:
    """Return the answer to an invocation with an id: done (without value), or failed."""
    body: dict[str, Any] = {"type": _COMPLETION, "invocationId": call_id}
    body |= {"result": None} if error is None else {"error": error}
    return _encode(body)


def _read_invocation(body: dict[str, Any]) -> Signal:
    target, arguments, call_id = body.get("target"), body.get("arguments"), body.get("invocationId")
    if not isinstance(target, str) or not isinstance(arguments, list):
        return Skipped("an invocation without target or arguments")
    return Invoked(
        target.lower(), tuple(arguments), call_id if isinstance(call_id, str) and call_id else None
    )


def _read_completion(body: dict[str, Any]) -> Signal:
    call_id, error = body.get("invocationId"), body.get("error")
    if not isinstance(call_id, str):
        return Skipped("a completion without an id")
    return Answered(call_id, body.get("result"), None if error is None else _text(error))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _encode(body: dict[str, Any]) -> str:
    # an unescaped separator would end the message early; JSON escapes control characters
    return json.dumps(body, separators=(",", ":"), allow_nan=False) + SEPARATOR


def _refuse_constant(name: str) -> Never:
    raise ValueError(name)


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)

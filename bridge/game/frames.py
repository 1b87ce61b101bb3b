"""The frames of the websocket: what a resource may say, and the bytes that are said to it.

Names and shapes are the contract's (section "Websocket"). Lua's encoder writes whole numbers as
`3.0` and an empty object as `[]`; both are understood here, and nobody behind this door sees them.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bridge.journal import Record

__all__ = [
    "HEARTBEAT",
    "Ack",
    "BadFrame",
    "Frame",
    "Hello",
    "Receipt",
    "Request",
    "event",
    "failure",
    "read",
    "reply",
    "welcome",
]

GREATEST_EXACT = 2**53
"""Beyond this Lua's floats are no longer every whole number."""
DEEPEST = 16
"""Levels of a request's parameters."""
REASON_LENGTH = 120
"""Bytes: a close frame has room for 123."""


def _whole(value: object) -> object:
    exact = isinstance(value, float) and value.is_integer() and abs(value) <= GREATEST_EXACT
    return int(value) if exact else value  # type: ignore[call-overload]


def _object(value: object) -> object:
    return {} if value == [] else value


def _plain(value: Any, depth: int = 0) -> Any:
    """Return the value with whole numbers as such; refuse what JSON or a database cannot hold."""
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels")
    if isinstance(value, dict):
        return {name: _plain(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, depth + 1) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number that is none")
    if isinstance(value, int) and abs(value) > 2**63:
        raise ValueError("a number that is too large")
    return _whole(value)


Whole = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=GREATEST_EXACT)]
Players = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=100_000)]
Word = Annotated[str, Field(min_length=1, max_length=128)]
Params = Annotated[dict[str, Any], BeforeValidator(_object), AfterValidator(_plain)]
Counts = Annotated[dict[Word, Players], BeforeValidator(_object), Field(max_length=64)]


class _Frame(BaseModel):
    # What a newer resource adds is ignored, and values of the wrong type are never bent.
    model_config = ConfigDict(strict=True, frozen=True, hide_input_in_errors=True)


class Hello(_Frame):
    """The first frame of a connection."""

    op: Literal["hello"]
    token: Annotated[str, Field(max_length=512, repr=False)]
    resource: Word
    """Version of the resource."""
    instance: Word
    """Names the process of the game server."""
    epoch: Annotated[str, Field(max_length=128)] | None = None
    """The journal that `cursor` belongs to."""
    cursor: Whole | None = None
    """The last event that was handled."""
    board: bool = False
    """Whether the board is needed."""


class Ack(_Frame):
    """Everything up to `seq` has been handled."""

    op: Literal["ack"]
    seq: Whole


class Receipt(_Frame):
    """What became of an alert: who should have got it, was sent it, painted it."""

    op: Literal["receipt"]
    key: Word
    seq: Whole
    due: Players
    sent: Players
    shown: Players
    ms: Whole = 0
    """From the push to the last painting; 0 if nobody painted."""
    why: Counts = Field(default_factory=dict)
    """How many did not, by reason."""


class Request(_Frame):
    """Something the game asks of the bridge."""

    op: Literal["request"]
    id: Word
    method: Word
    params: Params = Field(default_factory=dict)


Frame = Hello | Ack | Receipt | Request


@dataclass(frozen=True, slots=True)
class BadFrame:
    """What came is no frame; `reason` fits a close frame and repeats no value."""

    reason: str


_FRAMES: TypeAdapter[Frame] = TypeAdapter(Annotated[Frame, Field(discriminator="op")])


def read(data: str | bytes) -> Frame | BadFrame:
    """Return the frame that came, or what is wrong with it."""
    if isinstance(data, bytes):
        return BadFrame("frames are text")
    try:
        return _FRAMES.validate_json(data)
    except ValidationError as error:
        return BadFrame(_reason(error))


def _reason(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    path = ".".join(str(step) for step in first["loc"]) or "frame"
    return cut(f"{path}: {first['msg']}")


def cut(reason: str) -> str:
    """Return as much of the text as a close frame has room for."""
    return reason.encode(errors="replace")[:REASON_LENGTH].decode(errors="ignore")


HEARTBEAT = b'{"op":"heartbeat"}'


def event(record: Record, age_ms: int, *, alert: bool) -> bytes:
    """Return the frame of an event, around the very bytes that the journal holds."""
    return b'{"op":"event","seq":%d,"age":%d,"alert":%b,"event":%b}' % (
        record.seq,
        age_ms,
        b"true" if alert else b"false",
        record.body,
    )


def welcome(
    *,
    bridge: str,
    server: int,
    name: str,
    epoch: str,
    cursor: int,
    fresh_for_ms: int,
    board: Mapping[str, Any] | None,
) -> bytes:
    """Return the answer to a hello; the stream starts behind `cursor`, `board` is as of it."""
    return _encode(
        {
            "op": "welcome",
            "bridge": bridge,
            "server": {"id": server, "name": name},
            "epoch": epoch,
            "cursor": cursor,
            "freshFor": fresh_for_ms,
            "board": board,
        }
    )


def reply(request: str, result: object) -> bytes:
    """Return the answer to a request.

    Raises:
        TypeError, ValueError, RecursionError: the result is not for JSON.
    """
    return _encode({"op": "reply", "id": request, "result": result})


def failure(request: str, code: str, message: str) -> bytes:
    """Return the refusal of a request."""
    return _encode({"op": "reply", "id": request, "error": {"code": code, "message": message}})


_dumps = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _encode(body: Mapping[str, Any]) -> bytes:
    return _dumps(body).encode(errors="replace")  # half a character would end the connection

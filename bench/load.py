"""The load of the push benchmark: many keep-alive connections that post calls and their removals.

Raw asyncio protocols instead of a client library, so that the generator costs a fraction of what it
measures. Bounded in count; loopback only.
"""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, field
from functools import partial
from itertools import count

KEY = "bench-key"


@dataclass(slots=True)
class Load:
    """What the load saw: requests answered 200, and the seconds each took."""

    port: int
    total: int
    path: str = "/sonorancad/event"
    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    elapsed: float = 0.0
    _ids: count[int] = field(default_factory=lambda: count(1))
    _left: int = 0

    async def run(self, connections: int) -> None:
        """Post `total` pushes over so many connections; returns when all are answered."""
        loop = asyncio.get_running_loop()
        self._left = self.total
        started = time.perf_counter()
        done = [loop.create_future() for _ in range(connections)]
        for future in done:
            factory = partial(_Connection, self, future)
            await loop.create_connection(factory, "127.0.0.1", self.port)
        await asyncio.gather(*done)
        self.elapsed = time.perf_counter() - started

    def next_pair(self) -> list[bytes]:
        """Return a 911 and its removal as whole requests; nothing when the load is used up."""
        if self._left <= 0:
            return []
        self._left -= 2
        number = next(self._ids)
        return [self._request(body) for body in (placed(number), removed(number))]

    def _request(self, body: bytes) -> bytes:
        return (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body


def placed(number: int) -> bytes:
    """Return a documented EVENT_911."""
    call = {
        "callId": number,
        "isEmergency": True,
        "caller": "Maria Lopez",
        "location": "2140 Vespucci Blvd",
        "description": "Two cars collided, one is on its roof.",
    }
    data = {
        "call": call,
        "apiIds": ["Steam:11000010c0ffee1", "88120045"],
        "communityUserId": "license:abc123",
        "metaData": {"someKey": "anotherValue"},
    }
    return json.dumps({"key": KEY, "type": "EVENT_911", "data": [data]}).encode()


def removed(number: int) -> bytes:
    """Return the EVENT_REMOVE_911 of the same call."""
    data = [{"callIds": [number]}]
    return json.dumps({"key": KEY, "type": "EVENT_REMOVE_911", "data": data}).encode()


class _Connection(asyncio.Protocol):
    """Posts one request at a time, as the CAD does on each of its connections."""

    def __init__(self, load: Load, done: asyncio.Future[None]) -> None:
        self._load = load
        self._done = done
        self._waiting: list[bytes] = []
        self._sent_at = 0.0
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._post()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if len(rest) < length:
            return
        self._received = rest[length:]
        self._load.seconds.append(time.perf_counter() - self._sent_at)
        self._load.refused += not head.startswith(b"HTTP/1.1 200")
        self._post()

    def _post(self) -> None:
        self._waiting = self._waiting or self._load.next_pair()
        if not self._waiting:
            self._transport.close()
            return
        self._sent_at = time.perf_counter()
        self._transport.write(self._waiting.pop(0))  # type: ignore[attr-defined]

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

"""A connection's rules without the connection: frames in, frames out, and what must be asked.

Drive it so: after each call of `receive`, `tick`, `close` or an answer, send `frames()`, carry out
`need`, `receipts()` and `requests()`, store `acknowledged`, and if `closing` is set, close with its
code. While `room()` is not 0, offer records beyond `after`. Call `tick` at `due`.

Two clocks come in as arguments, in ms: `clock` is steady and serves for deadlines; `now` is the
time since the epoch and serves for the age of events.
"""

from __future__ import annotations

import hmac
from collections import deque
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any, assert_never

from bridge.game import frames
from bridge.game.frames import Ack, BadFrame, Hello, Receipt, Request
from bridge.game.resume import BoardWanted, Need, Standing, StandingWanted, resume

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bridge.journal import Record

__all__ = ["SUBPROTOCOL", "WINDOW", "Closing", "Door", "Session"]

SUBPROTOCOL = "cad-bridge.v1"

BAD_FRAME = 4400
WRONG_TOKEN = 4401
WRONG_PROTOCOL = 4426
OVERLOADED = 1013
GOING_AWAY = 1001

HELLO_MS = 5_000
HEARTBEAT_MS = 15_000
REQUEST_MS = 10_000
WINDOW = 256
"""Events under way that were not acknowledged."""
OPEN_REQUESTS = 64
"""Requests of one game server at a time; the next is refused as `rate_limited`."""
UNSENT_FRAMES = 512
"""Answers to a resource that does not read them, beyond which it is given up."""
FRAMES_A_SECOND = 200
"""What a resource may send for long: it needs about 5 acknowledgements and a receipt an alert."""
FRAMES_AT_ONCE = 1_000
"""What may arrive together, as after a game server's stall."""


class Door:
    """A game server that may connect: the CAD's server id, its name, the hash of its token."""

    def __init__(self, server: int, name: str, token: str) -> None:
        self.server = server
        self.name = name
        self.digest = sha256(token.encode()).digest()


@dataclass(frozen=True, slots=True)
class Closing:
    """How the connection ends."""

    code: int
    reason: str


class Session:
    """One connection of a resource, from hello to close."""

    def __init__(
        self,
        doors: Sequence[Door],
        *,
        version: str,
        fresh_for_ms: int,
        subprotocol: str | None,
        clock: int,
    ) -> None:
        self._doors = doors
        self._version = version
        self._fresh_for_ms = fresh_for_ms
        self.hello: Hello | None = None
        """What the resource said of itself, once its token was right."""
        self.door: Door | None = None
        """The server that it is, from then on."""
        self.need: Need | None = None
        """What must be asked of the journal now."""
        self.closing: Closing | None = None
        self.after = 0
        """The last event that was taken from the journal."""
        self.sent = 0
        """The last event that was sent, or where the stream began."""
        self.welcomed = False
        self._epoch = ""
        self._acknowledged = 0
        self._under_way: deque[int] = deque()
        self._outbox: list[bytes] = []
        self._receipts: list[Receipt] = []
        self._requests: list[Request] = []
        self._open: dict[str, int] = {}
        self._next_heartbeat = 0
        self._hello_until = clock + HELLO_MS
        self._counted_at = clock
        self._allowance = float(FRAMES_AT_ONCE)
        if subprotocol != SUBPROTOCOL:
            self.close(WRONG_PROTOCOL, f"this bridge speaks {SUBPROTOCOL}")

    # In: from the resource.

    def receive(self, data: str | bytes, clock: int) -> None:
        """Take a frame; a bad one sets `closing`."""
        if self.closing or not self._within_pace(clock):
            return
        frame = frames.read(data)
        match frame:
            case BadFrame(reason):
                self.close(BAD_FRAME, reason)
            case Hello():
                self._greeted(frame, clock)
            case _ if not self.welcomed:
                self.close(BAD_FRAME, f"{frame.op}: before the welcome")
            case Ack():
                self._acknowledge(frame.seq)
            case Receipt():
                # One of an older connection may speak of another epoch's numbers.
                if frame.seq <= self.sent:
                    self._receipts.append(frame)
            case Request():
                self._request(frame, clock)
            case _ as never:
                assert_never(never)

    # In: answers to `need`.

    def standing(self, standing: Standing) -> None:
        """Decide where the stream begins, and whether the board comes first."""
        if self.closing or self.hello is None:
            return
        self._epoch = standing.epoch
        self.after, self.need = resume(self._server, self.hello, standing)
        if self.need is None:
            self.board(None)

    def left_out(self, anything: bool) -> None:
        """Take the answer to `LeftOutWanted`."""
        if anything:
            self.need = BoardWanted(self._server, self.after)
        else:
            self.board(None)

    def board(self, board: Mapping[str, Any] | None) -> None:
        """Welcome the resource, with the board as it stood just after event `after`."""
        if self.closing or self.door is None:
            return
        self.need = None
        self.welcomed = True
        self.sent = self._acknowledged = self.after
        self._outbox.append(
            frames.welcome(
                bridge=self._version,
                server=self.door.server,
                name=self.door.name,
                epoch=self._epoch,
                cursor=self.after,
                fresh_for_ms=self._fresh_for_ms,
                board=board,
            )
        )

    # In: from the journal, the clock, the bridge.

    def goes_on(self, epoch: str) -> None:
        """Take the journal's name of now: with another one than was welcomed, numbers that were
        sent are others, and the resource must begin anew.
        """
        if self.welcomed and epoch != self._epoch:
            self.close(GOING_AWAY, "the journal was restored from a backup")

    def offer(self, records: Sequence[Record], now: int) -> None:
        """Take records that follow `after`, in order, as far as the window reaches."""
        if not self.room():
            return
        if records and records[0].seq > self.after + 1:
            self.close(OVERLOADED, "so far behind that events were pruned: the board is needed")
            return
        for record in records:
            if record.hidden:
                self.after = record.seq
            elif self.room():
                self.after = self.sent = record.seq
                self._under_way.append(record.seq)
                age = max(0, now - record.at)
                alert = record.alert and age <= self._fresh_for_ms
                self._outbox.append(frames.event(record, age, alert=alert))
            else:
                return

    def answer(self, request: str, result: object) -> None:
        """Answer a request; too late an answer is dropped.

        Raises:
            TypeError, ValueError, RecursionError: the result is not for JSON; refuse it instead.
        """
        if request in self._open:
            self._say(frames.reply(request, result))
            del self._open[request]

    def refuse(self, request: str, code: str, message: str) -> None:
        """Refuse a request."""
        if self._open.pop(request, None) is not None:
            self._say(frames.failure(request, code, message))

    def tick(self, clock: int) -> None:
        """Do what time asks for."""
        if self.closing:
            return
        if self.hello is None:
            if clock >= self._hello_until:
                self.close(BAD_FRAME, f"no hello within {HELLO_MS // 1000} s")
            return
        if clock >= self._next_heartbeat:
            self._next_heartbeat = clock + HEARTBEAT_MS
            if self.welcomed:
                self._say(frames.HEARTBEAT)
        for request in [name for name, until in self._open.items() if clock >= until]:
            self.refuse(request, "timeout", f"no answer within {REQUEST_MS // 1000} s")

    def close(self, code: int, reason: str) -> None:
        """End the connection; the first reason counts, and what was said before is still sent."""
        if self.closing is None:
            self.closing = Closing(code, frames.cut(reason))
            self.need = None

    # Out.

    def frames(self) -> list[bytes]:
        """Take the frames that are to be sent, in order."""
        outbox, self._outbox = self._outbox, []
        return outbox

    def receipts(self) -> list[Receipt]:
        """Take the receipts that came."""
        receipts, self._receipts = self._receipts, []
        return receipts

    def requests(self) -> list[Request]:
        """Take the requests that came; each wants `answer` or `refuse`."""
        requests, self._requests = self._requests, []
        return requests

    def room(self) -> int:
        """Return how many events may be offered."""
        return WINDOW - len(self._under_way) if self.welcomed and not self.closing else 0

    @property
    def acknowledged(self) -> int:
        """The last event that is done with. Hidden ones that follow it need no handling."""
        return self.after if self.welcomed and not self._under_way else self._acknowledged

    @property
    def due(self) -> int:
        """When `tick` has something to do next."""
        if self.hello is None:
            return self._hello_until
        return min([self._next_heartbeat, *list(self._open.values())[:1]])

    # The parts of `receive`.

    @property
    def _server(self) -> int:
        assert self.door is not None  # noqa: S101 -- only asked once somebody was greeted
        return self.door.server

    def _within_pace(self, clock: int) -> bool:
        gained = max(0, clock - self._counted_at) * FRAMES_A_SECOND / 1000
        self._counted_at = clock
        self._allowance = min(FRAMES_AT_ONCE, self._allowance + gained) - 1
        if self._allowance < 0:
            self.close(OVERLOADED, f"more than {FRAMES_A_SECOND} frames a second")
        return self.closing is None

    def _greeted(self, hello: Hello, clock: int) -> None:
        if self.hello is not None:
            self.close(BAD_FRAME, "hello: a second one")
            return
        # All are compared, in constant time each: nothing is learned from how long it takes.
        digest = sha256(hello.token.encode()).digest()
        found = [door for door in self._doors if hmac.compare_digest(door.digest, digest)]
        if not found:
            self.close(WRONG_TOKEN, "this token is no server's")
            return
        self.hello, self.door = hello, found[0]
        self._next_heartbeat = clock + HEARTBEAT_MS
        self.need = StandingWanted(self.door.server)

    def _acknowledge(self, seq: int) -> None:
        if seq > self.sent:
            self.close(BAD_FRAME, f"ack: {seq} was not sent, only up to {self.sent}")
            return
        while self._under_way and self._under_way[0] <= seq:
            self._under_way.popleft()
        self._acknowledged = max(self._acknowledged, seq)

    def _request(self, request: Request, clock: int) -> None:
        if request.id in self._open:
            self.close(BAD_FRAME, "request: an id that is still open")
        elif len(self._open) >= OPEN_REQUESTS:
            self._say(
                frames.failure(request.id, "rate_limited", f"{OPEN_REQUESTS} requests are open")
            )
        else:
            self._open[request.id] = clock + REQUEST_MS
            self._requests.append(request)

    def _say(self, frame: bytes) -> None:
        self._outbox.append(frame)
        if len(self._outbox) > UNSENT_FRAMES:
            self.close(OVERLOADED, "answers are not read")

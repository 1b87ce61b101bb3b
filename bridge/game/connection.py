"""One websocket of a game server: feeds the session, and carries out what it says.

Two tasks: one listens, one speaks. Only the one that speaks sends. It reads the journal behind the
cursor whenever the bell rings, and waits for nobody but its own peer.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_never

import structlog
from websockets.exceptions import ConnectionClosed

from bridge.errors import JournalUnavailable, RequestRefused
from bridge.game.resume import BoardWanted, LeftOutWanted, Need, Standing, StandingWanted
from bridge.game.session import GOING_AWAY, OVERLOADED

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from websockets.asyncio.server import ServerConnection

    from bridge.game.answering import Answering
    from bridge.game.frames import Receipt, Request
    from bridge.game.session import Session
    from bridge.journal import Journal
    from bridge.metrics import Metrics

    Answer = Callable[[int, str, dict[str, Any]], Awaitable[Any]]
    BoardAt = Callable[[int, int], Awaitable[Mapping[str, Any]]]
    OnReceipt = Callable[[int, Mapping[str, Any]], Awaitable[None]]

__all__ = ["LAST_WORDS_S", "Connection", "Surroundings"]

log = structlog.get_logger(__name__)

INTERNAL = 1011
CUT = 1006
"""What stands for an end without a close frame."""
UNSAYABLE = (0, 1005, CUT, 1015)
"""Codes that no close frame may carry."""
LAST_WORDS_S = 3.0
"""What the last frames, and then the close, may each take with a peer that does not read."""
OP = b'{"op":"'
"""How every frame of ours begins."""
LOOKED_THROUGH = 256
"""Events read at a time in search of one that is not hidden."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every connection of a gateway works with."""

    journal: Journal
    answer: Answer
    board_at: BoardAt
    on_receipt: OnReceipt
    answering: Answering
    metrics: Metrics
    fresh_for_ms: int
    now: Callable[[], int]
    greeted: Callable[[Connection], None]
    """Called once a resource has shown its token."""


class Connection:
    """A connection from its handshake to its end."""

    def __init__(self, socket: ServerConnection, session: Session, around: Surroundings) -> None:
        self._socket = socket
        self._session = session
        self._around = around
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._wake = asyncio.Event()
        self._bell = contextlib.ExitStack()
        self._alarm: asyncio.TimerHandle | None = None
        self._entered = False
        self._recorded = 0
        self.connected_since = around.now()
        """Milliseconds since the epoch."""
        address = socket.remote_address
        self.peer = str(address[0]) if address else ""
        """Address of the other end."""

    @property
    def server(self) -> int:
        """The CAD's id of the server; 0 before the token was shown."""
        return self._session.door.server if self._session.door else 0

    @property
    def resource(self) -> str:
        """Version of the resource; empty before the token was shown."""
        return self._session.hello.resource if self._session.hello else ""

    @property
    def instance(self) -> str:
        """Names the game server's process; empty before the token was shown."""
        return self._session.hello.instance if self._session.hello else ""

    @property
    def sent(self) -> int:
        """Number of the last event that was sent."""
        return self._session.sent

    @property
    def acknowledged(self) -> int:
        """Number of the last event that was handled."""
        return self._session.acknowledged

    @property
    def closing(self) -> tuple[int, str]:
        """Code and reason of the end; 0 while there is none."""
        closing = self._session.closing
        return (closing.code, closing.reason) if closing else (0, "")

    def end(self, code: int, reason: str) -> None:
        """End it soon; what is still to be said is said, if the peer reads."""
        self._session.close(code, reason)
        self._ended.set()
        self._wake.set()

    async def run(self) -> None:
        """Listen and speak until the end; return when the socket is closed."""
        listen, speak, ended = tasks = [
            self._loop.create_task(work)
            for work in (self._listen(), self._speak(), self._ended.wait())
        ]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            self.end(*self._cause(listen, speak))
            await asyncio.wait([speak], timeout=LAST_WORDS_S)
        finally:
            for task in (listen, speak, ended):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            if self._alarm:
                self._alarm.cancel()
            self._bell.close()
            await self._close()

    def _cause(self, *tasks: asyncio.Task[Any]) -> tuple[int, str]:
        for task in tasks:
            if task.done() and (error := task.exception()):
                log.error("connection_failed", server=self.server, exc_info=error)
                return INTERNAL, "the bridge failed; its log says why"
        return self._socket.close_code or CUT, self._socket.close_reason or "connection lost"

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError):
            # With a peer that does not read, even `close` waits for the buffer to drain.
            async with asyncio.timeout(LAST_WORDS_S):
                code, reason = self.closing
                await self._socket.close(code if code not in UNSAYABLE else GOING_AWAY, reason)
        self._socket.transport.abort()

    # Listening.

    async def _listen(self) -> None:
        session = self._session
        with contextlib.suppress(ConnectionClosed):
            while not session.closing:
                session.receive(await self._socket.recv(), self._clock())
                if session.door and not self._entered:
                    self._enter(session.door.server)
                for request in session.requests():
                    self._take_request(request)
                for receipt in session.receipts():
                    await self._take_receipt(receipt)
                self._wake.set()

    def _enter(self, server: int) -> None:
        """From now on the journal's bell wakes the one that speaks, and so does all else."""
        self._entered = True
        asleep, self._wake = self._wake, self._bell.enter_context(self._around.journal.bell(server))
        self._wake.set()
        asleep.set()
        self._around.greeted(self)

    def _take_request(self, request: Request) -> None:
        if not self._around.answering.start(self.server, self._answer(request)):
            self._session.refuse(request.id, "rate_limited", "too many requests are being answered")

    async def _answer(self, request: Request) -> None:
        session = self._session
        try:
            result = await self._around.answer(self.server, request.method, request.params)
            session.answer(request.id, result)
        except RequestRefused as refused:
            session.refuse(request.id, refused.code, refused.message)
        except Exception:
            log.exception("request_failed", server=self.server)
            session.refuse(request.id, "internal", "a fault of the bridge's own; its log says more")
        self._wake.set()

    async def _take_receipt(self, receipt: Receipt) -> None:
        try:
            await self._around.on_receipt(self.server, receipt.model_dump(exclude={"op"}))
        except Exception:
            log.exception("receipt_not_taken", server=self.server)

    # Speaking.

    async def _speak(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while await self._speak_now():
                self._set_alarm()
                await self._wake.wait()

    async def _speak_now(self) -> bool:
        """Say all that is to be said now; return False if it was the last."""
        session = self._session
        self._wake.clear()
        session.tick(self._clock())
        there_is_more = True
        while there_is_more:
            there_is_more = await self._consult_journal()
            await self._send(session.frames())
        await self._record_acknowledged()
        return session.closing is None

    async def _consult_journal(self) -> bool:
        """Offer what the window has room for; return whether there may be more."""
        session = self._session
        session.goes_on(self._around.journal.epoch)
        try:
            while session.need:
                await self._meet(session.need)
            room = session.room()
            if not room:
                return False
            records = await self._around.journal.read(self.server, session.after, room)
        except JournalUnavailable:
            session.close(OVERLOADED, "the journal cannot be read now")
            return False
        session.offer(records, self._around.now())
        return len(records) == room

    async def _meet(self, need: Need) -> None:
        """Ask the journal what the session must know for the welcome."""
        journal = self._around.journal
        match need:
            case StandingWanted(server):
                fresh_since = self._around.now() - self._around.fresh_for_ms
                standing = Standing(
                    epoch=journal.epoch,
                    last=await journal.last(server),
                    acknowledged=await journal.acknowledged(server),
                    first_fresh=await journal.first_since(server, fresh_since),
                )
                self._session.standing(standing)
            case LeftOutWanted(server, after, upto):
                self._session.left_out(await self._is_anything_seen(server, after, upto))
            case BoardWanted(server, seq):
                self._session.board(await self._around.board_at(server, seq))
            case _ as never:
                assert_never(never)

    async def _is_anything_seen(self, server: int, after: int, upto: int) -> bool:
        while after < upto:
            records = await self._around.journal.read(server, after, LOOKED_THROUGH)
            if not records or records[0].seq > after + 1:
                return True  # pruned: nobody knows what they were
            if any(not record.hidden for record in records if record.seq <= upto):
                return True
            after = records[-1].seq
        return False

    async def _send(self, frames: Sequence[bytes]) -> None:
        if not frames:
            return
        socket = self._socket
        if len(frames) == 1:
            await socket.send(frames[0], text=True)
        else:
            # As `send` does it, but with one write for all: each is a system call, and a burst has
            # hundreds of frames.
            async with socket.send_context():
                for frame in frames:
                    socket.protocol.send_text(frame)
                socket.transport.write(b"".join(socket.protocol.data_to_send()))
        self._count(frames)

    def _count(self, frames: Sequence[bytes]) -> None:
        metrics = self._around.metrics
        ops = Counter(frame[len(OP) : frame.index(b'"', len(OP))] for frame in frames)
        for op, number in ops.items():
            metrics.frames.labels(self.server, op.decode()).inc(number)
        if b"event" in ops:
            metrics.passed("gateway", self.server)

    async def _record_acknowledged(self) -> None:
        session, metrics = self._session, self._around.metrics
        if session.welcomed and not session.closing:
            if session.acknowledged > self._recorded:
                self._recorded = session.acknowledged
                await self._around.journal.acknowledge(self.server, self._recorded)
                metrics.passed("acknowledged", self.server)
            if not self._around.journal.available:
                return  # one on other machines might answer late, and whoever waits for a reply too
            with contextlib.suppress(JournalUnavailable):
                last = await self._around.journal.last(self.server)
                metrics.lag.labels(self.server).set(last - self._recorded)

    def _set_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
        # A millisecond late rather than early: `due` is rounded down.
        self._alarm = self._loop.call_at((self._session.due + 1) / 1000, self._ring)

    def _ring(self) -> None:
        self._wake.set()

    def _clock(self) -> int:
        return int(self._loop.time() * 1000)

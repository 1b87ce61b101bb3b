"""The NATS side of a distributed journal: streams of messages by subject, and what goes wrong.

Every read asks the leader of the stream (never a follower, which may be behind), so what one bridge
stored another can read. What NATS refuses or does not answer is a `JournalUnavailable`.
"""

from __future__ import annotations

import asyncio
import math
import ssl
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

import structlog
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js.api import DiscardPolicy, StorageType, StoreCompression, StreamConfig
from nats.js.errors import APIError, NotFoundError

from bridge.errors import JournalUnavailable

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Sequence

    from nats.aio.msg import Msg
    from nats.js import JetStreamContext

    from bridge.journal.address import Address

__all__ = ["LOST", "Beaten", "Cluster", "Copies", "Message"]

log = structlog.get_logger(__name__)

T = TypeVar("T")

CONNECT_S = 10.0
"""Within which one of the servers must be there at start."""
ANSWER_S = 2.0
"""Within which NATS must answer; the choice of a new leader takes about as long."""
PERSIST_S = 10.0
"""How long something is tried again: where a server of NATS dies, the others choose a new leader
within it."""
RETRY_S = 0.25
HURRY_S = 3.0
"""How long a NATS that does not answer is waited for in all when the bridge stops: whoever watches
over it may end it after ten seconds."""
PING_S = 5
"""Seconds between pings; after two without an answer another server is tried."""
WRONG_LAST = (10071, 10164)
"""Error codes of JetStream for a last message that is another than was expected."""
NO_MESSAGE = 10037
NO_STREAM = 10059
REFUSALS = 32
"""What servers said last is remembered: the reason is sought in it when none takes us."""
REFUSED = (
    "NATS refuses the user, password or token; "
    "compare those in journal.url with the configuration of the NATS servers"
)
UNREACHABLE = "no NATS server can be reached"
LOST = "NATS has lost the journal's stream; restart the bridge, which makes it anew"
NO_JETSTREAM = "NATS runs without JetStream, or its servers have not found each other"


class Beaten(Exception):
    """Another message was stored first under this subject."""


@dataclass(frozen=True, slots=True)
class Message:
    """A stored message; `position` is its number in the stream, whatever the subject."""

    subject: str
    position: int
    data: bytes
    at: int
    """Milliseconds since the epoch, by the clock of NATS."""


@dataclass(frozen=True, slots=True)
class Copies:
    """The copies of a stream."""

    wanted: int
    away: int
    """Those whose servers are away, or lag behind."""
    used: int
    """Bytes of one."""


class Cluster:
    """A connection that comes back by itself; make it with `open`."""

    def __init__(self, client: Client, refusals: Sequence[str]) -> None:
        """Make it of a connected client; `refusals` goes on with what servers say, newest last."""
        self._client = client
        self._refusals = refusals
        self._jetstream: JetStreamContext = client.jetstream(timeout=ANSWER_S)
        self._until = math.inf
        """When patience ends, by the event loop's clock."""
        self._failure: JournalUnavailable | None = None
        """What went wrong with what was asked last; None if nothing did."""

    @classmethod
    async def open(cls, address: Address, came_back: Callable[[], Awaitable[None]]) -> Self:
        """Connect. `came_back` is called after each loss of the connection, once it is back.

        Raises:
            JournalUnavailable: no server answers, or all refuse.
        """
        refusals: deque[str] = deque(maxlen=REFUSALS)

        async def failed(error: Exception) -> None:
            refusals.append(_reason(error))
            log.debug("nats_error", reason=refusals[-1])

        async def lost() -> None:
            if not client.is_closed:
                log.warning("nats_lost", servers=address.shown)

        async def back() -> None:
            log.info("nats_back", server=client.connected_url and client.connected_url.netloc)
            await came_back()

        client = Client()
        tls = address.servers[0].startswith("tls:")
        try:
            async with asyncio.timeout(CONNECT_S):
                await client.connect(
                    list(address.servers),
                    name="cad-bridge",
                    user=address.user or None,
                    password=address.password or None,
                    token=address.token or None,
                    user_credentials=address.credentials or None,
                    tls=ssl.create_default_context() if tls else None,
                    error_cb=failed,
                    disconnected_cb=lost,
                    reconnected_cb=back,
                    connect_timeout=int(ANSWER_S),
                    reconnect_time_wait=0.5,  # type: ignore[arg-type]  # slept as it is
                    max_reconnect_attempts=-1,
                    no_echo=True,  # what we publish ourselves is known
                    ping_interval=PING_S,
                    max_outstanding_pings=2,
                )
        except Exception as error:  # a broken credentials file raises whatever its reader does
            await client.close()
            reasons = (
                [*refusals, _reason(error)] if not isinstance(error, TimeoutError) else [*refusals]
            )
            reason = REFUSED if REFUSED in reasons else (reasons or [UNREACHABLE])[-1]
            raise JournalUnavailable(f"NATS at {address.shown}: {reason}") from None
        return cls(client, refusals)

    def hurry(self) -> None:
        """Be patient with a NATS that does not answer for `HURRY_S` more, and then no more."""
        self._until = min(self._until, asyncio.get_running_loop().time() + HURRY_S)

    async def patiently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Try it again while the journal is unavailable, for as long as that may be over soon.

        Raises:
            JournalUnavailable: it still is.
        """
        loop = asyncio.get_running_loop()
        until = loop.time() + PERSIST_S
        while True:
            try:
                return await work()
            except JournalUnavailable:
                if loop.time() > min(until, self._until):
                    raise
            await asyncio.sleep(RETRY_S)

    async def have_stream(self, name: str, subjects: str, copies: int, *, newest: bool) -> None:
        """Make a stream of files where there is none; let it keep as many copies as are wanted.

        `newest`: it keeps the newest message of each subject only.

        Raises:
            JournalUnavailable: no JetStream, no room, …
        """
        config = StreamConfig(
            name=name,
            subjects=[subjects],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            compression=StoreCompression.S2,
            max_msgs_per_subject=1 if newest else -1,
            num_replicas=copies,
        )
        with self._explained():
            try:
                found = (await self._jetstream.stream_info(name)).config
            except NotFoundError:
                await self._jetstream.add_stream(config)
                return
            if (found.num_replicas or 1) < copies:
                await self._jetstream.update_stream(found, num_replicas=copies)

    async def publish(
        self, stream: str, subject: str, data: bytes, after: int | None = None
    ) -> int:
        """Store a message; return its position once it is durable.

        Raises:
            Beaten: `after` is not the position of the subject's last message (0: there is one).
            JournalUnavailable: refused, or not answered: then it may be stored or not.
        """
        headers = None
        if after is not None:
            headers = {"Nats-Expected-Last-Subject-Sequence": str(after)}
        with self._explained():
            try:
                answer = await self._jetstream.publish(
                    subject, data, stream=stream, headers=headers
                )
            except APIError as error:
                if error.err_code in WRONG_LAST:
                    raise Beaten from None
                raise
        return answer.seq

    async def last(self, stream: str, subject: str) -> Message | None:
        """Return the subject's last message."""
        return await self._get(stream, subject)

    async def first_from(self, stream: str, subject: str, position: int) -> Message | None:
        """Return the subject's first message at a position or behind it."""
        return await self._get(stream, subject, max(1, position))

    async def _get(self, stream: str, subject: str, since: int | None = None) -> Message | None:
        with self._explained():
            try:
                found = await self._jetstream.get_msg(
                    stream, since, subject, next=since is not None
                )
            except NotFoundError as error:
                if error.err_code == NO_MESSAGE:
                    return None
                raise
        at = int(found.time.timestamp() * 1000) if found.time else 0
        return Message(found.subject or "", found.seq or 0, found.data or b"", at)

    async def subjects(self, stream: str, pattern: str) -> list[str]:
        """Return the subjects that have messages, in order."""
        with self._explained():
            info = await self._jetstream.stream_info(stream, subjects_filter=pattern)
        return sorted(info.state.subjects or ())

    async def used_bytes(self, stream: str) -> int:
        """Return what the stream's messages take."""
        with self._explained():
            return (await self._jetstream.stream_info(stream)).state.bytes

    async def purge(self, stream: str, subject: str, before: int | None = None) -> None:
        """Delete a subject's messages, or those before a position."""
        with self._explained():
            await self._jetstream.purge_stream(stream, seq=before, subject=subject)

    async def listen(self, subject: str, heard: Callable[[str], None]) -> None:
        """Call `heard` with the subject of whatever is published, be it stored or not."""

        async def hear(message: Msg) -> None:
            heard(message.subject)

        with self._explained():
            await self._client.subscribe(subject, cb=hear)

    async def copies(self, stream: str) -> Copies | None:
        """Return how a stream is kept; None where there is none."""
        with self._explained():
            try:
                info = await self._jetstream.stream_info(stream)
            except NotFoundError:
                return None
        others = (info.cluster.replicas if info.cluster else None) or []
        away = sum(1 for one in others if one.offline or not one.current)
        return Copies(info.config.num_replicas or 1, away, info.state.bytes)

    @property
    def most_bytes(self) -> int:
        """The largest message that the servers take."""
        return self._client.max_payload

    @contextmanager
    def _explained(self) -> Iterator[None]:
        if self._failure and asyncio.get_running_loop().time() > self._until:
            raise JournalUnavailable(self._failure.reason)
        try:
            yield
        except (NatsError, OSError, TimeoutError) as error:
            self._failure = JournalUnavailable(self._why(error))
            raise self._failure from error
        self._failure = None
        # The client waits with `wait_for`, which up to Python 3.11 loses a cancellation that comes
        # together with the answer: whoever cancelled would wait for ever.
        task = asyncio.current_task()
        if task and task.cancelling():
            raise asyncio.CancelledError

    def _why(self, error: BaseException) -> str:
        """Return why it failed. Without a connection every answer is late: what the servers say to
        those who connect tells more.
        """
        if isinstance(error, TimeoutError) and not self._client.is_connected and self._refusals:
            return self._refusals[-1]
        return _reason(error)

    async def close(self) -> None:
        """End the connection."""
        # it may be lost already, of which some Pythons 3.12 make a TypeError
        with suppress(OSError, TypeError):
            await self._client.close()


def _reason(error: BaseException) -> str:
    """Return what an owner can do something about; never an address with a password in it."""
    if isinstance(error, APIError):
        if error.err_code == NO_STREAM:
            return LOST
        return f"NATS says: {error.description}" if error.description else NO_JETSTREAM
    if isinstance(error, TimeoutError):
        return "NATS does not answer"
    if isinstance(error, ConnectionError):
        return UNREACHABLE
    if isinstance(error, OSError):
        return error.strerror or UNREACHABLE
    text = str(error).removeprefix("nats: ")
    if "no responders" in text or "no response from stream" in text:
        return NO_JETSTREAM
    if "Authorization" in text or "authorization" in text:
        return REFUSED
    return text or type(error).__name__

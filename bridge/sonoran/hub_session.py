"""One connection to the CAD's hub: greet, authenticate, keep alive, read; until it ends.

A shell around `signalr.Session`. Every connection is a new, unauthenticated session to the CAD, so
the key is shown after each connect. However it ends, it ends by raising `HubLost`, which says how
soon it makes sense to try again.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal, Never
from urllib.parse import urlsplit

import structlog
import websockets
from websockets.asyncio.client import connect

import bridge
from bridge.errors import BridgeError
from bridge.settings import is_loopback
from bridge.sonoran import signalr
from bridge.sonoran.negotiate import FORBIDDING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

    from websockets.asyncio.client import ClientConnection

    from bridge.sonoran.negotiate import HubAddress

__all__ = ["HubLost", "HubRefused", "HubSession", "Pace", "Refusal", "Timing", "connected"]

log = structlog.get_logger(__name__)

Pace = Literal["usual", "other_way", "forbidden", "refused"]
"""When to try again: as usual; as usual, but by the other way of connecting; the hub forbade
reconnecting; the hub refused the key."""
Refusal = Literal["key", "connection"]
"""What a hub said no to: what it was shown, or the connection itself, before any key."""

_FRAME_OVERHEAD: Final = 1024
_EVERY: Final = 64
"""Signals of one frame after which other tasks get their turn."""


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds; the first three as ASP.NET's defaults, which the CAD has not changed in public."""

    ping: float = 15.0
    """Between our pings: a hub drops a client from which it heard nothing for 30 s."""
    silence: float = 30.0
    """Without any message of the hub, which pings every 15 s, the connection is dead."""
    answer: float = 15.0
    """For the handshake, and for the answer to a call."""
    first_pause: float = 1.0
    longest_pause: float = 30.0
    forbidden: tuple[float, float] = (30.0, 120.0)
    refused: tuple[float, float] = (120.0, 600.0)
    lasting: float = 10.0
    """A session that lived this long was a good one: pauses begin small again."""


class HubLost(BridgeError):
    """The connection ended, or could not be made."""

    def __init__(
        self, reason: str, pace: Pace = "usual", *, refused: Refusal | None = None
    ) -> None:
        self.reason = reason
        self.pace = pace
        self.refused = refused

    def __str__(self) -> str:
        """Return the reason."""
        return self.reason


class HubRefused(BridgeError):
    """The hub answered a call with an error."""


@contextlib.asynccontextmanager
async def connected(address: HubAddress, timing: Timing) -> AsyncIterator[ClientConnection]:
    """Open the websocket, and close it at the end.

    Raises:
        HubLost: it cannot be opened; with pace `other_way` if a web server answered, but no hub.
    """
    headers = {"Authorization": f"Bearer {address.token}"} if address.token else {}
    try:
        socket = await connect(
            address.url,
            additional_headers=headers,
            user_agent_header=f"cad-bridge/{bridge.__version__}",
            compression=None,  # nothing is inflated
            max_size=signalr.MAX_MESSAGE + _FRAME_OVERHEAD,
            max_queue=4,
            open_timeout=timing.answer,
            ping_interval=None,  # SignalR has pings of its own; others do not count as life
            close_timeout=2,
            proxy=None if is_loopback(urlsplit(address.url).hostname or "") else True,
        )
    except websockets.InvalidStatus as error:
        status = error.response.status_code
        raise HubLost(
            f"the hub answered {status} instead of a websocket",
            "other_way",
            refused="connection" if status in FORBIDDING else None,
        ) from None
    except websockets.WebSocketException:
        raise HubLost("what answered is no websocket", "other_way") from None
    except TimeoutError:
        raise HubLost("the hub did not answer in time") from None
    except ssl.SSLError as error:
        raise HubLost(f"no encrypted connection: {error.reason or 'TLS failed'}") from None
    except (OSError, EOFError) as error:
        raise HubLost(f"the hub cannot be reached: {error!s:.200}") from None
    try:
        yield socket
    finally:
        await socket.close()


class HubSession:
    """The life of one connection."""

    def __init__(
        self,
        socket: ClientConnection,
        authenticate: Sequence[Any],
        on_push: Callable[[HubSession, signalr.Invoked, int], Awaitable[None]],
        on_up: Callable[[HubSession], Awaitable[None]],
        timing: Timing,
    ) -> None:
        """Take an open websocket.

        Args:
            socket: an open websocket to the hub.
            authenticate: the arguments of `authenticatev2`.
            on_push: called with each `pushEvent` and its size in characters; reading goes on
                when it returns.
            on_up: called once when the hub has accepted the key.
            timing: pings and patience.
        """
        self._socket = socket
        self._authenticate = authenticate
        self._on_push = on_push
        self._on_up = on_up
        self._timing = timing
        self._signalr = signalr.Session()
        self._opened = asyncio.Event()
        self._calls: dict[str, asyncio.Future[signalr.Answered]] = {}

    async def run(self) -> Never:
        """Serve the connection until it ends.

        Raises:
            HubLost: always; with the reason.
        """
        # no task group: one that fails while it is being cancelled hides the cancellation
        tasks = [
            asyncio.create_task(work) for work in (self._read(), self._log_in(), self._keep_alive())
        ]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for call in self._calls.values():
                if not call.done():
                    call.set_exception(HubLost("the connection ended"))
        raise _why([error for task in ended if (error := task.exception()) is not None])

    async def invoke(self, target: str, arguments: Sequence[Any]) -> Any:
        """Call a method of the hub and return its result; never await it in `on_push`.

        Raises:
            HubRefused: the hub answered with an error.
            HubLost: no answer in time, or the connection ended.
        """
        call_id, text = self._signalr.call(target, arguments)
        answer = asyncio.get_running_loop().create_future()
        self._calls[call_id] = answer
        try:
            async with asyncio.timeout(self._timing.answer):
                await self._socket.send(text)
                answered = await answer
        except TimeoutError:
            raise HubLost(f"the hub did not answer {target}") from None
        except websockets.ConnectionClosed:
            raise HubLost("the connection broke") from None
        finally:
            self._calls.pop(call_id, None)
        if answered.error is not None:
            raise HubRefused(answered.error[:300])
        return answered.result

    async def complete(self, call_id: str, error: str | None) -> None:
        """Answer an invocation that has an id, if the connection still is."""
        with contextlib.suppress(websockets.ConnectionClosed, TimeoutError):
            async with asyncio.timeout(self._timing.answer):
                await self._socket.send(signalr.completion(call_id, error=error))

    async def abandon(self) -> None:
        """End the connection from our side; `run` ends with it."""
        await self._socket.close()

    async def _read(self) -> Never:
        loop = asyncio.get_running_loop()
        alive_until = loop.time() + self._timing.silence
        while True:
            try:
                async with asyncio.timeout_at(alive_until):
                    frame = await self._socket.recv(decode=True)
                count = await self._take(frame)
            except TimeoutError:
                raise HubLost(f"no sign of life for {self._timing.silence:.0f} s") from None
            except UnicodeDecodeError:
                raise HubLost("the hub sent bytes that are no text") from None
            except signalr.TooLong as error:
                raise HubLost(f"the hub sent {error}") from None
            if count:
                alive_until = loop.time() + self._timing.silence

    async def _take(self, frame: str) -> int:
        count = 0
        for count, signal in enumerate(self._signalr.receive(frame), 1):
            await self._handle(signal, len(frame))
            if count % _EVERY == 0:
                await asyncio.sleep(0)
        return count

    async def _handle(self, signal: signalr.Signal, size: int) -> None:
        match signal:
            case signalr.Opened():
                self._opened.set()
            case signalr.Invoked(target="pushevent"):
                await self._on_push(self, signal, size)
            case signalr.Invoked(id=str(call_id)):
                await self.complete(call_id, error="this client has no such method")
            case signalr.Answered(id=call_id):
                call = self._calls.get(call_id)
                if call is not None and not call.done():
                    call.set_result(signal)
            case signalr.Skipped(reason, harmless=False):
                log.warning("hub_message_skipped", server=self._authenticate[-1], reason=reason)
            case signalr.Refused(error):
                raise HubLost(f"the hub refused the handshake: {error:.200}", "forbidden")
            case signalr.Closed(error, may_reconnect):
                said = f"the hub closed the connection: {error or 'without a word':.200}"
                raise HubLost(said, "usual" if may_reconnect else "forbidden")

    async def _log_in(self) -> None:
        await self._socket.send(signalr.HANDSHAKE)
        try:
            async with asyncio.timeout(self._timing.answer):
                await self._opened.wait()
        except TimeoutError:
            raise HubLost("the hub did not answer the handshake") from None
        try:
            answer = await self.invoke("authenticatev2", self._authenticate)
        except HubRefused as error:
            raise HubLost(f"the hub could not check the key: {error}") from None
        if not isinstance(answer, dict) or not isinstance(answer.get("success"), bool):
            raise HubLost("the hub's answer to the key is not understood", "forbidden")
        if not answer["success"]:
            raise HubLost(
                f"the hub refused community id, key or server id{_said(answer.get('error'))}",
                "refused",
                refused="key",
            )
        await self._on_up(self)

    async def _keep_alive(self) -> Never:
        while True:
            await asyncio.sleep(self._timing.ping)
            if self._opened.is_set():
                await self._socket.send(signalr.PING)


def _said(words: object) -> str:
    """Return what the hub said, to stand behind what it did."""
    text = f"{words or ''!s:.200}".strip().rstrip(".")
    return f"; it says: {text}" if text else " without a word"


def _why(errors: Sequence[BaseException]) -> BaseException:
    """Return what ended a connection: what was said of it rather than that it broke."""
    for error in errors:
        if isinstance(error, HubLost):
            return error
    first = errors[0]
    if isinstance(first, websockets.ConnectionClosed):
        return HubLost(f"the connection broke: {first!s:.200}")
    return first

"""The push listener: HTTP in front of `Pushes`.

Serves the CAD's fixed path and the free ones of forwarders. Whatever can be refused without
reading the body is refused first; nothing is ever inflated.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection

    from aiohttp import StreamReader

    from bridge.settings import PushSettings
    from bridge.sonoran.doorkeeper import Doorkeeper
    from bridge.sonoran.pushes import Outcome

    Receive = Callable[[int, bytes], Awaitable[Outcome]]
    TurnedAway = Callable[[str, str], None]

__all__ = ["Listener"]

log = structlog.get_logger(__name__)

BODY_SECONDS = 10.0
"""A body must have arrived within so long."""
IN_WORK = 256
"""Requests being read or stored at once; further ones are asked to come back."""
RETRY_SECONDS = "5"
_PATH = re.compile(r"(?:/servers/(?P<server>\d{1,10}))?(?:/sonorancad)?/event/?")


class _Connection(web.RequestHandler):
    """A connection on which nonsense is answered and counted. The library would log each with its
    traceback, so that any stranger could fill the log.
    """

    def __init__(self, server: web.Server, turned_away: TurnedAway) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # which the library takes for "none"
            auto_decompress=False,
        )
        self._turned_away = turned_away

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        if isinstance(exc, HttpProcessingError):
            self._turned_away(request.remote or "", "not_http")
        return super().handle_error(request, status, exc, message)

    def log_exception(self, *args: Any, **how: Any) -> None:
        if not isinstance(how.get("exc_info"), HttpProcessingError):
            super().log_exception(*args, **how)


class _Watched(web.Server):
    """A server that tells of each new connection."""

    on_connection: Callable[[web.RequestHandler], None]
    turned_away: TurnedAway

    def __call__(self) -> web.RequestHandler:
        handler = _Connection(self, self.turned_away)
        self.on_connection(handler)
        return handler


class Listener:
    """One port. A push without a server in its path belongs to `default_server`.

    `turned_away(address, reason)` is told of whatever is refused without the right key.
    """

    def __init__(
        self,
        receive: Receive,
        *,
        port: int,
        default_server: int,
        servers: Collection[int],
        settings: PushSettings,
        doorkeeper: Doorkeeper,
        turned_away: TurnedAway,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._receive = receive
        self._configured_port = port
        self.default_server = default_server
        self._servers = frozenset(servers)
        self._settings = settings
        self._doorkeeper = doorkeeper
        self._turned_away = turned_away
        self._clock = clock
        self._in_work = 0
        self._runner: web.ServerRunner | None = None
        self._silent: set[web.RequestHandler] = set()
        """Connections on which no request has begun yet."""
        self._arriving: set[asyncio.Timeout] = set()
        """How long each body that is still arriving may take."""
        self._stopping = False
        self.port = port

    async def start(self) -> None:
        """Listen; OSError when the port is taken."""
        server = _Watched(self._answer)
        server.on_connection, server.turned_away = self._connected, self._turned_away
        runner = web.ServerRunner(server, handle_signals=False, shutdown_timeout=BODY_SECONDS)
        await runner.setup()
        self._runner = runner
        site = web.TCPSite(runner, self._settings.host, self._configured_port)
        await site.start()
        self.port = runner.addresses[0][1]
        log.info("push_listener_opened", host=self._settings.host, port=self.port)

    async def stop(self) -> None:
        """Stop accepting, finish what has arrived whole, close."""
        self._stopping = True
        for limit in self._arriving:
            if not limit.expired():
                limit.reschedule(asyncio.get_running_loop().time())
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _connected(self, connection: web.RequestHandler) -> None:
        """Give a connection so long for its first request: the library would wait for ever."""
        self._silent.add(connection)
        asyncio.get_running_loop().call_later(BODY_SECONDS, self._end_silent, connection)

    def _end_silent(self, connection: web.RequestHandler) -> None:
        if connection in self._silent:
            self._silent.discard(connection)
            if connection.transport is not None:
                connection.transport.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self._silent.discard(request.protocol)
        if self._in_work >= IN_WORK:
            return self._refuse(
                request, 503, "busy", "too many requests at once", retry=RETRY_SECONDS
            )
        self._in_work += 1
        try:
            return await self._check(request)
        finally:
            self._in_work -= 1

    async def _check(self, request: web.BaseRequest) -> web.StreamResponse:
        match = _PATH.fullmatch(request.path)
        if match is None:
            return self._refuse(request, 404, "not_found", "pushes go to /sonorancad/event")
        server = int(match["server"]) if match["server"] else self.default_server
        if server not in self._servers:
            said = f"server {server} is not configured here"
            return self._refuse(request, 404, "no_such_server", said)
        if request.method != "POST":
            return self._refuse(request, 405, "not_post", "pushes are posted", allow="POST")
        address = self._address(request)
        if not self._doorkeeper.allows(address):
            said = "push.allow_from does not name this address"
            return self._refuse(request, 403, "address", said)
        wait = self._doorkeeper.must_wait(address, self._clock())
        if wait:
            return self._refuse(
                request, 429, "wrong_keys", "too many wrong keys", retry=str(int(wait) + 1)
            )
        return await self._read(request, server, address)

    async def _read(
        self, request: web.BaseRequest, server: int, address: str
    ) -> web.StreamResponse:
        largest = self._settings.max_body
        too_large = f"a push has at most {largest} bytes"
        if (request.content_length or 0) > largest:
            return self._refuse(request, 413, "too_large", too_large)
        if request.headers.get("Content-Encoding", "identity").lower() != "identity":
            said = "a push is sent without Content-Encoding"
            return self._refuse(request, 415, "encoded", said)
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")  # it would wait for it
            request.writer.output_size = 0  # the answer itself has not begun
        try:
            body = await self._body(request.content)
        except TimeoutError:
            if self._stopping:
                said = "the bridge is stopping; send it again"
                return self._refuse(request, 503, "stopping", said, retry=RETRY_SECONDS)
            return self._refuse(request, 408, "slow", f"a body arrives within {BODY_SECONDS:.0f} s")
        except (ConnectionError, web.RequestPayloadError):
            return self._refuse(request, 400, "cut_off", "the body does not arrive whole")
        if len(body) > largest:
            return self._refuse(request, 413, "too_large", too_large)
        outcome = await self._receive(server, body)
        return self._render(outcome, address)

    async def _body(self, content: StreamReader) -> bytes:
        """Return the body, or a little more than the greatest if it is larger.

        Raises:
            TimeoutError: it did not arrive in time, or before the listener stopped.
        """
        if content.is_eof():  # it came with the head, as a push usually does
            return content.read_nowait()
        body = bytearray()
        async with asyncio.timeout(0 if self._stopping else BODY_SECONDS) as limit:
            self._arriving.add(limit)
            try:
                async for chunk in content.iter_any():
                    body += chunk
                    if len(body) > self._settings.max_body:
                        break
            finally:
                self._arriving.discard(limit)
        return bytes(body)

    def _render(self, outcome: Outcome, address: str) -> web.StreamResponse:
        if outcome.code == "wrong_key":
            self._doorkeeper.wrong_key(address, self._clock())
        elif outcome.code != "not_json":
            self._doorkeeper.right_key(address, self._clock())
        if outcome.status == HTTPStatus.OK:
            return web.Response(text="ok")
        if outcome.code in {"wrong_key", "not_json"}:
            self._turned_away(address, outcome.code)
        retry = RETRY_SECONDS if outcome.status == HTTPStatus.SERVICE_UNAVAILABLE else ""
        return _problem(outcome.status, outcome.code, outcome.detail, outcome.path, retry=retry)

    def _refuse(
        self, request: web.BaseRequest, status: int, code: str, detail: str, **headers: str
    ) -> web.StreamResponse:
        """Turn away whoever has shown no key."""
        self._turned_away(self._address(request), code)
        return _problem(status, code, detail, **headers)

    def _address(self, request: web.BaseRequest) -> str:
        if self._settings.trust_proxy:
            # the last one is what the proxy itself saw; those before it are the client's words,
            # also where the proxy adds a header of its own instead of a word to the client's
            said = request.headers.getall("X-Forwarded-For", [""])[-1]
            forwarded = said.rpartition(",")[2].strip()
            if forwarded:
                return forwarded
        return request.remote or ""


def _problem(
    status: int, code: str, detail: str, path: str = "", *, retry: str = "", allow: str = ""
) -> web.Response:
    """Return an `application/problem+json` answer (RFC 9457); `path` names the field at fault."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "code": code, "detail": detail}
    if path:
        body["path"] = path
    response = web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/problem+json"
    )
    for name, value in (("Retry-After", retry), ("Allow", allow)):
        if value:
            response.headers[name] = value
    if status in {408, 413, 415, 429}:
        response.force_close()  # the rest of the body is not read
    return response

"""One request to the CAD's REST API v2: limit, HTTP, and everything that may come back instead.

Nothing is ever sent twice by itself: the CAD knows no idempotency keys, and a request that timed
out may have worked. Each request has one connection of its own: on a kept one a request can be lost
to the peer's idle timeout, and the library would repeat it. Redirects are not followed (the key
would follow), nothing is inflated, and answers are read up to a size.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Never
from urllib.parse import quote

import aiohttp
import structlog
from yarl import URL

import bridge
from bridge.blot import Secrets
from bridge.settings import is_loopback
from bridge.sonoran.faults import (
    CadFault,
    CadGarbled,
    CadLimited,
    CadRefused,
    CadTimeout,
    CadUnreachable,
    problem,
    retry_after,
)
from bridge.sonoran.pacing import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from aiohttp.connector import Connection

    from bridge.metrics import Metrics
    from bridge.sonoran.limits import Limits

__all__ = ["MAX_ANSWER", "Answer", "Endpoint", "Rest"]

log = structlog.get_logger(__name__)

MAX_ANSWER: Final = 8 * 1024 * 1024
"""Bytes; 500 calls with their notes are well below."""
_LONGEST: Final = 8.0
"""Seconds for one exchange, where the budget does not say less."""
_TO_CONNECT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A row of the CAD's published table."""

    name: str
    method: str
    path: str
    limit: int
    """Requests a minute, for all who use the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the CAD answered: JSON that is no refusal."""

    body: Any
    headers: Mapping[str, str]
    trace: str


class Rest:
    """The CAD's API as seen with one key."""

    def __init__(
        self,
        url: str,
        api_key: str,
        limits: Limits,
        *,
        metrics: Metrics | None = None,
        longest: float = _LONGEST,
    ) -> None:
        """Keep what is needed; nothing is connected before the first request.

        Args:
            url: of the CAD, without `/v2`.
            api_key: the community's key; goes nowhere but into the Authorization header.
            limits: the windows of every endpoint that will be asked.
            metrics: where requests are counted.
            longest: seconds for one exchange.
        """
        self._url = url.rstrip("/")
        self._headers = {
            "Authorization": f"Bearer {api_key}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",
            "User-Agent": f"cad-bridge/{bridge.__version__}",
        }
        self._secrets = Secrets([api_key])
        self._limits = limits
        self._metrics = metrics
        self._longest = longest
        # an owner's proxy is not between us and this machine
        self._trust_env = not is_loopback(URL(self._url).host or "")
        self.asked = False
        """Something was asked since the start."""
        self.fault: CadFault | None = None
        """What was wrong with the last exchange; None: nothing."""

    async def ask(
        self,
        endpoint: Endpoint,
        budget: Budget,
        *,
        names: Mapping[str, object] | None = None,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        on_wait: Callable[[float], None] | None = None,
    ) -> Answer:
        """Send one request and return its answer.

        Args:
            endpoint: which one; its limit is kept.
            budget: what waiting for the limit and the exchange may take together.
            names: values for the places in the endpoint's path.
            query: the query string.
            body: what is sent as JSON; None: no body.
            on_wait: told the seconds beforehand if the request must wait for the limit.

        Raises:
            CadFault: one of its kinds, always; the request is not repeated.
        """
        try:
            await self._limits.take(endpoint.name, max(0.0, budget.left - 1.0), on_wait)
            answer = await self._exchange(endpoint, budget, names or {}, query, body)
        except CadFault as fault:
            self.asked, self.fault = True, fault
            self._count(endpoint, type(fault).__name__.removeprefix("Cad").lower())
            log.warning("cad_request_failed", endpoint=endpoint.name, reason=str(fault))
            raise
        self.asked, self.fault = True, None
        self._limits.served(endpoint.name)
        self._count(endpoint, "ok")
        return answer

    async def _exchange(
        self,
        endpoint: Endpoint,
        budget: Budget,
        names: Mapping[str, object],
        query: Mapping[str, str] | None,
        body: Any,
    ) -> Answer:
        seconds = min(self._longest, budget.left)
        if seconds <= 0:  # which the library would take for "as long as it takes"
            raise CadUnreachable("no time was left to ask it")
        try:
            async with (
                aiohttp.ClientSession(
                    connector=_OneConnection(force_close=True),
                    headers=self._headers,
                    auto_decompress=False,
                    cookie_jar=aiohttp.DummyCookieJar(),
                    trust_env=self._trust_env,
                    timeout=aiohttp.ClientTimeout(seconds, connect=min(_TO_CONNECT, seconds)),
                ) as session,
                session.request(
                    endpoint.method,
                    self._at(endpoint, names),
                    params=query,
                    json=body,
                    allow_redirects=False,
                ) as response,
            ):
                return self._read(endpoint, response, await _bounded(response))
        except aiohttp.ConnectionTimeoutError:
            raise CadUnreachable("no connection in time") from None
        except TimeoutError:
            raise CadTimeout(seconds) from None
        except aiohttp.ClientConnectorError as error:
            raise CadUnreachable(self._said(error)) from None
        except (aiohttp.ClientError, OSError) as error:
            raise CadUnreachable(self._said(error), sent=True) from None

    def _at(self, endpoint: Endpoint, names: Mapping[str, object]) -> URL:
        quoted = {name: quote(str(value), safe="") for name, value in names.items()}
        return URL(self._url + endpoint.path.format_map(quoted), encoded=True)

    def _read(self, endpoint: Endpoint, response: aiohttp.ClientResponse, raw: bytes) -> Answer:
        body = _decoded(raw)
        detail, trace = problem(body, response.headers)
        detail, trace = self._secrets.blot(detail), self._secrets.blot(trace)
        status = response.status
        if status == 429:
            wait = self._limits.refused(endpoint.name, retry_after(response.headers, time.time()))
            raise CadLimited(endpoint.name, wait, by_cad=True)
        if not 200 <= status < 300:
            raise CadRefused(status, detail, trace)
        if isinstance(body, _NotJson):
            raise CadGarbled(f"{status} with {body.reason}", trace)
        if isinstance(body, dict) and body.get("success") is False:
            raise CadRefused(status, detail, trace)
        return Answer(body, response.headers, trace)

    def _said(self, error: BaseException) -> str:
        return self._secrets.blot(str(error) or type(error).__name__)

    def _count(self, endpoint: Endpoint, outcome: str) -> None:
        if self._metrics is not None:
            self._metrics.api_calls.labels(endpoint.name, outcome).inc()


class _OneConnection(aiohttp.TCPConnector):
    """Connects once: the library would send a GET or DELETE again after a lost connection."""

    _connected = False

    async def connect(self, *args: Any, **kwargs: Any) -> Connection:
        if self._connected:
            raise aiohttp.ServerDisconnectedError
        self._connected = True
        return await super().connect(*args, **kwargs)


@dataclass(frozen=True, slots=True)
class _NotJson:
    reason: str


async def _bounded(response: aiohttp.ClientResponse) -> bytes:
    raw = bytearray()
    async for piece in response.content.iter_chunked(64 * 1024):
        raw += piece
        if len(raw) > MAX_ANSWER:
            raise CadGarbled(f"{response.status} with more than {MAX_ANSWER} bytes")
    return bytes(raw)


def _decoded(raw: bytes) -> Any:
    if not raw.strip():
        return _NotJson("nothing in it")
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        kind = "an HTML page" if raw.lstrip()[:1] == b"<" else "something that is no JSON"
        return _NotJson(kind)


def _no_constant(name: str) -> Never:
    raise ValueError(name)

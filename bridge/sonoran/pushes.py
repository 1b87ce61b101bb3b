"""One push, by whatever way it came: key, type, body, facts, journal, answer.

The listener and the hub both end here, so that the same rules hold for both. The answer is a value
that each way renders as it must: a status code, or a line in the log.
"""

from __future__ import annotations

import hmac
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

import structlog

from bridge.errors import JournalUnavailable, PushRejected
from bridge.sonoran import payloads
from bridge.sonoran.body import read_object

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from prometheus_client import Counter

    from bridge.facts import Fact
    from bridge.metrics import Metrics

__all__ = ["Outcome", "Pushes", "Way"]

log = structlog.get_logger(__name__)

Way = Literal["http", "hub"]
_TYPE = re.compile(r"[A-Za-z0-9_]{1,64}")
_STATUS = {"not_json": 400, "no_type": 400, "wrong_key": 401, "bad_body": 422, "unavailable": 503}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a push: `ok`, `duplicate`, `ignored`, or why it was refused."""

    code: str
    detail: str = ""
    path: str = ""

    @property
    def status(self) -> int:
        """The HTTP status that says so."""
        return _STATUS.get(self.code, 200)


class Accepted(Protocol):
    """What the journal made of some facts."""

    @property
    def events(self) -> int:
        """How many events they made; 0: they said nothing new."""
        ...


class Accepts(Protocol):
    """Where the facts of one server go."""

    async def accept(self, facts: Sequence[Fact]) -> Accepted:
        """Fold and make durable; see `Ingest.accept`."""
        ...


class Keeps(Protocol):
    """Where rejected pushes are kept for the owner."""

    def keep(
        self, *, server: int, way: str, code: str, reason: str, path: str, body: bytes
    ) -> None:
        """Keep a rejected push."""
        ...


class Pushes:
    """Receives the pushes of all servers of one community."""

    def __init__(
        self,
        *,
        api_key: str,
        ingests: Mapping[int, Accepts],
        pass_through: frozenset[str],
        rejected: Keeps,
        metrics: Metrics,
        now: Callable[[], int],
    ) -> None:
        self._api_key = api_key.encode()
        self._ingests = ingests
        self._pass_through = pass_through
        self._rejected = rejected
        self._metrics = metrics
        self._now = now
        self._counters: dict[tuple[int, Way, str], Counter] = {}

    async def over_http(self, server: int, body: bytes) -> Outcome:
        """Take a body that was posted; its key must be the community's."""
        try:
            push = read_object(body)
        except PushRejected as error:
            return self._counted(server, "http", Outcome(error.code, error.reason))
        if not self._has_key(push):
            self._metrics.unauthorized.inc()
            return self._counted(
                server, "http", Outcome("wrong_key", "the key is not this community's")
            )
        return await self._receive(server, "http", push, body)

    async def over_hub(self, server: int, push: str | dict[str, Any]) -> Outcome:
        """Take the argument of the hub's `pushEvent`: JSON text or an object, from a session that
        is authenticated, so its key is dropped unseen.
        """
        body = (push if isinstance(push, str) else json.dumps(push)).encode("utf-8", "replace")
        try:
            read = read_object(body)
        except PushRejected as error:
            outcome = Outcome(error.code, error.reason)
            return self._counted(server, "hub", self._kept(server, "hub", outcome, body))
        read.pop("key", None)
        return await self._receive(server, "hub", read, body)

    def _has_key(self, push: dict[str, Any]) -> bool:
        key = push.pop("key", None)  # before anything else sees the object
        return isinstance(key, str) and hmac.compare_digest(
            key.encode("utf-8", "surrogatepass"), self._api_key
        )

    async def _receive(self, server: int, way: Way, push: dict[str, Any], body: bytes) -> Outcome:
        self._metrics.passed("push", server)
        try:
            outcome = await self._ingest(server, push)
        except PushRejected as error:
            outcome = Outcome(error.code, error.reason, error.path)
            self._kept(server, way, outcome, body)
        except JournalUnavailable as error:
            outcome = Outcome("unavailable", str(error))
        return self._counted(server, way, outcome)

    async def _ingest(self, server: int, push: dict[str, Any]) -> Outcome:
        push_type = push.pop("type", None)
        if not isinstance(push_type, str) or not _TYPE.fullmatch(push_type):
            raise PushRejected("is no text of 1 to 64 letters, digits or _", "type", code="no_type")
        if push_type.upper() not in payloads.KNOWN_TYPES:
            self._metrics.unknown_types.inc()
        facts = payloads.parse(push_type, push, self._now(), self._pass_through)
        if not facts:
            return Outcome("ignored")
        accepted = await self._ingests[server].accept(facts)
        return Outcome("ok" if accepted.events else "duplicate")

    def _kept(self, server: int, way: Way, outcome: Outcome, body: bytes) -> Outcome:
        self._rejected.keep(
            server=server,
            way=way,
            code=outcome.code,
            reason=outcome.detail,
            path=outcome.path,
            body=body,
        )
        log.warning(
            "push_rejected",
            server=server,
            way=way,
            reason=outcome.detail,
            path=outcome.path,
            see="/api/rejected",
        )
        return outcome

    def _counted(self, server: int, way: Way, outcome: Outcome) -> Outcome:
        key = (server, way, outcome.code)
        counter = self._counters.get(key)
        if counter is None:  # looking one up costs more than counting
            counter = self._counters[key] = self._metrics.pushes.labels(*key)
        counter.inc()
        return outcome

"""What the game asks: the table of methods, one answer for each.

The CAD's methods are handed in (`bridge.sonoran.requests`); the bridge's own need no CAD. A request
is answered with a result or refused with a code that the game has words for; whatever goes wrong
inside is a refusal too, and nothing of it reaches the game but that.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

import structlog

from bridge.errors import JournalUnavailable, RequestRefused
from bridge.events import NO_IDS, Call
from bridge.facts import Located, Placed, Removed
from bridge.params import OfPlayer, Params, Place, read

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from bridge.board import Board
    from bridge.facts import Fact
    from bridge.metrics import Metrics

    Handler = Callable[[int, Any], Awaitable[Any]]
    Method = tuple[type[Params], Handler]

__all__ = ["CAD_METHODS", "CODES", "Requests"]

log = structlog.get_logger(__name__)

CODES: Final = (
    "bad_params",
    "cad_refused",
    "cad_unreachable",
    "internal",
    "not_a_unit",
    "not_configured",
    "not_linked",
    "rate_limited",
    "timeout",
    "unknown_call",
    "unknown_method",
)
"""Every code that a refusal may have; the resource has a sentence for each."""
CAD_METHODS: Final = (
    "call.close",
    "call.create",
    "call.leave",
    "call.note",
    "call.respond",
    "link.check",
    "link.create",
    "unit.panic",
    "unit.status",
    "units.located",
)
"""Methods that need a CAD; without one they are refused as `not_configured`."""
_TEST_LASTS: Final = 60.0
"""Seconds that a test call is open."""
_MOST_TESTS: Final = 32
"""Open at once, over all servers."""


class Ingests(Protocol):
    """What is needed of `bridge.ingest.Ingest`."""

    @property
    def board(self) -> Board | None:
        """The board as last known."""
        ...

    async def accept(self, facts: Sequence[Fact]) -> object:
        """Fold the facts over the board and make what they change durable."""
        ...


class _Located(Params):
    call: str
    position: Place


class Requests:
    """Answers the requests of all game servers."""

    def __init__(
        self,
        ingests: Mapping[int, Ingests],
        cad: Mapping[str, Method] | None,
        *,
        now: Callable[[], int],
        metrics: Metrics,
        test_lasts: float = _TEST_LASTS,
    ) -> None:
        """Make the table.

        Args:
            ingests: of each server, by its id.
            cad: the CAD's methods with the models of their params; None: no CAD is configured.
            now: milliseconds since the epoch.
            metrics: where requests are counted.
            test_lasts: seconds that a test call is open.
        """
        self._ingests = ingests
        self._now = now
        self._metrics = metrics
        self._test_lasts = test_lasts
        self._tests: dict[asyncio.Task[None], tuple[int, str]] = {}
        self._methods: dict[str, Method] = {
            **(cad or {}),
            "call.test": (OfPlayer, self._test),
            "call.located": (_Located, self._located),
        }

    async def answer(self, server: int, method: str, params: Mapping[str, Any]) -> Any:
        """Return the result of a request.

        Raises:
            RequestRefused: with one of `CODES`; the only thing it raises.
        """
        started = time.monotonic()
        try:
            result = await self._answered(server, method, params)
        except RequestRefused as refused:
            self._done(server, method, refused.code, started, str(refused))
            raise
        except JournalUnavailable as error:
            self._done(server, method, "internal", started, str(error))
            raise RequestRefused("internal", str(error)) from None
        except Exception:
            log.exception("request_failed", server=server, method=method)
            self._count(method, "internal")
            said = "a fault of the bridge's own; its log says more"
            raise RequestRefused("internal", said) from None
        self._count(method, "ok")
        return result

    async def close(self) -> None:
        """Close the test calls that are still open."""
        open_tests = list(self._tests.items())
        for test, _ in open_tests:
            test.cancel()
        for _, (server, key) in open_tests:
            await self._end_test(server, key)

    async def _answered(self, server: int, method: str, params: Mapping[str, Any]) -> Any:
        if method not in self._methods:
            if method in CAD_METHODS:
                raise RequestRefused("not_configured", "the bridge has no CAD configured")
            raise RequestRefused("unknown_method", f"the bridge knows no method {method[:50]!r}")
        model, handler = self._methods[method]
        return await handler(server, read(model, params))

    async def _test(self, server: int, params: OfPlayer) -> dict[str, str]:
        """call.test: open a call that the resource shows to this player alone."""
        if not params.player:
            raise RequestRefused("bad_params", "player: has no identifier")
        if len(self._tests) >= _MOST_TESTS:
            raise RequestRefused("rate_limited", "many test calls are open; try again in a minute")
        call = Call(
            kind="test",
            id=self._unused_number(),
            opened_at=self._now(),
            caller="cad-bridge",
            location="",
            description="Test",
            caller_ids=(params.player, *NO_IDS[1:]),
        )
        test = asyncio.create_task(self._end_test(server, call.key, self._test_lasts))
        self._tests[test] = server, call.key  # before it is stored: others ask meanwhile
        test.add_done_callback(self._tests.pop)
        try:
            await self._ingests[server].accept([Placed(call)])
        except BaseException:
            test.cancel()
            raise
        return {"key": call.key}

    def _unused_number(self) -> int:
        """Return a number that no open test call has: two testers would share one call."""
        used = {key for _, key in self._tests.values()}
        while f"test:{(number := secrets.randbelow(900_000) + 100_000)}" in used:
            pass
        return number

    async def _end_test(self, server: int, key: str, after: float = 0.0) -> None:
        await asyncio.sleep(after)
        try:
            await self._ingests[server].accept([Removed(key)])
        except JournalUnavailable:
            log.info("test_call_left_open", server=server, call=key)  # it expires by itself

    async def _located(self, server: int, params: _Located) -> dict[str, Any]:
        """call.located: the game found where a call is; kept for restarts."""
        located = Located(params.call, params.position.to_position())
        await self._ingests[server].accept([located])
        return {}

    def _done(self, server: int, method: str, code: str, started: float, reason: str) -> None:
        self._count(method, code)
        log.info(
            "request_refused",
            server=server,
            method=method if method in self._methods else "unknown",
            reason=reason,
            ms=round((time.monotonic() - started) * 1000),
        )

    def _count(self, method: str, outcome: str) -> None:
        known = method if method in self._methods or method in CAD_METHODS else "unknown"
        self._metrics.requests.labels(known, outcome).inc()

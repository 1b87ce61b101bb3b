"""The CAD's side as the status page sees it."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from pydantic import SecretStr

from bridge.metrics import Metrics
from bridge.settings import CadSettings
from bridge.sonoran.faults import CadLimited, CadRefused, CadUnreachable
from bridge.sonoran.pushes import Outcome
from bridge.sonoran.side import CadSide

KEY = "test-key-5d1b7c90"


class NoPushes:
    """Takes a push and forgets it."""

    async def over_hub(self, server: int, push: Any) -> Outcome:
        return Outcome("ok")


@pytest.fixture
async def side_of(cad: Any) -> AsyncIterator[Callable[..., CadSide]]:
    """Start the CAD's side of one server, without reading calls and units."""
    sides: list[CadSide] = []
    ingests: Any = {1: None}
    pushes: Any = NoPushes()
    journal: Any = None

    def start(**keys: Any) -> CadSide:
        settings = CadSettings(
            **{
                "community_id": "community-1",
                "api_key": SecretStr(KEY),
                "api_url": cad.url,
                "source": "hub",
                "reconcile": False,
            }
            | keys
        )
        side = CadSide(
            settings,
            ingests=ingests,
            journal=journal,
            pushes=pushes,
            fresh_for=300.0,
            metrics=Metrics(),
            now=lambda: time.time_ns() // 1_000_000,
        )
        side.start()
        sides.append(side)
        return side

    yield start
    for side in sides:
        await asyncio.wait_for(side.close(), 60)


@pytest.mark.parametrize("wrong", [{"api_key": SecretStr("a-wrong-key")}, {"community_id": "c-2"}])
async def test_a_hub_that_refuses_what_it_was_shown_does_not_look_like_connecting(
    side_of: Any, until: Any, wrong: Any
) -> None:
    side = side_of(**wrong)
    assert side.hub_way(1).state == "connecting"

    await until(lambda: side.hub_way(1).state == "refused")

    way = side.hub_way(1)
    assert way.refused == "key"
    assert way.detail.endswith("it says: Invalid community or API key")
    assert "a-wrong-key" not in repr(way)


async def test_a_hub_that_lets_nobody_in_does_not_look_like_connecting(
    cad: Any, side_of: Any, until: Any
) -> None:
    cad.fail("upgrade", "status", status=401)
    cad.fail("negotiate", "status", status=403)
    side = side_of()

    await until(lambda: side.hub_way(1).state == "refused")

    assert side.hub_way(1).refused == "connection"
    assert side.hub_way(1).detail == "the hub answered 403 to a negotiation"


async def test_a_hub_that_accepts_is_up(side_of: Any, until: Any) -> None:
    side = side_of()

    await until(lambda: side.hub_way(1).state == "up")

    assert side.hub_way(1).refused is None


@pytest.mark.parametrize(
    ("fault", "state"),
    [
        (CadRefused(401, "no such key", ""), "refused"),
        (CadRefused(403, "", ""), "refused"),
        (CadRefused(200, "the call is closed", ""), "ok"),
        (CadRefused(404, "no such unit", ""), "ok"),
        (CadRefused(503, "", ""), "unreachable"),
        (CadLimited("calls", 20.0, by_cad=True), "ok"),
        (CadUnreachable("no route"), "unreachable"),
        (None, "ok"),
    ],
)
async def test_only_an_answer_about_the_key_says_that_the_key_is_refused(
    side_of: Any, fault: Any, state: str
) -> None:
    side = side_of(source="http")
    side._api._rest.asked, side._api._rest.fault = True, fault

    assert side.state().state == state

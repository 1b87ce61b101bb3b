"""One push through every hop to one player: real processes, real sockets, the real resource."""

import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.stage import BYSTANDER, CALLER, RESPONDER, Stage
from bridge.owner import samples

HOSTILE = json.loads(
    (Path(__file__).parent / "data" / "push" / "event_911_hostile_text.json").read_text("utf-8")
)


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    async with Stage() as stage:
        yield stage
        assert [error.text for error in stage.game.errors] == []


def numbers(stage: Stage, player: Any) -> list[str]:
    """Return the headings of what a player's screen has shown."""
    return [f"{post.sender} {post.subject} {post.text}" for post in stage.client(player).feed]


def blips(stage: Stage, player: Any) -> list[str]:
    return [blip.name for blip in stage.client(player).blips]


async def seen(stage: Stage, player: Any, count: int = 1) -> None:
    await stage.game.wait_for(lambda: len(stage.client(player).feed) >= count, timeout=60)


def placed(call: int, **fields: object) -> dict[str, Any]:
    push = samples.documented_911(call=call, caller="license:nobody")
    push["data"][0]["call"].update(fields)
    return push


async def test_a_documented_911_reaches_who_should_have_it_and_nobody_else(stage: Stage) -> None:
    before = sum(packet.bytes for packet in stage.game.packets(BYSTANDER.source))
    assert await stage.bridge.push(samples.documented_911(caller=CALLER.identifiers[0])) == 200
    await seen(stage, RESPONDER)
    await seen(stage, CALLER)
    await stage.game.settle()
    assert "911 #4711" in numbers(stage, RESPONDER)[0]
    assert "Your call" in numbers(stage, CALLER)[0]
    assert len(stage.client(RESPONDER).sounds) == 1
    assert len(blips(stage, RESPONDER)) == len(blips(stage, CALLER)) == 1
    assert sum(packet.bytes for packet in stage.game.packets(BYSTANDER.source)) == before


async def test_the_same_push_twice_alerts_once(stage: Stage) -> None:
    for _ in range(2):
        assert await stage.bridge.push(placed(1)) == 200
    assert await stage.bridge.push(placed(2)) == 200
    await seen(stage, RESPONDER, 2)
    assert len(stage.client(RESPONDER).feed) == 2


async def test_a_removed_call_takes_its_blip_with_it(stage: Stage) -> None:
    await stage.bridge.push(samples.documented_911(caller=CALLER.identifiers[0]))
    both = (RESPONDER, CALLER)
    await stage.game.wait_for(lambda: all(blips(stage, one) for one in both), timeout=60)
    await stage.bridge.push({"type": "EVENT_REMOVE_911", "data": [{"callIds": [4711]}]})
    await stage.game.wait_for(lambda: not any(blips(stage, one) for one in both), timeout=60)


async def test_a_receipt_proves_who_painted_it(stage: Stage, until: Callable[..., Any]) -> None:
    await stage.bridge.push(placed(3))

    async def receipt() -> dict[str, Any] | None:
        server = (await stage.bridge.admin("/api/calls"))["servers"][0]
        return next((r for r in server["receipts"] if r["key"] == "911:3"), None)

    await until(receipt)
    kept = await receipt()
    assert kept is not None
    assert (kept["due"], kept["sent"], kept["shown"]) == (1, 1, 1)


async def test_pushes_while_the_game_server_is_away_alert_when_it_is_back(stage: Stage) -> None:
    await stage.game.stop_resource("cadbridge")
    assert await stage.bridge.push(placed(4)) == 200
    await stage.game.start_resource("cadbridge")
    await seen(stage, RESPONDER)
    assert "911 #4" in numbers(stage, RESPONDER)[0]


async def test_a_restart_of_the_resource_restores_blips_and_alerts_nobody_again(
    stage: Stage,
) -> None:
    await stage.bridge.push(samples.documented_911(caller=CALLER.identifiers[0]))
    await seen(stage, RESPONDER)
    await stage.game.settle()
    await stage.game.restart_resource()
    await stage.game.wait_for(stage.connected, timeout=60)
    await stage.game.wait_for(lambda: len(blips(stage, RESPONDER)) == 1, timeout=60)
    await stage.game.settle()
    assert len([line for line in numbers(stage, RESPONDER) if "#4711" in line]) == 1


async def test_a_bridge_that_was_killed_goes_on_where_it_was(stage: Stage) -> None:
    await stage.bridge.push(placed(5))
    await seen(stage, RESPONDER)
    await stage.bridge.kill()
    await stage.bridge.start()
    assert await stage.bridge.push(placed(5)) == 200, "known from the journal"
    assert await stage.bridge.push(placed(6)) == 200
    await seen(stage, RESPONDER, 2)
    assert len(stage.client(RESPONDER).feed) == 2


async def test_hostile_text_is_plain_text_on_the_screen_and_on_the_map(stage: Stage) -> None:
    await stage.bridge.push({**HOSTILE, "key": None})
    await seen(stage, RESPONDER)
    post = stage.client(RESPONDER).feed[0]
    assert set(post.codes) <= {"~n~"}, "line breaks of our own"
    assert "FAKE-n--" in post.text, "the caller's codes are text"
    for name in blips(stage, RESPONDER):
        assert "~" not in name
        assert len(name.encode()) <= 99
    assert "<" not in post.text


async def test_no_secret_reaches_a_log_a_page_or_a_player(stage: Stage) -> None:
    await stage.bridge.push({"type": "EVENT_911", "data": {"call": {"callId": {}}}})
    await stage.bridge.push(placed(7, description=f"my key is {stage.bridge.key}"))
    await seen(stage, RESPONDER)
    pages = [
        json.dumps(await stage.bridge.admin(path)) for path in ("/api/status", "/api/rejected")
    ]
    texts = [stage.bridge.log.read_text("utf-8"), *stage.game.console_lines, *pages]
    for secret in (stage.bridge.key, *stage.bridge.tokens.values()):
        assert not [text for text in texts if secret in text]

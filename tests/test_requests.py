"""The table of methods: what the bridge answers itself, and what becomes of everything else."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

import pytest

from bridge.board import Board, replay
from bridge.errors import JournalUnavailable, RequestRefused
from bridge.events import Call, Position
from bridge.facts import Fact
from bridge.folding import fold
from bridge.metrics import Metrics
from bridge.params import CallRef, OfPlayer, Params, Place, Player
from bridge.requests import CAD_METHODS, CODES, Requests

NOW = 1_785_000_000_000
ANN = ["license:a11ce", "discord:777"]


class Ingests:
    """A board that takes facts, without a journal."""

    def __init__(self) -> None:
        self.board = Board()
        self.failure: Exception | None = None

    async def accept(self, facts: Sequence[Fact]) -> None:
        await asyncio.sleep(0)  # others have their turn while the journal writes
        if self.failure is not None:
            raise self.failure
        for fact in facts:
            for event in fold(self.board, fact, NOW):
                replay(self.board, event, NOW)


class Told(Params):
    player: Player
    call: CallRef = 0
    place: Place | None = None


class Table:
    def __init__(self, cad: Any, **how: Any) -> None:
        self.ingests = Ingests()
        self.metrics = Metrics()
        self.requests = Requests(
            {1: self.ingests}, cad, now=lambda: NOW, metrics=self.metrics, **how
        )

    async def ask(self, method: str, params: Any) -> Any:
        return await self.requests.answer(1, method, params)

    async def refused(self, method: str, params: Any) -> RequestRefused:
        with pytest.raises(RequestRefused) as raised:
            await self.requests.answer(1, method, params)
        assert raised.value.code in CODES
        return raised.value

    def counted(self, method: str, outcome: str) -> bool:
        labels = f'method="{method}",outcome="{outcome}"'
        return f"cad_bridge_requests_total{{{labels}}}" in self.metrics.render().decode()


@pytest.fixture
async def table() -> AsyncIterator[Callable[..., Table]]:
    """Make tables of methods, with functions that stand for the CAD's."""
    made: list[Table] = []

    def make(cad: Any = None, **how: Any) -> Table:
        made.append(Table(cad, **how))
        return made[-1]

    yield make
    for each in made:
        await each.requests.close()


async def test_a_test_call_is_the_testers_alone_and_ends_by_itself(table: Any, until: Any) -> None:
    bridge = table(test_lasts=0.1)

    answer = await bridge.ask("call.test", {"player": ANN})

    call = bridge.ingests.board.calls[answer["key"]]
    assert (call.kind, call.opened_at) == ("test", NOW)
    assert call.caller_ids == (tuple(ANN), (), (), (), ())
    await until(lambda: not bridge.ingests.board.calls)


async def test_two_test_calls_never_have_the_same_number(
    table: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = iter((7, 7, 8))
    monkeypatch.setattr("bridge.requests.secrets.randbelow", lambda _: next(drawn))
    bridge = table()

    keys = [(await bridge.ask("call.test", {"player": ANN}))["key"] for _ in range(2)]

    assert keys == ["test:100007", "test:100008"]


async def test_test_calls_end_with_the_bridge(table: Any) -> None:
    bridge = table()
    await bridge.ask("call.test", {"player": ANN})

    await bridge.requests.close()

    assert bridge.ingests.board.calls == {}


async def test_test_calls_are_few_and_of_somebody(table: Any) -> None:
    bridge = table()
    keys = {(await bridge.ask("call.test", {"player": ANN}))["key"] for _ in range(32)}

    assert len(keys) == 32
    assert (await bridge.refused("call.test", {"player": ANN})).code == "rate_limited"
    assert (await bridge.refused("call.test", {"player": ["ip:1.2.3.4"]})).code == "bad_params"


async def test_test_calls_are_few_also_when_many_ask_at_once(table: Any) -> None:
    bridge = table()

    asked = [bridge.ask("call.test", {"player": ANN}) for _ in range(40)]
    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert len(bridge.ingests.board.calls) == 32
    refused = [answer for answer in answers if isinstance(answer, RequestRefused)]
    assert [refusal.code for refusal in refused] == ["rate_limited"] * 8


async def test_a_test_call_that_cannot_be_stored_leaves_room_for_the_next(
    table: Any, until: Any
) -> None:
    bridge = table()
    bridge.ingests.failure = JournalUnavailable("disk full")

    assert (await bridge.refused("call.test", {"player": ANN})).code == "internal"
    await until(lambda: not bridge.requests._tests)


async def test_a_journal_that_cannot_end_a_test_call_harms_nobody(table: Any, until: Any) -> None:
    bridge = table(test_lasts=0.01)
    await bridge.ask("call.test", {"player": ANN})
    bridge.ingests.failure = JournalUnavailable("disk full")

    await until(lambda: not bridge.requests._tests)


async def test_where_a_call_is_comes_back_from_the_game(table: Any) -> None:
    bridge = table()
    bridge.ingests.board.calls["911:1"] = Call("911", 1, NOW)

    answer = await bridge.ask("call.located", {"call": "911:1", "position": {"x": 1, "y": 2.5}})

    assert answer == {}
    assert bridge.ingests.board.calls["911:1"].position == Position(1.0, 2.5)


async def test_a_method_of_the_cads_is_handed_its_checked_params(table: Any) -> None:
    seen: list[Any] = []

    async def close(server: int, params: Told) -> str:
        seen.append((server, params))
        return "done"

    bridge = table({"call.close": (Told, close)})
    params = {
        "player": [*ANN, "ip:203.0.113.7", " IP:1"],
        "call": 4711.0,
        "place": {"x": 1, "y": 2, "z": 3},
        "unknown": 1,
    }

    assert await bridge.ask("call.close", params) == "done"
    assert seen == [(1, Told(player=tuple(ANN), call=4711, place=Place(x=1, y=2, z=3)))]
    assert bridge.counted("call.close", "ok")


@pytest.mark.parametrize("method", CAD_METHODS)
async def test_without_a_cad_its_methods_are_not_configured(table: Any, method: str) -> None:
    bridge = table()

    assert (await bridge.refused(method, {})).code == "not_configured"
    assert bridge.counted(method, "not_configured")


async def test_an_unknown_method_is_said_to_be_and_counted_under_no_name(table: Any) -> None:
    bridge = table()

    refused = await bridge.refused("call.explode\n" + "x" * 1000, {})

    assert refused.code == "unknown_method"
    assert len(refused.message) < 150
    assert bridge.counted("unknown", "unknown_method")


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({}, "player"),
        ([], "player"),
        ({"player": "license:a"}, "player"),
        ({"player": [7]}, "player.0"),
        ({"player": ["x" * 256]}, "player.0"),
        ({"player": ["a:b"] * 33}, "player"),
        ({"player": {}}, "player"),
        ({"player": ANN, "call": 1.5}, "call"),
        ({"player": ANN, "call": True}, "call"),
        ({"player": ANN, "call": ""}, "call"),
        ({"player": ANN, "call": "x" * 81}, "call"),
        ({"player": ANN, "call": None}, "call"),
        ({"player": ANN, "place": {"x": 1}}, "place.y"),
        ({"player": ANN, "place": {"x": 1, "y": float("nan")}}, "place.y"),
        ({"player": ANN, "place": {"x": 1, "y": float("inf")}}, "place.y"),
        ({"player": ANN, "place": {"x": 1, "y": 2, "z": 1e9}}, "place.z"),
        ({"player": ANN, "place": [1, 2]}, "place"),
        ("text", "params"),
        (None, "params"),
    ],
)
async def test_bad_params_are_named_and_not_quoted(table: Any, params: Any, field: str) -> None:
    async def never(server: int, params: Told) -> None:
        raise AssertionError

    bridge = table({"call.close": (Told, never)})

    refused = await bridge.refused("call.close", params)

    assert refused.code == "bad_params"
    assert refused.message.startswith(f"{field}: ")


@pytest.mark.parametrize(
    ("failure", "code", "said"),
    [
        (RequestRefused("not_linked", "not linked"), "not_linked", "not linked"),
        (JournalUnavailable("disk full"), "internal", "disk full"),
        (RuntimeError("secret detail"), "internal", "its log says more"),
    ],
)
async def test_whatever_goes_wrong_inside_is_a_refusal(
    table: Any, failure: Exception, code: str, said: str
) -> None:
    async def fail(server: int, params: OfPlayer) -> None:
        raise failure

    bridge = table({"call.leave": (OfPlayer, fail)})

    refused = await bridge.refused("call.leave", {"player": ANN})

    assert refused.code == code
    assert said in refused.message
    assert "secret detail" not in refused.message
    assert bridge.counted("call.leave", code)


async def test_who_stops_waiting_is_no_failure(table: Any) -> None:
    async def forever(server: int, params: OfPlayer) -> None:
        await asyncio.Event().wait()

    bridge = table({"call.leave": (OfPlayer, forever)})
    asking = asyncio.create_task(bridge.ask("call.leave", {"player": ANN}))
    await asyncio.sleep(0)
    asking.cancel()

    with pytest.raises(asyncio.CancelledError):
        await asking

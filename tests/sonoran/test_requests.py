"""What the game asks of the CAD, against the simulated CAD: the table of requests and failures."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bridge.board import Board
from bridge.errors import JournalUnavailable, RequestRefused
from bridge.events import Position, Unit
from bridge.facts import Written
from bridge.ingest import Ingest
from bridge.journal.sqlite import SqliteJournal
from bridge.metrics import Metrics
from bridge.requests import CAD_METHODS, CODES, Requests
from bridge.sonoran.api import LIMITS, Api
from bridge.sonoran.desk import Desk
from bridge.sonoran.hub import Hub
from bridge.sonoran.hub_session import Timing
from bridge.sonoran.identity import Identity
from bridge.sonoran.limits import Limits
from bridge.sonoran.livemap import LiveMap
from bridge.sonoran.pacing import Budget
from bridge.sonoran.pushes import Pushes
from bridge.sonoran.reconciler import Reconciler, Rhythm
from bridge.sonoran.requests import CadRequests

KEY = "test-key-5d1b7c90"
ANN = ["license:a11ce", "discord:777", "ip:203.0.113.7"]
BOB = ["license:b0b", "steam:110000104d2e5f1"]
CIVILIAN = ["license:c1v"]
CALL = {"isEmergency": True, "caller": "Ann", "location": "Here", "description": "Fire"}
DISPATCH = {"origin": 0, "status": 1, "priority": 1, "title": "Fire", "communityUserIds": []}
CREATE = {"player": ANN, "emergency": True, "caller": "Ann", "text": "Fire", "location": "Here"}
PLACE = {"x": 425.123456, "y": -979.5, "z": 30.0}


def now() -> int:
    return time.time_ns() // 1_000_000


class Game:
    """The bridge between a game server and the simulated CAD, as far as requests need it."""

    def __init__(self, cad: Any, journal: SqliteJournal, **how: Any) -> None:
        self.journal = journal
        self.metrics = Metrics()
        self.ingest = Ingest(1, journal, now=now, metrics=self.metrics, forget_after_ms=21_600_000)
        limits = Limits(LIMITS, now, span_ms=how.pop("span_ms", 61_000))
        self.api = Api(how.pop("url", cad.url), KEY, limits, longest=how.pop("longest", 8.0))
        self.reader = Reconciler(
            1, self.api, self.ingest, now=now, fresh_for=300, rhythm=Rhythm(apart=0.1)
        )
        pushes = Pushes(
            api_key=KEY,
            ingests={1: self.ingest},
            pass_through=frozenset(),
            rejected=None,  # type: ignore[arg-type]
            metrics=self.metrics,
            now=now,
        )
        self.hub = Hub(
            cad.hub_url,
            "community-1",
            KEY,
            1,
            lambda push: pushes.over_hub(1, push),
            self.reader.soon,
            now=now,
            timing=Timing(first_pause=0.05),
        )
        identity = Identity(*how.pop("identity", ("license", "bare")))
        hub = self.hub if how.pop("by_hub", False) else None
        self.map = LiveMap(1, self.api, hub, apart=0.05, within=how.pop("map_within", 9.0))
        readers = {1: self.reader} if how.pop("reads", True) else {}
        self.desk = Desk(self.api, identity, {1: self.ingest}, readers, now)
        self.cad_requests = CadRequests(self.desk, {1: self.map}, within=how.pop("within", 9.0))
        self.requests = Requests(
            {1: self.ingest}, self.cad_requests.methods(), now=now, metrics=self.metrics
        )
        self.tasks: list[asyncio.Task[Any]] = []

    async def start(self, *parts: str) -> None:
        await self.ingest.start()
        await self.reader.read_units(Budget(9))
        await self.reader.read_calls(Budget(9))
        for part in parts:
            self.tasks.append(asyncio.create_task(getattr(self, part).run()))

    @property
    def board(self) -> Board:
        assert self.ingest.board is not None
        return self.ingest.board

    async def ask(self, method: str, **params: Any) -> Any:
        return await self.requests.answer(1, method, params)

    async def refused(self, method: str, **params: Any) -> RequestRefused:
        with pytest.raises(RequestRefused) as raised:
            await self.requests.answer(1, method, params)
        assert raised.value.code in CODES
        assert KEY not in str(raised.value)
        return raised.value

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.requests.close()
        await self.cad_requests.close()
        await self.ingest.stop()


@pytest.fixture
async def play(cad: Any, tmp_path: Path) -> AsyncIterator[Callable[..., Any]]:
    """Start a game whose CAD has Ann (101) and Bob (102) on duty, 911 call 300, dispatch 301."""
    cad.post("links", a11ce="uuid-1", b0b="uuid-2")
    cad.post(
        "units",
        server=1,
        units=[
            {"id": 101, "account": "uuid-1", "communityUserId": "a11ce", "number": "1A-12"},
            {"id": 102, "account": "uuid-2", "communityUserId": "license:B0B"},
        ],
    )
    cad.silently("place_911", callId=300, age=60, **CALL)
    cad.silently("dispatch", callId=301, age=60, **DISPATCH)
    games: list[Game] = []

    async def start(*parts: str, **how: Any) -> Game:
        path = tmp_path / f"bridge-{len(games)}.db"
        game = Game(cad, await SqliteJournal.open(path, max_size_bytes=2**30), **how)
        games.append(game)
        await game.start(*parts)
        return game

    yield start
    for game in games:
        await game.stop()
        await game.journal.close()


REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    # name: method, the endpoint that fails, params
    "link.create": ("link.create", "links", {"player": CIVILIAN}),
    "link.check": ("link.check", "links/check", {"player": CIVILIAN}),
    "call.create": ("call.create", "calls/911", CREATE),
    "respond to a 911": ("call.respond", "dispatch-calls", {"player": ANN, "call": "911:300"}),
    "respond to a dispatch": ("call.respond", "attachments", {"player": ANN, "call": 301}),
    "call.leave": ("call.leave", "attachments remove", {"player": ANN}),
    "close a 911": ("call.close", "calls/911 remove", {"player": ANN, "call": 300}),
    "close a dispatch": ("call.close", "dispatch-calls/close", {"player": ANN, "call": 301}),
    "call.note": ("call.note", "notes", {"player": ANN, "call": 301, "text": "Two cars"}),
    "unit.status": ("unit.status", "units/status", {"player": ANN, "status": 4}),
    "units.located": (
        "units.located",
        "unit-locations",
        {"updates": [{"player": ANN, "location": "Here", "position": PLACE, "heading": 90.0}]},
    ),
    # last: the panic stays raised in the game
    "unit.panic": ("unit.panic", "units/panic", {"player": ANN, "on": True}),
}
ABOUT_CALLS = {"attachments", "calls/911 remove", "dispatch-calls", "dispatch-calls/close", "notes"}
FAILURES: dict[str, tuple[dict[str, Any], str]] = {
    "401": ({"kind": "status", "status": 401}, "cad_refused"),
    "403": ({"kind": "status", "status": 403}, "cad_refused"),
    "404": ({"kind": "status", "status": 404}, "cad_refused"),
    "429": ({"kind": "status", "status": 429, "headers": {"Retry-After": "60"}}, "rate_limited"),
    "500": ({"kind": "status", "status": 500}, "cad_refused"),
    "500, done": ({"kind": "status", "status": 500, "done": True}, "cad_refused"),
    "hang": ({"kind": "hang"}, "timeout"),
    "hang, done": ({"kind": "hang", "done": True}, "timeout"),
    "garbage": ({"kind": "text", "body": '{"callId":'}, "cad_refused"),
    "another shape": ({"kind": "json", "body": []}, "cad_refused"),
    "html": ({"kind": "text", "body": "<html>", "done": True}, "cad_refused"),
    "lost": ({"kind": "drop"}, "timeout"),
    "lost, done": ({"kind": "drop", "done": True}, "timeout"),
    "cut, done": ({"kind": "cut", "bytes": 5, "done": True}, "timeout"),
}


@pytest.mark.parametrize("failure", FAILURES)
async def test_every_request_that_fails_is_told_once_and_leaves_the_truth(
    cad: Any, play: Any, until: Any, pass_time: Any, failure: str
) -> None:
    """One clear text within 10 s, state right afterwards, nothing sent twice."""
    fault, code = FAILURES[failure]
    clock = asyncio.get_running_loop().time
    hangs = fault["kind"] == "hang"
    for name, (method, endpoint, params) in REQUESTS.items():
        if failure == "another shape" and endpoint in {
            "calls/911 remove", "dispatch-calls/close", "notes",
        }:  # fmt: skip
            continue  # whose answers say nothing that is needed
        cad.configure(limited=False)
        game = await play("reader", longest=4.0 if hangs else 8.0, span_ms=300)
        cad.post("faults")
        cad.fail(endpoint, times=1, **fault)
        before = len(cad.asked(endpoint))
        started = clock()

        asking = asyncio.create_task(game.refused(method, **params))
        if hangs:
            await until(lambda at=endpoint, before=before: len(cad.asked(at)) > before)
            await pass_time(4.0)
        refused = await asking

        expected = "unknown_call" if failure == "404" and endpoint in ABOUT_CALLS else code
        assert refused.code == expected, f"{name}: {refused}"
        assert len(refused.message) > 20
        assert clock() - started < 10
        await until(lambda game=game: agrees(game.board, cad), why=f"{name}, {failure}")
        assert len(cad.asked(endpoint)) == before + 1, name
        assert game.board.units[101].panic is (method == "unit.panic"), name
        await game.stop()
        restore(cad)


def agrees(board: Board, cad: Any) -> bool:
    """Tell whether the board's calls and units are those of the CAD; panics may be ours alone."""
    state = cad.state()
    calls = {f"911:{call['callId']}": () for call in state["emergencies"]}
    calls |= {f"dispatch:{c['callId']}": tuple(c["idents"]) for c in state["dispatches"]}
    units = {unit["id"]: unit["status"] for unit in state["units"]}
    return {k: c.units for k, c in board.calls.items()} == calls and {
        n: u.status for n, u in board.units.items()
    } == units


def restore(cad: Any) -> None:
    """Bring the CAD's state back to what `play` promises."""
    for call in cad.state()["emergencies"]:
        cad.silently("remove_911", callId=call["callId"])
    for call in cad.state()["dispatches"]:
        cad.silently("close", callId=call["callId"])
    cad.silently("log_out", id=101)
    cad.silently("log_in", id=101, account="uuid-1", communityUserId="a11ce", number="1A-12")
    cad.silently("place_911", callId=300, age=60, **CALL)
    cad.silently("dispatch", callId=301, age=60, **DISPATCH)


async def test_a_cad_that_cannot_be_reached_is_said_and_nothing_is_left_open(
    cad: Any, play: Any
) -> None:
    game = await play()
    dead = Game(cad, game.journal, url="http://127.0.0.1:9")
    await dead.ingest.start()
    for name, (method, _, params) in REQUESTS.items():
        refused = await dead.refused(method, **params)
        assert refused.code == "cad_unreachable", name
    assert dead.board.calls.keys() == {"911:300", "dispatch:301"}
    await dead.stop()


# Links


async def test_a_link_code_comes_with_its_address_and_its_ten_minutes(cad: Any, play: Any) -> None:
    game = await play()

    link = await game.ask("link.create", player=CIVILIAN)

    assert link == {"code": "A7K2", "url": "https://sonorancad.com/id?code=A7K2", "expiresIn": 600}
    assert cad.asked("links")[0]["body"] == {"communityUserId": "c1v"}


async def test_who_is_linked_gets_no_code(cad: Any, play: Any) -> None:
    game = await play()

    assert await game.ask("link.create", player=ANN) == {"linked": True}
    assert cad.asked("links") == []


async def test_a_finished_link_is_seen_by_asking_and_asked_seldom(cad: Any, play: Any) -> None:
    game = await play()

    for _ in range(5):
        assert await game.ask("link.check", player=CIVILIAN) == {"linked": False}
        assert await game.ask("link.check", player=ANN) == {"linked": True}

    assert len(cad.asked("links/check")) == 2


async def test_a_link_that_names_units_makes_them_his(cad: Any, play: Any) -> None:
    cad.post("links", c1v="uuid-3")
    cad.silently("log_in", id=103, account="uuid-3")
    game = await play()
    assert game.board.units[103].player_ids[0] == ()

    await game.ask("link.check", player=CIVILIAN)

    assert game.board.units[103].player_ids[0] == ("c1v",)


async def test_a_link_that_could_not_be_stored_is_told_to_the_board_by_the_next(
    cad: Any, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    cad.post("links", c1v="uuid-3")
    cad.silently("log_in", id=103, account="uuid-3")
    game = await play()

    async def full(_: Any) -> None:
        monkeypatch.undo()
        raise JournalUnavailable("disk full")

    monkeypatch.setattr(game.ingest, "accept", full)
    await game.refused("link.check", player=CIVILIAN)

    assert await game.ask("link.check", player=CIVILIAN) == {"linked": True}
    assert game.board.units[103].player_ids[0] == ("c1v",)


async def test_a_refusal_without_a_reason_means_not_linked(cad: Any, play: Any) -> None:
    game = await play()
    cad.fail("links/check", "json", body={"success": False})

    assert await game.ask("link.check", player=CIVILIAN) == {"linked": False}


# Identity


@pytest.mark.parametrize(
    ("identity", "sent"),
    [
        (("license", "bare"), "a11ce"),
        (("license", "prefixed"), "license:a11ce"),
        (("discord", "bare"), "777"),
        (("discord", "prefixed"), "discord:777"),
    ],
)
async def test_the_cad_is_told_the_identifier_that_the_owner_chose(
    cad: Any, play: Any, identity: tuple[str, str], sent: str
) -> None:
    game = await play(identity=identity)

    await game.ask("link.check", player=ANN)

    assert cad.asked("links/check")[0]["body"] == {"communityUserId": sent}


@pytest.mark.parametrize("player", [[], ["ip:203.0.113.7"], ["discord:1"]])
async def test_a_player_without_it_is_told_what_is_missing(
    cad: Any, play: Any, player: list[str]
) -> None:
    game = await play()
    for method, params in {
        "link.create": {},
        "call.leave": {},
        "unit.panic": {"on": True},
        "call.respond": {"call": 300},
    }.items():
        refused = await game.refused(method, player=player, **params)
        assert (refused.code, "'license'" in refused.message) == ("not_configured", True)


async def test_no_address_ever_reaches_the_cad(cad: Any, play: Any) -> None:
    game = await play()
    await game.ask("call.create", **CREATE)
    await game.ask("call.respond", player=ANN, call=300)
    await game.ask("units.located", **REQUESTS["units.located"][2])

    assert "203.0.113.7" not in repr(cad.log())


def test_units_are_matched_by_what_the_cad_has_verified_and_by_nothing_else() -> None:
    identity = Identity()
    units = [
        Unit(1, player_ids=(("A11CE",), (), (), (), ())),
        Unit(2, player_ids=((), ("license:a11ce", "x"), (), (), ())),
        Unit(3, player_ids=((), (), ("a11ce",), ("license:a11ce",), ("a11ce",))),
        Unit(4, player_ids=(("777",), (), (), (), ())),
        Unit(5, player_ids=(("discord:777",), (), (), (), ())),
        Unit(6, player_ids=(("steam:76561198041449969",), (), (), (), ())),
        Unit(7, player_ids=(("ip:203.0.113.7", "203.0.113.7"), (), (), (), ())),
        Unit(8),
    ]

    def idents(player: list[str], chosen: Identity = identity) -> list[int]:
        return [unit.ident for unit in chosen.units_of(player, units)]

    assert idents(ANN) == [1, 2, 5]
    assert idents(ANN, Identity("discord")) == [1, 2, 4, 5]
    assert idents(["Steam:1100001" + f"{76561198041449969:x}"[7:]]) == [6]
    assert idents(["ip:203.0.113.7"]) == []
    assert idents(["nothing"]) == []


# 911


async def test_a_911_is_placed_with_place_postal_and_who_asked(cad: Any, play: Any) -> None:
    game = await play()

    placed = await game.ask("call.create", **CREATE, position=PLACE, postal="7351")

    assert placed == {"key": "911:401"}
    (asked,) = cad.asked("calls/911")
    assert asked["body"] == {
        "isEmergency": True,
        "caller": "Ann",
        "location": "Here",
        "description": "Fire",
        "deleteAfterMinutes": 30,
        "metaData": {
            "callerCommunityUserId": "a11ce",
            "x": "425.12",
            "y": "-979.50",
            "z": "30.00",
            "postal": "7351",
        },
    }
    call = game.board.calls["911:401"]
    assert call.position == Position(425.12, -979.5, 30.0)
    assert call.caller_ids[0] == ("license:a11ce",)


async def test_a_civil_call_stays_one_where_the_cad_answers_with_its_number_alone(
    cad: Any, play: Any
) -> None:
    game = await play()
    cad.fail("calls/911", "json", body={"callId": 77, "isEmergency": None})

    placed = await game.ask("call.create", **{**CREATE, "emergency": False})

    call = game.board.calls[placed["key"]]
    assert (call.id, call.emergency, call.caller) == (77, False, "Ann")
    assert (call.location, call.description) == ("Here", "Fire")


async def test_the_echo_of_a_911_alerts_nobody_again(cad: Any, play: Any, until: Any) -> None:
    game = await play("hub")
    await until(lambda: game.hub.is_up)

    placed = await game.ask("call.create", **CREATE)

    await until(lambda: game.hub.status.pushes == 1)
    records = await game.journal.read(1, 0, 100)
    opened = [r for r in records if b"call.opened" in r.body and b"911:401" in r.body]
    assert placed == {"key": "911:401"}
    assert len(opened) == 1


async def test_forty_at_once_are_each_told_at_once(cad: Any, play: Any) -> None:
    game = await play()
    told: list[Any] = []

    async def ask() -> None:
        try:
            told.append(await game.ask("call.create", **CREATE))
        except RequestRefused as refused:
            told.append(refused)

    await asyncio.gather(*(ask() for _ in range(40)))

    # who is refused hears it before the CAD has answered anybody
    assert [type(each) for each in told] == [RequestRefused] * 32 + [dict] * 8
    assert {error.code for error in told[:32]} == {"rate_limited"}
    assert "free in" in told[0].message
    assert len(cad.asked("calls/911")) == 8


async def test_hostile_text_is_cleaned_and_cut(cad: Any, play: Any) -> None:
    game = await play()
    text = "\x00\u202ehelp " + "x" * 3000

    await game.ask("call.create", **{**CREATE, "text": text, "caller": "a\nb"})

    body = cad.asked("calls/911")[0]["body"]
    assert body["description"].startswith("help x")
    assert len(body["description"]) == 1000
    assert body["caller"] == "a b"


# Responding


async def test_responding_to_a_911_makes_a_dispatch_call_and_removes_the_911(
    cad: Any, play: Any, until: Any
) -> None:
    game = await play()
    await game.ask("call.located", call="911:300", position=PLACE)

    answer = await game.ask("call.respond", player=ANN, call=300)

    assert answer == {"call": "dispatch:401"}
    (asked,) = cad.asked("dispatch-calls")
    assert asked["body"]["communityUserIds"] == ["a11ce"]
    assert asked["body"]["metaData"]["createdFromId"] == "300"
    assert asked["body"]["metaData"]["x"] == "425.12"
    assert asked["body"]["notes"][0]["content"] == "Ann"
    call = game.board.calls["dispatch:401"]
    assert (call.units, call.origin_911, call.caller) == ((101,), "911:300", "Ann")
    assert "911:300" not in game.board.calls
    await until(lambda: cad.state()["emergencies"] == [])


async def test_a_responder_is_on_a_call_that_was_told_of_before_the_answer(
    cad: Any, play: Any, until: Any
) -> None:
    game = await play()
    cad.fail("dispatch-calls", "held", times=1)
    response = asyncio.create_task(game.ask("call.respond", player=ANN, call=300))
    await until(lambda: cad.asked("dispatch-calls"))
    echo = Written(401, now(), creation=True, alert=True, title="Fire", units=())
    await game.ingest.accept([echo])
    cad.release()

    assert await response == {"call": "dispatch:401"}

    assert game.board.calls["dispatch:401"].units == (101,)
    assert "911:300" not in game.board.calls


async def test_two_at_once_make_one_dispatch_call(cad: Any, play: Any, until: Any) -> None:
    cad.fail("dispatch-calls", "slow", seconds=0.3, times=1)
    game = await play()

    answers = await asyncio.gather(
        game.ask("call.respond", player=ANN, call="911:300"),
        game.ask("call.respond", player=BOB, call="911:300"),
    )

    assert answers == [{"call": "dispatch:401"}] * 2
    assert len(cad.asked("dispatch-calls")) == 1
    assert len(cad.asked("attachments")) == 1
    assert set(game.board.calls["dispatch:401"].units) == {101, 102}
    await until(lambda: agrees(game.board, cad))  # the 911 call is removed a little later


async def test_who_comes_later_is_attached_to_what_the_first_made(cad: Any, play: Any) -> None:
    game = await play()
    await game.ask("call.respond", player=ANN, call="911:300")

    assert await game.ask("call.respond", player=BOB, call="911:300") == {"call": "dispatch:401"}
    assert await game.ask("call.respond", player=BOB, call=300) == {"call": "dispatch:401"}

    assert len(cad.asked("dispatch-calls")) == 1
    assert len(cad.asked("attachments")) == 1  # the second time he is on it already


@pytest.mark.parametrize("reads", [True, False])
async def test_after_an_unclear_answer_the_cad_is_looked_at_before_another_is_made(
    cad: Any, play: Any, reads: bool
) -> None:
    cad.fail("dispatch-calls", "drop", done=True, times=1)
    game = await play(reads=reads)
    assert (await game.refused("call.respond", player=ANN, call=300)).code == "timeout"

    answer = await game.ask("call.respond", player=BOB, call=300)

    assert answer == {"call": "dispatch:401"}
    assert len(cad.asked("dispatch-calls")) == 1
    assert set(game.board.calls["dispatch:401"].units) == {101, 102}


async def test_an_unclear_answer_that_did_nothing_is_made_good_by_the_next(
    cad: Any, play: Any
) -> None:
    cad.fail("dispatch-calls", "drop", times=1)
    game = await play()
    assert (await game.refused("call.respond", player=ANN, call=300)).code == "timeout"

    assert await game.ask("call.respond", player=ANN, call=300) == {"call": "dispatch:401"}
    assert len(cad.state()["dispatches"]) == 2


async def test_what_the_journal_could_not_store_is_not_made_a_second_time(
    cad: Any, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = await play()
    accept = game.ingest.accept

    async def full(facts: Any) -> Any:
        if any(isinstance(fact, Written) for fact in facts):
            monkeypatch.undo()
            raise JournalUnavailable("disk full")
        return await accept(facts)

    monkeypatch.setattr(game.ingest, "accept", full)
    await game.refused("call.respond", player=ANN, call=300)

    assert await game.ask("call.respond", player=BOB, call=300) == {"call": "dispatch:401"}
    assert len(cad.asked("dispatch-calls")) == 1


async def test_a_response_whose_time_is_over_is_looked_for_in_the_cad(
    cad: Any, play: Any, until: Any, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.sonoran.respond._GIVE_UP", 5.2)  # it ends before the request does
    cad.fail("dispatch-calls", "hang", done=True, times=1)
    game = await play()
    asking = asyncio.create_task(game.refused("call.respond", player=ANN, call=300))
    await until(lambda: cad.asked("dispatch-calls"))
    while not asking.done():
        await pass_time(0.05)
    assert (await asking).code == "timeout"
    monkeypatch.undo()

    assert await game.ask("call.respond", player=BOB, call=300) == {"call": "dispatch:401"}
    assert len(cad.asked("dispatch-calls")) == 1


async def test_what_the_journal_did_not_store_in_time_is_not_made_a_second_time(
    cad: Any, play: Any, until: Any, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.sonoran.respond._GIVE_UP", 5.2)
    game = await play()
    accept, stands_still = game.ingest.accept, asyncio.Event()

    async def hanging(facts: Any) -> Any:
        if any(isinstance(fact, Written) for fact in facts) and not stands_still.is_set():
            stands_still.set()
            await asyncio.Event().wait()
        return await accept(facts)

    monkeypatch.setattr(game.ingest, "accept", hanging)
    asking = asyncio.create_task(game.refused("call.respond", player=ANN, call=300))
    await until(stands_still.is_set)
    await pass_time(6)
    assert (await asking).code == "timeout"
    monkeypatch.undo()

    assert await game.ask("call.respond", player=BOB, call=300) == {"call": "dispatch:401"}
    assert len(cad.asked("dispatch-calls")) == 1


async def test_an_unreadable_cad_lets_nobody_make_a_second_one(cad: Any, play: Any) -> None:
    cad.fail("dispatch-calls", "drop", done=True, times=1)
    game = await play()
    await game.refused("call.respond", player=ANN, call=300)
    cad.fail("calls", "status", status=500)

    assert (await game.refused("call.respond", player=BOB, call=300)).code == "cad_refused"

    assert len(cad.asked("dispatch-calls")) == 1


async def test_a_unit_that_no_push_announced_is_found(cad: Any, play: Any) -> None:
    game = await play()
    cad.post("links", c1v="uuid-3")
    cad.silently("log_in", id=103, account="uuid-3")

    assert await game.ask("call.respond", player=CIVILIAN, call=300) == {"call": "dispatch:401"}

    assert game.board.calls["dispatch:401"].units == (103,)
    assert 103 in game.board.units


async def test_who_is_no_unit_makes_no_dispatch_call(cad: Any, play: Any) -> None:
    game = await play()
    assert (await game.refused("call.respond", player=CIVILIAN, call=300)).code == "not_linked"

    cad.post("links", c2v="uuid-4")
    unlogged = ["license:c2v"]
    assert (await game.refused("call.respond", player=unlogged, call=300)).code == "not_a_unit"

    assert cad.asked("dispatch-calls") == []
    assert "911:300" in game.board.calls


async def test_a_unit_that_just_logged_out_is_told_so(cad: Any, play: Any) -> None:
    game = await play()
    cad.silently("log_out", id=101)

    assert (await game.refused("call.respond", player=ANN, call=301)).code == "not_a_unit"
    assert (await game.refused("call.respond", player=ANN, call=300)).code == "not_a_unit"


async def test_a_call_that_is_gone_is_said_to_be(cad: Any, play: Any, until: Any) -> None:
    cad.configure(limited=False)
    game = await play("reader", span_ms=300)
    await until(lambda: game.reader.status.calls_read)
    cad.silently("close", callId=301)

    assert (await game.refused("call.respond", player=ANN, call=301)).code == "unknown_call"
    assert (await game.refused("call.respond", player=ANN, call=999)).code == "unknown_call"
    assert (await game.refused("call.note", player=ANN, call="x", text="a")).code == "unknown_call"


async def test_a_long_wait_is_queued_visibly_and_done_later(
    cad: Any, play: Any, until: Any, pass_time: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(
        "bridge.sonoran.limits.steady", lambda _: lambda: int(loop.time() * 1000)
    )  # so that the limit's time passes with the loop's
    cad.configure(limited=False)
    game = await play(span_ms=30_000, within=60.0)
    for _ in range(16):
        await game.api.dispatch(1, DISPATCH, Budget(9))

    # told at once: half a minute later there would be no need to
    answer = await game.ask("call.respond", player=ANN, call="911:300")

    assert answer == {"call": "911:300", "queued": True}
    await pass_time(30)
    await until(lambda: "911:300" not in game.board.calls)
    assert "911:300" in game.board.dispatched


async def test_a_wait_beyond_a_minute_is_refused_at_once(cad: Any, play: Any) -> None:
    game = await play(span_ms=120_000)
    for _ in range(16):
        await game.api.dispatch(1, DISPATCH, Budget(9))

    refused = await game.refused("call.respond", player=ANN, call="911:300")

    assert refused.code == "rate_limited"
    assert "911:300" in game.board.calls


async def test_a_slow_cad_is_queued_before_the_game_gives_up(
    cad: Any, play: Any, until: Any
) -> None:
    cad.fail("dispatch-calls", "held", times=1)
    game = await play(within=0.3)

    answer = await game.ask("call.respond", player=ANN, call="911:300")

    assert answer == {"call": "911:300", "queued": True}
    cad.release()
    await until(lambda: "911:300" not in game.board.calls)


async def test_a_queued_response_that_fails_leaves_the_call_open(
    cad: Any, play: Any, until: Any, pass_time: Any
) -> None:
    cad.fail("dispatch-calls", "hang", times=1)
    game = await play(within=0.2, longest=4.0)

    answer = await game.ask("call.respond", player=ANN, call="911:300")

    assert answer["queued"]
    await until(lambda: cad.asked("dispatch-calls"))
    await pass_time(4.0)
    await until(lambda: len(cad.asked("calls")) == 2)  # it is looked what became of it
    assert "911:300" in game.board.calls


async def test_a_911_that_cannot_be_removed_stays_replaced(cad: Any, play: Any, until: Any) -> None:
    cad.fail("calls/911 remove", "status", status=500)
    game = await play()

    await game.ask("call.respond", player=ANN, call=300)
    await until(lambda: not game.cad_requests._responses._tasks)
    await game.reader.read_calls(Budget(9))

    assert set(game.board.calls) == {"dispatch:301", "dispatch:401"}


async def test_a_test_call_needs_no_cad(cad: Any, play: Any) -> None:
    game = await play()
    key = (await game.ask("call.test", player=ANN))["key"]

    assert await game.ask("call.respond", player=ANN, call=key) == {"call": key}
    assert await game.ask("call.close", player=ANN, call=key) == {"closed": True}

    assert key not in game.board.calls
    assert cad.asked("dispatch-calls") == cad.asked("dispatch-calls/close") == []


async def test_responses_that_wait_are_bounded(cad: Any, play: Any) -> None:
    game = await play()
    game.cad_requests._responses._tasks.update(
        asyncio.create_task(asyncio.sleep(60)) for _ in range(64)
    )

    assert (await game.refused("call.respond", player=ANN, call=300)).code == "rate_limited"


async def test_a_link_without_an_account_is_no_unit(cad: Any, play: Any) -> None:
    game = await play()
    cad.fail("links/check", "json", body={"linked": True})

    assert (await game.refused("call.respond", player=CIVILIAN, call=300)).code == "not_a_unit"


async def test_a_dispatch_call_to_which_the_cad_attached_nobody_is_said_to_be_so(
    cad: Any, play: Any
) -> None:
    game = await play()
    cad.fail("dispatch-calls", "json", body={"callId": 880, "idents": []}, times=1)

    assert (await game.refused("call.respond", player=ANN, call=300)).code == "not_a_unit"

    call = game.board.calls["dispatch:880"]
    assert (call.units, call.title, call.origin_911) == ((), "Fire", "911:300")


async def test_a_board_that_must_be_read_back_is_read_back(cad: Any, play: Any) -> None:
    game = await play()
    game.ingest._board = None

    assert await game.ask("unit.status", player=ANN, status=4) == {"updated": 1}
    assert game.board.units[101].status == 4


# The rest


async def test_leaving_detaches_from_whatever_it_is(cad: Any, play: Any) -> None:
    game = await play()
    await game.ask("call.respond", player=ANN, call=301)
    assert game.board.calls["dispatch:301"].units == (101,)

    assert await game.ask("call.leave", player=ANN) == {"left": True}
    assert game.board.calls["dispatch:301"].units == ()
    assert await game.ask("call.leave", player=ANN) == {"left": False}


async def test_closing_closes_there_and_here(cad: Any, play: Any) -> None:
    game = await play()

    assert await game.ask("call.close", player=ANN, call="dispatch:301") == {"closed": True}
    assert await game.ask("call.close", player=ANN, call=300) == {"closed": True}

    assert game.board.calls == {}
    assert (cad.state()["emergencies"], cad.state()["dispatches"]) == ([], [])


async def test_a_note_is_one_note_everywhere(cad: Any, play: Any) -> None:
    game = await play()

    assert await game.ask("call.note", player=ANN, call=301, text="Two cars\x00") == {"noted": True}
    await game.reader.read_calls(Budget(9))

    (note,) = game.board.calls["dispatch:301"].notes
    assert (note.content, note.label, note.kind) == ("Two cars", "1A-12", "text")
    assert note.time


async def test_a_note_needs_a_dispatch_call_and_something_to_read(cad: Any, play: Any) -> None:
    game = await play()

    to_911 = await game.refused("call.note", player=ANN, call=300, text="a")
    empty = await game.refused("call.note", player=ANN, call=301, text=" \x00 ")

    assert to_911.code == "cad_refused"
    assert "respond to it first" in to_911.message
    assert empty.code == "bad_params"
    assert cad.asked("notes") == []


async def test_a_panic_is_raised_and_ended_here_as_the_cad_sends_no_echo(
    cad: Any, play: Any
) -> None:
    game = await play()

    assert await game.ask("unit.panic", player=ANN, on=True) == {"updated": 1}
    assert game.board.units[101].panic
    assert cad.state()["units"][0]["isPanic"]

    assert await game.ask("unit.panic", player=ANN, on=False) == {"updated": 1}
    assert not game.board.units[101].panic


async def test_a_panic_of_a_player_whom_the_cad_cannot_be_told_of_is_raised_here(
    cad: Any, play: Any
) -> None:
    game = await play(identity=("discord", "bare"))

    refused = await game.refused("unit.panic", player=ANN[:1], on=True)

    assert refused.code == "not_configured"
    assert game.board.units[101].panic


async def test_a_panic_reaches_the_cad_although_the_journal_cannot_store(
    cad: Any, play: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    game = await play()

    async def accept(_: Any) -> None:
        raise JournalUnavailable("disk full")

    monkeypatch.setattr(game.ingest, "accept", accept)

    assert await game.ask("unit.panic", player=ANN, on=True) == {"updated": 1}
    assert cad.state()["units"][0]["isPanic"]


async def test_nobody_updated_is_said_and_the_board_put_right(
    cad: Any, play: Any, until: Any
) -> None:
    cad.configure(limited=False)
    game = await play("reader", span_ms=300)
    await until(lambda: game.reader.status.units_read)
    cad.silently("log_out", id=101)

    for player in (CIVILIAN, ANN):
        for method, params in {"unit.panic": {"on": True}, "unit.status": {"status": 2}}.items():
            assert await game.ask(method, player=player, **params) == {"updated": 0}

    await until(lambda: 101 not in game.board.units)


async def test_a_status_is_set_there_and_here(cad: Any, play: Any) -> None:
    game = await play()

    assert await game.ask("unit.status", player=ANN, status=4.0) == {"updated": 1}
    assert game.board.units[101].status == 4
    assert cad.state()["units"][0]["status"] == 4


# The live map


def located(**player_places: float) -> dict[str, Any]:
    players = {"ann": ANN, "bob": BOB, "civilian": CIVILIAN}
    return {
        "updates": [
            {"player": players[name], "location": "Here", "position": {"x": x, "y": 2}}
            for name, x in player_places.items()
        ]
    }


async def test_only_units_on_duty_that_moved_are_shown(cad: Any, play: Any) -> None:
    game = await play()

    first = await game.ask("units.located", **located(ann=1, bob=1, civilian=1))
    again = await game.ask("units.located", **located(ann=1.01, bob=5))

    assert (first, again) == ({"updated": 2}, {"updated": 1})
    one, two = cad.asked("unit-locations")
    assert [update["identId"] for update in one["body"]["updates"]] == [101, 102]
    assert two["body"]["updates"] == [
        {"identId": 102, "location": "Here", "coordinates": {"x": 5, "y": 2, "z": 0, "w": 0}}
    ]


async def test_places_go_over_the_hub_where_there_is_one_at_its_pace(
    cad: Any, play: Any, until: Any
) -> None:
    units = [{"id": 200 + n, "account": f"uuid-{n}", "communityUserId": f"u{n}"} for n in range(60)]
    cad.post("units", server=1, units=units)
    game = await play("hub", by_hub=True)
    await until(lambda: game.hub.is_up)
    updates = [
        {"player": [f"license:u{n}"], "location": "x" * 200, "position": PLACE} for n in range(60)
    ]

    assert await game.ask("units.located", updates=updates) == {"updated": 60}

    calls = cad.on_hub("unitLocation")
    assert [len(call["arguments"][0]) for call in calls] == [25, 25, 10]
    assert all(b["at"] - a["at"] >= 0.05 for a, b in pairwise(calls))
    assert cad.asked("unit-locations") == []


async def test_a_newer_place_takes_that_of_one_that_waits(cad: Any, play: Any) -> None:
    cad.fail("unit-locations", "slow", seconds=0.3, times=1)
    game = await play()

    results = await asyncio.gather(
        *(game.ask("units.located", **located(ann=x)) for x in range(1, 11))
    )

    assert [result["updated"] for result in results] == [1] * 10
    sent = [
        entry["body"]["updates"][0]["coordinates"]["x"] for entry in cad.asked("unit-locations")
    ]
    assert sent == [10]


async def test_places_by_rest_keep_its_limit(cad: Any, play: Any) -> None:
    game = await play()

    results = [await game.requests.answer(1, "units.located", located(ann=x)) for x in range(1, 10)]
    refused = await game.refused("units.located", **located(ann=50))

    assert [result["updated"] for result in results] == [1] * 9
    assert refused.code == "rate_limited"
    assert len(cad.asked("unit-locations")) == 9  # of 12


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ({"kind": "hang"}, "timeout"),
        ({"kind": "drop"}, "timeout"),
        ({"kind": "error", "error": "no"}, "cad_refused"),
        ({"kind": "answer", "result": None}, "cad_refused"),
        ({"kind": "answer", "result": {"success": False, "error": "too fast"}}, "cad_refused"),
    ],
)
async def test_a_hub_that_takes_no_places_is_told_of(
    cad: Any, play: Any, until: Any, pass_time: Any, fault: dict[str, Any], code: str
) -> None:
    game = await play("hub", by_hub=True, map_within=60.0)
    await until(lambda: game.hub.is_up)
    cad.fail("unitLocation", times=1, **fault)

    asking = asyncio.create_task(game.refused("units.located", **located(ann=1)))
    if fault["kind"] == "hang":
        await until(lambda: cad.on_hub("unitLocation"))
        await pass_time(Timing().answer)
    assert (await asking).code == code


async def test_a_session_that_the_hub_forgot_is_made_anew(cad: Any, play: Any, until: Any) -> None:
    game = await play("hub", by_hub=True)
    await until(lambda: game.hub.is_up)
    error = {"success": False, "error": "Unauthenticated. Call authenticate first."}
    cad.fail("unitLocation", "answer", result=error, times=1)

    await game.refused("units.located", **located(ann=1))

    await until(lambda: len(cad.on_hub("authenticatev2")) == 2 and game.hub.is_up)
    assert await game.ask("units.located", **located(ann=1)) == {"updated": 1}


async def test_every_method_of_the_contract_is_there(cad: Any, play: Any) -> None:
    game = await play()

    assert set(game.cad_requests.methods()) == set(CAD_METHODS)

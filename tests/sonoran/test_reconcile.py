"""What the CAD's lists mean against the board, and when they are read."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bridge import wire
from bridge.board import Board, replay
from bridge.events import (
    Call,
    CallClosed,
    CallOpened,
    Position,
    Unit,
    UnitChanged,
    UnitOffDuty,
    UnitOnDuty,
)
from bridge.facts import Attached, Closed, Fact, OffDuty, OnDuty, PanicSet, Placed, Removed, Written
from bridge.folding import fold
from bridge.ingest import Ingest
from bridge.journal.sqlite import SqliteJournal
from bridge.metrics import Metrics
from bridge.sonoran.answers import Calls, read
from bridge.sonoran.api import LIMITS, Api, CallsRead
from bridge.sonoran.faults import CadRefused
from bridge.sonoran.hub import Hub
from bridge.sonoran.hub_session import Timing
from bridge.sonoran.limits import Limits
from bridge.sonoran.pacing import Budget
from bridge.sonoran.payloads import parse
from bridge.sonoran.pushes import Pushes
from bridge.sonoran.reconcile import Age, Picture, calls_missed, is_settled, units_missed
from bridge.sonoran.reconciler import Reconciler, Rhythm

KEY = "test-key-5d1b7c90"
NOW = 1_785_000_000_000
OLD = NOW - 3_600_000
CALL = {"isEmergency": True, "caller": "Ann", "location": "Here", "description": "Fire"}
FRESH_FOR = 300_000


def stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat()


def emergency(number: Any, updated: int | None = NOW - 1000, **fields: Any) -> dict[str, Any]:
    call = {"callId": number, **CALL, "metaData": {}, **fields}
    return call if updated is None else {**call, "updated": stamp(updated)}


def dispatch(number: Any, updated: int | None = NOW - 1000, **fields: Any) -> dict[str, Any]:
    call = {"callId": number, "status": 1, "title": "Fire", "idents": [], "metaData": {}, **fields}
    return call if updated is None else {**call, "updated": stamp(updated)}


def unit(ident: Any, **fields: Any) -> dict[str, Any]:
    return {"id": ident, "accId": f"uuid-{ident}", "status": 2, "data": {"unitNum": "1A"}, **fields}


def board_of(*entries: Call | Unit) -> Board:
    board = Board()
    for entry in entries:
        event = CallOpened(entry) if isinstance(entry, Call) else UnitOnDuty(entry)
        replay(board, event, OLD)
    return board


def age(**how: Any) -> Age:
    return replace(Age(now=NOW, cad_now=NOW, last_read=None, fresh_for=FRESH_FOR), **how)


def calls_found(
    board: Board, before: Picture | None = None, how: Age | None = None, **lists: Any
) -> list[Fact]:
    return calls_missed(read(Calls, lists), before or Picture.of(board), board, how or age())


def units_found(
    board: Board, units: list[Any], before: Picture | None = None, *, complete: bool = True
) -> list[Fact]:
    return units_missed(units, before or Picture.of(board), board, complete=complete)


def folded(board: Board, facts: list[Fact]) -> list[Any]:
    """Return the events that a game server gets of the facts, the board changed by all."""
    events = []
    for fact in facts:
        for event in fold(board, fact, NOW):
            replay(board, event, NOW)
            events.append(event)
    return [event for event in events if not wire.is_hidden(event)]


def test_an_unknown_call_that_is_fresh_alerts() -> None:
    (fact,) = calls_found(board_of(), EmergencyCalls=[emergency(1)], ActiveCalls=[])

    assert isinstance(fact, Placed)
    assert fact.alert
    assert fact.call.opened_at == NOW - 1000


def test_an_unknown_call_that_is_old_by_the_cads_time_is_quiet() -> None:
    facts = calls_found(
        board_of(), EmergencyCalls=[emergency(1, OLD)], ActiveCalls=[dispatch(9, OLD)]
    )

    written, placed = facts
    assert isinstance(placed, Placed)
    assert isinstance(written, Written)
    assert (placed.alert, written.alert) == (False, False)
    assert (placed.call.opened_at, written.at) == (OLD, OLD)


def test_the_cads_clock_counts_and_not_ours() -> None:
    cad_now = NOW + 7_200_000  # two hours ahead of us

    (fact,) = calls_found(
        board_of(),
        how=age(cad_now=cad_now),
        EmergencyCalls=[emergency(1, cad_now - 2000)],
    )

    assert isinstance(fact, Placed)
    assert fact.alert
    assert fact.call.opened_at == NOW - 2000


@pytest.mark.parametrize("updated", [None, "yesterday", 7, stamp(NOW + 3_600_000)])
@pytest.mark.parametrize(
    ("last_read", "alert"),
    [(None, False), (NOW - 60_000, True), (NOW - 301_000, True), (NOW - 600_000, False)],
)
def test_without_a_time_a_call_is_younger_than_the_last_reading(
    updated: Any, last_read: int | None, alert: bool
) -> None:
    call = {**emergency(1, None), "updated": updated}

    (fact,) = calls_found(board_of(), how=age(last_read=last_read), EmergencyCalls=[call])

    assert isinstance(fact, Placed)
    assert fact.alert is alert
    assert fact.call.opened_at == (NOW if last_read is None else last_read)


def test_a_call_without_a_time_that_was_listed_before_is_not_fresh() -> None:
    how = age(last_read=NOW - 1000, listed=frozenset({"911:1", "dispatch:2"}))
    lists: dict[str, Any] = {
        "EmergencyCalls": [emergency(1, None), emergency(3, None)],
        "ActiveCalls": [dispatch(2, None), dispatch(4, None)],
    }

    facts = calls_found(board_of(), how=how, **lists)

    assert {event.call.key: event.alert for event in folded(board_of(), facts)} == {
        "dispatch:2": False,
        "dispatch:4": True,
        "911:1": False,
        "911:3": True,
    }


def test_a_known_call_without_a_time_does_not_become_fresh() -> None:
    board = board_of()
    quiet = calls_found(board, EmergencyCalls=[emergency(1, None)])
    assert [event.alert for event in folded(board, quiet)] == [False]

    again = calls_found(board, how=age(last_read=NOW - 1000), EmergencyCalls=[emergency(1, None)])

    assert folded(board, again) == []


@pytest.mark.parametrize(
    ("push_type", "data", "lists"),
    [
        ("EVENT_911", {"call": emergency(1)}, {"EmergencyCalls": [emergency(1, None)]}),
        (
            "EVENT_DISPATCH_NEW",
            {"dispatch": dispatch(2, title="Smoke")},
            {"ActiveCalls": [dispatch(2, None)]},
        ),
    ],
)
def test_a_push_that_a_list_was_faster_than_alerts_once(
    push_type: str, data: Any, lists: Any
) -> None:
    board = board_of()
    (opened,) = folded(board, calls_found(board, **lists))

    late = folded(board, parse(push_type, {"data": data}, NOW) * 2)

    assert not opened.alert
    assert late == [replace(opened, alert=True)]


def test_a_fresh_call_in_a_list_has_the_units_that_a_push_attached() -> None:
    board = board_of()
    folded(board, [Attached(2, (102,)), Attached(3, (103,))])

    folded(board, calls_found(board, ActiveCalls=[dispatch(2, idents=[101]), dispatch(3, OLD)]))

    assert board.calls["dispatch:2"].units == (101, 102)
    assert board.calls["dispatch:3"].units == (103,)


def test_a_list_without_units_takes_none_away() -> None:
    board = board_of()
    folded(board, [Attached(2, (102,))])

    folded(board, calls_found(board, ActiveCalls=[dispatch(2, idents=None)]))

    assert board.calls["dispatch:2"].units == (102,)


def test_a_naive_time_is_utc_and_the_cads_time_may_be_unknown() -> None:
    naive = stamp(NOW - 5000).removesuffix("+00:00")

    (fact,) = calls_found(
        board_of(), how=age(cad_now=None), EmergencyCalls=[{**emergency(1), "updated": naive}]
    )

    assert isinstance(fact, Placed)
    assert fact.call.opened_at == NOW - 5000


def test_ghosts_end() -> None:
    board = board_of(
        Call("911", 1, OLD), Call("dispatch", 2, OLD), Call("dispatch", 3, OLD), Unit(101)
    )

    facts = calls_found(
        board, EmergencyCalls=[], ActiveCalls=[], ClosedCalls=[{"callId": 3}, 7, {}]
    )

    assert set(facts) == {Removed("911:1", "gone"), Closed(2, "gone"), Closed(3, "closed")}
    assert units_found(board, []) == [OffDuty(101)]


def test_a_call_that_was_pushed_a_moment_ago_is_no_ghost() -> None:
    board = board_of(Call("911", 1, NOW - 5000), Call("dispatch", 2, NOW - 5000))

    assert calls_found(board, EmergencyCalls=[], ActiveCalls=[]) == []


def test_lists_that_a_push_was_faster_than_are_read_again() -> None:
    board = board_of(Call("911", 1, NOW), Call("dispatch", 2, NOW), Call("test", 3, NOW))

    def settled(**lists: Any) -> bool:
        return is_settled(read(Calls, lists), board)

    both = {"EmergencyCalls": [emergency(1)], "ActiveCalls": [dispatch(2)]}
    assert settled(**both)
    assert not settled(**{**both, "EmergencyCalls": []})
    assert not settled(**{**both, "ActiveCalls": [dispatch(9)]})
    assert settled(EmergencyCalls=[])
    assert settled(**{**both, "EmergencyCalls": [{"no": "id"}]})


def test_a_test_call_is_no_business_of_the_cads() -> None:
    board = board_of(Call("test", 1, OLD))

    assert calls_found(board, EmergencyCalls=[], ActiveCalls=[]) == []


@pytest.mark.parametrize(
    "lists",
    [
        {},
        {"EmergencyCalls": None, "ActiveCalls": None},
        {"EmergencyCalls": [{"no": "id"}], "ActiveCalls": [7]},
        {"EmergencyCalls": [None], "ActiveCalls": [{"callId": True}]},
    ],
)
def test_a_list_that_is_missing_or_unreadable_ends_nothing(lists: dict[str, Any]) -> None:
    board = board_of(Call("911", 1, OLD), Call("dispatch", 2, OLD))

    assert calls_found(board, **lists) == []


def test_an_unreadable_unit_ends_nothing_and_the_others_count() -> None:
    board = board_of(Unit(101))

    (fact,) = units_found(board, [unit(None), "unit", unit(102)])

    assert isinstance(fact, OnDuty)
    assert fact.unit.ident == 102
    assert not fact.logged_in


def test_a_list_of_units_that_broke_off_ends_nothing() -> None:
    assert units_found(board_of(Unit(101)), [], complete=False) == []


def test_a_unit_that_logs_out_while_the_list_is_read_comes_not_on_duty_by_it() -> None:
    board = board_of()
    before = Picture.of(board)
    folded(board, [OffDuty(101)])

    assert folded(board, units_found(board, [unit(101)], before)) == []
    assert board.units == {}


def test_a_listed_unit_that_is_offline_and_unknown_is_nothing() -> None:
    assert units_found(board_of(), [unit(101, status=100)]) == []


def test_a_unit_that_is_listed_as_offline_is_off_duty() -> None:
    board = board_of(Unit(101))

    facts = units_found(board, [unit(101, status=100)])

    assert folded(board, facts) == [UnitOffDuty(Unit(101))]


@pytest.mark.parametrize("details", [{}, {"data": None}])
def test_a_list_raises_panics_and_calls_none_off(details: dict[str, Any]) -> None:
    board = board_of(Unit(101, panic=True), Unit(102))
    units = [unit(101, isPanic=False, **details), unit(102, isPanic=True, **details)]

    folded(board, units_found(board, units))

    assert (board.units[101].panic, board.units[102].panic) == (True, True)


def test_a_list_shows_a_panic_that_came_after_one_that_was_over_by_its_time() -> None:
    board = board_of(Unit(101, panic=True))
    replay(board, UnitChanged(Unit(101), ("panic",)), NOW)
    for on, raised in ((True, False), (False, False), (True, True)):
        for fact in units_found(board, [unit(101, isPanic=on)]):
            for event in fold(board, fact, NOW):
                replay(board, event, NOW)
        assert board.units[101].panic == raised


def test_a_list_that_is_older_than_an_all_clear_raises_no_panic() -> None:
    board = board_of(Unit(101, panic=True))
    replay(board, UnitChanged(Unit(101), ("panic",)), NOW)
    before = Picture.of(board)
    (event,) = fold(board, PanicSet(101, on=False), NOW)
    replay(board, event, NOW)

    assert units_found(board, [unit(101, isPanic=True)], before) == []


def test_a_listed_unit_without_details_is_no_ghost() -> None:
    board = board_of(Unit(101, status=2))

    assert folded(board, units_found(board, [{"id": 101, "status": 2, "isPanic": False}])) == []


def test_what_a_push_changed_during_the_reading_is_left_as_the_push_said() -> None:
    gone, changed, new = Call("911", 1, OLD), Call("911", 2, OLD), Call("911", 3, OLD)
    left, moved, came = Unit(101), Unit(102, status=2), Unit(103)
    before = Picture.of(board_of(gone, changed, left, moved))
    board = board_of(replace(changed, description="worse"), new, replace(moved, status=4), came)

    calls = calls_found(board, before, EmergencyCalls=[emergency(1), emergency(2)], ActiveCalls=[])

    assert calls == []
    assert units_found(board, [unit(101), unit(102)], before) == []


def test_the_same_for_dispatch_calls() -> None:
    gone, changed = Call("dispatch", 1, OLD), Call("dispatch", 2, OLD)
    before = Picture.of(board_of(gone, changed))
    board = board_of(replace(changed, title="worse"), Call("dispatch", 3, OLD))

    assert calls_found(board, before, ActiveCalls=[dispatch(1), dispatch(2)]) == []


def test_what_is_known_makes_no_event() -> None:
    board = board_of()
    lists: dict[str, Any] = {
        "EmergencyCalls": [emergency(1)],
        "ActiveCalls": [dispatch(2, idents=[101], postal="7351")],
    }
    units = [unit(101)]
    assert len(folded(board, calls_found(board, **lists) + units_found(board, units))) == 3

    again = calls_found(board, **lists) + units_found(board, units)

    assert folded(board, again) == []


def test_a_known_call_takes_what_is_new_and_keeps_what_the_list_does_not_say() -> None:
    known = Call("911", 1, OLD, caller="Ann", position=Position(1.0, 2.0))
    board = board_of(replace(known, caller_ids=(("license:a",), (), (), (), ())))

    folded(board, calls_found(board, EmergencyCalls=[emergency(1, description="Two cars")]))

    call = board.calls["911:1"]
    assert (call.description, call.opened_at, call.position) == ("Two cars", OLD, known.position)
    assert call.caller_ids[0] == ("license:a",)


def test_a_911_call_that_became_a_dispatch_call_moves_and_does_not_alert_again() -> None:
    board = board_of(Call("911", 1, OLD, caller="Ann"))
    made = dispatch(9, metaData={"createdFromId": "1"})

    events = folded(board, calls_found(board, EmergencyCalls=[], ActiveCalls=[made]))

    assert [type(event) for event in events] == [CallOpened, CallClosed]
    assert events[0].call.caller == "Ann"
    assert events[1].reason == "dispatched"


class Bridge:
    """One server's board, journal, API client and reconciliation."""

    def __init__(self, cad: Any, journal: SqliteJournal, **how: Any) -> None:
        self.journal = journal
        self.metrics = Metrics()
        self.ingest = Ingest(1, journal, now=now, metrics=self.metrics, forget_after_ms=21_600_000)
        self.limits = Limits(LIMITS, now, journal=journal, span_ms=how.pop("span_ms", 61_000))
        self.api = Api(how.pop("url", cad.url), KEY, self.limits, longest=how.pop("longest", 8.0))
        self.reconciler = Reconciler(
            1,
            self.api,
            self.ingest,
            now=now,
            fresh_for=300,
            rhythm=how.pop("rhythm", Rhythm(every=60, first_pause=0.1, apart=0.1)),
        )
        self.pushes = Pushes(
            api_key=KEY,
            ingests={1: self.ingest},
            pass_through=frozenset(),
            rejected=Forgets(),
            metrics=self.metrics,
            now=now,
        )
        self.tasks: list[asyncio.Task[Any]] = []

    @property
    def board(self) -> Board:
        assert self.ingest.board is not None
        return self.ingest.board

    @property
    def status(self) -> Any:
        return self.reconciler.status

    async def start(self) -> None:
        await self.ingest.start()
        await self.limits.load()
        self.tasks.append(asyncio.create_task(self.reconciler.run()))

    def connect(self, cad: Any, timing: Timing) -> Hub:
        hub = Hub(
            cad.hub_url,
            "community-1",
            KEY,
            1,
            lambda push: self.pushes.over_hub(1, push),
            self.reconciler.soon,
            now=now,
            timing=timing,
        )
        self.tasks.append(asyncio.create_task(hub.run()))
        return hub

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        await self.ingest.stop()

    async def alerts(self) -> dict[str, bool]:
        """Return each call that was opened, and whether it alerts."""
        opened = {}
        for record in await self.journal.read(1, 0, 10_000):
            event = wire.decode(record.body, record.at)
            if isinstance(event, CallOpened):
                opened[event.call.key] = record.alert
        return opened

    async def has_stored(self, calls: set[str]) -> bool:
        """Return whether these were opened and no other."""
        return set(await self.alerts()) == calls


class Forgets:
    """Keeps no rejected push."""

    def keep(self, **_: Any) -> None:
        raise AssertionError("the simulated CAD sends no bad push")


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """An empty journal."""
    opened = await SqliteJournal.open(tmp_path / "bridge.db", max_size_bytes=2**30)
    yield opened
    await opened.close()


@pytest.fixture
async def bridge(cad: Any, journal: SqliteJournal) -> AsyncIterator[Callable[..., Bridge]]:
    """Make bridges; each is stopped at the end."""
    made: list[Bridge] = []

    def make(**how: Any) -> Bridge:
        made.append(Bridge(cad, journal, **how))
        return made[-1]

    yield make
    for each in made:
        await each.stop()


def has_read(bridge: Bridge) -> Callable[[], bool]:
    return lambda: bool(bridge.status.calls_read and bridge.status.units_read)


async def test_install_night(cad: Any, bridge: Any, until: Any) -> None:
    """Units log in before the bridge starts, calls are open, one was removed while it was down."""
    cad.post("links", abc123="uuid-1")
    cad.post(
        "units",
        server=1,
        units=[{"id": 101, "account": "uuid-1", "communityUserId": "license:abc123"}],
    )
    for number, seconds in ((301, 20), (302, 4000), (303, 5000)):
        cad.silently("place_911", callId=number, age=seconds, **CALL)
    first = bridge()
    await first.start()
    await until(has_read(first))
    await first.stop()
    cad.silently("remove_911", callId=303)
    cad.silently("place_911", callId=304, age=4, **CALL)

    second = bridge()
    await second.start()
    await until(has_read(second))

    assert second.board.units[101].player_ids[0] == ("license:abc123",)
    assert set(second.board.calls) == {"911:301", "911:302", "911:304"}
    assert await second.alerts() == {
        "911:301": True,
        "911:302": False,
        "911:303": False,
        "911:304": True,
    }


async def test_the_units_are_known_before_the_calls_alert(
    cad: Any, bridge: Any, until: Any
) -> None:
    cad.post("units", server=1, units=[{"id": 101, "account": "uuid-1"}])
    cad.silently("place_911", callId=301, **CALL)
    cad.fail("units", "slow", seconds=0.3, times=1)
    first = bridge(rhythm=Rhythm(for_units=60))
    await first.start()
    await until(has_read(first))

    records = await first.journal.read(1, 0, 10)
    assert b"unit.on_duty" in records[0].body
    assert b"call.opened" in records[1].body


async def test_calls_do_not_wait_for_units_that_do_not_come(
    cad: Any, bridge: Any, until: Any
) -> None:
    cad.silently("place_911", callId=301, **CALL)
    cad.fail("units", "hang")
    first = bridge(rhythm=Rhythm(for_units=0.2), longest=60.0)
    await first.start()

    await until(lambda: "911:301" in first.board.calls)
    assert (first.status.units_read, first.status.units_error) == (None, "")


async def test_a_call_without_a_time_that_expired_here_alerts_nobody_when_it_is_back(
    cad: Any, bridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bridge(span_ms=300)
    await first.ingest.start()
    lists = read(Calls, {"EmergencyCalls": [emergency(1, None)], "ActiveCalls": []})

    async def calls(server: int, budget: Budget) -> CallsRead:
        return CallsRead(lists, None)

    monkeypatch.setattr(first.api, "calls", calls)
    await first.reconciler.read_calls(Budget(9))
    first.board.calls.clear()  # expired, and no longer remembered
    await first.reconciler.read_calls(Budget(9))

    records = await first.journal.read(1, 0, 10)
    assert [record.alert for record in records] == [False, False]


async def test_many_units_are_read_page_by_page(cad: Any, bridge: Any, until: Any) -> None:
    units = [{"id": number, "account": f"uuid-{number}"} for number in range(1, 151)]
    cad.post("units", server=1, units=units)
    first = bridge()
    await first.start()
    await until(has_read(first))

    assert len(first.board.units) == 150
    assert [entry["query"]["offset"] for entry in cad.asked("units")] == ["0", "99"]


async def test_a_unit_that_slips_between_two_pages_stays_on_duty(
    cad: Any, bridge: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    units = [{"id": number, "account": f"uuid-{number}"} for number in range(1, 151)]
    cad.post("units", server=1, units=units)
    cad.configure(limited=False)
    first = bridge(span_ms=300)
    await first.ingest.start()
    await first.reconciler.read_units(Budget(9))
    read_page = first.api.units

    async def units_that_go(server: int, offset: int, budget: Budget) -> list[Any]:
        page = await read_page(server, offset, budget)
        if offset == 0:
            cad.silently("log_out", id=1)
            cad.silently("log_out", id=2)
        return page  # type: ignore[no-any-return]

    with monkeypatch.context() as patched:
        patched.setattr(first.api, "units", units_that_go)
        await first.reconciler.read_units(Budget(9))
    assert len(first.board.units) == 150

    await first.reconciler.read_units(Budget(9))
    assert set(first.board.units) == set(range(3, 151))


async def test_a_page_that_fails_takes_nobody_off_duty(cad: Any, bridge: Any, until: Any) -> None:
    units = [{"id": number, "account": f"uuid-{number}"} for number in range(1, 151)]
    cad.post("units", server=1, units=units)
    cad.configure(limited=False)
    first = bridge()
    await first.ingest.start()
    await first.reconciler.read_units(Budget(9))
    cad.post("units", server=1, units=units[1:120])
    second = bridge()
    await second.ingest.start()
    cad.fail("units", "slow", seconds=0, times=1)
    cad.fail("units", "status", status=500, times=1)

    with pytest.raises(CadRefused):
        await second.reconciler.read_units(Budget(9))

    assert len(second.board.units) == 150
    assert second.status.units_read is None


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status", "status": 401},
        {"kind": "status", "status": 500},
        {"kind": "text", "body": "<html>"},
        {"kind": "json", "body": {"units": None}},
        {"kind": "drop"},
    ],
)
async def test_what_cannot_be_read_changes_nothing_and_is_tried_again(
    cad: Any, bridge: Any, until: Any, fault: dict[str, Any]
) -> None:
    cad.post("units", server=1, units=[{"id": 101, "account": "uuid-1"}])
    cad.silently("place_911", callId=301, **CALL)
    cad.configure(limited=False)
    first = bridge(span_ms=300)
    await first.start()
    await until(has_read(first))
    cad.fail("units", times=1, **fault)
    cad.fail("calls", times=1, **fault)
    read_before = first.status.units_read

    await first.reconciler.soon()

    await until(lambda: first.status.units_error)
    assert set(first.board.units) == {101}
    assert set(first.board.calls) == {"911:301"}
    await until(lambda: first.status.units_read > read_before)
    assert first.status.units_error == ""


def pauses(asked: list[dict[str, Any]]) -> list[float]:
    """Return the seconds between one request and the next, as the CAD got them."""
    return [after["at"] - before["at"] for before, after in pairwise(asked)]


async def test_a_cad_that_is_away_is_asked_with_growing_pauses(
    cad: Any, bridge: Any, until: Any
) -> None:
    cad.configure(limited=False)
    cad.fail("units", "status", status=500)
    first = bridge(span_ms=1, rhythm=Rhythm(first_pause=0.1, apart=0.1))
    await first.start()

    await until(lambda: len(cad.asked("units")) >= 4)

    one, two, three, *_ = pauses(cad.asked("units"))
    assert (one >= 0.07, two >= 0.14, three >= 0.28) == (True, True, True)


async def test_a_hub_that_comes_and_goes_costs_no_readings(
    cad: Any, bridge: Any, until: Any
) -> None:
    cad.configure(limited=False)
    first = bridge(span_ms=1, rhythm=Rhythm(apart=0.5))
    await first.start()

    async def comes_and_goes() -> bool:
        await first.reconciler.soon()
        return all(len(cad.asked(kind)) >= 3 for kind in ("units", "calls"))

    await until(comes_and_goes)

    for kind in ("units", "calls"):
        assert min(pauses(cad.asked(kind))) >= 0.49


async def test_the_key_serves_others_too(cad: Any, bridge: Any, until: Any) -> None:
    first = bridge(rhythm=Rhythm(apart=0.01, every=0.02, patience=9.0, first_pause=0.05))
    await first.start()

    await until(lambda: "used up" in first.status.units_error)
    await until(lambda: "used up" in first.status.calls_error)

    assert len(cad.asked("units")) == 2  # of 3
    assert len(cad.asked("calls")) == 4  # of 5


async def test_a_fault_of_ours_ends_no_reading_for_good(
    cad: Any, bridge: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = bridge(rhythm=Rhythm(apart=0.05, first_pause=0.05))
    accept = first.ingest.accept

    async def fails(_: Any) -> None:
        raise RuntimeError("a fault")

    monkeypatch.setattr(first.ingest, "accept", fails)
    await first.start()
    await until(lambda: "its log" in first.status.units_error)

    monkeypatch.setattr(first.ingest, "accept", accept)
    await until(has_read(first))


async def test_a_board_that_must_be_read_back_is_read_back(cad: Any, bridge: Any) -> None:
    cad.post("units", server=1, units=[{"id": 101, "account": "uuid-1"}])
    first = bridge()

    await first.reconciler.read_units(Budget(9))

    assert set(first.board.units) == {101}


async def cut_and_place(cad: Any, hub: Hub, *, seconds: float, every: float) -> None:
    """Place a call every now and then while the hub's sessions live but a moment."""
    cad.configure(cut_every=every, limited=False)
    end = time.monotonic() + seconds
    number = 1000
    while time.monotonic() < end:
        number += 1
        await asyncio.to_thread(cad.act, "place_911", callId=number, **CALL)
        await asyncio.sleep(every / 3)
    cad.configure(cut_every=0)


async def test_cuts_lose_no_call_that_the_cad_still_knows(
    cad: Any, bridge: Any, until: Any
) -> None:
    first = bridge(span_ms=300, rhythm=Rhythm(apart=0.1, first_pause=0.1))
    await first.start()
    quick = Timing(first_pause=0.05, longest_pause=0.3, lasting=1.0)
    hub = first.connect(cad, quick)
    await until(lambda: hub.is_up)

    await cut_and_place(cad, hub, seconds=3.0, every=0.1)

    await until(lambda: first.has_stored(cad_calls(cad)))
    assert all((await first.alerts()).values())


@pytest.mark.slow
async def test_a_cut_every_half_second_for_twenty_seconds_loses_nothing(
    cad: Any, bridge: Any, until: Any
) -> None:
    first = bridge(rhythm=Rhythm(apart=1.0))
    await first.start()
    hub = first.connect(cad, Timing())
    await until(lambda: hub.is_up)

    await cut_and_place(cad, hub, seconds=20.0, every=0.5)

    assert len(cad.on_hub("connect")) <= 10
    await until(lambda: first.has_stored(cad_calls(cad)), 90)
    assert all((await first.alerts()).values())


def cad_calls(cad: Any) -> set[str]:
    return {f"911:{call['callId']}" for call in cad.state()["emergencies"]}

import asyncio
import json
from dataclasses import replace
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bridge.admin import live, site
from bridge.admin.view import ServerState
from bridge.errors import JournalUnavailable
from bridge.events import NO_IDS, Call, CallClosed, LinkVerified, Pushed, Unit, UnitOnDuty
from bridge.journal import Record
from bridge.receipts import Receipt

SECRET_ID = "license:abc123"
CALL = Call(
    "911", 4711, 1_799_999_999_000, caller="Maria Lopez", caller_ids=((SECRET_ID,), *NO_IDS[1:])
)
KEY = "test-key-5d1b7c90"


async def get(http: aiohttp.ClientSession, url: str) -> Any:
    async with http.get(url) as answer:
        assert answer.status == 200
        assert answer.content_type == "application/json"
        return await answer.json()


async def test_readyz_fails_without_saying_why(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.is_ready = (False, "disk full at /srv/secret-place")
    async with http.get(await serve() + "/readyz") as answer:
        assert (answer.status, await answer.text()) == (503, "not ready\n")


async def test_the_status_says_how_each_server_is_doing(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.opens(CALL)
    seen.kept_receipts[1] = [
        Receipt("911:4711", 1, seen.time, 7, 7, 6, 412),
        Receipt("911:4710", 0, seen.time, 7, 7, 0, 0),
    ]
    seen.metrics.pushes.labels(1, "http", "ok").inc(2)
    seen.metrics.pushes.labels(1, "hub", "bad_body").inc()

    document = await get(http, await serve() + "/api/status")

    assert document["bridge"] == "1.0.0"
    assert document["ready"] is True
    assert document["journal"]["maxSize"] == 2**30
    assert document["cad"]["plan"] == "PLUS"
    (server,) = document["servers"]
    assert server["resource"]["version"] == "1.0.0"
    assert server["ways"][0] == {
        "kind": "hub",
        "state": "up",
        "detail": "",
        "since": seen.time - 3_600_000,
        "refused": None,
    }
    assert (server["last"], server["acknowledged"], server["units"]) == (1234, 1234, 12)
    assert server["calls"] == 1
    assert server["stages"]["painted"] == seen.time - 12_000
    assert server["pushes"] == {"ok": 42, "bad_body": 1}
    assert server["pushesPerMinute"][-1] == 43
    assert server["latencies"] == [{"at": seen.time, "ms": 412, "key": "911:4711"}]
    assert server["lastAlert"]["shown"] == 6
    assert [p["code"] for p in document["problems"]] == ["alert_not_painted"]


async def test_open_calls_come_with_their_receipts(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.opens(CALL)
    seen.kept_receipts[1] = [Receipt("911:4711", 1, seen.time, 7, 6, 5, 412, {"muted": 1})]

    (server,) = (await get(http, await serve() + "/api/calls"))["servers"]

    assert server["calls"][0]["caller"] == "Maria Lopez"
    assert server["calls"][0]["openedAt"] == CALL.opened_at
    assert server["receipts"][0] == {
        "key": "911:4711",
        "seq": 1,
        "at": seen.time,
        "due": 7,
        "sent": 6,
        "shown": 5,
        "ms": 412,
        "why": {"muted": 1},
    }


async def test_the_newest_events_of_all_servers_come_first(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.server_states.append(ServerState(2))
    seen.opens(CALL)
    seen.happens(CallClosed(CALL, "removed"), server=2, at=seen.time + 5)
    seen.happens(UnitOnDuty(Unit(101)), at=seen.time + 9)
    url = await serve() + "/api/events"

    rows = (await get(http, url))["events"]
    assert [(row["server"], row["event"]["type"]) for row in rows] == [
        (1, "unit.on_duty"),
        (2, "call.closed"),
        (1, "call.opened"),
    ]
    assert len((await get(http, url + "?limit=1"))["events"]) == 1
    assert len((await get(http, url + "?server=2&limit=999999"))["events"]) == 1


@pytest.mark.parametrize("query", ["limit=x", "limit=-1", "server=1.5", "limit=" + "9" * 400])
async def test_a_bad_number_in_the_address_is_refused(
    serve: Any, http: aiohttp.ClientSession, query: str
) -> None:
    async with http.get(f"{await serve()}/api/events?{query}") as answer:
        assert answer.status == 400


async def test_no_answer_carries_an_identifier_of_a_player(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.opens(CALL)
    seen.happens(LinkVerified(SECRET_ID, "account-of-somebody"))
    seen.happens(Pushed("EVENT_RECORD_ADD", {"record": "somebody's"}))
    seen.happens(UnitOnDuty(Unit(101, account="account-of-somebody", player_ids=CALL.caller_ids)))
    address = await serve()

    for path in ("/api/calls", "/api/events", "/api/status"):
        shown = json.dumps(await get(http, address + path))
        assert "abc123" not in shown
        assert "somebody" not in shown


async def test_rejected_pushes_are_shown_whole_or_one_by_one(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    for _ in range(3):
        seen.rejected.keep(
            server=1,
            way="http",
            code="bad_body",
            reason="is no number",
            path="data.0.call.callId",
            body=b'{"key":"%s","type":"EVENT_911 \\ud800"}' % KEY.encode(),
        )
    url = await serve() + "/api/rejected"

    pushes = (await get(http, url))["rejected"]
    (second,) = (await get(http, url + "?number=2"))["rejected"]

    assert [push["number"] for push in pushes] == [3, 2, 1]
    assert second["path"] == "data.0.call.callId"
    assert KEY not in json.dumps(pushes)


async def test_who_was_turned_away_stands_beside_the_rejected_pushes(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.rejected.turn_away("203.0.113.5", "wrong_key")

    document = await get(http, await serve() + "/api/rejected")

    assert document["turnedAway"] == [
        {"address": "203.0.113.5", "reason": "wrong_key", "count": 1, "at": seen.time}
    ]


async def test_metrics_are_in_the_format_of_prometheus(
    serve: Any, http: aiohttp.ClientSession
) -> None:
    async with http.get(await serve() + "/metrics") as answer:
        assert answer.content_type == "text/plain"
        assert "cad_bridge_pushes_total{" in await answer.text()


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html"),
        ("/status.css", "text/css"),
        ("/status.js", "text/javascript"),
        ("/icon.svg", "image/svg+xml"),
    ],
)
async def test_the_page_and_its_files_are_served(
    serve: Any, http: aiohttp.ClientSession, path: str, content_type: str
) -> None:
    async with http.get(await serve() + path) as answer:
        assert answer.status == 200
        assert answer.content_type == content_type


@pytest.mark.parametrize("path", ["/nothing", "/page/index.html", "/../settings.py", "/%2e%2e/x"])
async def test_nothing_else_is_served(serve: Any, http: aiohttp.ClientSession, path: str) -> None:
    async with http.get(await serve() + path) as answer:
        assert answer.status == 404


async def test_nothing_can_be_changed(serve: Any, http: aiohttp.ClientSession) -> None:
    async with http.post(await serve() + "/api/status") as answer:
        assert answer.status == 405


class Stream:
    """Reads an event stream."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    async def next(self) -> tuple[str, Any]:
        async with asyncio.timeout(60):
            name = (await self._answer.content.readline()).decode().removeprefix("event: ").strip()
            data = (await self._answer.content.readline()).decode().removeprefix("data: ")
            await self._answer.content.readline()
        return name, json.loads(data)


async def test_the_stream_begins_with_everything_and_goes_on_with_what_changes(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    async with http.get(await serve() + "/api/live") as answer:
        assert answer.content_type == "text/event-stream"
        stream = Stream(answer)
        first = [(await stream.next())[0] for _ in range(4)]
        seen.rejected.keep(server=1, way="hub", code="x", reason="r", path="p", body=b"{}")
        changed = dict([await stream.next(), await stream.next()])

    assert first == ["status", "calls", "rejected", "events"]
    assert set(changed) == {"status", "rejected"}
    assert "body" not in changed["rejected"]["rejected"][0]


async def test_time_alone_is_no_change_but_life_is_shown_every_15_seconds(
    seen: Any,
    serve: Any,
    http: aiohttp.ClientSession,
    monkeypatch: pytest.MonkeyPatch,
    until: Any,
) -> None:
    looks: list[int] = []
    look = seen.journal_state

    async def look_counted() -> Any:
        looks.append(seen.time)
        return await look()

    monkeypatch.setattr(seen, "journal_state", look_counted)
    monkeypatch.setattr(live, "HEARTBEAT", 3600.0)
    async with http.get(await serve() + "/api/live") as answer:
        stream = Stream(answer)
        for _ in range(4):
            await stream.next()
        seen.time += 1
        await until(lambda: looks.count(seen.time) >= 3)
        seen.time += 1
        monkeypatch.setattr(live, "HEARTBEAT", 0.0)
        name, body = await stream.next()

    assert name == "status"
    assert body["now"] == seen.time, "nothing was sent before"


async def test_a_journal_that_cannot_be_read_now_does_not_end_the_stream(
    seen: Any, serve: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(*_: int) -> Any:
        raise JournalUnavailable("disk full")

    monkeypatch.setattr(seen, "events", unreadable)
    seen.journal = replace(seen.journal, problem="disk full")
    async with http.get(await serve() + "/api/live") as answer:
        stream = Stream(answer)
        name, body = await stream.next()
        assert [(await stream.next())[0] for _ in range(2)] == ["calls", "rejected"]

    assert name == "status"
    assert body["problems"][0]["code"] == "journal_unavailable"


async def test_open_streams_do_not_hold_up_the_end(
    serve: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(site, "TO_END", 3600.0)
    async with http.get(await serve() + "/api/live") as answer:
        await Stream(answer).next()
        async with asyncio.timeout(60):
            await serve.stop()
            while await answer.content.readline():
                pass


async def test_pages_that_open_at_once_are_counted_before_they_are_answered(
    serve: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 1)
    prepare = web.StreamResponse.prepare

    async def prepare_slowly(response: web.StreamResponse, request: web.BaseRequest) -> Any:
        await asyncio.sleep(0)
        return await prepare(response, request)

    monkeypatch.setattr(web.StreamResponse, "prepare", prepare_slowly)
    address = await serve()
    answers = await asyncio.gather(*(http.get(address + "/api/live") for _ in range(4)))
    assert sorted(answer.status for answer in answers) == [200, 503, 503, 503]
    for answer in answers:
        answer.close()


async def test_an_event_that_cannot_be_read_hides_no_other(
    seen: Any, serve: Any, http: aiohttp.ClientSession
) -> None:
    seen.happens(CallClosed(CALL, "removed"))
    seen.happened[1].insert(0, Record(2, seen.time, b'{"type', alert=True, hidden=False))

    events = (await get(http, await serve() + "/api/events"))["events"]

    assert [event["event"]["type"] for event in events] == ["unreadable", "call.closed"]


async def test_too_many_open_pages_are_refused(
    serve: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "STREAMS", 1)
    address = await serve()
    async with http.get(address + "/api/live") as first:
        await Stream(first).next()
        async with http.get(address + "/api/live") as second:
            assert second.status == 503


async def test_events_of_a_journal_that_cannot_be_read_are_asked_for_later(
    seen: Any, serve: Any, http: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unreadable(*_: object) -> Any:
        raise JournalUnavailable("the disk reports an error")

    monkeypatch.setattr(seen, "events", unreadable)
    async with http.get(await serve() + "/api/events") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert "the disk reports an error" in await answer.text()

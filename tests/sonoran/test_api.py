"""The REST client against the simulated CAD, over real sockets."""

import asyncio
import email.utils
import time
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import structlog

from bridge.metrics import Metrics
from bridge.sonoran import answers
from bridge.sonoran.api import LIMITS, Api
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
from bridge.sonoran.limits import Limits
from bridge.sonoran.pacing import Budget

KEY = "test-key-5d1b7c90"
NAME = "0f3c2ab9"
CALL_911 = {
    "isEmergency": True,
    "caller": "Ann",
    "location": "Here",
    "description": "Fire",
    "metaData": {"x": "1.5"},
}
DISPATCH = {
    "origin": 0,
    "status": 1,
    "priority": 1,
    "title": "Fire",
    "communityUserIds": [NAME],
}

Ask = Callable[[Api, Budget], Awaitable[Any]]
REQUESTS: dict[str, Ask] = {
    "version": lambda api, b: api.plan(b),
    "servers": lambda api, b: api.servers(b),
    "links": lambda api, b: api.create_link(NAME, b),
    "links/check": lambda api, b: api.check_link(NAME, b),
    "calls": lambda api, b: api.calls(1, b),
    "units": lambda api, b: api.units(1, 0, b),
    "account units": lambda api, b: api.account_units(1, "uuid-1", b),
    "calls/911": lambda api, b: api.place_911(1, CALL_911, b),
    "calls/911 remove": lambda api, b: api.remove_911(1, 301, b),
    "dispatch-calls": lambda api, b: api.dispatch(1, DISPATCH, b),
    "dispatch-calls/close": lambda api, b: api.close_dispatch(1, 301, b),
    "attachments": lambda api, b: api.attach(1, 301, NAME, b),
    "attachments remove": lambda api, b: api.detach(1, NAME, b),
    "notes": lambda api, b: api.note(1, 301, "text", "1A-1", b),
    "units/status": lambda api, b: api.set_status(1, NAME, 2, b),
    "units/panic": lambda api, b: api.set_panic(1, NAME, True, b),
    "unit-locations": lambda api, b: api.locate(1, [{"identId": 101, "location": "x"}], b),
}


def now() -> int:
    return time.time_ns() // 1_000_000


@pytest.fixture
def make(cad: Any) -> Callable[..., Api]:
    """Make clients of the simulated CAD."""

    def api(url: str = cad.url, key: str = KEY, **how: Any) -> Api:
        return Api(url, key, how.pop("limits", Limits(LIMITS, now)), **how)

    return api


@pytest.fixture
def community(cad: Any) -> Any:
    """A CAD with a linked unit on duty, an open 911 call and an open dispatch call."""
    cad.post("links", **{NAME: "uuid-1"})
    cad.post("units", server=1, units=[{"id": 101, "account": "uuid-1"}])
    cad.silently("place_911", callId=200, **CALL_911)
    cad.silently("dispatch", callId=301, **DISPATCH)
    return cad


def test_every_endpoint_is_tried_here() -> None:
    assert REQUESTS.keys() == LIMITS.keys()


async def test_every_request_is_understood_by_the_cad(community: Any, make: Any) -> None:
    api = make()
    done = {}
    for endpoint, ask in REQUESTS.items():
        if endpoint not in {"calls/911 remove", "dispatch-calls/close"}:
            done[endpoint] = await ask(api, Budget(9))
    await api.remove_911(1, 200, Budget(9))
    await api.close_dispatch(1, 301, Budget(9))

    assert done["version"] == "PLUS"
    assert done["servers"][0].port == "30120"
    assert (done["links"].code, done["links"].expires_in) == ("A7K2", 600)
    assert done["links/check"] == answers.LinkCheck(linked=True, accountUuid="uuid-1")
    assert done["units"][0]["id"] == 101
    assert done["account units"][0]["id"] == 101
    assert done["calls"].lists.emergency[0]["callId"] == 200
    assert done["calls"].lists.active[0]["callId"] == 301
    assert abs(done["calls"].at - now()) < 60_000
    assert done["calls/911"][0].id == 401
    assert done["dispatch-calls"][0] == answers.Written(callId=402, idents=[101])
    assert done["attachments"] == (101,)
    assert done["attachments remove"] == (101,)
    assert done["notes"]["note"]["content"] == "text"
    assert (done["units/status"], done["units/panic"], done["unit-locations"]) == (1, 1, 1)
    assert community.state()["closed"][0]["callId"] == 301
    assert [entry["endpoint"] for entry in community.log() if "endpoint" in entry].count(
        "calls/911 remove"
    ) == 1


FAILURES: list[tuple[str, dict[str, Any], type[CadFault], bool, str]] = [
    # name, fault, what is raised, whether it may have worked, a part of the text
    ("401", {"kind": "status", "status": 401}, CadRefused, False, "check [cad] api_key"),
    ("402", {"kind": "status", "status": 402}, CadRefused, False, "plan"),
    ("403", {"kind": "status", "status": 403}, CadRefused, False, "plan"),
    ("404", {"kind": "status", "status": 404}, CadRefused, False, "[[servers]]"),
    ("409", {"kind": "status", "status": 409}, CadRefused, False, "Refused on demand."),
    (
        "plan",
        {"kind": "status", "status": 400, "body": '{"detail":"VERSION PRO REQUIRED"}'},
        CadRefused,
        False,
        "VERSION PRO REQUIRED",
    ),
    ("429", {"kind": "status", "status": 429}, CadLimited, False, "the CAD says so"),
    ("500", {"kind": "status", "status": 500}, CadRefused, True, "(500)"),
    ("500 html", {"kind": "status", "status": 503, "body": "<h1>"}, CadRefused, True, "(503)"),
    ("302", {"kind": "status", "status": 302, "body": ""}, CadRefused, False, "(302)"),
    ("html", {"kind": "text", "body": "<html>"}, CadGarbled, True, "an HTML page"),
    ("garbage", {"kind": "text", "body": '{"a":'}, CadGarbled, True, "no JSON"),
    ("NaN", {"kind": "text", "body": "NaN"}, CadGarbled, True, "no JSON"),
    ("deep", {"kind": "text", "body": "[" * 50_000}, CadGarbled, True, "no JSON"),
    ("empty", {"kind": "text", "body": ""}, CadGarbled, True, "nothing in it"),
    ("big", {"kind": "big"}, CadGarbled, True, "more than 8388608 bytes"),
    ("success false", {"kind": "json", "body": {"success": False}}, CadRefused, False, "(200)"),
    ("hang", {"kind": "hang"}, CadTimeout, True, "did not answer within"),
    ("dropped", {"kind": "drop"}, CadUnreachable, True, "ended before its answer"),
    ("dropped, done", {"kind": "drop", "done": True}, CadUnreachable, True, "ended before"),
    ("cut", {"kind": "cut", "bytes": 7, "done": True}, CadUnreachable, True, "ended before"),
]


@pytest.mark.parametrize("endpoint", REQUESTS)
async def test_every_failure_is_told_in_time_and_nothing_is_sent_twice(
    community: Any, make: Any, until: Any, pass_time: Any, endpoint: str
) -> None:
    clock = asyncio.get_running_loop().time
    for name, fault, kind, may_have_worked, words in FAILURES:
        community.post("faults")
        community.fail(endpoint, **fault)
        before = len(community.asked(endpoint))
        api = make(longest=4.0 if name == "hang" else 8.0)
        community.configure(limited=False)
        started = clock()

        asking = asyncio.ensure_future(REQUESTS[endpoint](api, Budget(9)))
        if name == "hang":
            await until(lambda before=before: len(community.asked(endpoint)) > before)
            await pass_time(4.0)
        with pytest.raises(kind) as raised:
            await asking

        said = str(raised.value)
        assert words in said, name
        assert raised.value.may_have_worked is may_have_worked, name
        assert KEY not in said
        assert clock() - started < 10
        assert len(community.asked(endpoint)) == before + 1, name


@pytest.mark.parametrize(
    ("endpoint", "body"),
    [
        ("links", {}),
        ("links", {"code": ""}),
        ("links", {"code": 7}),
        ("links", []),
        ("links/check", {"linked": None}),
        ("links/check", {}),
        ("calls", []),
        ("calls", {"ActiveCalls": {}}),
        ("units", {}),
        ("units", {"units": None}),
        ("units", "none"),
        ("account units", {"Units": 1}),
        ("calls/911", {}),
        ("calls/911", {"callId": None}),
        ("calls/911", {"callId": True}),
        ("dispatch-calls", {"callId": {}}),
        ("attachments", {"callId": 1}),
        ("attachments remove", []),
        ("units/status", {"updated": None}),
        ("units/status", {"updated": -1}),
        ("units/panic", {"status": "x"}),
        ("unit-locations", 7),
        ("servers", {"servers": [{}]}),
        ("servers", {}),
        ("version", []),
    ],
)
async def test_an_answer_of_another_shape_is_not_taken_for_one(
    community: Any, make: Any, endpoint: str, body: Any
) -> None:
    community.fail(endpoint, "json", body=body)

    with pytest.raises(CadGarbled, match="not understood"):
        await REQUESTS[endpoint](make(), Budget(9))


@pytest.mark.parametrize(
    ("endpoint", "body", "result"),
    [
        ("units", {"units": [1]}, [1]),
        ("units", {"Units": []}, []),
        ("links/check", {"linked": False, "accountUuid": None}, answers.LinkCheck(linked=False)),
        ("attachments", {"idents": 7}, (7,)),
        ("attachments", {"identIds": ["7", 8, "x"]}, (7, 8)),
        ("attachments remove", {"identIds": []}, ()),
        ("units/status", {"updated": "2"}, 2),
        ("version", {"version": 2}, "unknown"),
    ],
)
async def test_the_other_shapes_that_were_seen_are_understood(
    community: Any, make: Any, endpoint: str, body: Any, result: Any
) -> None:
    community.fail(endpoint, "json", body=body)

    assert await REQUESTS[endpoint](make(), Budget(9)) == result


async def test_other_names_of_a_link_code_are_understood(community: Any, make: Any) -> None:
    for name in ("code", "linkCode", "idCode"):
        community.fail("links", "json", times=1, body={name: "X", "linkUrl": "u"})
        link = await make().create_link(NAME, Budget(9))
        assert (link.code, link.url, link.expires_in) == ("X", "u", 600)


async def test_a_missing_list_is_unknown_and_not_empty(community: Any, make: Any) -> None:
    community.fail("calls", "json", body={"ActiveCalls": []})

    lists = (await make().calls(1, Budget(9))).lists

    assert (lists.active, lists.emergency, lists.closed) == ([], None, None)


async def test_a_call_id_of_text_is_quoted_in_the_path(community: Any, make: Any) -> None:
    with pytest.raises(CadRefused):
        await make().remove_911(1, "26/08 ?#..%", Budget(9))

    (asked,) = community.asked("calls/911 remove")
    assert asked["path"].endswith("/calls/911/26/08 ?#..%")


async def test_nobody_listening_is_told_at_once(make: Any) -> None:
    with pytest.raises(CadUnreachable, match="cannot be reached") as raised:
        await make(url="http://127.0.0.1:9").plan(Budget(9))

    assert not raised.value.may_have_worked


async def test_a_wrong_key_is_refused_and_not_shown(cad: Any, make: Any) -> None:
    with structlog.testing.capture_logs() as lines, pytest.raises(CadRefused) as raised:
        await make(key="wrong-key-1234567").plan(Budget(9))

    assert raised.value.status == 401
    assert "trace-" in str(raised.value)
    assert "wrong-key" not in f"{raised.value}{lines}"


async def test_a_key_that_the_cad_repeats_is_blotted_out(cad: Any, make: Any) -> None:
    cad.fail("version", "status", status=400, detail=f"bad key {KEY}")

    with structlog.testing.capture_logs() as lines, pytest.raises(CadRefused) as raised:
        await make().plan(Budget(9))

    assert KEY not in f"{raised.value}{lines}"
    assert "bad key" in str(raised.value)


async def test_forty_at_once_keep_the_cads_limit(community: Any, make: Any) -> None:
    api = make()

    results = await asyncio.gather(
        *(api.place_911(1, CALL_911, Budget(9)) for _ in range(40)), return_exceptions=True
    )

    refused = [result for result in results if isinstance(result, CadLimited)]
    assert len(refused) == 32
    assert len(community.asked("calls/911")) == 8
    assert not [entry for entry in community.log() if entry.get("event") == "limited"]


@pytest.mark.parametrize("form", ["seconds", "date", "epoch", "none"])
@pytest.mark.parametrize("header", ["Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"])
async def test_a_429_closes_the_endpoint_as_long_as_the_cad_says(
    cad: Any, make: Any, form: str, header: str
) -> None:
    cad.configure(retry_form=form, retry_header=header, span=300)
    for _ in range(10):  # another tool of the community
        await make().plan(Budget(9))
    api = make()

    with pytest.raises(CadLimited) as by_cad:
        await api.plan(Budget(9))
    with pytest.raises(CadLimited) as by_us:
        await api.plan(Budget(1))

    assert by_cad.value.by_cad
    if form == "none":
        assert by_cad.value.wait == 5
    else:
        assert 200 < by_cad.value.wait <= 302
    assert not by_us.value.by_cad
    assert len(cad.asked("version")) == 11


async def test_a_budget_bounds_the_whole(cad: Any, make: Any, until: Any, pass_time: Any) -> None:
    cad.fail("version", "hang")
    asking = asyncio.create_task(make(longest=60.0).plan(Budget(4)))
    await until(lambda: cad.asked("version"))

    await pass_time(4)

    with pytest.raises(CadTimeout):
        await asking


async def test_a_request_that_has_no_time_left_is_not_made(cad: Any, make: Any) -> None:
    cad.fail("version", "hang")
    async with asyncio.timeout(30):
        with pytest.raises(CadUnreachable) as raised:
            await make().plan(Budget(0))

    assert not raised.value.may_have_worked
    assert cad.asked("version") == []


async def test_requests_are_counted_by_endpoint_and_outcome(cad: Any, make: Any) -> None:
    metrics = Metrics()
    api = make(metrics=metrics)
    await api.plan(Budget(9))
    cad.fail("version", "status", status=500)
    with pytest.raises(CadRefused):
        await api.plan(Budget(9))

    shown = metrics.render().decode()
    for outcome in ("ok", "refused"):
        labels = f'endpoint="version",outcome="{outcome}"'
        assert f"cad_bridge_cad_requests_total{{{labels}}} 1.0" in shown


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "0"}, 0),
        ({"Retry-After": "-5"}, 0),
        ({"Retry-After": "2.5"}, 2.5),
        ({"Retry-After": email.utils.formatdate(1_000_020, usegmt=True)}, 20),
        ({"Retry-After": email.utils.formatdate(999_000, usegmt=True)}, 0),
        ({"Retry-After": "soon", "RateLimit-Reset": "9"}, 9),
        ({"Retry-After": "nan", "X-RateLimit-Reset": "4"}, 4),
        ({"Retry-After": "inf"}, None),
        ({"X-RateLimit-Reset": "1000000050"}, 1_000_000_050 - 1_000_000),
        ({"RateLimit-Reset": ""}, None),
        ({}, None),
    ],
)
def test_every_form_of_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, 1_000_000) == seconds


@pytest.mark.parametrize(
    ("body", "headers", "detail", "trace"),
    [
        ({"detail": "d", "title": "t", "traceId": "1"}, {}, "d", "1"),
        ({"title": "t"}, {"x-trace-id": "2"}, "t", "2"),
        ({"message": "m", "request_id": "3"}, {}, "m", "3"),
        ({"success": False, "error": "e"}, {"x-kong-request-id": "4"}, "e", "4"),
        ({"detail": " ", "error": 7, "title": "a\nb\x1b"}, {}, "a b ", ""),
        ([], {}, "", ""),
        ({"detail": "x" * 1000}, {}, "x" * 300, ""),
    ],
)
def test_a_problem_is_quoted(body: Any, headers: dict[str, str], detail: str, trace: str) -> None:
    assert problem(body, headers) == (detail, trace)

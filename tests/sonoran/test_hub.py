"""The hub's client against the simulated CAD, over real sockets."""

import asyncio
import json
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
import structlog

from bridge.metrics import Metrics
from bridge.sonoran import hub
from bridge.sonoran.hub import Hub
from bridge.sonoran.hub_session import HubLost, HubRefused, Timing
from bridge.sonoran.pushes import Outcome

KEY = "test-key-5d1b7c90"
CALL = {"isEmergency": True, "caller": "Ann", "location": "Here", "description": "Fire"}
PING = {"type": 6}
QUICK = Timing(
    first_pause=0.05,
    longest_pause=0.4,
    forbidden=(0.3, 0.5),
    refused=(0.5, 1.0),
    lasting=0.3,
)


class Bridge:
    """A hub's client, what it received, and how to start it."""

    def __init__(self, cad: Any, **how: Any) -> None:
        self.pushes: list[Any] = []
        self.connects = 0
        self.outcome = Outcome("ok")
        self.metrics = Metrics()
        self.hub = Hub(
            how.pop("url", cad.hub_url),
            "community-1",
            how.pop("key", KEY),
            how.pop("server", 1),
            how.pop("on_push", self._push),
            how.pop("on_connected", self._connected),
            now=lambda: time.time_ns() // 1_000_000,
            metrics=self.metrics,
            timing=how.pop("timing", QUICK),
        )
        self.task = asyncio.create_task(self.hub.run())

    async def _push(self, push: str | dict[str, Any]) -> Outcome:
        if self.outcome.code == "ok":
            self.pushes.append(json.loads(push) if isinstance(push, str) else push)
        return self.outcome

    async def _connected(self) -> None:
        self.connects += 1

    @property
    def calls(self) -> list[int]:
        return [push["data"][0]["call"]["callId"] for push in self.pushes]

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


@pytest.fixture
async def connect(cad: Any, until: Any) -> AsyncIterator[Callable[..., Awaitable[Bridge]]]:
    """Start a hub's client; by default wait until it is up."""
    bridges: list[Bridge] = []

    async def start(*, up: bool = True, **how: Any) -> Bridge:
        bridge = Bridge(cad, **how)
        bridges.append(bridge)
        if up:
            await until(lambda: bridge.hub.is_up)
        return bridge

    yield start
    for bridge in bridges:
        await bridge.stop()


async def reaches(cad: Any, do: str, **how: Any) -> None:
    """Have the hub send something, and the client read it."""
    await asyncio.to_thread(cad.hub, do, **how)
    for _ in range(20):
        await asyncio.sleep(0)


async def test_a_push_arrives_as_text_and_as_object(cad: Any, connect: Any, until: Any) -> None:
    bridge = await connect()

    cad.act("place_911", **CALL)
    cad.configure(push_as="object")
    cad.act("place_911", **CALL)

    await until(lambda: len(bridge.pushes) == 2)
    assert bridge.calls == [401, 402]
    assert bridge.pushes[0].keys() == bridge.pushes[1].keys() == {"key", "type", "data"}


async def test_the_key_is_shown_with_exactly_three_arguments_and_a_number(
    cad: Any, connect: Any
) -> None:
    bridge = await connect(server=2)

    (shown,) = cad.on_hub("authenticatev2")
    assert shown["arguments"] == ["community-1", KEY, 2]
    assert bridge.connects == 1
    assert bridge.hub.status.connected_since is not None


async def test_without_need_nothing_is_negotiated(cad: Any, connect: Any) -> None:
    await connect()

    assert [entry["negotiated"] for entry in cad.on_hub("connect")] == [False]
    assert cad.on_hub("negotiate") == []


@pytest.mark.parametrize("version", [0, 1])
async def test_a_hub_that_wants_a_negotiation_gets_one(
    cad: Any, connect: Any, version: int
) -> None:
    cad.configure(direct=False, negotiate_version=version)
    await connect()

    assert [entry["negotiated"] for entry in cad.on_hub("connect")] == [False, True]
    assert cad.on_hub("negotiate")[0]["query"] == {"negotiateVersion": "1"}


async def test_each_connect_negotiates_anew(cad: Any, connect: Any, until: Any) -> None:
    cad.configure(direct=False)
    bridge = await connect()

    cad.hub("abort")

    await until(lambda: bridge.connects == 2)
    assert len(cad.on_hub("negotiate")) == 2
    assert [entry["negotiated"] for entry in cad.on_hub("connect")] == [False, True, True]


async def test_a_redirect_is_followed_with_its_token_and_query(cad: Any, connect: Any) -> None:
    cad.configure(direct=False, redirects=1)

    await connect()

    assert [entry["query"] for entry in cad.on_hub("negotiate")] == [
        {"negotiateVersion": "1"},
        {"hop": "1", "negotiateVersion": "1"},
    ]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"error": "closed for today"}, "refused to negotiate: closed for today"),
        ({"url": "ftp://x"}, "no web address"),
        ({"url": 7}, "no address"),
        ({"connectionId": "x", "availableTransports": []}, "offers no websocket"),
        ({"connectionId": "x"}, "offers no websocket"),
        (
            {"availableTransports": [{"transport": "WebSockets", "transferFormats": ["Text"]}]},
            "has no connectionId",
        ),
        ([], "no JSON object"),
    ],
)
async def test_a_bad_negotiation_is_said_and_tried_again(
    cad: Any, connect: Any, until: Any, body: Any, reason: str
) -> None:
    cad.configure(direct=False)
    cad.fail("negotiate", "json", body=body, times=1)
    bridge = await connect(up=False)

    await until(lambda: reason in bridge.hub.status.last_error)
    await until(lambda: bridge.hub.is_up)


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"kind": "status", "status": 500}, "answered 500 to a negotiation"),
        ({"kind": "html"}, "no JSON object"),
        ({"kind": "drop"}, "cannot be reached"),
        ({"kind": "hang"}, "did not answer a negotiation in time"),
    ],
)
async def test_a_negotiation_that_fails_is_said_and_tried_again(
    cad: Any, connect: Any, until: Any, pass_time: Any, fault: dict[str, Any], reason: str
) -> None:
    cad.configure(direct=False)
    cad.fail("negotiate", times=1, **fault)
    bridge = await connect(up=False)

    if fault["kind"] == "hang":
        await until(lambda: cad.on_hub("negotiate"))
        await pass_time(QUICK.answer + 1)  # the library rounds up
    await until(lambda: reason in bridge.hub.status.last_error)
    await until(lambda: bridge.hub.is_up)


HAS_COME_TO = {"upgrade": "connect", "handshake": "handshake", "authenticatev2": "authenticatev2"}


@pytest.mark.parametrize(
    ("place", "fault", "reason"),
    [
        ("upgrade", {"kind": "status", "status": 500}, "answered 500 instead of a websocket"),
        ("upgrade", {"kind": "html"}, "answered 200 instead of a websocket"),
        ("upgrade", {"kind": "hang"}, "did not answer in time"),
        ("upgrade", {"kind": "drop"}, "no websocket"),
        ("handshake", {"kind": "refuse"}, "refused the handshake: the protocol is not supported"),
        ("handshake", {"kind": "hang"}, "did not answer the handshake"),
        ("authenticatev2", {"kind": "hang"}, "did not answer authenticatev2"),
        ("authenticatev2", {"kind": "drop"}, "the connection"),
        ("authenticatev2", {"kind": "error", "error": "no db"}, "could not check the key: no db"),
        ("authenticatev2", {"kind": "answer", "result": None}, "is not understood"),
        ("authenticatev2", {"kind": "answer", "result": {"success": "yes"}}, "is not understood"),
        (
            "authenticatev2",
            {"kind": "answer", "result": {"success": False, "error": f"no key {KEY}"}},
            "refused community id, key or server id; it says: no key █████",
        ),
        (
            "authenticatev2",
            {"kind": "answer", "result": {"success": False}},
            "refused community id, key or server id without a word",
        ),
    ],
)
async def test_a_hub_that_fails_is_said_and_tried_again(
    cad: Any,
    connect: Any,
    until: Any,
    pass_time: Any,
    place: str,
    fault: dict[str, Any],
    reason: str,
) -> None:
    cad.fail(place, times=1, **fault)
    bridge = await connect(up=False)

    if fault["kind"] == "hang":
        await until(lambda: cad.on_hub(HAS_COME_TO[place]))
        await pass_time(QUICK.answer)
    await until(lambda: reason in bridge.hub.status.last_error, why=reason)
    await until(lambda: bridge.hub.is_up)
    cad.act("place_911", **CALL)
    await until(lambda: bridge.calls == [401])


async def test_messages_behind_the_handshake_and_unknown_ones_are_no_trouble(
    cad: Any, connect: Any, until: Any
) -> None:
    cad.fail("handshake", "behind", times=1)
    bridge = await connect()

    push = {"type": 1, "target": "PushEvent", "arguments": [{"type": "A", "data": [1]}]}
    cad.hub(
        "send",
        messages=[
            {"type": 8, "sequenceId": 1},
            {"type": 1, "target": "unknown", "arguments": []},
            {"type": 1, "target": "pushEvent", "arguments": []},
            {"type": 1, "target": "pushEvent", "arguments": [7]},
            {"type": 3, "invocationId": "99", "result": 1},
            "no json",
            push,
            push,
        ],
    )

    await until(lambda: len(bridge.pushes) == 2)
    assert bridge.connects == 1


async def test_an_invocation_with_an_id_is_answered(cad: Any, connect: Any, until: Any) -> None:
    bridge = await connect()
    push = {"type": 1, "target": "pushEvent", "arguments": ["{}"], "invocationId": "s1"}
    unknown = {"type": 1, "target": "other", "arguments": [], "invocationId": "s2"}
    bad = {"type": 1, "target": "pushEvent", "arguments": [], "invocationId": "s3"}

    cad.hub("send", messages=[push, unknown, bad])

    await until(lambda: len(cad.on_hub("completion")) == 3)
    said = {entry["id"]: entry["error"] for entry in cad.on_hub("completion")}
    assert said["s1"] is None
    assert said["s2"] == "this client has no such method"
    assert said["s3"] == "a push is an object or JSON text"
    assert bridge.connects == 1


async def test_one_push_that_fails_does_not_end_the_feed(
    cad: Any, connect: Any, until: Any
) -> None:
    seen: list[Any] = []

    async def on_push(push: Any) -> Outcome:
        seen.append(push)
        if len(seen) == 1:
            raise RuntimeError("a fault")
        return Outcome("ok")

    bridge = await connect(on_push=on_push)
    cad.act("place_911", **CALL)
    cad.act("place_911", **CALL)

    await until(lambda: len(seen) == 2)
    assert bridge.connects == 1


async def test_a_follow_up_that_fails_does_not_end_the_feed(cad: Any, connect: Any) -> None:
    async def on_connected() -> None:
        raise RuntimeError("a fault")

    bridge = await connect(on_connected=on_connected)

    assert bridge.hub.is_up


async def test_pushes_wait_while_the_journal_cannot_store_and_come_in_order(
    cad: Any, connect: Any, until: Any
) -> None:
    bridge = await connect()
    bridge.outcome = Outcome("unavailable")
    for _ in range(5):
        cad.act("place_911", **CALL)
    await until(lambda: len(bridge.hub._backlog) == 5)
    cad.hub("abort")
    await until(lambda: bridge.connects == 2)
    assert bridge.pushes == []

    bridge.outcome = Outcome("ok")

    await until(lambda: len(bridge.pushes) == 5)
    assert bridge.calls == [401, 402, 403, 404, 405]


async def test_what_was_read_is_handled_before_the_client_ends(
    cad: Any, connect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_TO_FINISH", 60)
    first = asyncio.Event()
    done: list[Any] = []

    async def slowly(push: Any) -> Outcome:
        first.set()
        await asyncio.sleep(0.02)
        done.append(push)
        return Outcome("ok")

    bridge = await connect(on_push=slowly)
    push = {"type": 1, "target": "pushEvent", "arguments": ["{}"]}
    cad.hub("send", messages=[push] * 10)
    await asyncio.wait_for(first.wait(), 30)

    await bridge.stop()

    assert len(done) == 10


async def test_a_push_that_nobody_can_store_does_not_hold_up_the_end(
    cad: Any, connect: Any, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub, "_TO_FINISH", 0.1)
    bridge = await connect()
    bridge.outcome = Outcome("unavailable")
    cad.act("place_911", **CALL)
    await until(lambda: len(bridge.hub._backlog))

    await asyncio.wait_for(bridge.stop(), 30)

    assert bridge.task.done()


async def test_the_client_pings_so_that_the_hub_keeps_it(
    cad: Any, connect: Any, until: Any, pass_time: Any
) -> None:
    bridge = await connect()

    for pings in range(1, 4):  # the hub tolerates twice as long
        await pass_time(QUICK.ping)
        await until(lambda pings=pings: len(cad.on_hub("ping")) >= pings)
        await reaches(cad, "send", messages=[PING])

    assert bridge.connects == 1
    assert not [entry for entry in cad.log() if entry.get("event") == "client timed out"]


async def test_a_hub_that_only_pings_is_alive(cad: Any, connect: Any, pass_time: Any) -> None:
    bridge = await connect()

    for _ in range(3):  # twice as long as silence is tolerated
        await pass_time(QUICK.silence * 2 / 3)
        await reaches(cad, "send", messages=[PING])

    assert bridge.hub.is_up
    assert bridge.hub.status.last_error == ""
    assert bridge.connects == 1


async def test_a_hub_that_plays_dead_is_left(
    cad: Any, connect: Any, until: Any, pass_time: Any
) -> None:
    bridge = await connect()

    await reaches(cad, "silence")
    await pass_time(QUICK.silence)

    await until(lambda: "no sign of life" in bridge.hub.status.last_error)
    await until(lambda: bridge.connects == 2)


async def test_bytes_without_an_end_are_no_sign_of_life(
    cad: Any, connect: Any, until: Any, pass_time: Any
) -> None:
    bridge = await connect()
    cad.hub("silence")

    for _ in range(3):
        await pass_time(QUICK.silence / 3)
        await reaches(cad, "raw", text="x")

    await until(lambda: "no sign of life" in bridge.hub.status.last_error)


async def test_a_flood_without_separator_is_cut_off_in_bounded_memory(
    cad: Any, connect: Any, until: Any
) -> None:
    bridge = await connect()
    tracemalloc.start()
    try:
        cad.hub("flood", megabytes=1024)
        await until(lambda: "without a separator" in bridge.hub.status.last_error, 60)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert peak < 40 * 1024 * 1024
    await until(lambda: bridge.connects == 2)


async def test_a_push_of_four_mebibytes_arrives_and_a_larger_one_is_refused(
    cad: Any, connect: Any, until: Any
) -> None:
    bridge = await connect(timing=Timing(first_pause=0.05))
    body = json.dumps({"type": "EVENT_STATION_ALERT", "data": "x" * (4 * 1024 * 1024 - 300)})
    push = {"type": 1, "target": "pushEvent", "arguments": [body]}
    await asyncio.to_thread(cad.hub, "send", messages=[push])
    await until(lambda: len(bridge.pushes) == 1)

    push["arguments"] = [body + "x" * 4000]
    await asyncio.to_thread(cad.hub, "send", messages=[push])

    await until(lambda: bridge.hub.status.last_error)
    await until(lambda: bridge.connects == 2)


@pytest.mark.parametrize(
    ("said", "least"),
    [
        ({"allowReconnect": True}, 0.0),
        ({"error": "moving", "allowReconnect": True}, 0.0),
        ({}, 0.3),
        ({"error": "go away"}, 0.3),
        ({"error": "go away", "allowReconnect": False}, 0.3),
    ],
)
async def test_a_close_is_obeyed(
    cad: Any, connect: Any, until: Any, said: dict[str, Any], least: float
) -> None:
    bridge = await connect()
    started = time.monotonic()

    cad.hub("close", **said)

    await until(lambda: bridge.connects == 2)
    assert time.monotonic() - started >= least
    assert (said.get("error") or "without a word") in bridge.hub.status.last_error


async def test_a_message_cut_in_the_middle_is_no_push(cad: Any, connect: Any, until: Any) -> None:
    bridge = await connect()
    text = json.dumps({"type": 1, "target": "pushEvent", "arguments": ["{}" + " " * 500]})

    cad.hub("cut", text=text, bytes=100)

    await until(lambda: bridge.connects == 2)
    assert bridge.pushes == []


async def test_a_definite_refusal_is_not_repeated_for_minutes(
    cad: Any, connect: Any, until: Any, pass_time: Any
) -> None:
    bridge = await connect(up=False, key="wrong", timing=Timing(first_pause=0.01))
    await until(lambda: "refused community id, key or server id" in bridge.hub.status.last_error)

    await pass_time(80)  # the pause is two minutes, a quarter more or less
    assert bridge.hub.status.attempts == 1
    await pass_time(70)
    assert bridge.hub.status.attempts == 2


async def test_a_refused_key_is_a_state_until_the_hub_accepts_it(
    cad: Any, connect: Any, until: Any
) -> None:
    wrong = {"success": False, "error": "Invalid\x1b[2J key.\n"}
    cad.fail("authenticatev2", "answer", result=wrong)
    bridge = await connect(up=False)
    await until(lambda: bridge.hub.status.refused == "key")
    assert bridge.hub.status.last_error.endswith("it says: Invalid [2J key")
    await until(lambda: len(cad.on_hub("connect")) >= 2)
    assert bridge.hub.status.refused == "key"  # also while it is tried again

    cad.post("faults")

    await until(lambda: bridge.hub.is_up)
    assert bridge.hub.status.refused is None


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_connection_is_a_state_until_the_hub_accepts_it(
    cad: Any, connect: Any, until: Any, status: int
) -> None:
    for place in ("upgrade", "negotiate"):
        cad.fail(place, "status", status=status)
    bridge = await connect(up=False)

    await until(lambda: bridge.hub.status.refused == "connection")
    assert f"answered {status}" in bridge.hub.status.last_error


async def test_a_hub_that_only_wants_a_negotiation_has_refused_nobody(
    cad: Any, connect: Any
) -> None:
    cad.fail("upgrade", "status", status=401, times=1)
    states = []
    with structlog.testing.capture_logs() as lines:
        bridge = await connect(up=False)
        async with asyncio.timeout(60):
            while not bridge.hub.is_up:
                states.append(bridge.hub.status.refused)
                await asyncio.sleep(0)

    assert "hub_lost" in {line["event"] for line in lines}
    assert set(states) == {None}


async def test_a_hub_that_is_away_has_refused_nobody(cad: Any, connect: Any, until: Any) -> None:
    cad.fail("upgrade", "status", status=500)
    cad.fail("negotiate", "status", status=500)
    bridge = await connect(up=False)

    await until(lambda: bridge.hub.status.attempts > 2)
    assert bridge.hub.status.refused is None


async def test_a_good_session_makes_the_pauses_after_a_refusal_short_again(
    cad: Any, connect: Any, until: Any, pass_time: Any
) -> None:
    timing = replace(QUICK, refused=(100.0, 10_000.0), lasting=10.0)
    for word in ("one", "two", "three"):
        wrong = {"success": False, "error": word}
        cad.fail("authenticatev2", "answer", result=wrong, times=1)
    bridge = await connect(up=False, timing=timing)
    for word, pause in (("one", 100), ("two", 200), ("three", 400)):
        await until(lambda word=word: bridge.hub.status.last_error.endswith(word))
        await pass_time(pause * 1.25)
    await until(lambda: bridge.hub.is_up)
    await pass_time(10)  # so long that it was a good one

    cad.fail("authenticatev2", "answer", result=wrong, times=1)
    cad.hub("abort")
    await until(lambda: bridge.hub.status.refused == "key")
    await pass_time(100 * 1.25)

    await until(lambda: bridge.hub.is_up)


async def test_the_pauses_are_minutes_after_a_refusal() -> None:
    timing = Timing()

    assert timing.refused[0] >= 60
    assert timing.forbidden == (30.0, 120.0)
    assert (timing.first_pause, timing.longest_pause) == (1.0, 30.0)
    assert (timing.ping, timing.silence) == (15.0, 30.0)


@pytest.mark.slow
async def test_twenty_seconds_of_refusals_are_at_most_ten_attempts(cad: Any, connect: Any) -> None:
    cad.fail("upgrade", "status", status=500)
    cad.fail("negotiate", "status", status=500)
    bridge = await connect(up=False, timing=Timing())

    await asyncio.sleep(20)

    attempts = len(cad.on_hub("connect")) + len(cad.on_hub("negotiate"))
    assert 4 <= attempts <= 10
    assert bridge.hub.status.attempts <= 10


async def test_nobody_listening_is_said_in_words(connect: Any, until: Any) -> None:
    bridge = await connect(up=False, url="http://127.0.0.1:9/apiWsHub")

    await until(lambda: "cannot be reached" in bridge.hub.status.last_error)


async def test_calls_of_the_hub_are_answered_refused_or_lost(
    cad: Any, connect: Any, until: Any, pass_time: Any
) -> None:
    bridge = await connect()
    updates = [{"identId": 101, "location": "Here"}]

    answer = await bridge.hub.invoke("unitLocation", [updates])
    assert answer == {"success": True, "error": "", "count": 1}

    with pytest.raises(HubRefused, match="Unknown hub method"):
        await bridge.hub.invoke("nonsense", [])

    cad.fail("unitLocation", "hang", times=1)
    call = asyncio.create_task(bridge.hub.invoke("unitLocation", [updates]))
    await until(lambda: len(cad.on_hub("unitLocation")) == 2)
    await pass_time(QUICK.answer)
    with pytest.raises(HubLost, match="did not answer unitLocation"):
        await call

    cad.fail("unitLocation", "drop", times=1)
    with pytest.raises(HubLost, match="the connection"):
        await bridge.hub.invoke("unitLocation", [updates])
    await until(lambda: bridge.connects == 2)


async def test_without_a_connection_a_call_is_lost_at_once(connect: Any) -> None:
    bridge = await connect(up=False, url="http://127.0.0.1:9/apiWsHub")

    with pytest.raises(HubLost, match="not connected"):
        await bridge.hub.invoke("unitLocation", [[]])
    await bridge.hub.reconnect()


async def test_reconnecting_on_purpose_makes_a_new_session(
    cad: Any, connect: Any, until: Any
) -> None:
    bridge = await connect()

    await bridge.hub.reconnect()

    await until(lambda: bridge.connects == 2)


async def test_no_secret_is_in_any_log_line(cad: Any, connect: Any, until: Any) -> None:
    cad.configure(direct=False, redirects=1)
    cad.fail("authenticatev2", "answer", result={"success": False, "error": f"bad {KEY}"}, times=1)
    with structlog.testing.capture_logs() as lines:
        bridge = await connect(up=False)
        await until(lambda: bridge.hub.is_up)
        cad.hub("abort")
        await until(lambda: bridge.connects == 2)

    assert {"hub_lost", "hub_connected"} <= {line["event"] for line in lines}
    assert KEY not in repr(lines)
    assert "token-" not in repr(lines)
    assert KEY not in repr(bridge.hub.status)


async def test_the_metric_shows_whether_it_is_up(cad: Any, connect: Any, until: Any) -> None:
    bridge = await connect()
    shown = 'cad_bridge_hub_session_up{server="1"}'
    assert f"{shown} 1.0" in bridge.metrics.render().decode()

    await bridge.stop()

    assert f"{shown} 0.0" in bridge.metrics.render().decode()

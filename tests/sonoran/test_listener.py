import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from ipaddress import ip_network

import aiohttp
import pytest

from bridge.settings import PushSettings
from bridge.sonoran import listener as listener_module
from bridge.sonoran.doorkeeper import WRONG_KEYS, Doorkeeper
from bridge.sonoran.listener import Listener
from bridge.sonoran.pushes import Outcome

Until = Callable[..., Awaitable[None]]
PassTime = Callable[[float], Awaitable[None]]


class Receiver:
    """Answers each body with the outcome that it names, and remembers whose it was."""

    def __init__(self) -> None:
        self.bodies: list[tuple[int, bytes]] = []
        self.gate: asyncio.Event | None = None

    async def __call__(self, server: int, body: bytes) -> Outcome:
        self.bodies.append((server, body))
        if self.gate is not None:
            await self.gate.wait()
        return Outcome(body.decode(errors="replace")[:20] or "ok", "why it was", "data.0")


def listener_of(
    receiver: Receiver,
    turned_away: Callable[[str, str], None] = lambda _address, _reason: None,
    **settings: object,
) -> Listener:
    configured = PushSettings(host="127.0.0.1", **settings)
    return Listener(
        receiver,
        port=0,
        default_server=1,
        servers=[1, 2],
        settings=configured,
        doorkeeper=Doorkeeper(configured.allow_from),
        turned_away=turned_away,
    )


@asynccontextmanager
async def listening(
    receiver: Receiver,
    turned_away: Callable[[str, str], None] = lambda _address, _reason: None,
    **settings: object,
) -> AsyncIterator[tuple[str, aiohttp.ClientSession]]:
    listener = listener_of(receiver, turned_away, **settings)
    await listener.start()
    try:
        async with aiohttp.ClientSession() as session:
            yield f"http://127.0.0.1:{listener.port}", session
    finally:
        await listener.stop()


@pytest.mark.parametrize(
    ("path", "server"),
    [
        ("/sonorancad/event", 1),
        ("/event", 1),
        ("/sonorancad/event/", 1),
        ("/servers/2/sonorancad/event", 2),
        ("/servers/1/event", 1),
    ],
)
async def test_a_push_reaches_the_server_that_its_path_names(path: str, server: int) -> None:
    receiver = Receiver()
    async with listening(receiver) as (url, http), http.post(url + path, data=b"ok") as answer:
        assert (answer.status, await answer.text()) == (200, "ok")
    assert receiver.bodies == [(server, b"ok")]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 404),
        ("/servers/3/event", 404),
        ("/servers/x/event", 404),
        ("/servers/99999999999999999999/event", 404),
        ("/sonorancad/event/../../etc", 404),
    ],
)
async def test_other_paths_are_not_found(path: str, status: int) -> None:
    receiver = Receiver()
    async with listening(receiver) as (url, http), http.post(url + path, data=b"ok") as answer:
        assert answer.status == status
        assert answer.content_type == "application/problem+json"
    assert receiver.bodies == []


async def test_only_posts_are_taken() -> None:
    async with listening(Receiver()) as (url, http), http.get(url + "/event") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("duplicate", 200),
        ("ignored", 200),
        ("not_json", 400),
        ("no_type", 400),
        ("wrong_key", 401),
        ("bad_body", 422),
        ("unavailable", 503),
    ],
)
async def test_each_outcome_has_its_status(code: str, status: int) -> None:
    async with (
        listening(Receiver()) as (url, http),
        http.post(url + "/event", data=code) as answer,
    ):
        assert answer.status == status
        if status != 200:
            problem = await answer.json(content_type="application/problem+json")
            assert problem["code"] == code
            assert problem["detail"] == "why it was"
            assert problem["path"] == "data.0"
        assert ("Retry-After" in answer.headers) == (status == 503)


async def test_a_body_that_says_it_is_too_large_is_refused_unread() -> None:
    receiver = Receiver()
    async with (
        listening(receiver, max_body=1024) as (url, http),
        http.post(url + "/event", data=b"x" * 1025) as answer,
    ):
        assert answer.status == 413
    assert receiver.bodies == []


async def test_a_body_that_grows_too_large_is_refused() -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(5):
            yield b"x" * 300

    receiver = Receiver()
    async with listening(receiver, max_body=1024) as (url, http):
        # the answer comes while the body is still being sent: either is a refusal
        with contextlib.suppress(aiohttp.ClientError):
            async with http.post(url + "/event", data=chunks()) as answer:
                assert answer.status == 413
    assert receiver.bodies == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
async def test_an_encoded_body_is_refused_and_never_inflated(encoding: str) -> None:
    receiver = Receiver()
    headers = {"Content-Encoding": encoding}
    async with (
        listening(receiver) as (url, http),
        http.post(url + "/event", data=b"\x1f\x8b00", headers=headers) as answer,
    ):
        assert answer.status == 415
    assert receiver.bodies == []


HALF = b"POST /event HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 10\r\n\r\nabc"


async def test_a_body_that_does_not_arrive_in_time_is_given_up(pass_time: PassTime) -> None:
    async with listening(Receiver()) as (url, _):
        port = int(url.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HALF)
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")  # its body is being read
        await pass_time(listener_module.BODY_SECONDS)
        async with asyncio.timeout(60):
            assert b" 408 " in await reader.readline()
        writer.close()
        await writer.wait_closed()


async def test_stopping_does_not_wait_for_a_body_that_is_still_arriving() -> None:
    receiver = Receiver()
    async with listening(receiver) as (url, _):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(HALF)
        assert b" 100 " in await reader.readuntil(b"\r\n\r\n")  # its body is being read

    assert b" 503 " in await reader.readline()
    assert b'"code": "stopping"' in await reader.read()
    assert receiver.bodies == []
    writer.close()
    await writer.wait_closed()


async def test_stopping_at_the_moment_a_body_has_become_too_late_closes_the_port() -> None:
    listener = listener_of(Receiver())
    await listener.start()
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
    writer.write(HALF)
    assert b" 100 " in await reader.readuntil(b"\r\n\r\n")  # its body is being read
    (limit,) = listener._arriving
    limit.reschedule(0)
    await asyncio.sleep(0)
    assert limit.expired()
    assert listener._arriving  # whoever reads it has not heard of it yet

    await listener.stop()

    assert b" 503 " in await reader.readline()
    writer.close()
    await writer.wait_closed()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", listener.port)


@pytest.mark.parametrize("said", [b"", b"POST /event HTTP/1.1\r\nHost: x\r\nX-Slow: "])
async def test_a_connection_that_never_finishes_a_request_head_is_ended(
    said: bytes, pass_time: PassTime
) -> None:
    async with listening(Receiver()) as (url, http):
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(said)
        async with http.post(url + "/event", data=b"ok"):
            pass  # who comes later has been answered: this one has been let in and read
        await pass_time(listener_module.BODY_SECONDS)
        async with asyncio.timeout(60):
            assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()


async def test_an_address_with_five_wrong_keys_is_told_to_wait_without_being_read() -> None:
    receiver = Receiver()
    async with listening(receiver) as (url, http):
        for _ in range(WRONG_KEYS):
            async with http.post(url + "/event", data=b"wrong_key") as answer:
                assert answer.status == 401
        async with http.post(url + "/event", data=b"ok") as answer:
            assert answer.status == 429
            assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert len(receiver.bodies) == WRONG_KEYS


async def test_an_address_that_showed_the_right_key_is_not_shut_out() -> None:
    async with listening(Receiver()) as (url, http):
        for body, status in [(b"ok", 200)] + [(b"wrong_key", 401)] * 9 + [(b"ok", 200)]:
            async with http.post(url + "/event", data=body) as answer:
                assert answer.status == status


async def test_behind_a_trusted_proxy_the_address_is_the_one_the_proxy_saw() -> None:
    async with listening(Receiver(), trust_proxy=True) as (url, http):

        async def post(body: bytes, forwarded: str) -> int:
            headers = {"X-Forwarded-For": forwarded}
            async with http.post(url + "/event", data=body, headers=headers) as answer:
                return answer.status

        for number in range(WRONG_KEYS):
            assert await post(b"wrong_key", f"10.9.9.{number}, 203.0.113.5") == 401
        assert await post(b"ok", "203.0.113.5") == 429
        assert await post(b"ok", "203.0.113.6") == 200


async def test_of_several_forwarding_headers_the_last_one_is_the_proxys() -> None:
    receiver = Receiver()
    networks = (ip_network("10.0.0.0/8"),)
    async with listening(receiver, trust_proxy=True, allow_from=networks) as (url, http):
        for said, seen, status in [
            ("10.1.1.1", "203.0.113.5", 403),
            ("203.0.113.5", "10.1.1.1", 200),
        ]:
            headers = [("X-Forwarded-For", said), ("X-Forwarded-For", seen)]
            async with http.post(url + "/event", data=b"ok", headers=headers) as answer:
                assert answer.status == status


async def test_a_sender_that_asks_before_its_body_is_told_to_go_on_or_refused(until: Until) -> None:
    receiver = Receiver()
    head = b"POST /event HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n"
    async with listening(receiver, max_body=1024) as (url, _), asyncio.timeout(60):
        for length, word in [(2, b" 100 "), (1025, b" 413 ")]:
            port = int(url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(head % length)
            assert word in await reader.readline()
            if length == 2:
                assert await reader.readline() == b"\r\n"
                writer.write(b"ok")
                assert b" 200 " in await reader.readline()
            writer.close()
            await writer.wait_closed()
    assert receiver.bodies == [(1, b"ok")]


async def test_who_is_turned_away_is_counted_by_reason_and_address() -> None:
    turned_away: list[tuple[str, str]] = []
    networks = (ip_network("127.0.0.0/8"),)
    async with listening(
        Receiver(),
        turned_away=lambda address, reason: turned_away.append((address, reason)),
        trust_proxy=True,
        allow_from=networks,
        max_body=1024,
    ) as (url, http):
        for path, body, headers, reason in [
            ("/event", b"ok", {}, None),
            ("/event", b"bad_body", {}, None),
            ("/event", b"unavailable", {}, None),
            ("/event", b"wrong_key", {}, "wrong_key"),
            ("/event", b"not_json", {}, "not_json"),
            ("/event", b"x" * 2000, {}, "too_large"),
            ("/event", b"ok", {"Content-Encoding": "gzip"}, "encoded"),
            ("/else", b"ok", {}, "not_found"),
            ("/servers/9/event", b"ok", {}, "no_such_server"),
            ("/event", b"ok", {"X-Forwarded-For": "203.0.113.5"}, "address"),
        ]:
            turned_away.clear()
            async with http.post(url + path, data=body, headers=headers):
                pass
            address = headers.get("X-Forwarded-For", "127.0.0.1")
            assert turned_away == ([(address, reason)] if reason else [])


async def test_addresses_outside_the_allowed_networks_are_refused() -> None:
    receiver = Receiver()
    async with (
        listening(receiver, allow_from=(ip_network("10.0.0.0/8"),)) as (url, http),
        http.post(url + "/event", data=b"ok") as answer,
    ):
        assert answer.status == 403
    assert receiver.bodies == []


async def test_beyond_the_greatest_number_in_work_a_push_is_asked_to_come_back(
    monkeypatch: pytest.MonkeyPatch, until: Until
) -> None:
    monkeypatch.setattr(listener_module, "IN_WORK", 2)
    receiver = Receiver()
    receiver.gate = asyncio.Event()
    async with listening(receiver) as (url, http):
        waiting = [asyncio.create_task(http.post(url + "/event", data=b"ok")) for _ in range(2)]
        await until(lambda: len(receiver.bodies) == 2)
        async with http.post(url + "/event", data=b"ok") as answer:
            assert answer.status == 503
            assert "Retry-After" in answer.headers
        receiver.gate.set()
        for response in await asyncio.gather(*waiting):
            assert response.status == 200
            response.release()


async def test_what_was_accepted_is_finished_before_the_listener_stops(until: Until) -> None:
    receiver = Receiver()
    receiver.gate = asyncio.Event()
    async with aiohttp.ClientSession() as http, contextlib.AsyncExitStack() as stack:
        url, _ = await stack.enter_async_context(listening(receiver))
        posting = asyncio.create_task(http.post(url + "/event", data=b"ok"))
        await until(lambda: receiver.bodies)
        stopping = asyncio.create_task(stack.aclose())
        asyncio.get_running_loop().call_later(0.2, receiver.gate.set)
        async with await posting as answer:
            assert answer.status == 200
        await stopping


HEAD = b"POST /event HTTP/1.1\r\nHost: x\r\n"


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (HEAD + b'Content-Length: 100\r\n\r\n{"key', "cut_off"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", "cut_off"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "not_http"),
        (HEAD + b"Content-Length: abc\r\n\r\n", "not_http"),
        (HEAD + b"X: " + b"a" * 20_000 + b"\r\n\r\n", "not_http"),
        (b"\x16\x03\x01 \r\n\r\n", "not_http"),
    ],
)
async def test_what_breaks_off_or_is_no_http_is_counted_and_fills_no_log(
    until: Until,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    said: bytes,
    reason: str,
) -> None:
    turned_away: list[tuple[str, str]] = []
    begun: list[str] = []
    monkeypatch.setattr(Doorkeeper, "allows", lambda _, address: begun.append(address) or True)
    async with listening(Receiver(), lambda *who: turned_away.append(who)) as (url, http):
        _, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        writer.write(said)
        if reason == "cut_off":
            await until(lambda: begun)
            writer.transport.abort()

        await until(lambda: turned_away)
        writer.close()
        async with http.post(url + "/event", data=b"ok") as answer:
            assert answer.status == 200
    assert {why for _, why in turned_away} == {reason}
    assert [line for line in caplog.records if line.levelname == "ERROR"] == []


async def test_nonsense_on_the_wire_is_answered_and_the_listener_lives() -> None:
    async with listening(Receiver()) as (url, http):
        port = int(url.rpartition(":")[2])
        for junk in (b"\x16\x03\x01\x02\x00" * 50, b"GET\r\n\r\n", b"A" * 100_000):
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", port), timeout=60) as raw,
            ):
                await asyncio.to_thread(raw.sendall, junk)
        async with http.post(url + "/event", data=b"ok") as answer:
            assert answer.status == 200

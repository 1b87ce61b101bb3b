"""The gateway over real sockets: streaming, resuming, replacing, refusing, and stopping."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import ipaddress
import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from bridge.errors import JournalUnavailable, RequestRefused
from bridge.game import session
from bridge.journal import Snapshot

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from pathlib import Path

    Stand = Any
    Until = Callable[..., Awaitable[None]]

OLD = 1_000_000
"""A time of long ago."""

HELLO = {"op": "hello", "token": "first-token-" + "x" * 32, "resource": "1", "instance": "a"}


async def recorded(stand: Stand, seq: int) -> bool:
    """Return whether the journal knows what was acknowledged: a little later than the session."""
    return bool(await stand.journal.acknowledged(1) == seq)


# Streaming and resuming.


async def test_events_reach_the_resource_as_they_happen(stand: Stand, until: Until):
    game = await stand.connected()
    await stand.happen(2)

    first, second = await game.hear(), await game.hear()
    assert (first["op"], first["seq"], first["alert"]) == ("event", 1, True)
    assert first["event"] == {"type": "push", "n": 1}
    assert 0 <= first["age"] < 60_000
    assert second["seq"] == 2

    await game.say(op="ack", seq=2.0)
    await until(lambda: stand.gateway.connections[1].acknowledged == 2)

    await until(lambda: recorded(stand, 2))


async def test_a_new_resource_is_welcomed_with_the_board(stand: Stand):
    await stand.happen(3, at=OLD)
    await stand.happen(2)
    game = await stand.game()
    welcome = await game.greet()

    assert welcome["server"] == {"id": 1, "name": "server 1"}
    assert welcome["epoch"] == stand.journal.epoch
    assert welcome["freshFor"] == 300_000
    assert welcome["cursor"] == 3
    assert welcome["board"] == {"calls": [{"key": "as of 3"}], "units": []}
    assert await game.hear_events(2) == [4, 5]


async def test_a_cut_connection_goes_on_where_it_was(stand: Stand):
    game = await stand.connected()
    await stand.happen(5)
    assert await game.hear_events(5) == [1, 2, 3, 4, 5]
    game.socket.transport.abort()
    await stand.happen(2)

    game = await stand.game()
    welcome = await game.greet(epoch=stand.journal.epoch, cursor=3, board=False)
    assert (welcome["cursor"], welcome["board"]) == (3, None)
    assert await game.hear_events(4) == [4, 5, 6, 7]


@pytest.mark.parametrize(("hidden", "board"), [(True, None), (False, "as of 300")])
async def test_only_what_could_be_seen_is_missed(stand: Stand, hidden: bool, board: str | None):
    await stand.happen(300, at=OLD, hidden=hidden)
    game = await stand.game()
    welcome = await game.greet(epoch=stand.journal.epoch, cursor=10, board=False)

    assert welcome["cursor"] == 300
    assert (welcome["board"] and welcome["board"]["calls"][0]["key"]) == board


async def test_what_was_pruned_counts_as_missed(stand: Stand):
    await stand.happen(300, at=OLD, hidden=True)
    await stand.journal.save_snapshot(1, Snapshot(290, OLD, b"board"))
    await stand.journal.prune(before=OLD + 1, fresh_since=OLD + 1)
    game = await stand.game()
    welcome = await game.greet(epoch=stand.journal.epoch, cursor=10, board=False)

    assert welcome["board"]["calls"] == [{"key": "as of 300"}]


async def test_a_bridge_that_restarts_loses_and_repeats_nothing(stand: Stand):
    game = await stand.connected()
    await stand.happen(3)
    assert await game.hear_events(3) == [1, 2, 3]
    await stand.gateway.stop()
    assert (await game.end())[0] == 1001
    await stand.happen(2)
    await stand.start()

    game = await stand.connected(epoch=stand.journal.epoch, cursor=3, board=False)
    assert await game.hear_events(2) == [4, 5]


async def test_the_bridges_record_serves_a_resource_that_forgot_everything(
    stand: Stand, until: Until
):
    game = await stand.connected()
    await stand.happen(5)
    await game.hear_events(5)
    await game.say(op="ack", seq=4)
    await until(lambda: recorded(stand, 4))
    await game.socket.close()

    game = await stand.game()
    assert (await game.greet())["cursor"] == 4
    assert await game.hear_events(1) == [5]


async def test_the_stream_stops_at_a_full_window_and_goes_on_with_the_acknowledgement(
    stand: Stand,
):
    game = await stand.connected()
    await stand.happen(300)
    assert await game.hear_events(256) == list(range(1, 257))
    await game.say(op="request", id="1", method="m")
    assert (await game.hear())["op"] == "reply", "what comes next is no event"

    await game.say(op="ack", seq=50)
    assert await game.hear_events(44) == list(range(257, 301))


async def test_a_long_absence_is_made_up_in_order(stand: Stand):
    await stand.happen(3000)
    game = await stand.connected()
    for seq in range(1, 3001):
        assert (await game.hear())["seq"] == seq
        if seq % 100 == 0:
            await game.say(op="ack", seq=seq)


async def test_hidden_events_are_not_streamed_and_need_no_acknowledgement(
    stand: Stand, until: Until
):
    game = await stand.connected()
    await stand.happen(1)
    await stand.happen(300, hidden=True)
    await stand.happen(1, alert=False)

    assert (await game.hear())["seq"] == 1
    second = await game.hear()
    assert (second["seq"], second["alert"]) == (302, False)
    await game.say(op="ack", seq=302)
    await stand.happen(1, hidden=True)
    await until(lambda: stand.gateway.connections[1].acknowledged == 303)


async def test_a_resource_so_far_behind_that_events_were_pruned_gets_a_board(
    stand: Stand, until: Until
):
    game = await stand.connected()
    await stand.happen(256)
    await stand.happen(1600, at=OLD)
    await game.hear_events(256)
    await stand.journal.save_snapshot(1, Snapshot(1850, OLD, b"board"))
    await stand.journal.prune(before=2 * OLD, fresh_since=2 * OLD)
    # The prune finds its way by time, and here times do not rise: what it left is what counts.
    (first,) = await stand.journal.read(1, 0, 1)
    assert first.seq > 257

    await game.say(op="ack", seq=256)
    code, reason = await game.end()
    assert (code, "board" in reason) == (1013, True)
    game = await stand.game()
    welcome = await game.greet(epoch=stand.journal.epoch, cursor=256, board=False)
    assert welcome["board"] is not None


async def test_heartbeats_come_without_being_asked(stand: Stand, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session, "HEARTBEAT_MS", 50)
    game = await stand.connected()

    assert [await game.hear() for _ in range(3)] == [{"op": "heartbeat"}] * 3


# Who may come in.


async def test_a_wrong_token_is_told_after_the_handshake(stand: Stand, until: Until):
    game = await stand.game()
    with capture_logs() as logs:
        await game.say(
            op="hello", token="guessed-" + "y" * 40, resource="1", instance="a", board=True
        )
        assert (await game.end())[0] == 4401
    assert "guessed" not in repr(logs)
    assert stand.gateway.connections == {}
    await until(lambda: stand.figure("gateway_refused_total", reason="wrong_token") == 1)


@pytest.mark.parametrize("offered", [None, ["cad-bridge.v2"], ["chat", "cad-bridge.v9"]])
async def test_another_protocol_is_told_after_the_handshake(
    stand: Stand, offered: list[str] | None
):
    game = await stand.game(subprotocols=offered)

    assert (await game.end())[0] == 4426


async def test_our_protocol_is_found_among_others(stand: Stand):
    game = await stand.game(subprotocols=["chat", "cad-bridge.v1"])

    assert game.socket.subprotocol == "cad-bridge.v1"
    assert (await game.greet())["op"] == "welcome"


async def test_browsers_are_refused(stand: Stand):
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{stand.gateway.port}"):
        with pytest.raises(InvalidStatus) as refused:
            await stand.game(origin=origin)
        assert refused.value.response.status_code == 403


async def test_nothing_is_compressed(stand: Stand):
    game = await stand.game(compression="deflate")

    assert "Sec-WebSocket-Extensions" not in game.socket.response.headers


async def test_a_silent_stranger_is_shown_out(stand: Stand, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(session, "HELLO_MS", 50)
    game = await stand.game()

    code, reason = await game.end()
    assert (code, "hello" in reason) == (4400, True)


@pytest.mark.parametrize(
    "data", ["", "nonsense", '{"op":"ack","seq":"1"}', b"\x00\x01", "[" * 9000]
)
async def test_a_bad_frame_ends_only_its_own_connection(
    stand: Stand, until: Until, data: str | bytes
):
    other = await stand.connected(2)
    game = await stand.connected()
    await game.socket.send(data)
    assert (await game.end())[0] == 4400
    await until(lambda: stand.figure("gateway_refused_total", reason="bad_frame") == 1)

    await stand.happen(1, server=2)
    assert await other.hear_events(1) == [1]


async def test_a_frame_that_is_too_large_is_not_even_read(stand: Stand):
    game = await stand.connected()
    with contextlib.suppress(ConnectionClosed):
        await game.socket.send('{"op":"' + "x" * 300_000)

    assert (await game.end())[0] == 1009


async def test_a_flood_is_ended_as_overload(stand: Stand, until: Until):
    game = await stand.connected()
    with contextlib.suppress(ConnectionClosed):
        for _ in range(3000):
            await game.say(op="ack", seq=0)

    assert (await game.end())[0] == 1013
    await until(lambda: stand.figure("gateway_refused_total", reason="overloaded") == 1)


async def test_strangers_beyond_a_number_are_turned_away(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bridge.game.gateway.STRANGERS", 0)
    await stand.game()
    await stand.game()

    with pytest.raises(InvalidStatus) as refused:
        await stand.game()
    assert refused.value.response.status_code == 503


async def test_what_is_no_websocket_at_all_does_no_harm(stand: Stand):
    with capture_logs() as logs:
        for data in (b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00" * 100, b"\x00" * 70_000):
            reader, writer = await asyncio.open_connection("127.0.0.1", stand.gateway.port)
            writer.write(data)
            with contextlib.suppress(ConnectionError):
                async with asyncio.timeout(60):
                    await reader.read()
            writer.close()
    assert logs == []
    await stand.connected()


# One resource a server.


async def test_the_same_game_server_replaces_its_old_connection_silently(
    stand: Stand, until: Until
):
    old = await stand.connected(instance="a")
    with capture_logs() as logs:
        new = await stand.connected(instance="a", board=False)
        assert (await old.end())[0] == 1000
    assert "resource_replaced" not in {line["event"] for line in logs}

    await stand.happen(1)
    assert await new.hear_events(1) == [1]
    assert len(stand.gateway.connections) == 1


async def test_another_game_server_with_the_token_is_told_to_the_old_one(stand: Stand):
    old = await stand.connected(instance="a")
    with capture_logs() as logs:
        new = await stand.connected(instance="b")
        code, reason = await old.end()
    assert code == 4409
    assert "another game server" in reason
    assert "resource_replaced" in {line["event"] for line in logs}

    await stand.happen(1)
    assert await new.hear_events(1) == [1]


async def test_a_replaced_connection_that_is_dead_keeps_nobody_waiting(stand: Stand):
    old = await stand.connected()
    old.socket.transport.pause_reading()
    new = await stand.connected()

    await stand.happen(1)
    assert await new.hear_events(1) == [1]


async def test_each_server_gets_its_own_events(stand: Stand):
    first, second = await stand.connected(1), await stand.connected(2)
    await stand.happen(1, server=1, body=b'{"for":1}')
    await stand.happen(1, server=2, body=b'{"for":2}')

    assert (await first.hear())["event"] == {"for": 1}
    assert (await second.hear())["event"] == {"for": 2}


# A slow one hurts nobody.


async def test_a_game_server_that_does_not_read_hurts_nobody(
    stand: Stand, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bridge.game.connection.LAST_WORDS_S", 0.2)
    deaf = await stand.connected(1)
    deaf.socket.transport.pause_reading()
    await stand.happen(250, server=1, body=b'"' + b"x" * 60_000 + b'"')
    await until(lambda: stand.gateway.connections[1].sent > 0)

    quick = await stand.connected(2)
    await stand.happen(100, server=2)
    assert await quick.hear_events(100) == list(range(1, 101))

    again = await stand.connected(1, instance="b", epoch=stand.journal.epoch, cursor=240)
    assert await again.hear_events(10) == list(range(241, 251))


async def test_one_that_answers_no_ping_is_given_up(
    stand: Stand, until: Until, monkeypatch: pytest.MonkeyPatch
):
    await stand.gateway.stop()
    monkeypatch.setattr("bridge.game.gateway.PING_S", 0.5)
    monkeypatch.setattr("bridge.game.gateway.PONG_S", 0.5)
    monkeypatch.setattr("bridge.game.connection.LAST_WORDS_S", 0.1)
    await stand.start()
    game = await stand.game()
    game.socket.transport.pause_reading()
    await game.say(**HELLO)

    await until(lambda: 1 in stand.gateway.last_seen)
    await until(lambda: stand.gateway.connections == {})
    assert stand.figure("resource_connected", server=1) == 0


# Requests and receipts.


async def test_a_request_is_answered(stand: Stand):
    game = await stand.connected()
    await game.say(op="request", id="r1", method="call.note", params={"call": "911:1", "n": 2.0})

    assert await game.hear() == {
        "op": "reply",
        "id": "r1",
        "result": {"server": 1, "method": "call.note", "params": {"call": "911:1", "n": 2}},
    }


async def test_requests_are_answered_as_they_are_ready(stand: Stand):
    gate = asyncio.Event()

    async def answer(_server: int, method: str, _params: Mapping[str, Any]) -> str:
        if method == "slow":
            await gate.wait()
        return method

    stand.answers = answer
    game = await stand.connected()
    await game.say(op="request", id="1", method="slow")
    await game.say(op="request", id="2", method="quick", params=[])
    assert (await game.hear())["id"] == "2"

    await stand.happen(1)
    assert (await game.hear())["op"] == "event"
    gate.set()
    assert (await game.hear())["id"] == "1"


async def test_a_refused_request_says_why(stand: Stand):
    async def answer(*_: object) -> None:
        raise RequestRefused("not_linked", "link your account first")

    stand.answers = answer
    game = await stand.connected()
    await game.say(op="request", id="1", method="m")

    assert (await game.hear())["error"] == {
        "code": "not_linked",
        "message": "link your account first",
    }


@pytest.mark.parametrize("result", [ValueError("a secret of the inside"), object(), float("nan")])
async def test_a_fault_inside_is_logged_and_tells_nothing(stand: Stand, result: object):
    async def answer(*_: object) -> object:
        if isinstance(result, Exception):
            raise result
        return result

    stand.answers = answer
    game = await stand.connected()
    with capture_logs() as logs:
        await game.say(op="request", id="1", method="m")
        reply = await game.hear()

    assert reply["error"]["code"] == "internal"
    assert "secret" not in json.dumps(reply)
    assert "request_failed" in {line["event"] for line in logs}


async def test_a_request_without_an_answer_is_over_in_time(
    stand: Stand, until: Until, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(session, "REQUEST_MS", 50)
    monkeypatch.setattr("bridge.game.answering.REQUEST_MS", 100)
    ended = asyncio.Event()

    async def answer(*_: object) -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ended.set()

    stand.answers = answer
    game = await stand.connected()
    await game.say(op="request", id="1", method="m")

    assert (await game.hear())["error"]["code"] == "timeout"
    await until(ended.is_set)


async def test_what_was_asked_is_done_even_if_the_connection_ends_meanwhile(
    stand: Stand, until: Until
):
    gate, done = asyncio.Event(), asyncio.Event()

    async def answer(*_: object) -> None:
        await gate.wait()
        done.set()

    stand.answers = answer
    game = await stand.connected()
    await game.say(op="request", id="1", method="m")
    await game.say(op="ack", seq="nonsense")
    assert (await game.end())[0] == 4400

    gate.set()
    await until(done.is_set)


async def test_requests_of_many_short_connections_are_bounded(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("bridge.game.answering.MOST", 2)
    gate = asyncio.Event()

    async def answer(*_: object) -> None:
        await gate.wait()

    stand.answers = answer
    game = await stand.connected()
    for number in range(3):
        await game.say(op="request", id=str(number), method="m")
    reply = await game.hear()
    assert (reply["id"], reply["error"]["code"]) == ("2", "rate_limited")
    gate.set()


async def test_a_receipt_is_handed_on(stand: Stand, until: Until):
    await stand.happen(1)
    game = await stand.connected()
    await game.hear()
    await game.say(op="receipt", key="911:1", seq=1, due=7, sent=7.0, shown=6, ms=41, why=[])

    await until(lambda: stand.receipts)
    assert stand.receipts == [
        (
            1,
            {"key": "911:1", "seq": 1, "due": 7, "sent": 7, "shown": 6, "ms": 41, "why": {}},
        )
    ]


async def test_a_receipt_that_nobody_can_take_does_not_end_the_connection(stand: Stand):
    async def fail(*_: object) -> None:
        raise ValueError("no room")

    stand.on_receipt = fail
    game = await stand.connected()
    await game.say(op="receipt", key="k", seq=0, due=0, sent=0, shown=0)
    await stand.happen(1)

    assert await game.hear_events(1) == [1]


# When something inside fails.


async def test_a_journal_that_cannot_be_read_is_overload(stand: Stand):
    async def fail(*_: object) -> Mapping[str, Any]:
        raise JournalUnavailable("the disk reports an error")

    stand.board_at = fail
    game = await stand.game()
    await game.say(**HELLO)

    assert (await game.end())[0] == 1013


async def test_a_journal_that_does_not_answer_holds_up_no_reply(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
):
    async def silent(*_: object) -> int:
        await asyncio.Event().wait()
        return 0

    game = await stand.connected()
    monkeypatch.setattr(type(stand.journal), "available", property(lambda _: False))
    monkeypatch.setattr(stand.journal, "last", silent)
    for number in ("1", "2", "3"):
        await game.say(op="request", id=number, method="unit.status")
        assert (await game.hear())["id"] == number


async def test_a_fault_of_the_bridge_ends_one_connection_without_detail(stand: Stand):
    async def fail(*_: object) -> Mapping[str, Any]:
        raise KeyError("a secret of the inside")

    other = await stand.connected(2)
    stand.board_at = fail
    game = await stand.game()
    with capture_logs() as logs:
        await game.say(**HELLO)
        code, reason = await game.end()

    assert code == 1011
    assert "secret" not in reason
    assert "connection_failed" in {line["event"] for line in logs}
    await stand.happen(1, server=2)
    assert await other.hear_events(1) == [1]


# Stopping.


async def test_stopping_says_goodbye(stand: Stand):
    game = await stand.connected()
    stranger = await stand.game()
    await stand.gateway.stop()

    assert (await game.end())[0] == 1001
    assert (await stranger.end())[0] == 1001
    with pytest.raises((OSError, InvalidHandshake)):
        await connect(f"ws://127.0.0.1:{stand.gateway.port}")
    await stand.gateway.stop()


async def test_stopping_waits_for_nobody_for_long(stand: Stand, monkeypatch: pytest.MonkeyPatch):
    await stand.gateway.stop()
    monkeypatch.setattr("bridge.game.gateway.LAST_WORDS_S", 0.2)
    monkeypatch.setattr("bridge.game.connection.LAST_WORDS_S", 0.2)
    monkeypatch.setattr("bridge.game.answering.FINISH_S", 0.2)
    await stand.start()

    async def answer(*_: object) -> None:
        await asyncio.sleep(60)

    stand.answers = answer
    deaf = await stand.connected()
    await deaf.say(op="request", id="1", method="m")
    await stand.happen(200, body=b'"' + b"x" * 60_000 + b'"')
    deaf.socket.transport.pause_reading()
    _, silent = await asyncio.open_connection("127.0.0.1", stand.gateway.port)

    # An answer takes a minute, and the one that does not read would take for ever.
    async with asyncio.timeout(30):
        await stand.gateway.stop()
    silent.close()


async def test_stopping_waits_for_connections_and_answers_at_the_same_time(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
):
    """One after the other they would take longer than a panel waits."""
    monkeypatch.setattr("bridge.game.gateway.LAST_WORDS_S", 2.0)
    monkeypatch.setattr("bridge.game.connection.LAST_WORDS_S", 2.0)
    answering, let_go = asyncio.Event(), asyncio.Event()

    async def answer(*_: object) -> None:
        answering.set()
        await let_go.wait()

    async def stop_answering() -> None:
        assert stand.gateway.connections, "the one that does not read is still being waited for"
        let_go.set()
        await stopped()

    stand.answers = answer
    deaf = await stand.connected()
    await deaf.say(op="request", id="1", method="m")
    await answering.wait()
    deaf.socket.transport.pause_reading()
    await stand.happen(200, body=b'"' + b"x" * 60_000 + b'"')
    stopped = stand.gateway._answering.stop
    monkeypatch.setattr(stand.gateway._answering, "stop", stop_answering)

    await stand.gateway.stop()
    assert let_go.is_set()


# TLS.


def certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for 127.0.0.1 that nobody signed, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "throw-away")])
    today = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=1))
        .not_valid_after(today + datetime.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


async def test_a_gateway_with_a_certificate_speaks_tls_and_nothing_else(
    stand: Stand, tmp_path: Path
):
    cert_file, key_file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    await stand.gateway.stop()
    await stand.start(ssl=context)
    url = f"wss://127.0.0.1:{stand.gateway.port}/"

    trusting = ssl.create_default_context(cafile=str(cert_file))
    game = await stand.game(url=url, ssl=trusting)
    assert (await game.greet())["op"] == "welcome"
    await stand.happen(1)
    assert await game.hear_events(1) == [1]

    with pytest.raises(ssl.SSLCertVerificationError):
        await stand.game(url=url)
    with pytest.raises((OSError, InvalidHandshake, EOFError)):
        await stand.game()


# What is shown of it.


async def test_who_is_connected_can_be_seen(stand: Stand, until: Until):
    assert stand.gateway.connections == {}
    assert stand.figure("resource_connected", server=1) == 0
    game = await stand.connected(resource="2.1.0", instance="host 1")
    await stand.happen(2)
    await game.hear_events(2)
    await game.say(op="ack", seq=1)

    connection = stand.gateway.connections[1]
    await until(lambda: connection.acknowledged == 1)
    assert (connection.resource, connection.instance) == ("2.1.0", "host 1")
    assert (connection.server, connection.peer, connection.sent) == (1, "127.0.0.1", 2)
    assert connection.connected_since <= stand.gateway.last_seen[1]
    assert stand.figure("resource_connected", server=1) == 1
    await until(lambda: stand.figure("resource_lag_events", server=1) == 1)
    assert stand.figure("gateway_frames_total", server=1, op="event") == 2
    assert stand.figure("gateway_frames_total", server=1, op="welcome") == 1
    assert ("gateway", 1) in stand.metrics.last_passed
    await until(lambda: ("acknowledged", 1) in stand.metrics.last_passed)

    await game.socket.close()
    await until(lambda: stand.gateway.connections == {})
    assert stand.figure("resource_connected", server=1) == 0


async def test_what_waits_for_an_absent_game_server_is_counted(stand: Stand, until: Until):
    await stand.happen(7, server=2)

    await until(lambda: stand.figure("resource_lag_events", server=2) == 7)


async def test_a_journal_that_could_not_be_asked_is_counted_again_later(
    stand: Stand, until: Until, monkeypatch: pytest.MonkeyPatch
):
    asked, failed = stand.journal.acknowledged, []

    async def fail(server: int) -> int:
        failed.append(server)
        raise JournalUnavailable("the disk reports an error")

    monkeypatch.setattr("bridge.game.gateway.LAG_EVERY_S", 0.01)
    monkeypatch.setattr(stand.journal, "acknowledged", fail)
    await stand.happen(3, server=2)
    await until(lambda: 2 in failed)
    monkeypatch.setattr(stand.journal, "acknowledged", asked)
    await stand.happen(4, server=2)

    await until(lambda: stand.figure("resource_lag_events", server=2) == 7)


async def test_each_change_is_one_line_and_no_token_is_in_any(stand: Stand, until: Until):
    with capture_logs() as logs:
        game = await stand.connected()
        await game.socket.close()
        await until(lambda: stand.gateway.connections == {})

    assert [line["event"] for line in logs] == ["resource_connected", "resource_disconnected"]
    assert "token" not in repr(logs)

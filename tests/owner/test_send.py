import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bridge.errors import ConfigurationError
from bridge.owner.send import NoBridge, Sent, address, post, push_of, reachable

KEY = "test-key-5d1b7c90"
TOKEN = "another-token-for-the-tests-of-more-than-32-signs"


class Bridge:
    """Whatever listens where the bridge should."""

    def __init__(self) -> None:
        self.port = 0
        self.bodies: list[dict[str, Any]] = []
        self.paths: list[str] = []
        self.answer = web.Response(text="ok")

    async def take(self, request: web.BaseRequest) -> web.Response:
        self.paths.append(request.path)
        self.bodies.append(json.loads(await request.read()))
        return self.answer


@pytest.fixture
async def bridge() -> AsyncIterator[Bridge]:
    listening = Bridge()
    runner = web.ServerRunner(web.Server(listening.take))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    listening.port = runner.addresses[0][1]
    yield listening
    await runner.cleanup()


def test_a_sample_gets_a_new_call_id_each_time() -> None:
    calls = {push_of("911")[1] for _ in range(20)}

    assert len(calls) > 15


def test_call_and_caller_can_be_chosen() -> None:
    push, call = push_of("EVENT_911", call=4711, caller="license:mine")

    assert call == 4711
    assert push["data"][0]["call"]["callId"] == 4711
    assert push["data"][0]["communityUserId"] == "license:mine"


def test_of_a_sample_without_a_call_or_a_player_none_is_named_and_none_taken() -> None:
    assert push_of("UNIT_LOGIN")[1] is None
    with pytest.raises(ConfigurationError, match=r"--call: .*EVENT_UNIT_LOGIN speaks of no call"):
        push_of("UNIT_LOGIN", call=4711)
    with pytest.raises(ConfigurationError, match=r"--caller: .*EVENT_REMOVE_911 names no player"):
        push_of("REMOVE_911", caller="license:mine")


def test_a_file_is_sent_as_it_is_without_its_key(tmp_path: Path) -> None:
    file = tmp_path / "push.json"
    file.write_text('\ufeff{"key": "other", "type": "EVENT_X", "data": 1}', encoding="utf-8")

    assert push_of(str(file)) == ({"type": "EVENT_X", "data": 1}, None)


@pytest.mark.parametrize("text", ["[1]", "nonsense", "", "[" * 100_000, "{} {}"])
def test_a_file_that_is_no_push_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "push.json"
    file.write_text(text, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"push\.json: is no JSON"):
        push_of(str(file))


def test_what_is_neither_type_nor_file_is_refused_with_the_types(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="911, REMOVE_911"):
        push_of("EVENT_NONSENSE")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        push_of(str(tmp_path / "missing.json"))


def test_options_for_samples_do_not_change_a_file(tmp_path: Path) -> None:
    file = tmp_path / "push.json"
    file.write_text("{}", encoding="utf-8")

    with pytest.raises(ConfigurationError, match="--call"):
        push_of(str(file), call=1)


async def test_a_push_is_posted_with_the_communitys_key(bridge: Bridge, configured: Any) -> None:
    sent = await post(configured(push={"port": bridge.port}), {"type": "EVENT_911", "data": []})

    assert bridge.bodies == [{"key": KEY, "type": "EVENT_911", "data": []}]
    assert bridge.paths == ["/servers/1/sonorancad/event"]
    assert (sent.ok, str(sent)) == (True, "EVENT_911: 200 ok")


async def test_a_refusal_is_told_in_a_line(bridge: Bridge, configured: Any) -> None:
    problem = {"code": "bad_body", "path": "data.0.call", "detail": "is\nmissing"}
    bridge.answer = web.Response(status=422, text=json.dumps(problem))
    sent = await post(configured(push={"port": bridge.port}), {"type": "EVENT_911"})

    assert not sent.ok
    assert str(sent) == "EVENT_911: 422 bad_body: data.0.call: is missing"


async def test_where_no_bridge_runs_it_is_said_what_to_start(configured: Any) -> None:
    with pytest.raises(NoBridge, match="cad-bridge run"):
        await post(configured(push={"port": 1}), {"type": "EVENT_911"})


def test_the_address_follows_the_configuration(configured: Any) -> None:
    settings = configured(
        push={"host": "::", "port": 4000},
        servers=[
            {"id": 1, "token": TOKEN},
            {"id": 2, "token": TOKEN + "2", "push_port": 4001},
        ],
    )

    assert address(settings) == "http://[::1]:4000/servers/1/sonorancad/event"
    assert address(settings, 2) == "http://[::1]:4001/sonorancad/event"
    with pytest.raises(ConfigurationError, match="3 is not configured; there is 1, 2"):
        address(settings, 3)


def test_a_bridge_without_a_listener_says_what_to_try_instead(configured: Any) -> None:
    with pytest.raises(ConfigurationError, match="cadbridge test"):
        address(configured(cad={"source": "hub"}))


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("0.0.0.0", "127.0.0.1"),
        ("::", "[::1]"),
        ("::1", "[::1]"),
        ("localhost", "localhost"),
        ("192.0.2.1", "192.0.2.1"),
    ],
)
def test_a_listener_on_every_address_is_reached_on_loopback(host: str, name: str) -> None:
    assert reachable(host) == name


def test_the_line_names_the_call() -> None:
    assert str(Sent("EVENT_911", 7, 200, "ok")) == "EVENT_911 (call 7): 200 ok"

"""What the status page sees of a bridge whose journal is on other machines."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from bridge.service import Service
from bridge.settings import load
from tests.nats_servers import NatsServer

TOKEN = "0123456789abcdef0123456789abcdef"
KEY = "the-communitys-key"
PASSWORD = "zebra-word"


@pytest.fixture
def nats(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path, "--user", "bridge", "--pass", PASSWORD) as server:
        yield server


@pytest.fixture
async def running(tmp_path: Path, nats: NatsServer) -> AsyncIterator[Service]:
    config = tmp_path / "cad-bridge.toml"
    url = f"{nats.url.replace('//', f'//bridge:{PASSWORD}@')}/town"
    config.write_text(
        f'[cad]\napi_key = "{KEY}"\nreconcile = false\n[push]\nhost = "127.0.0.1"\nport = 0\n'
        f'[gateway]\nport = 0\n[admin]\nport = 0\n[journal]\nurl = "{url}"\n'
        f'[[servers]]\nid = 1\ntoken = "{TOKEN}"\n',
        encoding="utf-8",
    )
    async with Service(load(config)) as service:
        yield service


async def get(service: Service, path: str) -> tuple[int, Any]:
    url = f"http://127.0.0.1:{service.admin.port}{path}"
    async with aiohttp.ClientSession() as http, http.get(url) as answer:
        text = await answer.text()
        assert PASSWORD not in text
        return answer.status, await answer.json() if "json" in answer.content_type else text


async def shows(service: Service, last: int) -> bool:
    """Tell whether the page has learned of an event: it does not wait for a NATS that is slow."""
    _, document = await get(service, "/api/status")
    return bool(document["servers"][0]["last"] == last)


async def push(service: Service, call: int) -> int:
    body = {
        "key": KEY,
        "type": "EVENT_911",
        "data": {"call": {"callId": call, "location": "x", "description": "y"}},
    }
    url = f"http://127.0.0.1:{service.listeners[0].port}/event"
    async with aiohttp.ClientSession() as http, http.post(url, json=body) as answer:
        return answer.status


async def test_it_names_the_servers_and_no_password(
    running: Service, nats: NatsServer, until: Any
) -> None:
    assert await push(running, 1) == 200
    await until(lambda: shows(running, 1))
    status, document = await get(running, "/api/status")
    journal = document["journal"]
    assert status == 200
    assert journal["kind"] == "nats"
    assert journal["where"] == f"{nats.url}/town"
    assert (journal["problem"], journal["free"]) == ("", None)
    assert (await get(running, "/readyz"))[0] == 200
    _, events = await get(running, "/api/events")
    assert [event["event"]["type"] for event in events["events"]] == ["call.opened"]


async def test_while_the_servers_are_away_it_says_so_and_shows_what_was_known(
    running: Service, nats: NatsServer, until: Any
) -> None:
    assert await push(running, 1) == 200
    await until(lambda: shows(running, 1))
    nats.kill()

    async def answers(path: str, status: int) -> bool:
        return (await get(running, path))[0] == status

    await until(lambda: answers("/readyz", 503))
    status, document = await get(running, "/api/status")
    assert status == 200
    assert document["servers"][0]["last"] == 1
    problem = document["problems"][0]
    assert problem["code"] == "journal_unavailable"
    assert document["journal"]["problem"] in problem["what"]
    assert "NATS servers" in problem["next"]
    assert (await get(running, "/api/events"))[0] == 503

    nats.start()
    await until(lambda: answers("/readyz", 200))
    assert await push(running, 2) == 200
    await until(lambda: shows(running, 2))

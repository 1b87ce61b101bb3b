from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from pydantic import SecretStr

from bridge.settings import Settings

KEY = "test-key-5d1b7c90"
TOKEN = "a-token-for-the-tests-of-more-than-32-signs"


class FakeCad:
    """The two endpoints of the CAD that owners' commands ask."""

    def __init__(self) -> None:
        self.url = ""
        self.servers: list[dict[str, Any]] = [
            {"id": 1, "name": "Los Santos", "mapIp": "203.0.113.7", "listenerPort": "30130"},
            {"id": 2, "name": "Paleto Bay", "mapIp": "", "listenerPort": "30120"},
        ]
        self.asked = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.asked += 1
        if request.headers.get("Authorization") != f"Bearer {KEY}":
            return web.json_response(
                {"detail": "There is no such key.", "traceId": "t-1"}, status=401
            )
        if request.path.endswith("/version"):
            return web.json_response({"version": 2, "name": "PLUS"})
        return web.json_response({"servers": self.servers})


@pytest.fixture
async def cad() -> AsyncIterator[FakeCad]:
    fake = FakeCad()
    app = web.Application()
    app.router.add_get("/v2/general/{what}", fake.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield fake
    await runner.cleanup()


@pytest.fixture
def configured(tmp_path: Path) -> Callable[..., Settings]:
    """Make settings: `configured(push={"port": 1})`."""

    def make(**sections: Any) -> Settings:
        body: dict[str, Any] = {
            "cad": {"community_id": "community-1", "api_key": KEY},
            "journal": {"url": f"sqlite:{tmp_path / 'cad-bridge.db'}"},
            "servers": [{"id": 1, "name": "Los Santos", "token": SecretStr(TOKEN)}],
        }
        for name, section in sections.items():
            body[name] = section if name == "servers" else body.get(name, {}) | section
        return Settings(**body)

    return make

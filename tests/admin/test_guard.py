import asyncio
import base64
from typing import Any

import aiohttp
import pytest
from yarl import URL

TOKEN = "an-admin-token-of-good-length-ö"


def basic(password: str, user: str = "owner") -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.0.0.1:8080", "localhost:30132", "LOCALHOST.", "[::1]:30132"]
)
async def test_without_a_token_the_page_answers_to_the_names_of_this_machine(
    serve: Any, http: aiohttp.ClientSession, host: str
) -> None:
    async with http.get(await serve() + "/api/status", headers={"Host": host}) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1", "[", ""])
@pytest.mark.parametrize("path", ["/", "/api/status", "/api/live", "/metrics"])
async def test_a_page_that_makes_the_owners_browser_ask_is_refused(
    serve: Any, http: aiohttp.ClientSession, host: str, path: str
) -> None:
    async with http.get(await serve() + path, headers={"Host": host}) as answer:
        assert answer.status == 421
        assert "token" in await answer.text()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
async def test_monitors_need_neither_token_nor_name(
    serve: Any, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(
        await serve(token=TOKEN) + path, headers={"Host": "10.0.0.1:30132"}
    ) as answer:
        assert (answer.status, await answer.text()) == (200, "ok\n")


@pytest.mark.parametrize(
    "authorization", [basic(TOKEN), basic(TOKEN, user=""), f"Bearer {TOKEN}", f"bearer {TOKEN}"]
)
async def test_the_token_opens_the_page_as_password_or_bearer_under_any_name(
    serve: Any, http: aiohttp.ClientSession, authorization: str
) -> None:
    headers = {"Authorization": authorization, "Host": "status.example.org"}
    async with http.get(await serve(token=TOKEN) + "/", headers=headers) as answer:
        assert answer.status == 200


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        basic("wrong"),
        basic(""),
        basic(TOKEN[:-1]),
        f"Digest {TOKEN}",
        "Basic !!!",
        "Basic",
        f"Basic {TOKEN}",
        "Bearer",
    ],
)
@pytest.mark.parametrize("path", ["/", "/status.js", "/api/status", "/api/live", "/metrics", "/x"])
async def test_without_the_right_token_nothing_is_shown(
    serve: Any, http: aiohttp.ClientSession, authorization: str, path: str
) -> None:
    headers = {"Authorization": authorization} if authorization else {}
    async with http.get(await serve(token=TOKEN) + path, headers=headers) as answer:
        assert answer.status == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert TOKEN not in await answer.text()


@pytest.mark.parametrize("scheme", ["Bearer", "Basic"])
async def test_what_is_no_text_is_a_wrong_token_too(serve: Any, scheme: str) -> None:
    address = URL(await serve(token=TOKEN))
    reader, writer = await asyncio.open_connection(address.host, address.port)
    try:
        writer.write(
            f"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: {scheme} ".encode()
            + b"\xff\xfe\r\nConnection: close\r\n\r\n"
        )
        async with asyncio.timeout(60):
            assert (await reader.readline()).split()[1] == b"401"
    finally:
        writer.close()


@pytest.mark.parametrize("path", ["/", "/api/status", "/healthz", "/nothing-here"])
async def test_a_browser_may_load_nothing_from_elsewhere(
    serve: Any, http: aiohttp.ClientSession, path: str
) -> None:
    async with http.get(await serve() + path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"

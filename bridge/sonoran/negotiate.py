"""Where the hub's websocket is: directly at its address, or where a negotiation says.

The CAD's documentation skips the negotiation, its own resource does not: the bridge connects
directly and negotiates when that is refused. What a negotiation gives serves one connection and is
a secret, so it is neither kept nor logged. Source: SignalR's TransportProtocols.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp
from yarl import URL

from bridge.errors import BridgeError
from bridge.settings import is_loopback

__all__ = [
    "FORBIDDING",
    "HubAddress",
    "NegotiationFailed",
    "NegotiationRefused",
    "directly",
    "negotiated",
]

FORBIDDING: Final = frozenset({401, 403})
"""Status of an answer that does not let this machine in."""
_MOST_REDIRECTS: Final = 4
_MOST_ANSWER: Final = 64 * 1024
_TO_WEBSOCKET: Final = {"http": "ws", "https": "wss"}


@dataclass(frozen=True, slots=True)
class HubAddress:
    """Where to open the websocket, and with which token (empty: none)."""

    url: str = field(repr=False)
    token: str = field(default="", repr=False)


class NegotiationFailed(BridgeError):
    """The hub named no place to connect to; the text quotes no token."""


class NegotiationRefused(NegotiationFailed):
    """The hub, or what stands before it, does not let this machine in."""


def directly(hub: str) -> HubAddress:
    """Return the websocket's address without a negotiation."""
    return HubAddress(str(_as_websocket(URL(hub))))


async def negotiated(hub: str, seconds: float) -> HubAddress:
    """Ask the hub where to connect, and follow its redirects.

    Raises:
        NegotiationFailed: it refuses, or answers something else.
        OSError, aiohttp.ClientError, TimeoutError: it cannot be reached.
    """
    place, token = URL(hub), ""
    timeout = aiohttp.ClientTimeout(seconds)
    proxied = not is_loopback(place.host or "")
    async with aiohttp.ClientSession(timeout=timeout, trust_env=proxied) as session:
        for _ in range(_MOST_REDIRECTS):
            answer = await _ask(session, place, token)
            if answer.get("error"):
                raise NegotiationFailed(f"the hub refused to negotiate: {answer['error']!s:.200}")
            if not answer.get("url"):
                return HubAddress(str(_as_websocket(place, _connection_id(answer))), token)
            place, token = _redirected(place, answer)
    raise NegotiationFailed("the hub redirects without end")


async def _ask(session: aiohttp.ClientSession, place: URL, token: str) -> dict[str, Any]:
    address = (place / "negotiate").with_query(place.query).update_query(negotiateVersion="1")
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with session.post(address, headers=headers, allow_redirects=False) as response:
        body = await response.content.read(_MOST_ANSWER)
        if response.status != 200:
            failure = NegotiationRefused if response.status in FORBIDDING else NegotiationFailed
            raise failure(f"the hub answered {response.status} to a negotiation")
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise NegotiationFailed("the hub's answer to a negotiation is no JSON object")
    return answer


def _connection_id(answer: dict[str, Any]) -> str:
    """Return the id to connect with; in version 1 that is the token."""
    if not any(_has_websockets(way) for way in _list(answer.get("availableTransports"))):
        raise NegotiationFailed("the hub offers no websocket")
    version = answer.get("negotiateVersion")
    name = "connectionToken" if isinstance(version, int) and version >= 1 else "connectionId"
    found = answer.get(name)
    if not isinstance(found, str) or not found:
        raise NegotiationFailed(f"the hub's answer to a negotiation has no {name}")
    return found


def _has_websockets(way: object) -> bool:
    return (
        isinstance(way, dict)
        and way.get("transport") == "WebSockets"
        and "Text" in _list(way.get("transferFormats"))
    )


def _redirected(place: URL, answer: dict[str, Any]) -> tuple[URL, str]:
    target, token = answer["url"], answer.get("accessToken")
    try:
        address = URL(target)
    except (ValueError, TypeError):
        raise NegotiationFailed("the hub redirects to something that is no address") from None
    if address.scheme not in _TO_WEBSOCKET or not address.host:
        raise NegotiationFailed("the hub redirects to something that is no web address")
    if place.scheme == "https" and address.scheme != "https":
        raise NegotiationFailed("the hub redirects from https to http")
    return address, token if isinstance(token, str) else ""


def _as_websocket(place: URL, connection_id: str = "") -> URL:
    address = place.with_scheme(_TO_WEBSOCKET[place.scheme])
    return address.update_query(id=connection_id) if connection_id else address


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

"""Who may read the admin pages, and what a browser may do with them.

Without a token the listener is bound to loopback, where the danger is a web page that makes the
owner's own browser ask (DNS rebinding): such a request bears the attacker's host name and is
refused. With a token a foreign page has nothing to show, as a browser keeps passwords by origin.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import TYPE_CHECKING

from aiohttp import hdrs, web

from bridge.settings import is_loopback

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler, Middleware

__all__ = ["OPEN", "guard"]

OPEN = frozenset({"/healthz", "/readyz"})
"""For monitors: no token, no check of the host, and no detail."""

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def guard(host: str, token: str) -> Middleware:
    """Return the middleware for a listener on `host`; an empty token: none is asked for."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.path not in OPEN:
            if token and not _has_token(request.headers.get(hdrs.AUTHORIZATION, ""), token):
                return _plain(
                    401,
                    "this page needs the token of [admin]: any user name, the token as password",
                    {hdrs.WWW_AUTHENTICATE: 'Basic realm="cad-bridge", charset="UTF-8"'},
                )
            if not token and not _is_ours(request.headers.get(hdrs.HOST, ""), host):
                return _plain(
                    421,
                    "without a token in [admin] this page answers to localhost only; "
                    "set one to reach it by another name",
                )
        return await handler(request)

    return check


async def add_headers(_: web.Request, response: web.StreamResponse) -> None:
    """Forbid the browser everything that the page does not need (a signal of aiohttp)."""
    response.headers.update(_HEADERS)


def _has_token(authorization: str, token: str) -> bool:
    scheme, _, value = authorization.partition(" ")
    shown = value.strip().encode(errors="surrogateescape")  # as it came, text or not
    if scheme.lower() == "basic":
        try:
            shown = base64.b64decode(shown, validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return False
    elif scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(shown, token.encode())


def _is_ours(host_header: str, configured: str) -> bool:
    name = host_header.lower().rstrip(".")
    name = name.partition("]")[0][1:] if name.startswith("[") else name.partition(":")[0]
    return name == configured.lower() or is_loopback(name)


def _plain(status: int, text: str, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=f"{text}\n", headers=headers)

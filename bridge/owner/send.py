"""`send`: posts a sample push to the running bridge, as the CAD would."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp

from bridge.errors import BridgeError, ConfigurationError
from bridge.owner import samples
from bridge.owner.server_option import named_server

if TYPE_CHECKING:
    from bridge.settings import Settings

__all__ = ["NoBridge", "Sent", "address", "post", "push_of", "reachable"]

PATIENCE = 15.0
"""Seconds for an answer."""


class NoBridge(BridgeError):
    """Nothing answers where the bridge should."""

    def __init__(self, url: str, reason: str) -> None:
        self.url = url
        self.reason = reason

    def __str__(self) -> str:
        """Name the address and the usual cause."""
        return f"no bridge answers at {self.url} ({self.reason}); start it with `cad-bridge run`"


@dataclass(frozen=True, slots=True)
class Sent:
    """What was posted, and the answer."""

    type: str
    call: int | None
    """Id of the call that a sample spoke of; None: of none, or the push is from a file."""
    status: int
    answer: str
    """`ok`, or why it was refused, in one line."""

    @property
    def ok(self) -> bool:
        """The bridge took it."""
        return self.status == HTTPStatus.OK

    def __str__(self) -> str:
        """Return the line to print."""
        call = f" (call {self.call})" if self.call is not None else ""
        return f"{self.type}{call}: {self.status} {self.answer}"


def push_of(
    what: str, *, call: int | None = None, caller: str | None = None
) -> tuple[dict[str, Any], int | None]:
    """Return a push without its key, and the id of the call that a sample speaks of.

    Args:
        what: name of a type, or of a JSON file.
        call: id for the sample's call; None: a new one.
        caller: `communityUserId` for the sample; None: the documentation's.

    Raises:
        ConfigurationError: no such sample or file, no JSON object in the file, or an option that
            the file or sample has no place for.
    """
    path = Path(what)
    if path.suffix or path.is_file():
        for option, value in (("--call", call), ("--caller", caller)):
            if value is not None:
                raise ConfigurationError(option, "is for samples only", "change the file itself")
        return _read(path), None
    chosen = 100_000 + secrets.randbelow(900_000) if call is None else call
    id_of_caller = samples.CALLER if caller is None else caller
    try:
        push = samples.sample(what, call=chosen, caller=id_of_caller)
        of_a_call = push != samples.sample(what, call=chosen + 1, caller=id_of_caller)
        of_a_caller = push != samples.sample(what, call=chosen, caller=f"{id_of_caller} too")
    except KeyError:
        known = ", ".join(name.removeprefix("EVENT_") for name in samples.NAMES)
        raise ConfigurationError(
            what, "is no push type and no file", f"a JSON file, or one of {known}"
        ) from None
    if call is not None and not of_a_call:
        raise ConfigurationError("--call", f"the sample of {push['type']} speaks of no call")
    if caller is not None and not of_a_caller:
        raise ConfigurationError("--caller", f"the sample of {push['type']} names no player")
    return push, chosen if of_a_call else None


async def post(settings: Settings, push: dict[str, Any], *, server: int | None = None) -> Sent:
    """Post a push with the community's key and return the answer.

    Args:
        settings: those of the bridge, which runs on this machine.
        push: as `push_of` returns it.
        server: for which game server; None: the first.

    Raises:
        NoBridge: nothing listens there.
        ConfigurationError: no such server, or no listener is opened.
    """
    url = address(settings, server)
    body = {"key": settings.cad.api_key.get_secret_value(), **push}
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.post(url, json=body, allow_redirects=False) as answer,
        ):
            text = await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise NoBridge(url, str(error) or "no answer in time") from None
    return Sent(str(push.get("type", "a push")), None, answer.status, _in_a_line(text))


def address(settings: Settings, server: int | None = None) -> str:
    """Return where a server's pushes are posted on this machine.

    Raises:
        ConfigurationError: no such server, or no listener is opened.
    """
    if not settings.cad.uses_http:
        raise ConfigurationError(
            "cad.source",
            'is "hub": the bridge opens no listener that a sample could be posted to',
            "try `cadbridge test` in the game server's console, or set it to both",
        )
    chosen = named_server(settings, server)
    host = reachable(settings.push.host)
    if chosen.push_port:
        return f"http://{host}:{chosen.push_port}/sonorancad/event"
    return f"http://{host}:{settings.push.port}/servers/{chosen.id}/sonorancad/event"


def reachable(host: str) -> str:
    """Return how a listener on `host` is reached from this machine, as it stands in a URL."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
    return f"[{host}]" if ":" in host else host


def _read(path: Path) -> dict[str, Any]:
    try:
        push = json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(str(path), f"is no JSON: {error}") from None
    if not isinstance(push, dict):
        raise ConfigurationError(str(path), "is no JSON object", '{"type": …, "data": …}')
    push.pop("key", None)
    return push


def _in_a_line(text: str) -> str:
    """Return an answer as one line: a problem as `code: path: detail`."""
    try:
        problem = json.loads(text)
        parts = [problem[name] for name in ("code", "path", "detail") if problem.get(name)]
        text = ": ".join(map(str, parts))
    except (ValueError, KeyError, AttributeError, TypeError):
        pass
    return "".join(sign if sign.isprintable() else " " for sign in text).strip()[:500]

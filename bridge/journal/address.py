"""Where a distributed journal lies: the url `nats://…` in parts."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

__all__ = ["DEFAULT_NAME", "HOW_TO_INSTALL", "NOT_INSTALLED", "Address"]

DEFAULT_NAME = "cadbridge"
NOT_INSTALLED = "a journal over NATS needs nats-py, which is not installed"
HOW_TO_INSTALL = 'in the folder of cad-bridge, with its pip: pip install ".[nats]"'
"""What an owner does whose bridge lacks the client of NATS."""
PORT = 4222
SCHEMES = ("nats", "tls")
COPIES = 3
"""Servers named in the url from which on each event is kept three times."""


@dataclass(frozen=True, slots=True)
class Address:
    """`nats://user:password@one:4222,two:4222/name?credentials=bridge.creds`.

    `tls://` in its place encrypts. `name` tells journals on the same servers apart.
    """

    servers: tuple[str, ...]
    """`nats://host:port`, without user and password."""
    name: str = DEFAULT_NAME
    user: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    """What stands before the `@` without a colon."""
    credentials: str = ""
    """Path of a file with a user's credentials; empty for none."""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Read it.

        Raises:
            ValueError: it is none; the text says why, and repeats nothing of the url.
        """
        scheme, separator, rest = url.partition("://")
        if scheme not in SCHEMES or not separator:
            raise ValueError("begins with neither nats:// nor tls://")
        hosts, slash, tail = _cut(rest)
        first, *others = (_split(scheme, host) for host in hosts.split(","))
        options = dict(parse_qsl(urlsplit(f"//x{slash}{tail}").query))
        name = urlsplit(f"//x{slash}{tail}").path.strip("/") or DEFAULT_NAME
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,32}", name):
            raise ValueError("has a name of other characters than letters, digits, - and _")
        if options.keys() - {"credentials"}:
            raise ValueError("has an option other than credentials")
        user, password = unquote(first.username or ""), unquote(first.password or "")
        return cls(
            servers=tuple(f"{scheme}://{_place(part)}" for part in (first, *others)),
            name=name,
            user=user if first.password is not None else "",
            password=password,
            token=user if first.password is None else "",
            credentials=options.get("credentials", ""),
        )

    @property
    def copies(self) -> int:
        """How many servers are to hold each event of a journal that is made now."""
        return COPIES if len(self.servers) >= COPIES else 1

    @property
    def shown(self) -> str:
        """The servers and the name, for logs and pages."""
        return f"{','.join(self.servers)}/{self.name}"


def _cut(rest: str) -> tuple[str, str, str]:
    """Return the hosts, what ends them, and what follows."""
    at = re.search(r"[/?]", rest.replace("://", "   "))
    return (rest[: at.start()], rest[at.start()], rest[at.end() :]) if at else (rest, "", "")


def _split(scheme: str, host: str) -> SplitResult:
    host = host.strip().removeprefix(f"{scheme}://")
    try:
        part = urlsplit(f"{scheme}://{host}")
        port = part.port
    except ValueError:
        raise ValueError("has a port that is no number from 1 to 65535") from None
    if not part.hostname or port == 0:
        raise ValueError("names no host")
    return part


def _place(part: SplitResult) -> str:
    host = part.hostname or ""
    return f"{f'[{host}]' if ':' in host else host}:{part.port or PORT}"

"""What is not allowed though every key of it is: keys that need or exclude each other."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.settings.sections import (
        AdminSettings,
        GatewaySettings,
        JournalSettings,
        Settings,
    )

__all__ = ["ADMIN_TOKEN_LENGTH", "TOKEN_LENGTH", "WINDOWS_PATH", "is_loopback", "problems"]

TOKEN_LENGTH = 32
"""Characters: the least that a game server's token may have."""
ADMIN_TOKEN_LENGTH = 16
"""Characters: the least for the pages' token; wrong ones are not slowed down."""
JOURNALS = (
    '"sqlite:" and a file name, or nats://user:password@host:4222 (several hosts with commas; '
    "tls:// encrypts; in a password @ / ? # , are written %40 %2F %3F %23 %2C)"
)
WINDOWS_PATH = "a path of Windows is written with / instead of \\, or in 'single quotes'"


def is_loopback(host: str) -> bool:
    """Tell whether a listener on this host can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def problems(settings: Settings) -> Iterator[ConfigurationError]:
    """Return what is not allowed in a configuration whose keys are each fine."""
    cad, gateway = settings.cad, settings.gateway
    for name, text in (
        ("api_key", cad.api_key.get_secret_value()),
        ("community_id", cad.community_id),
    ):
        if not text.isprintable():
            yield ConfigurationError(
                f"cad.{name}", "has a sign in it that cannot be seen", "copy it from the CAD again"
            )
    if not cad.api_key.get_secret_value():
        yield ConfigurationError(
            "cad.api_key",
            "is empty",
            "the community's key from Admin > In-Game Integration > API in the CAD",
        )
    if cad.uses_hub and not cad.community_id:
        yield ConfigurationError(
            "cad.community_id", "is empty", f'needed with cad.source = "{cad.source}"'
        )
    yield from _gateway_problems(gateway)
    yield from _admin_problems(settings.admin)
    yield from _journal_problems(settings.journal)
    yield from _server_problems(settings)
    yield from _port_problems(settings)


def _journal_problems(journal: JournalSettings) -> Iterator[ConfigurationError]:
    """Look at the url, of which nothing is repeated: it may hold a password, however it begins."""
    key = "journal.url"
    if journal.url == "sqlite:":
        yield ConfigurationError(key, "names no file", JOURNALS)
    elif not journal.url.isprintable():
        yield ConfigurationError(key, "has a sign in it that cannot be seen", WINDOWS_PATH)
    elif journal.kind == "nats":
        try:
            credentials = journal.address.credentials
        except ValueError as error:
            begins = journal.url.startswith(("nats://", "tls://"))
            problem = str(error) if begins else "begins with none of sqlite:, nats:// and tls://"
            yield ConfigurationError(key, problem, JOURNALS)
            return
        first, _, others = journal.url.partition(",")
        if "#" in journal.url or ("@" in others and "@" not in first):
            # then a part of the password would pass for a host, and be shown as one
            yield ConfigurationError(key, "cannot be told apart from its password", JOURNALS)
        elif credentials and (problem := _no_credentials(Path(credentials))):
            yield ConfigurationError(
                key, problem, "credentials= names the file that was made for a user of NATS"
            )


def _no_credentials(path: Path) -> str:
    """Return what is wrong with a file of credentials; empty: it looks like one."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return f"there is no file {str(path)!r}"
    except OSError as error:
        return f"{str(path)!r} cannot be read: {error.strerror}"
    parts = ("BEGIN NATS USER JWT", "BEGIN USER NKEY SEED")
    return "" if all(part in text for part in parts) else f"{str(path)!r} holds no credentials"


def _admin_problems(admin: AdminSettings) -> Iterator[ConfigurationError]:
    token = admin.token.get_secret_value()
    if not token and not is_loopback(admin.host):
        yield ConfigurationError(
            "admin.token",
            f"is empty, while admin.host {admin.host!r} can be reached from outside",
            "a long random text, or host 127.0.0.1",
        )
    if token and len(token) < ADMIN_TOKEN_LENGTH:
        yield ConfigurationError(
            "admin.token", f"has {len(token)} characters", f"at least {ADMIN_TOKEN_LENGTH}"
        )


def _gateway_problems(gateway: GatewaySettings) -> Iterator[ConfigurationError]:
    if (gateway.tls_cert is None) != (gateway.tls_key is None):
        missing = "tls_key" if gateway.tls_key is None else "tls_cert"
        yield ConfigurationError(
            f"gateway.{missing}", "is missing", "tls_cert and tls_key go together"
        )
    for name in ("tls_cert", "tls_key"):
        path = getattr(gateway, name)
        if path is not None and not str(path).isprintable():  # "C:\temp" has a tab in it
            yield ConfigurationError(
                f"gateway.{name}",
                f"{str(path)!r} has a sign in it that cannot be seen",
                WINDOWS_PATH,
            )
        elif path is not None and not path.is_file():
            yield ConfigurationError(
                f"gateway.{name}", f"there is no file {str(path)!r}", "a PEM file"
            )
    if not is_loopback(gateway.host) and gateway.tls_cert is None and not gateway.allow_plain:
        yield ConfigurationError(
            "gateway.host",
            f"{gateway.host!r} can be reached from outside without encryption",
            "127.0.0.1, or gateway.tls_cert and gateway.tls_key, "
            "or gateway.allow_plain = true behind a proxy that encrypts",
        )


def _server_problems(settings: Settings) -> Iterator[ConfigurationError]:
    if not settings.servers:
        yield ConfigurationError(
            "servers", "there is none", "at least one [[servers]] with id and token"
        )
    ids: set[int] = set()
    tokens: set[str] = set()
    for number, server in enumerate(settings.servers):
        token = server.token.get_secret_value()
        if server.id in ids:
            yield ConfigurationError(
                f"servers.{number}.id", f"{server.id} is used twice", "one [[servers]] an id"
            )
        if len(token) < TOKEN_LENGTH:
            yield ConfigurationError(
                f"servers.{number}.token",
                f"has {len(token)} characters",
                f"at least {TOKEN_LENGTH}; `cad-bridge init` makes one",
            )
        elif token in tokens:
            yield ConfigurationError(
                f"servers.{number}.token",
                "is also the token of another server",
                "a token of its own for each server",
            )
        ids.add(server.id)
        tokens.add(token)


def _port_problems(settings: Settings) -> Iterator[ConfigurationError]:
    ports = {"gateway.port": settings.gateway.port, "admin.port": settings.admin.port}
    if settings.cad.uses_http:
        ports = {"push.port": settings.push.port, **ports}
        for number, server in enumerate(settings.servers):
            ports[f"servers.{number}.push_port"] = server.push_port or 0
    taken: dict[int, str] = {}
    for key, port in ports.items():
        if port and port in taken:
            yield ConfigurationError(key, f"{port} is taken by {taken[port]}", "a port of its own")
        taken.setdefault(port, key)

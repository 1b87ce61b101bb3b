"""Every key of the configuration: type, default, unit, and the checks across keys.

A TOML file, each key of which an environment variable may override: `CAD_BRIDGE_<SECTION>__<KEY>`,
the servers as a JSON list in `CAD_BRIDGE_SERVERS`. Times are seconds, sizes bytes. Nothing starts
before the whole has been checked; a refusal names every bad key and says what is allowed, and
never shows the value of a secret.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pydantic_core import ErrorDetails

ENVIRONMENT_PREFIX = "CAD_BRIDGE_"
TOKEN_LENGTH = 32
"""Characters: the least that a game server's token may have."""
ADMIN_TOKEN_LENGTH = 16
"""Characters: the least for the pages' token; wrong ones are not slowed down."""
SECRETS = frozenset({"api_key", "token"})

Port = Annotated[int, Field(ge=0, le=65535)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def is_loopback(host: str) -> bool:
    """Tell whether a listener on this host can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CadSettings(_Section):
    """`[cad]`: the CAD community and what it is told of players."""

    community_id: str = ""
    api_key: SecretStr = SecretStr("")
    api_url: Annotated[str, Field(pattern=r"^https?://[^/\s]+")] = "https://api.sonorancad.com"
    source: Literal["http", "hub", "both"] = "http"
    identifier: Literal["license", "license2", "fivem", "discord", "steam", "xbl", "live"] = (
        "license"
    )
    identifier_form: Literal["bare", "prefixed"] = "bare"
    reconcile: bool = True
    pass_through: frozenset[str] = frozenset()

    @property
    def uses_hub(self) -> bool:
        """Pushes arrive over the CAD's hub."""
        return self.source in {"hub", "both"}

    @property
    def uses_http(self) -> bool:
        """Pushes arrive at a listener of ours."""
        return self.source in {"http", "both"}


class PushSettings(_Section):
    """`[push]`: the listener that the CAD, or its own FiveM resource, posts to."""

    host: str = "0.0.0.0"  # noqa: S104 - the CAD posts from outside; the key guards it
    port: Port = 30130
    max_body: Annotated[int, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
    allow_from: tuple[Network, ...] = ()
    trust_proxy: bool = False


class GatewaySettings(_Section):
    """`[gateway]`: where game servers connect."""

    host: str = "127.0.0.1"
    port: Port = 30131
    tls_cert: Path | None = None
    tls_key: Path | None = None
    allow_plain: bool = False


class AdminSettings(_Section):
    """`[admin]`: status page, health and metrics."""

    host: str = "127.0.0.1"
    port: Port = 30132
    token: SecretStr = SecretStr("")


class JournalSettings(_Section):
    """`[journal]`: where events are kept, and for how long."""

    url: str = "sqlite:cad-bridge.db"
    keep_days: Annotated[float, Field(gt=0, le=3650)] = 7
    max_size: Annotated[int, Field(ge=16 * 1024 * 1024)] = 1024 * 1024 * 1024

    @property
    def path(self) -> Path:
        """The file of an `sqlite:` url, absolute once loaded."""
        return Path(self.url.removeprefix("sqlite:"))


class AlertSettings(_Section):
    """`[alerts]`: when something is too old."""

    fresh_for: Annotated[float, Field(ge=5, le=86400)] = 300
    forget_after: Annotated[float, Field(ge=60, le=30 * 86400)] = 21600


class ServerSettings(_Section):
    """One `[[servers]]`: a game server, by its serverId in the CAD."""

    id: Annotated[int, Field(ge=0, le=2**31)]
    name: Annotated[str, Field(max_length=100)] = ""
    token: SecretStr
    push_port: Annotated[int, Field(ge=0, le=65535)] | None = None


class Settings(BaseSettings):
    """The whole configuration, checked."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter="__",
        extra="forbid",
        frozen=True,
    )

    cad: CadSettings = CadSettings()
    push: PushSettings = PushSettings()
    gateway: GatewaySettings = GatewaySettings()
    admin: AdminSettings = AdminSettings()
    journal: JournalSettings = JournalSettings()
    alerts: AlertSettings = AlertSettings()
    servers: tuple[ServerSettings, ...] = ()

    @classmethod
    def settings_customise_sources(  # noqa: D102 - the library's hook
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings  # the environment wins over the file

    def starting_at(self, folder: Path) -> Settings:
        """Return the same settings with relative paths starting at a folder."""
        gateway = {
            name: folder / path
            for name in ("tls_cert", "tls_key")
            if (path := getattr(self.gateway, name)) is not None
        }
        journal = self.journal
        if journal.url.startswith("sqlite:") and journal.url != "sqlite:":
            journal = journal.model_copy(update={"url": f"sqlite:{folder / journal.path}"})
        return self.model_copy(
            update={"gateway": self.gateway.model_copy(update=gateway), "journal": journal}
        )

    def server(self, server_id: int) -> ServerSettings:
        """Return a configured server; KeyError for another id."""
        for server in self.servers:
            if server.id == server_id:
                return server
        raise KeyError(server_id)


def _combined_problems(settings: Settings) -> Iterator[ConfigurationError]:
    cad, gateway = settings.cad, settings.gateway
    if not cad.api_key.get_secret_value().strip():
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
    if not settings.journal.url.startswith("sqlite:") or not settings.journal.url[7:]:
        yield ConfigurationError(
            "journal.url",
            f"{settings.journal.url!r} is no journal of this version",
            '"sqlite:" and a file name',
        )
    yield from _server_problems(settings)
    yield from _port_problems(settings)


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
        if path is not None and not path.is_file():
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


def secrets(settings: Settings) -> list[str]:
    """Return every secret of a configuration: what must never be shown."""
    held = [settings.cad.api_key, settings.admin.token, *(s.token for s in settings.servers)]
    return [secret.get_secret_value() for secret in held if secret.get_secret_value()]


def load(path: Path | None) -> Settings:
    """Return the checked configuration of a TOML file (None: of the environment alone).

    Raises:
        ConfigurationError: the file cannot be read or something in it is not allowed; its text has
            a line for each problem.
    """
    body = {} if path is None else _read_toml(path)
    folder = Path.cwd() if path is None else path.resolve().parent
    problems = list(_unknown_environment(os.environ))
    try:
        settings = Settings(**body).starting_at(folder)
    except ValidationError as error:
        problems += [_as_problem(details) for details in error.errors()]
    except SettingsError as error:
        problems.append(
            ConfigurationError(
                "environment", f"{error}", "lists and [[servers]] are written as JSON"
            )
        )
    else:
        problems += _combined_problems(settings)
    if problems:
        raise ConfigurationError.several(problems)
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # Windows editors write a byte order mark, which TOML does not allow
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise ConfigurationError(
            str(path), "there is no such file", "`cad-bridge init` writes one"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(str(path), f"is no TOML: {error}") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), f"cannot be read: {error}") from None


def _unknown_environment(environment: Mapping[str, str]) -> Iterator[ConfigurationError]:
    for name in environment:
        if not name.upper().startswith(ENVIRONMENT_PREFIX):
            continue
        section, nested, _ = name[len(ENVIRONMENT_PREFIX) :].lower().partition("__")
        if section in Settings.model_fields:
            continue
        if nested:
            yield ConfigurationError(
                name, "names no section", f"one of {', '.join(Settings.model_fields)}"
            )
        elif meant := _meant(section):
            yield ConfigurationError(name, "is no key", f"did you mean {' or '.join(meant)}?")


def _meant(word: str) -> list[str]:
    """Return the variables that one without a double underscore may have been meant for."""
    return [
        f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
        for section, model in _SECTIONS.items()
        if section != "servers"
        for key in model.model_fields
        if word in {key, f"{section}_{key}"}
    ]


def _as_problem(details: ErrorDetails) -> ConfigurationError:
    location = [str(part) for part in details["loc"]]
    secret = any(part in SECRETS for part in location)
    whole = location[-1] in _SECTIONS or (location[0] == "servers" and location[-1].isdigit())
    problem = details["msg"].removeprefix("Input ")
    allowed = ""
    if details["type"] == "extra_forbidden":
        problem, allowed = "is no key of this section", _nearest(location)
    elif details["type"] == "missing":
        problem = "is missing"
    elif secret:
        problem, allowed = "is not allowed", "text"
    elif whole:  # not shown: there are secrets in it
        brackets = "[[servers]]" if location[0] == "servers" else f"[{location[0]}]"
        problem, allowed = "is not written as it must be", f"a line {brackets}, its keys below"
    else:
        problem, allowed = f"{details['input']!r:.80} is not allowed", problem
    return ConfigurationError(".".join(location), problem, allowed)


def _nearest(location: list[str]) -> str:
    """Return what may stand there, the nearest name first."""
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        if not part.isdigit():
            section = _SECTIONS[part]
    names = list(section.model_fields)
    near = difflib.get_close_matches(location[-1], names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}allowed: {', '.join(names)}"


_SECTIONS: dict[str, type[BaseModel]] = {
    "cad": CadSettings,
    "push": PushSettings,
    "gateway": GatewaySettings,
    "admin": AdminSettings,
    "journal": JournalSettings,
    "alerts": AlertSettings,
    "servers": ServerSettings,
}

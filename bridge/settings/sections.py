"""The sections of the configuration: every key with its type, default and bounds; and the whole.

Times are seconds, sizes bytes. A number is a number: TOML's `true` is none, though the library
would take it for 1. Text that is a number is one, as the environment knows nothing else.
"""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, field_serializer
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from bridge.journal.address import Address

__all__ = [
    "ENVIRONMENT_PREFIX",
    "SECTIONS",
    "AdminSettings",
    "AlertSettings",
    "CadSettings",
    "GatewaySettings",
    "JournalSettings",
    "PushSettings",
    "ServerSettings",
    "Settings",
]

ENVIRONMENT_PREFIX = "CAD_BRIDGE_"


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise PydanticCustomError("boolean", "should be a number, not true or false")
    return value


def _trimmed(value: object) -> object:
    """Return a text without the line's end that files and copying add."""
    return value.strip() if isinstance(value, str) else value


Whole = Annotated[int, BeforeValidator(_no_boolean)]
Number = Annotated[float, BeforeValidator(_no_boolean)]
Port = Annotated[Whole, Field(ge=0, le=65535)]
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CadSettings(_Section):
    """`[cad]`: the CAD community and what it is told of players."""

    community_id: Annotated[str, BeforeValidator(_trimmed)] = ""
    api_key: Annotated[SecretStr, BeforeValidator(_trimmed)] = SecretStr("")
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
    max_body: Annotated[Whole, Field(ge=1024, le=64 * 1024 * 1024)] = 1024 * 1024
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
    token: Annotated[SecretStr, BeforeValidator(_trimmed)] = SecretStr("")


class JournalSettings(_Section):
    """`[journal]`: where events are kept, and for how long."""

    url: Annotated[str, Field(repr=False)] = "sqlite:cad-bridge.db"
    """May hold a password: what may be seen of it is `shown`."""
    keep_days: Annotated[Number, Field(gt=0, le=3650)] = 7
    max_size: Annotated[Whole, Field(ge=16 * 1024 * 1024)] = 1024 * 1024 * 1024

    @property
    def kind(self) -> Literal["sqlite", "nats"]:
        """A file on this machine, or JetStream on others."""
        return "sqlite" if self.url.startswith("sqlite:") else "nats"

    @property
    def path(self) -> Path:
        """The file of an `sqlite:` url, absolute once loaded."""
        return Path(self.url.removeprefix("sqlite:"))

    @property
    def address(self) -> Address:
        """Where a journal of the kind `nats` lies; ValueError if the url does not say."""
        return Address.parse(self.url)

    @property
    def shown(self) -> str:
        """The url without user, password, token and credentials."""
        try:
            return self.url if self.kind == "sqlite" else self.address.shown
        except ValueError:
            return ""

    @field_serializer("url")
    def _without_secrets(self, _: str) -> str:
        return self.shown

    def starting_at(self, folder: Path) -> JournalSettings:
        """Return the same journal with a relative path, or one of credentials, made absolute."""
        if self.kind == "sqlite":
            has_file = self.url != "sqlite:"
            url = f"sqlite:{folder / self.path}" if has_file else self.url
        else:
            try:
                credentials = self.address.credentials
            except ValueError:
                return self  # told with everything else that is wrong
            if not credentials:
                return self
            option = urlencode({"credentials": str(folder / credentials)})
            url = f"{self.url.partition('?')[0]}?{option}"
        return self.model_copy(update={"url": url})


class AlertSettings(_Section):
    """`[alerts]`: when something is too old."""

    fresh_for: Annotated[Number, Field(ge=5, le=86400)] = 300
    forget_after: Annotated[Number, Field(ge=60, le=30 * 86400)] = 21600


class ServerSettings(_Section):
    """One `[[servers]]`: a game server, by its serverId in the CAD."""

    id: Annotated[Whole, Field(ge=0, le=2**31)]
    name: Annotated[str, Field(max_length=100)] = ""
    token: Annotated[SecretStr, BeforeValidator(_trimmed)]
    push_port: Port | None = None


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
        return self.model_copy(
            update={
                "gateway": self.gateway.model_copy(update=gateway),
                "journal": self.journal.starting_at(folder),
            }
        )

    def server(self, server_id: int) -> ServerSettings:
        """Return a configured server; KeyError for another id."""
        for server in self.servers:
            if server.id == server_id:
                return server
        raise KeyError(server_id)


SECTIONS: dict[str, type[BaseModel]] = {
    "cad": CadSettings,
    "push": PushSettings,
    "gateway": GatewaySettings,
    "admin": AdminSettings,
    "journal": JournalSettings,
    "alerts": AlertSettings,
    "servers": ServerSettings,
}

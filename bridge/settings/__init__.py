"""The configuration: what it holds, how it is read, and what is refused.

A TOML file, each key of which an environment variable may override: `CAD_BRIDGE_<SECTION>__<KEY>`,
the servers as a JSON list in `CAD_BRIDGE_SERVERS`. Nothing starts before the whole has been
checked; a refusal names every bad key and says what is allowed, and never shows the value of a
secret.
"""

from bridge.settings.across import is_loopback
from bridge.settings.environment import configures, strays
from bridge.settings.reading import load, secrets
from bridge.settings.sections import (
    ENVIRONMENT_PREFIX,
    SECTIONS,
    AdminSettings,
    AlertSettings,
    CadSettings,
    GatewaySettings,
    JournalSettings,
    PushSettings,
    ServerSettings,
    Settings,
)

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
    "configures",
    "is_loopback",
    "load",
    "secrets",
    "strays",
]

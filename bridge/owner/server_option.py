"""Which of the configured servers `--server` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from bridge.settings import Settings
    from bridge.settings.sections import ServerSettings

__all__ = ["named_server"]


def named_server(settings: Settings, server: int | None) -> ServerSettings:
    """Return the server of this id; None names the first.

    Raises:
        ConfigurationError: there is none of this id; it says which there are.
    """
    if server is None:
        return settings.servers[0]
    try:
        return settings.server(server)
    except KeyError:
        known = ", ".join(str(each.id) for each in settings.servers)
        raise ConfigurationError(
            "--server", f"{server} is not configured", f"there is {known}"
        ) from None

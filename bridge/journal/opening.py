"""The journal that the configuration names; a new back end is a line here and a file beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError
from bridge.journal.address import HOW_TO_INSTALL, NOT_INSTALLED

if TYPE_CHECKING:
    from bridge.journal import Journal
    from bridge.metrics import Metrics
    from bridge.settings import JournalSettings

__all__ = ["open_journal"]


async def open_journal(settings: JournalSettings, metrics: Metrics) -> Journal:
    """Open it, or make it where there is none.

    Raises:
        JournalInUse: another bridge has the file.
        JournalUnavailable: it cannot be opened now.
        ConfigurationError: it is something else, from a newer bridge, or needs what is not
            installed.
    """
    if settings.kind == "sqlite":
        from bridge.journal.sqlite import SqliteJournal  # each back end loads what it alone needs

        return await SqliteJournal.open(
            settings.path, max_size_bytes=settings.max_size, metrics=metrics
        )
    try:
        from bridge.journal.jetstream import JetStreamJournal
    except ModuleNotFoundError:
        raise ConfigurationError(
            "journal.url",
            NOT_INSTALLED,
            HOW_TO_INSTALL,
        ) from None
    return await JetStreamJournal.open(
        settings.url, max_size_bytes=settings.max_size, metrics=metrics
    )

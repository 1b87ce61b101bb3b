"""Checks of a journal that is on other machines; none for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.journal.address import HOW_TO_INSTALL, NOT_INSTALLED
from bridge.owner.checks.check import Check, Context, mib

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.owner.cluster import Looked
    from bridge.settings import JournalSettings

__all__ = ["journal_servers"]

_NAME = "journal's servers"


def journal_servers(context: Context) -> Iterator[Check]:
    """NATS must be there with JetStream, and hold as many copies as were wanted."""
    looked = context.looked_at_journal
    if looked is None:
        return
    name = context.settings.journal.address.name
    if looked.state == "not_installed":
        yield Check(
            _NAME,
            "fail",
            NOT_INSTALLED,
            HOW_TO_INSTALL,
        )
    elif looked.state == "unusable":
        yield Check(
            _NAME,
            "fail",
            looked.detail,
            "see that the NATS servers of journal.url run with JetStream, more than half of them, "
            "and let this machine in (port, user, password); docs/configuration.md has an example",
        )
    elif looked.state == "not_made":
        yield Check(
            _NAME,
            "note",
            f"NATS is there, with JetStream; no journal {name!r} yet",
            "cad-bridge run makes it",
        )
    else:
        yield from _copies(looked, context.settings.journal)


def _copies(looked: Looked, settings: JournalSettings) -> Iterator[Check]:
    wanted, name = settings.address.copies, settings.address.name
    text = f"{name!r}: {mib(looked.used)} used of {mib(settings.max_size)}, "
    if looked.away:
        yield Check(
            _NAME,
            "warn",
            f"{text}{looked.away} of {looked.copies} copies are away or behind",
            "start the NATS server that is down before another one fails; it catches up by itself",
        )
    elif looked.copies < wanted:
        yield Check(
            _NAME,
            "warn",
            f"{text}kept {_times(looked.copies)} though journal.url names enough servers for "
            f"{wanted} copies",
            "restart the bridge: it asks NATS for them when it starts",
        )
    elif looked.copies == 1:
        yield Check(
            _NAME,
            "note",
            f"{text}one copy",
            "with three servers in journal.url there are three copies, and one may fail; a lone "
            'one needs sync_interval "always" (docs/configuration.md, Several machines)',
        )
    else:
        yield Check(_NAME, "ok", f"{text}{looked.copies} copies, all in step")


def _times(copies: int) -> str:
    return "once" if copies == 1 else f"{copies} times"

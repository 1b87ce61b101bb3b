"""What a journal over NATS looks like from outside. For `doctor` and `export`: nothing is made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bridge.errors import JournalUnavailable

if TYPE_CHECKING:
    from bridge.journal.address import Address

__all__ = ["Looked", "look"]


@dataclass(frozen=True, slots=True)
class Looked:
    """What came of looking."""

    state: Literal["there", "not_made", "unusable", "not_installed"]
    """`not_made`: NATS takes it, but no bridge has made it yet."""
    detail: str = ""
    """Why it is unusable; without addresses."""
    copies: int = 0
    away: int = 0
    """How many of the copies are on servers that are away, or lag behind."""
    used: int = 0
    """Bytes of a copy."""


async def look(address: Address) -> Looked:
    """Ask the servers; never raises for what they or the network do."""
    try:
        from bridge.journal.cluster import Cluster  # needs a package that is an extra
    except ModuleNotFoundError:
        return Looked("not_installed")
    try:
        cluster = await Cluster.open(address, _nothing)
        try:
            found = [await cluster.copies(name) for name in (address.name, f"KV_{address.name}")]
        finally:
            await cluster.close()
    except JournalUnavailable as error:
        return Looked("unusable", _impersonal(error.reason, address))
    there = [copies for copies in found if copies is not None]
    if len(there) < len(found):
        return Looked("not_made")
    return Looked(
        "there",
        copies=min(copies.wanted for copies in there),
        away=max(copies.away for copies in there),
        used=sum(copies.used for copies in there),
    )


def _impersonal(reason: str, address: Address) -> str:
    """Return why, without the addresses: a report is pasted into support threads."""
    return reason.removeprefix(f"NATS at {address.shown}: ")


async def _nothing() -> None:
    """Take note that the connection came back: nobody waits for that here."""

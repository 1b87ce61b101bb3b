"""Who a player is to the CAD, and which of its units are his. Pure.

The CAD knows a player by the text that was sent when he linked his account: one of his FiveM
identifiers, bare or with its type. Units are matched by the ids that the CAD has verified, never
by API ids, which anybody can type into his account, and never by an address.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from bridge.errors import RequestRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from bridge.events import Unit

__all__ = ["Identity"]

_TYPES: Final = frozenset({"license", "license2", "fivem", "discord", "steam", "xbl", "live"})
_HEXADECIMAL: Final = frozenset({"license", "license2", "steam"})
_VERIFIED: Final = 2
"""The first lists of a unit's ids: communityUserId and communityUserIds."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner's choice of what the CAD is told."""

    type: str = "license"
    form: str = "bare"
    """`bare`: the value alone, as the CAD's own resource links; or `prefixed`."""

    def of(self, player: Sequence[str]) -> str:
        """Return the text by which the CAD knows a player.

        Raises:
            RequestRefused: he has no identifier of the chosen type.
        """
        name = self.in_full(player)
        return name.partition(":")[2] if self.form == "bare" else name

    def in_full(self, player: Sequence[str]) -> str:
        """Return the player's identifier of the chosen type, with its type.

        Raises:
            RequestRefused: he has none.
        """
        for identifier in player:
            kind, _, value = identifier.partition(":")
            if kind.lower() == self.type and value:
                return f"{self.type}:{value}"
        raise RequestRefused(
            "not_configured",
            f"the player has no {self.type!r} identifier; choose another with [cad] identifier",
        )

    def units_of(self, player: Sequence[str], units: Iterable[Unit]) -> tuple[Unit, ...]:
        """Return the units that the CAD says are this player's."""
        return self.units_in(self.index(units), player)

    def index(self, units: Iterable[Unit]) -> dict[str, list[Unit]]:
        """Return the units under every id that the CAD has verified of them."""
        index: dict[str, list[Unit]] = {}
        for unit in units:
            for said in {_normal(said) for ids in unit.player_ids[:_VERIFIED] for said in ids}:
                index.setdefault(said, []).append(unit)
        return index

    def units_in(self, index: Mapping[str, list[Unit]], player: Sequence[str]) -> tuple[Unit, ...]:
        """Return a player's units of an `index`."""
        names = (name for identifier in player for name in self._names(identifier))
        found = {unit.ident: unit for name in names for unit in index.get(name, ())}
        return tuple(found[ident] for ident in sorted(found))

    def _names(self, identifier: str) -> Iterator[str]:
        name = _normal(identifier)
        kind, colon, value = name.partition(":")
        if not colon or kind not in _TYPES:
            return
        yield name
        if kind in {"license", self.type}:
            # a bare number of another type may be anybody's
            yield value


def _normal(identifier: str) -> str:
    """Return `type:value` with a known type, else the bare value, as both sides write them."""
    kind, colon, value = identifier.strip().partition(":")
    kind = kind.strip().lower()
    if not colon or kind not in _TYPES:
        return _steam(identifier.strip().lower())
    value = value.strip()
    if kind in _HEXADECIMAL:
        value = value.lower()
    return f"{kind}:{_steam(value) if kind == 'steam' else value}"


def _steam(value: str) -> str:
    """Return a decimal SteamID64 as FXServer writes it, in hexadecimal; others as they are."""
    if len(value) == 17 and value.isdecimal() and value.startswith("7656119"):
        return f"{int(value):015x}"
    return value

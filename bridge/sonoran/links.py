"""Whether a player is linked to a CAD account, and how he becomes so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from bridge.facts import Linked
from bridge.memory import Memory
from bridge.sonoran.desk import ANSWER_WITHIN, Desk
from bridge.sonoran.faults import CadRefused
from bridge.sonoran.pacing import Budget

if TYPE_CHECKING:
    from bridge.params import OfPlayer

__all__ = ["Links"]

_LINKED_MS: Final = 10 * 60_000
_UNLINKED_MS: Final = 15_000
"""A code is typed in within minutes; nobody is asked about more often than this."""
_MOST: Final = 2000
_PAGE: Final = "https://sonorancad.com/id?code="


class Links:
    """Answers `link.create` and `link.check`, and remembers who is linked."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._accounts: Memory[str, str] = Memory(_LINKED_MS, _MOST)
        self._unlinked: Memory[str, bool] = Memory(_UNLINKED_MS, _MOST)

    async def create(self, server: int, params: OfPlayer) -> dict[str, Any]:
        """link.create: a code for the CAD's page, unless he is linked already."""
        budget = Budget(ANSWER_WITHIN)
        name = self._desk.identity.of(params.player)
        if await self.account_of(server, name, budget) is not None:
            return {"linked": True}
        async with self._desk.asking(server):
            link = await self._desk.api.create_link(name, budget)
        return {
            "code": link.code,
            "url": link.url or f"{_PAGE}{link.code}",
            "expiresIn": int(link.expires_in),
        }

    async def check(self, server: int, params: OfPlayer) -> dict[str, bool]:
        """link.check: is he linked by now?"""
        name = self._desk.identity.of(params.player)
        account = await self.account_of(server, name, Budget(ANSWER_WITHIN))
        return {"linked": account is not None}

    async def account_of(self, server: int, name: str, budget: Budget) -> str | None:
        """Return the CAD account (empty: the CAD did not say which) that a player is linked to,
        None if to none.

        Raises:
            RequestRefused: the CAD could not be asked.
        """
        now = self._desk.now()
        known = self._accounts.get(name, now)
        if known is not None or self._unlinked.get(name, now):
            return known
        async with self._desk.asking(server):
            account = await self._ask(name, budget)
        if account is None:
            self._unlinked.put(name, True, now)
            return None
        if account and await self._is_news(server, name, account):
            await self._desk.accept(server, Linked(name, account))
        self._accounts.put(name, account, now)  # only now: who asks again must be told to the board
        return account

    async def _ask(self, name: str, budget: Budget) -> str | None:
        try:
            found = await self._desk.api.check_link(name, budget)
        except CadRefused as refused:
            if refused.status == 200:  # {"success": false}: how a missing link was said formerly
                return None
            raise
        return (found.account or "") if found.linked else None

    async def _is_news(self, server: int, name: str, account: str) -> bool:
        """Tell whether units of the account are on duty that are not known to be his."""
        board = await self._desk.board(server)
        return any(
            unit.account.lower() == account.lower() and name not in unit.player_ids[0]
            for unit in board.units.values()
        )

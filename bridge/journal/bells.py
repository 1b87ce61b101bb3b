"""Who is to be woken when a server has new events."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Bells"]


class Bells:
    """The bells of one server."""

    def __init__(self) -> None:
        self._hung: set[asyncio.Event] = set()

    @contextmanager
    def hung(self) -> Iterator[asyncio.Event]:
        """Return one that is set by each ring, while entered."""
        bell = asyncio.Event()
        self._hung.add(bell)
        try:
            yield bell
        finally:
            self._hung.discard(bell)

    def ring(self) -> None:
        """Wake them all."""
        for bell in self._hung:
            bell.set()

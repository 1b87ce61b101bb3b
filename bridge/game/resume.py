"""Where a stream begins, and whether the board comes first (contract, section "Resume").

The stream starts at the first event that is both after the cursor and fresh. Whatever is left out
by that is made good by the board as it stands just before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bridge.game.frames import Hello

__all__ = ["BoardWanted", "LeftOutWanted", "Need", "Standing", "StandingWanted", "resume"]


@dataclass(frozen=True, slots=True)
class StandingWanted:
    """Where does the server's journal stand? Answer with `Session.standing`."""

    server: int


@dataclass(frozen=True, slots=True)
class LeftOutWanted:
    """Is any event beyond `after` and up to `upto` not hidden? Answer with `Session.left_out`."""

    server: int
    after: int
    upto: int


@dataclass(frozen=True, slots=True)
class BoardWanted:
    """The board as it stood just after event `seq`. Answer with `Session.board`."""

    server: int
    seq: int


Need = StandingWanted | LeftOutWanted | BoardWanted


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a server's journal stands."""

    epoch: str
    last: int
    acknowledged: int
    """What the journal knows to be handled: it counts where the resource's cursor says nothing."""
    first_fresh: int
    """Number of the first event younger than `fresh_for`, or the number behind the last."""


def resume(server: int, hello: Hello, standing: Standing) -> tuple[int, Need | None]:
    """Return after which event the stream begins, and what must be known for the welcome."""
    cursor = hello.cursor
    if hello.epoch != standing.epoch or cursor is None or cursor > standing.last:
        # The cursor says nothing, so nobody knows what the resource's own board is worth.
        after = max(min(standing.acknowledged, standing.last), standing.first_fresh - 1)
        return after, BoardWanted(server, after)
    after = max(cursor, standing.first_fresh - 1)
    if hello.board:
        return after, BoardWanted(server, after)
    if after > cursor:
        return after, LeftOutWanted(server, cursor, after)
    return after, None

"""Facts over a board -> events: what changed, if anything. Pure: nothing here changes a board.

The CAD gives its pushes neither number nor time. They may come twice, by two ways, in any order, or
not at all. So a fact is compared with the board, never with other pushes: what is so already makes
no event, whatever shape says it again. Only what changes no state (notes, tones, links, pushes that
are handed on) is compared with what was said in the last ten seconds.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, assert_never

from bridge.board import fingerprint
from bridge.events import Pushed, TonePlayed
from bridge.facts import (
    Attached,
    Closed,
    Detached,
    Grouped,
    GroupRenamed,
    Linked,
    Located,
    Noted,
    OffDuty,
    OnDuty,
    Other,
    PanicSet,
    Placed,
    Removed,
    StatusSet,
    Toned,
    Ungrouped,
    Written,
)
from bridge.folding import calls, units

if TYPE_CHECKING:
    from bridge.board import Board
    from bridge.events import Event
    from bridge.facts import Fact

__all__ = ["expire", "fold"]


def fold(board: Board, fact: Fact, now: int) -> list[Event]:
    """Return what the fact changes at the time `now` (ms since the epoch): nothing, if it is known.

    The caller replays the events, in order, before it folds the next fact.
    """
    match fact:
        case Placed(call, alert):
            return calls.place(board, call, now, alert=alert)
        case Written():
            return calls.write(board, fact, now)
        case Removed(key, reason):
            return calls.end(board, key, reason, now)
        case Closed(number, reason):
            return calls.end(board, calls.dispatch_key(number), reason, now)
        case Noted(number, note):
            return calls.note(board, calls.dispatch_key(number), note, now)
        case Attached(number, idents):
            return calls.attach(board, calls.dispatch_key(number), idents, now)
        case Detached(number, idents) if number is not None:
            return calls.detach(board, calls.dispatch_key(number), idents, now)
        case Detached(idents=idents):
            return calls.detach_everywhere(board, idents, now)
        case Located(key, position):
            return calls.locate(board, key, position)
        case OnDuty():
            return units.on_duty(board, fact, now)
        case OffDuty(ident):
            return units.off_duty(board, ident, now)
        case StatusSet(ident, status):
            return units.set_status(board, ident, status)
        case PanicSet(ident, on):
            return units.set_panic(board, ident, now, on=on)
        case Grouped(ident, group):
            return units.join(board, ident, group)
        case Ungrouped(ident, group):
            return units.leave(board, ident, group)
        case GroupRenamed(old, new, idents):
            return units.rename(board, old, new, idents)
        case Linked(community_user_id, account):
            return units.link(board, community_user_id, account, now)
        case Toned(tone):
            return _once(board, TonePlayed(tone), now)
        case Other(push_type, data):
            return _once(board, Pushed(push_type, data), now)
        case _ as never:
            assert_never(never)


def expire(board: Board, now: int, forget_after_ms: int) -> list[Event]:
    """Return what is over at the time `now`: calls without news for `forget_after_ms`, test calls,
    and panics that nobody has switched off.
    """
    return list(chain(calls.expire(board, now, forget_after_ms), units.expire(board, now)))


def _once(board: Board, event: TonePlayed | Pushed, now: int) -> list[Event]:
    return [] if board.recent.get(fingerprint(event), now) else [event]

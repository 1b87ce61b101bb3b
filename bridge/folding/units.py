"""What facts about units and their people change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bridge.board import PANIC_MS, fingerprint
from bridge.events import LinkVerified, LogOutRemembered, Unit, UnitChanged, UnitOffDuty, UnitOnDuty
from bridge.wire import UNIT_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.board import Board
    from bridge.events import Event, IdLists
    from bridge.facts import OnDuty

MOST_UNITS = 2000
"""Units on duty: many times what a community has; further ones take the place of the oldest."""


def on_duty(board: Board, fact: OnDuty, now: int) -> list[Event]:
    """A unit is on duty as described: new, changed, or known already."""
    unit = fact.unit
    known = board.units.get(unit.ident)
    if known is not None:
        described = _described(board, known, fact)
        is_over = not unit.panic and "panic" not in fact.unsaid
        all_clear = _all_clear(board, described) if is_over else []
        return [*_changed(known, described), *all_clear]
    if not fact.logged_in and board.left.get(unit.ident, now):
        return []
    return [*_room(board), UnitOnDuty(unit)]


def off_duty(board: Board, ident: int, now: int) -> list[Event]:
    """A unit logged out. Its calls keep it until the CAD says that it was detached. One that was
    never seen is remembered, in case a description of it is under way.
    """
    known = board.units.get(ident)
    if known is not None:
        return [UnitOffDuty(known)]
    return [] if board.left.get(ident, now) else [LogOutRemembered(ident)]


def set_status(board: Board, ident: int, status: int | str) -> list[Event]:
    """A unit's status changed; of an unknown unit it tells nobody anything."""
    known = board.units.get(ident)
    return [] if known is None else _changed(known, replace(known, status=status))


def set_panic(board: Board, ident: int, now: int, *, on: bool) -> list[Event]:
    """A panic was raised or ended. One of an unknown unit is raised too: better a panic without a
    name than none.
    """
    known = board.units.get(ident)
    if known is not None:
        all_clear = [] if on else _all_clear(board, known)
        return [*_changed(known, replace(known, panic=on)), *all_clear]
    if not on or board.left.get(ident, now):
        return []
    unit = Unit(ident)
    return [*_room(board), UnitOnDuty(unit), *_changed(unit, replace(unit, panic=True))]


def join(board: Board, ident: int, group: str) -> list[Event]:
    """A unit joined a group."""
    known = board.units.get(ident)
    return [] if known is None else _changed(known, replace(known, group=group))


def leave(board: Board, ident: int, group: str) -> list[Event]:
    """A unit left a group, unless it has joined another one meanwhile."""
    known = board.units.get(ident)
    if known is None or (group and known.group != group):
        return []
    return _changed(known, replace(known, group=""))


def rename(board: Board, old: str, new: str, idents: tuple[int, ...]) -> list[Event]:
    """A group has another name."""
    named = set(idents)
    members = [
        unit for unit in board.units.values() if unit.ident in named or (old and unit.group == old)
    ]
    return [event for unit in members for event in _changed(unit, replace(unit, group=new))]


def link(board: Board, community_user_id: str, account: str, now: int) -> list[Event]:
    """A player finished linking: his account's units are his from now on, and no other's are."""
    verified = LinkVerified(community_user_id, account)
    events: list[Event] = [] if board.recent.get(fingerprint(verified), now) else [verified]
    for unit in board.units.values():
        ids = _linked(unit, community_user_id, account)
        events += _changed(unit, replace(unit, player_ids=(ids, *unit.player_ids[1:])))
    return events


def expire(board: Board, now: int) -> Iterator[Event]:
    """A panic that nobody has switched off is over after `PANIC_MS`."""
    for ident, since in board.panics.items():
        if now - since >= PANIC_MS:
            yield from _changed(board.units[ident], replace(board.units[ident], panic=False))


def _room(board: Board) -> list[Event]:
    if len(board.units) < MOST_UNITS:
        return []
    return [UnitOffDuty(next(iter(board.units.values())))]


def _described(board: Board, known: Unit, fact: OnDuty) -> Unit:
    unit, unsaid = fact.unit, fact.unsaid
    said = {name: getattr(unit, name) for name in UNIT_FIELDS if name not in unsaid}
    if unit.ident in board.outlasted:
        said.pop("panic", None)
    if "account" in unsaid or not known.account or known.account == unit.account:
        said["player_ids"] = _more_ids(known.player_ids, unit.player_ids)
    return replace(known, **said)


def _all_clear(board: Board, unit: Unit) -> list[Event]:
    """Return that the CAD too shows no panic any more of a unit whose panic was over here by its
    time: the next one that a description shows is a new one.
    """
    return [UnitChanged(unit, ("panic",))] if unit.ident in board.outlasted else []


def _linked(unit: Unit, community_user_id: str, account: str) -> tuple[str, ...]:
    ids = unit.player_ids[0]
    if not account or not unit.account:
        return ids
    if unit.account.lower() != account.lower():
        return tuple(each for each in ids if each != community_user_id)
    return ids if community_user_id in ids else (*ids, community_user_id)


def _changed(before: Unit, after: Unit) -> list[Event]:
    if before == after:
        return []
    changed = tuple(
        name
        for field, name in UNIT_FIELDS.items()
        if getattr(before, field) != getattr(after, field)
    )
    return [UnitChanged(after, changed)]


def _more_ids(known: IdLists, said: IdLists) -> IdLists:
    return tuple(new or old for old, new in zip(known, said, strict=True))

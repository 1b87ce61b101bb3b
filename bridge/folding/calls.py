"""What facts about calls change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from bridge.board import GONE_MS, MINUTE, is_empty, note_fingerprint
from bridge.events import (
    MOST_NOTES,
    MOST_UNITS,
    Call,
    CallChanged,
    CallClosed,
    CallNoted,
    CallOpened,
    FieldsEmptied,
    RemovalRemembered,
    UnitsWaiting,
)
from bridge.wire import CALL_FIELDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.board import Board
    from bridge.events import CallId, Event, IdLists, Note, Position
    from bridge.facts import Written

MOST_CALLS = 500
"""Open calls; further ones take the place of the oldest."""
TEST_MS = MINUTE
"""How long a test call is open."""
LATE_MS = GONE_MS
"""A creation that comes so long after the last news of the call is no late one: its number is used
again."""
CLOSED = 2
"""The CAD's status of a dispatch call that is over, whatever the layout."""


def dispatch_key(number: CallId) -> str:
    """Return the key of a dispatch call."""
    return f"dispatch:{number}"


def place(board: Board, call: Call, now: int, *, alert: bool) -> list[Event]:
    """A 911 or test call exists: open it, unless it is known, over, or a dispatch call by now."""
    known = board.calls.get(call.key)
    if known is not None:
        again = _said_again(known, call)
        if alert and board.quiet.get(call.key, now):
            # a list was faster than the push, which has yet to alert
            return [CallOpened(again)]
        return _changed(known, again)
    heir = board.calls.get(board.dispatched.get(call.key, ""))
    if heir is not None:
        return _changed(heir, _inheriting(board, heir, call))
    if board.gone.get(call.key, now) is not None:
        return []
    return [*_room(board), CallOpened(call, alert)]


def write(board: Board, fact: Written, now: int) -> list[Event]:
    """A dispatch call was created or edited. It takes the place of its 911 call, which ends."""
    key = dispatch_key(fact.id)
    known = board.calls.get(key)
    if known is None:
        return _open_written(board, fact, now)
    is_quiet = board.quiet.get(key, now) is not None
    cleared = board.cleared.get(key, frozenset())
    if fact.creation and is_quiet:
        call = _filled_in(known, fact, cleared)
    elif fact.creation and now - board.heard[key] < LATE_MS:
        # a copy knows nothing of who came and went since, nor of notes that were taken away
        call = _filled_in(known, replace(fact, units=None, notes=None, silent=None), cleared)
    else:
        call = _as_written(known, fact)
    if call.origin_911 != known.origin_911:
        call = _from_911(board, call, fact, now)
    replaced = _replaced(board, call)
    if _is_closed(call.status):
        return [CallClosed(call, "closed"), *replaced]
    emptied = _emptied(known, call, fact, cleared) if is_quiet else []
    if fact.alert and is_quiet:
        # an edit or a list was faster than the creation, which has yet to alert
        return [CallOpened(call), *emptied, *replaced]
    return [*_changed(known, call), *emptied, *replaced]


def end(board: Board, key: str, reason: str, now: int) -> list[Event]:
    """A call is over. One that was never seen is remembered, in case it comes late."""
    known = board.calls.get(key)
    if known is not None:
        return [CallClosed(known, reason)]
    if key in board.dispatched or board.gone.get(key, now) is not None:
        return []
    return [RemovalRemembered(key)]


def note(board: Board, key: str, added: Note, now: int) -> list[Event]:
    """A note was added to a call; one to an unknown call is nothing to anybody."""
    call = board.calls.get(key)
    if call is None or board.recent.get(note_fingerprint(key, added), now):
        return []
    if added.time and added in call.notes:  # a creation or a list was faster
        return []
    return [CallNoted(replace(call, notes=(*call.notes, added)[-MOST_NOTES:]), added)]


def attach(board: Board, key: str, idents: tuple[int, ...], now: int) -> list[Event]:
    """Units were attached to a call, or wait for it if it is not known yet."""
    call = board.calls.get(key)
    if call is not None:
        return _changed(call, replace(call, units=_union(call.units, idents)))
    if board.gone.get(key, now) is not None:
        return []
    before = board.waiting.get(key, now) or ()
    after = _union(before, idents)
    return [] if after == before else [UnitsWaiting(key, after)]


def detach(board: Board, key: str, idents: tuple[int, ...], now: int) -> list[Event]:
    """Units were detached from a call, known or awaited."""
    call = board.calls.get(key)
    if call is not None:
        return _changed(call, replace(call, units=_without(call.units, idents)))
    before = board.waiting.get(key, now) or ()
    after = _without(before, idents)
    return [] if after == before else [UnitsWaiting(key, after)]


def detach_everywhere(board: Board, idents: tuple[int, ...], now: int) -> list[Event]:
    """Units were detached from whatever call they are on."""
    keys = [*board.calls, *(key for key, _ in board.waiting.items(now))]
    return [event for key in keys for event in detach(board, key, idents, now)]


def locate(board: Board, key: str, position: Position) -> list[Event]:
    """The game found where a call is; what the CAD says itself counts more."""
    call = board.calls.get(board.dispatched.get(key, key))
    if call is None or call.position is not None:
        return []
    return _changed(call, replace(call, position=position))


def expire(board: Board, now: int, forget_after_ms: int) -> Iterator[Event]:
    """Calls without news for so long are over, and test calls after `TEST_MS`."""
    for key, call in board.calls.items():
        is_old_test = call.kind == "test" and now - call.opened_at >= TEST_MS
        if is_old_test or now - board.heard[key] >= forget_after_ms:
            yield CallClosed(call, "expired")


def _open_written(board: Board, fact: Written, now: int) -> list[Event]:
    key = dispatch_key(fact.id)
    if board.gone.get(key, now) is not None:
        return []
    if _is_closed(fact.status):
        return [RemovalRemembered(key)]
    # whether it is an emergency, only a 911 call can say
    blank = Call("dispatch", fact.id, fact.at, emergency=False)
    call = _as_written(blank, fact)
    waiting = board.waiting.get(key, now)
    if waiting is not None and (fact.creation or fact.units is None):
        call = replace(call, units=_union(call.units, waiting))
    call = _from_911(board, call, fact, now)
    replaced = _replaced(board, call)
    room = [] if replaced else _room(board)
    emptied = _emptied(blank, call, fact, frozenset())
    return [*room, CallOpened(call, alert=fact.alert), *emptied, *replaced]


def _as_written(call: Call, fact: Written) -> Call:
    """Return the call with everything the fact says; what it does not say is kept, and so is the
    place of the 911 call where it says none.
    """
    changes = _said(fact)
    if fact.units is not None and set(fact.units) == set(call.units):
        changes.pop("units")  # in whatever order
    if call.origin_911 is not None and not fact.location:
        changes.pop("location", None)
    if fact.postal == "":
        changes["postal"] = call.postal if call.origin_911 is not None else None
    if fact.caller_ids is not None:
        changes["caller_ids"] = _more_ids(call.caller_ids, fact.caller_ids)
    if call.origin_911 is not None:
        changes.pop("origin_911", None)
    return replace(call, **changes)


def _filled_in(call: Call, fact: Written, cleared: frozenset[str]) -> Call:
    """Return the call with what its creation says and nobody has said yet: all else was said later,
    though it came before, also that a field is empty.
    """
    changes = {
        name: value
        for name, value in _said(fact).items()
        if name not in cleared and is_empty(getattr(call, name)) and not is_empty(value)
    }
    if fact.caller_ids is not None:
        changes["caller_ids"] = _more_ids(fact.caller_ids, call.caller_ids)
    return replace(call, **changes)


def _emptied(
    before: Call, after: Call, fact: Written, cleared: frozenset[str]
) -> list[FieldsEmptied]:
    """Return the fields that were empty and of which an edit says so too: its creation may come
    late, and says what they were earlier.
    """
    if fact.creation:
        return []
    inherited = {"location", "postal"} if after.origin_911 is not None else set()
    fields = tuple(
        name
        for name, value in _said(fact).items()
        if is_empty(value)
        and is_empty(getattr(before, name))
        and is_empty(getattr(after, name))
        and name not in cleared | inherited
    )
    return [FieldsEmptied(after.key, fields)] if fields else []


def _said(fact: Written) -> dict[str, Any]:
    """Return the call's fields that the fact says something of, but for the caller's ids."""
    said = {
        "title": fact.title,
        "code": fact.code,
        "location": fact.location,
        "description": fact.description,
        "postal": fact.postal,
        "position": fact.position,
        "priority": fact.priority,
        "status": fact.status,
        "units": fact.units,
        "notes": fact.notes,
        "silent": fact.silent,
        "caller": fact.caller,
        "origin_911": fact.origin_911,
    }
    return {name: value for name, value in said.items() if value is not None}


def _said_again(known: Call, call: Call) -> Call:
    """Return a 911 call after a further description; an empty field takes nothing away, as the two
    ways and the CAD's own answers do not all say everything.
    """
    return replace(
        known,
        emergency=call.emergency,
        caller=call.caller or known.caller,
        location=call.location or known.location,
        description=call.description or known.description,
        postal=call.postal or known.postal,
        position=call.position or known.position,
        caller_ids=_more_ids(known.caller_ids, call.caller_ids),
        silent=call.silent or known.silent,
    )


def _from_911(board: Board, call: Call, fact: Written, now: int) -> Call:
    """Return a dispatch call, after what a fact says of it, with what it inherits of the 911 call
    that it was made from, open or just gone.
    """
    if call.origin_911 is None:
        return call
    source = board.calls.get(call.origin_911)
    gone = board.gone.get(call.origin_911, now)
    if source is None and gone is not None:
        source = gone.call
    if source is None:
        return call
    if fact.silent is False and not fact.creation:  # a later word than the one that is inherited
        source = replace(source, silent=False)
    return _inheriting(board, call, source)


def _inheriting(board: Board, call: Call, source: Call) -> Call:
    may_be_silent = "silent" not in board.cleared.get(call.key, ())
    return replace(
        call,
        emergency=source.emergency,
        caller=call.caller or source.caller,
        location=call.location or source.location,
        postal=call.postal or source.postal,
        position=call.position or source.position,
        caller_ids=_more_ids(source.caller_ids, call.caller_ids),
        silent=call.silent or (source.silent and may_be_silent),
    )


def _replaced(board: Board, call: Call) -> list[Event]:
    """Return the end of the 911 call whose place a dispatch call takes. It comes after the dispatch
    call's own event, so that the picture in the game moves and never disappears.
    """
    source = board.calls.get(call.origin_911 or "")
    return [] if source is None else [CallClosed(source, "dispatched")]


def _room(board: Board) -> list[Event]:
    if len(board.calls) < MOST_CALLS:
        return []
    oldest = next(iter(board.calls.values()))  # the first that came; no search a call in a flood
    return [CallClosed(oldest, "expired")]


def _is_closed(status: int | str | None) -> bool:
    return status == CLOSED or (isinstance(status, str) and status.lower() == "closed")


def _changed(before: Call, after: Call) -> list[Event]:
    if before == after:
        return []
    changed = tuple(
        name
        for field, name in CALL_FIELDS.items()
        if getattr(before, field) != getattr(after, field)
    )
    attached = _without(after.units, before.units)
    detached = _without(before.units, after.units)
    return [CallChanged(after, changed, attached, detached)]


def _more_ids(known: IdLists, said: IdLists) -> IdLists:
    return tuple(new or old for old, new in zip(known, said, strict=True))


def _union(idents: tuple[int, ...], more: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dict.fromkeys((*idents, *more)))[:MOST_UNITS]


def _without(idents: tuple[int, ...], fewer: tuple[int, ...]) -> tuple[int, ...]:
    if not idents or not fewer:
        return idents
    left_out = set(fewer)
    return tuple(ident for ident in idents if ident not in left_out)

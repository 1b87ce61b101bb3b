"""What facts about calls change: duplicates, order, 911 -> dispatch, limits, time."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.board import Board
from bridge.events import (
    MOST_NOTES,
    MOST_UNITS,
    NO_IDS,
    Call,
    CallChanged,
    CallClosed,
    CallNoted,
    CallOpened,
    Note,
    Position,
    RemovalRemembered,
    UnitsWaiting,
)
from bridge.facts import (
    Attached,
    Closed,
    Detached,
    Located,
    Noted,
    Placed,
    Removed,
    Written,
)

NOW = 1_790_000_000_000
IDS = (("license:abc",), (), (), ("Steam:1",), ())
HERE, THERE = Position(1.0, 2.0), Position(3.0, 4.0, 5.0)
EMERGENCY = Call(
    "911", 1, NOW, caller="Maria", location="Vespucci", postal="7351", position=HERE, caller_ids=IDS
)
NEW = Written(880, NOW, creation=True, alert=True, title="Collision", status=1, units=(101,))
EDIT = replace(NEW, creation=False, alert=False)
FOUND = replace(EDIT, alert=True)
DISPATCH = Call("dispatch", 880, NOW, emergency=False, title="Collision", status=1, units=(101,))


# 911 calls


def test_a_911_call_is_opened_and_alerts(desk: Any) -> None:
    assert desk.hears(Placed(EMERGENCY)) == [CallOpened(EMERGENCY)]


def test_an_old_911_call_is_opened_quietly(desk: Any) -> None:
    assert desk.hears(Placed(EMERGENCY, alert=False)) == [CallOpened(EMERGENCY, alert=False)]


def test_a_second_copy_of_a_call_changes_nothing(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY))

    assert desk.hears(Placed(replace(EMERGENCY, opened_at=NOW + 500))) == []


def test_a_911_call_said_again_changes_in_place_and_loses_nothing(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY))
    again = Call("911", 1, NOW + 9, emergency=False, caller="Maria Lopez", description="help")

    changed = replace(EMERGENCY, emergency=False, caller="Maria Lopez", description="help")
    assert desk.hears(Placed(again)) == [
        CallChanged(changed, ("emergency", "caller", "description"))
    ]


def test_ids_that_come_later_are_added_list_by_list(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY))
    again = replace(EMERGENCY, caller_ids=((), ("b",), (), ("c",), ()), silent=True)

    (change,) = desk.hears(Placed(again))
    assert change.call.caller_ids == (("license:abc",), ("b",), (), ("c",), ())
    assert change.changed == ("callerIds", "silent")


def test_a_removed_911_call_is_closed_once(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY))

    assert desk.hears(Removed("911:1")) == [CallClosed(EMERGENCY, "removed")]
    assert desk.hears(Removed("911:1")) == []


@pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
def test_a_late_copy_of_a_removed_call_opens_nothing(desk: Any, seen: bool) -> None:
    if seen:
        desk.hears(Placed(EMERGENCY))
    desk.hears(Removed("911:1"))

    desk.waits(14 * 60)
    assert desk.hears(Placed(EMERGENCY)) == []
    desk.waits(61)
    assert desk.hears(Placed(EMERGENCY)) == [CallOpened(EMERGENCY)]


def test_a_removal_before_the_call_is_remembered_once(desk: Any) -> None:
    assert desk.hears(Removed("911:1"), Removed("911:1")) == [RemovalRemembered("911:1")]


# dispatch calls


def test_a_dispatch_call_is_opened_and_alerts(desk: Any) -> None:
    assert desk.hears(NEW) == [CallOpened(DISPATCH)]
    assert desk.hears(NEW, EDIT) == []


def test_an_edit_says_which_fields_differ_and_who_came_and_went(desk: Any) -> None:
    desk.hears(NEW)
    edit = Written(
        880,
        NOW,
        creation=False,
        alert=False,
        title="Fire",
        code="F1",
        location="Here",
        description="d",
        postal="9",
        position=HERE,
        priority=2,
        status="x",
        units=(102, 103),
        notes=(Note("n"),),
        silent=True,
        caller="Bob",
        caller_ids=IDS,
    )

    (change,) = desk.hears(edit)
    assert set(change.changed) == {
        *("title", "code", "location", "description", "postal", "position", "priority", "status"),
        *("units", "notes", "silent", "caller", "callerIds"),
    }
    assert (change.attached, change.detached) == ((102, 103), (101,))
    assert desk.board.calls["dispatch:880"] == change.call
    assert desk.hears(edit) == []


def test_what_an_edit_does_not_say_is_kept(desk: Any) -> None:
    desk.hears(NEW)

    (change,) = desk.hears(Written(880, NOW + 5, creation=False, alert=False, priority="High"))
    assert change == CallChanged(replace(DISPATCH, priority="High"), ("priority",))


def test_an_edit_of_an_unknown_call_opens_it_without_alert(desk: Any) -> None:
    assert desk.hears(EDIT) == [CallOpened(DISPATCH, alert=False)]


def test_a_creation_that_comes_after_its_edit_alerts_once(desk: Any) -> None:
    desk.hears(EDIT)

    assert desk.hears(NEW) == [CallOpened(DISPATCH)]
    assert desk.hears(NEW) == []


def test_a_creation_that_comes_long_after_its_edit_alerts_nobody(desk: Any) -> None:
    desk.hears(EDIT)
    desk.waits(10 * 60)

    assert desk.hears(NEW) == []


@pytest.mark.parametrize("status", [2, "Closed"])
def test_an_edit_to_closed_closes_the_call(desk: Any, status: Any) -> None:
    desk.hears(NEW)

    assert desk.hears(replace(EDIT, status=status)) == [
        CallClosed(replace(DISPATCH, status=status), "closed")
    ]
    assert desk.hears(NEW) == []


def test_a_call_that_is_closed_when_first_seen_is_not_opened(desk: Any) -> None:
    assert desk.hears(replace(EDIT, status=2)) == [RemovalRemembered("dispatch:880")]
    assert desk.hears(NEW) == []


def test_closing_takes_known_and_unknown_calls_alike(desk: Any) -> None:
    desk.hears(NEW)

    assert desk.hears(Closed(424242), Closed(880), Closed(880)) == [
        RemovalRemembered("dispatch:424242"),
        CallClosed(DISPATCH, "closed"),
    ]


def test_a_dispatch_call_and_a_911_call_of_one_number_are_two(desk: Any) -> None:
    desk.hears(Placed(replace(EMERGENCY, id=880)), NEW)

    assert set(desk.board.calls) == {"911:880", "dispatch:880"}
    desk.hears(Closed(880))
    assert set(desk.board.calls) == {"911:880"}


# what was said later counts more than a creation that comes late

LATER = replace(
    EDIT, title="Fire", code="F1", location="Here", description="d", postal="9", position=HERE,
    priority=2, status=3, units=(102,), notes=(Note("n"),), silent=True, caller="Bob",
    caller_ids=IDS, origin_911="911:1",
)  # fmt: skip
EARLIER = replace(
    NEW, title="Crash", code="C1", location="There", description="c", postal="1", position=THERE,
    priority=1, status=0, units=(101,), notes=(Note("m"),), silent=False, caller="Ann",
    caller_ids=(("license:x",), (), (), ("Steam:2",), ()), origin_911="911:2",
)  # fmt: skip


def test_a_late_copy_of_a_creation_sets_nothing_back(desk: Any) -> None:
    desk.hears(EARLIER, LATER)
    edited = desk.board.calls["dispatch:880"]

    desk.waits(14 * 60)
    assert desk.hears(EARLIER) == []
    assert (edited.title, edited.status, edited.description) == ("Fire", 3, "d")


def test_a_creation_that_comes_after_its_edit_sets_nothing_back_and_alerts(desk: Any) -> None:
    desk.hears(LATER)
    edited = desk.board.calls["dispatch:880"]

    assert desk.hears(EARLIER) == [CallOpened(edited)]
    assert desk.hears(EARLIER) == []


def test_a_creation_that_comes_after_an_edit_of_little_fills_in_the_rest(desk: Any) -> None:
    desk.hears(Written(880, NOW, creation=False, alert=False, title="Fire", status=0))

    assert desk.hears(EARLIER) == [
        CallOpened(
            Call(
                "dispatch",
                880,
                NOW,
                emergency=False,
                title="Fire",
                status=0,
                code="C1",
                location="There",
                description="c",
                postal="1",
                position=THERE,
                priority=1,
                units=(101,),
                notes=(Note("m"),),
                caller="Ann",
                caller_ids=(("license:x",), (), (), ("Steam:2",), ()),
                origin_911="911:2",
            )
        )
    ]


def test_a_creation_fills_in_a_call_that_units_were_attached_to_before(desk: Any) -> None:
    desk.hears(Attached(880, (102,)), replace(EDIT, title=None, units=None))

    assert desk.hears(NEW) == [CallOpened(replace(DISPATCH, units=(102,)))]


def test_a_copy_fills_in_what_another_source_of_the_same_call_left_out(desk: Any) -> None:
    desk.hears(FOUND, Placed(EMERGENCY))

    change, closed = desk.hears(replace(NEW, code="C1", origin_911="911:1"))
    assert change.call == replace(INHERITED, code="C1")
    assert closed == CallClosed(EMERGENCY, "dispatched")


def test_a_late_copy_of_a_creation_brings_back_no_unit_and_no_note(desk: Any) -> None:
    new = replace(NEW, notes=(Note("n"),))
    desk.hears(new, Detached(880, (101,)), replace(EDIT, units=None, notes=()))

    assert desk.hears(new) == []
    assert desk.board.calls["dispatch:880"] == replace(DISPATCH, units=())


def test_a_late_copy_of_a_creation_fills_in_nothing_that_was_taken_away(desk: Any) -> None:
    new = replace(NEW, code="C1", location="There", description="c")
    desk.hears(new, replace(EDIT, code="", location="", description=""))

    assert desk.hears(new) == []
    desk.board = Board.decode(desk.board.encode(desk.now), desk.now)
    assert desk.hears(new) == []
    assert desk.board.calls["dispatch:880"] == DISPATCH


def test_a_creation_that_comes_after_its_edit_brings_back_no_unit_that_left(desk: Any) -> None:
    desk.hears(EDIT, Detached(880, (101,)))

    assert desk.hears(NEW) == [CallOpened(replace(DISPATCH, units=()))]


EMPTYING = replace(
    EDIT, code="", location="", description="", postal="", units=(), notes=(), silent=False
)


@pytest.mark.parametrize("edits", [[EMPTYING], [replace(EDIT, units=None), EMPTYING]])
@pytest.mark.parametrize("alert", [False, True])
def test_a_creation_that_comes_after_an_edit_fills_in_nothing_that_this_says_is_empty(
    desk: Any, edits: list[Written], alert: bool
) -> None:
    desk.hears(*edits[:-1], replace(edits[-1], alert=alert))

    desk.board = Board.decode(desk.board.encode(desk.now), desk.now)
    desk.hears(replace(EARLIER, silent=True, origin_911=None))
    call = desk.board.calls["dispatch:880"]
    assert (call.code, call.location, call.description, call.postal) == ("", "", "", None)
    assert (call.units, call.notes, call.silent) == ((), (), False)
    assert call.priority == 1


def test_an_edit_that_says_again_what_is_empty_is_no_news(desk: Any) -> None:
    desk.hears(EMPTYING)

    assert desk.hears(EMPTYING) == []


def test_a_place_that_an_edit_leaves_to_the_911_call_is_filled_in_by_the_creation(
    desk: Any,
) -> None:
    desk.hears(replace(EDIT, origin_911="911:1", location="", postal=""))

    desk.hears(replace(NEW, location="Vespucci", postal="7351"))
    call = desk.board.calls["dispatch:880"]
    assert (call.location, call.postal) == ("Vespucci", "7351")


def test_what_was_taken_away_is_forgotten_with_its_call(desk: Any) -> None:
    desk.hears(NEW, replace(EDIT, title=""), Closed(880))

    assert desk.board.cleared == {}


def test_a_late_copy_of_a_creation_closes_no_call_that_was_opened_again(desk: Any) -> None:
    desk.hears(EDIT)

    assert desk.hears(replace(NEW, status=2)) == [CallOpened(DISPATCH)]


def test_a_copy_of_the_911_call_sets_nothing_of_its_dispatch_call_back(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY), MADE, replace(LATER, origin_911=None))

    assert desk.hears(Placed(EMERGENCY), Placed(EMERGENCY, alert=False)) == []


def test_a_copy_of_a_silent_911_call_silences_no_dispatch_call_that_was_made_audible(
    desk: Any,
) -> None:
    silent = Placed(replace(EMERGENCY, silent=True))
    desk.hears(silent, MADE, replace(EDIT, silent=False))

    assert desk.hears(silent, replace(silent, alert=False)) == []
    assert not desk.board.calls["dispatch:880"].silent


def test_a_creation_that_names_a_silent_911_call_silences_none_that_its_edit_made_audible(
    desk: Any,
) -> None:
    desk.hears(Placed(replace(EMERGENCY, silent=True)), replace(EDIT, silent=False), MADE)

    assert not desk.board.calls["dispatch:880"].silent


@pytest.mark.parametrize("known", [True, False])
def test_an_edit_that_names_a_silent_911_call_and_is_audible_says_so_once(
    desk: Any, known: bool
) -> None:
    desk.hears(Placed(replace(EMERGENCY, silent=True)), *([NEW] if known else []))
    edit = replace(EDIT, origin_911="911:1", silent=False)

    desk.hears(edit)
    assert not desk.board.calls["dispatch:880"].silent
    assert desk.hears(edit) == []


def test_a_list_and_an_edit_still_overwrite(desk: Any) -> None:
    desk.hears(LATER)

    (change,) = desk.hears(replace(FOUND, title="Flood", units=()))
    assert (change.call.title, change.call.units) == ("Flood", ())


def test_a_number_that_is_used_again_is_described_anew(desk: Any) -> None:
    desk.hears(LATER)
    desk.waits(15 * 60)

    (change,) = desk.hears(replace(EARLIER, at=desk.now))
    assert (change.call.title, change.call.status, change.call.units) == ("Crash", 0, (101,))


def test_a_call_that_a_list_found_alerts_and_its_creation_does_not_again(desk: Any) -> None:
    assert desk.hears(FOUND) == [CallOpened(DISPATCH)]

    assert desk.hears(NEW, replace(NEW, units=(102,))) == []


def test_a_creation_that_comes_after_a_list_that_found_it_old_alerts_once(desk: Any) -> None:
    desk.hears(replace(FOUND, alert=False, title="Fire"))

    assert desk.hears(NEW) == [CallOpened(replace(DISPATCH, title="Fire"))]
    assert desk.hears(NEW) == []


def test_a_creation_of_a_call_that_a_list_found_old_is_no_new_use_of_its_number(desk: Any) -> None:
    desk.hears(replace(FOUND, alert=False, at=NOW - 20 * 60_000, title="Fire", units=()))
    desk.hears(NEW, Attached(880, (102,)))

    assert desk.hears(NEW) == []
    assert desk.board.calls["dispatch:880"].title == "Fire"


def test_a_911_call_that_comes_after_a_list_that_found_it_old_alerts_once(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY, alert=False))

    assert desk.hears(Placed(EMERGENCY, alert=False)) == []
    assert desk.hears(Placed(EMERGENCY)) == [CallOpened(EMERGENCY)]
    assert desk.hears(Placed(EMERGENCY)) == []


# units on calls


def test_attached_units_are_on_the_call_whether_known_or_not(desk: Any) -> None:
    desk.hears(NEW)

    assert desk.hears(Attached(880, (101, 9999, 102))) == [
        CallChanged(replace(DISPATCH, units=(101, 9999, 102)), ("units",), attached=(9999, 102))
    ]
    assert desk.hears(Attached(880, (102,))) == []


def test_detached_units_are_off_the_call(desk: Any) -> None:
    desk.hears(NEW, Attached(880, (102,)))

    assert desk.hears(Detached(880, (101, 9999))) == [
        CallChanged(replace(DISPATCH, units=(102,)), ("units",), detached=(101,))
    ]
    assert desk.hears(Detached(880, (101,))) == []


def test_units_attached_to_an_unknown_call_are_on_it_when_it_comes(desk: Any) -> None:
    assert desk.hears(Attached(880, (102,)), Attached(880, (103, 102))) == [
        UnitsWaiting("dispatch:880", (102,)),
        UnitsWaiting("dispatch:880", (102, 103)),
    ]
    assert desk.hears(Attached(880, (103,))) == []
    assert desk.hears(NEW) == [CallOpened(replace(DISPATCH, units=(101, 102, 103)))]


def test_a_late_copy_of_a_creation_takes_no_attached_unit_away(desk: Any) -> None:
    desk.hears(NEW, Attached(880, (102,)))

    assert desk.hears(NEW, replace(NEW, units=())) == []
    assert desk.board.calls["dispatch:880"].units == (101, 102)


def test_an_edit_says_who_is_attached_also_to_a_call_that_it_opens(desk: Any) -> None:
    desk.hears(Attached(880, (102,)))
    desk.hears(EDIT)

    assert desk.hears(EDIT) == []
    assert desk.board.calls["dispatch:880"].units == (101,)
    assert desk.hears(replace(EDIT, units=())) != []
    assert desk.board.calls["dispatch:880"].units == ()


def test_the_same_units_in_another_order_are_no_change(desk: Any) -> None:
    desk.hears(NEW, Attached(880, (102,)))

    assert desk.hears(replace(EDIT, units=(102, 101))) == []


def test_units_wait_ten_minutes(desk: Any) -> None:
    desk.hears(Attached(880, (102,)))
    desk.waits(600)

    assert desk.hears(NEW) == [CallOpened(DISPATCH)]


def test_units_detached_before_the_call_comes_do_not_wait(desk: Any) -> None:
    desk.hears(Attached(880, (102, 103)))

    assert desk.hears(Detached(880, (102,))) == [UnitsWaiting("dispatch:880", (103,))]
    assert desk.hears(Detached(880, (103,))) == [UnitsWaiting("dispatch:880", ())]
    assert desk.hears(NEW) == [CallOpened(DISPATCH)]


def test_at_most_200_calls_are_waited_for_and_the_oldest_is_given_up(desk: Any) -> None:
    desk.hears(*(Attached(number, (101,)) for number in range(201)))

    assert len(list(desk.board.waiting.items(desk.now))) == 200
    assert desk.board.waiting.get("dispatch:0", desk.now) is None


def test_units_attached_to_a_closed_call_do_not_wait(desk: Any) -> None:
    desk.hears(NEW, Closed(880))

    assert desk.hears(Attached(880, (102,))) == []


def test_units_detached_from_wherever_they_are(desk: Any) -> None:
    desk.hears(NEW, replace(NEW, id=881, units=(101, 102)), Attached(882, (101,)))

    events = desk.hears(Detached(None, (101,)))
    assert [type(event) for event in events] == [CallChanged, CallChanged, UnitsWaiting]
    assert desk.board.calls["dispatch:880"].units == ()
    assert desk.board.calls["dispatch:881"].units == (102,)


def test_a_call_has_at_most_so_many_units(desk: Any) -> None:
    desk.hears(NEW, Attached(880, tuple(range(900))), Attached(880, tuple(range(900, 1900))))

    assert len(desk.board.calls["dispatch:880"].units) == MOST_UNITS


# notes


def test_a_note_is_added_to_its_call(desk: Any) -> None:
    desk.hears(NEW)
    note = Note("Patient trapped", "A-12")

    assert desk.hears(Noted(880, note)) == [CallNoted(replace(DISPATCH, notes=(note,)), note)]


def test_the_same_note_within_ten_seconds_is_a_copy(desk: Any) -> None:
    desk.hears(NEW, Noted(880, Note("help")))

    desk.waits(9.9)
    assert desk.hears(Noted(880, Note("help"))) == []
    desk.waits(0.1)
    (noted,) = desk.hears(Noted(880, Note("help")))
    assert noted.call.notes == (Note("help"), Note("help"))


def test_a_note_that_an_edit_brought_already_is_a_copy(desk: Any) -> None:
    desk.hears(NEW, replace(EDIT, notes=(Note("help"),)))

    assert desk.hears(Noted(880, Note("help"))) == []


def test_a_note_that_the_call_was_opened_with_is_a_copy_however_late(desk: Any) -> None:
    note = Note("help", "A-12", time="12:00:00")
    desk.hears(replace(NEW, notes=(note,)))
    desk.waits(60)

    assert desk.hears(Noted(880, note)) == []
    assert len(desk.hears(Noted(880, replace(note, time="12:01:00")))) == 1


def test_a_note_to_an_unknown_call_is_nothing(desk: Any) -> None:
    assert desk.hears(Noted(880, Note("help"))) == []


def test_the_newest_notes_of_a_call_are_kept(desk: Any) -> None:
    desk.hears(NEW, *(Noted(880, Note(str(n))) for n in range(MOST_NOTES + 5)))

    notes = desk.board.calls["dispatch:880"].notes
    assert len(notes) == MOST_NOTES
    assert notes[-1] == Note(str(MOST_NOTES + 4))


# a 911 call that becomes a dispatch call

MADE = replace(NEW, origin_911="911:1")
INHERITED = replace(
    DISPATCH,
    emergency=True,
    caller="Maria",
    location="Vespucci",
    postal="7351",
    position=HERE,
    caller_ids=IDS,
    origin_911="911:1",
)


def test_a_dispatch_call_takes_the_place_of_its_911_call(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY))

    assert desk.hears(MADE) == [CallOpened(INHERITED), CallClosed(EMERGENCY, "dispatched")]
    assert desk.hears(MADE, Removed("911:1")) == []


def test_it_inherits_also_when_the_911_call_was_removed_before(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY), Removed("911:1"))

    assert desk.hears(MADE) == [CallOpened(INHERITED)]


def test_what_it_says_itself_counts_more_than_what_it_inherits(desk: Any) -> None:
    desk.hears(Placed(replace(EMERGENCY, silent=True)))
    ids = (("other",), (), (), (), ())
    made = replace(MADE, position=THERE, location="There", postal="1", caller="X", caller_ids=ids)

    opened, _ = desk.hears(made)
    assert opened.call == replace(
        INHERITED,
        position=THERE,
        location="There",
        postal="1",
        caller="X",
        caller_ids=(("other",), (), (), ("Steam:1",), ()),
        silent=True,
    )


def test_an_edit_that_names_the_911_call_inherits_and_replaces_too(desk: Any) -> None:
    desk.hears(NEW, Placed(EMERGENCY))

    change, closed = desk.hears(replace(EDIT, origin_911="911:1"))
    assert change.call == INHERITED
    assert "origin911" in change.changed
    assert closed == CallClosed(EMERGENCY, "dispatched")


def test_an_edit_without_a_place_keeps_that_of_the_911_call(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY), replace(MADE, location=""))

    assert desk.hears(replace(EDIT, location="")) == []
    (change,) = desk.hears(replace(EDIT, location="Alta Street"))
    assert change.call.location == "Alta Street"


def test_an_edit_takes_away_the_place_of_a_call_that_came_from_no_911_call(desk: Any) -> None:
    desk.hears(replace(NEW, location="Alta Street"))

    (change,) = desk.hears(replace(EDIT, location=""))
    assert change.call.location == ""


def test_an_edit_takes_away_the_postal_unless_it_is_that_of_the_911_call(desk: Any) -> None:
    desk.hears(replace(NEW, postal="12"))
    (change,) = desk.hears(replace(EDIT, postal=""))
    assert change.changed == ("postal",)
    assert desk.board.calls["dispatch:880"] == DISPATCH
    assert desk.hears(replace(NEW, postal=""), replace(NEW, postal="12")) == []

    desk.hears(Placed(EMERGENCY), replace(MADE, id=881, postal=""))
    assert desk.hears(replace(EDIT, id=881, postal="")) == []
    assert desk.board.calls["dispatch:881"].postal == "7351"


def test_the_911_call_stays_closed_while_its_dispatch_call_lives(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY), MADE)
    desk.waits(3 * 3600)

    assert desk.hears(Placed(EMERGENCY)) == []
    desk.hears(Closed(880))
    assert desk.hears(Placed(EMERGENCY)) == []
    desk.waits(15 * 60)
    assert desk.hears(Placed(EMERGENCY)) == [CallOpened(EMERGENCY)]


def test_a_911_call_that_comes_after_its_dispatch_call_only_adds_to_it(desk: Any) -> None:
    assert desk.hears(MADE) == [CallOpened(replace(DISPATCH, origin_911="911:1"))]

    (change,) = desk.hears(Placed(EMERGENCY))
    assert change.call == INHERITED
    assert desk.hears(Placed(EMERGENCY), Removed("911:1")) == []


def test_nothing_is_inherited_from_a_911_call_nobody_saw(desk: Any) -> None:
    desk.hears(Removed("911:1"))

    assert desk.hears(MADE) == [CallOpened(replace(DISPATCH, origin_911="911:1"))]


def test_a_call_keeps_the_911_call_that_it_named_first(desk: Any) -> None:
    desk.hears(MADE)

    assert desk.hears(replace(EDIT, origin_911="911:2")) == []


def test_a_dispatch_call_closed_in_the_same_breath_ends_its_911_call_too(desk: Any) -> None:
    desk.hears(NEW, Placed(EMERGENCY))

    events = desk.hears(replace(EDIT, origin_911="911:1", status=2))
    assert [(event.call.key, event.reason) for event in events] == [
        ("dispatch:880", "closed"),
        ("911:1", "dispatched"),
    ]


def test_a_creation_after_its_edit_replaces_the_911_call_too(desk: Any) -> None:
    desk.hears(EDIT, Placed(EMERGENCY))

    assert desk.hears(MADE) == [CallOpened(INHERITED), CallClosed(EMERGENCY, "dispatched")]


# where a call is


def test_a_place_found_in_the_game_is_kept_if_the_cad_has_none(desk: Any) -> None:
    desk.hears(NEW)

    assert desk.hears(Located("dispatch:880", HERE)) == [
        CallChanged(replace(DISPATCH, position=HERE), ("position",))
    ]
    assert desk.hears(Located("dispatch:880", THERE)) == []
    assert desk.hears(EDIT) == []


def test_a_place_of_a_replaced_911_call_goes_to_its_dispatch_call(desk: Any) -> None:
    desk.hears(Placed(replace(EMERGENCY, position=None)), MADE)

    (change,) = desk.hears(Located("911:1", THERE))
    assert (change.call.key, change.call.position) == ("dispatch:880", THERE)


def test_a_place_of_an_unknown_call_is_nothing(desk: Any) -> None:
    assert desk.hears(Located("911:1", HERE)) == []


# limits and time


def test_at_most_500_calls_are_open_and_the_oldest_makes_room(desk: Any) -> None:
    calls = [Call("911", number, NOW) for number in range(501)]
    desk.hears(*(Placed(call) for call in calls[:500]))

    assert desk.hears(Placed(calls[500])) == [
        CallClosed(calls[0], "expired"),
        CallOpened(calls[500]),
    ]
    assert desk.hears(NEW) == [CallClosed(calls[1], "expired"), CallOpened(DISPATCH)]


def test_a_dispatch_call_needs_no_room_but_that_of_its_911_call(desk: Any) -> None:
    desk.hears(*(Placed(Call("911", number, NOW)) for number in range(1, 501)))

    opened, closed = desk.hears(MADE)
    assert (opened.call.key, closed.call.key) == ("dispatch:880", "911:1")
    assert len(desk.board.calls) == 500


def test_a_call_without_news_is_closed_as_expired(desk: Any) -> None:
    desk.hears(Placed(EMERGENCY), NEW)
    assert desk.waits(3600) == []
    desk.hears(Noted(880, Note("still here")))

    assert desk.waits(5 * 3600) == [CallClosed(EMERGENCY, "expired")]
    (closed,) = desk.waits(3600)
    assert (closed.call.key, closed.reason) == ("dispatch:880", "expired")


def test_a_test_call_is_over_after_a_minute(desk: Any) -> None:
    sample = Call("test", 1, NOW)
    assert desk.hears(Placed(sample)) == [CallOpened(sample)]

    assert desk.waits(59) == []
    assert desk.waits(1) == [CallClosed(sample, "expired")]


def test_a_test_call_can_be_removed_like_a_911_call(desk: Any) -> None:
    sample = Call("test", 1, NOW, caller_ids=NO_IDS)
    desk.hears(Placed(sample))

    assert desk.hears(Removed("test:1", "removed")) == [CallClosed(sample, "removed")]

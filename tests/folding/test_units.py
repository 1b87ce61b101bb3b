"""What facts about units and their people change."""

from dataclasses import replace
from typing import Any

import pytest

from bridge.board import Board
from bridge.events import (
    LinkVerified,
    LogOutRemembered,
    Pushed,
    Tone,
    TonePlayed,
    Unit,
    UnitChanged,
    UnitOffDuty,
    UnitOnDuty,
)
from bridge.facts import (
    Grouped,
    GroupRenamed,
    Linked,
    OffDuty,
    OnDuty,
    Other,
    PanicSet,
    StatusSet,
    Toned,
    Ungrouped,
)

IDS = (("license:abc",), (), (), ("Steam:1",), ())
MARTA = Unit(101, number="A-12", status=2, account="uuid-1", player_ids=IDS)
BOB = Unit(102, number="A-13", status=2, account="uuid-2")


def test_a_unit_that_logs_in_is_on_duty(desk: Any) -> None:
    assert desk.hears(OnDuty(MARTA), OnDuty(MARTA)) == [UnitOnDuty(MARTA)]


def test_a_unit_that_logs_out_is_off_duty_as_it_last_was(desk: Any) -> None:
    desk.hears(OnDuty(MARTA))

    assert desk.hears(OffDuty(101), OffDuty(101)) == [UnitOffDuty(MARTA)]


@pytest.mark.parametrize("fact", [OnDuty(Unit(5000)), PanicSet(5000, on=True)])
def test_beyond_2000_units_on_duty_the_oldest_makes_room(desk: Any, fact: Any) -> None:
    desk.hears(*(OnDuty(Unit(ident)) for ident in range(2000)))

    assert desk.hears(fact)[:2] == [UnitOffDuty(Unit(0)), UnitOnDuty(Unit(5000))]
    assert len(desk.board.units) == 2000


def test_a_description_changes_what_it_says(desk: Any) -> None:
    desk.hears(OnDuty(replace(MARTA, dispatcher=True)))
    unit = replace(MARTA, number="A-99", status=None)

    (change,) = desk.hears(OnDuty(unit, frozenset({"status", "dispatcher"})))
    assert change == UnitChanged(replace(MARTA, number="A-99", dispatcher=True), ("number",))


def test_an_unknown_unit_is_known_by_its_description(desk: Any) -> None:
    assert desk.hears(OnDuty(MARTA, logged_in=False)) == [UnitOnDuty(MARTA)]


def test_a_description_under_way_brings_back_no_unit_that_logged_out(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), OffDuty(101))

    assert desk.hears(OnDuty(MARTA, logged_in=False)) == []
    assert desk.hears(OnDuty(MARTA)) == [UnitOnDuty(MARTA)]
    desk.hears(OffDuty(101))
    desk.waits(60)
    assert desk.hears(OnDuty(MARTA, logged_in=False)) == [UnitOnDuty(MARTA)]


def test_a_description_under_way_brings_no_unit_that_logged_out_before_it_was_known(
    desk: Any,
) -> None:
    assert desk.hears(OffDuty(101), OffDuty(101)) == [LogOutRemembered(101)]

    desk.board = Board.decode(desk.board.encode(desk.now), desk.now)
    assert desk.hears(OnDuty(MARTA, logged_in=False)) == []
    assert desk.hears(OnDuty(MARTA)) == [UnitOnDuty(MARTA)]


def test_ids_are_kept_where_a_description_has_none(desk: Any) -> None:
    desk.hears(OnDuty(MARTA))
    bare = replace(MARTA, player_ids=((), ("b",), (), (), ()))

    (change,) = desk.hears(OnDuty(bare))
    assert change.unit.player_ids == (("license:abc",), ("b",), (), ("Steam:1",), ())


def test_ids_of_another_account_are_not_kept(desk: Any) -> None:
    desk.hears(OnDuty(MARTA))
    other = replace(BOB, ident=101)

    (change,) = desk.hears(OnDuty(other))
    assert change.unit.player_ids == other.player_ids
    assert change.changed == ("number", "account", "playerIds")


def test_ids_are_kept_if_the_account_is_not_said_or_was_not_known(desk: Any) -> None:
    desk.hears(OnDuty(replace(MARTA, account="")))
    (change,) = desk.hears(OnDuty(replace(BOB, ident=101)))
    assert change.unit.player_ids == IDS

    assert desk.hears(OnDuty(Unit(101, "A-13", status=2), frozenset({"account"}))) == []


def test_a_status_is_set_once_and_only_for_known_units(desk: Any) -> None:
    desk.hears(OnDuty(MARTA))

    assert desk.hears(StatusSet(9999, 3), StatusSet(101, 3), StatusSet(101, 3)) == [
        UnitChanged(replace(MARTA, status=3), ("status",))
    ]


# panic


def test_a_panic_goes_on_and_off_once(desk: Any) -> None:
    desk.hears(OnDuty(MARTA))
    raised = replace(MARTA, panic=True)

    assert desk.hears(PanicSet(101, True), PanicSet(101, True)) == [UnitChanged(raised, ("panic",))]
    assert desk.hears(PanicSet(101, False), PanicSet(101, False)) == [
        UnitChanged(MARTA, ("panic",))
    ]


def test_a_panic_of_an_unknown_unit_is_raised_too(desk: Any) -> None:
    assert desk.hears(PanicSet(9999, False)) == []
    assert desk.hears(PanicSet(9999, True)) == [
        UnitOnDuty(Unit(9999)),
        UnitChanged(Unit(9999, panic=True), ("panic",)),
    ]


def test_a_panic_ends_with_the_log_out(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), PanicSet(101, True), OffDuty(101))

    assert desk.hears(PanicSet(101, True)) == []
    assert desk.waits(600) == []


def test_a_panic_ends_after_ten_minutes(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), PanicSet(101, True))

    assert desk.waits(599) == []
    assert desk.waits(1) == [UnitChanged(MARTA, ("panic",))]
    assert desk.waits(600) == []


def test_a_panic_that_is_over_is_not_raised_again_by_descriptions(desk: Any) -> None:
    raised = replace(MARTA, panic=True)
    desk.hears(OnDuty(raised, logged_in=False))
    desk.waits(600)

    assert desk.hears(OnDuty(raised, logged_in=False)) == []
    assert desk.hears(PanicSet(101, True)) == [UnitChanged(raised, ("panic",))]
    assert desk.hears(OnDuty(MARTA)) == [UnitChanged(MARTA, ("panic",))]


# groups


@pytest.mark.parametrize("all_clear", [PanicSet(101, on=False), OnDuty(Unit(101))])
def test_a_description_raises_a_panic_again_that_was_called_off_after_its_time(
    desk: Any, all_clear: Any
) -> None:
    desk.hears(OnDuty(Unit(101)), PanicSet(101, on=True))
    desk.waits(600)
    described = OnDuty(Unit(101, panic=True), logged_in=False)
    assert desk.hears(described) == []

    assert desk.hears(all_clear) == [UnitChanged(Unit(101), ("panic",))]
    assert desk.hears(all_clear) == []
    assert desk.hears(described) == [UnitChanged(Unit(101, panic=True), ("panic",))]


def test_units_join_and_leave_groups(desk: Any) -> None:
    desk.hears(OnDuty(MARTA))
    joined = replace(MARTA, group="L7")

    assert desk.hears(Grouped(101, "L7"), Grouped(101, "L7"), Grouped(9999, "L7")) == [
        UnitChanged(joined, ("group",))
    ]
    assert desk.hears(Ungrouped(101, "L7"), Ungrouped(101, "L7"), Ungrouped(9999, "")) == [
        UnitChanged(MARTA, ("group",))
    ]


def test_leaving_the_old_group_late_does_not_leave_the_new_one(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), Grouped(101, "L7"), Grouped(101, "L8"))

    assert desk.hears(Ungrouped(101, "L7")) == []
    assert desk.hears(Ungrouped(101, "")) == [UnitChanged(MARTA, ("group",))]


def test_a_renamed_group_is_renamed_for_those_named_and_those_in_it(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), OnDuty(BOB), OnDuty(Unit(103, group="L8")), Grouped(101, "L7"))

    events = desk.hears(GroupRenamed("L7", "L9", (102, 9999)))
    assert events == [
        UnitChanged(replace(MARTA, group="L9"), ("group",)),
        UnitChanged(replace(BOB, group="L9"), ("group",)),
    ]


def test_a_renaming_without_an_old_name_is_for_those_named_only(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), OnDuty(BOB))

    (change,) = desk.hears(GroupRenamed("", "L9", (102,)))
    assert change.unit.ident == 102


# links


def test_a_link_is_told_once(desk: Any) -> None:
    assert desk.hears(Linked("license:x", "uuid"), Linked("license:x", "uuid")) == [
        LinkVerified("license:x", "uuid")
    ]
    desk.waits(10)
    assert desk.hears(Linked("license:x", "uuid")) == [LinkVerified("license:x", "uuid")]


def test_the_units_of_a_linked_account_are_the_players_at_once(desk: Any) -> None:
    desk.hears(OnDuty(BOB))

    _, change = desk.hears(Linked("license:bob", "UUID-2"))
    assert change == UnitChanged(
        replace(BOB, player_ids=(("license:bob",), (), (), (), ())), ("playerIds",)
    )
    desk.waits(10)
    assert desk.hears(Linked("license:bob", "uuid-2")) == [LinkVerified("license:bob", "uuid-2")]


def test_a_link_that_moves_to_another_account_leaves_the_old_ones_units(desk: Any) -> None:
    desk.hears(OnDuty(MARTA), OnDuty(BOB))

    _, left, joined = desk.hears(Linked("license:abc", "uuid-2"))
    assert (left.unit.ident, left.unit.player_ids[0]) == (101, ())
    assert (joined.unit.ident, joined.unit.player_ids[0]) == (102, ("license:abc",))


@pytest.mark.parametrize(("account", "of_unit"), [("", "uuid-1"), ("uuid-1", "")])
def test_a_link_without_an_account_changes_no_unit(desk: Any, account: str, of_unit: str) -> None:
    desk.hears(OnDuty(replace(MARTA, account=of_unit)))

    assert len(desk.hears(Linked("license:abc", account))) == 1


# what changes no state


@pytest.mark.parametrize(
    ("fact", "event"),
    [
        (Toned(Tone("page", text="Go")), TonePlayed(Tone("page", text="Go"))),
        (Other("EVENT_RECORD_ADD", {"a": 1}), Pushed("EVENT_RECORD_ADD", {"a": 1})),
    ],
    ids=["tone", "other"],
)
def test_the_same_within_ten_seconds_is_a_copy(desk: Any, fact: Any, event: Any) -> None:
    assert desk.hears(fact, fact) == [event]

    desk.waits(9.9)
    assert desk.hears(fact) == []
    desk.waits(0.1)
    assert desk.hears(fact) == [event]

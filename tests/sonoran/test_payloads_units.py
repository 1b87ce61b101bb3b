"""Units in pushes: what is read from where, and what is refused by which path."""

from typing import Any

import pytest

from bridge.errors import PushRejected
from bridge.events import NO_IDS, Unit
from bridge.facts import (
    Fact,
    Grouped,
    GroupRenamed,
    OffDuty,
    OnDuty,
    PanicSet,
    StatusSet,
    Ungrouped,
)
from bridge.sonoran.payloads import parse, unit_from

DETAILS = {"number", "name", "department", "subdivision", "rank", "group", "agency"}
FULL = {
    "id": "101",
    "accId": "uuid",
    "status": 2,
    "isPanic": False,
    "data": {
        "unitNum": "A-12",
        "name": "Marta",
        "department": "LSPD",
        "subdivision": "Patrol",
        "rank": "Officer",
        "group": "",
        "page": 0,
        "communityUserId": "license:abc",
    },
}
MARTA = Unit(
    101,
    number="A-12",
    name="Marta",
    department="LSPD",
    subdivision="Patrol",
    rank="Officer",
    agency=0,
    status=2,
    account="uuid",
    player_ids=(("license:abc",), (), (), (), ()),
)


def said(push_type: str, data: object, **beside: object) -> list[Fact]:
    return parse(push_type, {"data": data, **beside}, 1)


def refusal(push_type: str, data: object) -> tuple[str, str]:
    with pytest.raises(PushRejected) as refused:
        said(push_type, data)
    return refused.value.path, refused.value.reason


def test_a_log_in_is_read_whole() -> None:
    assert said("EVENT_UNIT_LOGIN", {"unit": FULL, "isDispatch": False}) == [OnDuty(MARTA)]


def test_a_bare_log_in_leaves_everything_else_unsaid() -> None:
    (fact,) = said("EVENT_UNIT_LOGIN", {"unit": {"id": 7, "data": "none"}})

    unsaid = {*DETAILS, "status", "panic", "dispatcher", "account"}
    assert fact == OnDuty(Unit(7, player_ids=NO_IDS), frozenset(unsaid))


@pytest.mark.parametrize(
    ("beside", "inside", "dispatcher", "known"),
    [
        (True, False, True, True),
        (None, True, True, True),
        (None, None, False, False),
        ("false", None, False, True),
    ],
)
def test_who_dispatches_is_said_beside_the_unit_or_in_it(
    beside: object, inside: object, dispatcher: bool, known: bool
) -> None:
    data = {"unit": {"id": 7, "isDispatch": inside}, "isDispatch": beside}
    (fact,) = said("EVENT_UNIT_LOGIN", data)

    assert isinstance(fact, OnDuty)
    assert fact.unit.dispatcher is dispatcher
    assert ("dispatcher" not in fact.unsaid) is known


def test_a_unit_on_the_dispatch_page_dispatches_unless_it_says_no() -> None:
    (silent,) = said("EVENT_UNIT_LOGIN", {"unit": {"id": 7, "data": {"page": 3}}})
    (denied,) = said("EVENT_UNIT_LOGIN", {"unit": {"id": 7, "data": {"page": 3}}, "isDispatch": 0})

    assert isinstance(silent, OnDuty)
    assert silent.unit.dispatcher
    assert isinstance(denied, OnDuty)
    assert not denied.unit.dispatcher


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ({}, "data.unit", "is missing"),
        ({"unit": "A-12"}, "data.unit", "is no object"),
        ([{"unit": {}}], "data.0.unit.id", "is missing"),
        ({"unit": {"id": True}}, "data.unit.id", "is no whole number"),
    ],
)
def test_a_log_in_without_an_ident_is_refused(data: object, path: str, reason: str) -> None:
    assert refusal("EVENT_UNIT_LOGIN", data) == (path, reason)


def test_log_outs_take_every_name_for_idents() -> None:
    assert said("EVENT_UNIT_LOGOUT", [{"identId": 1}, {"idents": ["2", 3]}]) == [
        OffDuty(1),
        OffDuty(2),
        OffDuty(3),
    ]
    assert refusal("EVENT_UNIT_LOGOUT", {"identId": None}) == (
        "data.identId",
        "has no usable ident",
    )


@pytest.mark.parametrize("push_type", ["EVENT_UNIT_STATUS", "EVENT_UNIT_UPDATE"])
def test_full_units_are_a_description_and_no_log_in(push_type: str) -> None:
    assert said(push_type, {"units": [FULL]}) == [
        OnDuty(MARTA, frozenset({"dispatcher"}), logged_in=False)
    ]


def test_a_unit_without_details_says_only_what_it_says() -> None:
    unit = {"id": 7, "status": 3, "isPanic": True}

    assert said("EVENT_UNIT_UPDATE", {"units": [unit]}) == [StatusSet(7, 3), PanicSet(7, True)]
    assert said("EVENT_UNIT_UPDATE", {"units": [{"id": 7}]}) == []


def test_a_status_of_100_is_a_log_out() -> None:
    assert said("EVENT_UNIT_STATUS", {"units": [{**FULL, "status": "100"}]}) == [OffDuty(101)]
    assert said("EVENT_UNIT_STATUS", {"identIds": [7], "status": 100}) == [OffDuty(7)]


def test_both_shapes_of_a_status_at_once_are_both_read() -> None:
    data = {"units": [{"id": 1, "status": 2}], "identIds": 5, "status": "Busy"}

    assert said("EVENT_UNIT_STATUS", data) == [StatusSet(1, 2), StatusSet(5, "Busy")]


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ({}, "data.identIds", "has no usable ident"),
        ({"identIds": [5]}, "data.status", "is missing"),
        ({"identIds": [5], "status": {}}, "data.status", "is missing"),
        ({"units": {}}, "data.units", "is no list"),
        ({"units": [None, {"id": "x"}]}, "data.units.0", "is no object"),
        ({"units": [{"id": 1}] * 1001}, "data.units", "has more than 1000 units"),
    ],
)
def test_a_status_of_nobody_is_refused(data: object, path: str, reason: str) -> None:
    assert refusal("EVENT_UNIT_STATUS", data) == (path, reason)


def test_one_unreadable_unit_does_not_spoil_the_others() -> None:
    units = [{"id": None}, {"id": 2, "status": 1}, "x", {"id": 3, "status": 1}]

    assert said("EVENT_UNIT_STATUS", {"units": units}) == [StatusSet(2, 1), StatusSet(3, 1)]


def test_too_many_units_in_all_elements_together_are_refused() -> None:
    data = [{"identIds": list(range(600)), "status": 1}] * 2

    assert refusal("EVENT_UNIT_STATUS", data) == ("data", "has more than 1000 calls or units")


@pytest.mark.parametrize(
    ("fields", "on"),
    [
        ({"isPanic": True}, True),
        ({"isPanic": "false"}, False),
        ({}, True),
        ({"isPanic": None}, True),
    ],
)
def test_a_panic_is_on_unless_it_says_off(fields: dict[str, Any], on: bool) -> None:
    assert said("EVENT_UNIT_PANIC", {"identId": 7, **fields}) == [PanicSet(7, on)]


def test_a_panic_that_cannot_be_read_calls_off_no_alarm() -> None:
    assert refusal("EVENT_UNIT_PANIC", {"identId": 7, "isPanic": "perhaps"}) == (
        "data.isPanic",
        "is neither true nor false",
    )
    assert refusal("EVENT_UNIT_PANIC", {"isPanic": True}) == (
        "data.identIds",
        "has no usable ident",
    )


def test_idents_beside_the_data_serve_where_it_names_none() -> None:
    beside = said("EVENT_UNIT_GROUP_ADD", {"groupName": "L7"}, identId=1, identIds=["2"])
    inside = said("EVENT_UNIT_GROUP_ADD", [{"groupName": "L7", "identId": 3}], identId=1)

    empty = said("EVENT_UNIT_GROUP_ADD", {"groupName": "L7", "identIds": []}, identIds=[4])

    assert empty == [Grouped(4, "L7")]
    assert beside == [Grouped(1, "L7"), Grouped(2, "L7")]
    assert inside == [Grouped(3, "L7")]


def test_a_group_without_a_name_can_be_left_but_not_joined() -> None:
    assert said("EVENT_UNIT_GROUP_REMOVE", {"identId": 7}) == [Ungrouped(7, "")]
    assert refusal("EVENT_UNIT_GROUP_ADD", {"identId": 7, "groupName": ""}) == (
        "data.groupName",
        "is missing",
    )


def test_a_renaming_needs_a_new_name_and_somebody_it_is_for() -> None:
    kind = "EVENT_UNIT_GROUP_CHANGE_NAME"

    assert said(kind, {"oldName": "L7", "newName": "L9"}) == [GroupRenamed("L7", "L9")]
    assert said(kind, {"identIds": [7], "newName": "L9"}) == [GroupRenamed("", "L9", (7,))]
    assert refusal(kind, {"oldName": "L7"}) == ("data.newName", "is missing")
    assert refusal(kind, {"newName": "L9"}) == ("data.identIds", "has no usable ident")


def test_idents_in_all_renamings_together_are_limited() -> None:
    data = [{"identIds": list(range(600)), "newName": "L9"}] * 2

    assert refusal("EVENT_UNIT_GROUP_CHANGE_NAME", data) == ("data", "names more than 1000 idents")


def test_a_unit_of_the_api_is_read_like_one_of_a_push() -> None:
    assert unit_from(FULL, "0") == [OnDuty(MARTA, frozenset({"dispatcher"}), logged_in=False)]
    with pytest.raises(PushRejected, match=r"0\.id: is missing"):
        unit_from({}, "0")

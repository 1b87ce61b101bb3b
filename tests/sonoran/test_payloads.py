"""Every sample push against what the samples say must come of it."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.errors import PushRejected
from bridge.events import Call
from bridge.facts import (
    Attached,
    Closed,
    Detached,
    Fact,
    Grouped,
    GroupRenamed,
    Linked,
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
from bridge.sonoran.body import read_object
from bridge.sonoran.payloads import IGNORED_TYPES, KNOWN_TYPES, parse

DATA = Path(__file__).parents[1] / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text("utf-8"))
NOW = 1_790_000_000_000


def read(file: str) -> dict[str, Any]:
    push = read_object((DATA / file).read_bytes())
    push.pop("key", None)
    return push


def parsed(file: str, pass_through: frozenset[str] = frozenset()) -> list[Fact]:
    push = read(file)
    return parse(push.pop("type"), push, NOW, pass_through)


def samples(*types: str) -> Any:
    cases = [entry for entry in EXPECTED["valid"] if entry["type"] in types]
    assert cases
    return pytest.mark.parametrize("entry", cases, ids=lambda entry: Path(entry["file"]).stem)


def position(call: Call | Written) -> dict[str, float | None] | None:
    where = call.position
    return where and {"x": where.x, "y": where.y, "z": where.z}


@samples("EVENT_911")
def test_a_911_sample_becomes_the_call_that_is_expected(entry: dict[str, Any]) -> None:
    facts = parsed(entry["file"])

    assert len(facts) == len(entry["expect"])
    for fact, expected in zip(facts, entry["expect"], strict=True):
        assert isinstance(fact, Placed)
        call = fact.call
        assert call.key == f"911:{expected['callId']}"
        assert call.id == expected["callId"]
        assert call.emergency is expected["emergency"]
        assert position(call) == expected["position"]
        assert call.postal == expected["postal"]
        assert call.opened_at == NOW
        assert fact.alert


ID_FIELDS = ("communityUserId", "communityUserIds", "identities", "apiIds")


@samples("EVENT_911")
def test_a_911_sample_keeps_the_ids_of_its_caller_list_by_list(entry: dict[str, Any]) -> None:
    data = read(entry["file"])["data"]

    for element, fact in zip(
        data if isinstance(data, list) else [data], parsed(entry["file"]), strict=True
    ):
        assert isinstance(fact, Placed)
        meta = {**(element.get("metaData") or {}), **(element["call"].get("metaData") or {})}
        sent = [
            *(element.get(name) or () for name in ID_FIELDS),
            meta.get("callerCommunityUserId") or (),
        ]
        listed = [[ids] if isinstance(ids, str) else list(ids) for ids in sent]
        wanted = [[i for i in ids if i != "nil" and not i.startswith("ip:")] for ids in listed]
        assert [list(ids) for ids in fact.call.caller_ids] == wanted


@samples("EVENT_REMOVE_911")
def test_a_removal_sample_names_its_calls(entry: dict[str, Any]) -> None:
    keys = [f"911:{number}" for each in entry["expect"] for number in each["callIds"]]

    assert parsed(entry["file"]) == [Removed(key) for key in keys]


@samples("EVENT_DISPATCH_NEW", "EVENT_DISPATCH_EDIT")
def test_a_dispatch_sample_becomes_the_call_that_is_expected(entry: dict[str, Any]) -> None:
    facts = parsed(entry["file"])

    assert len(facts) == len(entry["expect"])
    for fact, expected in zip(facts, entry["expect"], strict=True):
        assert isinstance(fact, Written)
        assert fact.id == expected["callId"]
        assert fact.creation is fact.alert is (entry["type"] == "EVENT_DISPATCH_NEW")
        assert fact.status == expected["status"]
        assert fact.priority == expected["priority"]
        assert list(fact.units or ()) == expected["idents"]
        origin = expected["from911"]
        assert fact.origin_911 == (origin and f"911:{origin}")
        assert position(fact) == expected["position"]
        assert len(fact.notes or ()) == expected["noteCount"]


@samples("EVENT_DISPATCH_CLOSED")
def test_a_closing_sample_names_all_its_calls(entry: dict[str, Any]) -> None:
    numbers = [number for each in entry["expect"] for number in each["callIds"]]

    assert parsed(entry["file"]) == [Closed(number) for number in numbers]


@samples("EVENT_DISPATCH_NOTE")
def test_a_note_sample_keeps_content_and_kind(entry: dict[str, Any]) -> None:
    (fact,), (expected,) = parsed(entry["file"]), entry["expect"]

    assert isinstance(fact, Noted)
    assert fact.id == expected["callId"]
    assert (fact.note.content, fact.note.kind) == (expected["content"], expected["noteType"])


@samples("EVENT_DISPATCH_UNIT_ATTACH", "EVENT_DISPATCH_UNIT_DETACH")
def test_an_assignment_sample_names_its_units_once_and_in_order(entry: dict[str, Any]) -> None:
    (fact,), (expected,) = parsed(entry["file"]), entry["expect"]

    assert isinstance(fact, Attached if entry["type"].endswith("ATTACH") else Detached)
    assert fact.id == expected["callId"]
    assert list(fact.idents) == expected["idents"]


@samples("EVENT_UNIT_LOGIN")
def test_a_log_in_sample_becomes_the_unit_that_is_expected(entry: dict[str, Any]) -> None:
    (fact,), (expected,) = parsed(entry["file"]), entry["expect"]

    assert isinstance(fact, OnDuty)
    assert fact.unit.ident == expected["ident"]
    assert fact.unit.dispatcher is expected["isDispatch"]
    assert fact.logged_in
    data = read(entry["file"])["data"]
    details = (data[0] if isinstance(data, list) else data)["unit"]["data"]
    sent = [details.get(name) or () for name in ID_FIELDS]
    wanted = [[ids] if isinstance(ids, str) else list(ids) for ids in sent]
    assert [list(ids) for ids in fact.unit.player_ids] == [*wanted, []]


@samples("EVENT_UNIT_LOGOUT")
def test_a_log_out_sample_names_its_units(entry: dict[str, Any]) -> None:
    idents = [ident for each in entry["expect"] for ident in each["idents"]]

    assert parsed(entry["file"]) == [OffDuty(ident) for ident in idents]


@samples("EVENT_UNIT_STATUS", "EVENT_UNIT_UPDATE")
def test_a_status_sample_says_the_status_of_each_unit(entry: dict[str, Any]) -> None:
    changes = []
    for fact in parsed(entry["file"]):
        assert isinstance(fact, (OnDuty, StatusSet))
        unit = fact.unit if isinstance(fact, OnDuty) else fact
        changes.append({"ident": unit.ident, "status": unit.status})

    assert changes == entry["expect"][0]["changes"]


@samples("EVENT_UNIT_PANIC")
def test_a_panic_sample_says_whose_and_whether_it_is_on(entry: dict[str, Any]) -> None:
    (expected,) = entry["expect"]

    assert parsed(entry["file"]) == [
        PanicSet(ident, expected["panic"]) for ident in expected["idents"]
    ]


@samples("EVENT_UNIT_GROUP_ADD", "EVENT_UNIT_GROUP_REMOVE")
def test_a_group_sample_says_whose_group(entry: dict[str, Any]) -> None:
    (expected,) = entry["expect"]
    fact = Grouped if entry["type"].endswith("ADD") else Ungrouped

    assert parsed(entry["file"]) == [fact(ident, expected["group"]) for ident in expected["idents"]]


@samples("EVENT_UNIT_GROUP_CHANGE_NAME")
def test_a_renaming_sample_says_the_new_name(entry: dict[str, Any]) -> None:
    (expected,) = entry["expect"]

    assert parsed(entry["file"]) == [
        GroupRenamed("Ladder 7", expected["group"], tuple(expected["idents"]))
    ]


@samples("EVENT_COMMUNITY_LINK_VERIFIED")
def test_a_link_sample_says_which_id_and_which_account(entry: dict[str, Any]) -> None:
    (expected,) = entry["expect"]

    assert parsed(entry["file"]) == [
        Linked(read(entry["file"])["data"]["communityUserId"], expected["accountUuid"])
    ]


@samples("EVENT_TONE", "EVENT_STATION_ALERT", "EVENT_PAGER_REBORN")
def test_a_tone_sample_is_a_tone(entry: dict[str, Any]) -> None:
    (fact,) = parsed(entry["file"])

    assert isinstance(fact, Toned)


STATELESS = (
    "EVENT_DISPATCH_TOGGLE_BODYCAM",
    "EVENT_CHAR_SELECTED",
    "EVENT_NEW_CALLOUT",
    "EVENT_STREETSIGN_UPDATED",
    "EVENT_RECORD_ADD",
    "EVENT_RECORD_EDIT",
    "EVENT_RECORD_REMOVE",
    "EVENT_PRINT_RECORD",
    "EVENT_SOMETHING_NEW",
)


@samples(*STATELESS)
def test_what_changes_nothing_says_nothing_unless_the_owner_lists_it(entry: dict[str, Any]) -> None:
    listed = frozenset({entry["type"].lower()})

    assert parsed(entry["file"]) == []
    assert parsed(entry["file"], listed) == [Other(entry["type"], read(entry["file"])["data"])]


def test_a_request_for_logs_says_nothing_even_if_listed() -> None:
    assert parsed("push/get_logs_object.json", frozenset({"GET_LOGS"})) == []


def test_every_type_of_the_samples_but_the_made_up_one_is_known() -> None:
    types = {entry["type"] for entry in EXPECTED["valid"]}

    assert types - KNOWN_TYPES == {"EVENT_SOMETHING_NEW"}
    assert types >= KNOWN_TYPES
    assert {"GET_LOGS"} == IGNORED_TYPES


NOT_ABOUT_THE_BODY = ("key", "type", "wrong_key", "missing_key", "empty_key", "missing_type")
BAD = [
    entry
    for entry in EXPECTED["invalid"]
    if not Path(entry["file"]).name.startswith(NOT_ABOUT_THE_BODY)
]


@pytest.mark.parametrize("entry", BAD, ids=lambda entry: Path(entry["file"]).name)
def test_a_bad_sample_is_rejected_with_a_reason_or_repaired_and_nothing_else_is_raised(
    entry: dict[str, Any],
) -> None:
    refusal, facts = None, []
    try:
        facts = parsed(entry["file"])
    except PushRejected as error:
        refusal = error

    if refusal is None:
        assert entry["expect"] == "either"
        assert all(isinstance(fact, Placed) for fact in facts)
    else:
        assert refusal.reason
        assert EXPECTED["key"] not in str(refusal)

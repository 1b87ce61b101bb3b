"""Calls in pushes: what is read from where, and what is refused by which path."""

from typing import Any

import pytest

from bridge.errors import PushRejected
from bridge.events import NO_IDS, Call, Note, Position
from bridge.facts import Attached, Closed, Fact, Noted, Placed, Removed, Written
from bridge.sonoran.payloads import dispatch_from, emergency_from, parse

NOW = 1_790_000_000_000


def said(push_type: str, data: object) -> list[Fact]:
    return parse(push_type, {"data": data}, NOW)


def placed(call: dict[str, Any], **beside: object) -> Call:
    (fact,) = said("EVENT_911", {"call": {"callId": 1, **call}, **beside})
    assert isinstance(fact, Placed)
    return fact.call


def written(dispatch: dict[str, Any]) -> Written:
    (fact,) = said("EVENT_DISPATCH_EDIT", {"dispatch": {"callId": 1, **dispatch}})
    assert isinstance(fact, Written)
    return fact


def refusal(push_type: str, data: object) -> tuple[str, str]:
    with pytest.raises(PushRejected) as refused:
        said(push_type, data)
    assert refused.value.code == "bad_body"
    return refused.value.path, refused.value.reason


def test_a_911_call_with_nothing_but_a_number_is_an_emergency_without_texts() -> None:
    assert placed({}) == Call("911", 1, NOW)


def test_a_911_call_is_read_whole() -> None:
    call = placed(
        {
            "isEmergency": False,
            "caller": " Maria\x00 ",
            "location": "Vespucci Blvd",
            "description": "d" * 2000,
            "metaData": {
                "x": "1.5",
                "y": 2,
                "postal": 7351,
                "silentAlert": "true",
                "callerCommunityUserId": "abc",
            },
        },
        communityUserId="license:1",
        communityUserIds=["license:2"],
        identities=["license:3"],
        apiIds=["Steam:4", "5"],
    )

    assert call == Call(
        "911",
        1,
        NOW,
        emergency=False,
        caller="Maria",
        location="Vespucci Blvd",
        description="d" * 1000,
        postal="7351",
        position=Position(1.5, 2.0),
        caller_ids=(("license:1",), ("license:2",), ("license:3",), ("Steam:4", "5"), ("abc",)),
        silent=True,
    )


def test_meta_data_inside_the_call_wins_over_the_one_beside_it() -> None:
    call = placed({"metaData": {"postal": "1"}}, metaData={"postal": "2", "x": 5, "y": 6})

    assert (call.postal, call.position) == ("1", Position(5.0, 6.0))


@pytest.mark.parametrize(
    ("fields", "emergency"),
    [
        ({}, True),
        ({"isEmergency": None}, True),
        ({"isEmergency": {}}, True),
        ({"isEmergency": "false"}, False),
        ({"isEmergency": None, "emergency": 0}, False),
        ({"isEmergency": True, "emergency": False}, True),
    ],
)
def test_a_911_call_is_an_emergency_unless_it_says_no(
    fields: dict[str, Any], emergency: bool
) -> None:
    assert placed(fields).emergency is emergency


def test_at_most_32_ids_of_a_caller_are_kept() -> None:
    call = placed({}, communityUserId="a", apiIds=[str(n) for n in range(100)])

    assert call.caller_ids == (("a",), (), (), tuple(str(n) for n in range(31)), ())


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ({"call": {}}, "data.call.callId"),
        ([{"call": {"callId": 1}}, {"call": {"callId": None}}], "data.1.call.callId"),
        ([{"call": []}], "data.0.call"),
        ({}, "data.call"),
    ],
)
def test_a_911_call_without_a_number_is_refused_by_path(data: object, path: str) -> None:
    assert refusal("EVENT_911", data)[0] == path


def test_a_call_number_as_text_is_passed_on_as_it_is() -> None:
    call = placed({"callId": "26-08-0042"})

    assert (call.id, call.key) == ("26-08-0042", "911:26-08-0042")


def test_what_the_api_answers_is_read_like_a_push() -> None:
    body = {"callId": "7", "isEmergency": "false", "metaData": {"postal": "9"}}

    assert emergency_from(body, 5, "call") == Call("911", 7, 5, emergency=False, postal="9")
    assert dispatch_from({"callId": 7}, 5, "call", creation=True) == Written(
        7, 5, creation=True, alert=True
    )
    with pytest.raises(PushRejected, match=r"EmergencyCalls\.3: is no object"):
        emergency_from(None, 5, "EmergencyCalls.3")


def test_a_removal_takes_both_names_and_leaves_out_what_is_no_id() -> None:
    facts = said("EVENT_REMOVE_911", {"callId": "3", "callIds": [1, 3, None, "x-1"]})

    assert facts == [Removed("911:3"), Removed("911:1"), Removed("911:x-1")]


@pytest.mark.parametrize("push_type", ["EVENT_REMOVE_911", "EVENT_DISPATCH_CLOSED"])
@pytest.mark.parametrize("data", [{}, {"callIds": []}, {"callIds": [None, -5]}, {"callId": {}}])
def test_no_usable_call_id_is_refused(push_type: str, data: object) -> None:
    assert refusal(push_type, data) == ("data.callIds", "has no usable call id")


def test_an_edit_says_only_what_it_says() -> None:
    assert written({}) == Written(1, NOW, creation=False, alert=False)


@pytest.mark.parametrize("value", [None, [], {}, ["Fire"], True, False])
def test_what_is_no_text_is_not_said_and_takes_nothing_away(value: object) -> None:
    fields = ("title", "code", "description", "address", "block")

    assert written(dict.fromkeys(fields, value)) == Written(1, NOW, creation=False, alert=False)


def test_a_dispatch_call_is_read_whole() -> None:
    assert written(
        {
            "status": "1",
            "priority": "High",
            "block": "2140",
            "address": "Vespucci Blvd",
            "postal": "7351",
            "title": "Traffic Collision",
            "code": "10-50",
            "description": "Two vehicles",
            "notes": ["plain", {"content": "more", "label": "A-12", "time": "20:15"}],
            "idents": ["101", 102],
            "metaData": {
                "createdFromId": "4711",
                "x": 1,
                "y": 2,
                "z": 3,
                "silentAlert": "false",
                "callerCommunityUserId": "abc",
            },
        }
    ) == Written(
        1,
        NOW,
        creation=False,
        alert=False,
        status=1,
        priority="High",
        location="2140 Vespucci Blvd",
        postal="7351",
        title="Traffic Collision",
        code="10-50",
        description="Two vehicles",
        notes=(Note("plain"), Note("more", "A-12", "text", "20:15")),
        units=(101, 102),
        origin_911="911:4711",
        position=Position(1.0, 2.0, 3.0),
        silent=False,
        caller_ids=((), (), (), (), ("abc",)),
    )


def test_the_number_of_the_documented_example_is_no_obstacle() -> None:
    assert said("EVENT_DISPATCH_NEW", [{"dispatch": {"callId": -1}}]) == [
        Written(-1, NOW, creation=True, alert=True)
    ]
    assert said("EVENT_DISPATCH_CLOSED", {"callIds": [-1]}) == [Closed(-1)]
    assert refusal("EVENT_DISPATCH_NEW", {"dispatch": {"callId": -2}})[0] == "data.dispatch.callId"


@pytest.mark.parametrize(
    ("fields", "location"),
    [
        ({"block": "2140"}, "2140"),
        ({"address": "Vespucci Blvd"}, "Vespucci Blvd"),
        ({"block": "", "address": ""}, ""),
        ({"block": "2140", "address": "2140 Vespucci Blvd"}, "2140 Vespucci Blvd"),
        ({"block": "nil", "address": "vec3(1, 2, 3)"}, ""),
        ({"block": None, "address": None}, None),
    ],
)
def test_block_and_address_make_the_location(fields: dict[str, Any], location: str | None) -> None:
    assert written(fields).location == location


@pytest.mark.parametrize(
    ("meta", "origin"),
    [
        ({"origin911": 4711}, "911:4711"),
        ({"createdFromId": "4712", "origin911": 4711}, "911:4712"),
        ({"createdFromId": "nil", "origin911": "26-7"}, "911:26-7"),
        ({"origin911": 0}, None),
        ({"origin911": -1}, None),
        ({"origin911": ""}, None),
        ([], None),
    ],
)
def test_the_911_call_that_a_dispatch_call_was_made_from(meta: object, origin: str | None) -> None:
    assert written({"metaData": meta}).origin_911 == origin


def test_the_status_of_a_custom_layout_serves_where_there_is_no_other() -> None:
    assert written({"statusId": "deployed"}).status == "deployed"
    assert written({"statusId": "deployed", "status": 1}).status == 1


@pytest.mark.parametrize(
    ("said", "read"), [(None, None), ("", ""), (" ", ""), ("Unknown", ""), (7351, "7351")]
)
def test_an_empty_postal_is_said_and_an_absent_one_is_not(said: object, read: str | None) -> None:
    assert written({"postal": said}).postal == read


def test_a_postal_in_the_meta_data_serves_where_there_is_no_other() -> None:
    assert written({"postal": "Unknown", "metaData": {"postal": "7"}}).postal == "7"
    assert written({"postal": "8", "metaData": {"postal": "7"}}).postal == "8"


@pytest.mark.parametrize(
    ("notes", "read"),
    [
        ("", None),
        (None, None),
        (7, None),
        ([], ()),
        ("one", (Note("one"),)),
        ({"content": "one"}, (Note("one"),)),
        ([None, "", {"content": ""}, {"content": 7}], (Note("7"),)),
        ([{"type": "image"}], (Note("", kind="image"),)),
        ([str(n) for n in range(80)], tuple(Note(str(n)) for n in range(30, 80))),
    ],
)
def test_notes_are_a_text_an_object_or_a_list(notes: object, read: tuple[Note, ...] | None) -> None:
    assert written({"notes": notes}).notes == read


def test_idents_that_cannot_be_read_detach_nobody() -> None:
    assert written({"idents": "all"}).units is None
    assert written({"idents": [None]}).units is None
    assert written({"idents": []}).units == ()


def test_a_call_directly_in_the_element_is_read() -> None:
    assert said("EVENT_DISPATCH_NEW", {"callId": 5, "eventOriginIdent": 1}) == [
        Written(5, NOW, creation=True, alert=True)
    ]


@pytest.mark.parametrize(
    ("data", "path", "reason"),
    [
        ({}, "data.dispatch", "is missing"),
        ([{"dispatch": None}], "data.0.dispatch", "is no object"),
        ({"dispatch": {}}, "data.dispatch.callId", "is missing"),
        ({"callId": None}, "data.callId", "is no whole number"),
        ({"dispatch": {"callId": 1, "idents": [1] * 1001}}, "data.dispatch.idents", "has more"),
    ],
)
def test_a_dispatch_call_that_cannot_be_told_is_refused_by_path(
    data: object, path: str, reason: str
) -> None:
    where, why = refusal("EVENT_DISPATCH_NEW", data)

    assert where == path
    assert why.startswith(reason)


def test_a_note_of_unreadable_fields_keeps_what_is_readable() -> None:
    note = {"content": "help", "label": [], "time": 7, "type": None}

    assert said("EVENT_DISPATCH_NOTE", {"callId": 1, "note": note}) == [
        Noted(1, Note("help", time="7"))
    ]


@pytest.mark.parametrize("note", [None, "", [], 7, {}, {"content": " "}])
def test_a_note_with_nothing_in_it_is_refused(note: object) -> None:
    assert refusal("EVENT_DISPATCH_NOTE", {"callId": 1, "note": note}) == (
        "data.note",
        "is no note",
    )


def test_a_push_without_its_note_is_refused() -> None:
    assert refusal("EVENT_DISPATCH_NOTE", {"callId": 1}) == ("data.note", "is missing")


@pytest.mark.parametrize("push_type", ["EVENT_DISPATCH_UNIT_ATTACH", "EVENT_DISPATCH_UNIT_DETACH"])
def test_an_assignment_needs_a_call_and_a_unit(push_type: str) -> None:
    assert refusal(push_type, {"ident": 1}) == ("data.callId", "is missing")
    assert refusal(push_type, {"callId": 1}) == ("data.identIds", "has no usable ident")
    assert refusal(push_type, {"callId": 1, "ident": "x", "idents": []})[0] == "data.ident"


def test_the_idents_of_all_four_names_are_taken_together() -> None:
    data = {"callId": 1, "ident": 1, "idents": [2, 1], "identId": "3", "identIds": [4]}

    assert said("EVENT_DISPATCH_UNIT_ATTACH", data) == [Attached(1, (1, 2, 3, 4))]


def test_too_many_idents_under_several_names_are_refused() -> None:
    data = {"callId": 1, "idents": list(range(600)), "identIds": list(range(600, 1200))}

    assert refusal("EVENT_DISPATCH_UNIT_ATTACH", data) == ("data", "names more than 1000 idents")


def test_too_many_calls_are_refused_wherever_they_stand() -> None:
    half = {"callIds": list(range(60))}
    other = {"callIds": list(range(60, 120))}

    assert refusal("EVENT_REMOVE_911", [half, other]) == (
        "data",
        "has more than 100 calls or units",
    )
    assert refusal("EVENT_REMOVE_911", {"callIds": list(range(101))})[0] == "data.callIds"
    assert refusal("EVENT_REMOVE_911", [{"callId": 1}] * 101) == (
        "data",
        "has more than 100 elements",
    )


def test_too_many_idents_in_all_calls_together_are_refused() -> None:
    def dispatch(number: int) -> dict[str, Any]:
        return {"callId": number, "idents": list(range(600))}

    assert refusal("EVENT_DISPATCH_NEW", [dispatch(1), dispatch(2)]) == (
        "data",
        "names more than 1000 idents",
    )
    assert len(said("EVENT_DISPATCH_NEW", [dispatch(1), {"callId": 2}])) == 2


def test_a_caller_without_ids_has_none() -> None:
    assert placed({}, communityUserId="nil", apiIds=None).caller_ids is NO_IDS

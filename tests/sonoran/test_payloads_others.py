"""Tones, links, and pushes that are only handed on."""

from typing import Any

import pytest

from bridge.errors import PushRejected
from bridge.events import Target, Tone
from bridge.facts import Fact, Linked, Other, Placed, Toned
from bridge.sonoran.payloads import parse


def said(push_type: str, data: object, *pass_through: str) -> list[Fact]:
    return parse(push_type, {"data": data}, 1, frozenset(pass_through))


def tone(push_type: str, data: object) -> Tone:
    (fact,) = said(push_type, data)
    assert isinstance(fact, Toned)
    return fact.tone


def test_a_link_says_id_and_account() -> None:
    data = {"communityUserId": " license:abc ", "accountUuid": "uuid"}

    assert said("EVENT_COMMUNITY_LINK_VERIFIED", data) == [Linked("license:abc", "uuid")]
    assert said("EVENT_COMMUNITY_LINK_VERIFIED", {"communityUserId": "a"}) == [Linked("a", "")]


@pytest.mark.parametrize("sent", ["", " ", "nil", None, 7, {}, ["a"]])
def test_a_link_without_an_id_is_refused(sent: object) -> None:
    with pytest.raises(PushRejected, match=r"data\.communityUserId"):
        said("EVENT_COMMUNITY_LINK_VERIFIED", {"communityUserId": sent})


def test_a_tone_says_who_is_addressed() -> None:
    targets = [
        {"type": 1, "value": 880, "label": "Dispatch Call 880"},
        {"type": "3", "value": "LSFD", "label": None},
        {"type": 0, "value": None},
        {"type": None, "value": 1},
        "all",
    ]

    assert tone("EVENT_TONE", {"url": "https://a.invalid/x", "playTonesTo": targets}) == Tone(
        "tone",
        targets=(Target(1, 880, "Dispatch Call 880"), Target(3, "LSFD"), Target(0, "")),
        url="https://a.invalid/x",
    )


@pytest.mark.parametrize(
    ("targets", "read"),
    [(None, ()), ({"type": 2, "value": 1}, (Target(2, 1),)), ([{"type": 0}] * 300, 100)],
)
def test_a_tone_may_address_nobody_one_or_many(targets: object, read: Any) -> None:
    found = tone("EVENT_TONE", {"playTonesTo": targets}).targets

    assert (len(found) if isinstance(read, int) else found) == read


@pytest.mark.parametrize(
    ("data", "text", "url"),
    [
        ({"locations": [{"name": "Station 7"}], "message": "Go"}, "Station 7: Go", ""),
        ({"locations": [{"name": "7"}, {"name": "8"}, "9"]}, "7, 8", ""),
        ({"locations": {"name": "7"}, "tone": "tone2"}, "7", ""),
        ({"message": "Go", "tone": "https://a.invalid/x"}, "Go", "https://a.invalid/x"),
        ({"message": "data:audio/mpeg;base64,AAAA"}, "", ""),
        ({"message": "QUJD" * 5000}, "", ""),
        ({"message": ["x"]}, "", ""),
        ({}, "", ""),
    ],
)
def test_a_station_alert_is_text_and_never_audio(data: object, text: str, url: str) -> None:
    assert tone("EVENT_STATION_ALERT", data) == Tone("station", text=text, url=url)


def test_a_long_spoken_message_is_no_audio() -> None:
    message = "Engine seven, respond to the harbour. " * 10

    assert tone("EVENT_STATION_ALERT", {"message": message}).text == message.strip()


@pytest.mark.parametrize(
    ("data", "text", "idents"),
    [
        (
            {"addresses": ["F-7", "F-8"], "nature": "Emergency", "body": "Go", "identIds": [1]},
            "Emergency · F-7, F-8: Go",
            (1,),
        ),
        ({"addresses": "F-7", "body": "Go"}, "F-7: Go", ()),
        ({"body": "Go"}, "Go", ()),
        ({"nature": "Emergency"}, "Emergency", ()),
    ],
)
def test_a_page_is_text_for_those_named(data: object, text: str, idents: tuple[int, ...]) -> None:
    assert tone("EVENT_PAGER_REBORN", data) == Tone("page", text=text, idents=idents)


def test_idents_of_all_pages_together_are_limited() -> None:
    with pytest.raises(PushRejected, match="more than 1000 idents"):
        said("EVENT_PAGER_REBORN", [{"identIds": list(range(600))}] * 2)


@pytest.mark.parametrize("data", [{"a": 1}, [1], "text", None, 7])
def test_an_unknown_type_is_handed_on_with_whatever_data(data: object) -> None:
    assert said("EVENT_NEWER", data) == []
    assert said("event_newer", data, "Event_Newer", "OTHER") == [Other("EVENT_NEWER", data)]


def test_what_is_handed_on_can_be_encoded() -> None:
    data = {"a\x00": ["\ud800x", "two\nlines"], "n": float("nan"), "f": 1.5, "t": True}

    assert said("NEWER", data, "NEWER") == [
        Other("NEWER", {"a": ["x", "two lines"], "n": None, "f": 1.5, "t": True})
    ]


def nested(levels: int) -> list[Any]:
    data: list[Any] = []
    for _ in range(levels - 1):
        data = [data]
    return data


def test_what_is_too_large_or_too_deep_is_not_handed_on() -> None:
    assert said("NEWER", nested(15), "NEWER")
    assert not said("NEWER", nested(16), "NEWER")
    assert said("NEWER", "x" * 65534, "NEWER")
    assert not said("NEWER", "x" * 65535, "NEWER")
    assert not said("NEWER", "é" * 40000, "NEWER")


def test_a_listed_type_with_state_is_handed_on_beside_it() -> None:
    data = {"call": {"callId": 1}}
    placed, other = said("EVENT_911", data, "EVENT_911")

    assert isinstance(placed, Placed)
    assert other == Other("EVENT_911", data)


@pytest.mark.parametrize("data", [None, "secret", 7, [], ["secret"]])
def test_a_record_without_an_object_is_refused_without_its_content(data: object) -> None:
    with pytest.raises(PushRejected) as refused:
        said("EVENT_RECORD_ADD", data, "EVENT_RECORD_ADD")

    assert "secret" not in str(refused.value)

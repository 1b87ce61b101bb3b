"""Single values of pushes: what counts, what is cut, what counts as not said."""

import contextlib
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from bridge.events import Position
from bridge.sonoran.payloads import values

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("  Maria Lopez ", "Maria Lopez"),
        ("a\x00b\x07", "ab"),
        ("two\r\nlines\tand tab", "two lines and tab"),
        ("line\u2028separator", "line separator"),
        ("\u202eevil\u2066\u2069", "evil"),
        ("\ud800half", "half"),
        ("Zoë 李 👩🏽\u200d🚒", "Zoë 李 👩🏽\u200d🚒"),
        ("x" * 30, "x" * 20),
        ("x" * 19 + "\u200d🚒", "x" * 19),
        ("\x01" * 500 + "late", ""),
        (7351, "7351"),
        (7351.0, "7351"),
        (7.5, "7.5"),
        (math.inf, ""),
        (math.nan, ""),
        pytest.param(10**5000, "", id="5000 digits"),
        (True, ""),
        (None, ""),
        ({"a": 1}, ""),
        (["x"], ""),
    ],
)
def test_a_text_is_cut_and_free_of_what_harms(sent: object, kept: str) -> None:
    assert values.text(sent, 20) == kept


@settings(deadline=None)
@given(st.text(alphabet=st.characters(), max_size=300))
def test_every_text_can_be_encoded_and_printed_on_one_line(sent: str) -> None:
    kept = values.text(sent, 50)

    kept.encode()
    assert len(kept) <= 50
    assert len(kept.splitlines()) <= 1
    assert not any(ord(sign) < 32 for sign in kept)
    assert values.text(kept, 50) == kept


@pytest.mark.parametrize("sent", [None, "", " ", "nil", "NULL", "Undefined", "none", "unknown", {}])
def test_words_for_nothing_are_nothing(sent: object) -> None:
    assert values.word(sent, 20) is None


def test_a_longer_word_is_no_word_for_nothing() -> None:
    assert values.word("unknown man", 20) == "unknown man"


@pytest.mark.parametrize("sent", ["Unknown", "vec3(1.0, 2.0, 3.0)", "Vector4 (1, 2, 3, 4)", None])
def test_a_place_that_tells_people_nothing_is_none(sent: object) -> None:
    assert values.place(sent) == ""


def test_a_place_is_kept() -> None:
    assert values.place("Vespucci Blvd") == "Vespucci Blvd"


@pytest.mark.parametrize("sent", [True, 1, 1.0, "true", "True", "1"])
def test_true_and_its_texts_are_true(sent: object) -> None:
    assert values.flag(sent) is True
    assert values.on_or_off(sent) is True


@pytest.mark.parametrize("sent", [False, 0, "false", "False", "0"])
def test_false_and_its_texts_are_false(sent: object) -> None:
    assert values.flag(sent) is False
    assert values.on_or_off(sent) is False


@pytest.mark.parametrize("sent", [None, "", "nil", [], {}])
def test_what_says_neither_is_not_said(sent: object) -> None:
    assert values.flag(sent) is None


@pytest.mark.parametrize("sent", ["maybe", 2, [], "", "nil"])
def test_an_alarm_is_not_switched_by_what_says_neither(sent: object) -> None:
    with pytest.raises(PydanticCustomError, match="neither true nor false"):
        values.on_or_off(sent)


def test_an_alarm_without_a_word_is_on() -> None:
    assert values.on_or_off(None) is True


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("425.1", 425.1),
        (" -3 ", -3.0),
        ("1e3", 1000.0),
        (7, 7.0),
        ("1e999", None),
        ("NaN", None),
        ("inf", None),
        ("1_000", None),
        ("٣", None),
        ("", None),
        (math.nan, None),
        (math.inf, None),
        (10**30, None),
        (True, None),
        (None, None),
        ([1], None),
    ],
)
def test_a_number_is_finite_or_none(sent: object, read: float | None) -> None:
    assert values.number(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (101, 101),
        ("101", 101),
        (" 101 ", 101),
        (101.0, 101),
        ("101.0", 101),
        ("-1", -1),
        (101.5, None),
        ("101.5", None),
        ("1e2", None),
        ("x", None),
        (1e300, None),
        (math.nan, None),
        (10**19, None),
        ("9" * 19, None),
        (True, None),
        (None, None),
        ({}, None),
    ],
)
def test_a_whole_number_is_read_from_number_or_text(sent: object, read: int | None) -> None:
    assert values.whole(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (7, (7,)),
        ("7", (7,)),
        ([7, "8", 7, 9.0], (7, 8, 9)),
        ([7, None, "x", {}, 101.5, -1, True], (7,)),
        ([], ()),
        ({}, ()),
        ([None], None),
        ("all", None),
        (None, None),
        ({"a": 1}, None),
    ],
)
def test_idents_are_read_from_one_or_many(sent: object, read: tuple[int, ...] | None) -> None:
    assert values.idents(sent) == read


def test_more_idents_than_a_push_may_name_are_refused() -> None:
    assert len(values.idents(list(range(1000))) or ()) == 1000
    with pytest.raises(PydanticCustomError, match="more than 1000"):
        values.idents(list(range(1001)))


def test_a_needed_ident_is_one_or_an_error() -> None:
    assert values.needed_ident("7") == 7
    with pytest.raises(PydanticCustomError, match="no whole number"):
        values.needed_ident("x")


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (4711, 4711),
        ("4711", 4711),
        (4711.0, 4711),
        (0, 0),
        (2**63 - 1, 2**63 - 1),
        ("26-08-0042", "26-08-0042"),
        (" abc ", "abc"),
        ("x" * 64, "x" * 64),
    ],
)
def test_a_call_id_is_a_number_or_opaque_text(sent: object, read: int | str) -> None:
    assert values.call_id(sent) == read


@pytest.mark.parametrize(
    "sent",
    [-1, "-3", 4711.5, True, None, {}, [], "", "nil", "x" * 65, "a\nb", "a\u202eb", 2**63, 1e300],
)
def test_what_is_no_call_id_is_refused(sent: object) -> None:
    with pytest.raises(PydanticCustomError):
        values.call_id(sent)


def test_call_ids_leave_out_what_is_none() -> None:
    assert values.call_ids([1, "2", None, 1, {}, "abc"]) == (1, 2, "abc")
    assert values.call_ids(7) == (7,)
    assert values.call_ids(None) == ()


def test_more_calls_than_a_push_may_name_are_refused() -> None:
    with pytest.raises(PydanticCustomError, match="more than 100"):
        values.call_ids(list(range(101)))


@pytest.mark.parametrize(
    ("sent", "read"),
    [(3, 3), ("3", 3), ("High", "High"), ("nil", None), (None, None), (True, None), (1.5, None)],
)
def test_a_status_is_a_number_or_a_text_for_show(sent: object, read: int | str | None) -> None:
    assert values.choice(sent) == read


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("license:abc123", ("license:abc123",)),
        (["Steam:1", "Steam:1", " 88 ", 99], ("Steam:1", "88", "99")),
        (["nil", None, "", {}, ["x"], True], ()),
        (["ip:203.0.113.22", "IP:203.0.113.22"], ()),
        (["x" * 256, "x" * 255], ("x" * 255,)),
        ({"a": 1}, ()),
        (None, ()),
    ],
)
def test_player_ids_are_texts_and_never_addresses(sent: object, read: tuple[str, ...]) -> None:
    assert values.player_ids(sent) == read


def test_at_most_32_player_ids_are_kept_of_a_list_and_of_all_lists() -> None:
    many = values.player_ids([f"id{n}" for n in range(500)])

    assert len(many) == 32
    assert values.at_most((("a",), many, many)) == (("a",), many[:31], ())
    assert values.at_most((("a",), ("b",))) == (("a",), ("b",))


@pytest.mark.parametrize("sent", [None, [], "x=1", 3, {}])
def test_meta_data_that_is_no_object_is_empty(sent: object) -> None:
    assert values.meta_data(sent) == {}


def test_of_meta_data_only_the_first_64_keys_are_read() -> None:
    assert list(values.meta_data({str(n): n for n in range(100)})) == [str(n) for n in range(64)]


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (("425.1", -979.5, "30"), Position(425.1, -979.5, 30.0)),
        (("425.1", -979.5, None), Position(425.1, -979.5, None)),
        (("425.1", -979.5, "abc"), Position(425.1, -979.5, None)),
        (("425.1", -979.5, 1e6), Position(425.1, -979.5, None)),
        ((0, 10, 0), Position(0.0, 10.0, 0.0)),
        ((4840.0, -5174.0, 2.0), Position(4840.0, -5174.0, 2.0)),
        (("0.0", "0.0", "0.0"), None),
        (("NaN", "1e999", None), None),
        (("abc", 1, None), None),
        ((1, "abc", None), None),
        ((None, 1, None), None),
        ((1, None, None), None),
        ((250000, 1, None), None),
        ((1, -9e9, None), None),
    ],
)
def test_a_position_is_on_the_map_or_none(
    sent: tuple[Any, Any, Any], read: Position | None
) -> None:
    assert values.position(*sent) == read


@settings(deadline=None)
@given(ANYTHING, ANYTHING, ANYTHING)
def test_no_value_raises_anything_but_a_refusal(a: Any, b: Any, c: Any) -> None:
    for tolerant in (values.flag, values.number, values.whole, values.ident, values.choice):
        tolerant(a)
    for tolerant in (values.player_ids, values.meta_data, values.place):
        tolerant(a)
    values.text(a, 10)
    values.position(a, b, c)
    for strict in (values.call_id, values.call_ids, values.idents, values.on_or_off):
        with contextlib.suppress(PydanticCustomError):
            strict(a)

import contextlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import PushRejected
from bridge.sonoran.body import MAX_DEPTH, read_object

INVALID = Path(__file__).parents[1] / "data" / "push" / "invalid"


def nested(levels: int, opening: str = "[", closing: str = "]") -> bytes:
    return f'{{"a":{opening * (levels - 1)}{closing * (levels - 1)}}}'.encode()


def test_an_object_is_read() -> None:
    assert read_object(b'{"a":[1,2.5,"x",null,true]}') == {"a": [1, 2.5, "x", None, True]}


def test_a_byte_order_mark_is_no_obstacle() -> None:
    assert read_object(b'\xef\xbb\xbf{"a":1}') == {"a": 1}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "is not JSON"),
        (b"[]", "is JSON, but no object"),
        (b"null", "is JSON, but no object"),
        (b'"{}"', "is JSON, but no object"),
        (b'{"a":NaN}', "has NaN"),
        (b'{"a":-Infinity}', "has -Infinity"),
        (b'{"a":1e999}', "beyond the range"),
        (b'{"a":12345678901234567890}', "more than 19 digits"),
        (b'{"a":1}{', "is not JSON: Extra data"),
        ('{"a":1}'.encode("utf-16"), "is not UTF-8"),
        (b'{"a":"\xff"}', "is not UTF-8"),
        (b'{"a":"' + b"[" * 40, "is not JSON"),
        (nested(MAX_DEPTH + 1), "is nested deeper than 32 levels"),
        (nested(20_000), "is nested deeper"),
        (b"[" * 100, "is JSON, but no object|is not JSON"),
        (b"[" * 20_000, "is nested deeper"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "is nested deeper"),
    ],
)
def test_what_is_no_json_object_is_refused_with_the_reason(body: bytes, reason: str) -> None:
    with pytest.raises(PushRejected, match=reason) as refusal:
        read_object(body)
    assert refusal.value.code == "not_json"


def test_as_many_levels_as_allowed_are_read() -> None:
    assert read_object(nested(MAX_DEPTH))


def test_many_flat_siblings_are_not_deep() -> None:
    assert len(read_object(b'{"a":[' + b",".join([b"[[],{}]"] * 1000) + b"]}")["a"]) == 1000


def test_brackets_in_texts_are_not_levels() -> None:
    body = json.dumps({"a": ['[[{"\\' * 100] * 40}).encode()
    assert read_object(body)


@pytest.mark.parametrize(
    "body",
    [b'"' + b'\\"' * 500_000, b"[]" * 500_000, b"[" * 1_000_000, b"\\" * 1_000_000 + b"[" * 40],
    ids=["quotes", "siblings", "openings", "backslashes"],
)
def test_a_megabyte_of_nonsense_is_refused_in_bounded_time(body: bytes) -> None:
    started = time.process_time()
    with pytest.raises(PushRejected):
        read_object(body)
    assert time.process_time() - started < 2  # quadratic work would take minutes


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=25,
)


@given(st.dictionaries(st.text(), json_values, max_size=6))
def test_whatever_json_can_say_shallowly_is_read_as_it_was_written(
    value: dict[str, object],
) -> None:
    body = json.dumps(value)
    if max((body.count("["), body.count("{"))) < MAX_DEPTH / 2:
        assert read_object(body.encode()) == json.loads(body)


@given(st.binary())
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    with contextlib.suppress(PushRejected):
        assert isinstance(read_object(body), dict)


def test_every_invalid_sample_is_read_or_refused() -> None:
    for path in INVALID.iterdir():
        with contextlib.suppress(PushRejected):
            assert isinstance(read_object(path.read_bytes()), dict)

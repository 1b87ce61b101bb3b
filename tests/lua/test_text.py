"""shared/text.lua: what a caller wrote shows as what it says, in every sink."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any
ANY_TEXT = st.text(max_size=400)
DIRECTION = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
LETTERS = st.characters(min_codepoint=0xA0, exclude_categories=["Zs", "Zl", "Zp", "Cs", "Cf"])
ANY_BYTES = st.binary(max_size=400)


@pytest.fixture(scope="module")
def text(load: Callable[..., Lua]) -> Lua:
    return load("shared/text.lua")


def call(text: Lua, name: str, value: bytes, *rest: int) -> bytes:
    result: bytes = text.eval(f"CadBridge.text.{name}")(value, *rest)
    return result


@given(ANY_BYTES)
def test_a_line_is_valid_and_has_no_controls(text: Lua, value: bytes) -> None:
    shown = call(text, "line", value).decode()
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in shown)
    assert not set(shown) & set(
        "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u2028\u2029"
    )
    assert shown == shown.strip(" ")
    assert "  " not in shown


@given(
    st.text(
        alphabet=st.characters(
            min_codepoint=0xA0, exclude_categories=["Zs", "Zl", "Zp", "Cs", "Cf"]
        )
    )
)
def test_a_line_keeps_every_script(text: Lua, value: str) -> None:
    assert call(text, "line", value.encode()).decode() == value


@given(ANY_BYTES)
def test_the_feed_gets_no_codes(text: Lua, value: bytes) -> None:
    assert not set(call(text, "feed", value).decode()) & set("~<>")


def test_the_feed_gets_no_entities(text: Lua) -> None:
    assert call(text, "feed", b"a &lt;b&gt; &#60; R&R & B") == b"a +lt;b+gt; +#60; R&R & B"


@given(st.text(alphabet="^~<>1*_#ab"))
def test_the_chat_gets_no_codes(text: Lua, value: str) -> None:
    assert not set(call(text, "chat", value.encode()).decode()) & set("^~<>")


@given(st.text(alphabet="^1a\x1b[3m\n"))
def test_the_console_gets_no_codes(text: Lua, value: str) -> None:
    assert not set(call(text, "console", value.encode()).decode()) & set("^\x1b\n")


@given(ANY_TEXT)
def test_every_mark_of_markdown_is_escaped(text: Lua, value: str) -> None:
    shown = call(text, "markdown", value.encode()).decode()
    plain = call(text, "line", value.encode()).decode()
    at = 0
    for character in plain:
        if character.isascii() and not character.isalnum() and character != " ":
            assert shown[at] == "\\"
            at += 1
        assert shown[at] == character
        at += 1
    assert at == len(shown)


@given(ANY_TEXT, st.integers(3, 120))
def test_a_cut_is_no_longer_than_allowed_and_never_half_a_character(
    text: Lua, value: str, size: int
) -> None:
    cut = call(text, "cut", value.encode(), size)
    assert len(cut) <= size
    assert value.startswith(cut.decode())
    assert len(cut) > size - 4 or cut.decode() == value
    short = call(text, "short", value.encode(), size)
    assert len(short) <= size
    assert short.decode() == value or short.decode().endswith("…")


@given(ANY_BYTES)
def test_a_blip_name_fits_one_component(text: Lua, value: bytes) -> None:
    assert len(call(text, "blip", value)) <= 99


@given(ANY_TEXT, st.integers(10, 99), st.integers(1, 6))
def test_components_lose_nothing_that_fits(text: Lua, value: str, size: int, most: int) -> None:
    pieces = list(text.eval("CadBridge.text.components")(value.encode(), size, most).values())
    assert len(pieces) <= most
    assert all(len(piece) <= size for piece in pieces)
    joined = b"".join(pieces).decode()
    if len(value.encode()) <= most * (size - 3):
        assert joined == value
    else:
        assert joined == value or (joined.endswith("…") and value.startswith(joined[:-1]))


def test_components_break_at_a_space(text: Lua) -> None:
    pieces = text.eval("CadBridge.text.components")(b"shots fired near the bank", 15, 3)
    assert list(pieces.values()) == [b"shots fired ", b"near the bank"]


@pytest.mark.parametrize("name", ["line", "feed", "blip", "chat", "markdown", "console"])
def test_nothing_and_numbers_are_text_too(text: Lua, name: str) -> None:
    assert text.eval(f"CadBridge.text.{name}(nil)") == b""
    assert text.eval(f"CadBridge.text.{name}(4711)") == b"4711"


@pytest.mark.parametrize("name", ["line", "feed", "blip", "chat", "markdown", "console"])
def test_a_megabyte_is_no_trouble(text: Lua, name: str) -> None:
    for piece in (b"~r~^1<&lt;*", b"\xff", b" \t", "\u202e".encode()):
        assert isinstance(call(text, name, piece * (2**20 // len(piece))), bytes)

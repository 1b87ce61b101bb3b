"""shared/locale.lua: whole sentences, named places, English where a language lacks a word."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any

FILES = {
    "locales/en.json": {"notice.hello": "Hello {name}", "notice.only": "Only English"},
    "locales/de.json": {"notice.hello": "Hallo {name}"},
    "locales/pt-BR.json": {"notice.hello": "Ola {name}"},
    "locales/bad.json": None,
}


class Words:
    def __init__(self, load: Callable[..., Lua]) -> None:
        self.lua = load("shared/locale.lua")
        self.said: list[str] = []
        self.read: list[str] = []
        opened = self.lua.eval("CadBridge.locale.open")
        self.words = opened(self._load, self._decode, lambda line: self.said.append(line.decode()))

    def _load(self, path: bytes) -> bytes | None:
        self.read.append(path.decode())
        if path.decode() not in FILES:
            return None
        content = FILES[path.decode()]
        return b"{" if content is None else b"\xef\xbb\xbf" + json.dumps(content).encode()

    def _decode(self, text: bytes) -> Lua:
        return self.lua.table_from({k.encode(): v.encode() for k, v in json.loads(text).items()})

    def say(self, language: str, name: str, /, **places: object) -> str:
        table = self.lua.table_from(
            {k.encode(): v.encode() if isinstance(v, str) else v for k, v in places.items()}
        )
        said: bytes = self.words[b"say"](self.words, language.encode(), name.encode(), table)
        return said.decode()


@pytest.fixture
def words(load: Callable[..., Lua]) -> Words:
    return Words(load)


def test_a_sentence_is_said_in_its_language(words: Words) -> None:
    assert words.say("de", "notice.hello", name="Zoë") == "Hallo Zoë"
    assert words.said == []


@pytest.mark.parametrize("language", ["de-AT", "DE", "de_DE"])
def test_a_region_falls_back_to_its_language(words: Words, language: str) -> None:
    assert words.say(language, "notice.hello", name="x") == "Hallo x"


@pytest.mark.parametrize("language", ["pt", "pt-br", "pt_BR", "pt-BR"])
def test_the_name_of_a_language_may_lack_its_region(words: Words, language: str) -> None:
    assert words.say(language, "notice.hello", name="x") == "Ola x"


def test_a_missing_word_is_english_and_reported_once(words: Words) -> None:
    assert words.say("de", "notice.only") == "Only English"
    assert words.say("de", "notice.only") == "Only English"
    assert words.said == ['locale de lacks "notice.only": the English words are shown.']


def test_a_missing_language_is_english_and_reported_once(words: Words) -> None:
    assert words.say("fr", "notice.hello", name="x") == "Hello x"
    assert words.say("fr", "notice.only") == "Only English"
    assert words.said == ['there is no locale "fr": the English words are shown.']


def test_a_broken_file_is_reported_and_english(words: Words) -> None:
    assert words.say("bad", "notice.hello", name="x") == "Hello x"
    assert "locales/bad.json is not valid JSON" in words.said[0]


def test_a_word_nobody_has_is_its_own_name(words: Words) -> None:
    assert words.say("en", "notice.nowhere") == "notice.nowhere"


def test_a_file_is_read_once(words: Words) -> None:
    for _ in range(3):
        words.say("de", "notice.hello")
    assert words.read == ["locales/de.json"]


@pytest.mark.parametrize("language", ["../../server", "a" * 17, "", "en/../x", "e\0n"])
def test_no_name_leads_out_of_the_folder(words: Words, language: str) -> None:
    assert words.say(language, "notice.only") == "Only English"
    assert words.read == ["locales/en.json"]


@given(st.text())
def test_a_value_is_never_looked_at_again(load: Callable[..., Lua], value: str) -> None:
    lua = load("shared/locale.lua")
    fill = lua.eval("CadBridge.locale.fill")
    places = lua.table_from({b"name": value.encode(), b"secret": b"!"})
    assert fill(b"<{name}{nothing}>", places).decode() == f"<{value}>"
    both = fill(b"{name}", lua.table_from({b"name": b"{secret} %1 %%", b"secret": b"!"}))
    assert both == b"{secret} %1 %%"

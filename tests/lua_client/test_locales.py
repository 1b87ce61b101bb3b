"""Every language has the same words with the same places."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "lua_resource/locales"
LANGUAGES = ["de", "fr", "es", "pt-BR", "nl", "pl"]

PLACE = re.compile(r"{(\w+)}")
CODE = re.compile(r"~\w+~|\^\d|<\w|%[sd]|[\x00-\x1f\u202a-\u202e\u2066-\u2069]")


def words(language: str) -> dict[str, str]:
    text = (FOLDER / f"{language}.json").read_text(encoding="utf-8")
    assert not text.startswith("\ufeff")
    result: dict[str, str] = json.loads(text)
    return result


def test_these_languages_and_english_are_all_there_are() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == {*LANGUAGES, "en"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_language_has_the_words_of_english_and_no_others(language: str) -> None:
    assert words(language).keys() == words("en").keys()


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_sentence_has_the_same_places_in_every_language(language: str) -> None:
    english, other = words("en"), words(language)
    different = {
        name
        for name, sentence in other.items()
        if sorted(PLACE.findall(sentence)) != sorted(PLACE.findall(english.get(name, "")))
    }

    assert different == set()


@pytest.mark.parametrize("language", [*LANGUAGES, "en"])
def test_words_are_plain_text_and_none_is_empty(language: str) -> None:
    strange = {
        name: sentence
        for name, sentence in words(language).items()
        if not isinstance(sentence, str) or not sentence.strip() or CODE.search(sentence)
    }

    assert strange == {}


@pytest.mark.parametrize("language", [*LANGUAGES, "en"])
def test_every_class_has_a_word_of_its_own(language: str) -> None:
    kinds = [text for name, text in words(language).items() if name.startswith("card.class.")]

    assert len(kinds) == 8
    assert len(set(kinds)) == 8


@pytest.mark.parametrize("language", [*LANGUAGES, "en"])
@pytest.mark.parametrize("name", ["card.crowd", "card.crowdEmergencies"])
def test_a_number_of_calls_fits_also_one(language: str, name: str) -> None:
    sentence = words(language)[name]

    # No noun stands behind the number: it would need a form for one, and in Polish others for two.
    assert re.search(r"\w\s?: {count}(?:$|, )", sentence)


def test_in_polish_a_unit_in_distress_raises_an_alarm_and_attacks_nobody() -> None:
    polish = words("pl")
    alone = [name for name, text in polish.items() if re.search(r"\bNapad\b", text)]

    assert alone == []
    assert polish["card.class.panic"] == "Alarm napadowy"


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_and_permissions_are_never_translated(language: str) -> None:
    english, other = words("en"), words(language)
    fixed = re.compile(
        r"/(?:calls|link|panic|clearcall)\b|cadbridge\.\w+|cadbridge_\w+|\bset\w? cad"
    )
    lost = {
        name: set(fixed.findall(sentence)) - set(fixed.findall(other[name]))
        for name, sentence in english.items()
    }

    assert {name: left for name, left in lost.items() if left} == {}

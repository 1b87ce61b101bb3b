from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from bridge.errors import ConfigurationError
from bridge.owner.cad import Looked
from bridge.owner.interview import interview
from bridge.owner.setup import SOURCES, Answers

KEY = "test-key-5d1b7c90"
TWO: Any = (SimpleNamespace(id=1, name="Los Santos"), SimpleNamespace(id=2, name="Paleto Bay"))


class Person:
    """Answers in order; an empty answer takes the default."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.hidden: list[str] = []
        self.told: list[str] = []
        self.present = True

    def ask(self, question: str, default: str = "", *, hidden: bool = False) -> str:
        self.asked.append(question)
        if hidden:
            self.hidden.append(question)
        return self.answers.pop(0) or default

    def say(self, text: str) -> None:
        self.told.append(text)


class Script(Person):
    """Nobody there."""

    def __init__(self) -> None:
        super().__init__()
        self.present = False


def cad(servers: Any = TWO) -> Callable[[str, str], Looked]:
    def test(_: str, key: str) -> Looked:
        return Looked("ok", plan="PLUS", servers=servers) if key == KEY else Looked("refused", "no")

    return test


def away(_: str, __: str) -> Looked:
    return Looked("unreachable", "no route to host")


def test_three_answers_are_enough() -> None:
    person = Person("community-1", KEY, "")

    answers = interview(Answers(), person, cad(TWO[:1]))

    assert answers == Answers("community-1", KEY, "hub", ((1, "Los Santos"),))
    assert len(person.asked) == 3
    assert len(person.hidden) == 1
    assert "The CAD accepts the key (plan PLUS)." in person.told


def test_each_way_for_pushes_is_explained_in_a_sentence() -> None:
    person = Person("community-1", KEY, "both")

    assert interview(Answers(), person, cad(TWO[:1])).source == "both"
    for sentence in SOURCES.values():
        assert any(sentence in told for told in person.told)


def test_of_several_servers_the_person_chooses() -> None:
    person = Person("2", "")
    given = Answers("c", KEY)

    assert interview(given, person, cad()).servers == ((2, "Paleto Bay"),)


def test_a_refused_key_is_asked_again() -> None:
    person = Person("wrong", "wrong too", KEY)
    given = Answers("c", source="hub", servers=((1, ""),))

    assert interview(given, person, cad()).api_key == KEY
    assert sum("does not accept" in told for told in person.told) == 2


def test_a_key_that_stays_refused_is_not_written() -> None:
    with pytest.raises(ConfigurationError, match=r"cad\.api_key: is refused"):
        interview(Answers("c", source="hub"), Person("a", "b", "c"), cad())


def test_where_the_cad_cannot_be_reached_it_is_said_and_the_rest_goes_on() -> None:
    person = Person("c", KEY, "3,4", "http")

    answers = interview(Answers(), person, away)

    assert answers.servers == ((3, ""), (4, ""))
    assert any("was not tested: no route to host" in told for told in person.told)


def test_a_server_that_the_cad_does_not_know_is_refused_with_those_it_knows() -> None:
    with pytest.raises(ConfigurationError, match=r"7 is not known.*1 \(Los Santos\)"):
        interview(Answers("c", KEY, "hub", ((7, ""),)), Script(), cad())


def test_a_name_that_was_given_is_not_replaced() -> None:
    given = Answers("c", KEY, "hub", ((1, "Mine"), (2, "")))

    assert interview(given, Script(), cad()).servers == ((1, "Mine"), (2, "Paleto Bay"))


def test_a_script_is_asked_nothing() -> None:
    script = Script()

    assert interview(Answers("c", KEY), script, cad()) == Answers(
        "c", KEY, "hub", ((1, "Los Santos"), (2, "Paleto Bay"))
    )
    assert interview(Answers("c", KEY), script, None).servers == ((1, ""),)
    assert script.asked == []


@pytest.mark.parametrize(
    ("given", "option"),
    [(Answers(api_key=KEY), "--community-id"), (Answers("c"), "--api-key")],
)
def test_what_a_script_left_out_is_named(given: Answers, option: str) -> None:
    with pytest.raises(ConfigurationError, match=option):
        interview(given, Script(), cad())


def test_a_script_with_a_wrong_key_fails_at_once() -> None:
    with pytest.raises(ConfigurationError, match="--no-test"):
        interview(Answers("c", "wrong"), Script(), cad())


def test_empty_and_unknown_answers_are_asked_again_and_not_for_ever() -> None:
    with pytest.raises(ConfigurationError, match="--community-id"):
        interview(Answers(), Person("", " ", ""), cad())
    with pytest.raises(ConfigurationError, match="--source"):
        interview(Answers("c", KEY, servers=((1, ""),)), Person("a", "b", "c"), cad())


def test_a_mistake_in_the_servers_is_said_and_asked_again() -> None:
    person = Person(",", "1 and 2", "2,", "hub")

    assert interview(Answers("c", KEY), person, cad()).servers == ((2, "Paleto Bay"),)
    told = "\n".join(person.told)
    assert "'1 and 2' is no server id; such as 1 or 1=Name" in told
    assert "',' is no server id" in told


def test_servers_that_stay_wrong_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="7 is not known"):
        interview(Answers("c", KEY), Person("7", "7", "7"), cad())


def test_a_key_that_the_console_did_not_paste_is_asked_again() -> None:
    person = Person("c", "\x16", KEY, "")

    assert interview(Answers(), person, cad(TWO[:1])).api_key == KEY
    assert any("right button" in told for told in person.told)


def test_a_given_key_is_taken_without_its_lines_end_and_never_with_a_hidden_sign() -> None:
    assert interview(Answers("c", f"{KEY}\r\n"), Script(), cad()).api_key == KEY
    with pytest.raises(ConfigurationError, match=r"--api-key: has a sign") as refusal:
        interview(Answers("c", f"{KEY}\x16"), Script(), cad())
    assert KEY not in str(refusal.value)

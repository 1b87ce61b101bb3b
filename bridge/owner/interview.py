"""`init`'s questions: only what is not known yet, each answer tested where it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from bridge.errors import ConfigurationError
from bridge.owner.setup import SOURCES, Answers, parse_servers

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.owner.cad import Looked
    from bridge.owner.setup import Source

    Servers = tuple[tuple[int, str], ...]
    Test = Callable[[str, str], Looked]

__all__ = ["Dialogue", "interview"]

_TRIES = 3


class Dialogue(Protocol):
    """The person at the keyboard, if there is one."""

    @property
    def present(self) -> bool:
        """Somebody can answer; False for a script."""
        ...

    def ask(self, question: str, default: str = "", *, hidden: bool = False) -> str:
        """Return the answer to a question; a hidden one is not echoed."""
        ...

    def say(self, text: str) -> None:
        """Tell something."""
        ...


def interview(given: Answers, dialogue: Dialogue, test: Test | None) -> Answers:
    """Return complete answers: the given ones, and for the rest what the person says.

    Args:
        given: from the options; nothing that is given is asked.
        dialogue: the person.
        test: asks the CAD at a url with a key (`cad.look`); None: the key is not tested.

    Raises:
        ConfigurationError: nobody is there to be asked, or the CAD refuses the key or a server.
    """
    given = replace(
        given,
        community_id=_given("--community-id", given.community_id),
        api_key=_given("--api-key", given.api_key),
    )
    answers = replace(
        given,
        community_id=given.community_id
        or _need(dialogue, "--community-id", "Community id (Admin > In-Game Integration > API)"),
    )
    answers, looked = _tested_key(answers, dialogue, test)
    answers = replace(answers, servers=_servers(answers, dialogue, looked))
    return replace(answers, source=answers.source or _source(dialogue))


def _given(option: str, text: str) -> str:
    text = text.strip()
    if not text.isprintable():
        raise ConfigurationError(
            option, "has a sign in it that cannot be seen", "copy it from the CAD again"
        )
    return text


def _need(dialogue: Dialogue, option: str, question: str, *, hidden: bool = False) -> str:
    if dialogue.present:
        for _ in range(_TRIES):
            answer = dialogue.ask(question, hidden=hidden).strip()
            if answer and answer.isprintable():
                return answer
            if answer:  # a console of Windows takes Ctrl+V for a sign
                dialogue.say(
                    "That has a sign in it that cannot be seen: "
                    "where Ctrl+V does not paste, a click with the right button does."
                )
    raise ConfigurationError(option, "is missing", "give it as an option, or answer the question")


def _tested_key(
    answers: Answers, dialogue: Dialogue, test: Test | None
) -> tuple[Answers, Looked | None]:
    for tried in range(_TRIES):
        ask_again = dialogue.present and (tried > 0 or not answers.api_key)
        if ask_again or not answers.api_key:
            key = _need(dialogue, "--api-key", "API key (not shown while you type)", hidden=True)
            answers = replace(answers, api_key=key)
        if test is None:
            return answers, None
        looked = test(answers.api_url, answers.api_key)
        if looked.state == "ok":
            dialogue.say(f"The CAD accepts the key (plan {looked.plan}).")
            return answers, looked
        if looked.state == "unreachable":
            dialogue.say(
                f"The key was not tested: {looked.detail}. `cad-bridge doctor` does later."
            )
            return answers, None
        dialogue.say(f"The CAD does not accept the key: {looked.detail}")
        if not dialogue.present:
            break
    raise ConfigurationError(
        "cad.api_key",
        "is refused by the CAD",
        "the key from Admin > In-Game Integration > API, or --no-test to write it all the same",
    )


def _servers(answers: Answers, dialogue: Dialogue, looked: Looked | None) -> Servers:
    """Return the servers, with the CAD's names where it was asked; it must know all of them."""
    known = {server.id: server.name for server in looked.servers} if looked else {}
    servers = answers.servers
    if not servers and known:
        listed = ", ".join(f"{number} ({name})" for number, name in known.items())
        dialogue.say(f"The CAD knows these servers: {listed}.")
    servers = servers or _chosen(dialogue, known)
    return _known(servers, known)


def _chosen(dialogue: Dialogue, known: dict[int, str]) -> Servers:
    """Return the servers that the person names, or all; what cannot be is asked again."""
    every = ",".join(map(str, known)) or "1"
    if not dialogue.present or len(known) == 1:
        return parse_servers(every.split(","))
    question = "Which of them, separated by commas" if known else "Server id in the CAD"
    for _ in range(_TRIES - 1):
        try:
            return _known(_listed(dialogue.ask(question, every)), known)
        except ConfigurationError as error:
            dialogue.say(f"{error.problem}; {error.allowed}")
    return _known(_listed(dialogue.ask(question, every)), known)


def _listed(answer: str) -> Servers:
    return parse_servers([part for part in answer.split(",") if part.strip()] or [answer])


def _known(servers: Servers, known: dict[int, str]) -> Servers:
    """Return the servers with the CAD's names; it must know all of them, where it was asked."""
    for number, _ in servers:
        if known and number not in known:
            raise ConfigurationError(
                "--server",
                f"{number} is not known to the CAD",
                ", ".join(f"{each} ({name})" for each, name in known.items()),
            )
    return tuple((number, name or known.get(number, "")) for number, name in servers)


def _source(dialogue: Dialogue) -> Source:
    if not dialogue.present:
        return "hub"
    dialogue.say("How do pushes arrive?")
    for name, sentence in SOURCES.items():
        dialogue.say(f"  {name:4}  {sentence}")
    for _ in range(_TRIES):
        answer = dialogue.ask("hub, http or both", "hub").strip().lower()
        for name in SOURCES:
            if answer == name:
                return name
    raise ConfigurationError("--source", "is not chosen", ", ".join(SOURCES))

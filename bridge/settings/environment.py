"""The variables of the environment that are named like ours: which are keys, which are misspelt.

A variable that was meant for a key is refused as an unknown key in the file is: nobody wants to
find out later that a limit was never set. One that resembles none is told of and ignored: it may
belong to whoever starts the bridge.
"""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError
from bridge.settings.sections import ENVIRONMENT_PREFIX, SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["configures", "problems", "strays"]

_TOOLS = frozenset({"CHROMIUM", "NO_SKIPS", "SCHEDULER_LUA"})
"""What the project's own tests and demo read."""
_ORCHESTRATED = re.compile(r"SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_\w+)?)?")
"""What Kubernetes sets in every container beside a service that is named `cad-bridge`."""
_ADDRESS = re.compile(r"(tcp|udp)://")
_LIKE = 0.8
"""Resemblance of 0 to 1 from which one name was meant for another."""
_TELLING = 6
"""Letters from which a key alone, without its section, is recognised though misspelt."""


def configures(environment: Mapping[str, str]) -> bool:
    """Tell whether the environment sets any key, or was meant to."""
    return any(_is_key(name) or "__" in name or _meant(name) for name, _ in _ours(environment))


def problems(environment: Mapping[str, str]) -> Iterator[ConfigurationError]:
    """Return the variables that were meant for a key and name none."""
    for name, variable in _ours(environment):
        if _is_key(name):
            continue
        if meant := _meant(name):
            yield ConfigurationError(variable, "is no key", f"did you mean {' or '.join(meant)}?")
        elif "__" in name:
            yield ConfigurationError(variable, "names no section", f"one of {', '.join(SECTIONS)}")


def strays(environment: Mapping[str, str]) -> Iterator[str]:
    """Return a line for each variable that is named like ours and means nothing."""
    for name, variable in _ours(environment):
        if not _is_key(name) and not _meant(name) and "__" not in name:
            yield (
                f"{variable} is no key and is ignored; keys are "
                f"{ENVIRONMENT_PREFIX}<SECTION>__<KEY>, such as {_variable('cad', 'api_key')}"
            )


def _ours(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Return what follows the prefix in capitals, and the variable as it is written."""
    for variable, value in environment.items():
        prefix, name = variable[: len(ENVIRONMENT_PREFIX)], variable[len(ENVIRONMENT_PREFIX) :]
        if prefix.upper() != ENVIRONMENT_PREFIX or name.upper() in _TOOLS:
            continue
        if _ORCHESTRATED.fullmatch(name) and (name != "PORT" or _ADDRESS.match(value)):
            continue
        yield name.upper(), variable


def _is_key(name: str) -> bool:
    """Tell whether it names a section: what follows that is checked with the file's keys."""
    return name.partition("__")[0].lower() in SECTIONS


def _meant(name: str) -> list[str]:
    """Return the variables that a misspelt one may have been meant for."""
    letters = name.replace("_", "").lower()
    exact = [variable for forms, variable in _KEYS if letters in forms]
    if exact:
        return exact
    telling = {
        form: variable
        for forms, variable in _KEYS
        for form in forms
        if form != forms[-1] or len(form) >= _TELLING
    }
    return [telling[form] for form in difflib.get_close_matches(letters, telling, 1, _LIKE)]


def _variable(section: str, key: str) -> str:
    return f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()


_KEYS: list[tuple[tuple[str, str], str]] = [
    ((f"{section}{key}".replace("_", ""), key.replace("_", "")), _variable(section, key))
    for section, model in SECTIONS.items()
    if section != "servers"
    for key in model.model_fields
] + [(("servers", "servers"), f"{ENVIRONMENT_PREFIX}SERVERS")]
"""Each variable with what may be written for it, in small letters alone: with its section, without.
"""

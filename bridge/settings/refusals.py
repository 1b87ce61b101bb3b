"""The words for a key that is unknown, missing or bad: what stands there, and what may.

The value of a secret is never shown.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError
from bridge.settings.sections import SECTIONS, Settings

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic_core import ErrorDetails

__all__ = ["SECRETS", "in_words"]

SECRETS = frozenset({"api_key", "token", "url"})


def in_words(details: ErrorDetails) -> ConfigurationError:
    """Return what the library found wrong as a line for the owner."""
    location = [str(part) for part in details["loc"]]
    secret = any(part in SECRETS for part in location)
    whole = location[-1] in SECTIONS or (location[0] == "servers" and location[-1].isdigit())
    problem = details["msg"].removeprefix("Input ")
    allowed = ""
    if details["type"] == "extra_forbidden":
        problem, allowed = "is no key of this section", _nearest(location)
    elif details["type"] == "missing":
        problem = "is missing"
    elif secret:
        problem, allowed = "is not allowed", "text"
    elif whole:  # not shown: there are secrets in it
        brackets = "[[servers]]" if location[0] == "servers" else f"[{location[0]}]"
        problem, allowed = "is not written as it must be", f"a line {brackets}, its keys below"
    else:
        problem, allowed = f"{_written(details['input']):.80} is not allowed", problem
    return ConfigurationError(".".join(location), problem, allowed)


def _nearest(location: list[str]) -> str:
    """Return what may stand there, the nearest name first."""
    section: type[BaseModel] = Settings
    for part in location[:-1]:
        if not part.isdigit():
            section = SECTIONS[part]
    names = list(section.model_fields)
    near = difflib.get_close_matches(location[-1], names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"{hint}allowed: {', '.join(names)}"


def _written(value: object) -> str:
    """Return a value as the file has it."""
    return str(value).lower() if isinstance(value, bool) else repr(value)

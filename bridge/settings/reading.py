"""Reads the configuration from a file and the environment, and checks the whole before use."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pydantic import ValidationError
from pydantic_settings import SettingsError

from bridge.errors import ConfigurationError
from bridge.settings import across, environment, refusals
from bridge.settings.sections import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["load", "secrets"]


def load(path: Path | None) -> Settings:
    """Return the checked configuration of a TOML file (None: of the environment alone).

    Raises:
        ConfigurationError: the file cannot be read or something in it is not allowed; its text has
            a line for each problem.
    """
    body = {} if path is None else _read_toml(path)
    folder = Path.cwd() if path is None else path.resolve().parent
    problems = list(environment.problems(os.environ))
    try:
        settings = Settings(**body).starting_at(folder)
    except ValidationError as error:
        problems += [refusals.in_words(details) for details in error.errors()]
    except SettingsError as error:
        problems.append(
            ConfigurationError(
                "environment", f"{error}", "lists and [[servers]] are written as JSON"
            )
        )
    else:
        problems += across.problems(settings)
    if problems:
        raise ConfigurationError.several(problems)
    return settings


def _read_toml(path: Path) -> dict[str, Any]:
    try:
        # Windows editors write a byte order mark, which TOML does not allow
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise ConfigurationError(
            str(path), "there is no such file", "`cad-bridge init` writes one"
        ) from None
    except UnicodeDecodeError:
        raise ConfigurationError(
            str(path),
            "cannot be read: it is not saved as UTF-8",
            "in Notepad: Save as, with the encoding UTF-8",
        ) from None
    except PermissionError:
        raise ConfigurationError(
            str(path),
            "this user may not read it",
            "a service's file is its user's own: on Linux put sudo in front of the command",
        ) from None
    except OSError as error:
        raise ConfigurationError(str(path), f"cannot be read: {error}") from None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            str(path), f"is no TOML: {error}", _advice(text, str(error))
        ) from None


def _advice(text: str, error: str) -> str:
    """Return what is usually wrong with the line that TOML's error names; the line is not shown."""
    found = re.search(r"at line (\d+)", error)
    line = text.split("\n")[int(found[1]) - 1] if found else ""
    return across.WINDOWS_PATH if "\\" in line else ""


def secrets(settings: Settings) -> list[str]:
    """Return every secret of a configuration: what must never be shown."""
    held = [settings.cad.api_key, settings.admin.token, *(s.token for s in settings.servers)]
    words = [secret.get_secret_value() for secret in held]
    return [word for word in [*words, *_of_url(settings.journal.url)] if word]


def _of_url(url: str) -> Iterator[str]:
    """Return the passwords and tokens in a journal's url, as they are written and as they are.

    Not the users: such a word may be part of any line.
    """
    authority = re.match(r"(?:nats|tls)://([^/?]*)", url)
    for part in authority[1].split(",") if authority else ():
        login, at, _ = part.rpartition("@")
        user, colon, password = login.partition(":")
        if at:
            secret = password if colon else user
            yield from dict.fromkeys((secret, unquote(secret)))

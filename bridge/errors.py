"""The errors that a person is shown, and their texts.

An error carries the data that caused it; its text is composed here, in one place, and says what
happened, to which key, server or field, and what to do next. Texts never contain a secret.
"""

from __future__ import annotations

__all__ = [
    "BridgeError",
    "CannotListen",
    "ConfigurationError",
    "JournalInUse",
    "JournalUnavailable",
    "PushRejected",
    "RequestRefused",
    "SequenceTaken",
]


TRIED_AGAIN = "it is tried again by itself"


class BridgeError(Exception):
    """Base of everything the bridge raises on purpose."""


class ConfigurationError(BridgeError):
    """A key of the configuration is missing, unknown or bad: the command exits 2."""

    def __init__(self, key: str, problem: str, allowed: str = "") -> None:
        self.key = key
        self.problem = problem
        self.allowed = allowed
        self.others: list[ConfigurationError] = []

    @classmethod
    def several(cls, problems: list[ConfigurationError]) -> ConfigurationError:
        """Return the first of the problems, with the others behind it."""
        first, *others = problems
        first.others = others
        return first

    def __str__(self) -> str:
        """Return `key: problem; allowed`, a line for each problem."""
        line = f"{self.key}: {self.problem}" + (f"; {self.allowed}" if self.allowed else "")
        return "\n".join([line, *map(str, self.others)])


class CannotListen(BridgeError):
    """A listener cannot be opened now; it may be later, so the command exits 1.

    `key` names the setting to look at: `push.port`, `gateway.host`, `servers.0.push_port`.
    """

    def __init__(self, key: str, address: str, reason: str, advice: str) -> None:
        self.key = key
        self.address = address
        self.reason = reason
        self.advice = advice

    def __str__(self) -> str:
        """Name key, address, reason and way out."""
        return f"{self.key}: cannot listen at {self.address}: {self.reason}; {self.advice}"


class JournalInUse(BridgeError):
    """Another bridge holds the journal's lock: the command exits 2."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __str__(self) -> str:
        """Name the journal and the way out."""
        return (
            f"the journal {self.path} is in use by another bridge; "
            "stop that one first, or give this one a journal of its own ([journal] url)"
        )


class JournalUnavailable(BridgeError):
    """The journal cannot store now; nothing was stored.

    `reason` says what happened and, behind a semicolon, what to do where more is to be done than
    to wait.
    """

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __str__(self) -> str:
        """Say why, and what to do."""
        return f"the journal cannot store now ({self.what}); {self.advice or TRIED_AGAIN}"

    @property
    def what(self) -> str:
        """What happened."""
        return self.reason.partition("; ")[0]

    @property
    def advice(self) -> str:
        """What to do; empty where there is no more to it than to wait."""
        return self.reason.partition("; ")[2]


class SequenceTaken(BridgeError):
    """Events were appended after a number that is no longer the last: read on, fold again."""

    def __init__(self, server: int, expected: int, last: int) -> None:
        self.server = server
        self.expected = expected
        self.last = last

    def __str__(self) -> str:
        """Name both numbers."""
        return f"server {self.server}: expected last event {self.expected}, found {self.last}"


class PushRejected(BridgeError):
    """A push of a known type with a body that cannot be understood.

    `path` names the field as `data.0.call.callId`; empty for the whole.
    """

    def __init__(self, reason: str, path: str = "", *, code: str = "bad_body") -> None:
        self.reason = reason
        self.path = path
        self.code = code

    def __str__(self) -> str:
        """Return `path: reason`."""
        return f"{self.path}: {self.reason}" if self.path else self.reason


class RequestRefused(BridgeError):
    """A request from the game that is answered with an error (`code` is for the resource's words,
    `message` for the console).
    """

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        self.message = message

    def __str__(self) -> str:
        """Return `code: message`."""
        return f"{self.code}: {self.message}"

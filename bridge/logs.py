"""Logs: readable on a terminal, one JSON object a line otherwise.

A line is an event in the past tense with a few fields; one for each change in a life, none for each
push. What is said again within a minute is counted instead of printed, secrets are blotted out
whoever let them slip, and a value cannot begin a line of its own.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import os
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, TextIO

import structlog

from bridge.log_file import LogFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from structlog.typing import EventDict, Processor, WrappedLogger

    from bridge.blot import Secrets

__all__ = ["Counted", "Guard", "quiet", "set_up"]

_WINDOW = 60.0
"""Seconds in which the same line is printed once."""
_REMEMBERED = 1000
"""Different lines whose repetitions are counted at a time."""
_MOST_VALUE = 1000
"""Characters of one value; tracebacks are exempt."""


def set_up(
    secrets: Secrets,
    *,
    stream: TextIO | None = None,
    as_json: bool | None = None,
    level: str = "info",
) -> None:
    """Configure structlog, and the standard library's logging for what dependencies say.

    Args:
        secrets: what must never be printed; may be added to later.
        stream: where to; None: standard error.
        as_json: None: unless somebody reads the stream as it is, on a terminal or in a log file.
        level: the lowest that is printed; of dependencies, warnings and worse.
    """
    stream = sys.stderr if stream is None else stream
    if isinstance(stream, io.TextIOWrapper):
        stream.reconfigure(errors="backslashreplace")  # a Windows console knows few signs
    if as_json is None:
        as_json = not (stream.isatty() or isinstance(stream, LogFile))
    clock = "%H:%M:%S" if stream.isatty() else "%Y-%m-%d %H:%M:%S"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            Counted(),
            structlog.processors.format_exc_info,
            Guard(secrets),
            structlog.processors.TimeStamper(
                fmt="iso" if as_json else clock, utc=as_json, key="at" if as_json else "time"
            ),
            _json_line if as_json else _readable(stream),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=lambda *_: _Unfailing(stream),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_FromLibraries()], level=logging.WARNING, force=True)


def quiet() -> None:
    """Let nothing be logged: for commands whose output is their answer."""
    structlog.configure(processors=[_drop])
    logging.basicConfig(handlers=[logging.NullHandler()], force=True)


class Counted:
    """Holds a line back that was printed less than a minute ago, with all its fields; the next one
    that passes says how often in `repeated`.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # the journal's threads log too
        self._printed: dict[str, tuple[float, int]] = {}

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """Pass the line on, or raise DropEvent."""
        what = repr(sorted((k, repr(v)) for k, v in line.items() if k != "exc_info"))
        with self._lock:
            now = self._clock()
            printed, held_back = self._printed.get(what, (-_WINDOW, 0))
            if now - printed < _WINDOW:
                self._printed[what] = printed, held_back + 1
                raise structlog.DropEvent
            self._printed.pop(what, None)
            if len(self._printed) >= _REMEMBERED:
                del self._printed[next(iter(self._printed))]
            self._printed[what] = now, 0
        if held_back:
            line["repeated"] = held_back
        return line


class Guard:
    """Blots out registered secrets, and keeps each value on one line and short."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets

    def __call__(self, _: WrappedLogger, __: str, line: EventDict) -> EventDict:
        """Return the line, safe to be printed."""
        for name, value in line.items():
            is_traceback = name == "exception"
            line[name] = self._secrets.blot(value) if is_traceback else self._clean(value)
        return line

    def _clean(self, value: Any) -> Any:
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._clean(item) for item in value]
        if isinstance(value, (bool, int, float, type(None))):
            return value
        text = self._secrets.blot(str(value))
        if not text.isprintable():
            text = "".join(sign if sign.isprintable() else "·" for sign in text)
        return text if len(text) <= _MOST_VALUE else f"{text[:_MOST_VALUE]}…"


class _Unfailing(structlog.WriteLogger):
    """Writes to a stream. One that takes nothing now, as on a full disk or a terminal that is gone,
    ends no task and no thread that has something to say.
    """

    def msg(self, message: str) -> None:
        """Write a line, if it can be written."""
        with contextlib.suppress(OSError, ValueError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class _FromLibraries(logging.Handler):
    """Hands what aiohttp, websockets and asyncio log to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(
            record.levelno,
            "library_said",
            library=record.name,
            message=record.getMessage(),
            exc_info=record.exc_info,
        )


def _drop(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    raise structlog.DropEvent


def _json_line(_: WrappedLogger, __: str, line: EventDict) -> str:
    first = {name: line.pop(name) for name in ("at", "level", "event")}
    return json.dumps({**first, **line}, ensure_ascii=False)


def _readable(stream: TextIO, environment: Mapping[str, str] = os.environ) -> Processor:
    colours = stream.isatty() and "NO_COLOR" not in environment and sys.platform != "win32"
    return structlog.dev.ConsoleRenderer(
        colors=colours,
        pad_event_to=0,
        sort_keys=False,
        timestamp_key="time",
        # the default shows local variables, and with them secrets
        exception_formatter=structlog.dev.plain_traceback,
    )

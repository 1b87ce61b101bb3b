import contextlib
import io
import json
import logging
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import structlog

from bridge.blot import BLOT, Secrets
from bridge.logs import Counted, quiet, set_up

SECRET = "sup3r-secret-key"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    handlers, level = logging.root.handlers[:], logging.root.level
    yield
    logging.root.handlers[:] = handlers
    logging.root.setLevel(level)
    structlog.reset_defaults()


def printed(*, as_json: bool = True, level: str = "info") -> io.StringIO:
    stream = io.StringIO()
    set_up(Secrets([SECRET]), stream=stream, as_json=as_json, level=level)
    return stream


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_json_object_where_nobody_watches() -> None:
    stream = printed()

    structlog.get_logger().info("resource_connected", server=1, version="1.0.0")

    (line,) = lines(stream)
    assert list(line)[:3] == ["at", "level", "event"]
    assert line["event"] == "resource_connected"
    assert line["server"] == 1
    assert line["at"].endswith("Z")


def test_a_line_is_readable_on_a_terminal() -> None:
    stream = printed(as_json=False)

    structlog.get_logger().warning("resource_lost", server=1, reason="no answer")

    assert "warning" in stream.getvalue()
    assert "resource_lost server=1 reason='no answer'" in stream.getvalue()


def test_without_being_told_a_stream_that_is_no_terminal_gets_json() -> None:
    stream = io.StringIO()
    set_up(Secrets(), stream=stream)

    structlog.get_logger().info("started")

    assert lines(stream)[0]["event"] == "started"


@pytest.mark.parametrize("as_json", [True, False])
def test_secrets_are_blotted_in_every_value_and_traceback(as_json: bool) -> None:
    stream = printed(as_json=as_json)
    log = structlog.get_logger()

    said = f"said {SECRET}"
    log.info(said, url=f"http://x/{SECRET}", many=[SECRET.upper()], raw=SECRET.encode())
    try:
        int(SECRET)  # its error names the text
    except ValueError:
        log.exception("failed")
    logging.getLogger("some.library").warning("library has %s", SECRET)

    shown = stream.getvalue()
    assert SECRET not in shown.lower()
    assert shown.count(BLOT) == 6
    assert "ValueError" in shown


@pytest.mark.parametrize("as_json", [True, False])
def test_a_value_cannot_begin_a_line_of_its_own(as_json: bool) -> None:
    stream = printed(as_json=as_json)

    structlog.get_logger().info("bad_frame", reason="a\nb\r\x1b[31m\x00\u202e", long="x" * 5000)

    assert len(stream.getvalue().splitlines()) == 1
    assert "a·b··[31m··" in stream.getvalue()
    assert len(stream.getvalue()) < 1300


def test_what_is_said_again_within_a_minute_is_counted() -> None:
    now = 0.0
    counted = Counted(lambda: now)

    def say(**line: Any) -> dict[str, Any] | None:
        try:
            return dict(counted(None, "info", line))
        except structlog.DropEvent:
            return None

    assert say(event="refused", reason="x") == {"event": "refused", "reason": "x"}
    assert say(event="refused", reason="x") is None
    assert say(event="refused", reason="y") is not None
    now = 59.9
    assert say(event="refused", reason="x") is None
    now = 60.0
    assert say(event="refused", reason="x") == {"event": "refused", "reason": "x", "repeated": 2}
    now = 120.0
    assert say(event="refused", reason="x") == {"event": "refused", "reason": "x"}


def test_the_memory_of_what_was_said_is_bounded() -> None:
    counted = Counted(lambda: 0.0)

    for number in range(1001):
        counted(None, "info", {"event": "refused", "number": number})

    assert counted(None, "info", {"event": "refused", "number": 0})["number"] == 0


def test_dependencies_are_heard_from_warnings_on() -> None:
    stream = printed()

    logging.getLogger("aiohttp.access").info("GET /")
    logging.getLogger("websockets.server").error("opening handshake failed")

    (line,) = lines(stream)
    assert line["library"] == "websockets.server"
    assert line["level"] == "error"


def test_lines_below_the_level_are_not_printed() -> None:
    stream = printed(level="warning")

    structlog.get_logger().info("started")

    assert stream.getvalue() == ""


def test_a_command_whose_output_is_its_answer_logs_nothing(
    capsys: pytest.CaptureFixture[str],
) -> None:
    quiet()

    structlog.get_logger().error("cad_request_failed")
    logging.getLogger("aiohttp").error("something")

    assert capsys.readouterr() == ("", "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_ends_nobody_who_logs() -> None:
    stream = Path("/dev/full").open("w")  # noqa: SIM115 - closing it fails too
    set_up(Secrets([]), stream=stream)
    for number in range(100):
        structlog.get_logger().warning("journal_unavailable", reason="x" * 500, number=number)
    with contextlib.suppress(OSError):
        stream.close()


def test_a_stream_that_was_closed_ends_nobody_who_logs() -> None:
    stream = printed()
    stream.close()
    structlog.get_logger().warning("journal_unavailable")


def test_threads_that_log_at_once_disturb_each_other_in_nothing() -> None:
    """The journal's threads log beside the event loop."""
    counted = Counted()

    def say_different_things(name: int) -> None:
        for number in range(1500):
            counted(None, "", {"event": f"{name} {number}"})

    as_it_was = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            list(threads.map(say_different_things, range(4)))
    finally:
        sys.setswitchinterval(as_it_was)

"""Export: the events of a time, for whoever replays them, beside a bridge that writes on."""

from __future__ import annotations

import contextlib
import io
import json
import sqlite3
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bridge import wire
from bridge.errors import ConfigurationError, JournalUnavailable
from bridge.events import Call, CallClosed, CallOpened, RemovalRemembered, Unit, UnitOnDuty
from bridge.journal import Entry
from bridge.journal.sqlite import SqliteJournal
from bridge.owner import export
from bridge.owner.export import NothingThere, Range
from bridge.settings import Settings, load

START = 1_800_000_000_000


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    file = tmp_path / "cad-bridge.toml"
    token = "t" * 32
    file.write_text(
        f'[cad]\napi_key = "k"\n[[servers]]\nid = 3\nname = "Los Santos"\ntoken = "{token}"\n',
        encoding="utf-8",
    )
    return load(file)


@pytest.fixture
async def journal(settings: Settings) -> AsyncIterator[SqliteJournal]:
    """An open journal, as a running bridge has it: a unit, two calls, one of them closed."""
    journal = await SqliteJournal.open(settings.journal.path, max_size_bytes=1 << 30)
    calls = [Call("911", number, START + number * 1000, caller="Maria Lopez") for number in (1, 2)]
    events = [
        UnitOnDuty(Unit(101, "A-12", "Marta Quill")),
        CallOpened(calls[0]),
        RemovalRemembered("911:9"),
        CallOpened(calls[1], alert=False),
        CallClosed(calls[0], "removed"),
    ]
    for number, event in enumerate(events):
        at = START + number * 1000
        entry = Entry(at, wire.encode(event, at), number != 3, isinstance(event, RemovalRemembered))
        await journal.append(3, [entry], after=number)
    yield journal
    await journal.close()


async def exported(settings: Settings, **options: Any) -> tuple[export.Exported, list[Any]]:
    out = io.StringIO()
    result = await export.export(settings, out, **options)
    return result, [json.loads(line) for line in out.getvalue().splitlines()]


async def test_everything_is_there_in_order_beside_a_running_bridge(
    settings: Settings, journal: SqliteJournal
) -> None:
    result, (header, before, *events) = await exported(settings)

    assert header["format"] == export.FORMAT
    assert header["server"] == {"id": 3, "name": "Los Santos"}
    assert before["board"] == {"calls": [], "units": []}
    assert [line["seq"] for line in events] == [1, 2, 3, 4, 5]
    assert events[1]["event"]["call"]["caller"] == "Maria Lopez"
    assert events[2]["hidden"] is True
    assert events[3]["alert"] is False
    assert (result.events, result.first, result.last) == (5, START, START + 4000)
    await journal.append(3, [Entry(START + 9000, b"{}")], after=5)  # the bridge goes on


async def test_a_time_in_the_middle_begins_with_the_board_of_that_moment(
    settings: Settings, journal: SqliteJournal
) -> None:
    times = Range(START + 3000, START + 4000)
    result, (_, before, *events) = await exported(settings, times=times)

    assert [call["key"] for call in before["board"]["calls"]] == ["911:1"]
    assert [unit["number"] for unit in before["board"]["units"]] == ["A-12"]
    assert [line["event"]["call"]["key"] for line in events] == ["911:2"]
    assert (result.events, result.calls) == (1, 1)
    assert str(result).startswith("1 event, from ")


async def test_a_time_in_which_nothing_happened_is_no_error(
    settings: Settings, journal: SqliteJournal
) -> None:
    result, lines = await exported(settings, times=Range(since=START + 60_000))
    assert len(lines) == 2
    assert str(result) == "no event in that time"


@pytest.mark.parametrize("spoilt", [b"{", b"\xff", b"7"])
@pytest.mark.parametrize("mask", [False, True])
async def test_an_event_that_the_disk_spoilt_is_left_out_and_named(
    settings: Settings, journal: SqliteJournal, spoilt: bytes, mask: bool
) -> None:
    await journal.append(3, [Entry(START + 9000, spoilt)], after=5)
    await journal.append(3, [Entry(START + 9001, b"{}")], after=6)

    result, (_, _, *events) = await exported(settings, mask=mask)

    assert [line["seq"] for line in events] == [1, 2, 3, 4, 5, 7]
    assert (result.events, result.unreadable) == (6, (6,))
    assert str(result).endswith("left out 1 unreadable, the first is event 6")


async def test_masked_nobody_is_named(settings: Settings, journal: SqliteJournal) -> None:
    _, lines = await exported(settings, mask=True)
    text = json.dumps(lines)
    assert lines[0]["masked"] is True
    assert "Maria" not in text
    assert "Quill" not in text
    assert "Caller 1" in text


async def test_without_a_journal_none_is_made(settings: Settings) -> None:
    with pytest.raises(NothingThere, match="when it first runs"):
        await exported(settings)
    assert not settings.journal.path.exists()


async def test_another_file_is_refused(settings: Settings) -> None:
    settings.journal.path.write_bytes(b"no database" * 2000)
    with pytest.raises(JournalUnavailable, match="the file is damaged"):
        await exported(settings)

    settings.journal.path.unlink()
    with contextlib.closing(sqlite3.connect(settings.journal.path)) as other:
        other.execute("CREATE TABLE something (else_)")
        other.commit()
    with pytest.raises(ConfigurationError, match="is no journal"):
        await exported(settings)


async def test_a_server_that_is_not_configured_is_named(
    settings: Settings, journal: SqliteJournal
) -> None:
    with pytest.raises(ConfigurationError, match="--server: 7 is not configured; there is 3"):
        await exported(settings, server=7)


def test_a_file_that_exists_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"
    with export.create(file) as out:
        out.write("what happened")
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with (
        pytest.raises(ConfigurationError, match="exists; name another file"),
        export.create(file),
    ):
        raise AssertionError("it was opened")
    assert file.read_text(encoding="utf-8") == "what happened"


def test_an_export_that_fails_leaves_no_file_in_the_way_of_the_next(tmp_path: Path) -> None:
    file = tmp_path / "night.jsonl"

    def fail() -> None:
        with export.create(file) as out:
            out.write("half")
            raise JournalUnavailable("the file is damaged")

    with pytest.raises(JournalUnavailable):
        fail()
    assert not file.exists()


@pytest.mark.parametrize(
    ("text", "ago"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1 d", 86400), (" 3h ", 10800)]
)
def test_a_span_is_so_long_ago(text: str, ago: int) -> None:
    assert export.moment("--since", text, START) == START - ago * 1000


def test_a_time_is_understood_with_and_without_a_zone() -> None:
    assert export.moment("--since", "2027-01-15T08:00:00+00:00", START) == START
    local = export.moment("--since", "2027-01-15T08:00", START)
    assert abs(local - START) <= 14 * 3_600_000
    assert export.moment("--until", "08:30", START) - export.moment("--until", "08:00", START) == (
        30 * 60_000
    )


@pytest.mark.parametrize("text", ["", "soon", "99:99", "2027-13-01", "5w", "9999999999d"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"--since: .* is no time; such as 2h"):
        export.moment("--since", text, START)

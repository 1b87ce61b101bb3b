"""A recording: what was exported is read back, and what is none is refused with its line."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge.demo import recording
from bridge.demo.recording import load
from bridge.errors import ConfigurationError
from bridge.owner.export import FORMAT, NothingThere

HEADER: Any = {"format": FORMAT, "server": {"id": 1, "name": "Night"}}
BOARD: Any = {"seq": 0, "at": 1000, "board": {"calls": [], "units": [{"ident": 101}]}}


def opened(number: int, at: int, **more: Any) -> Any:
    call = {"key": f"911:{number}", "id": number, "kind": "911", "age": 0}
    return {"seq": number, "at": at, "event": {"type": "call.opened", "call": call}, **more}


def write(tmp_path: Path, *lines: Any) -> Path:
    file = tmp_path / "night.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    file.write_text("".join(f"{text}\n" for text in texts), encoding="utf-8")
    return file


def test_events_come_in_the_order_of_their_time_without_hidden_ones(tmp_path: Path) -> None:
    file = write(
        tmp_path,
        HEADER,
        BOARD,
        opened(2, 3000, alert=False),
        opened(1, 2000),
        {"seq": 3, "at": 4000, "event": {"type": "removal.remembered"}, "hidden": True},
    )
    read = load(file)

    assert read.name == "Night"
    assert [unit["ident"] for unit in read.units] == [101]
    assert [(one.at, one.alert) for one in read.events] == [(2000, True), (3000, False)]


def test_a_file_that_an_editor_marked_is_read(tmp_path: Path) -> None:
    file = write(tmp_path, HEADER, BOARD, opened(1, 2000))
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().replace(b"\n", b"\r\n"))
    assert [event.at for event in load(file).events] == [2000]


def test_where_nothing_happened_nothing_is_played(tmp_path: Path) -> None:
    hidden = {"seq": 1, "at": 4000, "event": {"type": "removal.remembered"}, "hidden": True}

    with pytest.raises(NothingThere, match="has no event of that time; choose another"):
        load(write(tmp_path, HEADER, BOARD, hidden))


@pytest.mark.parametrize(
    ("lines", "named"),
    [
        ([], "is no recording; a file that `cad-bridge export` wrote"),
        ([{"type": "EVENT_911"}, {}], "is no recording"),
        ([HEADER, "nonsense"], "line 2 is no JSON object"),
        ([HEADER, []], "line 2 is no JSON object"),
        ([HEADER, {"board": 1}], "line 2 is no board"),
        ([HEADER, BOARD, {"at": 1, "event": {"type": "call.sung"}}], "line 3 is no event"),
        ([HEADER, BOARD, {"at": "x", "event": opened(1, 1)["event"]}], "line 3 is no event"),
        ([HEADER, BOARD, opened(1, 1), {"at": 1, "event": {"type": "call.opened"}}], "line 4"),
    ],
)
def test_what_is_no_recording_is_refused_with_its_line(
    tmp_path: Path, lines: list[Any], named: str
) -> None:
    with pytest.raises(ConfigurationError, match=named):
        load(write(tmp_path, *lines))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load(tmp_path / "missing.jsonl")


def test_a_recording_is_held_in_memory_only_up_to_a_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MOST_EVENTS", 2)
    file = write(tmp_path, HEADER, BOARD, *(opened(number, number) for number in range(3)))
    with pytest.raises(ConfigurationError, match="more than 2 events; export a shorter time"):
        load(file)

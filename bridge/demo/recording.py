"""A recording: what `export` wrote, read back and checked; or the same from the journal itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bridge import wire
from bridge.errors import ConfigurationError
from bridge.owner import export

if TYPE_CHECKING:
    from pathlib import Path

    from bridge.owner.export import Range
    from bridge.settings import Settings

__all__ = ["MOST_EVENTS", "Recorded", "Recording", "from_journal", "load"]

Json = dict[str, Any]

MOST_EVENTS = 200_000
"""Events a recording: about ten busy evenings; they are held in memory."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, and when it was (ms since the epoch)."""

    at: int
    event: Json
    alert: bool = True


@dataclass(frozen=True, slots=True)
class Recording:
    """The board before the first event, and the events."""

    name: str
    calls: list[Json]
    units: list[Json]
    events: list[Recorded]


def load(path: Path) -> Recording:
    """Read an exported file.

    Raises:
        ConfigurationError: it cannot be read, is no such file, or a line of it is no event; the
            line is named.
        NothingThere: there is no event in it.
    """
    lines: list[Json] = []
    try:
        with path.open(encoding="utf-8-sig") as file:
            for number, line in enumerate(file, start=1):
                if number > MOST_EVENTS + 2:
                    raise ConfigurationError(
                        str(path), f"has more than {MOST_EVENTS} events", "export a shorter time"
                    )
                lines.append(_object(path, number, line))
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(str(path), f"cannot be read: {error}") from None
    if len(lines) < 2 or lines[0].get("format") != export.FORMAT:
        raise ConfigurationError(
            str(path), "is no recording", "a file that `cad-bridge export` wrote"
        )
    return _recording(str(path), lines)


async def from_journal(
    settings: Settings, *, server: int | None, times: Range, mask: bool
) -> Recording:
    """Return the events of a time range of the journal, as `export` writes them.

    Raises:
        What `export.export` raises, and ConfigurationError for more events than are held.
    """
    sink = _Lines()
    await export.export(settings, sink, server=server, times=times, mask=mask)
    return _recording(settings.journal.shown, sink.lines)


class _Lines:
    """Takes what `export` writes, line by line."""

    def __init__(self) -> None:
        self.lines: list[Json] = []

    def write(self, text: str) -> int:
        self.lines.append(json.loads(text))
        if len(self.lines) > MOST_EVENTS + 2:
            raise ConfigurationError(
                "--since", f"there are more than {MOST_EVENTS} events", "a shorter time"
            )
        return len(text)


def _object(path: Path, number: int, line: str) -> Json:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError(str(path), f"line {number} is no JSON object")
    return found


def _recording(where: str, lines: list[Json]) -> Recording:
    header, before, *rest = lines
    events = []
    for number, line in enumerate(rest, start=3):
        try:
            if not line.get("hidden"):
                wire.event_from_json(line["event"], int(line["at"]))  # only to see that it is one
                events.append(Recorded(int(line["at"]), line["event"], line.get("alert", True)))
        except (ValueError, TypeError, LookupError, AttributeError):
            raise ConfigurationError(
                where, f"line {number} is no event that this version knows"
            ) from None
    try:
        calls, units = before["board"]["calls"], before["board"]["units"]
        for call in calls:
            wire.call_from_json(call, 0)
        for unit in units:
            wire.unit_from_json(unit)
        name = str(header["server"]["name"] or header["server"]["id"])
    except (ValueError, TypeError, LookupError, AttributeError):
        raise ConfigurationError(where, "line 2 is no board") from None
    if not events:
        raise export.NothingThere(f"{where} has no event of that time", "choose another time")
    return Recording(name, calls, units, sorted(events, key=lambda one: one.at))

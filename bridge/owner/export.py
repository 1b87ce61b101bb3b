"""`export`: writes the events of a time range as lines of JSON, beside a running bridge too.

The journal is only read, a thousand events at a time: a longer read would keep the bridge from
tidying its write-ahead log. The first line says what the file is,
the second the board as it stood before the first event, each further one is an event.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TextIO, cast

from bridge import __version__
from bridge.errors import ConfigurationError
from bridge.owner.archive import NothingThere, open_archive
from bridge.owner.mask import Mask
from bridge.owner.server_option import named_server
from bridge.recall import board_at

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from bridge.journal import Journal, Record
    from bridge.owner.archive import Archive
    from bridge.settings import Settings

__all__ = ["FORMAT", "Exported", "NothingThere", "Range", "create", "export", "moment"]

Json = dict[str, Any]

FORMAT = "cad-bridge-events-1"
AT_ONCE = 1000
"""Events read at a time."""
_AGO = re.compile(r"(\d{1,9})\s*([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Sink(Protocol):
    """Where the lines go: a file, or whatever takes text."""

    def write(self, text: str, /) -> object:
        """Take a line."""


@dataclass(frozen=True, slots=True)
class Range:
    """From when (inclusive) to when (exclusive), ms since the epoch; None: no bound."""

    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written."""

    events: int
    calls: int
    """Calls that were open before the first event."""
    first: int | None
    """When the first event was, ms since the epoch."""
    last: int | None
    unreadable: tuple[int, ...] = ()
    """Numbers of the events that the disk spoilt; they are left out."""

    def __str__(self) -> str:
        """Return the line to print."""
        return self._written() + self._left_out()

    def _left_out(self) -> str:
        if not self.unreadable:
            return ""
        count, first = len(self.unreadable), self.unreadable[0]
        return f"; left out {count} unreadable, the first is event {first}"

    def _written(self) -> str:
        if self.first is None or self.last is None:
            return "no event in that time"
        events = f"{self.events} event{'' if self.events == 1 else 's'}"
        return f"{events}, from {_local(self.first)} to {_local(self.last)}"


def _local(at: int) -> str:
    return f"{datetime.fromtimestamp(at / 1000).astimezone():%Y-%m-%d %H:%M:%S}"


def moment(option: str, text: str, now: int) -> int:
    """Return the time that an option names, in ms since the epoch.

    Understood: a span such as `90m`, `2h` or `1d` (so long ago), and an ISO time such as
    `2026-08-13T20:15`, or `20:15` for today's; without a zone it is this machine's.

    Raises:
        ConfigurationError: naming the option and what is understood.
    """
    text = text.strip()
    if span := _AGO.fullmatch(text):
        return now - int(span[1]) * _SECONDS[span[2]] * 1000
    today = datetime.fromtimestamp(now / 1000).astimezone()
    if re.fullmatch(r"\d\d:\d\d(:\d\d)?", text):
        text = f"{today:%Y-%m-%d}T{text}"
    with contextlib.suppress(ValueError, OverflowError, OSError):
        return int(datetime.fromisoformat(text).timestamp() * 1000)
    raise ConfigurationError(
        option, f"{text!r} is no time", "such as 2h (ago), 20:15 or 2026-08-13T20:15"
    )


@contextlib.contextmanager
def create(path: Path) -> Iterator[TextIO]:
    """Open a new file that its owner alone can read: it may hold names and players' ids.

    Where writing it fails, it goes: half a file would be in the way of the next try.

    Raises:
        ConfigurationError: there is one already.
    """
    try:
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise ConfigurationError(str(path), "exists", "name another file") from None
    try:
        with os.fdopen(number, "w", encoding="utf-8", newline="\n") as file:
            yield file
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def export(
    settings: Settings,
    out: Sink,
    *,
    server: int | None = None,
    times: Range | None = None,
    mask: bool = False,
) -> Exported:
    """Write the events of a time range.

    Args:
        settings: those of the bridge, which may be running.
        out: where the lines go.
        server: whose; None: the first server's.
        times: from when to when; None: all.
        mask: put other names and ids in the place of people's.

    Raises:
        ConfigurationError: no such server, or no such journal.
        NothingThere: there is no journal yet.
        JournalUnavailable: it cannot be read now.
    """
    chosen = named_server(settings, server)
    lines = Lines(await open_archive(settings.journal), chosen.id, times or Range())
    try:
        return await _write(lines, out, chosen.name, Mask() if mask else None)
    finally:
        await lines.close()


class Lines:
    """The board before a range, and the events of the range, as JSON objects."""

    def __init__(self, archive: Archive, server: int, times: Range) -> None:
        self.server = server
        self.times = times
        self._archive = archive
        self.unreadable = set[int]()
        """Numbers of the events that `events` left out."""

    async def close(self) -> None:
        """Let go of the journal."""
        await self._archive.close()

    async def before(self) -> Json:
        """Return the board as it stood just before the first event."""
        seq = await self._archive.first_since(self.server, self.times.since or 0) - 1
        board = await board_at(cast("Journal", self._archive), self.server, seq)
        first = await self._archive.read(self.server, seq, 1)
        at = first[0].at if first else 0
        return {"seq": seq, "at": at, "board": board.to_welcome(at)}

    async def events(self) -> AsyncIterator[Json]:
        """Return event after event."""
        until = self.times.until
        after = await self._archive.first_since(self.server, self.times.since or 0) - 1
        while records := await self._archive.read(self.server, after, AT_ONCE):
            for record in records:
                if until is not None and record.at >= until:
                    return
                try:
                    line = _line(record)
                except ValueError:
                    self.unreadable.add(record.seq)
                else:
                    yield line
            after = records[-1].seq


def _line(record: Record) -> Json:
    event = json.loads(record.body)
    if not isinstance(event, dict):
        raise ValueError("an event is an object")  # noqa: TRY004
    line: Json = {"seq": record.seq, "at": record.at, "event": event}
    if not record.alert:
        line["alert"] = False
    if record.hidden:
        line["hidden"] = True
    return line


async def _write(lines: Lines, out: Sink, name: str, mask: Mask | None) -> Exported:
    before = await lines.before()
    if mask is not None:  # a name may stand in a text before the one who bears it is known
        mask.learn(before["board"])
        async for line in lines.events():
            mask.learn(line["event"])
    _dump(
        out,
        {
            "format": FORMAT,
            "bridge": __version__,
            "server": {"id": lines.server, "name": name},
            "since": lines.times.since,
            "until": lines.times.until,
            "masked": mask is not None,
        },
    )
    _dump(out, before if mask is None else mask.hide(before))
    events, first, last = 0, None, None
    async for line in lines.events():
        _dump(out, line if mask is None else mask.hide(line))
        events, first, last = events + 1, line["at"] if first is None else first, line["at"]
    calls = len(before["board"]["calls"])
    return Exported(events, calls, first, last, tuple(sorted(lines.unreadable)))


def _dump(out: Sink, line: Json) -> None:
    out.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")

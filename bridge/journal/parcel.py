"""A commit as one message: the events of an append, with their numbers, times and marks.

The first line is JSON and says what lies behind it; the bodies follow as they are, so that no event
is encoded twice.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bridge.journal import Record

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.journal import Entry

__all__ = ["Parcel", "divided", "unwrap", "wrap"]

VERSION = 1


@dataclass(frozen=True, slots=True)
class Parcel:
    """The events `after + 1` to `last` of a server."""

    after: int
    records: Sequence[Record]
    """At least one."""
    mark: str
    """Tells who wrote it: no other has the same."""

    @property
    def last(self) -> int:
        """Number of its last event."""
        return self.records[-1].seq


def wrap(after: int, entries: Sequence[Entry], mark: str) -> bytes:
    """Return the message of the events that follow `after`."""
    head = {
        "v": VERSION,
        "after": after,
        "mark": mark,
        "entries": [[e.at, int(e.alert), int(e.hidden), len(e.body)] for e in entries],
    }
    return b"".join(
        [json.dumps(head, separators=(",", ":")).encode(), b"\n", *(e.body for e in entries)]
    )


def unwrap(message: bytes) -> Parcel:
    """Read a message.

    Raises:
        ValueError: no bridge, or a newer one, wrote it.
    """
    line, _, bodies = message.partition(b"\n")
    try:
        head = json.loads(line)
        if head["v"] != VERSION:
            raise ValueError("of another version")
        after, records, start = _whole(head["after"]), [], 0
        for number, (at, alert, hidden, size) in enumerate(head["entries"], after + 1):
            length = _whole(size)
            body = bodies[start : start + length]
            records.append(Record(number, _whole(at), body, alert=bool(alert), hidden=bool(hidden)))
            start += length
        if not records or start != len(bodies):
            raise ValueError("of another length than it says")
        return Parcel(after, records, str(head["mark"]))
    except (KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"not a commit of a bridge: {error!r}") from None


def _whole(value: object) -> int:
    if type(value) is not int or value < 0:
        raise ValueError("a number in it is none")
    return value


def divided(entries: Sequence[Entry], most_bytes: int) -> Iterator[Sequence[Entry]]:
    """Divide entries into runs whose bodies are not more than so many bytes, of one at least."""
    start = size = 0
    for index, entry in enumerate(entries):
        size += len(entry.body)
        if size > most_bytes and index > start:
            yield entries[start:index]
            start, size = index, len(entry.body)
    if start < len(entries):
        yield entries[start:]

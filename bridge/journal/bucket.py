"""The small values of a distributed journal: the newest of each key, in NATS's key-value store."""

from __future__ import annotations

import contextlib
import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from secrets import token_hex
from typing import TYPE_CHECKING

import structlog

from bridge.journal import Snapshot
from bridge.journal.cluster import Beaten

if TYPE_CHECKING:
    from bridge.journal.cluster import Cluster, Message

__all__ = ["Bucket"]

log = structlog.get_logger(__name__)

PART_BYTES = 512 << 10
"""What a message of a board holds at the most: NATS takes 1 MiB unless told otherwise."""
DIGITS = 16
"""Of an event's number in a key, so that keys sort as numbers do."""


class Bucket:
    """Values and boards by key.

    Keys are `epoch`, `trial`, `standing.<server>`, `kept.<server>.<name>` and
    `board.<server>.<number>.<part>`. Every method raises JournalUnavailable when NATS cannot be
    asked now.
    """

    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._stream = f"KV_{name}"
        self._prefix = f"$KV.{name}."

    async def make(self, copies: int) -> None:
        """Make it where there is none."""
        await self._cluster.have_stream(self._stream, f"{self._prefix}>", copies, newest=True)

    async def _get(self, key: str) -> Message | None:
        return await self._cluster.last(self._stream, self._prefix + key)

    async def _put(self, key: str, value: bytes, after: int | None = None) -> None:
        await self._cluster.publish(self._stream, self._prefix + key, value, after)

    async def _forget(self, key: str) -> None:
        """Delete a value, or all that match a pattern."""
        await self._cluster.purge(self._stream, self._prefix + key)

    async def _keys(self, pattern: str) -> list[str]:
        subjects = await self._cluster.subjects(self._stream, self._prefix + pattern)
        return [subject.removeprefix(self._prefix) for subject in subjects]

    async def try_to_write(self) -> None:
        """Write something, to see whether that is possible."""
        await self._put("trial", b"")

    # The name of the journal, and where its servers stand.

    async def epoch(self) -> str:
        """Return the name of the journal; the first who asks gives it one."""
        while True:
            found = await self._get("epoch")
            if found:
                return found.data.decode()
            with contextlib.suppress(Beaten):
                await self._put("epoch", token_hex(8).encode(), after=0)

    async def renew_epoch(self, old: str) -> str:
        """Give the journal another name, unless somebody has just done so; return it."""
        found = await self._get("epoch")
        if found and found.data.decode() == old:
            with contextlib.suppress(Beaten):
                await self._put("epoch", token_hex(8).encode(), after=found.position)
        return await self.epoch()

    async def standing(self, server: int) -> tuple[int, int]:
        """Return what was acknowledged, and the last event that was seen, when it was written."""
        found = await self._get(f"standing.{server}")
        acknowledged, last = json.loads(found.data) if found else (0, 0)
        return acknowledged, last

    async def write_standing(self, server: int, acknowledged: int, last: int) -> None:
        """Write both."""
        await self._put(f"standing.{server}", json.dumps([acknowledged, last]).encode())

    # Values under a name of their own, which may have any characters.

    async def keep(self, server: int, name: str, body: bytes) -> None:
        """Keep a value under a name; an empty one forgets the name."""
        key = f"kept.{server}.{_coded(name)}"
        await (self._put(key, body) if body else self._forget(key))

    async def kept(self, server: int, prefix: str) -> dict[str, bytes]:
        """Return the kept values whose names begin with a prefix."""
        values = {}
        for key in await self._keys(f"kept.{server}.*"):
            name = _decoded(key.rpartition(".")[2])
            if name.startswith(prefix) and (message := await self._get(key)):
                values[name] = message.data
        return values

    async def forget_kept(self, before: int) -> None:
        """Delete the values that were not kept again since a time."""
        for key in await self._keys("kept.>"):
            message = await self._get(key)
            if message and message.at < before:
                await self._forget(key)

    # Boards, each in as many parts as it needs.

    async def save_board(self, server: int, snapshot: Snapshot) -> None:
        """Keep a board. Its first part, which says how many there are, comes last: a board is
        there whole or not at all.
        """
        packed = zlib.compress(snapshot.body)
        parts = [packed[at : at + PART_BYTES] for at in range(0, len(packed), PART_BYTES)]
        key = _board_key(server, snapshot.seq)
        for number, part in enumerate(parts[1:], 1):
            await self._put(f"{key}.{number}", part)
        await self._put(f"{key}.0", b"%d %d\n" % (snapshot.at, len(parts)) + parts[0])

    async def board(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest board not beyond an event; one that is not whole is passed over."""
        for number in sorted(await self._boards(server), reverse=True):
            if number <= upto and (board := await self._whole_board(server, number)):
                return board
        return None

    async def _whole_board(self, server: int, number: int) -> Snapshot | None:
        """Return a board; None where parts were just pruned by another bridge, or are those of two
        that were kept at the same time.
        """
        key = _board_key(server, number)
        first = await self._get(f"{key}.0")
        if first is None:
            return None
        head, _, packed = first.data.partition(b"\n")
        at, count = map(int, head.split())
        for part in range(1, count):
            more = await self._get(f"{key}.{part}")
            packed += more.data if more else b""
        try:
            return Snapshot(number, at, zlib.decompress(packed))
        except zlib.error as error:
            log.warning("board_not_whole", server=server, seq=number, reason=str(error))
            return None

    async def forget_boards(self, server: int, before: int) -> None:
        """Delete the boards of events before a number."""
        for number in await self._boards(server):
            if number < before:
                await self._forget(f"{_board_key(server, number)}.*")

    async def forget_boards_beyond(self, server: int, last: int) -> None:
        """Delete the boards of events beyond a number: there are none any more."""
        for number in await self._boards(server):
            if number > last:
                await self._forget(f"{_board_key(server, number)}.*")

    async def _boards(self, server: int) -> list[int]:
        keys = await self._keys(f"board.{server}.*.0")
        return [int(key.split(".")[2]) for key in keys]


def _board_key(server: int, number: int) -> str:
    return f"board.{server}.{number:0{DIGITS}}"


def _coded(name: str) -> str:
    return urlsafe_b64encode(name.encode()).decode().rstrip("=") or "-"


def _decoded(code: str) -> str:
    return urlsafe_b64decode(code.rstrip("-") + "==").decode() if code != "-" else ""

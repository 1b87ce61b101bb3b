"""Reads of a distributed journal that the memory cannot answer: messages by number and by time.

A message knows the numbers and times of its events; which message it is must be searched. All
servers share the stream, so positions of one server's messages have gaps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from bridge.journal.parcel import unwrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.journal import Record
    from bridge.journal.cluster import Cluster, Message
    from bridge.journal.parcel import Parcel

__all__ = ["History", "opened"]

log = structlog.get_logger(__name__)


def opened(message: Message) -> Parcel | None:
    """Return what a message holds; None, and a line in the log, for one that no bridge wrote."""
    try:
        return unwrap(message.data)
    except ValueError as error:
        log.error(  # noqa: TRY400 - the place says all
            "message_unreadable",
            subject=message.subject,
            position=message.position,
            reason=str(error),
        )
        return None


class History:
    """The messages of one server, from its first to its last.

    Every method raises JournalUnavailable when NATS cannot be asked now.
    """

    def __init__(self, cluster: Cluster, stream: str, subject: str) -> None:
        self._cluster = cluster
        self._stream = stream
        self._subject = subject
        self._went_on: tuple[int, int] = (0, 1)
        """The number up to which was read the last time, and the position where that goes on."""
        self._forgotten = 0
        """Rises with each `forget`: what was begun before it is not remembered."""

    def forget(self) -> None:
        """Search anew: the messages are others than they were."""
        self._went_on = (0, 1)
        self._forgotten += 1

    async def events(self, after: int, limit: int, newest: int) -> list[Record]:
        """Return up to `limit` events beyond a number; `newest` is the position of the last."""
        forgotten = self._forgotten
        number, position = self._went_on
        if number != after:
            found = await self._last_where(newest, lambda parcel: parcel.after <= after)
            position = found[0] if found else 1
        records: list[Record] = []
        while len(records) < limit:
            message = await self._cluster.first_from(self._stream, self._subject, position)
            if message is None:
                break
            parcel = opened(message)
            records += [record for record in parcel.records if record.seq > after] if parcel else []
            if len(records) <= limit:
                position = message.position + 1
        records = records[:limit]
        if records and forgotten == self._forgotten:
            self._went_on = (records[-1].seq, position)
        return records

    async def first_since(self, at: int, newest: int) -> int | None:
        """Return the number of the first event not older than `at`, or that behind the last; None
        where no event is older.
        """
        found = await self._last_where(newest, lambda parcel: parcel.records[0].at < at)
        if found is None:
            return None
        _, parcel = found
        return next((record.seq for record in parcel.records if record.at >= at), parcel.last + 1)

    async def position_of(self, number: int, newest: int) -> int | None:
        """Return the position of the message that holds an event; None before the first."""
        found = await self._last_where(newest, lambda parcel: parcel.after < number)
        return found[0] if found else None

    async def first(self) -> tuple[int, Parcel] | None:
        """Return position and content of the oldest message; None for an empty journal."""
        return await self._from(1)

    async def _last_where(
        self, newest: int, is_before: Callable[[Parcel], bool]
    ) -> tuple[int, Parcel] | None:
        """Return the last message for which `is_before`, which is true up to some message and
        false from there on; None where it is true for none.
        """
        low, high, found = 1, newest, None
        while low <= high:
            middle = (low + high) // 2
            message = await self._from(middle)
            if message is None or message[0] > high or not is_before(message[1]):
                high = middle - 1
            else:
                found, low = message, message[0] + 1
        return found

    async def _from(self, position: int) -> tuple[int, Parcel] | None:
        """Return the first readable message at a position or behind it."""
        while True:
            message = await self._cluster.first_from(self._stream, self._subject, position)
            if message is None:
                return None
            if parcel := opened(message):
                return message.position, parcel
            position = message.position + 1

"""What one bridge knows of one server's events in a distributed journal, kept in step with it.

What is appended at once is one message, published with the position that the server's last message
must have: of two bridges that fold at the same time one is beaten, reads what the other wrote, and
folds again. What others publish rings here; a lost ring is made good by looking every few seconds.
"""

from __future__ import annotations

import asyncio
from secrets import token_hex
from typing import TYPE_CHECKING

from bridge.errors import JournalUnavailable, SequenceTaken
from bridge.journal import Record
from bridge.journal.bells import Bells
from bridge.journal.cluster import Beaten
from bridge.journal.history import History, opened
from bridge.journal.parcel import divided, wrap
from bridge.journal.tail import Tail

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from bridge.journal import Entry
    from bridge.journal.cluster import Cluster

__all__ = ["Replica", "subject_of"]

HEAD_BYTES = 64 << 10
"""What a message may need besides the bodies of its events."""
MOST_BODIES = 512 << 10


def subject_of(stream: str, server: int) -> str:
    """Return the subject of a server's events."""
    return f"{stream}.{server}"


class Replica:
    """The newest events of a server in memory, and the way to all others.

    Every method that asks NATS raises JournalUnavailable when it cannot be asked now.
    """

    def __init__(
        self,
        cluster: Cluster,
        stream: str,
        server: int,
        restored: Callable[[Replica], Awaitable[None]],
    ) -> None:
        """Make it; `restored` is called when what was known is not stored any more."""
        self.server = server
        self.acknowledged = 0
        self.compared = False
        """Whether the last event was compared with what was seen before the start."""
        self.stirred = asyncio.Event()
        """Set where another bridge may have published."""
        self.bells = Bells()
        self.turn = asyncio.Lock()
        """Held by an append: they are done in the order in which they were asked for."""
        self._cluster = cluster
        self._stream = stream
        self._subject = subject_of(stream, server)
        self._history = History(cluster, stream, self._subject)
        self._tail = Tail(0)
        self._position = 0
        """Of the last message that is known here."""
        self._sure = False
        """False where more may have been stored than is known, by ourselves too."""
        self._doubts = 0
        self._storing = ""
        """Mark of the message that is being stored; empty once it was read."""
        self._known = False
        self._restored = restored
        self._went_back = False
        self._lock = asyncio.Lock()

    @property
    def last(self) -> int:
        """Number of the last event that is known here; 0 for none."""
        return self._tail.last

    def doubt(self) -> None:
        """Look again before anything is believed: it may have been restored from a backup."""
        self._doubts += 1
        self._sure = False
        self.stirred.set()

    async def in_step(self) -> None:
        """Learn what others stored."""
        async with self._lock:
            await self._catch_up()

    async def begin(self) -> None:
        """Know the last event."""
        if not self._known:
            await self.in_step()

    async def be_sure(self) -> None:
        """Learn what others stored, if there is a doubt."""
        if not self._sure:
            await self.in_step()

    async def _catch_up(self) -> None:
        """Know all that is stored."""
        doubts = self._doubts
        if not self._known or not self._sure:
            await self._know_the_last()
        await self._read_on()
        if self._went_back:
            await self._restored(self)
        self._went_back = False
        self._sure = doubts == self._doubts  # one that came meanwhile stays

    async def _know_the_last(self) -> None:
        """Begin at the last message the first time, and where it lies before one that is known."""
        message = await self._cluster.last(self._stream, self._subject)
        position = message.position if message else 0
        if position < self._position:
            self._went_back = True
        if not self._known or position < self._position:
            parcel = opened(message) if message else None
            if message and not parcel:
                raise JournalUnavailable(
                    f"the last message of {self._subject} was written by something else; "
                    "delete it from the stream, or name another journal in journal.url"
                )
            self._tail.restart(parcel.last if parcel else 0)
            self._history.forget()
            self._position, self._known = position, True

    async def _read_on(self) -> None:
        """Read what was stored behind the last known message."""
        while message := await self._cluster.first_from(
            self._stream, self._subject, self._position + 1
        ):
            if parcel := opened(message):
                self._tail.extend(parcel.records)
                self.bells.ring()  # each: the look may break off before the next
                if parcel.mark == self._storing:
                    self._storing = ""
            self._position = message.position

    # Appending -----------------------------------------------------------------------------------

    async def append(self, entries: Sequence[Entry], after: int) -> int:
        """Store the entries; return the last number. Without entries: see that `after` is it.

        Raises:
            SequenceTaken: `after` is not the last number.
            JournalUnavailable: NATS refuses or does not answer, for seconds.
        """
        async with self._lock:
            if not self._sure or not entries:
                await self._cluster.patiently(self._catch_up)
            if self._tail.last != after:
                raise SequenceTaken(self.server, after, self._tail.last)
            most = min(MOST_BODIES, self._cluster.most_bytes - HEAD_BYTES)
            for part in divided(entries, most):
                await self._store(part)
            return self._tail.last

    async def _store(self, entries: Sequence[Entry]) -> None:
        """Store one message."""
        after, mark, doubts = self._tail.last, token_hex(8), self._doubts
        records = [
            Record(seq, entry.at, entry.body, entry.alert, entry.hidden)
            for seq, entry in enumerate(entries, after + 1)
        ]
        message = wrap(after, entries, mark)
        self._storing = mark
        await self._cluster.patiently(lambda: self._try_to_store(message, records))
        self._sure = doubts == self._doubts
        self.bells.ring()

    async def _try_to_store(self, message: bytes, records: Sequence[Record]) -> None:
        """Publish it, unless a look after an earlier try has found it, or another one before it."""
        after = records[0].seq - 1
        if self._storing and self._tail.last == after:
            try:
                self._position = await self._cluster.publish(
                    self._stream, self._subject, message, self._position
                )
            except JournalUnavailable:
                self._sure = False
                raise
            except Beaten:
                # By another bridge, by our own message whose answer was lost, or by a backup.
                self._sure = False
                await self._catch_up()
            else:
                self._tail.extend(records)
                return
        if not self._storing:
            return
        if self._tail.last == after:
            raise JournalUnavailable("NATS does not name the message in the way")
        raise SequenceTaken(self.server, after, self._tail.last)

    # Reading -------------------------------------------------------------------------------------

    async def read(self, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events with numbers beyond `after`."""
        if self._tail.covers(after):
            return self._tail.read(after, limit)
        return await self._history.events(after, limit, self._position)

    async def first_since(self, at: int) -> int:
        """Return the number of the first event not older than `at`, or that behind the last."""
        found = self._tail.first_since(at)
        found = found or await self._history.first_since(at, self._position)
        return found or await self.first()

    async def first(self) -> int:
        """Return the number of the oldest event there is; 1 for none."""
        oldest = await self._history.first()
        return oldest[1].records[0].seq if oldest else 1

    async def delete(self, upto: int) -> None:
        """Delete the messages that hold nothing beyond an event; never the last message."""
        position = await self._history.position_of(upto + 1, self._position)
        if position:
            await self._cluster.purge(self._stream, self._subject, min(position, self._position))
            self._tail.forget(min(await self.first() - 1, upto))

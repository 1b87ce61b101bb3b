"""The journal in NATS JetStream: for several bridges on several machines.

One stream holds the events, one subject a server; a key-value bucket holds boards, acknowledgements
and small values. Any bridge takes any push and any game server. There is no leader and no lock: see
`replica`.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Self, TypeVar

import structlog

from bridge.errors import JournalUnavailable, SequenceTaken
from bridge.journal.address import Address
from bridge.journal.bucket import Bucket
from bridge.journal.cluster import LOST, Cluster
from bridge.journal.pruning import prune
from bridge.journal.replica import Replica, subject_of

if TYPE_CHECKING:
    from collections.abc import Coroutine, Sequence
    from contextlib import AbstractContextManager
    from typing import Any

    from bridge.journal import Entry, Record, Snapshot
    from bridge.metrics import Metrics

__all__ = ["JetStreamJournal"]

log = structlog.get_logger(__name__)

LOOK_EVERY_S = 5.0
"""How long a lost ring of another bridge can cost."""
LOOK_AGAIN_S = (0.0, 0.02, 0.1, 0.5)
"""Pauses before the looks after a ring."""
WRITE_EVERY_S = 1.0
"""How often acknowledgements are written, and a trial made after a failure."""

T = TypeVar("T")


class JetStreamJournal:
    """A `bridge.journal.Journal`; make it with `open`."""

    def __init__(self, address: Address, max_size_bytes: int, metrics: Metrics | None) -> None:
        self._stream = address.name
        self._max_size_bytes = max_size_bytes
        self._metrics = metrics
        self._epoch = ""
        self._problem = ""
        self._hurries = False
        self._closing: asyncio.Task[None] | None = None
        self._replicas: dict[int, Replica] = {}
        self._unwritten: set[int] = set()
        self._accepted: set[asyncio.Task[Any]] = set()
        self._duties: set[asyncio.Task[Any]] = set()
        self._cluster: Cluster
        self._bucket: Bucket

    @classmethod
    async def open(cls, url: str, *, max_size_bytes: int, metrics: Metrics | None = None) -> Self:
        """Connect, and make the journal where there is none.

        Args:
            url: as `address.Address` reads it.
            max_size_bytes: beyond which `prune` deletes what is not yet old.
            metrics: where commits and errors are counted.

        Raises:
            JournalUnavailable: no server can be reached, it refuses us, JetStream is off, …
            ValueError: the url is none.
        """
        address = Address.parse(url)
        journal = cls(address, max_size_bytes, metrics)
        journal._cluster = await Cluster.open(address, journal._came_back)
        try:
            await journal._cluster.patiently(lambda: journal._make(address))  # it may be starting
        except BaseException:
            await journal._cluster.close()
            raise
        return journal

    async def _make(self, address: Address) -> None:
        subjects = f"{self._stream}.*"
        await self._cluster.have_stream(self._stream, subjects, address.copies, newest=False)
        self._bucket = Bucket(self._cluster, address.name)
        await self._bucket.make(address.copies)
        self._epoch = await self._bucket.epoch()
        await self._cluster.listen(subjects, self._heard)
        self._have_duty(self._write_every_second())

    # What a journal is asked ---------------------------------------------------------------------

    @property
    def epoch(self) -> str:
        """Name of this journal; another one after a restore from a backup."""
        return self._epoch

    @property
    def available(self) -> bool:
        """False from a failed write on until one succeeds; one is tried each second."""
        return not self._problem

    @property
    def problem(self) -> str:
        """Why it is not available; empty while it is."""
        return self._problem

    @property
    def is_shared(self) -> bool:
        """Return True: any number of bridges may append."""
        return True

    async def append(self, server: int, entries: Sequence[Entry], after: int) -> int:
        """Make the entries durable; return the last number. Without entries: wait for those before.

        More than a message takes are several messages: where one is refused, those before are
        stored, and folding the same again finds that they are known.

        Raises:
            SequenceTaken: `after` is not the server's last number.
            JournalUnavailable: NATS refuses, or does not answer: then what was to be stored may
                yet be.
        """
        self._refuse_if_closed()

        async def append() -> int:
            async with self._begun(server).turn:
                try:
                    replica = await self._replica(server)
                    last = await self._writing(replica.append(entries, after))
                except JournalUnavailable as error:
                    self._tell_of_the_end("events_not_stored", server, error, number=len(entries))
                    raise
            if self._metrics and entries:
                self._metrics.commits.inc()
            return last

        return await self._finishing(append())

    async def last(self, server: int) -> int:
        """Return the number of the server's last event; 0 if there was none."""
        replica = await self._replica(server)
        await self._cluster.patiently(replica.be_sure)
        return replica.last

    async def read(self, server: int, after: int, limit: int) -> Sequence[Record]:
        """Return up to `limit` events with numbers beyond `after`, in order, hidden ones too."""
        replica = await self._replica(server)
        return await self._cluster.patiently(lambda: replica.read(after, limit))

    async def first_since(self, server: int, at: int) -> int:
        """Return the number of the first event not older than `at`, or that behind the last."""
        return await (await self._replica(server)).first_since(at)

    def bell(self, server: int) -> AbstractContextManager[asyncio.Event]:
        """Return an asyncio.Event that is set whenever the server has new events, while entered."""
        return self._begun(server).bells.hung()

    async def acknowledge(self, server: int, seq: int) -> None:
        """Record what the server's resource has handled; written within a second."""
        replica = await self._replica(server)
        replica.acknowledged = max(replica.acknowledged, seq)
        self._unwritten.add(server)

    async def acknowledged(self, server: int) -> int:
        """Return what was acknowledged last, to any bridge; 0 if nothing was."""
        replica = await self._replica(server)
        written, _ = await self._bucket.standing(server)
        replica.acknowledged = max(replica.acknowledged, written)
        return replica.acknowledged

    async def save_snapshot(self, server: int, snapshot: Snapshot) -> None:
        """Keep the board as it stood just after an event.

        Raises:
            SequenceTaken: there is no such event; nothing was stored.
            JournalUnavailable: nothing was stored.
        """
        self._refuse_if_closed()
        last = await self.last(server)
        if snapshot.seq > last:
            raise SequenceTaken(server, snapshot.seq, last)
        await self._writing(self._bucket.save_board(server, snapshot))

    async def snapshot(self, server: int, upto: int) -> Snapshot | None:
        """Return the newest snapshot not beyond event `upto`, or None for an empty start."""
        return await self._cluster.patiently(lambda: self._bucket.board(server, upto))

    async def prune(self, *, before: int, fresh_since: int) -> None:
        """Delete old events, and the oldest where there is too much of all (see `Journal`). One may
        stay for the sake of others that were appended with it.
        """
        self._refuse_if_closed()
        replicas = {server: await self._replica(server) for server in await self._all()}
        await prune(
            replicas,
            self._bucket,
            before=before,
            fresh_since=fresh_since,
            is_too_large=self._is_too_large,
        )

    async def _is_too_large(self) -> bool:
        return await self._cluster.used_bytes(self._stream) > self._max_size_bytes

    async def save(self, server: int, name: str, body: bytes) -> None:
        """Keep a small value under a name; an empty one forgets the name."""
        self._refuse_if_closed()
        await self._writing(self._bucket.keep(server, name, body))

    async def load(self, server: int, prefix: str) -> dict[str, bytes]:
        """Return the kept values whose names begin with `prefix`."""
        self._refuse_if_closed()
        return await self._bucket.kept(server, prefix)

    def hurry(self) -> None:
        """Be patient no longer than a few seconds: the bridge is stopping."""
        self._hurries = True
        self._cluster.hurry()

    async def close(self) -> None:
        """Finish what was accepted, then release the journal. May be called twice."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close())
        await asyncio.shield(self._closing)

    async def _close(self) -> None:
        await asyncio.gather(*self._accepted, return_exceptions=True)
        for task in self._duties:
            task.cancel()
        await asyncio.gather(*self._duties, return_exceptions=True)
        try:
            await self._write_standings()
        except JournalUnavailable as error:
            for server in sorted(self._unwritten):
                seq = self._replicas[server].acknowledged
                self._tell_of_the_end("acknowledgement_not_written", server, error, seq=seq)
        await self._cluster.close()

    def _tell_of_the_end(
        self, event: str, server: int, error: JournalUnavailable, **fields: int
    ) -> None:
        """Say what a bridge that stops leaves unwritten: nobody tries it again."""
        if self._hurries or self._closing:
            log.warning(event, server=server, reason=error.reason, **fields)

    # Servers -------------------------------------------------------------------------------------

    def _begun(self, server: int) -> Replica:
        replica = self._replicas.get(server)
        if replica is None:
            replica = self._replicas[server] = Replica(
                self._cluster, self._stream, server, self._went_back
            )
            self._have_duty(self._follow(replica))
        return replica

    async def _replica(self, server: int) -> Replica:
        """Return what is known of a server, once it is known."""
        replica = self._begun(server)
        await self._cluster.patiently(replica.begin)
        if not replica.compared:
            _, last = await self._bucket.standing(server)
            if replica.last < last:
                # another bridge may have stored more since
                await self._cluster.patiently(replica.in_step)
            if replica.last < last and not replica.compared:
                await self._went_back(replica)
            replica.compared = True
        return replica

    async def _all(self) -> list[int]:
        """Return the servers of which there are events, whoever wrote them."""
        prefix = subject_of(self._stream, 0).removesuffix("0")
        subjects = await self._cluster.subjects(self._stream, f"{prefix}*")
        names = (subject.removeprefix(prefix) for subject in subjects)
        return [int(name) for name in names if name.isdecimal()]

    async def _follow(self, replica: Replica) -> None:
        """Keep in step with what other bridges store; for ever."""
        while True:
            pauses: Sequence[float] = LOOK_AGAIN_S
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await replica.stirred.wait()
            except TimeoutError:
                pauses = (0.0,)
                replica.doubt()
            replica.stirred.clear()
            try:
                await self._look(replica, pauses)
            except JournalUnavailable as error:
                self._failed(error.reason)
            except Exception:
                log.exception("journal_look_failed", server=replica.server)

    async def _look(self, replica: Replica, pauses: Sequence[float]) -> None:
        """See what there is. A ring comes when something is published, and may be faster than NATS
        stores it: where there is nothing new, look again in a moment.
        """
        last = replica.last
        for pause in pauses:
            await asyncio.sleep(pause)
            await replica.in_step()
            if replica.last != last:
                return

    def _heard(self, subject: str) -> None:
        for server, replica in self._replicas.items():
            if subject == subject_of(self._stream, server):
                replica.stirred.set()

    async def _came_back(self) -> None:
        for replica in self._replicas.values():
            replica.doubt()
        with contextlib.suppress(JournalUnavailable):
            self._is_named(await self._bucket.epoch())

    async def _went_back(self, replica: Replica) -> None:
        """Forget what was kept of events that a server has no more."""
        await self._bucket.forget_boards_beyond(replica.server, replica.last)
        await self._renew_epoch()

    async def _renew_epoch(self) -> None:
        """Let cursors of before count no more: the journal holds fewer events than were seen in it,
        and will have others under their numbers.
        """
        log.warning("journal_restored")
        self._is_named(await self._bucket.renew_epoch(self._epoch))
        for server, replica in [*self._replicas.items()]:
            replica.acknowledged = min(replica.acknowledged, replica.last)
            await self._bucket.write_standing(server, replica.acknowledged, replica.last)

    def _is_named(self, epoch: str) -> None:
        """Wake the connections of every server where the name is new: they began under another."""
        if epoch != self._epoch:
            self._epoch = epoch
            for replica in self._replicas.values():
                replica.bells.ring()

    # Writing -------------------------------------------------------------------------------------

    async def _writing(self, work: Coroutine[Any, Any, T]) -> T:
        """Do a write, and know by it whether the journal is available."""
        try:
            result = await work
        except JournalUnavailable as error:
            if self._metrics:
                self._metrics.journal_errors.inc()
            self._failed(error.reason)
            raise
        self._problem = ""
        return result

    def _failed(self, reason: str) -> None:
        if not self._problem:
            log.warning("journal_unavailable", reason=reason)
        self._problem = reason

    async def _write_every_second(self) -> None:
        while True:
            await asyncio.sleep(WRITE_EVERY_S)
            try:
                await self._write_standings()
            except JournalUnavailable as error:
                log.debug("acknowledgements_put_off", reason=error.reason)
            except Exception:
                log.exception("acknowledgements_not_written")

    async def _write_standings(self) -> None:
        """Write what was acknowledged. After a failure it is a trial, with nothing to write too."""
        for server in [*self._unwritten]:
            replica = self._replicas[server]
            self._unwritten.discard(server)  # first: what comes meanwhile is written next time
            try:
                await self._bucket.write_standing(server, replica.acknowledged, replica.last)
            except BaseException:
                self._unwritten.add(server)
                raise
        if self._problem:
            await self._bucket.try_to_write()
            if await self._cluster.copies(self._stream) is None:
                self._failed(LOST)
                return
            self._problem = ""
            log.info("journal_available_again")

    # Tasks ---------------------------------------------------------------------------------------

    def _refuse_if_closed(self) -> None:
        if self._closing:
            raise JournalUnavailable("the bridge is stopping")

    async def _finishing(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it to the end, also if nobody waits for it any more."""
        task = asyncio.create_task(work)
        self._accepted.add(task)
        task.add_done_callback(self._accepted.discard)
        return await asyncio.shield(task)

    def _have_duty(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._duties.add(task)
        task.add_done_callback(self._duties.discard)

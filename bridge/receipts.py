"""Receipts: who should have got an alert, and who painted it.

The newest ones of each server are at hand for the status page; they are kept in the journal too, so
that they outlive the bridge.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

import structlog

from bridge.errors import JournalUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from bridge.journal import Journal
    from bridge.metrics import Metrics

__all__ = ["KEPT", "Receipt", "Receipts"]

log = structlog.get_logger(__name__)

KEPT = 500
"""Receipts a server: as many as there can be open calls."""
MOST_BYTES = 512 << 10
"""Of a server's receipts in the journal, the older ones left out: NATS takes no value over 1 MiB,
and one that it never takes would look like a journal that cannot store."""
_NAME = "receipts"
_COMMA = b", "


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one alert in the game."""

    key: str
    seq: int
    at: int
    """When the receipt came, in ms since the epoch."""
    due: int
    """Players who should have got it."""
    sent: int
    shown: int
    """Players who painted it."""
    ms: int
    """From the push to the last painting."""
    why: Mapping[str, object] = field(default_factory=dict)
    """The game server's counts behind these numbers."""


class Receipts:
    """The newest receipts of all servers."""

    def __init__(self, journal: Journal, metrics: Metrics, now: Callable[[], int]) -> None:
        self._journal = journal
        self._metrics = metrics
        self._now = now
        self._kept: dict[int, OrderedDict[str, Receipt]] = {}
        self._unwritten: set[int] = set()

    async def recall(self, servers: Iterable[int]) -> None:
        """Read back what an earlier bridge kept; what another version kept otherwise is left out.

        Raises:
            JournalUnavailable: it cannot be read now.
        """
        for server in servers:
            kept = self._kept.setdefault(server, OrderedDict())
            for body in (await self._journal.load(server, _NAME)).values():
                try:
                    kept.update({item["key"]: Receipt(**item) for item in json.loads(body)})
                except (ValueError, TypeError, LookupError) as error:
                    log.warning("receipts_unreadable", server=server, reason=repr(error))

    def newest(self, server: int) -> Sequence[Receipt]:
        """Return a server's receipts, the newest first."""
        return list(reversed(self._kept.get(server, OrderedDict()).values()))

    async def take(self, server: int, frame: Mapping[str, Any]) -> None:
        """Keep a receipt frame, already checked, and count it."""
        receipt = Receipt(
            key=frame["key"],
            seq=frame["seq"],
            at=self._now(),
            due=frame["due"],
            sent=frame["sent"],
            shown=frame["shown"],
            ms=frame["ms"],
            why=frame.get("why") or {},
        )
        self._count(server, receipt)
        kept = self._kept.setdefault(server, OrderedDict())
        kept[receipt.key] = receipt
        kept.move_to_end(receipt.key)
        self._unwritten.add(server)
        while len(kept) > KEPT:
            kept.popitem(last=False)

    async def keep(self) -> None:
        """Write what has changed to the journal; one that cannot store now is tried again."""
        for server in sorted(self._unwritten):
            body = _encoded(self.newest(server))
            self._unwritten.discard(server)  # first: what comes meanwhile is written next time
            try:
                await self._journal.save(server, _NAME, body)
            except JournalUnavailable as error:
                self._unwritten.add(server)
                log.warning("receipts_not_kept", server=server, reason=error.reason)
            except BaseException:  # the bridge stops: its last `keep` comes after this one
                self._unwritten.add(server)
                raise

    def _count(self, server: int, receipt: Receipt) -> None:
        metrics = self._metrics
        metrics.due.labels(server).inc(receipt.due)
        metrics.sent.labels(server).inc(receipt.sent)
        metrics.shown.labels(server).inc(receipt.shown)
        if receipt.shown:
            metrics.painted.labels(server).observe(receipt.ms / 1000)
            metrics.passed("painted", server)


def _encoded(newest: Iterable[Receipt]) -> bytes:
    """Return as many of them as there is room for, the newest last."""
    items: list[bytes] = []
    size = 0
    for receipt in newest:
        item = json.dumps(asdict(receipt)).encode()
        size += len(item) + len(_COMMA)
        if size > MOST_BYTES:
            break
        items.append(item)
    return b"[%b]" % _COMMA.join(reversed(items))

"""The newest pushes that could not be understood, for the owner to look at.

Only pushes that bore the right key, or came over the hub, are kept: what strangers post is counted,
by address and reason, and forgotten. The key is blotted out before anything is kept, wherever in
the body it stands.
"""

from __future__ import annotations

import json
from collections import OrderedDict, deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.blot import Secrets

__all__ = ["KEPT", "MOST_BYTES", "Rejected", "RejectedPush"]

KEPT = 200
"""Pushes: what a screen can list and a person can read."""
MOST_BYTES = 64 * 1024
"""Bytes of a body; together with `KEPT` at most 12.5 MiB."""
STRANGERS = 200
"""Pairs of address and reason that are counted; the one not heard of for longest goes first."""
_MOST_WORDS = 300
"""Characters of reason, path and type; a path can carry names that the sender chose."""


_MOST_ADDRESS = 64
"""Characters; a proxy may hand on what is none."""


@dataclass(frozen=True, slots=True)
class RejectedPush:
    """One rejected push, safe to be shown to the owner."""

    number: int
    """Counts the rejected pushes since the start, from 1."""
    at: int
    """Milliseconds since the epoch."""
    server: int
    way: str
    """How it came: `http` or `hub`."""
    type: str
    """What the push calls itself; empty where that cannot be read."""
    code: str
    reason: str
    path: str
    """The field, as `data.0.call.callId`; empty for the whole."""
    body: str
    cut: bool
    """True where the body was longer than `MOST_BYTES`."""


class Rejected:
    """A ring of the newest rejected pushes, and counts of those that were turned away unkept."""

    def __init__(self, secrets: Secrets, now: Callable[[], int]) -> None:
        self._secrets = secrets
        self._now = now
        self._ring: deque[RejectedPush] = deque(maxlen=KEPT)
        self.total = 0
        """Pushes rejected since the start, those that were pushed out of the ring too."""
        self._strangers: OrderedDict[tuple[str, str], tuple[int, int]] = OrderedDict()

    def keep(
        self, *, server: int, way: str, code: str, reason: str, path: str, body: bytes
    ) -> None:
        """Keep a push whose body arrived as these bytes."""
        push_type, text = _as_text(body)
        text, cut = self._shown(text)
        self.total += 1
        self._ring.appendleft(
            RejectedPush(
                number=self.total,
                at=self._now(),
                server=server,
                way=way,
                type=self._words(push_type),
                code=code,
                reason=self._words(reason),
                path=self._words(path),
                body=text,
                cut=cut,
            )
        )

    def turn_away(self, address: str, reason: str) -> None:
        """Count a push that did not show the right key, whatever it was refused for."""
        who = self._words(address)[:_MOST_ADDRESS], reason
        count, _ = self._strangers.pop(who, (0, 0))
        self._strangers[who] = count + 1, self._now()
        if len(self._strangers) > STRANGERS:
            self._strangers.popitem(last=False)

    def turned_away(self) -> list[dict[str, Any]]:
        """Return who was turned away, why, how often and when last; the newest first."""
        return [
            {"address": address, "reason": reason, "count": count, "at": at}
            for (address, reason), (count, at) in reversed(self._strangers.items())
        ]

    def newest(self, limit: int = KEPT) -> list[dict[str, Any]]:
        """Return up to `limit` of them as JSON objects, the newest first."""
        return [asdict(push) for push, _ in zip(self._ring, range(limit), strict=False)]

    def _words(self, text: str) -> str:
        # a lone surrogate, which JSON can carry, could not be sent to a page
        return self._secrets.blot(text)[:_MOST_WORDS].encode(errors="replace").decode()

    def _shown(self, text: str) -> tuple[str, bool]:
        long = len(text) > MOST_BYTES
        # only what is shown is searched; half a secret at the cut goes with the margin
        margin = self._secrets.longest
        text = self._secrets.blot(text[: MOST_BYTES + margin])
        if long:
            text = text[: len(text) - margin]
        shown = text.encode(errors="replace")
        return shown[:MOST_BYTES].decode(errors="ignore"), long or len(shown) > MOST_BYTES


def _as_text(body: bytes) -> tuple[str, str]:
    """Return the type of a push, and its body as text in which nothing hides behind JSON's
    escapes.
    """
    text = body.decode(errors="replace")
    try:
        push = json.loads(text)
        push_type = push.get("type") if isinstance(push, dict) else None
        return push_type if isinstance(push_type, str) else "", json.dumps(push, ensure_ascii=False)
    except (ValueError, RecursionError):
        return "", text

"""The newest pushes that could not be understood, for the owner to look at.

Only pushes that bore the right key, or came over the hub, are kept: what strangers post is counted
and forgotten. The key is blotted out before anything is kept, wherever in the body it stands.
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.blot import Secrets

__all__ = ["KEPT", "MOST_BYTES", "Rejected", "RejectedPush"]

KEPT = 200
"""Pushes: what a screen can list and a person can read."""
MOST_BYTES = 64 * 1024
"""Bytes of a body; together with `KEPT` at most 12.5 MiB."""
_MOST_WORDS = 300
"""Characters of reason, path and type; a path can carry names that the sender chose."""


@dataclass(frozen=True, slots=True)
class RejectedPush:
    """One rejected push, safe to be shown to the owner."""

    at: int
    """Milliseconds since the epoch."""
    server: int | None
    """None where the push came before it was known for whom."""
    way: str
    """How it came: `http` or `hub`."""
    type: str
    reason: str
    path: str
    """The field, as `data.0.call.callId`; empty for the whole."""
    body: str
    cut: bool
    """True where the body was longer than `MOST_BYTES`."""


class Rejected:
    """A ring of the newest rejected pushes."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._ring: deque[RejectedPush] = deque(maxlen=KEPT)
        self.total = 0
        """Pushes rejected since the start, those that were pushed out of the ring too."""

    def add(
        self,
        *,
        at: int,
        server: int | None,
        way: str,
        type: str,  # noqa: A002 - the push's own name for it
        reason: str,
        path: str = "",
        body: Any,
    ) -> None:
        """Keep a push; `body` is what arrived: bytes, text, or the object already read of it."""
        text, cut = self._shown(body)
        self.total += 1
        self._ring.appendleft(
            RejectedPush(
                at=at,
                server=server,
                way=way,
                type=self._words(type),
                reason=self._words(reason),
                path=self._words(path),
                body=text,
                cut=cut,
            )
        )

    def newest(self, limit: int = KEPT) -> list[dict[str, Any]]:
        """Return up to `limit` of them as JSON objects, the newest first."""
        return [asdict(push) for push, _ in zip(self._ring, range(limit), strict=False)]

    def _words(self, text: str) -> str:
        return self._secrets.blot(text)[:_MOST_WORDS]

    def _shown(self, body: Any) -> tuple[str, bool]:
        text = _as_text(body)
        long = len(text) > MOST_BYTES
        # only what is shown is searched; half a secret at the cut goes with the margin
        margin = self._secrets.longest
        text = self._secrets.blot(text[: MOST_BYTES + margin])
        if long:
            text = text[: len(text) - margin]
        shown = text.encode(errors="replace")
        return shown[:MOST_BYTES].decode(errors="ignore"), long or len(shown) > MOST_BYTES


def _as_text(body: Any) -> str:
    """Return a body as text in which nothing hides behind JSON's escapes."""
    if isinstance(body, (bytes, bytearray)):
        body = bytes(body).decode(errors="replace")
    try:
        if isinstance(body, str):
            body = json.loads(body)
        return json.dumps(body, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return body if isinstance(body, str) else "(cannot be shown)"

"""What may come of a request to the CAD instead of an answer.

Each fault says whether the CAD may have done what was asked all the same: after those the bridge
looks before it asks again, since the CAD knows no idempotency keys. Texts are for the owner's
console; they quote the CAD's own `detail` and trace id, and never a header of ours.
"""

from __future__ import annotations

import email.utils
import math
from typing import TYPE_CHECKING, Any

from bridge.errors import BridgeError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "CadFault",
    "CadGarbled",
    "CadLimited",
    "CadRefused",
    "CadTimeout",
    "CadUnreachable",
    "problem",
    "retry_after",
]

_MOST_DETAIL = 300
_EPOCH_FROM = 1e9
"""X-RateLimit-Reset at or above this is a time in seconds since 1970, below it a duration."""


class CadFault(BridgeError):
    """Base of what may go wrong between the bridge and the CAD's API."""

    may_have_worked = False


class CadUnreachable(CadFault):
    """No connection, or one that ended before the answer."""

    def __init__(self, reason: str, *, sent: bool = False) -> None:
        self.reason = reason
        self.may_have_worked = sent

    def __str__(self) -> str:
        """Say whether the request went out."""
        if self.may_have_worked:
            return f"the connection to the CAD ended before its answer ({self.reason})"
        return f"the CAD cannot be reached ({self.reason})"


class CadTimeout(CadFault):
    """The request went out, or was about to, and nothing came in time."""

    may_have_worked = True

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds

    def __str__(self) -> str:
        """Name the time waited."""
        return f"the CAD did not answer within {self.seconds:.0f} s"


class CadLimited(CadFault):
    """The endpoint's limit is used up: by us, or, as the CAD said, by all who use the key."""

    def __init__(self, endpoint: str, wait: float, *, by_cad: bool = False) -> None:
        self.endpoint = endpoint
        self.wait = wait
        self.by_cad = by_cad

    def __str__(self) -> str:
        """Name the endpoint, the wait, and who else may be using the key."""
        who = "the CAD says so; other tools share the key" if self.by_cad else "our share of it"
        wait = max(1, math.ceil(self.wait))
        return f"the CAD's limit for {self.endpoint!r} is used up ({who}); free in {wait} s"


class CadRefused(CadFault):
    """The CAD answered that it will not."""

    def __init__(self, status: int, detail: str = "", trace: str = "") -> None:
        self.status = status
        self.detail = detail
        self.trace = trace
        self.may_have_worked = status >= 500

    def __str__(self) -> str:
        """Quote the CAD and say what an owner can do about this status."""
        hint = _HINTS.get(self.status, "")
        detail = self.detail.rstrip(".") if hint else self.detail  # the sentence goes on
        said = f": {detail}" if detail else ""
        trace = f" [trace {self.trace}]" if self.trace else ""
        return f"the CAD refused ({self.status}){said}{hint}{trace}"


class CadGarbled(CadFault):
    """An answer that is not what the CAD's documentation says."""

    may_have_worked = True

    def __init__(self, reason: str, trace: str = "") -> None:
        self.reason = reason
        self.trace = trace

    def __str__(self) -> str:
        """Name what is wrong with it."""
        trace = f" [trace {self.trace}]" if self.trace else ""
        return f"the CAD's answer is not understood: {self.reason}{trace}"


_HINTS = {
    401: "; check [cad] api_key (Admin > In-Game Integration > API in the CAD)",
    402: "; the community's plan may not include this",
    403: "; the key may not do this, or the community's plan does not include it",
    404: "; check the servers' ids in [[servers]], or it is gone from the CAD",
}


def problem(body: object, headers: Mapping[str, str]) -> tuple[str, str]:
    """Return detail and trace id of an error answer, each empty if it has none.

    Reads problem+json, the gateway's `{"message", "request_id"}` and `{"success": false, "error"}`.
    """
    said: Mapping[str, Any] = body if isinstance(body, dict) else {}
    details = (said.get(name) for name in ("detail", "message", "error", "title"))
    traces = (
        said.get("traceId"),
        said.get("request_id"),
        headers.get("x-trace-id"),
        headers.get("x-kong-request-id"),
    )
    return _first_text(*details), _first_text(*traces)


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Return the seconds that a 429 asks to wait, None if it does not say.

    In the order of the CAD's own client: Retry-After (seconds or an HTTP date), RateLimit-Reset
    (seconds), X-RateLimit-Reset (seconds, or a time). `now` is in seconds since 1970.
    """
    for name in ("Retry-After", "RateLimit-Reset", "X-RateLimit-Reset"):
        wait = _seconds(headers.get(name, ""), now)
        if wait is not None:
            return max(0.0, wait)
    return None


def _seconds(text: str, now: float) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return _until(text, now)
    if not math.isfinite(value):
        return None
    return value - now if value >= _EPOCH_FROM else value


def _until(text: str, now: float) -> float | None:
    try:
        return email.utils.parsedate_to_datetime(text).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return None


def _first_text(*values: object) -> str:
    for value in values:
        if isinstance(value, str) and value.strip():
            text = "".join(sign if sign.isprintable() else " " for sign in value.strip())
            return text[:_MOST_DETAIL]
    return ""

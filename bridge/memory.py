"""Things remembered for a while, and never more than so many."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["Memory"]

K = TypeVar("K")
V = TypeVar("V")


@dataclass(slots=True)
class Memory(Generic[K, V]):
    """Values under keys, each with the time (ms since the epoch) at which it was put there.

    What is too old counts as forgotten at once, and is dropped at the next `put`; so what a memory
    holds depends only on what was put when, not on when somebody looked.
    """

    lasts_ms: int
    most: int
    """When full, the oldest makes room."""
    entries: dict[K, tuple[int, V]] = field(default_factory=dict)

    def put(self, key: K, value: V, at: int) -> None:
        """Remember the value from `at` on, instead of what was known under the key."""
        entries = self.entries
        entries.pop(key, None)
        while entries:
            oldest = next(iter(entries))
            if len(entries) < self.most and at - entries[oldest][0] < self.lasts_ms:
                break
            del entries[oldest]
        entries[key] = (at, value)

    def get(self, key: K, now: int) -> V | None:
        """Return what is remembered under the key, or None."""
        entry = self.entries.get(key)
        return None if entry is None or now - entry[0] >= self.lasts_ms else entry[1]

    def drop(self, key: K) -> None:
        """Forget one key, known or not."""
        self.entries.pop(key, None)

    def items(self, now: int) -> Iterator[tuple[K, V]]:
        """Iterate over what is remembered."""
        return (
            (key, value) for key, (at, value) in self.entries.items() if now - at < self.lasts_ms
        )

    def to_json(self, encode: Callable[[V], Any]) -> list[Any]:
        """Return JSON data that `from_json` understands, oldest first."""
        return [[key, at, encode(value)] for key, (at, value) in self.entries.items()]

    def from_json(self, body: list[Any], decode: Callable[[Any], V]) -> None:
        """Take over what `to_json` gave."""
        self.entries = {key: (at, decode(value)) for key, at, value in body}

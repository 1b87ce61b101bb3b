"""Key-value stores of resources: the server's shared one, and one on each player's machine."""

from __future__ import annotations

__all__ = ["KvpStore", "KvpValue"]

KvpValue = bytes | int | float

_MOST_LISTS = 64


class KvpStore:
    """Values under `res:<resource>:<key>`. `data` may be handed in, and outlives the store.

    `writes` counts the writes that waited for the disk, which a script should make rarely.
    """

    def __init__(self, data: dict[str, KvpValue] | None = None) -> None:
        self.data: dict[str, KvpValue] = {} if data is None else data
        self.writes = 0
        self._finds: dict[int, list[str]] = {}

    @staticmethod
    def _key(resource: str, key: str) -> str:
        return f"res:{resource}:{key}"

    def get(self, resource: str, key: str) -> KvpValue | None:
        """Return a value, None if there is none."""
        return self.data.get(self._key(resource, key))

    def set(self, resource: str, key: str, value: KvpValue, *, sync: bool) -> None:
        """Store a value."""
        self.data[self._key(resource, key)] = value
        self.writes += sync

    def delete(self, resource: str, key: str, *, sync: bool) -> None:
        """Delete a value if there is one."""
        self.data.pop(self._key(resource, key), None)
        self.writes += sync

    def of(self, resource: str) -> dict[str, KvpValue]:
        """Return all values of a resource by key."""
        prefix = self._key(resource, "")
        return {k.removeprefix(prefix): v for k, v in self.data.items() if k.startswith(prefix)}

    def start_find(self, resource: str, prefix: str) -> int:
        """Begin to list keys; returns a handle, -1 if too many lists are open."""
        free = next((n for n in range(_MOST_LISTS) if n not in self._finds), -1)
        if free >= 0:
            self._finds[free] = sorted(key for key in self.of(resource) if key.startswith(prefix))
        return free

    def find(self, handle: int) -> str | None:
        """Return the next key, None at the end."""
        keys = self._finds.get(handle)
        return keys.pop(0) if keys else None

    def end_find(self, handle: int) -> None:
        """Forget a handle."""
        self._finds.pop(handle, None)

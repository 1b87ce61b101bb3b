"""What a distributed journal deletes: what is old, and what is too much."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from bridge.journal.bucket import Bucket
    from bridge.journal.replica import Replica

__all__ = ["prune"]

STEP = 500
"""Events deleted at a time where there is too much of all."""


async def prune(
    replicas: Mapping[int, Replica],
    bucket: Bucket,
    *,
    before: int,
    fresh_since: int,
    is_too_large: Callable[[], Awaitable[bool]],
) -> None:
    """Do what `Journal.prune` says, to all servers of which there are events."""
    needless = {
        server: await _needless(replica, bucket, fresh_since)
        for server, replica in replicas.items()
    }
    for server, upto in needless.items():
        old = await replicas[server].first_since(before) - 1
        await replicas[server].delete(min(upto, old))
    while await is_too_large():
        if not await _delete_oldest(replicas, needless):
            break
    await bucket.forget_kept(before)


async def _needless(replica: Replica, bucket: Bucket, fresh_since: int) -> int:
    """Return up to which event nothing is needed any more; drop the boards before it."""
    stood = await replica.first_since(fresh_since) - 1
    board = await bucket.board(replica.server, stood)  # one that is not whole replaces no event
    base = board.seq if board else 0
    await bucket.forget_boards(replica.server, before=base)
    return min(base, replica.last - 1)


async def _delete_oldest(replicas: Mapping[int, Replica], needless: Mapping[int, int]) -> bool:
    """Delete a few of the oldest needless events; return False if there are none."""
    oldest: tuple[int, int, int] | None = None
    for server, replica in replicas.items():
        first = await replica.first()
        if first <= needless[server]:
            at = (await replica.read(first - 1, 1))[0].at
            oldest = min(oldest or (at, server, first), (at, server, first))
    if oldest is None:
        return False
    _, server, first = oldest
    await replicas[server].delete(min(needless[server], first + STEP - 1))
    return await replicas[server].first() > first

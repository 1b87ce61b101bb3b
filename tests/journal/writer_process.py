"""A process that appends as fast as it can and prints each number once it is confirmed.

`python writer_process.py JOURNAL`; killed by the test, so it never ends by itself.
"""

from __future__ import annotations

import asyncio
import sys

from bridge.journal import Entry
from bridge.journal.sqlite import SqliteJournal


def say(line: str) -> None:
    """Write a line at once: a kill must not leave half a number."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def main(path: str) -> None:
    journal = await SqliteJournal.open(path, max_size_bytes=1 << 30)
    after = {server: await journal.last(server) for server in (1, 2)}

    async def append_for_ever(server: int) -> None:
        while True:
            first = after[server] + 1
            after[server] += 2
            entries = [Entry(1_700_000_000_000 + n, b"event %d" % n) for n in (first, first + 1)]
            last = await journal.append(server, entries, first - 1)
            await journal.acknowledge(server, last)
            say(f"{server} {last}")

    say(f"ready {journal.epoch}")
    await asyncio.gather(*(append_for_ever(server) for server in (1, 1, 1, 2, 2)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))

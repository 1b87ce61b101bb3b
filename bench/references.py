"""The bare references: what the same libraries do with nothing of ours between them.

`handler`: aiohttp answers 200 to a JSON body. `relay`: the least that could be called a bridge; the
body goes into a group-committed SQLite table (WAL, synchronous=FULL) before it is answered, and
then to every websocket. Run as `python bench/references.py handler|relay FOLDER`; prints its ports.
"""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import sys
import threading
from pathlib import Path

from aiohttp import web
from websockets.asyncio.server import ServerConnection, serve

KEY = "bench-key"


class BareJournal:
    """One table, one writer thread, one commit for whatever has gathered."""

    def __init__(self, path: Path) -> None:
        self._loop = asyncio.get_running_loop()
        self._queue: queue.SimpleQueue[tuple[bytes, asyncio.Future[int]]] = queue.SimpleQueue()
        threading.Thread(target=self._write, args=(path,), daemon=True).start()

    async def append(self, body: bytes) -> int:
        """Return the number of the body once it is durable."""
        future: asyncio.Future[int] = self._loop.create_future()
        self._queue.put((body, future))
        return await future

    def _write(self, path: Path) -> None:
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("CREATE TABLE events (seq INTEGER PRIMARY KEY, body BLOB)")
        while True:
            batch = [self._queue.get()]
            while not self._queue.empty():
                batch.append(self._queue.get())
            connection.execute("BEGIN")
            numbered = []
            for body, future in batch:
                row = connection.execute("INSERT INTO events (body) VALUES (?)", (body,))
                numbered.append((future, row.lastrowid))
            connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(self._answer, numbered)

    @staticmethod
    def _answer(numbered: list[tuple[asyncio.Future[int], int | None]]) -> None:
        for future, seq in numbered:
            future.set_result(seq or 0)


async def handler(_folder: Path) -> tuple[int, int]:
    """Start the bare handler; return its port."""

    async def answer(request: web.BaseRequest) -> web.Response:
        json.loads(await request.read())
        return web.Response(text="ok")

    return await _listen(answer), 0


async def relay(folder: Path) -> tuple[int, int]:
    """Start the bare relay; return the ports of HTTP and websocket."""
    journal = BareJournal(folder / "bare.db")
    sockets: set[ServerConnection] = set()

    async def connected(socket: ServerConnection) -> None:
        sockets.add(socket)
        async for _ in socket:
            pass
        sockets.discard(socket)

    async def answer(request: web.BaseRequest) -> web.Response:
        push = json.loads(await request.read())
        if push.pop("key") != KEY:
            return web.Response(status=401)
        body = json.dumps(push)
        seq = await journal.append(body.encode())
        for socket in sockets:
            await socket.send(f'{{"op":"event","seq":{seq},"event":{body}}}')
        return web.Response(text="ok")

    server = await serve(connected, "127.0.0.1", 0, compression=None)
    return await _listen(answer), server.sockets[0].getsockname()[1]


async def _listen(answer: object) -> int:
    runner = web.ServerRunner(web.Server(answer, access_log=None))  # type: ignore[arg-type]
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return int(runner.addresses[0][1])


async def main() -> None:
    """Start the one that is named and serve until standard input ends."""
    ports = await {"handler": handler, "relay": relay}[sys.argv[1]](Path(sys.argv[2]))
    print(json.dumps(ports), flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())

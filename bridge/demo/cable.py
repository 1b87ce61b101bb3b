"""The cable between the game server and the bridge: a relay on loopback that can be cut.

Cut, it drops every connection and refuses new ones. Silent, it keeps them and carries nothing,
as a half-open connection does; what was sent meanwhile is gone, so mending ends those too.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Cable"]

_CHUNK = 64 * 1024


class Cable:
    """Carries bytes from a port of its own to another one of this machine."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.state: Literal["whole", "cut", "silent"] = "whole"
        self.cuts = 0

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """End every connection."""
        assert self._server is not None  # noqa: S101 - entered
        self._server.close()
        self._drop()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        """Where the game server connects instead of to the bridge."""
        assert self._server is not None  # noqa: S101 - entered
        return f"ws://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def cut(self) -> None:
        """Drop all connections and refuse new ones."""
        self.state = "cut"
        self.cuts += 1
        self._drop()

    def silence(self) -> None:
        """Keep the connections and carry nothing."""
        self.state = "silent"
        self.cuts += 1

    def mend(self) -> None:
        """Carry again; connections that were silent end, as bytes are missing in them."""
        if self.state == "silent":
            self._drop()
        self.state = "whole"

    def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.state == "cut":
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, far_writer}
        for source, target in ((reader, far_writer), (far_reader, writer)):
            task = asyncio.create_task(self._carry(source, target))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction; its end is the end of the other one's writer too."""
        try:
            while data := await reader.read(_CHUNK):
                if self.state == "whole":
                    writer.write(data)
                    await writer.drain()
        except OSError:
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

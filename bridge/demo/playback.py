"""A bridge whose CAD is a recording, which it plays at a speed that can be changed.

It is a journal of its own, which goes away with it, behind the real gateway. So a resource that
connects gets the recorded events exactly as they were stored. Whatever the game asks is refused.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import tempfile
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from bridge.errors import ConfigurationError, RequestRefused
from bridge.game.gateway import Gateway
from bridge.game.session import Door
from bridge.journal import Entry
from bridge.journal.sqlite import SqliteJournal
from bridge.metrics import Metrics
from bridge.recall import board_at

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from bridge.demo.recording import Recorded, Recording

__all__ = ["FASTEST", "SERVER", "Playback", "Played"]

Json = dict[str, Any]

FASTEST = 20.0
LONGEST_PAUSE = 10.0
"""Seconds of the replay's own time that nothing happens at most; a longer silence is cut to it."""
SERVER = 1
FRESH_MS = 300_000
_JOURNAL_BYTES = 1 << 30
_HANDLED_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it."""

    events: int
    handled: int
    """Events that the game server has handled."""
    due: int
    """Pictures that players should have got."""
    shown: int

    def __str__(self) -> str:
        """Return the line to print."""
        return (
            f"{self.events} events played, {self.handled} handled by the game server, "
            f"{self.shown} of {self.due} pictures painted"
        )


def _now() -> int:
    return time.time_ns() // 1_000_000


class Playback:
    """A bridge whose CAD is a recording. Use as an async context manager."""

    def __init__(
        self, recording: Recording, *, speed: float = 1.0, host: str = "127.0.0.1", port: int = 0
    ) -> None:
        """Check the speed.

        Raises:
            ConfigurationError: it is out of bounds.
        """
        if not 1 <= speed <= FASTEST:
            raise ConfigurationError("--speed", f"{speed:g} is out of bounds", f"1 to {FASTEST:g}")
        self.recording = recording
        self.speed = speed
        self.paused = False
        self.key = ""
        self.tokens: Mapping[int, str] = {SERVER: secrets.token_urlsafe(32)}
        self.played = 0
        self._due = self._shown = 0
        self._host, self._port = host, port
        self._turned = asyncio.Event()
        self._stack = AsyncExitStack()
        self._journal: SqliteJournal
        self._gateway: Gateway

    async def __aenter__(self) -> Self:
        """Listen, with the recording's first board; OSError when the port is taken."""
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Say goodbye to the game server and delete the journal."""
        await self._stack.aclose()

    async def _open(self) -> None:
        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="cad-bridge-replay-", ignore_cleanup_errors=True)
        )
        path = Path(folder) / "replay.db"
        self._journal = await SqliteJournal.open(path, max_size_bytes=_JOURNAL_BYTES)
        self._stack.push_async_callback(self._journal.close)
        await self._journal.append(SERVER, self._before(), after=0)
        self._gateway = Gateway(
            [Door(SERVER, self.recording.name, self.tokens[SERVER])],
            self._journal,
            _refuse,
            board_at=self._board_at,
            on_receipt=self._receipt,
            fresh_for_ms=FRESH_MS,
            now=_now,
            metrics=Metrics(),
            host=self._host,
            port=self._port,
        )
        await self._gateway.start()
        self._stack.push_async_callback(self._gateway.stop)

    def _before(self) -> list[Entry]:
        """Return the board before the recording as events too old to be streamed: a game server
        gets it with its welcome, and nobody is alerted.
        """
        old = FRESH_MS + 1000
        events: list[Json] = [{"type": "unit.on_duty", "unit": u} for u in self.recording.units]
        for call in self.recording.calls:
            shifted = {**call, "age": call["age"] - old}  # as old now as it was then
            events.append({"type": "call.opened", "call": shifted, "alert": False})
        return [Entry(_now() - old, _encode(event), alert=False) for event in events]

    async def _board_at(self, server: int, seq: int) -> Mapping[str, Any]:
        return (await board_at(self._journal, server, seq)).to_welcome(_now())

    async def _receipt(self, _: int, frame: Mapping[str, Any]) -> None:
        self._due += frame["due"]
        self._shown += frame["shown"]

    # What the stage does with a bridge ----------------------------------------------------------

    @property
    def gateway_port(self) -> int:
        """Where the game server connects."""
        return self._gateway.port

    @property
    def running(self) -> bool:
        """It is, as long as it is used."""
        return True

    @property
    def admin_url(self) -> str:
        """There is no status page."""
        return ""

    async def push(self, body: Mapping[str, Any], *, server: int = SERVER) -> int:
        """Refuse: what comes is in the recording."""
        raise RuntimeError("a replay takes no pushes")

    async def admin(self, path: str) -> Any:
        """There is no status page."""
        raise RuntimeError("a replay has no status page")

    async def start(self) -> None:
        """Do nothing."""

    async def kill(self) -> None:
        """Do nothing."""

    # Playing ------------------------------------------------------------------------------------

    async def connected(self) -> None:
        """Wait for a game server."""
        while SERVER not in self._gateway.connections:  # noqa: ASYNC110 - the gateway tells nobody
            await asyncio.sleep(0.1)

    def turn(self, *, speed: float | None = None, paused: bool | None = None) -> None:
        """Change the speed, or pause and go on; at once, also within a pause between events."""
        if speed is not None:
            self.speed = min(max(speed, 1.0), FASTEST)
        if paused is not None:
            self.paused = paused
        self._turned.set()

    async def play(self) -> Played:
        """Play all events and wait until the game server has handled them, within bounds."""
        before: Recorded | None = None
        for recorded in self.recording.events:
            if before is not None:
                await self._wait(recorded.at - before.at)
            await self._append(recorded)
            self.played += 1
            before = recorded
        last = await self._journal.last(SERVER)
        handled = await self._handled(last)
        begun = len(self.recording.units) + len(self.recording.calls)
        return Played(self.played, max(0, handled - begun), self._due, self._shown)

    async def _append(self, recorded: Recorded) -> None:
        entry = Entry(_now(), _encode(recorded.event), alert=recorded.alert)
        await self._journal.append(SERVER, [entry], after=await self._journal.last(SERVER))

    async def _wait(self, recorded_ms: int) -> None:
        """Let as much time pass as passed then, at the speed of the moment."""
        left = min(recorded_ms / 1000, LONGEST_PAUSE * self.speed)  # of the recording's time
        while left > 0 or self.paused:
            self._turned.clear()
            speed, began = self.speed, time.monotonic()
            limit = None if self.paused else left / speed
            try:
                await asyncio.wait_for(self._turned.wait(), limit)
            except TimeoutError:
                return
            if limit is not None:
                left -= (time.monotonic() - began) * speed

    async def _handled(self, last: int) -> int:
        deadline = time.monotonic() + _HANDLED_SECONDS
        while time.monotonic() < deadline:
            if await self._journal.acknowledged(SERVER) >= last:
                break
            await asyncio.sleep(0.05)
        return await self._journal.acknowledged(SERVER)

    def to_json(self) -> Json:
        """Return how far it is, for the page."""
        events = self.recording.events
        at = events[max(0, self.played - 1)].at if events else 0
        return {
            "name": self.recording.name,
            "played": self.played,
            "of": len(events),
            "at": at,
            "from": events[0].at if events else 0,
            "to": events[-1].at if events else 0,
            "speed": self.speed,
            "paused": self.paused,
        }


def _encode(event: Json) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


async def _refuse(server: int, method: str, params: Mapping[str, Any]) -> Any:
    raise RequestRefused("not_configured", "this is a replay: there is no CAD behind it")

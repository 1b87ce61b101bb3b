"""A bridge as a process of its own, with a folder and ports of its own.

The demo and the tests kill it as a power failure would, so it is a real process running the real
`cad-bridge run`, not a part of the caller's.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import time
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import aiohttp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

__all__ = ["BridgeProcess", "free_port"]

START_SECONDS = 30.0
STOP_SECONDS = 20.0
_ONE_LOOK = aiohttp.ClientTimeout(total=2)
_ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Return a free port of this machine that no other program gets meanwhile by asking for any.

    A connection that was ended there keeps it from them for a minute, but not from who names it.
    """
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)):
            probe.accept()[0].close()
        return port


class BridgeProcess:
    """Starts, kills and restarts one bridge; its journal stays in the folder."""

    def __init__(
        self, folder: Path, *, servers: int = 1, environment: Mapping[str, str] | None = None
    ) -> None:
        """Write a configuration with so many servers (ids from 1); `environment` overrides it."""
        self.folder = folder
        self.key = secrets.token_urlsafe(16)
        self.tokens = {number: secrets.token_urlsafe(32) for number in range(1, servers + 1)}
        self.push_port, self.gateway_port, self.admin_port = (free_port() for _ in range(3))
        self.log = folder / "bridge.log"
        self._config = folder / "cad-bridge.toml"
        self._config.write_text(self._toml(), encoding="utf-8")
        # an owner's own settings must not make the demo a bridge of his community
        inherited = {k: v for k, v in os.environ.items() if not k.upper().startswith("CAD_BRIDGE_")}
        self._environment = {**inherited, "PYTHONPATH": str(_ROOT), **(environment or {})}
        self._process: subprocess.Popen[bytes] | None = None
        self._session: aiohttp.ClientSession | None = None

    def _toml(self) -> str:
        servers = "".join(
            f'[[servers]]\nid = {number}\nname = "Demo {number}"\ntoken = "{token}"\n'
            for number, token in self.tokens.items()
        )
        return (
            f'[cad]\napi_key = "{self.key}"\nreconcile = false\n'
            f'[push]\nhost = "127.0.0.1"\nport = {self.push_port}\n'
            f"[gateway]\nport = {self.gateway_port}\n[admin]\nport = {self.admin_port}\n{servers}"
        )

    async def __aenter__(self) -> Self:
        """Start; see `start`."""
        self._session = aiohttp.ClientSession()
        try:
            await self.start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop, whatever happened; nothing is left running."""
        await self._end()

    async def _end(self) -> None:
        await self.stop()
        if self._session is not None:
            await self._session.close()

    @property
    def gateway_url(self) -> str:
        """Where the game server connects."""
        return f"ws://127.0.0.1:{self.gateway_port}"

    @property
    def admin_url(self) -> str:
        """The status page."""
        return f"http://127.0.0.1:{self.admin_port}"

    @property
    def running(self) -> bool:
        """The process lives."""
        return self._process is not None and self._process.poll() is None

    async def start(self) -> None:
        """Start the process and return when it is ready; RuntimeError with its log if it ends."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603, ASYNC220 - our own words; returns at once
                [sys.executable, "-m", "bridge", "run", "--config", str(self._config)],
                cwd=self.folder,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + START_SECONDS
        while not await self._ready():
            if not self.running or time.monotonic() > deadline:
                raise RuntimeError(f"the bridge did not start:\n{self.log_tail()}")
            await asyncio.sleep(0.01)

    async def _ready(self) -> bool:
        try:
            async with self.session.get(f"{self.admin_url}/readyz", timeout=_ONE_LOOK) as answer:
                return answer.status == HTTPStatus.OK
        except (aiohttp.ClientError, TimeoutError):
            return False

    @property
    def session(self) -> aiohttp.ClientSession:
        """The HTTP client that posts and asks."""
        if self._session is None:
            raise RuntimeError("the bridge is used as an async context manager")
        return self._session

    async def stop(self) -> int | None:
        """Ask the process to end and return its exit code; kill it after `STOP_SECONDS`."""
        if self._process is None:
            return None
        if self.running:
            self._process.terminate()
        return await self._wait()

    async def kill(self) -> None:
        """End the process as a power failure would, finishing nothing."""
        process, self._process = self._process, None  # dead from now on, whoever waits for it
        if process is not None:
            process.kill()
            await asyncio.shield(asyncio.to_thread(process.wait))

    async def _wait(self) -> int:
        assert self._process is not None  # noqa: S101 - both callers have looked
        try:
            return await asyncio.to_thread(self._process.wait, STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return await asyncio.to_thread(self._process.wait)

    async def push(self, body: Mapping[str, Any], *, server: int = 1) -> int:
        """Post a push with the right key as the CAD would; return the status."""
        async with self.session.post(
            f"http://127.0.0.1:{self.push_port}/servers/{server}/sonorancad/event",
            json={**body, "key": self.key},
        ) as answer:
            return answer.status

    async def admin(self, path: str) -> Any:
        """Return the JSON of an admin path such as `/api/status`."""
        async with self.session.get(f"{self.admin_url}{path}") as answer:
            answer.raise_for_status()
            return await answer.json()

    def log_tail(self, lines: int = 30) -> str:
        """Return the last lines that the bridge wrote."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

"""The simulated CAD as a process of its own, and the event loop's time, for the CAD's side."""

import asyncio
import json
import subprocess
import sys
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

PROGRAM = Path(__file__).parent.parent / "simulated_cad" / "main.py"
KEY = "test-key-5d1b7c90"
COMMUNITY = "community-1"


class SimulatedCad:
    """How a test steers the simulated CAD; blocking, as each step takes a millisecond."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.hub_url = f"{url}/apiWsHub"

    def post(self, control: str, **body: Any) -> Any:
        """Ask for something under `/control/`."""
        request = urllib.request.Request(
            f"{self.url}/control/{control}",
            json.dumps(body).encode(),
            {"Content-Type": "application/json"},
        )
        return self._open(request)

    def configure(self, **config: Any) -> None:
        """Change how the CAD behaves."""
        self.post("config", **config)

    def fail(self, at: str, kind: str, **how: Any) -> None:
        """Let an endpoint, or a place of the hub, fail."""
        self.post("fault", at=at, kind=kind, **how)

    def release(self) -> None:
        """Let the answers go that are held back."""
        self.post("release")

    def act(self, what: str, server: int = 1, **body: Any) -> Any:
        """Do something in the CAD's own interface: it is pushed."""
        return self.post("act", what=what, server=server, body=body)

    def silently(self, what: str, server: int = 1, **body: Any) -> Any:
        """Let something happen whose push nobody gets."""
        return self.post("silently", what=what, server=server, body=body)

    def hub(self, do: str, **how: Any) -> None:
        """Do something to the hub's sessions."""
        self.post("hub", do=do, **how)

    def log(self) -> list[dict[str, Any]]:
        """Return what was asked of the CAD."""
        return self._open(f"{self.url}/control/log")

    def asked(self, endpoint: str) -> list[dict[str, Any]]:
        """Return the requests to one endpoint."""
        return [entry for entry in self.log() if entry.get("endpoint") == endpoint]

    def on_hub(self, name: str) -> list[dict[str, Any]]:
        """Return what a client did to the hub: connect, negotiate, a method's name."""
        return [entry for entry in self.log() if entry.get("hub") == name]

    def state(self, server: int = 1) -> dict[str, Any]:
        """Return the calls and units of a server."""
        return self._open(f"{self.url}/control/state")["servers"][str(server)]

    def sessions(self) -> list[int | None]:
        """Return the server ids of the hub's sessions."""
        return self._open(f"{self.url}/control/state")["hub"]

    def _open(self, request: Any) -> Any:
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=60) as answer:
            return json.load(answer)


@pytest.fixture(scope="session")
def cad_process() -> Iterator[str]:
    """The address of a simulated CAD that serves all tests of this worker."""
    command = [sys.executable, str(PROGRAM), "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        address = process.stdout.readline().strip()
        assert address.startswith("http://"), "the simulated CAD did not start"
        yield address
        process.terminate()
        process.wait(60)


@pytest.fixture
def cad(cad_process: str) -> SimulatedCad:
    """A simulated CAD in its first state."""
    simulated = SimulatedCad(cad_process)
    simulated.post("reset")
    return simulated


@pytest.fixture
async def pass_time() -> Callable[[float], Awaitable[None]]:
    """Let seconds pass for the event loop at once: what waits for them is due.

    So a test of patience takes no time, and patience may be so long that no busy machine ends it.
    """
    loop = asyncio.get_running_loop()
    clock, ahead = loop.time, 0.0

    async def passes(seconds: float) -> None:
        nonlocal ahead
        await settle()
        ahead += seconds
        await settle()

    loop.time = lambda: clock() + ahead  # type: ignore[method-assign]
    return passes


async def settle() -> None:
    """Let everything run that can without waiting for others."""
    for _ in range(20):
        await asyncio.sleep(0)

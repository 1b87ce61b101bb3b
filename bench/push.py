"""Pushes a second, from the HTTP body to the game server's socket, against bare references.

`python bench/push.py [--pushes N] [--rounds N]` measures, in one run and in turn: a bare aiohttp
handler, a bare relay behind a group-committed SQLite journal, and the bridge; then prints medians,
latencies and the ratios. Also prints how soon the bridge is ready and what it weighs when idle.
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from load import KEY, Load
from websockets.asyncio.client import connect

from bridge.demo.bridge_process import free_port

TOKEN = "bench-token-" + "x" * 32
CONNECTIONS = 32
SUBJECTS = ("handler", "relay", "bridge")


@dataclass(slots=True)
class Result:
    """One round of one subject."""

    pushes: int
    seconds: float
    latencies: list[float]
    streamed_after: float = 0.0

    @property
    def rate(self) -> float:
        """Pushes a second, until the last was answered and had reached the socket."""
        return self.pushes / max(self.seconds, self.streamed_after)


@asynccontextmanager
async def reference(name: str, folder: Path) -> AsyncIterator[tuple[int, int]]:
    """Run a bare reference as a process of its own; yield its ports."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(Path(__file__).with_name("references.py")),
        name,
        str(folder),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin
    assert process.stdout
    http, websocket = json.loads(await process.stdout.readline())
    try:
        yield http, websocket
    finally:
        process.stdin.close()
        await process.wait()


@asynccontextmanager
async def bridge(folder: Path) -> AsyncIterator[tuple[int, int, float, int]]:
    """Run the bridge; yield its push and gateway ports, seconds until ready, and process id."""
    push, gateway, admin = free_port(), free_port(), free_port()
    config = folder / "cad-bridge.toml"
    config.write_text(
        f'[cad]\napi_key = "{KEY}"\nreconcile = false\n'
        f'[push]\nhost = "127.0.0.1"\nport = {push}\n[gateway]\nport = {gateway}\n'
        f'[admin]\nport = {admin}\n[[servers]]\nid = 1\ntoken = "{TOKEN}"\n',
        encoding="utf-8",
    )
    started = time.perf_counter()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bridge", "run", "--config", str(config), stderr=subprocess.DEVNULL
    )
    try:
        while not await _answers(admin):
            await asyncio.sleep(0.005)
        yield push, gateway, time.perf_counter() - started, process.pid
    finally:
        process.terminate()
        await process.wait()


async def _answers(port: int) -> bool:
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.write(b"GET /readyz HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n")
    answer = await reader.read()
    writer.close()
    return answer.startswith((b"HTTP/1.1 200", b"HTTP/1.0 200"))


async def drain(port: int, expected: int, *, greet: bool) -> float:
    """Read events from the websocket until all have come; return the time of the last."""
    async with connect(
        f"ws://127.0.0.1:{port}",
        subprotocols=["cad-bridge.v1"] if greet else None,
        compression=None,
    ) as ws:
        if greet:
            hello = {"op": "hello", "token": TOKEN, "resource": "1.0.0", "instance": "bench"}
            await ws.send(json.dumps({**hello, "epoch": None, "cursor": None, "board": False}))
        received = 0
        async for frame in ws:
            if '"op":"event"' not in str(frame[:40]):
                continue
            received += 1
            if greet and received % 50 == 0:
                seq = json.loads(frame)["seq"]
                await ws.send(f'{{"op":"ack","seq":{seq}}}')
            if received == expected:
                break
        return time.perf_counter()


async def one_round(name: str, pushes: int) -> Result:
    """Measure one subject once, in a folder of its own."""
    with tempfile.TemporaryDirectory() as text:
        async with contextlib.AsyncExitStack() as stack:
            folder = Path(text)
            if name == "bridge":
                http, websocket, _, _ = await stack.enter_async_context(bridge(folder))
            else:
                http, websocket = await stack.enter_async_context(reference(name, folder))
            reading = None
            if websocket:
                reading = asyncio.create_task(drain(websocket, pushes, greet=name == "bridge"))
                await asyncio.sleep(0.3)  # the socket is up before the load begins
            started = time.perf_counter()
            load = Load(http, pushes)
            await load.run(CONNECTIONS)
            streamed = await asyncio.wait_for(reading, 60) - started if reading else 0.0
            if load.refused:
                raise SystemExit(f"{name}: {load.refused} of {pushes} pushes were not answered 200")
            return Result(pushes, load.elapsed, load.seconds, streamed)


def resident(pid: int) -> float:
    """Return the MiB of memory a process holds (Linux), or nan."""
    with contextlib.suppress(OSError):
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return float("nan")


def processor_seconds(pid: int) -> float:
    """Return the seconds that a process has computed (Linux), or nan."""
    with contextlib.suppress(OSError):
        user, system = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
    return float("nan")


async def readiness() -> tuple[float, float, float]:
    """Return the seconds until the bridge is ready, those of them that it computed, and the MiB it
    holds idle a moment later.
    """
    with tempfile.TemporaryDirectory() as text:
        async with bridge(Path(text)) as (_, _, seconds, pid):
            computed = processor_seconds(pid)
            await asyncio.sleep(1)
            return seconds, computed, resident(pid)


async def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pushes", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    results: dict[str, list[Result]] = {name: [] for name in SUBJECTS}
    for _ in range(options.rounds):
        for name in SUBJECTS:
            results[name].append(await one_round(name, options.pushes // 2 * 2))
    rates = {}
    for name, rounds in results.items():
        rates[name] = statistics.median(result.rate for result in rounds)
        latencies = sorted(second for result in rounds for second in result.latencies)
        p50, p99 = (latencies[int(len(latencies) * share)] * 1e3 for share in (0.5, 0.99))
        print(f"{name:8} {rates[name]:8.0f} pushes/s   p50 {p50:6.2f} ms   p99 {p99:6.2f} ms")
    print(f"bridge / handler {rates['bridge'] / rates['handler']:.2f}")
    print(f"bridge / relay   {rates['bridge'] / rates['relay']:.2f}")
    compileall.compile_dir(Path(__file__).parents[1] / "bridge", quiet=1)  # as pip installs it
    ready = [await readiness() for _ in range(options.rounds)]
    seconds, computed, mib = (statistics.median(figure) for figure in zip(*ready, strict=True))
    print(f"ready after {seconds:.2f} s, {computed:.2f} s of them computing")
    print(f"idle at {mib:.0f} MiB")


if __name__ == "__main__":
    asyncio.run(main())

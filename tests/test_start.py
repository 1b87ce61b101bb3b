"""What a start loads: each package that it does without is time until the bridge is ready."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIGURATION = f'[cad]\napi_key = "key"\n[[servers]]\nid = 1\ntoken = "{"t" * 40}"\n'
LOADED = """
import sys
from bridge import cli

async def serve(service):
    print(*sys.modules, sep="\\n")

cli._serve = serve
sys.argv = ["cad-bridge", *sys.argv[1:]]
cli.main()
"""


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Return the modules that `cad-bridge run` has loaded when its parts are built."""
    config = tmp_path_factory.mktemp("start") / "cad-bridge.toml"
    config.write_text(CONFIGURATION, encoding="utf-8")
    command = [sys.executable, "-c", LOADED, "run", "--config", str(config)]
    done = subprocess.run(
        command, cwd=ROOT, check=True, capture_output=True, encoding="utf-8", timeout=120
    )
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "package", ["bridge.demo", "bridge.owner", "rich", "lupa", "msgpack", "nats"]
)
def test_a_run_loads_nothing_that_only_other_commands_need(loaded: set[str], package: str) -> None:
    assert "bridge.service" in loaded
    assert [name for name in loaded if f"{name}.".startswith(f"{package}.")] == []


@pytest.mark.parametrize("words", [["--help"], []])
def test_a_call_without_a_command_still_names_them_all(words: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bridge", *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=120,
    )
    for name in ("run", "init", "doctor", "send", "install-resource", "demo", "simulate", "export"):
        assert f" {name} " in done.stdout

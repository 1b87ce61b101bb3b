"""The first run from a checkout: what is installed when, and what is said where that fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bridge import bootstrap

if TYPE_CHECKING:
    from collections.abc import Callable


class Machine:
    """Runs the two commands of an installation in its mind."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.fails: Callable[[list[str]], int] = lambda _: 0

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(command)
        if "venv" in command:
            for place in ("bin/python", "Scripts/python.exe"):
                python = Path(command[-1], place)
                python.parent.mkdir(parents=True, exist_ok=True)
                python.touch()
        return subprocess.CompletedProcess(command, self.fails(command))


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    (tmp_path / "pyproject.toml").write_text("[project]\n", encoding="utf-8")
    machine = Machine()
    monkeypatch.setattr(bootstrap, "ROOT", tmp_path)
    monkeypatch.setattr(bootstrap.subprocess, "run", machine.run)
    return machine


def test_the_first_run_installs_and_the_second_finds_it_done(
    machine: Machine, tmp_path: Path
) -> None:
    python = bootstrap.environment(tmp_path / ".venv", "demo")

    assert python.is_relative_to(tmp_path / ".venv")
    made, installed = machine.commands
    assert made[:3] == [sys.executable, "-m", "venv"]
    assert installed[0] == str(python)
    assert installed[-1] == f"{tmp_path}[demo]"

    assert bootstrap.environment(tmp_path / ".venv", "demo") == python
    assert len(machine.commands) == 2


@pytest.mark.parametrize("change", ["dependencies", "extra"])
def test_what_is_needed_has_changed_so_it_is_installed_anew(
    machine: Machine, tmp_path: Path, change: str
) -> None:
    bootstrap.environment(tmp_path / ".venv", "demo")
    if change == "dependencies":
        (tmp_path / "pyproject.toml").write_text("[project] # more\n", encoding="utf-8")

    bootstrap.environment(tmp_path / ".venv", "test" if change == "extra" else "demo")

    assert len(machine.commands) == 4


@pytest.mark.parametrize(("step", "hint"), [("venv", "python3-venv"), ("pip", "pip install")])
def test_what_did_not_work_is_named_and_tried_again_by_the_next_run(
    machine: Machine, tmp_path: Path, step: str, hint: str
) -> None:
    machine.fails = lambda command: int(step in command)

    with pytest.raises(SystemExit, match="this did not work: ") as end:
        bootstrap.environment(tmp_path / ".venv", "demo")

    assert hint in str(end.value)
    machine.fails = lambda _: 0
    machine.commands.clear()
    bootstrap.environment(tmp_path / ".venv", "demo")
    assert len(machine.commands) == 2


def test_who_stops_an_installation_reads_one_sentence_and_may_begin_anew(
    machine: Machine, tmp_path: Path
) -> None:
    def stops(_: list[str]) -> int:
        raise KeyboardInterrupt

    machine.fails = stops
    with pytest.raises(SystemExit, match="run it again"):
        bootstrap.environment(tmp_path / ".venv", "demo")

    machine.fails = lambda _: 0
    assert bootstrap.environment(tmp_path / ".venv", "demo").exists()


def test_an_installed_package_installs_nothing_by_itself(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyproject.toml").unlink()
    monkeypatch.setattr(bootstrap, "NEEDED", ("a_package_that_is_not_there",))

    bootstrap.continue_installed(["run"])

    assert machine.commands == []


def test_a_bridge_that_its_owner_installed_beside_it_is_left_alone(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED", ("a_package_that_is_not_there",))
    monkeypatch.setattr(bootstrap.os, "execv", lambda *_: sys.exit())

    with pytest.raises(SystemExit):
        bootstrap.continue_installed(["doctor"])

    made = machine.commands[0]
    assert "--clear" in made
    assert made[-1] == str(tmp_path / bootstrap.FOLDER)
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert "python -m venv .venv" in readme
    assert bootstrap.FOLDER != ".venv"
    assert f"installed into `{bootstrap.FOLDER}`" in readme


def test_an_old_python_is_told_which_one_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "OLDEST", (9, 1))
    with pytest.raises(SystemExit, match=r"needs Python 9\.1 or newer; .* is 3\."):
        bootstrap.check_python()

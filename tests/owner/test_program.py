"""How init tells its owner to call the program: a line that can be copied as it is."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from bridge.owner import program

NAME = "cad-bridge.exe" if os.name == "nt" else "cad-bridge"


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs, as a virtual environment has, that nothing leads to."""
    programs = tmp_path / "my server" / ".venv" / "bin"
    programs.mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(programs / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "elsewhere"))
    return programs


def install(folder: Path) -> Path:
    folder.mkdir(exist_ok=True, parents=True)
    place = folder / NAME
    place.touch(mode=0o755)
    return place


def test_its_bare_name_where_the_terminal_finds_it(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(environment)
    monkeypatch.setenv("PATH", str(environment))
    assert program.call() == "cad-bridge"


def test_its_place_from_the_folder_that_the_environment_is_in(
    environment: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(environment)
    monkeypatch.chdir(environment.parent.parent)
    assert Path(program.call()) == Path(".venv", "bin", NAME)


def test_its_whole_place_from_elsewhere_in_quotes_where_a_space_is_in_it(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = install(environment)
    (tmp_path / "resources").mkdir()
    monkeypatch.chdir(tmp_path / "resources")
    assert program.call() == f'"{place}"'


def test_its_place_where_the_terminal_finds_another_one(
    environment: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = install(environment)
    other = install(tmp_path / "elsewhere")
    assert other.is_file()
    monkeypatch.chdir(tmp_path)
    assert program.call() == f'"{place.relative_to(tmp_path)}"'


def test_pythons_own_way_where_no_program_was_installed(environment: Path) -> None:
    assert program.call() == f'"{environment / "python"}" -m bridge'


def test_a_program_among_a_users_own_packages_is_found_by_its_name(
    environment: Path, tmp_path: Path
) -> None:
    install(tmp_path / "elsewhere")
    assert environment.is_dir()
    assert program.call() == "cad-bridge"

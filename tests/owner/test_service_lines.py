import shlex
import shutil
import subprocess
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest

from bridge.errors import ConfigurationError
from bridge.owner.service_lines import for_this_machine, systemd_unit, windows_task

UNIT_OF_MINE = PurePosixPath("/opt/cad bridge/50%/cad-bridge.toml")


def test_the_unit_starts_again_but_not_after_a_wrong_configuration() -> None:
    unit = systemd_unit(UNIT_OF_MINE, "/opt/py/bin/python")

    assert "Restart=always" in unit
    assert "RestartPreventExitStatus=2" in unit
    assert (
        "ExecStart=/opt/py/bin/python -m bridge run "
        '--config "/opt/cad bridge/50%%/cad-bridge.toml"' in unit
    )
    assert 'ReadWritePaths="/opt/cad bridge/50%%"\n' in unit
    assert "ProtectSystem=strict" in unit


def test_the_services_user_is_given_the_configuration_whatever_its_name() -> None:
    usual, named = (
        next(
            line
            for line in systemd_unit(config, "/usr/bin/python3").splitlines()
            if "chown" in line
        )
        for config in (
            PurePosixPath("/opt/cad-bridge/cad-bridge.toml"),
            PurePosixPath("/opt/the owner's/two.toml"),
        )
    )

    assert usual == "#   chown cad-bridge: /opt/cad-bridge /opt/cad-bridge/cad-bridge.*"
    _, _, folder, journal, config = shlex.split(named.removeprefix("#"))
    assert folder == "/opt/the owner's"
    assert journal == "/opt/the owner's/cad-bridge.*"
    assert config == "/opt/the owner's/two.toml"


def test_each_command_of_the_unit_works_with_sudo_in_front() -> None:
    unit = systemd_unit(UNIT_OF_MINE, "/opt/py/bin/python")

    typed = [line for line in unit.splitlines() if line.startswith("#   ")]
    assert len(typed) > 3
    assert not any(sign in line for line in typed for sign in "&|;>")


def test_a_bridge_in_a_home_can_read_it() -> None:
    assert "ProtectHome=yes" in systemd_unit(UNIT_OF_MINE, "/opt/py/bin/python")
    assert "ProtectHome=read-only" in systemd_unit(UNIT_OF_MINE, "/home/me/.venv/bin/python")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd here")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / "cad-bridge.service"
    unit.write_text(systemd_unit(tmp_path / "cad-bridge.toml", "/bin/sh"), encoding="utf-8")

    said = subprocess.run(
        ["systemd-analyze", "verify", unit], capture_output=True, text=True, check=False
    )

    assert [line for line in said.stderr.splitlines() if "cad-bridge" in line] == []


def test_the_windows_line_quotes_what_owners_name_their_folders() -> None:
    config = PureWindowsPath(r"C:\cad bridge\cad-bridge.toml")
    text = windows_task(config, r"C:\Users\O'Neil\python.exe")

    line = next(line for line in text.splitlines() if not line.startswith("#"))
    assert r"-Execute 'C:\Users\O''Neil\python.exe'" in line
    assert (
        r"""-Argument '-m bridge run --config "C:\cad bridge\cad-bridge.toml" """
        r"""--log-file "C:\cad bridge\cad-bridge.log"'"""
    ) in line
    assert "-ExecutionTimeLimit ([TimeSpan]::Zero)" in line


def test_what_is_pasted_on_windows_starts_the_task_too() -> None:
    text = windows_task(PureWindowsPath(r"C:\bridge\cad-bridge.toml"), "python")

    register, start = (line for line in text.splitlines() if not line.startswith("#"))
    assert register.startswith("Register-ScheduledTask -TaskName 'cad-bridge'")
    assert start == "Start-ScheduledTask -TaskName 'cad-bridge'"


@pytest.mark.parametrize("folder", [Path.home(), Path(Path.home().anchor) / "opt"])
def test_a_folder_that_is_not_the_bridges_alone_is_not_given_to_the_service(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="is no folder for the bridge alone"):
        for_this_machine(folder / "cad-bridge.toml")


def test_the_text_is_for_the_machine_it_is_printed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tmp_path / "cad-bridge.toml"

    monkeypatch.setattr("sys.platform", "linux")
    assert "[Service]" in for_this_machine(config)
    monkeypatch.setattr("sys.platform", "win32")
    assert "Register-ScheduledTask" in for_this_machine(config)

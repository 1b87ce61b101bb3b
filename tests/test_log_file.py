"""The log in a file, for a service without a terminal."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.log_file import LogFile

ROOT = Path(__file__).parents[1]


def test_it_goes_on_behind_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "bridge.log"
    for line in ("first\n", "second é \ud800\n"):
        with LogFile(path) as log:
            log.write(line)
            assert path.read_bytes().endswith(b"\n"), "a line is there at once"
    assert path.read_text("utf-8") == "first\nsecond é \\ud800\n"


def test_a_full_file_begins_anew_and_the_one_before_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "bridge.log"
    with LogFile(path, most_bytes=10) as log:
        for line in ("one\n", "two\n", "three\n", "a line longer than the file\n", "last\n"):
            log.write(line)
    assert path.read_text() == "last\n"
    assert path.with_name("bridge.log.1").read_text() == "a line longer than the file\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is always full")
def test_a_full_disk_is_no_fault_and_the_file_says_later_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "bridge.log"
    with LogFile(path) as log:
        log.write("first\n")
        working = log._file
        with Path("/dev/full").open("ab", buffering=0) as full:
            log._file = full
            assert log.write("lost\n") == 5
            assert log.write("lost too\n") == 9
        log._file = working
        log.write("last\n")
    assert path.read_text() == "first\n(2 lines could not be written)\nlast\n"


def test_a_file_that_cannot_begin_anew_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "bridge.log"
    path.with_name("bridge.log.1").mkdir()
    with LogFile(path, most_bytes=10) as log:
        log.write("one line\n")
        log.write("two lines\n")
    assert path.read_text() == "one line\ntwo lines\n"


@pytest.mark.skipif(os.name == "nt", reason="no file modes")
def test_only_its_owner_can_read_it(tmp_path: Path) -> None:
    with LogFile(tmp_path / "bridge.log"):
        assert (tmp_path / "bridge.log").stat().st_mode & 0o077 == 0


def test_a_file_that_cannot_be_is_refused_by_the_options_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"--log-file: .*cannot be written to"):
        LogFile(tmp_path / "no" / "such" / "bridge.log")


def run(*words: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", "run", *words],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_a_run_that_cannot_start_says_why_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "cad-bridge.toml").write_text('[cad]\napi_kee = "k"\n')
    ended = run("--log-file", "bridge.log", folder=tmp_path)
    assert ended.returncode == 2
    assert "cad.api_kee" in (tmp_path / "bridge.log").read_text()


def test_a_log_file_that_cannot_be_is_told_on_the_terminal(tmp_path: Path) -> None:
    ended = run("--log-file", "no/bridge.log", folder=tmp_path)
    assert ended.returncode == 2
    assert "--log-file" in ended.stderr

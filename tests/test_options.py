from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.options import FILE, configuration


@pytest.fixture(autouse=True)
def _nothing_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.environ", {})
    monkeypatch.setattr("typer.get_app_dir", lambda _: str(tmp_path / "of-the-user"))
    monkeypatch.chdir(tmp_path)


def test_the_named_file_is_taken_even_if_it_is_not_there() -> None:
    assert configuration(Path("other.toml")) == Path("other.toml")


def test_the_file_here_comes_before_that_of_the_user(tmp_path: Path) -> None:
    (tmp_path / "of-the-user").mkdir()
    (tmp_path / "of-the-user" / FILE).touch()
    assert configuration(None) == tmp_path / "of-the-user" / FILE

    (tmp_path / FILE).touch()
    assert configuration(None) == tmp_path / FILE


def test_without_a_file_the_environment_may_configure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAD_BRIDGE_CAD__API_KEY", "a-key")
    assert configuration(None) is None


@pytest.mark.parametrize("name", ["CAD_BRIDGE_CHROMIUM", "CAD_BRIDGE_FOO"])
def test_a_variable_that_sets_no_key_does_not_stand_for_a_configuration(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "x")
    with pytest.raises(ConfigurationError, match="cad-bridge init"):
        configuration(None)


def test_a_variable_that_means_nothing_is_told_of_on_standard_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_FOO", "the-value")
    configuration(Path("other.toml"))

    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("cad-bridge: warning: CAD_BRIDGE_FOO is no key and is ignored")
    assert len(said.err.splitlines()) == 1

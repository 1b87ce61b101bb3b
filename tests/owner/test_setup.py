import errno
import io
import os
import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from bridge import settings
from bridge.errors import ConfigurationError
from bridge.owner.setup import Answers, parse_servers, refuse_existing, write

KEY = "test-key-5d1b7c90"
ANSWERS = Answers("community-1", KEY, "hub", ((1, "Los Santos"), (2, "")))


@pytest.fixture
def config(tmp_path: Path) -> Path:
    return tmp_path / "new" / "cad-bridge.toml"


def test_the_written_configuration_is_what_was_answered(config: Path) -> None:
    write(ANSWERS, config)

    loaded = settings.load(config)
    assert loaded.cad.community_id == "community-1"
    assert loaded.cad.api_key.get_secret_value() == KEY
    assert loaded.cad.source == "hub"
    assert [(server.id, server.name) for server in loaded.servers] == [(1, "Los Santos"), (2, "")]


def test_each_server_gets_a_token_of_43_signs_of_its_own(config: Path) -> None:
    written = write(ANSWERS, config)

    tokens = [server.token.get_secret_value() for server in settings.load(config).servers]
    assert [len(token) for token in tokens] == [43, 43]
    assert tokens[0] != tokens[1]
    assert all(f'set cadbridge_token "{token}"' in written.server_cfg for token in tokens)
    assert KEY not in written.server_cfg


def test_a_full_disk_leaves_no_half_file_in_the_way_of_the_next_try(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Full(io.StringIO):
        def write(self, _: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    def open_full(descriptor: int, *_: Any, **__: Any) -> Full:
        os.close(descriptor)
        return Full()

    monkeypatch.setattr("builtins.open", open_full)
    with pytest.raises(OSError, match="No space left"):
        write(ANSWERS, config)
    monkeypatch.undo()
    assert write(ANSWERS, config).path == config


@pytest.mark.skipif(os.name == "nt", reason="no file modes")
def test_only_the_owner_can_read_it(config: Path) -> None:
    write(ANSWERS, config)

    assert stat.S_IMODE(config.stat().st_mode) == 0o600


def test_a_configuration_that_is_there_is_never_overwritten(config: Path) -> None:
    config.parent.mkdir()
    config.write_text("mine", encoding="utf-8")

    for attempt in (lambda: write(ANSWERS, config), lambda: refuse_existing(config)):
        with pytest.raises(ConfigurationError, match="is not overwritten"):
            attempt()
    assert config.read_text(encoding="utf-8") == "mine"


def test_an_answer_that_is_not_allowed_leaves_nothing_behind(config: Path) -> None:
    answers = Answers("c", KEY, "hub", ((1, ""),), gateway={"host": "0.0.0.0"})

    with pytest.raises(ConfigurationError, match=r"gateway\.host"):
        write(answers, config)
    assert not config.exists()


@pytest.mark.parametrize("name", ['"; quit\nquit "', "ü", "x" * 100])
def test_a_name_cannot_begin_a_command_in_server_cfg(config: Path, name: str) -> None:
    written = write(Answers("c", KEY, "hub", ((1, name),)), config)

    assert settings.load(config).servers[0].name == name
    commands = [line for line in written.server_cfg.splitlines() if not line.startswith("#")]
    assert [line.split()[0] for line in commands if line] == [
        "set",
        "set",
        "add_convar_permission",
        "add_ace",
        "ensure",
    ]


@pytest.mark.parametrize(
    ("gateway", "game_url", "shown"),
    [
        ({}, "", "ws://127.0.0.1:30131"),
        ({"port": 4000}, "", "ws://127.0.0.1:4000"),
        ({"host": "::1"}, "", "ws://[::1]:30131"),
        ({"host": "0.0.0.0", "allow_plain": True}, "", "wss://YOUR-HOST-NAME:30131"),
        ({}, "wss://cad.example.org/bridge", "wss://cad.example.org/bridge"),
    ],
)
def test_the_game_server_is_told_where_the_gateway_is(
    config: Path, gateway: dict[str, Any], game_url: str, shown: str
) -> None:
    answers = Answers("c", KEY, "hub", ((1, ""),), gateway=gateway, game_url=game_url)
    written = write(answers, config)

    assert f'set cadbridge_url "{shown}"' in written.server_cfg
    assert ("YOUR-HOST-NAME" in written.next_steps[0]) == ("YOUR-HOST-NAME" in shown)


@pytest.mark.parametrize("url", ["http://x", "127.0.0.1:30131", 'ws://x" quit "', "wss://"])
def test_an_address_that_is_no_websockets_is_refused(config: Path, url: str) -> None:
    with pytest.raises(ConfigurationError, match="--game-url"):
        write(Answers("c", KEY, "hub", ((1, ""),), game_url=url), config)
    assert not config.exists()


def test_only_another_cad_than_the_public_one_is_written(config: Path) -> None:
    answers = Answers("c", KEY, "http", ((1, ""),), api_url="http://127.0.0.1:1")
    written = write(answers, config)

    assert tomllib.loads(config.read_text(encoding="utf-8"))["cad"] == {
        "community_id": "c",
        "api_key": KEY,
        "source": "http",
        "api_url": "http://127.0.0.1:1",
    }
    assert any("30130" in step for step in written.next_steps)


def test_the_game_server_is_restarted_between_the_bridges_start_and_the_doctor(
    config: Path,
) -> None:
    """It reads its `server.cfg` and its new folder only then."""
    steps = write(ANSWERS, config).next_steps
    order = [
        next(number for number, step in enumerate(steps) if words in step)
        for words in ("install-resource", " run ", "Restart the game server", " doctor ")
    ]

    assert order == sorted(order)


def test_the_key_is_not_in_the_answers_text() -> None:
    assert KEY not in repr(ANSWERS)


def test_servers_are_read_with_and_without_names() -> None:
    assert parse_servers(["1", " 2 = Paleto Bay "]) == ((1, ""), (2, "Paleto Bay"))


@pytest.mark.parametrize("texts", [["x"], ["-1"], [""], ["1", "1=again"], ["²"]])
def test_what_is_no_server_id_is_refused(texts: list[str]) -> None:
    with pytest.raises(ConfigurationError, match="--server"):
        parse_servers(texts)

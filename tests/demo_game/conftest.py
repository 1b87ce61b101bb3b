"""Small resources for the simulated game server, and players to visit it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from bridge.demo.game import GameServer, Player, load_players

DATA = Path(__file__).parent.parent / "data"

Make = Callable[..., GameServer]


@pytest.fixture
def people() -> dict[int, Player]:
    """The twelve players of the sample data, by id."""
    return {player.source: player for player in load_players(DATA / "players.json")}


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Make]:
    """Make a server with a resource `sample` of the given scripts.

    Script errors that a test does not look at (and take out of `errors`) fail it.
    """
    made: list[GameServer] = []

    def build(
        server: str = "",
        client: str = "",
        *,
        manifest: str = "",
        files: Mapping[str, str | bytes] | None = None,
        **options: Any,
    ) -> GameServer:
        folder = tmp_path / f"resource{len(made)}"
        folder.mkdir()
        lines = ["fx_version 'cerulean'", "game 'gta5'", manifest]
        content: dict[str, str | bytes] = dict(files or {})
        for side, text in (("server", server), ("client", client)):
            if text:
                lines.append(f"{side}_script '{side}.lua'")
                content[f"{side}.lua"] = text
        content.setdefault("fxmanifest.lua", "\n".join(lines))
        for name, text in content.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        game = GameServer(folder, name="sample", **options)
        made.append(game)
        return game

    yield build
    for game in made:
        assert not game.errors, [str(error) for error in game.errors]


# only where CitizenFX's own scheduler.lua is at hand and named is there something to test
collect_ignore = [] if "CAD_BRIDGE_SCHEDULER_LUA" in os.environ else ["test_scheduler.py"]

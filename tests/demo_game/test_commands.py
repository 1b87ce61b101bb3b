from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, Player
from bridge.demo.game.commands import arguments_of, split_line

Make = Callable[..., GameServer]

ECHO = """
RegisterCommand('echo', function(source, words, raw)
    print(source, json.encode(words), raw)
end, false)
RegisterCommand('secret', function() print('secret ran') end, true)
"""


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("status", ["status"]),
        ('note "two words"  x', ["note", "two words", "x"]),
        (r'note "a \"b\""', ["note", 'a "b"']),
        ("911 help // not this", ["911", "help"]),
        ("  ", []),
    ],
)
def test_words_of_a_command(line: str, words: list[str]) -> None:
    assert arguments_of(line) == words


def test_a_line_may_hold_several_commands() -> None:
    assert split_line('set a "x;y"; set b 1\nset c 2') == ['set a "x;y"', " set b 1", "set c 2"]


async def test_the_console_has_source_0_and_may_all(make: Make) -> None:
    async with make(ECHO) as server:
        assert server.console("echo a b") == ['[script:sample] 0\t["a","b"]\techo a b']
        assert server.console("ECHO x") == ['[script:sample] 0\t["x"]\tECHO x']
        assert server.console("secret") == ["[script:sample] secret ran"]
        assert server.console("nothing") == ["[cmd] No such command nothing."]


async def test_a_restricted_command_needs_its_right(make: Make, people: dict[int, Player]) -> None:
    async with make(ECHO) as server:
        await server.join(people[1])
        server.command_as(1, "secret")
        assert "[script:sample] secret ran" not in server.console_lines
        server.console("add_ace identifier.license:abc123 command.secret allow")
        server.command_as(1, "secret")
        assert "[script:sample] secret ran" in server.console_lines


async def test_the_last_of_two_registrations_runs_with_the_first_ones_rule(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(ECHO) as server:
        await server.add_resource(
            "other", server="RegisterCommand('secret', function() print('other') end, false)"
        )
        await server.join(people[1])
        server.command_as(1, "secret")
        assert "[script:other] other" not in server.console_lines
        assert server.console("secret") == ["[script:other] other"]
        await server.stop_resource("sample")
        assert server.console("secret") == ["[cmd] No such command secret."]


async def test_registered_commands_name_their_owner(make: Make) -> None:
    async with make(ECHO) as server:
        found = server.lua(
            "for _, c in ipairs(GetRegisteredCommands()) do"
            " if c.name == 'echo' then return c.resource .. c.arity end end"
        )
        assert found == "sample-1"


async def test_a_players_own_scripts_take_a_command_first(
    make: Make, people: dict[int, Player]
) -> None:
    client = "RegisterCommand('alerts', function(_, words) print('mine', #words) end, false)"
    async with make(ECHO, client) as server:
        await server.join(people[1], client="lua")
        server.command_as(1, "alerts x")
        server.command_as(1, "echo y")
        assert server.client(1).console.lines == ["[script:sample] mine\t1"]
        assert '[script:sample] 1\t["y"]\techo y' in server.console_lines


async def test_too_many_commands_throw_the_player_out(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(ECHO) as server:
        await server.join(people[1])
        for _ in range(60):
            server.command_as(1, "echo")
        assert sum(line.startswith("[script:sample] 1") for line in server.console_lines) == 14
        assert server.players.get(1) is None

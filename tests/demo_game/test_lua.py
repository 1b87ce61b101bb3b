from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, Player

Make = Callable[..., GameServer]


async def test_scripts_have_the_libraries_of_the_game_only(
    make: Make, people: dict[int, Player]
) -> None:
    look = "print(python, package, dofile, loadfile, os and os.time() > 0, io and true)"
    async with make(look + " print(pcall(require, 'socket'))", look) as server:
        await server.join(people[1], client="lua")
        assert server.console_lines[0] == "[script:sample] nil\tnil\tnil\tnil\ttrue\ttrue"
        assert "module 'socket' not found" in server.console_lines[1]
        assert server.client(1).console.lines == ["[script:sample] nil\tnil\tnil\tnil\tnil\tnil"]


async def test_files_of_the_system_are_out_of_reach(make: Make) -> None:
    server = make(
        """
    print(io.open('/etc/hostname'))
    print(io.open(GetResourcePath('sample') .. '/note.txt'):read('a'))
    print(os.execute('true'))
    print(os.remove(GetResourcePath('sample') .. '/note.txt'))
    print(LoadResourceFile('sample', 'note.txt'))
    """,
        files={"note.txt": "hello"},
    )
    async with server:
        assert [line.removeprefix("[script:sample] ") for line in server.console_lines[:5]] == [
            "nil\t/etc/hostname: Permission denied\t13",
            "hello",
            "nil\tPermission denied\t13",
            "true",
            "nil",
        ]


async def test_a_script_that_does_not_parse_is_told_and_the_rest_runs(make: Make) -> None:
    server = make(
        "print('second ran')",
        manifest="server_script 'config.lua'\nserver_script 'missing.lua'",
        files={"config.lua": b"\xef\xbb\xbflocal x = 1"},
    )
    async with server:
        assert "[script:sample] second ran" in server.console_lines
        failed = "[citizen-scripting-core] Failed to load script config.lua."
        assert failed in server.console_lines
        assert [error.text.split(":")[0] for error in server.errors] == [
            "Failed to load script config.lua"
        ]
        server.errors.clear()
        assert server.world.resources["sample"].state == "started"


async def test_windows_line_ends_in_a_script_are_harmless(make: Make) -> None:
    server = make(
        manifest="server_script 'a.lua'", files={"a.lua": b"print('a')\r\nprint('b')\r\n"}
    )
    async with server:
        assert "[script:sample] b" in server.console_lines


async def test_a_file_named_twice_is_loaded_twice(make: Make) -> None:
    server = make(
        manifest="shared_scripts { '*.lua', 'a.lua' }",
        files={"a.lua": "print('a')", "b.lua": "print('b')"},
    )
    async with server:
        # The pattern takes the manifest too, as it would in the game.
        server.errors.clear()
        lines = [line for line in server.console_lines if line.startswith("[script:sample]")]
        assert [line[-1] for line in lines if len(line) == 17] == ["a", "b", "a"]


async def test_new_globals_are_told(make: Make) -> None:
    async with make("CadBridge = {}\nlocal fine = 1\nLeaked = 1") as server:
        assert [error.text for error in server.errors] == ["global Leaked was created"]
        server.errors.clear()


async def test_a_vector_is_no_table(make: Make) -> None:
    server = make("""
    local v = vector3(1.0, 2.0, 2.0)
    print(type(v), v.x, #v, v == vector3(1, 2, 2), v - vector3(1, 1, 1), v.xy)
    print(pcall(json.encode, v))
    print(pcall(function() v.x = 2 end))
    AddEventHandler('go', function(w) print(type(w), w.z) end)
    TriggerEvent('go', v)
    """)
    async with server:
        first, second, third, fourth = server.console_lines[:4]
        assert first == (
            "[script:sample] vector3\t1.0\t3.0\ttrue\t"
            "vector3(0.000000, 1.000000, 1.000000)\tvector2(1.000000, 2.000000)"
        )
        assert "cannot write" in second
        assert "cannot be changed" in third
        assert fourth == "[script:sample] vector3\t2.0"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("{}", "[]"),
        ("{ a = {} }", '{"a":[]}'),
        ("3.0", "3.0"),
        ("3", "3"),
        ("0.1", "0.1"),
        ("{ 1, nil, 3 }", "[1,null,3]"),
        (r"'a\"\n\0'", r'"a\"\n\u0000"'),
        ("nil", "null"),
    ],
)
async def test_json_is_written_as_the_game_writes_it(make: Make, value: str, text: str) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        assert server.lua(f"return json.encode({value})") == text


async def test_json_null_vanishes(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        text = '{"a":null,"b":[1,null,"\\u00e9\\ud83d\\ude00"],"c":1e2,"d":-7}'
        code = "local t = json.decode((...)) return {t.a == nil, t.b[2] == nil, t.b[3], t.c, t.d}"
        assert server.lua(code, text) == [True, True, "é😀", 100.0, -7]
        assert server.lua("return math.type(json.decode('3')), 1") == "integer"

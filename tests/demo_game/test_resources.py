from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, ManifestRefused, Player

Make = Callable[..., GameServer]

STATES = """
local own = GetCurrentResourceName()
print('loading', GetResourceState(own))
AddEventHandler('onResourceStart', function(name) print('start', name, GetResourceState(name)) end)
AddEventHandler('onServerResourceStart', function(name) print('queued', name) end)
AddEventHandler('onResourceStop', function(name) print('stop', name, GetResourceState(name)) end)
"""


def said(server: GameServer) -> list[str]:
    start = "[script:sample] "
    return [x.removeprefix(start) for x in server.console_lines if x.startswith(start)]


async def test_states_are_those_of_the_game(make: Make) -> None:
    async with make(STATES) as server:
        await server.advance(50)
        await server.add_resource("other", server="local x = 1", start=False)
        assert server.lua("return GetResourceState('other')") == "stopped"
        assert server.lua("return GetResourceState('nowhere')") == "missing"
        await server.start_resource("other")
        await server.stop_resource("other")
    assert said(server) == [
        "loading\tstarting",
        "start\tsample\tstarting",
        "queued\tsample",
        "start\tother\tstarting",
        "queued\tother",
        "stop\tother\tstarted",
        "stop\tsample\tstarted",
    ]


async def test_a_resource_for_newer_servers_is_refused(make: Make) -> None:
    server = make("", manifest="dependency '/server:12913'", build=12000, files={"x": ""})
    with pytest.raises(ManifestRefused, match="12913"):
        await server.start()
    assert "^1Resource sample requires server build 12913 or newer.^7" in server.console_lines[0]


async def test_the_store_survives_a_restart(make: Make) -> None:
    server = make("""
    print(GetResourceKvpString('cursor'), GetResourceKvpInt('n'), GetResourceKvpFloat('f'))
    SetResourceKvp('cursor', 'a\\0b')
    SetResourceKvpIntNoSync('n', 7)
    SetResourceKvpFloat('f', 1.5)
    local handle = StartFindKvp('')
    print(FindKvp(handle), FindKvp(handle), FindKvp(handle), FindKvp(handle))
    EndFindKvp(handle)
    DeleteResourceKvp('f')
    """)
    async with server:
        await server.restart_resource()
        assert said(server)[:3] == ["nil\t0\t0.0", "cursor\tf\tn\tnil", "a\t7\t0.0"]
        assert server.process.store.writes == 6


async def test_a_stored_value_of_another_type_raises(make: Make) -> None:
    server = make("""
    SetResourceKvp('text', '7')
    SetResourceKvpInt('whole', 7)
    SetResourceKvpFloat('part', 0.1)
    print(pcall(GetResourceKvpInt, 'text'), pcall(GetResourceKvpFloat, 'text'))
    print(pcall(GetResourceKvpString, 'whole'), GetResourceKvpFloat('whole'))
    print((pcall(GetResourceKvpInt, 'part')), GetResourceKvpFloat('part') == 0.1)
    """)
    async with server:
        first, second, third = said(server)
        assert first.count("false") == 2
        assert second.startswith("false\t")
        assert second.endswith("\t7.0")
        assert third == "false\tfalse", "a float is stored in 32 bits"


async def test_files_are_saved_beside_the_folder_never_in_it(make: Make) -> None:
    server = make("""
    print(SaveResourceFile('sample', 'data/x.txt', 'hello\\0there', -1))
    print(LoadResourceFile('sample', 'data/x.txt'))
    print(SaveResourceFile('other', 'x.txt', 'hello', -1))
    print(LoadResourceFile('sample', '../../../etc/hostname'))
    """)
    async with server:
        assert said(server) == ["1", "hello", "false", "nil"]
        root = server.world.resources["sample"].files.root
        assert root is not None
        assert not (root / "data").exists()


async def test_metadata_of_resources_can_be_read(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)", manifest="version '1.2'") as server:
        await server.add_resource(
            "nearest-postal",
            manifest="postal_file 'new.json'",
            files={"new.json": "[]"},
            server="local x",
        )
        code = "return GetResourceMetadata(...)"
        assert server.lua(code, "sample", "version", 0) == "1.2"
        assert server.lua(code, "nearest-postal", "postal_file", 0) == "new.json"
        assert server.lua(code, "nearest-postal", "postal_file", 1) is None
        assert server.lua("return LoadResourceFile('nearest-postal', 'new.json')") == "[]"
        names = server.lua(
            "local t = {} for i = 1, GetNumResources() do t[i] = GetResourceByFindIndex(i - 1) end"
            " return t"
        )
        assert names == ["sample", "nearest-postal"]


async def test_convars_of_the_console_are_seen_by_scripts(
    make: Make, people: dict[int, Player]
) -> None:
    client = "AddEventHandler('x', function() end)"
    async with make(
        "AddConvarChangeListener('cad*', function(name) print('changed', name) end)",
        client,
        convars={"cad_token": "secret", "cad_flag": "true"},
    ) as server:
        code = "return GetConvar('cad_token', 'none')"
        assert server.lua(code) == "secret"
        code_of_flag = "return {GetConvarInt('cad_flag', 5), GetConvarBool('cad_flag', false)}"
        assert server.lua(code_of_flag) == [1, 1]
        assert server.lua("return GetConvarInt('cad_token', 5)") == 5
        server.set_convar("cad_number", "12 and more")
        assert server.lua("return GetConvarInt('cad_number', 5)") == 12
        assert server.lua("return GetConvarFloat('cad_number', 5.0)") == 12.0
        await server.join(people[1], client="lua")
        assert server.client(1).lua(code) == "none"
        server.console("setr cad_token shown; set cad_other 1; set unrelated 1")
        assert server.client(1).lua(code) == "shown"
        server.set_convar("cad_token", "again")
        assert server.client(1).lua(code) == "again"
        server.console("add_convar_permission other read cad_token")
        assert server.lua(code) == "none"
        changed = ["number", "token", "other", "token"]
        assert said(server) == [f"changed\tcad_{name}" for name in changed]


async def test_rights_are_asked_by_player(make: Make, people: dict[int, Player]) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        await server.join(people[1])
        code = "return IsPlayerAceAllowed(1, 'cadbridge.responder')"
        assert server.lua(code) is False
        server.grant_ace("group.police", "cadbridge.responder")
        server.console("add_principal identifier.license:abc123 group.police")
        assert server.lua(code) == 1
        server.remove_principal("identifier.license:abc123", "group.police")
        assert server.lua(code) is False


async def test_what_a_server_sends_while_clients_reload_is_lost(
    make: Make, people: dict[int, Player]
) -> None:
    server = make(
        "TriggerClientEvent('hello', -1)\n"
        "RegisterNetEvent('ready', function() TriggerClientEvent('hello', source) end)",
        "RegisterNetEvent('hello', function() print('hello') end) TriggerServerEvent('ready')",
    )
    async with server:
        await server.join(people[1], client="lua")
        await server.settle()
        await server.restart_resource()
        await server.settle()
        assert [packet.lost for packet in server.packets(1)] == [False, True, False]
        assert server.client(1).console.lines == ["[script:sample] hello"] * 2


async def test_the_console_and_scripts_start_and_stop_resources(
    make: Make, people: dict[int, Player]
) -> None:
    server = make("AddEventHandler('x', function() end)", "print('client runs')")
    async with server:
        await server.join(people[1], client="lua")
        server.console("restart sample")
        await server.settle()
        assert server.client(1).console.lines == ["[script:sample] client runs"] * 2
        await server.add_resource("other", server="print('here')", start=False)
        assert server.lua("return {StartResource('other'), StartResource('other')}") == [1, False]
        assert server.lua("return {StopResource('other'), StopResource('other')}") == [1, False]
        server.console("start other; stop other; ensure sample")
        assert server.console_lines.count("[script:other] here") == 2
        assert server.lua("return GetResourceState('other')") == "stopped"
        assert server.console("stop nowhere") == ["[resources] ^3Couldn't find resource nowhere.^7"]
        assert server.console("set") == ["[cmd] Argument count mismatch for set."]
        server.lua("StopResource('sample')")
        assert server.console("stop sample") == []

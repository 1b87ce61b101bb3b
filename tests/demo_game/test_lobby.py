from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, JoinRefused, Player

Make = Callable[..., GameServer]

LIFE = """
AddEventHandler('playerConnecting', function(name, kick, deferrals)
    print('connecting', source, name, GetPlayerIdentifier(source, 0), DoesPlayerExist(source))
end)
AddEventHandler('playerJoining', function(old)
    print('joining', source, math.type(source), old, type(old), DoesPlayerExist(source))
end)
AddEventHandler('playerDropped', function(reason)
    local listed = table.concat(GetPlayers(), ',')
    print('dropped', source, reason, GetPlayerName(source), listed, type(GetPlayers()[1]))
end)
"""


async def test_a_player_comes_with_a_temporary_id_and_leaves_with_his_name(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(LIFE) as server:
        await server.join(people[1])
        await server.drop(1, "Exiting")
        lines = [line.removeprefix("[script:sample] ") for line in server.console_lines]
        assert [line for line in lines if not line.startswith("[")] == [
            "connecting\t65537\tMarta Quill\tlicense:abc123\tfalse",
            "joining\t1\tinteger\t65537\tstring\t1",
            "dropped\t1\tExiting\tMarta Quill\t1\tstring",
        ]
        assert server.lua("return {GetPlayerName('1') == nil, #GetPlayers()}") == [True, 0]


async def test_life_events_need_no_net_mark_and_cannot_be_forged(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(LIFE) as server:
        await server.join(people[1])
        server.emit_as_client(1, "playerDropped", "forged")
        await server.advance(50)
        assert server.errors.pop().text == "event playerDropped was not safe for net"


async def test_a_resource_can_refuse_a_player(make: Make, people: dict[int, Player]) -> None:
    server = make("""
    AddEventHandler('playerConnecting', function(name, kick)
        kick('full')
        CancelEvent()
    end)
    """)
    async with server:
        with pytest.raises(JoinRefused, match="full"):
            await server.join(people[1])
        assert len(server.players) == 0


async def test_a_resource_can_let_a_player_wait(make: Make, people: dict[int, Player]) -> None:
    server = make("""
    AddEventHandler('playerConnecting', function(name, kick, deferrals)
        deferrals.defer()
        Wait(200)
        deferrals.update('checking')
        if name:find('Dale') then deferrals.done('banned') else deferrals.done() end
    end)
    """)
    async with server:
        await server.join(people[1])
        with pytest.raises(JoinRefused, match="banned"):
            await server.join(people[2])
        assert [player.source for player in server.players] == [1]


async def test_identifiers_by_type_are_found_by_prefix(
    make: Make, people: dict[int, Player]
) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        await server.join(people[3])
        await server.join(people[2])
        code = "return GetPlayerIdentifierByType(...)"
        assert server.lua(code, "3", "license2") == people[3].identifiers[1]
        assert server.lua(code, "3", "li").startswith("license:")
        assert server.lua(code, "2", "license:").startswith("license:")
        assert server.lua(code, "3", "steam") is None
        assert len(server.lua("return GetPlayerIdentifiers(2)")) == 8


async def test_positions_are_known_with_onesync_only(make: Make, people: dict[int, Player]) -> None:
    code = "return GetPlayerPed(1)"
    async with make("AddEventHandler('x', function() end)", onesync=False) as server:
        await server.join(people[1])
        assert server.lua(code) == 0
        assert server.lua("return GetEntityCoords(0)") == (0.0, 0.0, 0.0)
    async with make("AddEventHandler('x', function() end)") as server:
        await server.join(people[1])
        server.move(1, 100, 200.5, 30)
        ped = server.lua(code)
        assert server.lua("return GetEntityCoords((...))", ped) == (100.0, 200.5, 30.0)
        assert "invalid entity: 77" in server.lua("return select(2, pcall(GetEntityCoords, 77))")
        await server.drop(1)
        assert server.lua("return DoesEntityExist((...))", ped) is False


async def test_a_drop_by_a_script_reaches_everybody(make: Make, people: dict[int, Player]) -> None:
    async with make(LIFE) as server:
        await server.join(people[1], client="lua")
        server.lua("DropPlayer(1, 'bye')")
        assert "[script:sample] dropped\t1\tbye\tMarta Quill\t1\tstring" in server.console_lines
        assert server.players.get(1) is None


async def test_a_thousand_headless_players_are_cheap(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        for source in range(1, 1025):
            player = Player(source, f"P{source}", [f"license:{source}"])
            await server.join(player, client="headless")
        assert server.lua("return #GetPlayers()") == 1024
        server.lua("TriggerClientEvent('hello', 1000, 1)")
        await server.advance(50)
        assert [packet.args for packet in server.headless(1000).packets] == [[1]]
        server.headless(1000).loaded = False
        server.lua("TriggerClientEvent('hello', 1000, 1)")
        await server.advance(50)
        assert [packet.lost for packet in server.packets(1000)] == [False, True]
        assert server.packets(1) == []

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, NuiRefused, Player, ScriptFailure

Make = Callable[..., GameServer]

QUIET = "AddEventHandler('x', function() end)"

CARD = """
ui_page 'web/index.html'
files { 'web/*.html', 'locales/en.json' }
nui_callback_strict_mode 'true'
"""


async def test_blips_are_kept_as_they_were_made(make: Make, people: dict[int, Player]) -> None:
    async with make(client=QUIET) as server:
        await server.join(people[1], client="lua")
        client = server.client(1)
        client.lua("""
        local b = AddBlipForCoord(1.0, 2.0, 3.0)
        SetBlipScale(b, 2.0)
        SetBlipSprite(b, 480)
        SetBlipColour(b, 1)
        BeginTextCommandSetBlipName('STRING')
        AddTextComponentSubstringPlayerName('911 #4711')
        EndTextCommandSetBlipName(b)
        SetBlipFlashes(b, true)
        SetBlipFlashTimer(b, 100)
        SetBlipRoute(b, true)
        local area = AddBlipForRadius(1.0, 2.0, 3.0, 50.0)
        SetBlipAlpha(area, 128)
        SetBlipRoute(area, true)
        RemoveBlip(AddBlipForCoord(0.0, 0.0, 0.0))
        """)
        point, area = client.blips
        assert (point.kind, point.coords, point.sprite, point.colour, point.name) == (
            "coord",
            (1.0, 2.0, 3.0),
            480,
            1,
            "911 #4711",
        )
        assert point.scale == 1.0  # the sprite resets it
        assert (area.kind, area.radius, area.alpha) == ("radius", 50.0, 128)
        assert (point.route, area.route) == (False, True)
        assert point.flashes(server.now)
        assert not point.flashes(server.now + 100)
        assert len(client.map.removed) == 1


async def test_blips_stay_when_their_resource_stops(make: Make, people: dict[int, Player]) -> None:
    async with make(client="AddBlipForCoord(1.0, 2.0, 3.0)") as server:
        await server.join(people[1], client="lua")
        await server.restart_resource()
        assert len(server.client(1).blips) == 2


async def test_the_feed_shows_text_with_its_codes_at_work(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(client=QUIET) as server:
        await server.join(people[1], client="lua")
        client = server.client(1)
        post = """
        local parts = {...}
        BeginTextCommandThefeedPost(#parts > 1 and 'CELL_EMAIL_BCON' or 'STRING')
        for _, part in ipairs(parts) do AddTextComponentSubstringPlayerName(part) end
        return EndTextCommandThefeedPostTicker(true, false)
        """
        assert client.lua(post, "plain") == 1
        client.lua(post, "~r~red~s~~n~fake line", " and <font size='9'>tags</font>")
        client.lua(post, "what ~ swallows")
        assert [item.text for item in client.feed] == [
            "plain",
            "red\nfake line and tags",
            "what ",
        ]
        assert client.feed[0].codes == ()
        assert client.feed[1].codes == (
            "~r~",
            "~s~",
            "~n~",
            "<font size='9'>",
            "</font>",
        )
        client.lua("""
        AddTextEntry('MY_LABEL', 'Call ~a~ at ~a~')
        ThefeedSetNextPostBackgroundColor(6)
        BeginTextCommandThefeedPost('MY_LABEL')
        AddTextComponentSubstringPlayerName('4711')
        AddTextComponentSubstringPlayerName('Vinewood')
        AddTextComponentSubstringPlayerName('too many')
        EndTextCommandThefeedPostMessagetext('CHAR_CALL911', 'CHAR_CALL911', true, 1, '911', 'new')
        """)
        last = client.feed[-1]
        assert last.text == "Call 4711 at Vinewood"
        assert (last.picture, last.sender, last.subject, last.background) == (
            "CHAR_CALL911",
            "911",
            "new",
            6,
        )


async def test_a_component_that_is_too_long_is_cut_and_told(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(client=QUIET) as server:
        await server.join(people[1], client="lua")
        server.client(1).lua("""
        BeginTextCommandThefeedPost('STRING')
        AddTextComponentSubstringPlayerName(('x'):rep(120))
        EndTextCommandThefeedPostTicker(false, false)
        """)
        assert server.client(1).feed[0].text == "x" * 99
        assert "120 bytes" in server.errors.pop().text


async def test_a_text_must_be_whole_within_one_frame(make: Make, people: dict[int, Player]) -> None:
    client = """
    CreateThread(function()
        BeginTextCommandThefeedPost('STRING')
        Wait(0)
        AddTextComponentSubstringPlayerName('late')
    end)
    """
    async with make(client=client) as server:
        await server.join(people[1], client="lua")
        await server.advance(100)
        assert "no text was begun in this frame" in server.errors.pop().text
        with pytest.raises(ScriptFailure, match="no text was begun"):
            server.client(1).lua("EndTextCommandThefeedPostTicker(false, false)")


async def test_no_two_resources_get_the_same_handle(make: Make, people: dict[int, Player]) -> None:
    script = """
    BeginTextCommandThefeedPost('STRING')
    AddTextComponentSubstringPlayerName('hello')
    EndTextCommandThefeedPostTicker(false, false)
    GetSoundId()
    """
    async with make(client=QUIET) as server:
        await server.join(people[1], client="lua")
        await server.add_resource("other", client=script)
        await server.restart_resource("other")
        game = server.client(1)
        assert game.lua(f"{script} return GetSoundId()") == 4
        assert [post.handle for post in game.feed] == [1, 2, 3]


async def test_sounds_keys_and_surroundings(make: Make, people: dict[int, Player]) -> None:
    client = """
    RegisterCommand('+cadrespond', function() print('down') end, false)
    RegisterCommand('-cadrespond', function() print('up') end, false)
    RegisterKeyMapping('+cadrespond', 'Respond', 'keyboard', 'Y')
    """
    async with make(client=client) as server:
        await server.join(people[1], client="lua")
        game = server.client(1)
        game.lua("PlaySoundFrontend(-1, 'Lose_1st', 'GTAO_FM_Events_Soundset', true)")
        assert [(sound.name, sound.at) for sound in game.sounds] == [("Lose_1st", server.now)]
        game.press("cadrespond")
        game.release("cadrespond")
        assert game.console.lines == ["[script:sample] down", "[script:sample] up"]
        with pytest.raises(KeyError):
            game.press("nothing")
        label = "return GetControlInstructionalButton(0, GetHashKey('+cadrespond') | 0x80000000)"
        assert game.lua(label) == "t_Y"
        game.keys.bound["+cadrespond"] = "k"
        assert game.lua(label) == "t_K"
        game.position = (1.0, 2.0, 3.0)
        game.vehicle, game.speed, game.surroundings.paused = True, 30.0, True
        game.surroundings.streets = ("Alta St", "")
        assert game.lua("""
        local at = GetEntityCoords(PlayerPedId())
        local street, crossing = GetStreetNameAtCoord(at.x, at.y, at.z)
        local vehicle = GetVehiclePedIsIn(PlayerPedId(), false)
        return { at.z, GetStreetNameFromHashKey(street), crossing, GetEntitySpeed(vehicle),
            IsPauseMenuActive(), GetPlayerServerId(PlayerId()), GetActiveScreenResolution() }
        """) == [3.0, "Alta St", 0, 30.0, 1, 1, 1920, 1080]


async def test_the_page_gets_json_and_calls_back(make: Make, people: dict[int, Player]) -> None:
    client = """
    RegisterNUICallback('ready', function(data, answer)
        SendNUIMessage({ action = 'show', data = {}, n = data.n })
        answer({ ok = true })
    end)
    RegisterNUICallback('silent', function() end)
    RegisterNUICallback('broken', function() error('oops') end)
    RegisterCommand('open', function() SetNuiFocus(true, true) end, false)
    """
    files = {"web/index.html": "<p>", "web/server.txt": "x", "locales/en.json": "{}"}
    async with make(client=client, manifest=CARD, files=files) as server:
        await server.join(people[1], client="lua")
        game = server.client(1)
        told: list[object] = []
        game.page.on_message = told.append
        assert await game.nui_callback("ready", {"n": 3}) == {"ok": True}
        assert game.nui == told == [{"action": "show", "data": [], "n": 3}]
        own = "https://cfx-nui-sample"
        assert await game.nui_callback("ready", origin=own) == {"ok": True}
        with pytest.raises(NuiRefused, match="may not call"):
            await game.nui_callback("ready", origin="https://cfx-nui-evil")
        with pytest.raises(NuiRefused, match="no callback"):
            await game.nui_callback("nothing")
        with pytest.raises(TimeoutError):
            await game.nui_callback("silent")
        with pytest.raises(TimeoutError):
            await game.nui_callback("broken")
        assert "oops" in server.errors.pop().text
        server.command_as(1, "open")
        assert game.page.focus == (True, True)


async def test_a_client_reads_only_what_it_downloaded(
    make: Make, people: dict[int, Player]
) -> None:
    files = {"web/index.html": "<p>", "config.lua": "local x = 1", "locales/en.json": "{}"}
    manifest = CARD + "server_script 'config.lua'"
    async with make("print(1)", QUIET, manifest=manifest, files=files) as server:
        await server.join(people[1], client="lua")
        code = "return LoadResourceFile('sample', (...))"
        game = server.client(1)
        assert game.lua(code, "locales/en.json") == "{}"
        assert game.lua(code, "client.lua") == QUIET
        assert game.lua(code, "config.lua") is None
        assert game.lua(code, "server.lua") is None


async def test_a_message_without_a_page_is_told(make: Make, people: dict[int, Player]) -> None:
    async with make(client="SendNUIMessage({ a = 1 })") as server:
        await server.join(people[1], client="lua")
        assert "ui_page" in server.errors.pop().text
        assert server.client(1).nui == []


async def test_stand_ins_record_only_when_they_run(make: Make, people: dict[int, Player]) -> None:
    server = make(
        """
    function Tell(target)
        TriggerClientEvent('chat:addMessage', target, { args = { 'a', 'b' } })
        TriggerClientEvent('ox_lib:notify', target, { title = 'hi' })
        TriggerClientEvent('ox_lib:notify', target, { id = 'empty' })
        TriggerClientEvent('chat:addSuggestion', target, '/911', 'help')
    end
    """,
        client=QUIET,
        globals_allowed=["Tell"],
    )
    async with server:
        await server.join(people[1], client="lua")
        game = server.client(1)
        server.lua("Tell(1)")
        await server.settle()
        assert (game.chat, game.notifies) == ([], [])
        await server.add_resource("chat")
        await server.add_resource("ox_lib")
        server.lua("Tell(1)")
        await server.settle()
        assert game.chat == [{"args": ["a", "b"]}]
        assert game.notifies == [{"title": "hi"}]
        assert "/911" in game.suggestions
        game.lua("exports.ox_lib:notify({ description = 'from here' })")
        assert game.notifies[-1] == {"description": "from here"}


async def test_what_is_kept_on_a_machine_outlives_the_visit(
    make: Make, people: dict[int, Player]
) -> None:
    async with make(client=QUIET) as server:
        await server.join(people[1], client="lua")
        server.client(1).lua("SetResourceKvp('style', 'card')")
        await server.drop(1)
        await server.join(people[1], client="lua")
        assert server.client(1).kvp == {"style": b"card"}
        assert server.client(1).lua("return GetExternalKvpString('sample', 'style')") == "card"


async def test_another_client_resource_can_cancel(make: Make, people: dict[int, Player]) -> None:
    client = "function Ask() TriggerEvent('sample:alert', 1) return WasEventCanceled() end"
    async with make(client=client, globals_allowed=["Ask"]) as server:
        await server.join(people[1], client="lua")
        assert server.client(1).lua("return Ask()") is False
        await server.add_resource(
            "other", client="AddEventHandler('sample:alert', function() CancelEvent() end)"
        )
        assert server.client(1).lua("return Ask()") == 1
        heard = server.client(1).listen("sample:alert")
        assert not server.client(1).emit("sample:alert", 2)
        assert heard == [[2]]

from __future__ import annotations

from collections.abc import Callable

from bridge.demo.game import GameServer, Player

Make = Callable[..., GameServer]


async def test_values_cross_as_the_game_packs_them(make: Make) -> None:
    server = make("""
    AddEventHandler('values', function(...)
        local t, n = {...}, select('#', ...)
        TriggerEvent('seen', n, math.type(t[1]), math.type(t[2]), #t[3], t[5])
    end)
    """)
    async with server:
        seen = server.listen("seen")
        server.emit_local("values", 3.0, 3, [], None, {"a": 1})
        assert seen == [[5, "float", "integer", 0, {"a": 1}]]


async def test_an_empty_table_is_a_list_and_one_with_holes_a_map(make: Make) -> None:
    async with make() as server:
        pass
    async with make("AddEventHandler('go', function() end)") as server:
        seen = server.listen("back")
        server.lua("TriggerEvent('back', {}, {1, nil, 3}, {1, 2}, {x = {}})")
        assert seen == [[[], {1: 1, 3: 3}, [1, 2], {"x": []}]]


async def test_bytes_that_are_no_text_survive_the_way(make: Make) -> None:
    async with make("AddEventHandler('go', function(s) TriggerEvent('back', s, #s) end)") as server:
        seen = server.listen("back")
        server.emit_local("go", b"a\xffb")
        assert seen == [["a\udcffb", 3]]


async def test_source_is_a_number_from_the_net_and_empty_for_local_events(
    make: Make, people: dict[int, Player]
) -> None:
    server = make("""
    RegisterNetEvent('who', function()
        local before = source
        TriggerEvent('inner')
        TriggerEvent('told', before, source)
    end)
    AddEventHandler('inner', function() TriggerEvent('told', source) end)
    """)
    async with server:
        told = server.listen("told")
        await server.join(people[3])
        server.emit_as_client(3, "who")
        assert told == []
        await server.advance(50)
        server.emit_local("who")
        assert told == [[""], [3, 3], [""], ["", ""]]


async def test_what_is_not_registered_is_not_safe_for_net(
    make: Make, people: dict[int, Player]
) -> None:
    async with make("AddEventHandler('inside', function() print('ran') end)") as server:
        await server.join(people[1])
        server.emit_as_client(1, "inside")
        server.emit_as_client(1, "nobody hears this")
        await server.advance(50)
        assert server.errors.pop().text == "event inside was not safe for net"
        assert "[script:sample] ran" not in server.console_lines


async def test_the_mark_holds_for_one_runtime_only(make: Make, people: dict[int, Player]) -> None:
    async with make("RegisterNetEvent('shared', function() print('mine') end)") as server:
        await server.add_resource(
            "other", server="AddEventHandler('shared', function() print('theirs') end)"
        )
        await server.join(people[1])
        server.emit_as_client(1, "shared")
        await server.advance(50)
        assert "[script:sample] mine" in server.console_lines
        assert "[script:other] theirs" not in server.console_lines
        assert server.errors.pop().resource == "other"


async def test_an_error_in_one_handler_does_not_stop_the_others(make: Make) -> None:
    server = make("""
    AddEventHandler('go', function() error('first') end)
    AddEventHandler('go', function() error({}) end)
    AddEventHandler('go', function() print('still here') end)
    """)
    async with server:
        server.emit_local("go")
        assert "[script:sample] still here" in server.console_lines
        texts = sorted(error.text.splitlines()[0] for error in server.errors)
        assert texts == ["@sample/server.lua:2: first", "error object is not a string"]
        server.errors.clear()


async def test_a_handler_can_cancel(make: Make) -> None:
    server = make(
        """
    AddEventHandler('ask', function(no) if no then CancelEvent() end end)
    function Ask(no) TriggerEvent('ask', no) return WasEventCanceled() end
    """,
        globals_allowed=["Ask"],
    )
    async with server:
        assert server.emit_local("ask", False)
        assert not server.emit_local("ask", True)
        assert server.lua("return Ask(true)") == 1
        assert server.lua("return Ask(false)") is False


async def test_who_called_is_known(make: Make, people: dict[int, Player]) -> None:
    server = make("""
    RegisterNetEvent('who', function() print(tostring(GetInvokingResource())) end)
    """)
    async with server:
        server.emit_local("who")
        server.emit_local("who", resource="stranger")
        await server.add_resource("other", server="TriggerEvent('who')")
        await server.join(people[1])
        server.emit_as_client(1, "who")
        await server.advance(50)
        lines = [x for x in server.console_lines if x.startswith("[script:sample]")]
        assert [line.removeprefix("[script:sample] ") for line in lines] == [
            "sample",
            "stranger",
            "other",
            "nil",
        ]


async def test_a_removed_handler_hears_nothing(make: Make) -> None:
    server = make("""
    local handler = AddEventHandler('go', function() print('heard') end)
    RemoveEventHandler(handler)
    """)
    async with server:
        server.emit_local("go")
        assert "[script:sample] heard" not in server.console_lines


async def test_a_client_that_has_not_loaded_loses_events(
    make: Make, people: dict[int, Player]
) -> None:
    client = "RegisterNetEvent('hello', function(n) print('got', n) end)"
    async with make(
        "function Greet(n) TriggerClientEvent('hello', -1, n) end",
        client,
        globals_allowed=["Greet"],
    ) as server:
        await server.join(people[1])
        await server.join(people[2], client="headless")
        server.lua("Greet(1)")
        await server.advance(50)
        await server.load_client(1)
        server.lua("Greet(2)")
        await server.settle()
        assert server.client(1).console.lines == ["[script:sample] got\t2"]
        assert [(p.args, p.lost) for p in server.packets(1)] == [([1], True), ([2], False)]
        assert [p.lost for p in server.headless(2).packets] == [False, False]


async def test_a_client_hears_only_what_it_registered(
    make: Make, people: dict[int, Player]
) -> None:
    client = "AddEventHandler('hello', function() print('got') end)"
    async with make("", client, files={"x.txt": ""}) as server:
        await server.join(people[1], client="lua")
        await server.add_resource("other", server="TriggerClientEvent('hello', 1)")
        await server.settle()
        assert server.client(1).console.lines == [
            "[script:sample] event hello was not safe for net"
        ]
        server.errors.clear()


async def test_a_latent_event_takes_its_time(make: Make, people: dict[int, Player]) -> None:
    server = make(
        """
    function Send() TriggerLatentClientEvent('slow', 1, 1000, ('x'):rep(500)) end
    """,
        globals_allowed=["Send"],
    )
    async with server:
        await server.join(people[1], client="headless")
        server.lua("Send()")
        await server.advance(400)
        assert server.packets(1)[0].lost is None
        await server.advance(200)
        assert server.packets(1)[0].lost is False


async def test_forged_floods_are_dropped_then_the_player_is(
    make: Make, people: dict[int, Player]
) -> None:
    async with make("RegisterNetEvent('x', function() print('x') end)") as server:
        await server.join(people[1])
        for _ in range(600):
            server.emit_as_client(1, "x")
        await server.advance(50)
        assert server.console_lines.count("[script:sample] x") == 200
        assert server.players.get(1) is None


async def test_a_client_may_send_what_is_no_messagepack(
    make: Make, people: dict[int, Player]
) -> None:
    async with make("RegisterNetEvent('x', function() print('x') end)") as server:
        await server.join(people[1])
        server.emit_raw_as_client(1, "x", b"\x91")
        await server.advance(50)
        assert "missing bytes" in server.errors.pop().text
        assert "[script:sample] x" not in server.console_lines


async def test_events_of_the_page_cannot_be_forged_by_scripts(make: Make) -> None:
    async with make("AddEventHandler('__cfx_nui:x', function() print('x') end)") as server:
        server.emit_local("__cfx_nui:x")
        assert "[script:sample] x" not in server.console_lines


async def test_handlers_of_an_event_come_in_no_order_to_count_on(make: Make) -> None:
    async with make("AddEventHandler('go', function() end)") as server:
        heard = server.listen("heard")
        server.lua("""
        for n = 1, 12 do AddEventHandler('many', function() TriggerEvent('heard', n) end) end
        TriggerEvent('many')
        """)
        order = [n for (n,) in heard]
        assert sorted(order) == list(range(1, 13))
        assert order != list(range(1, 13))

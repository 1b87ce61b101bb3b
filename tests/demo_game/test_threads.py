from __future__ import annotations

from collections.abc import Callable

from bridge.demo.game import GameServer

Make = Callable[..., GameServer]


def printed(server: GameServer) -> list[str]:
    start = "[script:sample] "
    return [x.removeprefix(start) for x in server.console_lines if x.startswith(start)]


async def test_a_thread_begins_with_a_tick_and_waits_by_ticks(make: Make) -> None:
    server = make("""
    local start = GetGameTimer()
    CreateThread(function()
        print('began', GetGameTimer() - start)
        Wait(0)
        print('next', GetGameTimer() - start)
        Wait(60)
        print('then', GetGameTimer() - start)
    end)
    print('loaded')
    """)
    async with server:
        await server.advance(500)
        assert printed(server) == ["loaded", "began\t50", "next\t100", "then\t200"]


async def test_timeouts_fire_once(make: Make) -> None:
    async with make("SetTimeout(120, function() print('fired') end)") as server:
        await server.advance(100)
        assert printed(server) == []
        await server.advance(400)
        assert printed(server) == ["fired"]


async def test_a_timeout_can_be_cleared_in_the_entry_that_made_it_only(make: Make) -> None:
    server = make("""
    local first = SetTimeout(50, function() print('first') end)
    print(ClearTimeout(first))
    local second = SetTimeout(50, function() print('second') end)
    AddEventHandler('go', function() print(ClearTimeout(second)) end)
    """)
    async with server:
        server.emit_local("go")
        await server.advance(200)
        assert printed(server) == ["true", "false", "second"]


async def test_an_error_in_a_thread_is_told_with_its_trace(make: Make) -> None:
    async with make("CreateThread(function() Wait(0) error('late') end)") as server:
        await server.advance(200)
        error = server.errors.pop()
        assert error.where == "server"
        assert "@sample/server.lua:1: late" in error.text
        assert "stack traceback" in error.text


async def test_wait_outside_of_a_thread_is_possible_since_files_are_threads(make: Make) -> None:
    async with make(
        "Wait(100) print('late') local x = promise.new() SetTimeout(50, function()"
        " x:resolve(7) end) print(Citizen.Await(x))"
    ) as server:
        await server.advance(300)
        assert printed(server) == ["late", "7"]


async def test_a_rejected_promise_raises_where_it_is_awaited(make: Make) -> None:
    server = make("""
    local p = promise.new()
    CreateThread(function() print(pcall(Citizen.Await, p)) end)
    SetTimeout(100, function() p:reject('no') end)
    """)
    async with server:
        await server.advance(300)
        assert printed(server) == ["false\tno"]


async def test_an_idle_resource_calls_no_native(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        await server.advance(100)
        server.measure()
        await server.advance(60_000)
        used = server.measure()
        assert not used.natives
        assert used.seconds < 0.05

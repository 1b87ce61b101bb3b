"""Server JavaScript in a real Node beside Lua."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import textwrap
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bridge.demo.game import GameServer, Player
from bridge.demo.game.node_process import NodeProcess
from bridge.demo.game.runtime_js import JsRuntime

Make = Callable[..., GameServer]


def said(server: GameServer) -> list[str]:
    start = "[script:sample] "
    return [x.removeprefix(start) for x in server.console_lines if x.startswith(start)]


@pytest.fixture
def make_js(make: Make) -> Make:
    """Make a server with one JavaScript file, and Lua beside it."""

    def build(javascript: str, lua: str = "", **options: object) -> GameServer:
        files = {"a.js": javascript, **options.pop("files", {})}  # type: ignore[dict-item]
        manifest = "server_script 'a.js'\n" + str(options.pop("manifest", ""))
        return make(lua, manifest=manifest, files=files, clock="real", **options)

    return build


async def test_events_run_through_both_runtimes_before_they_return(make_js: Make) -> None:
    server = make_js(
        """
        on('down', (n) => {
            console.log('js', n, source === '', GetInvokingResource());
            if (n > 0) emit('up', n - 1);
            console.log('js after', n, source);
        });
        """,
        """
        AddEventHandler('up', function(n)
            print('lua', n)
            if n > 0 then TriggerEvent('down', n - 1) end
            print('lua after', n)
        end)
        """,
    )
    async with server:
        server.emit_local("down", 3)
        assert said(server) == [
            "js 3 true sample",
            "lua\t2",
            "js 1 true sample",
            "lua\t0",
            "lua after\t0",
            "js after 1 null",
            "lua after\t2",
            "js after 3 null",
        ]


async def test_which_runtime_hears_an_event_first_is_open(make_js: Make) -> None:
    orders = set()
    for seed in range(6):
        server = make_js(
            "on('both', () => console.log('js'));",
            "AddEventHandler('both', function() print('lua') end)",
            seed=seed,
        )
        async with server:
            server.emit_local("both")
            orders.add(tuple(said(server)))
    assert orders == {("js", "lua"), ("lua", "js")}


async def test_values_cross_as_the_game_packs_them(make_js: Make) -> None:
    server = make_js(
        """
    on('there', (...args) => emit('back', JSON.stringify(args)));
    on('send', () => {
        emit('sent', 2147483647, 2147483648, -2147483648, -2147483649, 1.5, undefined, [1,,3]);
        emit('sent', new Map([[1, 2]]), new Date(), new Error('x'), {a: undefined, b: {}});
        emit('sent', 'aÿb', Buffer.from('hi'), NaN === NaN, 'x'.repeat(40));
        try { emit('sent', 1n); } catch (e) { emit('sent', 'threw'); }
    });
    """,
        """
    AddEventHandler('sent', function(...)
        local kinds = {}
        for i = 1, select('#', ...) do kinds[i] = math.type((select(i, ...))) or '-' end
        print(table.concat(kinds, ' '))
    end)
    """,
    )
    async with server:
        back, sent = server.listen("back"), server.listen("sent")
        server.emit_local("there", 3.0, {}, [1, None], {"k": [1.5]}, "é", b"a\xffb", True)
        assert back == [['[3,{},[1,null],{"k":[1.5]},"é","aÿb",true]']]
        server.lua("TriggerEvent('there', vector3(1.0, 2.0, 3.5), {})")
        assert back[1] == ["[[1,2,3.5],[]]"]
        server.emit_local("send")
        whole = [2147483647, 2147483648.0, -2147483648, -2147483649.0, 1.5, None, [1, None, 3]]
        assert sent[0] == whole
        assert said(server)[0] == "integer float integer float float - -"
        assert sent[1] == [{}, {}, {}, {"a": None, "b": {}}]
        assert sent[2] == ["aÿb", {"0": 104, "1": 105}, False, "x" * 40]
        assert sent[3] == ["threw"]


async def test_functions_cross_both_ways(make_js: Make) -> None:
    server = make_js(
        """
        exports('Twice', (x) => x * 2);
        exports('Later', async (x) => { await null; return x + 1; });
        on('call', async () => {
            console.log(exports.sample.Add(1, 2));
            try { exports.sample.Missing(); } catch (e) { console.log(e.message); }
        });
        """,
        """
        exports('Add', function(a, b) return a + b end)
        AddEventHandler('back', function()
            print(exports.sample:Twice(21))
            CreateThread(function() print(exports.sample:Later(1)) end)
        end)
        """,
    )
    async with server:
        server.emit_local("call")
        server.emit_local("back")
        await server.wait_for(lambda: "2" in said(server))
        assert said(server) == ["3", "No such export Missing in resource sample", "42", "2"]
        assert server.export("Twice", 4) == 8


async def test_an_export_is_looked_up_again_after_its_resource_was_restarted(make_js: Make) -> None:
    server = make_js(
        """
        on('call', () => console.log(exports.other.Who()));
        on('fail', () => { try { exports.other.Fail(); } catch (e) { console.log(e.message); } });
        """
    )
    lua = "exports('Who', function() return 'me' end) exports('Fail', function() error('no') end)"
    async with server:
        await server.add_resource("other", server=lua)
        server.emit_local("call")
        await server.restart_resource("other")
        await server.wait_for(lambda: server.world.idle)
        server.emit_local("call")
        assert said(server) == ["me", "me"]
        server.emit_local("fail")
        assert said(server)[2].startswith("An error occurred while calling export Fail of resource")
        assert "no" in server.errors.pop().text


async def test_timers_step_by_the_servers_tick(make_js: Make) -> None:
    server = make_js("""
    const first = setTick(() => { clearTick(first); console.log('first tick'); });
    on('go', () => {
        let ticks = 0;
        const tick = setTick(() => {
            ticks += 1;
            if (ticks === 4) { clearTick(tick); console.log('four ticks'); }
        });
        const never = setTimeout(() => console.log('never'), 60);
        const number = +setTimeout(() => console.log('still'), 60);
        clearTimeout(never);
        clearTimeout(number);
        setTimeout(() => console.log('after ticks', ticks), 100);
        setTimeout(() => { throw new Error('in a timer'); }, 10);
        require('timers').setTimeout(() => console.log('node'), 1);
        Promise.resolve().then(() => console.log('promise'));
    });
    """)
    async with server:
        await server.wait_for(lambda: "first tick" in said(server))
        server.emit_local("go")
        await server.wait_for(
            lambda: {"four ticks", "still", "node", "promise"} <= set(said(server))
        )
        assert "never" not in said(server)
        # a machine that stands still makes fewer ticks of the time, never more
        assert {f"after ticks {number}" for number in range(4)} & set(said(server))
        assert "in a timer" in server.errors.pop().text


async def test_files_share_one_scope_and_a_bad_one_is_told(make_js: Make) -> None:
    server = make_js(
        "const shared = 1; var open = 2;",
        manifest="server_scripts { 'b.js', 'c.js', 'd.js' }",
        files={
            "b.js": "const shared = 2; console.log('b');",
            "c.js": "console.log('c', shared, open, typeof require, typeof module);",
            "d.js": "\ufeffthrow new Error('no');",
        },
    )
    async with server:
        assert "c 1 2 function undefined" in said(server)
        assert "b" not in said(server)
        assert "[citizen-scripting-core] Failed to load script b.js." in server.console_lines
        assert [error.text.split(":")[0] for error in server.errors] == [
            "Failed to load script b.js",
            "Failed to load script d.js",
        ]
        server.errors.clear()


async def test_uncaught_errors_do_not_end_anything(make_js: Make) -> None:
    server = make_js("""
    on('go', () => { throw new Error('in a handler'); });
    on('go', () => console.log('next handler'));
    require('timers').setTimeout(() => { throw new Error('in a callback'); }, 1);
    Promise.reject(new Error('unhandled'));
    on('go', async () => { throw new Error('in a promise'); });
    """)
    async with server:

        def told(text: str) -> int:
            return sum(text in error.text for error in server.errors)

        server.emit_local("go")
        server.emit_local("go")
        assert said(server).count("next handler") == 2
        await server.wait_for(lambda: told("in a promise") == 2 and told("unhandled") >= 1)
        await server.wait_for(lambda: told("in a callback") == 1)
        assert told("in a handler") == 2
        server.errors.clear()


async def test_natives_refuse_wrong_calls_in_javascript_too(
    make_js: Make, people: dict[int, Player]
) -> None:
    server = make_js("""
    const wrong = (fn) => {
        try { fn(); console.log('fine'); } catch (e) { console.log(e.message); }
    };
    on('go', () => {
        wrong(() => GetConvar('a'));
        wrong(() => GetPlayerIdentifier(1, 0, 5));
        wrong(() => NoSuchNative());
        console.log(GetPlayerIdentifier(1, 0), getPlayers());
        console.log(DoesPlayerExist(1), DoesPlayerExist(9));
        console.log(GetEntityCoords(GetPlayerPed(1))[0], GetCurrentResourceName());
    });
    onNet('net', (x) => console.log('net', source, x));
    RegisterNetEvent('marked', () => console.log('never called'));
    RegisterCommand('js', (source, words, raw) => console.log(source, words[0], raw), false);
    """)
    async with server:
        await server.join(people[1])
        server.emit_local("go")
        assert said(server) == [
            "GetConvar: argument 2 must be string, not None",
            "GetPlayerIdentifier takes 2 arguments, not more",
            "NoSuchNative is not defined",
            "license:abc123 [ '1' ]",
            "1 false",
            f"{people[1].coords[0]} sample",
        ]
        server.console("js word")
        server.emit_as_client(1, "net", 5)
        server.emit_as_client(1, "marked")
        await server.wait_for(lambda: "net 1 5" in said(server))
        assert "0 word js word" in said(server)
        assert "never called" not in said(server)


async def test_a_socket_brings_messages_to_lua(make_js: Make) -> None:
    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(f"{message}!")

    server = make_js(
        """
        (() => {
            const socket = new WebSocket(GetConvar('url', ''));
            socket.onopen = () => { emit('socket', 'open'); socket.send('hello'); };
            socket.onmessage = (event) => emit('socket', event.data);
            on('onResourceStop', () => socket.close(1000));
        })();
        """,
        "AddEventHandler('socket', function(what) print(what, GetInvokingResource()) end)",
    )
    async with serve(echo, "127.0.0.1", 0) as listener:
        port = next(iter(listener.sockets)).getsockname()[1]
        server.set_convar("url", f"ws://127.0.0.1:{port}")
        async with server:
            await server.wait_for(lambda: len(said(server)) >= 2)
            assert said(server) == ["open\tsample", "hello!\tsample"]


async def test_an_old_node_has_no_websocket(make_js: Make) -> None:
    async with make_js("console.log(typeof WebSocket, typeof fetch)", websocket=False) as server:
        assert said(server) == ["undefined undefined"]


async def test_what_the_sandbox_refuses_is_refused(make_js: Make) -> None:
    code = "for (const n of ['child_process', 'node:worker_threads', 'fs']) {\n"
    code += "try { require(n); } catch (e) { console.log(e.code); } }"
    async with make_js(code) as server:
        assert said(server) == ["ERR_ACCESS_DENIED"] * 3


async def test_node_is_gone_after_a_stop_and_new_after_a_restart(make_js: Make) -> None:
    async with make_js("console.log('loaded')") as server:
        (first,) = (r for r in server.world.runtimes() if isinstance(r, JsRuntime))
        await server.restart_resource()
        assert said(server) == ["loaded", "loaded"]
        (second,) = (r for r in server.world.runtimes() if isinstance(r, JsRuntime))
        assert first.gone
        assert first.pid != second.pid
    assert second.gone
    assert not alive(first.pid)
    assert not alive(second.pid)


def alive(pid: int) -> bool:
    if os.name == "nt":
        found = subprocess.run(
            ["tasklist", "/FI", f"PID eq {pid}"], capture_output=True, check=True
        )
        return str(pid).encode() in found.stdout
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not state.exists() or state.read_text().rsplit(")", 1)[1].split()[0] != "Z"


@pytest.mark.parametrize("then", ["", "for (;;) {}"])
async def test_node_dies_with_a_python_that_is_killed(
    then: str, tmp_path: Path, until: Callable[..., Awaitable[None]]
) -> None:
    (tmp_path / "fxmanifest.lua").write_text(
        "fx_version 'cerulean'\ngame 'gta5'\nserver_script 'a.js'"
    )
    (tmp_path / "a.js").write_text(f"on('go', () => {{ emit('entered'); {then} }});")
    program = textwrap.dedent(f"""
        import asyncio
        from pathlib import Path
        from bridge.demo.game import GameServer
        async def main():
            async with GameServer(Path({str(tmp_path)!r}), name='sample', clock='real') as server:
                pid = next(iter(server.world.runtimes())).pid
                server.on('entered', lambda: print(pid, flush=True))
                server.emit_local('go')
                await asyncio.sleep(300)
        asyncio.run(main())
    """)
    root = Path(__file__).parent.parent.parent
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, stdout=asyncio.subprocess.PIPE, cwd=root
    )
    assert process.stdout is not None
    pid = int(await asyncio.wait_for(process.stdout.readline(), 90))
    assert alive(pid)
    process.kill()
    await process.wait()
    await until(lambda: not alive(pid), 60)


def test_a_node_that_is_forgotten_is_ended() -> None:
    node = NodeProcess(
        {"resource": "x", "instance": 1, "folder": "", "websocket": True, "natives": [], "now": 0},
        lambda: None,
    )
    pid = node.pid
    assert node.receive().op == "ready"
    node.end()
    assert not alive(pid)

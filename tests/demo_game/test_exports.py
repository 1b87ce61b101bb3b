from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, ScriptFailure

Make = Callable[..., GameServer]

EXPORTS = """
exports('Add', function(a, b) return a + b end)
exports('Slow', function() Wait(100) return 'later' end)
exports('Apply', function(fn, x) return fn(x) end)
exports('Fail', function() error('no') end)
"""


async def test_an_export_is_called_with_copies(make: Make) -> None:
    async with make(EXPORTS) as server:
        assert server.export("Add", 1, 2) == 3
        with pytest.raises(ScriptFailure, match="no such export"):
            server.export("Missing")


async def test_an_export_that_fails_fails_for_the_caller_and_in_the_console(make: Make) -> None:
    async with make(EXPORTS) as server:
        with pytest.raises(ScriptFailure):
            server.export("Fail")
        assert "no" in server.errors.pop().text


async def test_resources_call_each_other_with_functions(make: Make) -> None:
    async with make(EXPORTS) as server:
        await server.add_resource(
            "other", server="print(exports.sample:Apply(function(x) return x * 2 end, 21))"
        )
        assert "[script:other] 42" in server.console_lines


async def test_a_missing_export_or_resource_raises(make: Make) -> None:
    async with make(EXPORTS) as server:
        await server.add_resource(
            "other",
            server="""
            print(pcall(function() return exports.sample:Nothing() end))
            print(pcall(function() return exports.nowhere:Nothing() end))
            print(pcall(function() return exports.sample:Fail() end))
            """,
        )
        told = [line for line in server.console_lines if line.startswith("[script:other]")]
        assert "No such export Nothing in resource sample" in told[0]
        assert "No such export Nothing in resource nowhere" in told[1]
        assert told[2].startswith("[script:other] false")
        everything = "\n".join(server.console_lines)
        assert "error occurred while calling export `Fail`" in everything
        server.errors.clear()


async def test_a_function_that_fails_elsewhere_raises_without_a_message(make: Make) -> None:
    async with make("exports('Hand', function() return function() error('no') end end)") as server:
        await server.add_resource("other", server="print(pcall(exports.sample:Hand()))")
        assert "[script:other] false\tnil" in server.console_lines
        assert "no" in server.errors.pop().text


async def test_a_waiting_export_is_awaited_in_a_thread(make: Make) -> None:
    async with make(EXPORTS) as server:
        await server.add_resource(
            "other", server="CreateThread(function() print(exports.sample:Slow()) end)"
        )
        await server.advance(300)
        assert "[script:other] later" in server.console_lines


async def test_functions_die_with_their_resource(make: Make) -> None:
    server = make(
        """
    local kept
    AddEventHandler('keep', function(fn) kept = fn end)
    function Call() return tostring(pcall(kept)) end
    """,
        globals_allowed=["Call"],
    )
    async with server:
        await server.add_resource("other", server="TriggerEvent('keep', function() end)")
        assert server.lua("return Call()") == "true"
        await server.stop_resource("other")
        assert server.lua("return Call()") == "false"

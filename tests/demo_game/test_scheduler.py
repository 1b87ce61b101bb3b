"""The server under CitizenFX's own scheduler.lua, where somebody has it at hand."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, Player
from bridge.demo.game.process import SCHEDULER_VARIABLE
from bridge.demo.game.world import plain_lua

Make = Callable[..., GameServer]


def test_a_name_in_backticks_is_its_hash() -> None:
    assert plain_lua(b"local x = `FORMAT_STACK_TRACE`") == b"local x = -687064118"


@pytest.mark.skipif(
    SCHEDULER_VARIABLE not in os.environ, reason=f"{SCHEDULER_VARIABLE} names no scheduler.lua"
)
async def test_scripts_run_under_the_real_scheduler(make: Make, people: dict[int, Player]) -> None:
    server = make(
        """
        RegisterNetEvent('ready', function() TriggerClientEvent('hello', source, {}) end)
        exports('Add', function(a, b) return a + b end)
        """,
        """
        RegisterNetEvent('hello', function(t) print('hello', #t) end)
        TriggerServerEvent('ready')
        """,
    )
    async with server:
        await server.join(people[1], client="lua")
        await server.settle()
        assert server.client(1).console.lines == ["[script:sample] hello\t0"]
        assert server.export("Add", 1, 2) == 3
        assert server.world.scheduler is not None

"""The server under CitizenFX's own scheduler.lua, where somebody has it at hand."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bridge.demo.game import GameServer, Player
from bridge.demo.game.process import SCHEDULER_VARIABLE
from bridge.demo.game.world import plain_lua

Make = Callable[..., GameServer]


def test_a_name_in_backticks_is_its_hash() -> None:
    assert plain_lua(b"local x = `FORMAT_STACK_TRACE`") == b"local x = -687064118"


RESOURCE = Path(__file__).parent.parent.parent / "lua_resource"

with_scheduler = pytest.mark.skipif(
    SCHEDULER_VARIABLE not in os.environ, reason=f"{SCHEDULER_VARIABLE} names no scheduler.lua"
)


@with_scheduler
async def test_the_resource_runs_under_the_real_scheduler(people: dict[int, Player]) -> None:
    async with GameServer(RESOURCE, convars={"cadbridge_token": "x" * 32}) as server:
        server.grant_ace("identifier.license:abc123", "cadbridge.responder")
        for source in (1, 4):
            await server.join(people[source], client="lua")
        await server.advance(1000)
        call = {"key": "911:1", "id": 1, "kind": "911", "emergency": True, "age": 0}
        board = {"calls": [], "units": []}
        welcome = {"op": "welcome", "bridge": "1", "server": {"id": 1, "name": "x"}}
        welcome |= {"epoch": "e", "cursor": 0, "freshFor": 300000, "board": board}
        opened = {"type": "call.opened", "call": call}
        event = {"op": "event", "seq": 1, "age": 5, "alert": True, "event": opened}
        server.emit_local("cadbridge:transport", "ready")
        server.emit_local("cadbridge:transport", "open", 1)
        for frame in (welcome, event):
            server.emit_local("cadbridge:transport", "frame", 1, json.dumps(frame))
        await server.wait_for(lambda: server.client(1).feed)
        assert server.client(4).feed == []
        assert not server.errors
        assert server.world.scheduler is not None


@with_scheduler
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

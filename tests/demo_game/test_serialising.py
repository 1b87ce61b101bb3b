"""What FXServer's MessagePack and JSON do to values, where a script might not expect it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, ScriptFailure

Make = Callable[..., GameServer]

SCRIPT = """
AddEventHandler('go', function() end)
function Deep(levels)
    local t = { 'bottom' }
    for _ = 2, levels do t = { t } end
    return t
end
function Depth(t)
    local n = 0
    while type(t) == 'table' do n, t = n + 1, t[1] end
    return n, t
end
"""


@pytest.fixture
def server(make: Make) -> GameServer:
    """A server whose script makes and measures nested tables."""
    return make(SCRIPT, globals_allowed=("Deep", "Depth"))


async def test_an_event_carries_fifteen_levels_and_loses_what_is_deeper(server: GameServer) -> None:
    async with server:
        heard = server.listen("heard")
        server.lua("AddEventHandler('deep', function(t) TriggerEvent('heard', Depth(t)) end)")
        server.lua("TriggerEvent('deep', Deep(15))")
        server.lua("TriggerEvent('deep', Deep(16))")
        assert heard == [[15, "bottom"], [15, None]]


async def test_an_event_without_a_payload_has_no_arguments(server: GameServer) -> None:
    async with server:
        heard = server.listen("heard")
        server.lua(
            "AddEventHandler('bare', function(...) TriggerEvent('heard', select('#', ...)) end)"
        )
        server.lua("TriggerEventInternal('bare', '', 0)")
        assert heard == [[0]]


async def test_an_extension_that_nobody_knows_is_its_bytes(server: GameServer) -> None:
    async with server:
        assert server.lua(r"return (msgpack.unpack('\xd6\x63abcd'))") == "abcd"


async def test_json_is_written_down_to_32_levels(server: GameServer) -> None:
    async with server:
        assert server.lua("return json.encode(Deep(32))") == "[" * 32 + '"bottom"' + "]" * 32
        with pytest.raises(ScriptFailure, match="nesting depth"):
            server.lua("return json.encode(Deep(33))")


async def test_a_table_with_n_alone_is_written_as_a_list(server: GameServer) -> None:
    async with server:
        assert server.lua("return json.encode({ n = 2 })") == "[null,null]"
        assert server.lua("return json.encode({ 7, n = 2 })") == "[7,null]"
        assert server.lua("return json.encode({ n = 2.5 })") == '{"n":2.5}'
        assert server.lua("return json.encode({ n = 40 })") == "[" + ",".join(["null"] * 40) + "]"


@pytest.mark.parametrize(
    "text", ["", "{", '"\\ud800"', "nul", '"a\nb"', "[1 2]", "-", '{"a":1', "\ufeff{}", "\\"]
)
async def test_bad_json_is_nil_a_place_and_a_message(server: GameServer, text: str) -> None:
    async with server:
        told = server.lua("return { pcall(json.decode, (...)) }", text)
        assert told.keys() == {1, 3, 4}, "no value is at 2"
        assert told[1] is True
        assert isinstance(told[3], int)
        assert isinstance(told[4], str)


@pytest.mark.parametrize(
    ("text", "value", "behind"), [("[1,]", [1], 5), ('{"a":1,}', {"a": 1}, 9), ("[2] x", [2], 4)]
)
async def test_json_is_read_more_kindly_than_the_standard(
    server: GameServer, text: str, value: object, behind: int
) -> None:
    async with server:
        assert server.lua("return { json.decode((...)) }", text) == [value, behind]


async def test_no_json_text_at_all_is_nil_and_a_table_raises(server: GameServer) -> None:
    async with server:
        assert server.lua("return json.decode(nil) == nil") is True
        assert server.lua("return (json.decode(5))") == 5
        with pytest.raises(ScriptFailure, match="string"):
            server.lua("return json.decode({})")

from __future__ import annotations

from collections.abc import Callable

import pytest

from bridge.demo.game import GameServer, Player, ScriptFailure
from bridge.demo.game.natives.signature import native

Make = Callable[..., GameServer]


@pytest.mark.parametrize(
    ("call", "why"),
    [
        ("AddBlipForCoord(1, 2.0, 3.0)", "argument 1 must be a float, not the integer 1"),
        ("AddBlipForCoord(1.0, 2.0)", "argument 3 must be a float, not nil"),
        ("AddBlipForCoord(1.0, 2.0, 3.0, 4.0)", "takes 3 arguments, not more"),
        ("SetBlipSprite(1.0, 2)", "argument 1 must be a whole number, not the float 1.0"),
        ("SetBlipSprite('1', 2)", 'must be a whole number, not the string "1"'),
        ("PlaySoundFrontend(-1, 'a', 0, true)", "argument 3 must be a string, not the integer 0"),
        ("PlaySoundFrontend(-1, 'a', 'b', 'true')", "argument 4 must be a boolean"),
        ("RegisterCommand('x', 'not a function')", "argument 2 must be a function"),
        ("SetBlipSprite(99, 1)", "there is no blip 99"),
        ("GetPlayerIdentifier(1, 0)", "attempt to call a nil value"),
        ("NoSuchNative()", "attempt to call a nil value"),
    ],
)
async def test_a_wrong_call_is_refused(
    make: Make, people: dict[int, Player], call: str, why: str
) -> None:
    async with make(client="AddEventHandler('x', function() end)") as server:
        await server.join(people[1], client="lua")
        with pytest.raises(ScriptFailure) as failure:
            server.client(1).lua(call)
        assert why in str(failure.value)


async def test_the_client_has_no_server_natives_and_the_other_way_round(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        assert server.lua("return AddBlipForCoord == nil and PlayerPedId == nil")
        assert server.lua("return GetPlayerIdentifier ~= nil")


async def test_truth_is_one_or_false(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        assert server.lua("return {IsDuplicityVersion(), DoesPlayerExist('5')}") == [1, False]


async def test_calls_are_counted(make: Make) -> None:
    async with make("AddEventHandler('x', function() end)") as server:
        server.measure()
        server.lua("for _ = 1, 5 do GetGameTimer() end")
        used = server.measure()
        assert used.natives == {"GetGameTimer": 5}
        assert used.seconds > 0


@pytest.mark.parametrize("signature", ["Name", "Name(number)", "Name() -> table"])
def test_a_signature_that_is_none_is_refused(signature: str) -> None:
    with pytest.raises(ValueError, match=r"signature|unknown"):
        native(signature)

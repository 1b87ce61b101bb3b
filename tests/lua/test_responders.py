"""server/responders and server/frameworks: who is a responder, and since when."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any


async def is_one(town: Town, source: int) -> bool:
    await town.server.advance(100)
    answer: bool = town.server.export("IsResponder", source)
    return answer


# By the CAD ---------------------------------------------------------------------------------------


async def test_a_unit_on_duty_makes_its_linked_player_a_responder(town: Town, make: Make) -> None:
    await town.come(1, 2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    assert await is_one(town, 2)
    assert not await is_one(town, 1)
    await town.event("unit.off_duty", unit=make.unit(102, player=2))
    assert not await is_one(town, 2)


async def test_a_unit_that_was_on_duty_before_its_player_joined_counts(
    town: Town, make: Make
) -> None:
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.come(2)
    assert await is_one(town, 2)
    await town.server.drop(2)
    await town.come(2)
    assert await is_one(town, 2)


async def test_a_unit_that_is_linked_to_another_account_changes_hands(
    town: Town, make: Make
) -> None:
    await town.come(1, 2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("unit.changed", unit=make.unit(102, player=1), changed=["playerIds"])
    assert await is_one(town, 1)
    assert not await is_one(town, 2)


async def test_an_api_id_makes_nobody_a_responder_and_hints_once(town: Town, make: Make) -> None:
    await town.come(2, 4)
    unit = make.unit(102, playerIds=make.ids(2, at=3))
    await town.event("unit.on_duty", unit=unit)
    await town.event("unit.changed", unit={**unit, "status": 3}, changed=["status"])
    await town.event("unit.off_duty", unit=unit)
    await town.event("unit.on_duty", unit=unit)
    assert not await is_one(town, 2)
    (line,) = town.lines(2)
    assert "Type /link" in line
    await town.event("call.opened", call=make.call(880, "dispatch", units=[102]))
    assert town.got(2) == []
    assert town.got(4) == []


async def test_units_of_a_welcome_count(build: Any, make: Make) -> None:
    town = await build(welcome=False)
    town.tell("ready")
    await town.come(2)
    await town.connect(units=[make.unit(102, player=2)])
    assert await is_one(town, 2)
    town.down()
    await town.connect(epoch="another", units=[])
    assert not await is_one(town, 2)


# By permission, by option -------------------------------------------------------------------------


async def test_sources_that_the_owner_left_out_do_not_count(build: Any, make: Make) -> None:
    town = await build("responders = { 'job' }")
    town.responders(1)
    await town.come(1, 2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    assert not await is_one(town, 1)
    assert not await is_one(town, 2)


async def test_everyone_is_everyone(build: Any) -> None:
    town = await build("responders = { 'everyone' }")
    await town.come(4, 12)
    assert await is_one(town, 4)
    assert await is_one(town, 12)


async def test_a_right_is_asked_at_a_command_whatever_was_known(town: Town, make: Make) -> None:
    await town.come(4)
    await town.event("call.opened", call=make.call())
    town.responders(4)
    town.server.command_as(4, "calls")
    await town.server.advance(100)
    assert any(name == "list" for name, _ in town.got(4))


async def test_rights_are_asked_once_in_ten_seconds(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 2)
    await town.server.advance(10_500)
    town.server.measure()
    for number in range(5):
        town.happen("call.opened", call=make.call(number))
    asked = town.server.measure().natives["IsPlayerAceAllowed"]
    assert asked == 4  # two players, two rights


def test_rights_that_are_asked_often_between_two_pushes_are_kept_once(load: Any) -> None:
    lua = load("server/responders/ace.lua")
    ace = lua.globals()[b"CadBridge"][b"aceResponders"][b"new"](lambda source, _: source == 2, True)
    ace[b"ask"](ace, 2, 0)
    for now in range(20_000):
        ace[b"ask"](ace, 1, now)
    assert len(ace[b"queue"]) <= 5000
    assert list(ace[b"stale"](ace, 20_000, 8).values()) == [2]
    assert sorted(ace[b"stale"](ace, 30_000, 8).values()) == [1]


async def test_who_is_asked_twice_at_once_is_asked_once_the_next_time(
    town: Town, make: Make
) -> None:
    await town.come(4)
    for _ in range(4):
        town.server.command_as(4, "calls")
    await town.server.advance(10_500)
    town.server.measure()
    town.happen("call.opened", call=make.call())
    assert town.server.measure().natives["IsPlayerAceAllowed"] == 2  # two rights


# By job -------------------------------------------------------------------------------------------

QBOX = """
local jobs = { [1] = { name = 'police', type = 'leo', onduty = true } }
exports('GetPlayer', function(source)
    if not jobs[source] then return nil end
    return { PlayerData = { source = source, job = jobs[source],
        charinfo = { firstname = 'Jo', lastname = 'Ray' } } }
end)
AddEventHandler('test:duty', function(source, on)
    jobs[source].onduty = on
    TriggerEvent('QBCore:Server:SetDuty', source, on)
end)
AddEventHandler('test:job', function(source, name)
    jobs[source] = { name = name, type = name, onduty = true }
    TriggerEvent('QBCore:Server:OnJobUpdate', source, jobs[source])
end)
AddEventHandler('test:logout', function(source)
    TriggerEvent('QBCore:Server:OnPlayerUnload', source)
    Wait(200)
    jobs[source] = nil
end)
"""

QBCORE = """
local jobs = { [1] = { name = 'police', type = 'leo', onduty = true } }
exports('GetCoreObject', function()
    return { Functions = { GetPlayer = function(source)
        if not jobs[source] then return nil end
        return { PlayerData = { source = source, job = jobs[source],
            charinfo = { firstname = 'Jo', lastname = 'Ray' } } }
    end } }
end)
AddEventHandler('test:duty', function(source, on)
    jobs[source].onduty = on
    TriggerEvent('QBCore:Server:OnPlayerUpdated', source, 'job', jobs[source])
end)
AddEventHandler('test:job', function(source, name)
    jobs[source] = { name = name, type = name, onduty = true }
    TriggerEvent('QBCore:Server:OnJobUpdate', source, jobs[source])
end)
AddEventHandler('test:logout', function(source)
    TriggerEvent('QBCore:Server:OnPlayerUnload', source)
    Wait(200)
    jobs[source] = nil
end)
"""

ESX = """
local jobs = { [1] = { name = 'police', grade = 1, onDuty = true } }
exports('getSharedObject', function()
    return { GetPlayerFromId = function(source)
        if not jobs[source] then return nil end
        return { job = jobs[source], getName = function() return 'Jo Ray' end }
    end }
end)
AddEventHandler('test:duty', function(source, on)
    jobs[source].onDuty = on
    TriggerEvent('esx:setJob', source, jobs[source], {})
end)
AddEventHandler('test:job', function(source, name)
    jobs[source] = { name = name, grade = 0 }
    TriggerEvent('esx:setJob', source, jobs[source], {})
end)
AddEventHandler('test:logout', function(source)
    TriggerEvent('esx:playerLogout', source)
end)
AddEventHandler('esx:playerLogout', function(source)
    Wait(100) -- it is saved
    jobs[source] = nil
end)
"""

OX = """
local groups = { [1] = { police = 3 } }
local active = { [1] = 'police' }
exports('GetPlayer', function(source) return { firstName = 'Jo', lastName = 'Ray' } end)
exports('CallPlayer', function(source, method, name)
    if not groups[source] then return nil end
    if method == 'get' then return active[source] end
    return groups[source][name]
end)
AddEventHandler('test:duty', function(source, on)
    active[source] = on and 'police' or nil
    TriggerEvent('ox:setActiveGroup', source, active[source])
end)
AddEventHandler('test:job', function(source, name)
    groups[source] = { [name] = 1 }
    active[source] = name
    TriggerEvent('ox:setGroup', source, name, 1)
end)
AddEventHandler('test:logout', function(source)
    groups[source] = {}
    TriggerEvent('ox:playerLogout', source, 7, 9)
end)
"""

ND = """
local jobs = { [1] = 'police' }
exports('getPlayer', function(source)
    if not jobs[source] then return nil end
    return { source = source, job = jobs[source], groups = {}, fullname = 'Jo Ray' }
end)
AddEventHandler('test:job', function(source, name)
    jobs[source] = name
    TriggerEvent('ND:updateCharacter', { source = source, job = name })
end)
AddEventHandler('test:logout', function(source)
    TriggerEvent('ND:characterUnloaded', source, { source = source, job = jobs[source] })
    jobs[source] = nil
end)
"""

FRAMEWORKS = {
    "qbx_core": QBOX,
    "qb-core": QBCORE,
    "es_extended": ESX,
    "ox_core": OX,
    "ND_Core": ND,
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_a_job_on_duty_makes_a_responder(town: Town, framework: str) -> None:
    await town.come(1, 4)
    assert not await is_one(town, 1)
    # A framework that starts after us is found too.
    await town.server.add_resource(framework, server=FRAMEWORKS[framework])
    assert await is_one(town, 1)
    assert not await is_one(town, 4)
    town.server.emit_local("test:job", 1, "taxi", resource=framework)
    assert not await is_one(town, 1)
    town.server.emit_local("test:job", 1, "police", resource=framework)
    assert await is_one(town, 1)
    town.server.command_as(1, "911 help")
    await town.server.advance(100)
    assert town.asked("call.create")[0]["caller"] == "Jo Ray"
    await town.server.stop_resource(framework)
    assert not await is_one(town, 1)


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "ND_Core"])
async def test_off_duty_is_no_responder(town: Town, framework: str) -> None:
    await town.come(1)
    await town.server.add_resource(framework, server=FRAMEWORKS[framework])
    town.server.emit_local("test:duty", 1, False, resource=framework)
    assert not await is_one(town, 1)
    town.server.emit_local("test:duty", 1, True, resource=framework)
    assert await is_one(town, 1)


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_who_puts_his_character_away_is_no_responder(town: Town, framework: str) -> None:
    await town.come(1)
    await town.server.add_resource(framework, server=FRAMEWORKS[framework])
    assert await is_one(town, 1)
    town.server.emit_local("test:logout", 1, resource=framework)
    assert not await is_one(town, 1)
    await town.server.advance(1000)
    town.server.console("cadbridge why 1")
    assert not await is_one(town, 1)


@pytest.mark.parametrize(
    ("framework", "export", "event"),
    [
        ("qb-core", "GetCoreObject", "QBCore:Server:OnJobUpdate"),
        ("es_extended", "getSharedObject", "esx:setJob"),
    ],
)
async def test_the_core_of_a_framework_is_copied_once_and_again_after_its_restart(
    town: Town, framework: str, export: str, event: str
) -> None:
    copied: list[Any] = []
    town.server.on("test:copied", lambda *_: copied.append(1))
    await town.come(1, 2, 3)
    code = FRAMEWORKS[framework].replace(
        f"exports('{export}', function()",
        f"exports('{export}', function() TriggerEvent('test:copied')",
    )
    await town.server.add_resource(framework, server=code)
    for _ in range(5):
        town.server.emit_local(event, 1, {}, {}, resource=framework)
    assert await is_one(town, 1)
    assert len(copied) == 1
    await town.server.restart_resource(framework)
    assert await is_one(town, 1)
    assert len(copied) == 2


async def test_qbox_is_found_before_its_own_bridge(town: Town) -> None:
    await town.come(1)
    await town.server.add_resource("qb-core", server="-- a bridge of Qbox")
    await town.server.add_resource("qbx_core", server=QBOX)
    assert await is_one(town, 1)


@pytest.mark.parametrize("framework", FRAMEWORKS)
async def test_a_framework_without_its_exports_is_no_error(town: Town, framework: str) -> None:
    await town.come(1)
    await town.server.add_resource(framework, server="-- another version")
    assert not await is_one(town, 1)


async def test_a_type_of_job_counts_as_its_name(build: Any) -> None:
    town = await build("jobs = { 'leo' }")
    await town.come(1)
    await town.server.add_resource("qbx_core", server=QBOX)
    assert await is_one(town, 1)


async def test_old_ox_core_tells_the_duty_with_the_grade(town: Town) -> None:
    await town.come(1)
    await town.server.add_resource(
        "ox_core",
        server="""
        exports('GetPlayer', function() return nil end)
        exports('CallPlayer', function(_, method)
            if method == 'getGroup' then return { grade = 2, inService = true } end
        end)""",
    )
    assert await is_one(town, 1)


async def test_old_esx_without_duty_counts_as_on_duty(town: Town) -> None:
    await town.come(1)
    await town.server.add_resource("es_extended", server=ESX.replace(", onDuty = true", ""))
    assert await is_one(town, 1)

"""server/livemap.lua: positions of units on duty, and only what moved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Town = Any
Make = Any
Lua = Any


class Patrol:
    """The module alone, with two units that always move; `broken` names the part that fails."""

    def __init__(self, load: Callable[..., Lua], make: Make) -> None:
        lua = load("server/livemap.lua")
        self.broken, self.x = "", 0.0
        self.timers: list[Any] = []
        self.reports: list[Any] = []
        self.said: list[tuple[str, str]] = []
        player = make.to_lua(lua, {"identifiers": ["license:a"]})

        def standing(source: int) -> Lua:
            self.fail("standing", source == 1)
            self.x += 100
            return make.to_lua(lua, {"x": self.x, "y": 0.0})

        def heading(source: int) -> float:
            self.fail("heading", source == 1)
            return 0.0

        def report(updates: Lua) -> bool:
            self.fail("report")
            self.reports.append(make.to_python(updates))
            return True

        def tell(name: bytes, places: Lua) -> None:
            self.said.append((name.decode(), places[b"problem"].decode()))

        parts = {
            "sources": lambda: lua.table_from([1, 2]),
            "player": lambda _: player,
            "standing": standing,
            "heading": heading,
            "place": lambda _: b"Postal 1",
            "report": report,
            "later": lambda _, callback: self.timers.append(callback),
            "tell": tell,
        }
        self.map = lua.eval("CadBridge.liveMap.new")(make.to_lua(lua, parts))

    def fail(self, part: str, whose: bool = True) -> None:
        if whose and self.broken == part:
            raise RuntimeError(f"{part} is broken")

    def step(self) -> int:
        """Let its time pass; return how many units the new report has."""
        before = len(self.reports)
        self.timers.pop()()
        return sum(len(updates) for updates in self.reports[before:])


@pytest.mark.parametrize(("broken", "reported"), [("standing", 1), ("heading", 1), ("report", 0)])
def test_what_goes_wrong_in_one_step_is_told_once_and_the_next_step_comes(
    load: Callable[..., Lua], make: Make, broken: str, reported: int
) -> None:
    patrol = Patrol(load, make)
    patrol.map[b"wake"](patrol.map)
    patrol.broken = broken
    assert (patrol.step(), patrol.step()) == (reported, reported)
    patrol.broken = ""
    assert patrol.step() == 2
    [(name, problem)] = patrol.said
    assert name == "server.liveMapFailed"
    assert f"{broken} is broken" in problem


async def test_only_units_on_duty_are_reported_and_only_when_they_moved(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1, 2, 4)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.server.advance(21_000)
    (first,) = town.asked("units.located")
    (update,) = first["updates"]
    assert "license:c93b612e05010f0823aa130bd46aed012ac66186" in update["player"]
    assert not any(value.startswith("ip:") for value in update["player"])
    assert update["position"] == {"x": 298.71, "y": -584.53, "z": 43.26}
    assert (update["heading"], update["location"]) == (70.5, "298, -585")
    town.server.move(2, 400.0, -584.53, 43.26)
    town.server.move(1, 0.0, 100.0, 43.26)
    await town.server.advance(6000)
    assert [u["position"]["x"] for u in town.asked("units.located")[-1]["updates"]] == [400.0]


async def test_it_costs_nothing_without_units_or_without_a_bridge(town: Town, make: Make) -> None:
    await town.come(1, 2)
    town.server.measure()
    await town.server.advance(20_000)
    assert town.server.measure().natives["GetPlayerPed"] == 0
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.event("unit.off_duty", unit=make.unit(102, player=2))
    await town.server.advance(13_000)  # requests given up, cursor flushed
    town.server.measure()
    await town.server.advance(20_000)
    assert town.server.measure().natives == {}
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    town.down()
    await town.server.advance(13_000)  # requests given up, cursor flushed
    town.server.measure()
    await town.server.advance(20_000)
    assert town.server.measure().natives == {}
    count = len(town.asked("units.located"))
    await town.connect(board=False)
    assert len(town.asked("units.located")) == count + 1


async def test_the_owner_can_switch_it_off(build: Any, make: Make) -> None:
    town = await build(convars={"cadbridge_liveMap": "false"})
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.server.advance(20_000)
    assert town.asked("units.located") == []


async def test_without_onesync_nothing_is_reported(build: Any, make: Make) -> None:
    town = await build(onesync=False)
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    await town.server.advance(20_000)
    assert town.asked("units.located") == []


async def test_a_place_is_its_postal_where_there_are_postals(build: Any, make: Make) -> None:
    town = await build()
    await town.server.add_resource(
        "nearest-postal",
        manifest="postal_file 'p.json'",
        files={"p.json": '[{"x": 300.0, "y": -580.0, "code": "7351"}]'},
    )
    await town.come(2)
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    assert town.asked("units.located")[0]["updates"][0]["location"] == "Postal 7351"

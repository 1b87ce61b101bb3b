"""What one push costs in the server's Lua, by number of players.

`python bench/lua.py` runs the real resource in the simulated game server and prints, at 32, 256 and
1,024 players with 8 responders, the natives called and the milliseconds of one 911; then the cost
of one push of each type with 64 units, 500 open calls and 1,024 players, and of the welcome board.
What a push leaves for later (quiet calls, rights of other players) comes a little in each tick: the
column "tick" is the dearest of them, with the garbage collection that falls into it. The figures
that matter: the first table is flat, and no push in the second costs over 1 ms.
"""

from __future__ import annotations

import asyncio
import json
import statistics
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bridge.demo.game import GameServer, Measure, Player

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

RESOURCE = Path(__file__).parents[1] / "lua_resource"
RESPONDERS = 8
REPEATS = 15
TICK_MS, FOLLOWING = 50, 20
GENERATION = 1


def player(source: int) -> Player:
    """Return a player with a license of his own."""
    license_id = f"license:{source:040x}"
    spot = (float(source % 64) * 20, float(source // 64) * 20, 30.0)
    return Player(
        source=source, name=f"Player {source}", identifiers=(license_id,), coords=spot, heading=0.0
    )


def call(number: int, **fields: Any) -> dict[str, Any]:
    """Return an open 911 call with a position, as the bridge sends it."""
    return {
        "key": f"911:{number}",
        "id": number,
        "kind": "911",
        "emergency": True,
        "caller": "Maria Lopez",
        "location": "2140 Vespucci Blvd",
        "description": "Two cars collided, one is on its roof.",
        "position": {"x": 100.0, "y": 200.0, "z": 30.0},
        "age": 0,
        **fields,
    }


def dispatch(number: int, units: list[int]) -> dict[str, Any]:
    """Return an open dispatch call."""
    return call(number, key=f"dispatch:{number}", kind="dispatch", title="Collision", units=units)


def unit(number: int, **fields: Any) -> dict[str, Any]:
    """Return a unit that is player `number`."""
    ids = [[f"license:{number:040x}"], [], [], [], []]
    return {"ident": number, "number": f"1-A-{number}", "status": 2, "playerIds": ids, **fields}


class Session:
    """Plays the bridge's side of one connection, as transport.js hands it over."""

    def __init__(self, game: GameServer) -> None:
        self._game = game
        self._seq = 0

    def _give(self, frame: dict[str, Any]) -> None:
        self._game.emit_local("cadbridge:transport", "frame", GENERATION, json.dumps(frame))

    def welcome(self, calls: list[dict[str, Any]], units: list[dict[str, Any]]) -> None:
        """Open the connection with a board."""
        self._game.emit_local("cadbridge:transport", "ready")
        self._game.emit_local("cadbridge:transport", "open", GENERATION)
        self._give(
            {
                "op": "welcome",
                "bridge": "1.0.0",
                "server": {"id": 1, "name": "Bench"},
                "epoch": "bench",
                "cursor": 0,
                "freshFor": 300_000,
                "board": {"calls": calls, "units": units},
            }
        )

    def event(self, **event: Any) -> None:
        """Stream one event."""
        self._seq += 1
        self._give({"op": "event", "seq": self._seq, "age": 5, "alert": True, "event": event})


@asynccontextmanager
async def game_with(players: int) -> AsyncIterator[GameServer]:
    """Run the resource with so many connected players, the first of whom are responders."""
    game = GameServer(
        RESOURCE, clock="manual", javascript=False, convars={"cadbridge_token": "x" * 43}
    )
    game.grant_ace("group.police", "cadbridge.responder")
    async with game:
        for source in range(1, players + 1):
            if source <= RESPONDERS:
                game.add_principal(f"identifier.license:{source:040x}", "group.police")
            await game.join(player(source), client="headless")
            game.emit_as_client(source, "cadbridge:ready", "1.0.0")
        await game.advance(1000)
        yield game


def ours(measured: Measure) -> float:
    """Return the seconds of the resource's own Lua, without what is C or C++ in the game (JSON,
    msgpack, natives) and without the stopwatch that finds it.
    """
    return measured.seconds - measured.engine_seconds


async def dearest_tick(game: GameServer) -> float:
    """Return the milliseconds of server Lua in the dearest tick of the second that follows."""
    dearest = 0.0
    for _ in range(FOLLOWING):
        game.measure()
        await game.advance(TICK_MS)
        dearest = max(dearest, ours(game.measure()))
    return dearest * 1e3


async def cost(game: GameServer, push: Any) -> tuple[float, float, float]:
    """Return the median (natives, milliseconds) of server Lua for one push, and those of the
    dearest tick that follows.
    """
    natives, milliseconds, ticks = [], [], []
    for number in range(REPEATS):
        await game.advance(11_000)  # the memory of ACE answers is over: its cost is in the figure
        game.measure()
        push(number)
        measured = game.measure()
        natives.append(sum(measured.natives.values()))
        milliseconds.append(ours(measured) * 1e3)
        ticks.append(await dearest_tick(game))
    return statistics.median(natives), statistics.median(milliseconds), statistics.median(ticks)


async def by_players() -> None:
    """Print the first table."""
    print(f"one 911, {RESPONDERS} responders        natives      ms    tick")
    for players in (32, 256, 1024):
        async with game_with(players) as game:
            session = Session(game)
            session.welcome([], [])

            def push(number: int, session: Session = session) -> None:
                session.event(type="call.opened", call=call(number))

            natives, milliseconds, tick = await cost(game, push)
            print(
                f"  {players:5} players             {natives:8.0f} {milliseconds:7.2f} {tick:7.2f}"
            )


async def by_type() -> None:
    """Print the second table."""
    async with game_with(1024) as game:
        session = Session(game)
        calls = [call(number) for number in range(1000, 1499)] + [dispatch(1, [1, 2])]
        units = [unit(number) for number in range(1, 65)]
        game.measure()
        session.welcome(calls, units + [unit(number) for number in range(2000, 2236)])
        print(f"\nwelcome, 500 calls, 300 units    {ours(game.measure()) * 1e3:10.2f} ms")
        await game.advance(11_000)
        game.measure()
        session.welcome(calls, units)
        print(f"the same again, to its holders   {ours(game.measure()) * 1e3:10.2f} ms")
        print(f"dearest tick after it            {await dearest_tick(game):10.2f} ms")
        pushes: dict[str, Any] = {
            "call.opened": lambda n: {"call": call(n)},
            "call.changed": lambda n: {
                "call": dispatch(1, [1, 2, 3 + n]),
                "changed": ["units"],
                "attached": [3 + n],
                "detached": [],
            },
            "call.noted": lambda n: {
                "call": dispatch(1, [1, 2]),
                "note": {"content": f"note {n}", "kind": "text"},
            },
            "call.closed": lambda n: {"call": call(1000 + n), "reason": "removed"},
            "unit.on_duty": lambda n: {"unit": unit(100 + n)},
            "unit.changed": lambda n: {"unit": unit(1, status=n), "changed": ["status"]},
            "unit.off_duty": lambda n: {"unit": unit(100 + n)},
            "link.verified": lambda n: {"communityUserId": f"license:{n:040x}", "account": "x"},
            "tone.played": lambda n: {
                "tone": {
                    "kind": "tone",
                    "text": f"{n}",
                    "targets": [{"type": 0, "value": 0, "label": ""}],
                }
            },
            "push": lambda n: {"push": "EVENT_OTHER", "data": {"n": n}},
        }
        print("one push, 64 units, 500 calls, 1,024 players       natives      ms    tick")
        for name, body in pushes.items():

            def push(number: int, name: str = name, body: Any = body) -> None:
                session.event(type=name, **body(number))

            natives, milliseconds, tick = await cost(game, push)
            print(f"  {name:15}      {natives:32.0f} {milliseconds:7.2f} {tick:7.2f}")


async def main() -> None:
    """Print both tables."""
    await by_players()
    await by_type()


if __name__ == "__main__":
    asyncio.run(main())

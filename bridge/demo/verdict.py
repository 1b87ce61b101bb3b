"""What became of a night: the CAD, the journal, the board and the game must agree."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from bridge.demo.stage import RESPONDER
from bridge.owner.export import Lines, Range

if TYPE_CHECKING:
    from bridge.demo.stage import Stage
    from bridge.demo.traffic import Traffic

__all__ = ["Verdict", "judge"]

Json = dict[str, Any]

SETTLE_SECONDS = 45.0
"""The game server connects within its longest pause, and everything is handled soon after."""


@dataclass(slots=True)
class Verdict:
    """Counts, and what is missing in a line each."""

    events: int = 0
    calls: int = 0
    notes: int = 0
    alerts: int = 0
    """Calls that the responder had to be alerted of."""
    painted: int = 0
    quiet: int = 0
    """Calls that he got as a blip only, since the resource was restarted just then."""
    lost: list[str] = field(default_factory=list)


async def judge(stage: Stage, traffic: Traffic, painted: set[str]) -> Verdict:
    """Wait until everything has been handled, then compare.

    `painted` are the keys of which the responder's client said so.
    """
    verdict = Verdict()
    differences = await _settled(stage)
    verdict.lost += differences
    await _journal(stage, traffic, verdict)
    _screen(stage, traffic, painted, verdict)
    verdict.lost += [f"script error: {error.text}" for error in stage.game.errors]
    return verdict


async def _settled(stage: Stage) -> list[str]:
    """Return in what CAD, bridge and game differ once they had time enough; empty: in nothing."""
    deadline = time.monotonic() + SETTLE_SECONDS
    while True:
        try:
            differences = await _differences(stage)
        except (aiohttp.ClientError, TimeoutError) as error:
            differences = [f"the bridge does not answer: {error}"]
        if not differences or time.monotonic() > deadline:
            return differences
        await asyncio.sleep(0.1)


async def _differences(stage: Stage) -> list[str]:
    status = (await stage.bridge.admin("/api/status"))["servers"][0]
    if status["acknowledged"] < status["last"]:
        return [f"the game server has handled {status['acknowledged']} of {status['last']} events"]
    wanted = _cad_calls(stage)
    board = (await stage.bridge.admin("/api/calls"))["servers"][0]["calls"]
    game = stage.game.export("GetCalls") or []
    return [
        *_compare("the bridge", "call", wanted, _calls(board)),
        *_compare("the game", "call", wanted, _calls(game)),
        *_compare("the game", "unit", _cad_units(stage), _units(stage.game.export("GetUnits"))),
    ]


def _compare(where: str, what: str, wanted: dict[str, Json], found: dict[str, Json]) -> list[str]:
    lines = [f"{where} has no {what} {key}" for key in wanted.keys() - found.keys()]
    lines += [f"{where} has a {what} {key} that is over" for key in found.keys() - wanted.keys()]
    for key in wanted.keys() & found.keys():
        for name, value in wanted[key].items():
            if found[key][name] != value:
                lines.append(f"{where}, {what} {key}: {name} {found[key][name]!r}, not {value!r}")
    return sorted(lines)


def _cad_calls(stage: Stage) -> dict[str, Json]:
    calls = {
        f"dispatch:{number}": {
            "units": sorted(call["idents"]),
            "priority": str(call["priority"]),
            "notes": len(call["notes"]),
        }
        for number, call in stage.cad.dispatches.items()
    }
    return calls | {
        f"911:{number}": {"units": [], "priority": "", "notes": 0}
        for number in stage.cad.emergencies
    }


def _calls(calls: list[Json]) -> dict[str, Json]:
    return {
        call["key"]: {
            "units": sorted(int(ident) for ident in call.get("units") or ()),
            "priority": str(call.get("priority", "")).removesuffix(".0"),
            "notes": len(call.get("notes") or ()),
        }
        for call in calls
    }


def _cad_units(stage: Stage) -> dict[str, Json]:
    return {
        str(ident): {"status": unit["status"], "panic": unit["isPanic"]}
        for ident, unit in stage.cad.units.items()
    }


def _units(units: list[Json] | None) -> dict[str, Json]:
    return {
        str(int(unit["ident"])): {
            "status": int(unit.get("status", 0)),
            "panic": bool(unit.get("panic", False)),
        }
        for unit in units or ()
    }


async def _journal(stage: Stage, traffic: Traffic, verdict: Verdict) -> None:
    """Every call and note of the night must be in the journal, and no call twice."""
    opened: Counter[str] = Counter()
    noted: set[tuple[str, str]] = set()
    lines = Lines(stage.journal_file, 1, Range())
    try:
        async for line in lines.events():
            verdict.events += 1
            event = line["event"]
            call = event.get("call", {})
            if event["type"] == "call.opened":
                opened[call["key"]] += 1
            noted |= {(call["key"], note.get("content", "")) for note in call.get("notes", ())}
    finally:
        await lines.close()
    wanted = [*traffic.placed, *traffic.dispatched]
    verdict.calls, verdict.notes = len(opened), len(noted)
    verdict.lost += [f"{key} is not in the journal" for key in wanted if key not in opened]
    verdict.lost += [f"{key} was opened {n} times" for key, n in opened.items() if n > 1]
    verdict.lost += [
        f"a note of {key} is not in the journal: {text}"
        for key, text in traffic.notes
        if (key, text) not in noted
    ]


def _screen(stage: Stage, traffic: Traffic, painted: set[str], verdict: Verdict) -> None:
    """Every 911 call must have come to the responder: as a picture, at the least on his map."""
    sent = {
        packet.args[0]["key"]
        for packet in stage.game.packets(RESPONDER.source)
        if packet.name == "cadbridge:show" and not packet.lost
    }
    verdict.alerts = len(traffic.placed)
    verdict.painted = sum(key in painted for key in traffic.placed)
    verdict.quiet = sum(key in sent and key not in painted for key in traffic.placed)
    verdict.lost += [
        f"{key} never came to the responder"
        for key in traffic.placed
        if key not in painted and key not in sent
    ]

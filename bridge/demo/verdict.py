"""What became of a night: the CAD, the journal, the board and the game must agree."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import aiohttp

from bridge.demo.stage import RESPONDER
from bridge.owner.archive import FileArchive
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
    """Calls, or the dispatch calls in their place, that he got on his map only: the resource was
    restarted before the alert could be painted."""
    over: int = 0
    """Calls whose alert a restart swallowed, and that were over when the resource was back."""
    lost: list[str] = field(default_factory=list)


async def judge(stage: Stage, traffic: Traffic, painted: set[str]) -> Verdict:
    """Wait until everything has been handled, then compare.

    `painted` are the keys of which the responder's client said so.
    """
    verdict = Verdict()
    differences = await _settled(stage)
    verdict.lost += differences
    history = await _journal(stage, traffic, verdict)
    _screen(stage, traffic, painted, history, verdict)
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


@dataclass(slots=True)
class _History:
    """What the journal says of the night's calls, by key."""

    opened: Counter[str] = field(default_factory=Counter)
    closed: set[str] = field(default_factory=set)
    replaced: dict[str, str] = field(default_factory=dict)
    """911 calls, each with the dispatch call that took its place."""

    def take(self, event: Json) -> None:
        """Read an event of a call."""
        call = event["call"]
        if event["type"] == "call.opened":
            self.opened[call["key"]] += 1
            if "origin911" in call:
                self.replaced[call["origin911"]] = call["key"]
        elif event["type"] == "call.closed":
            self.closed.add(call["key"])


async def _journal(stage: Stage, traffic: Traffic, verdict: Verdict) -> _History:
    """Every call and note of the night must be in the journal, and no call twice."""
    history = _History()
    noted: set[tuple[str, str]] = set()
    lines = Lines(FileArchive(stage.journal_file), 1, Range())
    try:
        async for line in lines.events():
            verdict.events += 1
            event = line["event"]
            if "call" in event:
                history.take(event)
                notes = event["call"].get("notes", ())
                noted |= {(event["call"]["key"], note.get("content", "")) for note in notes}
    finally:
        await lines.close()
    wanted, opened = [*traffic.placed, *traffic.dispatched], history.opened
    verdict.calls, verdict.notes = len(opened), len(noted)
    verdict.lost += [f"{key} is not in the journal" for key in wanted if key not in opened]
    verdict.lost += [f"{key} was opened {n} times" for key, n in opened.items() if n > 1]
    verdict.lost += [
        f"a note of {key} is not in the journal: {text}"
        for key, text in traffic.notes
        if (key, text) not in noted
    ]
    return history


def _screen(
    stage: Stage, traffic: Traffic, painted: set[str], history: _History, verdict: Verdict
) -> None:
    """Every 911 call must have come to the responder: as a picture, at the least on his map."""
    got, swallowed = _sent_to_responder(stage)
    verdict.alerts = len(traffic.placed)
    for key in traffic.placed:
        if key in painted:
            verdict.painted += 1
        elif key in got or history.replaced.get(key) in got:
            verdict.quiet += 1
        elif key in swallowed and key in history.closed:
            verdict.over += 1
        else:
            verdict.lost.append(f"{key} never came to the responder")


def _sent_to_responder(stage: Stage) -> tuple[set[str], set[str]]:
    """Return the keys of what reached his client, and of what its restart swallowed."""
    got: set[str] = set()
    swallowed: set[str] = set()
    for packet in stage.game.packets(RESPONDER.source):
        if packet.name == "cadbridge:show":
            (swallowed if packet.lost else got).add(packet.args[0]["key"])
    return got, swallowed

"""A Friday night at a CAD: who does what next. Every push type there is comes up in it.

The CAD itself is the truth that the night is measured by: what is open and on duty in it at the end
must be so on the bridge's board and in the game.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from bridge.owner import samples

if TYPE_CHECKING:
    import random
    from collections.abc import Awaitable, Callable, Sequence

    from bridge.demo.cad import Cad

__all__ = ["ACTS_A_MINUTE", "Traffic"]

ACTS_A_MINUTE = 30.0
"""What the people of a busy community do at their CAD in a minute, all together."""
MOST_OPEN = 60
_CREW = tuple((101 + number, f"{letter}-{12 + number}") for number, letter in enumerate("AAABBEEM"))
_STREETS = (
    "Vespucci Blvd",
    "Grove Street",
    "Route 68",
    "Great Ocean Hwy",
    "Alta Street",
    "Innocence Blvd",
)
_STORIES = (
    "Two cars collided, one is on its roof.",
    "Somebody is breaking into a shop.",
    "A man lies on the pavement and does not move.",
    "Smoke from the roof, people at the windows.",
    "Shots were heard, nobody was seen.",
    "<b>they</b> said “~r~help”\u202e and %1$s \N{POLICE CARS REVOLVING LIGHT}",
)
_WORDS = (
    "On scene",
    "One in custody",
    "Need a second unit",
    "Patient on the way",
    "Code 4",
    "Area is clear",
)
_STATELESS = (
    "EVENT_DISPATCH_TOGGLE_BODYCAM",
    "EVENT_UNIT_GROUP_ADD",
    "EVENT_UNIT_GROUP_CHANGE_NAME",
    "EVENT_UNIT_GROUP_REMOVE",
    "EVENT_COMMUNITY_LINK_VERIFIED",
    "EVENT_CHAR_SELECTED",
    "EVENT_TONE",
    "EVENT_STATION_ALERT",
    "EVENT_PAGER_REBORN",
    "EVENT_NEW_CALLOUT",
    "EVENT_STREETSIGN_UPDATED",
    "EVENT_RECORD_ADD",
    "EVENT_RECORD_EDIT",
    "EVENT_RECORD_REMOVE",
    "EVENT_PRINT_RECORD",
    "GET_LOGS",
)
"""Samples that change nothing which the night is measured by."""


class Traffic:
    """Chooses an act by chance and by what is open, and carries it out at the CAD."""

    def __init__(self, chance: random.Random, cad: Cad, players: Sequence[str]) -> None:
        """`players` are ids of players who are there: the first one is the first unit's."""
        self._chance = chance
        self._cad = cad
        self._players = players
        self._come: set[str] = set()
        self._others = itertools.cycle(_STATELESS)
        self._noted = 0
        self.placed: list[str] = []
        """Keys of all 911 calls of the night."""
        self.dispatched: list[str] = []
        self.notes: list[tuple[str, str]] = []
        """Key of the call and text of each note."""

    async def begin(self) -> None:
        """Put half of the crew on duty."""
        for ident, name in _CREW[: len(_CREW) // 2]:
            await self._log_in(ident, name)

    async def end(self) -> None:
        """Let come what has not come up, so that each type has."""
        for push_type in _STATELESS:
            if push_type not in self._come:
                await self._push_sample(push_type)

    async def act(self) -> None:
        """Let somebody do something."""
        acts = [(act, weight) for act, weight in self._acts() if weight > 0]
        chosen = self._chance.choices([act for act, _ in acts], [weight for _, weight in acts])[0]
        await chosen()

    def _acts(self) -> list[tuple[Callable[[], Awaitable[None]], float]]:
        cad = self._cad
        waiting, running, on_duty = len(cad.emergencies), len(cad.dispatches), len(cad.units)
        room = waiting + running < MOST_OPEN
        return [
            (self._place, 20.0 if room else 0.0),
            (self._dispatch, 4.0 * waiting),
            (self._drop, 0.5 * waiting),
            (self._attach, 12.0 if running and on_duty else 0.0),
            (self._detach, 4.0 if running else 0.0),
            (self._note, 10.0 if running else 0.0),
            (self._edit, 6.0 if running else 0.0),
            (self._close, 1.5 * running),
            (self._status, 10.0 if on_duty else 0.0),
            (self._describe, 3.0 if on_duty else 0.0),
            (self._shift, 4.0),
            (self._panic, 2.0 if on_duty else 0.0),
            (self._something_else, 7.0),
        ]

    # Calls --------------------------------------------------------------------------------------

    async def _place(self) -> None:
        chance, number = self._chance, self._cad.number()
        call: dict[str, Any] = {
            "callId": number,
            "isEmergency": chance.random() < 0.75,
            "caller": f"Caller {number}",
            "location": f"{chance.randrange(100, 9000)} {chance.choice(_STREETS)}",
            "description": chance.choice(_STORIES),
        }
        if chance.random() < 0.7:
            x, y = chance.uniform(-1500, 1300), chance.uniform(-2400, 200)
            call["metaData"] = {"x": f"{x:.1f}", "y": f"{y:.1f}", "z": "30.0"}
        beside = {}
        if chance.random() < 0.3:
            beside["communityUserId"] = chance.choice(self._players)
        self.placed.append(f"911:{number}")
        await self._cad.place(call, **beside)

    async def _dispatch(self) -> None:
        origin = self._chance.choice(list(self._cad.emergencies))
        before = set(self._cad.dispatches)
        await self._cad.dispatch(origin)
        self.dispatched += [f"dispatch:{new}" for new in set(self._cad.dispatches) - before]

    async def _drop(self) -> None:
        await self._cad.remove(self._chance.choice(list(self._cad.emergencies)))

    def _running(self) -> int:
        return self._chance.choice(list(self._cad.dispatches))

    async def _attach(self) -> None:
        await self._cad.attach(self._running(), self._unit())

    async def _detach(self) -> None:
        number = self._running()
        idents = self._cad.dispatches[number]["idents"]
        if idents:
            await self._cad.detach(number, self._chance.choice(idents))

    async def _note(self) -> None:
        number = self._running()
        self._noted += 1
        text = f"{self._chance.choice(_WORDS)} ({self._noted})"
        self.notes.append((f"dispatch:{number}", text))
        await self._cad.note(number, text)

    async def _edit(self) -> None:
        fields: dict[str, Any] = {"priority": self._chance.randint(1, 3)}
        if self._chance.random() < 0.3:
            fields["address"] = self._chance.choice(_STREETS)
        await self._cad.edit(self._running(), **fields)

    async def _close(self) -> None:
        await self._cad.close(self._running())

    # Units --------------------------------------------------------------------------------------

    def _unit(self) -> int:
        return self._chance.choice(list(self._cad.units))

    async def _log_in(self, ident: int, name: str) -> None:
        first = ident == _CREW[0][0]
        await self._cad.log_in(self._players[0] if first else f"license:crew{ident}", ident, name)

    async def _shift(self) -> None:
        """Somebody begins or ends; the first unit stays, as it is the player's."""
        ident, name = self._chance.choice(_CREW[1:])
        if ident in self._cad.units:
            await self._cad.log_out(ident)
        else:
            await self._log_in(ident, name)

    async def _status(self) -> None:
        await self._cad.status(self._chance.randint(0, 4), self._unit())

    async def _describe(self) -> None:
        await self._cad.describe(self._unit())

    async def _panic(self) -> None:
        ident = self._unit()
        await self._cad.panic(on=not self._cad.units[ident]["isPanic"], ident=ident)

    async def _something_else(self) -> None:
        """The types that change no state come one after the other."""
        await self._push_sample(next(self._others))

    async def _push_sample(self, push_type: str) -> None:
        self._come.add(push_type)
        await self._cad.push(push_type, samples.sample(push_type, call=0)["data"])

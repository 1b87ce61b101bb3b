"""What the buttons of the demo page do: people at the CAD, players in the game, and accidents."""

from __future__ import annotations

import asyncio
import math
import secrets
from typing import TYPE_CHECKING, Any

from bridge.demo.cad import UNIT
from bridge.demo.stage import CALLER, RESPONDER
from bridge.owner import samples

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from bridge.demo.stage import Stage

__all__ = ["Controls", "NotNow"]

TEXT = 200
"""Characters of what a visitor types."""
HOSTILE = "<img src=x onerror=alert(1)> ~r~red~n~^1 %1$s \u202eevil \U0001f480"
DRIVE_SECONDS = 7.0
_STEP = 0.1
_COLLISIONS = (
    ("2140 Vespucci Blvd", "Two cars collided, one is on its roof."),
    ("Grove Street gas station", "A man with a knife is shouting at people."),
    ("Strawberry Ave", "Smoke from the second floor, people at the windows."),
    ("Innocence Blvd", "A motorcycle hit the barrier, the rider does not move."),
)
_NOTES = ("One patient trapped, fire department is needed", "Road is closed towards the freeway")
_POSTAL = {"x": "298.9", "y": "-584.1", "z": "43.3"}


class NotNow(Exception):
    """A button that cannot do anything at the moment; the text says what to do first."""


class Controls:
    """One method a button; `do` finds it by name."""

    def __init__(self, stage: Stage, say: Callable[[str], None]) -> None:
        self._stage = stage
        self._cad = stage.cad
        self._say = say
        self._turn = asyncio.Lock()
        self._drive: asyncio.Task[None] | None = None
        self._placed = 0
        self._last: tuple[str, Any] | None = None
        self._actions: dict[str, Callable[[str], Awaitable[object]]] = {
            "emergency": self._emergency,
            "civil": self._civil,
            "postal": self._with_postal,
            "hostile": self._hostile,
            "again": self._again,
            "dispatch": self._dispatch,
            "attach": self._attach,
            "detach": self._detach,
            "note": self._note,
            "priority": self._priority,
            "close": self._close,
            "unit": self._unit,
            "panic": self._panic,
            "tone": self._tone,
            "type911": self._type_911,
            "respond": self._respond,
            "drive": self._drive_there,
            "calls": self._calls,
            "alerts": self._alerts,
            "restart": self._restart,
            "bridge": self._bridge,
            "cable": self._cable,
        }

    @property
    def names(self) -> frozenset[str]:
        """Return what can be done."""
        return frozenset(self._actions)

    async def do(self, name: str, text: str = "") -> None:
        """Do what a button says, one after the other.

        Raises:
            KeyError: there is no such button.
            NotNow: it can do nothing at the moment.
        """
        action = self._actions[name]
        async with self._turn:
            await action("".join(c for c in text if c.isprintable())[:TEXT].strip())

    async def open(self) -> None:
        """Put the responder's unit on duty: the demo begins with it."""
        await self._cad.log_in(RESPONDER.identifiers[0], aside=True)

    async def end(self) -> None:
        """Stop what is under way."""
        if self._drive is not None:
            self._drive.cancel()
            await asyncio.gather(self._drive, return_exceptions=True)

    def to_json(self) -> dict[str, Any]:
        """Return what decides how the buttons look."""
        cad = self._cad
        unit = cad.units.get(UNIT)
        return {
            "bridge": self._stage.bridge.running,
            "cable": self._stage.cable.state == "whole",
            "unit": unit is not None,
            "panic": bool(unit and unit["isPanic"]),
            "emergencies": len(cad.emergencies),
            "dispatches": len(cad.dispatches),
            "attached": any(UNIT in call["idents"] for call in cad.dispatches.values()),
            "driving": self._drive is not None and not self._drive.done(),
        }

    # Calls --------------------------------------------------------------------------------------

    async def _place(self, call: dict[str, Any], **beside: Any) -> None:
        self._last = ("EVENT_911", [{"call": call, **beside}])
        await self._cad.place(call, **beside)

    async def _emergency(self, text: str) -> None:
        """Place a call as the documentation's example has it, from the caller's own account."""
        push = samples.documented_911(self._cad.number(), CALLER.identifiers[0])["data"][0]
        call = push.pop("call")
        location, description = _COLLISIONS[self._placed % len(_COLLISIONS)]
        self._placed += 1
        call |= {"location": location, "description": text or description}
        await self._place(call, **push)

    async def _civil(self, _: str) -> None:
        await self._place(
            {
                "callId": self._cad.number(),
                "isEmergency": False,
                "caller": "Dora Finch",
                "location": "Legion Square",
                "description": "Somebody parked across the fire lane.",
                "metaData": {"x": "195.2", "y": "-933.6", "z": "30.7"},
            }
        )

    async def _with_postal(self, _: str) -> None:
        await self._place(
            {
                "callId": self._cad.number(),
                "isEmergency": True,
                "caller": "Front desk",
                "location": "Pillbox Hill Medical Center",
                "description": "A visitor has collapsed in the lobby.",
                "metaData": {"postal": "7013", **_POSTAL},
            }
        )

    async def _hostile(self, _: str) -> None:
        await self._place(
            {
                "callId": self._cad.number(),
                "isEmergency": True,
                "caller": HOSTILE,
                "location": HOSTILE,
                "description": HOSTILE * 3,
                "metaData": {"x": "12.3", "y": "-1605.4", "z": "29.4"},
            }
        )

    async def _again(self, _: str) -> None:
        if self._last is None:
            raise NotNow("Place a call first; then the same push can come a second time.")
        await self._cad.push(*self._last)

    # At the dispatcher's desk -------------------------------------------------------------------

    def _open_dispatch(self) -> int:
        if not self._cad.dispatches:
            raise NotNow("There is no dispatch call: make one of a 911 call first.")
        return max(self._cad.dispatches)

    async def _dispatch(self, _: str) -> None:
        if not self._cad.emergencies:
            raise NotNow("There is no 911 call: place one first.")
        await self._cad.dispatch(max(self._cad.emergencies))

    async def _attach(self, _: str) -> None:
        call = self._open_dispatch()
        if UNIT not in self._cad.units:
            raise NotNow("Unit A-12 is off duty: put it on duty first.")
        await self._cad.attach(call, UNIT)

    async def _detach(self, _: str) -> None:
        await self._cad.detach(self._open_dispatch(), UNIT)

    async def _note(self, text: str) -> None:
        call = self._open_dispatch()
        known = len(self._cad.dispatches[call]["notes"])
        await self._cad.note(call, text or _NOTES[known % len(_NOTES)])

    async def _priority(self, _: str) -> None:
        call = self._open_dispatch()
        priority = self._cad.dispatches[call]["priority"]
        await self._cad.edit(call, priority=priority % 3 + 1)

    async def _close(self, _: str) -> None:
        """Close what is open, the newest first; a dispatch call before a 911 call."""
        if self._cad.dispatches:
            await self._cad.close(max(self._cad.dispatches))
        elif self._cad.emergencies:
            await self._cad.remove(max(self._cad.emergencies))
        else:
            raise NotNow("No call is open.")

    async def _unit(self, _: str) -> None:
        if UNIT in self._cad.units:
            await self._cad.log_out()
        else:
            await self._cad.log_in(RESPONDER.identifiers[0])

    async def _panic(self, _: str) -> None:
        unit = self._cad.units.get(UNIT)
        if unit is None:
            raise NotNow("Unit A-12 is off duty: put it on duty first.")
        await self._cad.panic(on=not unit["isPanic"])

    async def _tone(self, _: str) -> None:
        tone = samples.sample("EVENT_STATION_ALERT", call=0)
        message = f"{tone['data']['message']} ({secrets.randbelow(90) + 10})"
        await self._cad.push(tone["type"], {**tone["data"], "message": message})

    # In the game --------------------------------------------------------------------------------

    async def _type_911(self, text: str) -> None:
        self._stage.game.command_as(
            CALLER.source, f"911 {text or 'There has been a crash, please hurry!'}"
        )

    async def _respond(self, _: str) -> None:
        client = self._stage.client(RESPONDER)
        client.press("cadbridge_respond")
        client.release("cadbridge_respond")

    async def _calls(self, _: str) -> None:
        self._stage.game.command_as(RESPONDER.source, "calls")

    async def _alerts(self, _: str) -> None:
        self._stage.game.command_as(RESPONDER.source, "alerts")

    async def _drive_there(self, _: str) -> None:
        """Drive the responder to the call: along the route if there is one, else to the newest."""
        blips = [blip for blip in self._stage.client(RESPONDER).blips if blip.kind == "coord"]
        if not blips:
            raise NotNow("The responder has no call on his map.")
        blip = next((blip for blip in blips if blip.route), blips[-1])
        await self.end()
        self._drive = asyncio.create_task(self._driving(blip.coords))

    async def _driving(self, to: tuple[float, float, float]) -> None:
        game, player = self._stage.game, RESPONDER
        client = self._stage.client(player)
        start = client.position
        steps = round(DRIVE_SECONDS / _STEP)
        heading = math.degrees(math.atan2(-(to[0] - start[0]), to[1] - start[1])) % 360
        client.speed, client.vehicle, client.surroundings.camera_heading = 30.0, True, heading
        try:
            for step in range(1, steps + 1):
                share = (1 - math.cos(math.pi * step / steps)) / 2
                x, y, z = (a + (b - a) * share for a, b in zip(start, to, strict=True))
                game.move(player.source, x + 6.0, y + 6.0, z, heading)
                client.speed = 3.0 if step > steps - 8 else 30.0
                await asyncio.sleep(_STEP)
        finally:
            client.speed, client.vehicle = 0.0, False

    # Accidents ----------------------------------------------------------------------------------

    async def _restart(self, _: str) -> None:
        self._say("The resource is restarted, as with `restart cadbridge`.")
        await self._stage.game.restart_resource()

    async def _bridge(self, _: str) -> None:
        bridge = self._stage.bridge
        if bridge.running:
            await bridge.kill()
            self._say("The bridge was killed with SIGKILL, as by a power failure.")
        else:
            self._say("The bridge is started again.")
            await bridge.start()

    async def _cable(self, _: str) -> None:
        cable = self._stage.cable
        if cable.state == "whole":
            cable.cut()
            self._say("The connection between bridge and game server is cut.")
        else:
            cable.mend()
            self._say("The connection is mended; the game server tries again by itself.")

"""The way of the last push, hop by hop, with the time of each: what the page's strip shows.

Nothing here is guessed: a hop is passed when its own border was seen to be passed. The streamed
frame, the painting and the receipt are heard at the borders of the running resource.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import aiohttp

if TYPE_CHECKING:
    from bridge.demo.stage import Stage

__all__ = ["Hops", "Way"]

Json = dict[str, Any]
NEWEST = 20
"""Events asked for when a push has been answered; one push makes a few."""


@dataclass(slots=True)
class Way:
    """One push on its way. Times are milliseconds since it was posted."""

    number: int
    type: str
    started: float
    after: int
    """Number of the last event before it, as far as is known."""
    stops: dict[str, Json] = field(default_factory=dict)
    painted: set[int] = field(default_factory=set)
    """Players whose page said that it had painted something since."""
    note: str = ""
    """What there is to say when the push did not get through, or changed nothing."""

    def passed(self, stop: str, **details: Any) -> None:
        """Note a stop the first time it is passed; later news replaces its details only."""
        known = self.stops.setdefault(stop, {"ms": self.age()})
        known.update(details)

    def age(self) -> int:
        """Return the milliseconds since the push was posted."""
        return round((time.monotonic() - self.started) * 1000)


class Hops:
    """Posts the CAD's pushes and follows the newest one."""

    def __init__(self, stage: Stage, *, recorded: bool = False) -> None:
        """`recorded`: nothing is pushed, each event that is streamed is followed from there on."""
        self._stage = stage
        self._recorded = recorded
        self._last = 0
        """Number of the last event heard of, of whatever push."""
        self.way: Way | None = None
        self.pushes = 0

    def listen(self) -> None:
        """Hear what passes the borders of the resource from now on."""
        world = self._stage.game.world
        world.listen("cadbridge:transport", self._from_socket)
        world.listen("cadbridge:socket", self._to_socket)
        world.listen("cadbridge:painted", self._painted)

    async def post(self, push: Json, *, aside: bool = False) -> int:
        """Post a push as the CAD does and return the status, 0 if nobody answered.

        `aside`: it is not followed; the push before it stays the one that is.
        """
        self.pushes += 1
        way = Way(self.pushes, push["type"], time.monotonic(), self._last)
        way.passed("posted")
        if not aside:
            self.way = way
        try:
            status = await self._stage.bridge.push(push)
        except (aiohttp.ClientError, TimeoutError):
            way.note = "Nobody answers: the bridge is down. It finds open calls when it is back."
            return 0
        way.passed("answered", status=status)
        await self._look_up(way, status)
        return status

    async def _look_up(self, way: Way, status: int) -> None:
        """Find the event that the push became; none if it changed nothing."""
        if status != HTTPStatus.OK:
            way.note = "The bridge refused this push; see its status page."
            return
        try:
            rows = (await self._stage.bridge.admin(f"/api/events?limit={NEWEST}"))["events"]
        except (aiohttp.ClientError, TimeoutError):
            return
        new = [row["seq"] for row in rows if row["seq"] > way.after]
        self._last = max(new, default=self._last)
        if not new:
            way.note = "Nothing new in it, so no event: nobody is disturbed."
        else:
            self._stored(way, min(new))

    def _stored(self, way: Way, seq: int) -> None:
        """An answer and a frame both come after storing: the earlier one bounds its time."""
        ms = min(way.stops[stop]["ms"] for stop in ("answered", "streamed") if stop in way.stops)
        way.stops["stored"] = {"ms": ms, "seq": seq}

    def painted_by(self, player: int) -> None:
        """A player's page says that it has painted."""
        way = self.way
        if way is not None and "streamed" in way.stops:
            way.painted.add(player)
            way.passed("painted", players=sorted(way.painted))

    # What is heard in the game server -----------------------------------------------------------

    def _from_socket(self, args: list[Any], _: str) -> None:
        if args[0] != "frame":
            return
        frame = json.loads(args[2])
        if frame.get("op") != "event":
            return
        self._last = max(self._last, frame["seq"])
        if self._recorded:
            kind = frame["event"]["type"]
            self.way = Way(frame["seq"], kind, time.monotonic(), frame["seq"] - 1)
        way = self.way
        if way is not None and frame["seq"] > way.after:
            if "streamed" not in way.stops:
                way.passed("streamed", seq=frame["seq"], event=frame["event"]["type"])
            self._stored(way, way.stops["streamed"]["seq"])

    def _painted(self, args: list[Any], source: str) -> None:
        player = source.rpartition(":")[2]
        if player.isdigit():
            self.painted_by(int(player))

    def _to_socket(self, args: list[Any], _: str) -> None:
        way = self.way
        if args[0] != "send" or way is None or "streamed" not in way.stops:
            return
        frame = json.loads(args[2])
        if frame.get("op") == "receipt" and frame["seq"] == way.stops["streamed"]["seq"]:
            details = {name: frame.get(name) for name in ("due", "sent", "shown", "key")}
            way.passed("receipt", **details, took=frame.get("ms"))

    def to_json(self) -> Json | None:
        """Return the newest push's way."""
        way = self.way
        if way is None:
            return None
        return {"number": way.number, "type": way.type, "stops": way.stops, "note": way.note}

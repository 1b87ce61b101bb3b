"""A small CAD of one community and one server.

What its people do by hand is pushed to the bridge. What the bridge does through its API is not, but
for 911 calls, which come back: as the CAD documents it. Nothing is repeated: a push that the bridge
does not take is gone, and found when the bridge reads calls and units at its start.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, Protocol

from bridge.owner import samples

__all__ = ["FIRST_CALL", "UNIT", "Cad", "Post"]

Json = dict[str, Any]

FIRST_CALL = 4711
UNIT = 101
"""The one unit there is: A-12, of the responder."""


class Post(Protocol):
    """Posts a push and returns the status of the answer, 0 if nobody answered."""

    async def __call__(self, push: Json, *, aside: bool = False) -> int:
        """`aside`: it only accompanies the push before it."""


class Cad:
    """Calls and units, and what people do with them."""

    def __init__(self) -> None:
        self.key = ""
        self._post: Post | None = None
        self._next = FIRST_CALL
        self.asked: list[str] = []
        """Requests of the bridge, as `POST calls/911`, the newest last."""
        self.emergencies: dict[int, Json] = {}
        self.dispatches: dict[int, Json] = {}
        self.units: dict[int, Json] = {}
        self._changed: dict[int, str] = {}
        """When each call was last written, as the API tells it."""

    def belong(self, key: str, post: Post) -> None:
        """Belong to the community of a key, and push by a function."""
        self.key = key
        self._post = post

    # What people do in the CAD's own pages: all of it is pushed ---------------------------------

    def number(self) -> int:
        """Return the number of the next call."""
        self._next += 1
        return self._next - 1

    async def place(self, call: Json, **beside: Any) -> int:
        """Place a 911 or civil call; `beside` is what stands beside it in the push."""
        self.emergencies[call["callId"]] = call
        self.touch(call["callId"])
        return await self.push("EVENT_911", [{"call": dict(call), **beside}])

    async def remove(self, number: int, *, aside: bool = False) -> int:
        """Remove a 911 call."""
        self.emergencies.pop(number, None)
        return await self.push("EVENT_REMOVE_911", [{"callIds": [number]}], aside=aside)

    async def dispatch(self, origin: int) -> int:
        """Make a dispatch call of a 911 call, as a dispatcher does; the 911 call goes."""
        emergency = self.emergencies.pop(origin)
        call = {
            "callId": self.number(),
            "origin": 0,
            "status": 1,
            "priority": 1,
            "block": "",
            "address": emergency["location"],
            "postal": emergency.get("metaData", {}).get("postal", ""),
            "title": "Traffic Collision" if emergency["isEmergency"] else "Non-emergency",
            "code": "10-50 - Collision" if emergency["isEmergency"] else "",
            "description": emergency["description"],
            "notes": [],
            "idents": [],
            "metaData": {**emergency.get("metaData", {}), "createdFromId": str(origin)},
        }
        self.dispatches[call["callId"]] = call
        self.touch(call["callId"])
        status = await self.push("EVENT_DISPATCH_NEW", [{"dispatch": dict(call)}])
        await self.remove(origin, aside=True)
        return status

    async def edit(self, number: int, **fields: Any) -> int:
        """Change a dispatch call."""
        self.dispatches[number].update(fields)
        self.touch(number)
        return await self.push("EVENT_DISPATCH_EDIT", [{"dispatch": dict(self.dispatches[number])}])

    async def attach(self, number: int, ident: int) -> int:
        """Attach a unit to a dispatch call."""
        idents = self.dispatches[number]["idents"]
        if ident not in idents:
            idents.append(ident)
        return await self.push("EVENT_DISPATCH_UNIT_ATTACH", {"callId": number, "idents": [ident]})

    async def detach(self, number: int, ident: int) -> int:
        """Detach a unit."""
        idents = self.dispatches[number]["idents"]
        if ident in idents:
            idents.remove(ident)
        return await self.push("EVENT_DISPATCH_UNIT_DETACH", {"callId": number, "idents": [ident]})

    async def note(self, number: int, text: str) -> int:
        """Write a note."""
        note = {
            "time": time.strftime("%H:%M:%S"),
            "label": "Dispatch",
            "type": "text",
            "content": text,
        }
        self.dispatches[number]["notes"].append(note)
        return await self.push("EVENT_DISPATCH_NOTE", {"callId": number, "note": note})

    async def close(self, number: int) -> int:
        """Close a dispatch call."""
        self.dispatches.pop(number, None)
        return await self.push("EVENT_DISPATCH_CLOSED", {"callIds": [number]})

    async def log_in(
        self, community_user_id: str, ident: int = UNIT, name: str = "A-12", *, aside: bool = False
    ) -> int:
        """Put a unit on duty, under a player's id."""
        login = samples.sample("UNIT_LOGIN", call=0, caller=community_user_id)
        unit = login["data"][0]["unit"]
        unit["id"], unit["data"]["unitNum"] = ident, name
        self.units[ident] = unit
        data = [{**login["data"][0], "unit": dict(unit)}]
        return await self.push(login["type"], data, aside=aside)

    async def log_out(self, ident: int = UNIT) -> int:
        """Take a unit off duty; its calls keep it."""
        self.units.pop(ident, None)
        return await self.push("EVENT_UNIT_LOGOUT", [{"identId": ident}])

    async def status(self, status: int, ident: int = UNIT) -> int:
        """Set a unit's status."""
        self.units[ident]["status"] = status
        return await self.push("EVENT_UNIT_STATUS", [{"identIds": ident, "status": status}])

    async def describe(self, ident: int = UNIT) -> int:
        """Push a unit as it is."""
        return await self.push("EVENT_UNIT_UPDATE", {"units": [dict(self.units[ident])]})

    async def panic(self, *, on: bool, ident: int = UNIT) -> int:
        """Switch a unit's panic."""
        self.units[ident]["isPanic"] = on
        return await self.push("EVENT_UNIT_PANIC", [{"identIds": [ident], "isPanic": on}])

    async def push(self, push_type: str, data: Any, *, aside: bool = False) -> int:
        """Push anything; returns the status of the answer, 0 if nobody answered.

        `aside`: it only accompanies the push before it.
        """
        if self._post is None:
            return 0
        return await self._post({"type": push_type, "data": data}, aside=aside)

    def touch(self, number: int) -> None:
        """Note that a call was written now."""
        self._changed[number] = datetime.now(UTC).isoformat()

    def listed(self, calls: dict[int, Json]) -> list[Json]:
        """Return calls as the API lists them."""
        return [{**call, "updated": self._changed[number]} for number, call in calls.items()]

"""A small CAD of one community and one server, on a loopback port of its own.

What its people do by hand is pushed to the bridge. What the bridge does through its API is not,
but for 911 calls, which come back: as the CAD documents it. Nothing is repeated: a push that the
bridge does not take is gone, and found when the bridge reads calls and units at its start.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol, Self

from aiohttp import web

from bridge.owner import samples

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["FIRST_CALL", "UNIT", "Cad", "Post"]

Json = dict[str, Any]

FIRST_CALL = 4711
UNIT = 101
"""The one unit there is: A-12, of the responder."""
_SERVER = "/v2/emergency/servers/{server}"
_DISPATCH = _SERVER + "/dispatch-calls"


class Post(Protocol):
    """Posts a push and returns the status of the answer, 0 if nobody answered."""

    async def __call__(self, push: Json, *, aside: bool = False) -> int:
        """`aside`: it only accompanies the push before it."""


class Cad:
    """Calls and units, what people do with them, and the API."""

    def __init__(self) -> None:
        self._key = ""
        self._post: Post | None = None
        self._runner: web.AppRunner | None = None
        self._next = FIRST_CALL
        self.asked: list[str] = []
        """Requests of the bridge, as `POST calls/911`, the newest last."""
        self.emergencies: dict[int, Json] = {}
        self.dispatches: dict[int, Json] = {}
        self.units: dict[int, Json] = {}

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        self._runner = web.AppRunner(self._app(), access_log=None, handle_signals=False)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, shutdown_timeout=1.0).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the port."""
        assert self._runner is not None  # noqa: S101 - entered
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """What the bridge has as `api_url`."""
        assert self._runner is not None  # noqa: S101 - entered
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def belong(self, key: str, post: Post) -> None:
        """Belong to the community of a key, and push by a function."""
        self._key = key
        self._post = post

    # What people do in the CAD's own pages: all of it is pushed ---------------------------------

    def number(self) -> int:
        """Return the number of the next call."""
        self._next += 1
        return self._next - 1

    async def place(self, call: Json, **beside: Any) -> int:
        """Place a 911 or civil call; `beside` is what stands beside it in the push."""
        self.emergencies[call["callId"]] = call
        return await self.push("EVENT_911", [{"call": call, **beside}])

    async def remove(self, number: int, *, aside: bool = False) -> int:
        """Remove a 911 call."""
        self.emergencies.pop(number, None)
        return await self.push("EVENT_REMOVE_911", [{"callIds": [number]}], aside=aside)

    async def dispatch(self, origin: int) -> int:
        """Make a dispatch call of a 911 call, as a dispatcher does; the 911 call goes."""
        emergency = self.emergencies[origin]
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
        status = await self.push("EVENT_DISPATCH_NEW", [{"dispatch": call}])
        await self.remove(origin, aside=True)
        return status

    async def edit(self, number: int, **fields: Any) -> int:
        """Change a dispatch call."""
        self.dispatches[number].update(fields)
        return await self.push("EVENT_DISPATCH_EDIT", [{"dispatch": self.dispatches[number]}])

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

    async def log_in(self, community_user_id: str) -> int:
        """Put the unit on duty, under a player's id."""
        login = samples.sample("UNIT_LOGIN", call=0, caller=community_user_id)
        self.units[UNIT] = login["data"][0]["unit"]
        return await self.push(login["type"], login["data"])

    async def log_out(self) -> int:
        """Take the unit off duty."""
        self.units.pop(UNIT, None)
        return await self.push("EVENT_UNIT_LOGOUT", [{"identId": UNIT}])

    async def panic(self, *, on: bool) -> int:
        """Switch the unit's panic."""
        self.units[UNIT]["isPanic"] = on
        return await self.push("EVENT_UNIT_PANIC", [{"identIds": [UNIT], "isPanic": on}])

    async def push(self, push_type: str, data: Any, *, aside: bool = False) -> int:
        """Push anything; returns the status of the answer, 0 if nobody answered.

        `aside`: it only accompanies the push before it.
        """
        if self._post is None:
            return 0
        return await self._post({"type": push_type, "data": data}, aside=aside)

    # What the bridge asks -----------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        add = app.router.add_route
        add("GET", "/v2/general/version", lambda _: _json({"version": 2, "name": "DEMO"}))
        add("GET", "/v2/general/servers", lambda _: _json({"servers": [{"id": 1, "name": "Demo"}]}))
        add("POST", "/v2/general/links", self._link)
        add("POST", "/v2/general/links/check", self._linked)
        add("GET", _SERVER + "/calls", self._calls)
        add("GET", _SERVER + "/units", self._units)
        add("POST", _SERVER + "/calls/911", self._place)
        add("DELETE", _SERVER + "/calls/911/{call}", self._remove)
        add("POST", _DISPATCH, self._dispatch)
        add("POST", _DISPATCH + "/close", self._close)
        add("POST", _DISPATCH + "/{call}/attachments", self._attach)
        add("DELETE", _DISPATCH + "/attachments", self._detach)
        add("POST", _DISPATCH + "/{call}/notes", self._note)
        add("PATCH", _SERVER + "/units/status", self._status)
        add("PATCH", _SERVER + "/units/panic", self._panic)
        add("PATCH", _SERVER + "/unit-locations", self._locations)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        if request.headers.get("Authorization") != f"Bearer {self._key}":
            return web.json_response({"detail": "the key is wrong"}, status=401)
        self.asked.append(f"{request.method} {request.path.rpartition('/servers/')[2]}")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _link(self, request: web.Request) -> web.Response:
        body = await request.json()
        return await _json({"code": "DEMO", "expiresInSeconds": 600, **body})

    async def _linked(self, request: web.Request) -> web.Response:
        found = self._idents(await request.json())
        return await _json({"linked": bool(found), "accountUuid": None})

    async def _calls(self, _: web.Request) -> web.Response:
        return await _json(
            {
                "ActiveCalls": list(self.dispatches.values()),
                "EmergencyCalls": list(self.emergencies.values()),
                "ClosedCalls": [],
            }
        )

    async def _units(self, request: web.Request) -> web.Response:
        first = request.query.get("offset", "0") == "0"
        return await _json(list(self.units.values()) if first else [])

    async def _place(self, request: web.Request) -> web.Response:
        call = {"callId": self.number(), "metaData": {}, **await request.json()}
        await self.place(call)
        return await _json(call)

    async def _remove(self, request: web.Request) -> web.Response:
        number = int(request.match_info["call"])
        if self.emergencies.pop(number, None) is None:
            return _missing()
        return await _json({"callId": number, "serverId": 1})

    async def _dispatch(self, request: web.Request) -> web.Response:
        body = await request.json()
        call = {
            "callId": self.number(),
            "metaData": {},
            **body,
            "notes": [],
            "idents": self._idents(body),
        }
        self.dispatches[call["callId"]] = call
        return await _json(call, 201)

    async def _close(self, request: web.Request) -> web.Response:
        numbers = (await request.json())["callIds"]
        closed = [number for number in numbers if self.dispatches.pop(number, None)]
        return await _json({"callIds": closed})

    async def _attach(self, request: web.Request) -> web.Response:
        call = self.dispatches.get(int(request.match_info["call"]))
        if call is None:
            return _missing()
        idents = self._idents(await request.json())
        call["idents"] += [ident for ident in idents if ident not in call["idents"]]
        return await _json({"callId": call["callId"], "identIds": idents})

    async def _detach(self, request: web.Request) -> web.Response:
        idents = self._idents(await request.json())
        left = set()
        for call in self.dispatches.values():
            left |= {ident for ident in call["idents"] if ident in idents}
            call["idents"] = [ident for ident in call["idents"] if ident not in idents]
        return await _json({"identIds": sorted(left)})

    async def _note(self, request: web.Request) -> web.Response:
        call = self.dispatches.get(int(request.match_info["call"]))
        if call is None:
            return _missing()
        body = await request.json()
        note = {"time": time.strftime("%H:%M:%S"), "label": body["label"], "content": body["note"]}
        call["notes"].append({**note, "type": "text"})
        return await _json({"callId": call["callId"], "note": note})

    async def _status(self, request: web.Request) -> web.Response:
        body = await request.json()
        return await self._update(body, status=body["status"])

    async def _panic(self, request: web.Request) -> web.Response:
        body = await request.json()
        return await self._update(body, isPanic=body["isPanic"])

    async def _locations(self, request: web.Request) -> web.Response:
        return await _json({"updated": len((await request.json())["updates"])})

    async def _update(self, body: Json, **fields: Any) -> web.Response:
        idents = self._idents(body)
        for ident in idents:
            self.units[ident].update(fields)
        return await _json({"updated": len(idents), **fields})

    def _idents(self, target: Json) -> list[int]:
        """Return the units on duty that a target means; an id with or without its prefix."""
        wanted = [*target.get("communityUserIds", []), target.get("communityUserId")]
        values = {name.rpartition(":")[2] for name in wanted if name}
        return [
            ident
            for ident, unit in self.units.items()
            if unit["data"]["communityUserId"].rpartition(":")[2] in values
        ]


async def _json(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def _missing() -> web.Response:
    return web.json_response({"detail": "there is no such call"}, status=404)

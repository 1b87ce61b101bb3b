"""The API of the demo's CAD, on a loopback port of its own: what the bridge asks.

Nothing that comes this way is pushed back, but for a 911 call, as with the real one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from aiohttp import web

if TYPE_CHECKING:
    from types import TracebackType

    from bridge.demo.cad import Cad

__all__ = ["CadApi"]

Json = dict[str, Any]

_SERVER = "/v2/emergency/servers/{server}"
_DISPATCH = _SERVER + "/dispatch-calls"


class CadApi:
    """The endpoints that the bridge uses, over one CAD's state."""

    def __init__(self, cad: Cad) -> None:
        self._cad = cad
        self._runner = web.AppRunner(
            self._app(), access_log=None, handle_signals=False, shutdown_timeout=1.0
        )

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the port."""
        await self._runner.cleanup()

    @property
    def url(self) -> str:
        """What the bridge has as `api_url`."""
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard])
        add = app.router.add_route
        add("GET", "/v2/general/version", self._version)
        add("GET", "/v2/general/servers", self._servers)
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
        if request.headers.get("Authorization") != f"Bearer {self._cad.key}":
            return web.json_response({"detail": "the key is wrong"}, status=401)
        self._cad.asked.append(f"{request.method} {request.path.rpartition('/servers/')[2]}")
        answer: web.StreamResponse = await handler(request)
        return answer

    async def _version(self, _: web.Request) -> web.Response:
        return await _json({"version": 2, "name": "DEMO"})

    async def _servers(self, _: web.Request) -> web.Response:
        return await _json({"servers": [{"id": 1, "name": "Demo"}]})

    async def _link(self, request: web.Request) -> web.Response:
        body = await request.json()
        return await _json({"code": "DEMO", "expiresInSeconds": 600, **body})

    async def _linked(self, request: web.Request) -> web.Response:
        found = self._idents(await request.json())
        return await _json({"linked": bool(found), "accountUuid": None})

    async def _calls(self, _: web.Request) -> web.Response:
        return await _json(
            {
                "ActiveCalls": self._cad.listed(self._cad.dispatches),
                "EmergencyCalls": self._cad.listed(self._cad.emergencies),
                "ClosedCalls": [],
            }
        )

    async def _units(self, request: web.Request) -> web.Response:
        first = request.query.get("offset", "0") == "0"
        return await _json(list(self._cad.units.values()) if first else [])

    async def _place(self, request: web.Request) -> web.Response:
        call = {"callId": self._cad.number(), "metaData": {}, **await request.json()}
        await self._cad.place(call)
        return await _json(call)

    async def _remove(self, request: web.Request) -> web.Response:
        number = int(request.match_info["call"])
        if self._cad.emergencies.pop(number, None) is None:
            return _missing()
        return await _json({"callId": number, "serverId": 1})

    async def _dispatch(self, request: web.Request) -> web.Response:
        body = await request.json()
        call = {
            "callId": self._cad.number(),
            "metaData": {},
            **body,
            "notes": [],
            "idents": self._idents(body),
        }
        self._cad.dispatches[call["callId"]] = call
        self._cad.touch(call["callId"])
        return await _json(call, 201)

    async def _close(self, request: web.Request) -> web.Response:
        numbers = (await request.json())["callIds"]
        closed = [number for number in numbers if self._cad.dispatches.pop(number, None)]
        return await _json({"callIds": closed})

    async def _attach(self, request: web.Request) -> web.Response:
        call = self._cad.dispatches.get(int(request.match_info["call"]))
        if call is None:
            return _missing()
        idents = self._idents(await request.json())
        call["idents"] += [ident for ident in idents if ident not in call["idents"]]
        return await _json({"callId": call["callId"], "identIds": idents})

    async def _detach(self, request: web.Request) -> web.Response:
        idents = self._idents(await request.json())
        left = set()
        for call in self._cad.dispatches.values():
            left |= {ident for ident in call["idents"] if ident in idents}
            call["idents"] = [ident for ident in call["idents"] if ident not in idents]
        return await _json({"identIds": sorted(left)})

    async def _note(self, request: web.Request) -> web.Response:
        call = self._cad.dispatches.get(int(request.match_info["call"]))
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
            self._cad.units[ident].update(fields)
        return await _json({"updated": len(idents), **fields})

    def _idents(self, target: Json) -> list[int]:
        """Return the units on duty that a target means; an id with or without its prefix."""
        wanted = [*target.get("communityUserIds", []), target.get("communityUserId")]
        values = {name.rpartition(":")[2] for name in wanted if name}
        return [
            ident
            for ident, unit in self._cad.units.items()
            if unit["data"]["communityUserId"].rpartition(":")[2] in values
        ]


async def _json(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status)


def _missing() -> web.Response:
    return web.json_response({"detail": "there is no such call"}, status=404)

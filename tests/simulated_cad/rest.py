"""REST API v2, as far as the bridge asks it; each route counts against its limit and may fail."""

import asyncio
import email.utils
import json
import time
import uuid
from collections.abc import Awaitable, Callable

from aiohttp import web
from world import KEY, LIMITS, Server, World

Handler = Callable[[web.Request, dict], object]
S = "/v2/emergency/servers/{server}"
BIG = 9 * 1024 * 1024


class Problem(Exception):
    """An error answer."""

    def __init__(self, status: int, detail: str) -> None:
        self.status = status
        self.detail = detail


def add_routes(app: web.Application, world: World) -> None:
    """Register every endpoint."""
    api = Api(world)
    routes = {
        "version": ("GET", "/v2/general/version", api.version),
        "servers": ("GET", "/v2/general/servers", api.servers),
        "links": ("POST", "/v2/general/links", api.link),
        "links/check": ("POST", "/v2/general/links/check", api.check),
        "calls": ("GET", S + "/calls", api.calls),
        "units": ("GET", S + "/units", api.units),
        "account units": ("GET", S + "/accounts/{account}/units", api.account_units),
        "calls/911": ("POST", S + "/calls/911", api.place_911),
        "calls/911 remove": ("DELETE", S + "/calls/911/{call}", api.remove_911),
        "dispatch-calls": ("POST", S + "/dispatch-calls", api.dispatch),
        "dispatch-calls/close": ("POST", S + "/dispatch-calls/close", api.close),
        "attachments": ("POST", S + "/dispatch-calls/{call}/attachments", api.attach),
        "attachments remove": ("DELETE", S + "/dispatch-calls/attachments", api.detach),
        "notes": ("POST", S + "/dispatch-calls/{call}/notes", api.add_note),
        "units/status": ("PATCH", S + "/units/status", api.status),
        "units/panic": ("PATCH", S + "/units/panic", api.panic),
        "unit-locations": ("PATCH", S + "/unit-locations", api.locations),
    }
    assert routes.keys() == LIMITS.keys()
    for name, (method, path, handler) in routes.items():
        app.router.add_route(method, path, _guarded(world, name, handler))


def _guarded(
    world: World, name: str, handler: Handler
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def route(request: web.Request) -> web.StreamResponse:
        body = await _json(request)
        world.note(endpoint=name, path=request.path, query=dict(request.query), body=body)
        wait = world.over_limit(name)
        if wait is not None:
            return _limited(world, wait)
        fault = world.take_fault(name)
        if fault is None or fault.get("done"):
            answer = _answer(world, request, body, handler)
            if fault is None:
                return answer
        else:
            answer = _problem(world, 500, "a fault that was asked for")
        return await _faulty(world, request, fault, answer, body, handler)

    return route


async def _json(request: web.Request) -> dict:
    raw = await request.read()
    return json.loads(raw) if raw else {}


def _answer(world: World, request: web.Request, body: dict, handler: Handler) -> web.Response:
    try:
        _check(world, request)
        status, result = 200, handler(request, body)
        if isinstance(result, tuple):
            status, result = result
    except Problem as problem:
        return _problem(world, problem.status, problem.detail)
    return _with_date(world, web.json_response(result, status=status))


def _check(world: World, request: web.Request) -> None:
    if request.headers.get("Authorization") != f"Bearer {KEY}":
        raise Problem(401, "The API key is not valid.")
    if int(request.match_info.get("server", 1)) not in world.servers:
        raise Problem(404, "The server is not configured for this community.")


async def _faulty(
    world: World,
    request: web.Request,
    fault: dict,
    answer: web.Response,
    body: dict,
    handler: Handler,
) -> web.StreamResponse:
    match fault["kind"]:
        case "status":
            headers = fault.get("headers", {})
            if "body" in fault:
                return web.Response(status=fault["status"], text=fault["body"], headers=headers)
            refused = _problem(world, fault["status"], fault.get("detail", "Refused on demand."))
            refused.headers.update(headers)
            return refused
        case "text":
            return web.Response(text=fault["body"], content_type=fault.get("type", "text/html"))
        case "json":
            return _with_date(world, web.json_response(fault["body"]))
        case "slow":
            await asyncio.sleep(fault["seconds"])
            return _answer(world, request, body, handler)
        case "held":
            await world.released.wait()
            return _answer(world, request, body, handler)
        case "hang":
            await asyncio.sleep(3600)
        case "drop":
            request.transport.abort()
        case "cut":
            raw = answer.body[: fault["bytes"]]
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(answer.body)}\r\n\r\n".encode()
            request.transport.write(head + raw)
            await asyncio.sleep(0.05)
            request.transport.abort()
        case "big":
            return web.Response(body=b" " * BIG)
        case kind:
            raise ValueError(kind)
    return answer


def _problem(world: World, status: int, detail: str) -> web.Response:
    body = {
        "type": "about:blank",
        "title": "Error",
        "status": status,
        "detail": detail,
        "instance": "/v2",
        "traceId": f"trace-{uuid.uuid4().hex[:8]}",
    }
    answer = web.json_response(body, status=status, content_type="application/problem+json")
    return _with_date(world, answer)


def _limited(world: World, wait: float) -> web.Response:
    form, headers = world.config["retry_form"], {}
    if form != "none":
        value = {
            "seconds": f"{max(1, round(wait + 0.5))}",
            "date": email.utils.formatdate(time.time() + wait, usegmt=True),
            "epoch": f"{time.time() + wait:.0f}",
        }[form]
        headers[world.config["retry_header"]] = value
    body = {"message": "API rate limit exceeded", "request_id": uuid.uuid4().hex}
    world.note(event="limited")
    return web.json_response(body, status=429, headers=headers)


def _with_date(world: World, answer: web.Response) -> web.Response:
    answer.headers["Date"] = email.utils.formatdate(world.now(), usegmt=True)
    return answer


class Api:
    """What each endpoint does."""

    def __init__(self, world: World) -> None:
        self.world = world

    def version(self, request: web.Request, body: dict) -> dict:
        return {"version": 2, "name": "PLUS"}

    def servers(self, request: web.Request, body: dict) -> dict:
        return {
            "servers": [
                {"id": n, "name": f"Server {n}", "mapIp": "203.0.113.9", "listenerPort": "30120"}
                for n in self.world.servers
            ]
        }

    def link(self, request: web.Request, body: dict) -> dict:
        return {
            "code": "A7K2",
            "communityUserId": body["communityUserId"],
            "communityUuid": "c0ffee00-0000-4000-8000-000000000001",
            "expiresAt": self.world.stamp(-600),
            "expiresInSeconds": 600,
        }

    def check(self, request: web.Request, body: dict) -> dict:
        account = self.world.links.get(body["communityUserId"])
        return {
            "communityUserId": body["communityUserId"],
            "linked": account is not None,
            "accountUuid": account,
        }

    def calls(self, request: web.Request, body: dict) -> dict:
        state = self._server(request)
        return {
            "ActiveCalls": list(state.dispatches.values()),
            "EmergencyCalls": list(state.emergencies.values()),
            "ClosedCalls": state.closed[-10:],
            "ClosedCallCount": len(state.closed),
        }

    def units(self, request: web.Request, body: dict) -> list:
        units = list(self._server(request).units.values())
        offset = int(request.query.get("offset", 0))
        limit = min(int(request.query.get("limit", 100)), self.world.config["page"])
        return units[offset : offset + limit]

    def account_units(self, request: web.Request, body: dict) -> dict:
        units = self._server(request).units.values()
        return {"Units": [u for u in units if u["accId"] == request.match_info["account"]]}

    def place_911(self, request: web.Request, body: dict) -> dict:
        _needs(body, isEmergency=bool, caller=str, location=str, description=str)
        _texts_only(body.get("metaData", {}))
        return self.world.place_911(int(request.match_info["server"]), body)

    def remove_911(self, request: web.Request, body: dict) -> dict:
        state, call_id = self._server(request), _number(request.match_info["call"])
        if state.emergencies.pop(call_id, None) is None:
            raise Problem(404, "There is no such call.")
        server = int(request.match_info["server"])
        if self.world.config["echo_remove_911"]:
            self.world.push(server, "EVENT_REMOVE_911", [{"callIds": [call_id]}])
        return {"callId": call_id, "serverId": server}

    def dispatch(self, request: web.Request, body: dict) -> tuple[int, dict]:
        _needs(body, origin=int, status=int, priority=int, title=str)
        if not {"communityUserIds", "accounts", "roblox", "discord"} & body.keys():
            raise Problem(400, "A unit target is required.")
        _texts_only(body.get("metaData", {}))
        return 201, self.world.dispatch(int(request.match_info["server"]), body)

    def close(self, request: web.Request, body: dict) -> dict:
        _needs(body, callIds=list)
        return {"callIds": self.world.close(int(request.match_info["server"]), body["callIds"])}

    def attach(self, request: web.Request, body: dict) -> dict:
        call_id = self._dispatch_id(request)
        server = int(request.match_info["server"])
        return {"callId": call_id, "identIds": self.world.attach(server, call_id, body)}

    def detach(self, request: web.Request, body: dict) -> dict:
        return {"identIds": self.world.detach(int(request.match_info["server"]), body)}

    def add_note(self, request: web.Request, body: dict) -> dict:
        _needs(body, note=str, noteType=str, label=str)
        call_id = self._dispatch_id(request)
        note = {
            "time": self.world.stamp(0),
            "label": body["label"],
            "type": body["noteType"],
            "content": body["note"],
        }
        self._server(request).dispatches[call_id]["notes"].append(note)
        return {"callId": call_id, "note": note}

    def status(self, request: web.Request, body: dict) -> dict:
        _needs(body, status=int)
        units = self._targets(request, body)
        for unit in units:
            unit["status"] = body["status"]
        return {"updated": len(units), "status": "ENROUTE"}

    def panic(self, request: web.Request, body: dict) -> dict:
        _needs(body, isPanic=bool)
        units = self._targets(request, body)
        for unit in units:
            unit["isPanic"] = body["isPanic"]
        return {"updated": len(units), "isPanic": body["isPanic"]}

    def locations(self, request: web.Request, body: dict) -> dict:
        server = int(request.match_info["server"])
        return {"updated": sum(bool(self.world.units_of(server, _one(u))) for u in body["updates"])}

    def _server(self, request: web.Request) -> Server:
        return self.world.servers[int(request.match_info["server"])]

    def _dispatch_id(self, request: web.Request) -> object:
        call_id = _number(request.match_info["call"])
        if call_id not in self._server(request).dispatches:
            raise Problem(404, "There is no such call.")
        return call_id

    def _targets(self, request: web.Request, body: dict) -> list[dict]:
        state = self._server(request)
        idents = self.world.units_of(int(request.match_info["server"]), body)
        return [state.units[ident] for ident in idents]


def _one(update: dict) -> dict:
    return {**update, "identIds": update.get("identId")} if "identId" in update else update


def _number(text: str) -> object:
    return int(text) if text.lstrip("-").isdigit() else text


def _needs(body: dict, **fields: type) -> None:
    for name, kind in fields.items():
        value = body.get(name)
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise Problem(400, f"{name} is required and must be {kind.__name__}.")


def _texts_only(meta: dict) -> None:
    if not all(isinstance(value, str) for value in meta.values()):
        raise Problem(400, "metaData values must be strings.")

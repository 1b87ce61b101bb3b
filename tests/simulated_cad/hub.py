"""The push hub: SignalR's JSON protocol over a websocket, negotiation, and faults on demand."""

import asyncio
import contextlib
import json
import uuid

import aiohttp
from aiohttp import WSMsgType, web
from world import COMMUNITY, KEY, World

PATH = "/apiWsHub"
MOVED = "/moved/apiWsHub"
SEPARATOR = "\x1e"
MOST = 32 * 1024
"""Bytes of a message that a hub takes by default."""


class Session:
    """One websocket of the bridge."""

    def __init__(self, socket: web.WebSocketResponse, request: web.Request, world: World) -> None:
        self.socket = socket
        self.request = request
        self.world = world
        self.server: int | None = None
        self.silent = False
        self._rest = ""
        self._greeted = False

    async def send(self, *messages: dict | str) -> None:
        """Send messages in one frame, unless the session plays dead."""
        if not self.silent:
            texts = [m if isinstance(m, str) else json.dumps(m) for m in messages]
            with contextlib.suppress(ConnectionError):
                await self.socket.send_str("".join(text + SEPARATOR for text in texts))

    async def receive(self, frame: str) -> None:
        """Take a frame of the client."""
        if len(frame.encode()) > MOST:
            await self.close("The maximum message size of 32768B was exceeded.")
            return
        *messages, self._rest = (self._rest + frame).split(SEPARATOR)
        for message in messages:
            body = json.loads(message)
            if not self._greeted:
                await self._greet(body)
            elif body.get("type") == 1:
                await self._invoked(body)
            elif body.get("type") == 3:
                self.world.note(hub="completion", id=body["invocationId"], error=body.get("error"))
            elif body.get("type") == 6:
                self.world.note(hub="ping")

    async def close(self, error: str = "", *, may_reconnect: bool | None = None) -> None:
        """Send a close message and close."""
        message: dict = {"type": 7}
        if error:
            message["error"] = error
        if may_reconnect is not None:
            message["allowReconnect"] = may_reconnect
        await self.send(message)
        await self.socket.close()

    def abort(self) -> None:
        """Break the connection."""
        if self.request.transport is not None:
            self.request.transport.abort()

    async def _greet(self, body: dict) -> None:
        assert body == {"protocol": "json", "version": 1}, body
        self._greeted = True
        self.world.note(hub="handshake")
        fault = self.world.take_fault("handshake")
        match fault and fault["kind"]:
            case "refuse":
                await self.send({"error": "the protocol is not supported"})
                await self.socket.close()
            case "hang":
                pass
            case "behind":  # messages behind the answer, in the same frame
                await self.send("{}", {"type": 6}, {"type": 99, "new": 1}, {"type": 6})
            case _:
                await self.send("{}")

    async def _invoked(self, body: dict) -> None:
        target, arguments, call_id = body["target"], body["arguments"], body.get("invocationId")
        self.world.note(hub=target, arguments=arguments, server=self.server)
        fault = self.world.take_fault(target)
        if fault is not None:
            await self._faulty(fault, call_id)
            return
        answer: dict = {"type": 3, "invocationId": call_id}
        match target.lower():
            case "authenticatev2" if len(arguments) != 3:
                said = f"Invocation provides {len(arguments)} argument(s) but target expects 3."
                answer["error"] = said
            case "authenticatev2":
                answer["result"] = self._authenticate(*arguments)
            case "unitlocation":
                answer["result"] = self._locate(arguments[0])
            case _:
                answer["error"] = "Unknown hub method."
        if call_id is not None:
            await self.send(answer)
        if self.world.config["cut_every"] and self.server is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(self.world.config["cut_every"], self.abort)

    def _authenticate(self, community: str, key: str, server: object) -> dict:
        right = community == COMMUNITY and key == KEY
        known = server is None or (type(server) is int and server in self.world.servers)
        if not right or not known:
            return {"success": False, "error": "Invalid community or API key.", "count": 0}
        self.server = server
        self.world.note(event="authenticated", server=server)
        return {"success": True, "error": "", "count": 0}

    def _locate(self, updates: list) -> dict:
        refused = ""
        if self.server is None:
            refused = "Unauthenticated. Call authenticate first."
        elif not updates:
            refused = "Missing unit location updates."
        elif len(updates) > 25:
            refused = "Too many unit updates in one call. Max is 25."
        elif not all(
            u.get("location") and ("identId" in u or "communityUserId" in u) for u in updates
        ):
            refused = "Each unit update requires identId, apiId, communityUserId, or roblox, and"
            refused += " location."
        return {"success": not refused, "error": refused, "count": 0 if refused else len(updates)}

    async def _faulty(self, fault: dict, call_id: str | None) -> None:
        match fault["kind"]:
            case "answer":
                await self.send({"type": 3, "invocationId": call_id, "result": fault["result"]})
            case "error":
                await self.send({"type": 3, "invocationId": call_id, "error": fault["error"]})
            case "hang":
                pass
            case "drop":
                self.abort()


class Sessions:
    """All websockets, and the way pushes take."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.all: list[Session] = []
        self._tokens: dict[str, str] = {}
        self._delivery: asyncio.Task[None] | None = None
        world.on_push = self.deliver

    def deliver(self) -> None:
        """Begin to send what was queued, unless that is under way."""
        if self._delivery is None or self._delivery.done():
            self._delivery = asyncio.create_task(self._deliver())

    async def delivered(self) -> None:
        """Wait until all is sent."""
        if self._delivery is not None:
            await self._delivery

    async def _deliver(self) -> None:
        """Send what was queued: to the server's hub session, else to its listener, else nowhere."""
        while self.world.pushes:
            server, push = self.world.pushes.pop(0)
            session = next((s for s in reversed(self.all) if s.server == server), None)
            url = self.world.config["listeners"].get(str(server))
            if session is not None:
                await session.send(invocation(push, self.world.config["push_as"]))
            elif url is not None:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    timeout = aiohttp.ClientTimeout(5)
                    async with (
                        aiohttp.ClientSession(timeout=timeout) as client,
                        client.post(url, json=push) as answer,
                    ):
                        self.world.note(event="pushed", status=answer.status)

    async def negotiate(self, request: web.Request) -> web.StreamResponse:
        """Answer a negotiation."""
        self.world.note(hub="negotiate", query=dict(request.query))
        fault = self.world.take_fault("negotiate")
        if fault is not None:
            return await _faulty_http(request, fault)
        moved = request.path.startswith(MOVED)
        if self.world.config["redirects"] and not moved:
            url = f"{request.url.origin()}{MOVED}?hop=1"
            return web.json_response({"url": url, "accessToken": "moved-token"})
        if moved and not self._may_enter(request):
            return web.Response(status=401)
        version = min(
            self.world.config["negotiate_version"], int(request.query.get("negotiateVersion", 0))
        )
        token, name = f"token-{uuid.uuid4().hex}", f"id-{uuid.uuid4().hex}"
        self._tokens[token if version else name] = "unused"
        answer: dict = {"connectionId": name, "negotiateVersion": version}
        if version:
            answer["connectionToken"] = token
        answer["availableTransports"] = [
            {"transport": "ServerSentEvents", "transferFormats": ["Text"]},
            {"transport": "WebSockets", "transferFormats": ["Text", "Binary"]},
        ]
        return web.json_response(answer)

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """Take a websocket."""
        self.world.note(hub="connect", negotiated="id" in request.query)
        fault = self.world.take_fault("upgrade")
        if fault is not None:
            return await _faulty_http(request, fault)
        refused = self._refusal(request)
        if refused:
            return web.Response(status=refused)
        socket = web.WebSocketResponse(autoping=True, max_msg_size=1024 * 1024)
        await socket.prepare(request)
        session = Session(socket, request, self.world)
        self.all.append(session)
        pinger = asyncio.create_task(self._ping(session))
        try:
            await self._serve(session)
        finally:
            pinger.cancel()
            self.all.remove(session)
            self.world.note(event="disconnected", server=session.server)
        return socket

    def _refusal(self, request: web.Request) -> int | None:
        if request.path.startswith(MOVED) and not self._may_enter(request):
            return 401
        token = request.query.get("id")
        if token is None:
            return None if self.world.config["direct"] else 400
        if token not in self._tokens:
            return 404
        if self._tokens[token] == "used":
            return 409
        self._tokens[token] = "used"
        return None

    def _may_enter(self, request: web.Request) -> bool:
        bearer = request.headers.get("Authorization") == "Bearer moved-token"
        return bearer and request.query.get("hop") == "1"

    async def _serve(self, session: Session) -> None:
        while True:
            try:
                async with asyncio.timeout(self.world.config["client_timeout"]):
                    message = await session.socket.receive()
            except TimeoutError:
                self.world.note(event="client timed out")
                await session.close("Client hasn't sent a message for too long.")
                return
            if message.type is not WSMsgType.TEXT:
                return
            await session.receive(message.data)

    async def _ping(self, session: Session) -> None:
        while True:
            await asyncio.sleep(self.world.config["ping"])
            await session.send({"type": 6})


def invocation(push: dict, form: str) -> dict:
    """Return the push as the hub sends it."""
    argument = push if form == "object" else json.dumps(push)
    return {"type": 1, "target": "pushEvent", "arguments": [argument]}


async def _faulty_http(request: web.Request, fault: dict) -> web.StreamResponse:
    match fault["kind"]:
        case "status":
            return web.Response(status=fault["status"], text=fault.get("body", ""))
        case "json":
            return web.json_response(fault["body"])
        case "html":
            return web.Response(text="<html>not here</html>", content_type="text/html")
        case "hang":
            await asyncio.sleep(3600)
        case "drop":
            request.transport.abort()
    return web.Response(status=500)


def add_routes(app: web.Application, world: World) -> Sessions:
    """Register the hub; return its sessions."""
    sessions = Sessions(world)
    for path in (PATH, MOVED):
        app.router.add_get(path, sessions.connect)
        app.router.add_post(f"{path}/negotiate", sessions.negotiate)
    return sessions

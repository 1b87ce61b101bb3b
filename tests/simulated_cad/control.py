"""How tests steer the simulated CAD, over HTTP under `/control/`."""

import asyncio
import struct

from aiohttp import web
from hub import SEPARATOR, Sessions
from world import World, new_unit


def add_routes(app: web.Application, world: World, sessions: Sessions) -> None:
    """Register the control endpoints."""
    control = Control(world, sessions)
    app.router.add_post("/control/{what}", control.post)
    app.router.add_get("/control/log", control.log)
    app.router.add_get("/control/state", control.state)


class Control:
    """What a test may ask for."""

    def __init__(self, world: World, sessions: Sessions) -> None:
        self.world = world
        self.sessions = sessions

    async def post(self, request: web.Request) -> web.Response:
        """Dispatch by name."""
        body = await request.json()
        match request.match_info["what"]:
            case "reset":
                for session in list(self.sessions.all):
                    session.abort()
                self.world.reset()
            case "config":
                assert body.keys() <= self.world.config.keys(), body
                self.world.config |= body
            case "fault":
                self.world.faults.append(body)
            case "faults":
                self.world.faults.clear()
            case "release":
                self.world.released.set()
            case "units":
                state = self.world.servers[body["server"]]
                state.units = {unit["id"]: new_unit(**unit) for unit in body["units"]}
            case "links":
                self.world.links |= body
            case "silently":  # something happens while nobody listens
                result = self.world.act(body["what"], body.get("server", 1), body.get("body", {}))
                self.world.pushes.clear()
                return web.json_response(result)
            case "act":
                result = self.world.act(body["what"], body.get("server", 1), body.get("body", {}))
                await self.sessions.delivered()
                return web.json_response(result)
            case "hub":
                await self.hub(body)
        return web.json_response({})

    async def hub(self, body: dict) -> None:
        """Do something to all hub sessions."""
        for session in list(self.sessions.all):
            match body["do"]:
                case "abort":
                    session.abort()
                case "silence":
                    session.silent = True
                case "close":
                    await session.close(
                        body.get("error", ""), may_reconnect=body.get("allowReconnect")
                    )
                case "send":  # messages as they are, each with its separator, in one frame
                    await session.send(*body["messages"])
                case "raw":  # a frame without any separator added
                    await session.socket.send_str(body["text"])
                case "flood":
                    asyncio.create_task(_flood(session.socket, body["megabytes"]))  # noqa: RUF006
                case "cut":  # a message that ends after some bytes
                    text = (body["text"] + SEPARATOR).encode()
                    head = struct.pack("!BBH", 0x81, 126, len(text))
                    session.request.transport.write(head + text[: body["bytes"]])
                    await asyncio.sleep(0.05)
                    session.abort()

    async def log(self, _: web.Request) -> web.Response:
        """Return what was asked of the CAD so far."""
        return web.json_response(self.world.log)

    async def state(self, _: web.Request) -> web.Response:
        """Return calls and units by server, and the hub sessions."""
        servers = {
            number: {
                "emergencies": list(state.emergencies.values()),
                "dispatches": list(state.dispatches.values()),
                "closed": state.closed,
                "units": list(state.units.values()),
            }
            for number, state in self.world.servers.items()
        }
        hub = [session.server for session in self.sessions.all]
        return web.json_response({"servers": servers, "hub": hub})


async def _flood(socket: web.WebSocketResponse, megabytes: int) -> None:
    piece = "x" * 1024 * 1024
    try:
        for _ in range(megabytes):
            await socket.send_str(piece)
    except ConnectionError:
        pass

"""The demo's page and what feeds it, on a loopback port of its own.

The screens are the resource's own page, each in a frame. In the game that page finds a function of
the game's browser and calls `https://cadbridge/…`; here a small script, put before its own ones as
it is served, stands for both and hands what it says to the page around it. The resource's own
content security policy stays in force in the frames.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from aiohttp import hdrs, web

from bridge.demo.controls import Controls, NotNow
from bridge.demo.game import NuiRefused
from bridge.demo.hops import Hops
from bridge.demo.live import Live
from bridge.demo.screens import Screens
from bridge.owner import resource

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from aiohttp.typedefs import Handler

    from bridge.demo.playback import Playback
    from bridge.demo.stage import Stage

__all__ = ["DemoSite"]

Json = dict[str, Any]

PAGE = Path(__file__).parent / "page"
LOOK = 0.1
"""Seconds between two looks at the stage."""
LINES = 60
"""Lines of the log that the page keeps."""
MAX_BODY = 64 * 1024
_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain",
}
_SHIM = '<script src="/shim.js"></script>\n<script src="page.js">'
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
_FRAME_POLICY = "frame-ancestors 'self'; require-trusted-types-for 'script'; trusted-types 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class DemoSite:
    """The page of one stage. Use as an async context manager, inside the stage's."""

    def __init__(self, stage: Stage, *, port: int = 0, playback: Playback | None = None) -> None:
        """With a `playback` on the stage, the page has its buttons instead of those of the demo."""
        self._stage = stage
        self._playback = playback
        self._wanted = port
        self._log: deque[Json] = deque(maxlen=LINES)
        self._lines = 0
        self._console = 0
        self.hops = Hops(stage, recorded=playback is not None)
        self.controls = Controls(stage, self.say)
        self._screens = Screens(stage)
        self._live = Live()
        self._runner: web.AppRunner | None = None
        self._watch: asyncio.Task[None] | None = None
        self._files = _files(PAGE, "/") | {
            f"/screen/{player.source}/{name}": file
            for player in stage.cast
            for name, file in _files(resource.find() / "web", "").items()
        }
        self._counted = 0
        self._told = 0

    async def __aenter__(self) -> Self:
        """Listen, and let the demo begin; OSError when the port is taken."""
        stage = self._stage
        stage.cad.belong(stage.bridge.key, self._post)
        self.hops.listen()
        for player in stage.cast:
            stage.client(player).page.on_message = self._streams(player.source)
        self._runner = web.AppRunner(
            self._app(), access_log=None, handle_signals=False, shutdown_timeout=1.0
        )
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._wanted).start()
        self._watch = asyncio.create_task(self._watching())
        self._hear_consoles()
        if self._playback is None:
            await self.controls.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close the page and the port."""
        self._live.end()
        await self.controls.end()
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()

    @property
    def url(self) -> str:
        """What to open in a browser."""
        assert self._runner is not None  # noqa: S101 - entered
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}/"

    async def opened(self, patience: float) -> None:
        """Wait until somebody looks at the page, at most so many seconds."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._live.opened(), patience)

    def say(self, text: str, kind: str = "demo") -> None:
        """Write a line into the page's log."""
        self._lines += 1
        at = time.strftime("%H:%M:%S")
        self._log.append({"id": self._lines, "at": at, "kind": kind, "text": text})

    async def _post(self, push: Json, *, aside: bool = False) -> int:
        if not aside:
            self._screens.mark()
        status = await self.hops.post(push, aside=aside)
        outcome = f"answered {status}" if status else "nobody answers"
        self.say(f"{push['type']} {_subject(push)}: {outcome}".replace(" :", ":"), "cad")
        return status

    # What pages are sent ------------------------------------------------------------------------

    def _streams(self, player: int) -> Callable[[Any], None]:
        return lambda message: self._live.send("nui", {"player": player, "message": message})

    async def _watching(self) -> None:
        """Tell the pages what has changed on the stage."""
        while True:
            await asyncio.sleep(LOOK)
            self._hear_consoles()
            self._live.show(self._sections())

    def _sections(self) -> Json:
        stage = self._stage
        return {
            "stage": {
                **self.controls.to_json(),
                "connected": stage.connected(),
                "pushes": self.hops.pushes,
                "status": stage.bridge.admin_url,
                "replay": self._playback.to_json() if self._playback else None,
            },
            "screens": self._screens.to_json(),
            "hops": self.hops.to_json(),
            "log": list(self._log),
        }

    def _hear_consoles(self) -> None:
        """Take over what the resource printed, what the bridge asked the CAD, what was played."""
        lines = self._stage.game.console_lines
        for line in lines[self._console :]:
            self.say(line, "console")
        self._console = len(lines)
        asked = self._stage.cad.asked
        for line in asked[self._counted :]:
            if not line.endswith("unit-locations"):  # as often as somebody moves
                self.say(f"The bridge asks the CAD: {line}", "cad")
        self._counted = len(asked)
        if self._playback is not None:
            events = self._playback.recording.events[self._told : self._playback.played]
            for recorded in events[-LINES:]:
                self.say(_told(recorded.event), "cad")
            self._told = self._playback.played

    async def _answer_live(self, request: web.Request) -> web.StreamResponse:
        return await self._live.answer(request, self._sections())

    # What pages ask -----------------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY)
        app.router.add_get("/live", self._answer_live)
        app.router.add_post("/do/{name}", self._do)
        app.router.add_post("/nui/{player}/{callback}", self._nui)
        app.router.add_get("/{path:.*}", self._file)
        return app

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer this machine's own browser on this page only: no rebound name, no foreign page."""
        port = request.url.port
        hosts = {f"{name}:{port}" for name in ("127.0.0.1", "localhost")}
        if request.headers.get(hdrs.HOST, "").lower() not in hosts or not self._is_port(port):
            raise web.HTTPMisdirectedRequest(text="the demo answers to 127.0.0.1 only\n")
        if request.method == hdrs.METH_POST:
            origin = request.headers.get(hdrs.ORIGIN, "").removeprefix("http://").lower()
            if origin not in hosts or request.content_type != "application/json":
                raise web.HTTPForbidden(text="only the demo's own page may do this\n")
        return await handler(request)

    def _is_port(self, port: int | None) -> bool:
        return self._runner is not None and port == self._runner.addresses[0][1]

    async def _do(self, request: web.Request) -> web.Response:
        """Do what a button says."""
        name, text = request.match_info["name"], (await _body(request)).get("text", "")
        try:
            if self._playback is not None:
                _turn(self._playback, name)
            else:
                await self.controls.do(name, text if isinstance(text, str) else "")
        except KeyError:
            raise web.HTTPNotFound(text="there is no such button\n") from None
        except NotNow as reason:
            return web.Response(status=409, text=f"{reason}\n")
        except RuntimeError as failure:
            self.say(str(failure), "bad")
            return web.Response(status=500, text="that did not work; see the log\n")
        if name == "restart":
            self._live.send("reload", {})
        return web.Response(status=204)

    async def _nui(self, request: web.Request) -> web.Response:
        """Hand a callback of a screen's page to that player's client."""
        number, callback = request.match_info["player"], request.match_info["callback"]
        known = {str(player.source): player.source for player in self._stage.cast}
        if number not in known:
            raise web.HTTPNotFound(text="there is no such player\n")
        source, body = known[number], await _body(request)
        try:
            answer = await self._stage.game.client(source).nui_callback(callback, body)
        except (NuiRefused, TimeoutError):
            raise web.HTTPNotFound(text="the resource does not know this callback\n") from None
        if callback == "painted":
            self.hops.painted_by(source)
        return web.json_response(answer)

    async def _file(self, request: web.Request) -> web.Response:
        path = "/index.html" if request.path == "/" else request.path
        file = self._files.get(path)
        if file is None:
            raise web.HTTPNotFound(text="there is no such file\n")
        body, in_frame = file.read_bytes(), path.startswith("/screen/")
        headers = {"Content-Security-Policy": _POLICY, "X-Frame-Options": "DENY"}
        if in_frame:
            headers = {"Content-Security-Policy": _FRAME_POLICY, "X-Frame-Options": "SAMEORIGIN"}
            if path.endswith("/index.html"):
                body = body.replace(b'<script src="page.js">', _SHIM.encode(), 1)
        response = web.Response(body=body, headers={**_HEADERS, **headers})
        response.content_type = _TYPES[file.suffix]
        if response.content_type.startswith(("text/", "image/svg")):
            response.charset = "utf-8"
        return response


def _files(folder: Path, prefix: str) -> dict[str, Path]:
    """Return the files of a folder by the path they are served under; nothing else is served."""
    return {
        prefix + file.relative_to(folder).as_posix(): file
        for file in folder.rglob("*")
        if file.suffix in _TYPES
    }


def _turn(playback: Playback, name: str) -> None:
    """Do what a button of a replay says: `pause`, or a speed such as `x5`."""
    if name == "pause":
        playback.turn(paused=not playback.paused)
    elif name[:1] == "x" and name[1:].isdigit():
        playback.turn(speed=int(name[1:]))
    else:
        raise KeyError(name)


async def _body(request: web.Request) -> Json:
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(await request.read())
        if isinstance(body, dict):
            return body
    raise web.HTTPBadRequest(text="not a JSON object\n")


def _told(event: Json) -> str:
    """Return a recorded event in a few words."""
    subject = event.get("call", {}).get("key") or event.get("unit", {}).get("number") or ""
    changed = ", ".join(event.get("changed", ()))
    return " ".join(filter(None, [event["type"], str(subject), changed or event.get("reason")]))


def _subject(push: Json) -> str:
    """Return the number of the call that a push is about, as `#4711`."""
    data = push["data"][0] if isinstance(push["data"], list) else push["data"]
    call = data.get("call", data.get("dispatch", data))
    numbers = call.get("callIds") or [call.get("callId")]
    return f"#{numbers[0]}" if numbers[0] is not None else ""

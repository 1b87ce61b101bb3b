"""The admin listener: status page, JSON, health, metrics. Reads only."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
from aiohttp import web

from bridge.admin import status
from bridge.admin.guard import add_headers, guard
from bridge.admin.history import History
from bridge.admin.live import PAUSE, Live
from bridge.errors import JournalUnavailable

if TYPE_CHECKING:
    from aiohttp.typedefs import Handler

    from bridge.admin.view import View
    from bridge.settings import AdminSettings

__all__ = ["AdminSite"]

log = structlog.get_logger(__name__)

PAGE = Path(__file__).parent / "page"
_FILES = {
    "/": ("index.html", "text/html"),
    "/status.css": ("status.css", "text/css"),
    "/status.js": ("status.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
EVENTS = 200
"""Events shown at most."""
TO_END = 5.0
"""Seconds for open requests when the bridge stops."""
LOOK = 10.0
"""Seconds between two looks at the counters, for the plots."""


class AdminSite:
    """One port for people and monitors."""

    def __init__(self, settings: AdminSettings, view: View, *, pause: float = PAUSE) -> None:
        self._settings = settings
        self._view = view
        self._history = History(view.now())
        self._live = Live(
            {
                "status": self._status,
                "calls": lambda: status.calls(view),
                "rejected": self._rejected_in_short,
                "events": lambda: status.events(view, None, EVENTS),
            },
            pause=pause,
        )
        self._runner: web.AppRunner | None = None
        self._looking: asyncio.Task[None] | None = None
        self.port = settings.port

    async def start(self) -> None:
        """Listen; OSError when the port is taken."""
        runner = web.AppRunner(
            self._app(), access_log=None, handle_signals=False, shutdown_timeout=TO_END
        )
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, self._settings.host, self._settings.port).start()
        self.port = runner.addresses[0][1]
        self._looking = asyncio.create_task(self._look())
        log.info("admin_opened", host=self._settings.host, port=self.port)

    async def stop(self) -> None:
        """End the streams, then close."""
        self._live.end()
        if self._looking is not None:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def _app(self) -> web.Application:
        token = self._settings.token.get_secret_value()
        middlewares = [guard(self._settings.host, token), _say_unreadable]
        app = web.Application(middlewares=middlewares)
        app.on_response_prepare.append(add_headers)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/api/status", self._answer_status)
        app.router.add_get("/api/calls", self._answer_calls)
        app.router.add_get("/api/events", self._answer_events)
        app.router.add_get("/api/rejected", self._answer_rejected)
        app.router.add_get("/api/live", self._live.answer)
        app.router.add_get("/metrics", self._metrics)
        for path in _FILES:
            app.router.add_get(path, self._file)
        return app

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK)
            self._history.look(self._view.now(), status.pushes_by_server(self._view.metrics))

    async def _status(self) -> Any:
        self._history.look(self._view.now(), status.pushes_by_server(self._view.metrics))
        return await status.status(self._view, self._history)

    async def _rejected_in_short(self) -> Any:
        """The list without bodies: the page asks for those it opens."""
        return {
            "rejected": [
                {name: value for name, value in push.items() if name != "body"}
                for push in self._view.rejected.newest()
            ]
        }

    async def _healthz(self, _: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    async def _readyz(self, _: web.Request) -> web.Response:
        ready, _why = self._view.ready()
        return web.Response(status=200 if ready else 503, text="ok\n" if ready else "not ready\n")

    async def _answer_status(self, _: web.Request) -> web.Response:
        return _json(await self._status())

    async def _answer_calls(self, _: web.Request) -> web.Response:
        return _json(await status.calls(self._view))

    async def _answer_events(self, request: web.Request) -> web.Response:
        server = _number(request, "server", None)
        limit = _number(request, "limit", EVENTS)
        return _json(await status.events(self._view, server, min(limit or EVENTS, EVENTS)))

    async def _answer_rejected(self, request: web.Request) -> web.Response:
        number = _number(request, "number", None)
        pushes = self._view.rejected.newest()
        if number is not None:
            pushes = [push for push in pushes if push["number"] == number]
        return _json({"rejected": pushes, "turnedAway": self._view.rejected.turned_away()})

    async def _metrics(self, _: web.Request) -> web.Response:
        return web.Response(
            body=self._view.metrics.render(),
            headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
        )

    async def _file(self, request: web.Request) -> web.Response:
        name, content_type = _FILES[request.path]
        return web.Response(
            body=(PAGE / name).read_bytes(), content_type=content_type, charset="utf-8"
        )


@web.middleware
async def _say_unreadable(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except JournalUnavailable as error:
        return web.Response(status=503, text=f"{error}\n", headers={"Retry-After": "5"})


def _number(request: web.Request, name: str, default: int | None) -> int | None:
    text = request.query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise web.HTTPBadRequest(text=f"{name} is a whole number\n")
    return int(text)


def _json(body: Any) -> web.Response:
    return web.Response(
        body=json.dumps(body, ensure_ascii=False).encode(errors="replace"),
        content_type="application/json",
    )

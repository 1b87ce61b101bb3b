"""A simulated Sonoran CAD, a process of its own: REST API v2, push hub, HTTP pushes, and faults.

It follows what is known of the real one (limits a key, capitalised lists, no echo of dispatch
changes and panic, an echo of 911 calls, the hub's SignalR) and nothing more. Tests steer it under
`/control/…`: `reset`, `config`, `fault`, `act`, `hub`, `state`, `log`.

    python tests/simulated_cad/main.py --port 0

prints its address, then serves on loopback until it is ended.
"""

import argparse
import asyncio
import contextlib

import control
import hub
import rest
from aiohttp import web
from world import World


def application() -> web.Application:
    """Return the CAD's web application with a fresh world."""
    app = web.Application(client_max_size=8 * 1024 * 1024)
    world = World()
    rest.add_routes(app, world)
    sessions = hub.add_routes(app, world)
    control.add_routes(app, world, sessions)
    return app


async def serve(port: int) -> None:
    """Serve until cancelled."""
    runner = web.AppRunner(application(), shutdown_timeout=0.5, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", port)
    await site.start()
    chosen = site._server.sockets[0].getsockname()[1]
    print(f"http://127.0.0.1:{chosen}", flush=True)
    try:
        await asyncio.Event().wait()
    finally:
        await runner.cleanup()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--port", type=int, default=0)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(parser.parse_args().port))


if __name__ == "__main__":
    main()

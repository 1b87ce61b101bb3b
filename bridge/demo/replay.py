"""`replay`: plays a recording into the demo, or into a test game server.

The token is new each time, so no game server gets it but one that somebody sets up for it: a replay
cannot alert the players of a server that is in use.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bridge.demo.playback import SERVER, Playback, Played
from bridge.demo.site import DemoSite
from bridge.demo.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from bridge.demo.recording import Recording

__all__ = ["into_demo", "into_test_server"]


async def into_demo(
    recording: Recording,
    *,
    speed: float,
    say: Callable[[str], None],
    port: int = 0,
    patience: float = 30.0,
    stop: asyncio.Event | None = None,
) -> Played | None:
    """Play into the demo, with its page; None: it was stopped before the end.

    Args:
        recording: what to play.
        speed: 1 to 20; the page can change it.
        say: prints a line.
        port: of the page; 0: any free one.
        patience: seconds to wait for somebody to open the page before it begins.
        stop: ends it at any time, and until it is set the page stays open after the end; None: it
            closes then.
    """
    async with (
        Playback(recording, speed=speed) as playback,
        Stage(bridge=playback) as stage,
        DemoSite(stage, port=port, playback=playback) as site,
    ):
        say(f"{len(recording.events)} events of {recording.name}: open {site.url}")
        if stop is None:
            return await _play(site, playback, patience, say)
        say("end it with Ctrl+C")
        playing = asyncio.create_task(_play(site, playback, patience, say))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait({playing, stopping}, return_when=asyncio.FIRST_COMPLETED)
            played = await playing if playing.done() else None
            await stopping
        finally:
            playing.cancel()
            stopping.cancel()
            await asyncio.gather(playing, stopping, return_exceptions=True)
    return played


async def _play(
    site: DemoSite, playback: Playback, patience: float, say: Callable[[str], None]
) -> Played:
    await site.opened(patience)
    played = await playback.play()
    say(str(played))
    return played


async def into_test_server(
    recording: Recording,
    *,
    speed: float,
    say: Callable[[str], None],
    host: str = "127.0.0.1",
    port: int = 0,
) -> Played:
    """Play into a game server that somebody sets up for it; waits until it has connected."""
    async with Playback(recording, speed=speed, host=host, port=port) as playback:
        say("In the server.cfg of a TEST server, in the place of the bridge's lines:")
        say(f'  set cadbridge_url "ws://{host}:{playback.gateway_port}"')
        say(f'  set cadbridge_token "{playback.tokens[SERVER]}"')
        say("Everybody there who may get alerts will get the recorded ones. Waiting for it ...")
        await playback.connected()
        say(f"connected; {len(recording.events)} events at {speed:g} times the speed")
        played = await playback.play()
        say(str(played))
    return played

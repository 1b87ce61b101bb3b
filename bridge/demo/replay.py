"""`replay`: plays a recording into the demo, or into a test game server.

The token is new each time, so no game server gets it but one that somebody sets up for it: a replay
cannot alert the players of a server that is in use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.demo.playback import SERVER, Playback, Played
from bridge.demo.site import DemoSite
from bridge.demo.stage import Stage

if TYPE_CHECKING:
    import asyncio
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
) -> Played:
    """Play into the demo, with its page.

    Args:
        recording: what to play.
        speed: 1 to 20; the page can change it.
        say: prints a line.
        port: of the page; 0: any free one.
        patience: seconds to wait for somebody to open the page before it begins.
        stop: the page stays open after the end until this is set; None: it closes.
    """
    async with (
        Playback(recording, speed=speed) as playback,
        Stage(bridge=playback) as stage,
        DemoSite(stage, port=port, playback=playback) as site,
    ):
        say(f"{len(recording.events)} events of {recording.name}: open {site.url}")
        await site.opened(patience)
        played = await playback.play()
        say(str(played))
        if stop is not None:
            await stop.wait()
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

"""`demo`: the stage with its page, until somebody ends it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from bridge.demo.site import DemoSite
from bridge.demo.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["show"]


async def show(
    say: Callable[[str], None],
    stop: asyncio.Event,
    *,
    port: int = 0,
    browse: Callable[[str], object] | None = None,
) -> None:
    """Serve the page until `stop` is set; leave nothing behind.

    Args:
        say: prints a line.
        stop: ends it.
        port: of the page; 0: any free one.
        browse: opens the page's address in a browser; None: somebody does so by hand.

    Raises:
        OSError: the port is taken.
    """
    say("starting a bridge, a simulated game server and three players ...")
    async with Stage() as stage, DemoSite(stage, port=port) as site:
        say(f"open {site.url}")
        say("end it with Ctrl+C")
        if browse is not None:
            await asyncio.to_thread(browse, site.url)
        await stop.wait()

"""`demo`: the stage with its page, until somebody ends it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.demo.site import DemoSite
from bridge.demo.stage import Stage

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

__all__ = ["show"]


async def show(say: Callable[[str], None], stop: asyncio.Event, *, port: int = 0) -> None:
    """Serve the page until `stop` is set; leave nothing behind.

    Args:
        say: prints a line.
        stop: ends it.
        port: of the page; 0: any free one.

    Raises:
        OSError: the port is taken.
    """
    say("starting a bridge, a simulated game server and three players ...")
    async with Stage() as stage, DemoSite(stage, port=port) as site:
        say(f"open {site.url}")
        say("end it with Ctrl+C")
        await stop.wait()

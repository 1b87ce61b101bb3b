"""The end of a command that runs until it is told to stop."""

from __future__ import annotations

import asyncio
import os
import signal

__all__ = ["stop_on_signal"]


def stop_on_signal() -> asyncio.Event:
    """Return an event that the first signal to stop sets; the second one ends the process."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            os._exit(1)
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, asked)
        except NotImplementedError:  # Windows: a plain handler, which wakes the loop
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(asked))
    return stop

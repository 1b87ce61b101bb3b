"""A bridge as a process: its ports stay its own until it listens, and dead it does not run."""

import asyncio
import errno
import os
import socket
from pathlib import Path

import pytest

from bridge.demo.bridge_process import BridgeProcess, free_port


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps no port so")
def test_a_free_port_is_kept_from_whoever_asks_for_any_and_not_from_who_names_it() -> None:
    port = free_port()

    with socket.socket() as any_port, pytest.raises(OSError, match="in use") as refusal:
        any_port.bind(("127.0.0.1", port))  # as the system tries one that it might give
    assert refusal.value.errno == errno.EADDRINUSE
    for _ in range(2):
        socket.create_server(("127.0.0.1", port)).close()


async def test_a_bridge_is_dead_at_once_even_if_nobody_waits_for_its_end(tmp_path: Path) -> None:
    async with BridgeProcess(tmp_path) as bridge:
        killing = asyncio.create_task(bridge.kill())
        await asyncio.sleep(0)
        killing.cancel()
        assert not bridge.running
        await bridge.start()
        assert bridge.running

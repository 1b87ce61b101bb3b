"""The cable that can be cut, with an echo at its far end."""

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from bridge.demo.cable import Cable


@pytest.fixture
async def cable() -> AsyncIterator[Cable]:
    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(1000):
                writer.write(data)
        finally:  # the test may be over before its connection is
            writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with Cable(server.sockets[0].getsockname()[1]) as cable:
        yield cable
    server.close()


async def connect(cable: Cable) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", int(cable.url.rpartition(":")[2]))


async def read(reader: asyncio.StreamReader) -> bytes:
    """What comes; nothing if the connection has ended."""
    try:
        return await asyncio.wait_for(reader.read(1000), 60)
    except ConnectionError:
        return b""


async def test_a_whole_cable_carries_both_ways(cable: Cable) -> None:
    reader, writer = await connect(cable)
    writer.write(b"hello")
    assert await read(reader) == b"hello"
    writer.close()


async def test_a_cut_cable_ends_connections_and_takes_no_new_ones(cable: Cable) -> None:
    reader, writer = await connect(cable)
    writer.write(b"hello")
    await read(reader)

    cable.cut()

    assert await read(reader) == b""
    late, late_writer = await connect(cable)
    assert await read(late) == b""
    writer.close()
    late_writer.close()


async def test_a_silent_cable_carries_nothing_and_ends_nothing(cable: Cable) -> None:
    reader, writer = await connect(cable)
    writer.write(b"before")
    await read(reader)

    cable.silence()
    writer.write(b"lost")

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(reader.read(1000), 0.2)
    writer.close()


async def test_a_mended_cable_never_goes_on_with_a_connection_that_lost_bytes(
    cable: Cable,
) -> None:
    reader, writer = await connect(cable)
    writer.write(b"before")
    await read(reader)
    cable.silence()
    writer.write(b"lost")
    cable.mend()

    assert await read(reader) == b""
    again, again_writer = await connect(cable)
    again_writer.write(b"whole")
    assert await read(again) == b"whole"
    writer.close()
    again_writer.close()


async def test_nobody_at_the_far_end_is_a_connection_that_ends() -> None:
    with socket.socket() as nobody:  # has the port and does not listen
        nobody.bind(("127.0.0.1", 0))
        async with Cable(nobody.getsockname()[1]) as cable:
            reader, writer = await connect(cable)
            assert await read(reader) == b""
            writer.close()

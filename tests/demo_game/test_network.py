from __future__ import annotations

from bridge.demo.game.network import Bucket, Packet, ServerDoor
from bridge.demo.game.packing import encode_args


def test_a_bucket_gives_its_burst_then_its_rate() -> None:
    bucket = Bucket(50, 200)
    assert sum(bucket.take(0) for _ in range(300)) == 200
    assert sum(bucket.take(1000) for _ in range(300)) == 50


def test_events_beyond_the_burst_are_dropped_and_a_flood_drops_the_player() -> None:
    door = ServerDoor()
    verdicts = [door.event(0, "x", 10) for _ in range(501)]
    assert verdicts.count(None) == 200
    assert verdicts.count("") == 300
    assert verdicts[-1] == "Reliable network event overflow."


def test_too_many_bytes_drop_the_player() -> None:
    door = ServerDoor()
    assert door.event(0, "x", 384 * 1024) is None
    assert door.event(0, "x", 1) == "Reliable network event size overflow: x"


def test_an_event_of_too_many_bytes_is_no_packet_at_all() -> None:
    door = ServerDoor()
    assert [door.event(0, "x", 384 * 1024 + 2) for _ in range(600)] == [""] * 600
    assert door.event(0, "x", 10) is None


def test_commands_have_limits_of_their_own() -> None:
    door = ServerDoor()
    verdicts = [door.command(0, "x") for _ in range(60)]
    assert verdicts[:14] == [None] * 14
    assert verdicts[14:59] == [""] * 45
    assert verdicts[59] == "Reliable server command overflow."
    door = ServerDoor()
    assert door.command(0, "é" * 2049) == "", "longer than 4096 bytes: no packet at all"
    assert [door.command(0, "x" * 4096) for _ in range(2)] == [None, None]
    assert "size" in (door.command(0, "x") or "")


def test_a_packet_knows_its_arguments_and_bytes() -> None:
    packet = Packet("name", encode_args([1, "zwei", None]), 0)
    assert packet.args == [1, "zwei", None]
    assert packet.bytes == 4 + len(packet.payload)

"""The resource under load and at rest, with the real client scripts at the other end."""

from __future__ import annotations

from collections import Counter
from typing import Any

Town = Any
Make = Any


async def test_two_hundred_calls_in_two_seconds_flood_nobody_and_are_all_in_the_list(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.server.join(town.people[1], client="lua")
    await town.server.join(town.people[4], client="lua")
    await town.server.advance(500)
    client = town.server.client(1)
    painted = town.server.listen("cadbridge:painted")
    for number in range(200):
        town.happen("call.opened", call=make.call(number, emergency=number % 2 == 0 or None))
        if number % 5 == 4:
            await town.server.advance(50)
    await town.server.advance(1000)
    assert len(client.feed) == 30
    # A client may send 50 net events a second; what is beyond would be lost.
    assert len(painted) == 30
    await town.server.advance(15_000)
    assert len(client.feed) == 31
    assert "Emergencies: 85, further calls in all: 170." in client.feed[-1].text
    assert len(painted) == 30
    assert len({sound.at for sound in client.sounds}) <= 4
    asked: list[Any] = []
    town.server.on("cadbridge:calls", lambda *_: asked.append(1))
    town.server.emit_as_client(1, "cadbridge:calls")
    await town.server.advance(200)
    [listed] = [p.args[0] for p in town.server.packets(1) if p.name == "cadbridge:list"]
    assert {alert["key"] for alert in listed} == {f"911:{number}" for number in range(200)}
    sizes = [packet.bytes for packet in town.server.packets(1)]
    assert max(sizes) < 1_000_000
    assert town.server.packets(4) == []
    await town.server.advance(6000)
    receipts = town.frames("receipt")
    assert len(receipts) == 200
    assert Counter(receipt["shown"] for receipt in receipts) == {1: 30, 0: 170}
    assert Counter(str(receipt["why"]) for receipt in receipts)["{'limited': 1}"] == 170


async def test_a_list_of_five_hundred_calls_with_the_longest_texts_stays_small(
    build: Any, make: Make
) -> None:
    town = await build(welcome=False)
    town.dispatchers(1)
    town.responders(1)
    await town.come(1)
    letters = ("x", "ó", "警")  # one, two and three bytes
    texts = ("caller", "location", "title", "code", "postal", "priority", "status")

    def longest(number: int) -> Any:
        letter = letters[number % 3]
        return make.call(
            number,
            "dispatch" if number % 2 else "911",
            units=list(range(20)) if number % 2 else None,
            position={"x": 500.5, "y": 600.25, "z": 20.125},
            description=letter * 3000,
            **dict.fromkeys(texts, letter * 300),
        )

    units = [make.unit(ident, number="x" * 40) for ident in range(20)]
    town.tell("ready")
    await town.connect(calls=[longest(number) for number in range(500)], units=units)
    town.forget()
    town.server.emit_as_client(1, "cadbridge:calls")
    await town.server.advance(200)

    [packet] = [p for p in town.server.packets(1) if p.name == "cadbridge:list"]
    assert len(packet.args[0]) == 500
    assert packet.bytes < 400_000
    for alert in packet.args[0]:
        letter = letters[int(alert["key"].split(":")[1]) % 3]
        assert 150 < len(alert["text"].encode()) <= 160
        assert set(alert["text"]) == {letter, "…"}


async def test_an_idle_minute_costs_no_native_on_server_or_client(town: Town, make: Make) -> None:
    town.responders(1)
    await town.server.join(town.people[1], client="lua")
    await town.server.join(town.people[4], client="lua")
    await town.event("unit.on_duty", unit=make.unit(150))
    await town.event("call.opened", call=make.call(position={"x": 500.0, "y": 600.0, "z": 20.0}))
    clients = [town.server.client(source) for source in (1, 4)]
    assert len(clients[0].blips) == 1
    await town.server.advance(120_000)
    town.server.measure()
    before = [client.natives for client in clients]
    await town.server.advance(60_000)
    assert town.server.measure().natives == {}
    assert [client.natives - then for client, then in zip(clients, before, strict=True)] == [{}, {}]

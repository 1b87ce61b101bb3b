"""What a caller wrote is shown as what it says: in events, blips, console and chat."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any

TEXTS = [
    "~r~red~n~line ~INPUT_CONTEXT~",
    "^1red ^^11 ^*bold",
    "50% off %1 %s %%",
    "<img src=x onerror=alert(1)><font size='99'>",
    "{number} {place} {player}",
    "a\u202eb\u2066c",
    "](javascript:alert(1)) `code` ![x](http://x)",
    "警察 🚓 Ångström" * 20,
    "x" * 4000,
    "&lt;b&gt;",
]


def reach(text: str) -> dict[str, Any]:
    return {"caller": text, "location": text, "description": text, "title": text, "code": text}


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
async def test_a_hostile_call_reaches_its_responder_as_plain_text(
    town: Town, make: Make, text: str
) -> None:
    town.responders(1)
    await town.come(1, 4)
    place = {"x": 5.0, "y": 6.0}
    await town.event("call.opened", call=make.call(**reach(text), position=place))
    (alert,) = town.shown(1)
    # Raw text, cut in length only: what shows it makes it safe.
    assert text.startswith(alert["text"].removesuffix("…"))
    name = alert["blip"]["name"]
    assert len(name.encode()) <= 99
    assert not set(name) & set("~<>")
    assert town.got(4) == []
    town.server.console("cadbridge status")
    for line in town.server.console_lines:
        assert not set(line) & set("^~\x1b\u202e")


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:12])
async def test_a_hostile_dispatch_call_with_notes_and_units_does_no_harm(
    town: Town, make: Make, text: str
) -> None:
    town.dispatchers(1)
    await town.come(1)
    await town.event("unit.on_duty", unit=make.unit(101, number=text, name=text, department=text))
    call = make.call(880, "dispatch", **reach(text), units=[101], priority=text, status=text)
    await town.event("call.opened", call=call)
    note = {"content": text, "label": text, "kind": text}
    await town.event("call.noted", call=call, note=note)
    await town.event(
        "unit.changed", unit=make.unit(101, number=text, panic=True), changed=["panic"]
    )
    shown = town.shown(1)
    assert [a["how"] for a in shown[:2]] == ["alert", "change"]


async def test_a_hostile_name_of_a_player_is_harmless_in_the_console(town: Town) -> None:
    await town.come(6, 7, 8)
    for source in (6, 7, 8):
        town.server.console(f"cadbridge why {source}")
        town.server.emit_as_client(source, "cadbridge:note", 5)
    await town.server.advance(100)
    assert town.said("50% off %0 {location} (8)") >= 2
    assert not any("^" in line for line in town.server.console_lines)


async def test_an_event_that_is_not_what_it_should_be_harms_nothing_else(
    town: Town, make: Make
) -> None:
    town.responders(1)
    await town.come(1)
    town.happen("call.opened", call={"key": 5})
    town.happen("call.changed")
    town.happen("unit.on_duty", unit="x")
    town.happen("tone.played", tone={"targets": 5})
    town.happen("something.new", x=1)
    await town.event("call.opened", call=make.call())
    assert [a["key"] for a in town.shown(1)] == ["911:4711"]
    await town.server.advance(300)
    assert town.frames("ack")[-1]["seq"] == town.seq
    assert 1 <= town.said("could not be shown, please report this") <= 4

"""The buttons: what each one pushes, and what it says when it can do nothing."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from bridge.demo.cad import UNIT, Cad
from bridge.demo.controls import HOSTILE, Controls, NotNow
from bridge.demo.stage import CALLER
from bridge.owner import samples
from bridge.sonoran.payloads import parse


@pytest.fixture
def controls(cad: Cad) -> Controls:
    stage: Any = SimpleNamespace(
        cad=cad, bridge=SimpleNamespace(running=True), cable=SimpleNamespace(state="whole")
    )
    return Controls(stage, lambda _: None)


async def test_a_911_is_the_documented_one_from_the_callers_own_account(
    controls: Controls, pushed: Any
) -> None:
    await controls.do("emergency")
    documented = samples.documented_911(4711, CALLER.identifiers[0])
    assert pushed[0]["data"][0].keys() == documented["data"][0].keys()
    assert pushed[0]["data"][0]["call"].keys() == documented["data"][0]["call"].keys()
    assert pushed[0]["data"][0]["communityUserId"] == CALLER.identifiers[0]


async def test_the_same_push_again_is_the_same_to_the_last_letter(
    controls: Controls, pushed: Any
) -> None:
    await controls.do("civil")
    await controls.do("again")
    assert pushed[0] == pushed[1]


async def test_hostile_text_is_pushed_as_it_is(controls: Controls, pushed: Any) -> None:
    await controls.do("hostile")
    assert pushed[0]["data"][0]["call"]["caller"] == HOSTILE


async def test_a_whole_case_is_pushed_in_the_order_of_the_buttons(
    controls: Controls, pushed: Any
) -> None:
    await controls.open()
    for name in ("postal", "dispatch", "attach", "note", "priority", "panic", "panic", "detach"):
        await controls.do(name)
    for name in ("tone", "close", "unit"):
        await controls.do(name)

    assert pushed.types == [
        "EVENT_UNIT_LOGIN",
        "EVENT_911",
        "EVENT_DISPATCH_NEW",
        "EVENT_REMOVE_911",
        "EVENT_DISPATCH_UNIT_ATTACH",
        "EVENT_DISPATCH_NOTE",
        "EVENT_DISPATCH_EDIT",
        "EVENT_UNIT_PANIC",
        "EVENT_UNIT_PANIC",
        "EVENT_DISPATCH_UNIT_DETACH",
        "EVENT_STATION_ALERT",
        "EVENT_DISPATCH_CLOSED",
        "EVENT_UNIT_LOGOUT",
    ]
    assert all(parse(push["type"], push, 0, frozenset()) for push in pushed)


@pytest.mark.parametrize(
    ("button", "said"),
    [
        ("again", "Place a call first"),
        ("dispatch", "place one first"),
        ("attach", "make one of a 911 call first"),
        ("note", "make one of a 911 call first"),
        ("close", "No call is open"),
        ("panic", "put it on duty first"),
    ],
)
async def test_a_button_that_can_do_nothing_says_what_to_do_first(
    controls: Controls, pushed: Any, button: str, said: str
) -> None:
    with pytest.raises(NotNow, match=said):
        await controls.do(button)
    assert pushed == []


async def test_what_a_visitor_types_is_cut_and_has_no_control_characters(
    controls: Controls, pushed: Any
) -> None:
    await controls.do("emergency", "a\x00\n" + "b" * 500)
    description = pushed[0]["data"][0]["call"]["description"]
    assert description.startswith("ab")
    assert len(description) == 200


async def test_the_page_is_told_what_decides_how_buttons_look(
    controls: Controls, pushed: Any
) -> None:
    assert controls.to_json()["unit"] is False
    await controls.open()
    await controls.do("panic")
    look = controls.to_json()
    assert (look["unit"], look["panic"], look["bridge"], look["cable"]) == (True, True, True, True)
    assert UNIT == 101

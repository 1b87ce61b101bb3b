"""The demo's CAD: what its people do is pushed, what the bridge does through the API is not."""

from typing import Any

from bridge.demo.cad import UNIT, Cad
from bridge.demo.cad_api import CadApi
from bridge.sonoran.api import LIMITS, Api
from bridge.sonoran.limits import Limits
from bridge.sonoran.pacing import Budget
from bridge.sonoran.payloads import parse

CALL = {"callId": 1, "isEmergency": True, "caller": "a", "location": "b", "description": "c"}


def asked(api: CadApi) -> Api:
    return Api(api.url, "the key", Limits(LIMITS, lambda: 0))


async def test_a_dispatch_call_takes_the_place_of_its_911_call(cad: Cad, pushed: Any) -> None:
    await cad.place(dict(CALL))
    await cad.dispatch(1)

    assert pushed.types == ["EVENT_911", "EVENT_DISPATCH_NEW", "EVENT_REMOVE_911"]
    assert pushed[1]["data"][0]["dispatch"]["metaData"]["createdFromId"] == "1"
    assert not cad.emergencies
    assert len(cad.dispatches) == 1


async def test_everything_its_people_do_is_a_push_that_the_bridge_understands(
    cad: Cad, pushed: Any
) -> None:
    await cad.log_in("license:abc")
    await cad.place(dict(CALL))
    await cad.dispatch(1)
    (number,) = cad.dispatches
    await cad.attach(number, UNIT)
    await cad.note(number, "a note")
    await cad.edit(number, priority=3)
    await cad.status(3)
    await cad.describe()
    await cad.panic(on=True)
    await cad.detach(number, UNIT)
    await cad.close(number)
    await cad.log_out()

    assert all(parse(push["type"], push, 0, frozenset()) for push in pushed)
    assert not cad.units
    assert not cad.dispatches


async def test_the_bridge_responds_through_the_api_without_an_echo(cad: Cad, pushed: Any) -> None:
    await cad.log_in("license:abc")
    await cad.place(dict(CALL))
    pushed.clear()
    body = {"origin": 0, "status": 1, "priority": 1, "title": "t", "communityUserIds": ["abc"]}
    async with CadApi(cad) as door:
        api = asked(door)
        written, _ = await api.dispatch(1, body, Budget(60))
        await api.remove_911(1, 1, Budget(60))
        await api.note(1, written.id, "text", "A-12", Budget(60))
        assert await api.detach(1, "license:abc", Budget(60)) == (UNIT,)
        assert await api.set_panic(1, "abc", True, Budget(60)) == 1
        lists = (await api.calls(1, Budget(60))).lists
        units = await api.units(1, 0, Budget(60))

    assert written.units == (UNIT,)
    assert lists.emergency == []
    assert lists.active is not None
    assert lists.active[0]["notes"][0]["content"] == "text"
    assert units[0]["isPanic"] is True
    assert pushed == []


async def test_a_911_that_the_bridge_places_comes_back_as_a_push(cad: Cad, pushed: Any) -> None:
    body = {name: value for name, value in CALL.items() if name != "callId"}
    async with CadApi(cad) as door:
        api = asked(door)
        placed, _ = await api.place_911(1, body, Budget(60))

    assert pushed.types == ["EVENT_911"]
    assert pushed[0]["data"][0]["call"]["callId"] == placed.id

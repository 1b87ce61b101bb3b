from typing import Any

from bridge.owner.cad import look

KEY = "test-key-5d1b7c90"


async def test_a_right_key_brings_plan_and_servers(cad: Any) -> None:
    looked = await look(cad.url, KEY)

    assert (looked.state, looked.plan) == ("ok", "PLUS")
    assert [(server.id, server.name) for server in looked.servers] == [
        (1, "Los Santos"),
        (2, "Paleto Bay"),
    ]
    assert cad.asked == 2


async def test_a_wrong_key_is_told_from_a_cad_that_is_away(cad: Any) -> None:
    refused = await look(cad.url, "a-wrong-key-of-mine")
    away = await look("http://127.0.0.1:1", KEY)

    assert refused.state == "refused"
    assert "no such key; check [cad] api_key" in refused.detail
    assert away.state == "unreachable"
    assert "a-wrong-key-of-mine" not in refused.detail


async def test_an_answer_that_is_no_cads_is_not_taken_for_one(cad: Any) -> None:
    cad.servers = [{"name": "without an id"}]

    assert (await look(cad.url, KEY)).state == "unreachable"

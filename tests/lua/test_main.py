"""server/main.lua, connection, neighbours, options, link: start, stop, what the owner is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

Town = Any
Make = Any


# Start --------------------------------------------------------------------------------------------


async def test_the_socket_is_started_when_the_transport_answers(build: Any) -> None:
    town = await build(welcome=False)
    assert ["start"] not in town.out
    town.tell("ready")
    town.tell("ready")
    assert town.out.count(["start"]) == 1


async def test_a_transport_that_did_not_load_is_noticed(build: Any) -> None:
    town = await build(welcome=False)
    await town.server.advance(6000)
    assert town.said("server/transport.js did not load") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "config.lua is missing"),
        ("\ufeffCadBridge.config = { caller = 'none' }", "byte order mark"),
        (
            "CadBridge.config = {\n caller = 'none'\n notify = 'chat'\n}",
            "defaults serve: config.lua:3:",
        ),
        ("CadBridge.config = { jobs = unknown.police }", "config.lua set nothing"),
        ("-- nothing", "config.lua set nothing"),
    ],
)
async def test_a_config_that_did_not_load_is_named_and_the_defaults_serve(
    build: Any, make: Make, content: str | None, said: str
) -> None:
    data = None if content is None else content.encode()
    town = await build(files={"config.lua": data})
    assert town.said(said) == 1
    town.server.errors.clear()
    await town.come(1)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    assert [a["class"] for a in town.shown(1)] == ["caller"]


async def test_the_shipped_config_loads_without_a_word(build: Any) -> None:
    town = await build()
    (line,) = [line for line in town.server.console_lines if "script:cadbridge" in line]
    assert "Connected to bridge 1.0.0 as server Main: 0 open calls, 0 units on duty." in line


async def test_a_config_with_windows_line_ends_is_read(build: Any, make: Make) -> None:
    town = await build(files={"config.lua": b"CadBridge.config = {\r\n  caller = 'none',\r\n}\r\n"})
    await town.come(1)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    assert town.got(1) == []


@pytest.mark.parametrize(
    ("folder", "said"),
    [("CadBridge", "capital letters"), ("alerts", "expects cadbridge"), ("cadbridge", None)],
)
async def test_a_folder_of_another_name_is_warned_of(
    build: Any, folder: str, said: str | None
) -> None:
    town = await build(name=folder, welcome=False)
    assert town.said("The folder of this resource") == (1 if said else 0)
    assert said is None or town.said(said) == 1


async def test_options_of_server_cfg_win_over_config_lua(build: Any, make: Make) -> None:
    town = await build("caller = 'alert'", convars={"cadbridge_caller": "none"})
    await town.come(1)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    assert town.got(1) == []


# The token ----------------------------------------------------------------------------------------


async def test_a_token_that_players_can_read_is_believed_only_from_who_can_read_it(
    build: Any,
) -> None:
    town = await build()
    await town.come(4)
    town.server.emit_as_client(4, "cadbridge:exposed", "a guess")
    await town.server.advance(100)
    assert town.server.export("IsConnected") is True
    town.server.emit_as_client(4, "cadbridge:exposed", "t" * 32)
    await town.server.advance(100)
    assert town.server.export("IsConnected") is False
    assert town.out[-1] == ["stop"]
    assert town.said("players can read cadbridge_token") == 1
    assert town.said("t" * 32) == 0


async def test_an_exposed_token_is_not_used_again_until_it_is_another_one(build: Any) -> None:
    town = await build()
    await town.come(4)
    town.server.emit_as_client(4, "cadbridge:exposed", "t" * 32)
    await town.server.advance(100)
    town.out.clear()
    await town.server.restart_resource()
    town.tell("ready")
    assert ["start"] not in town.out
    town.server.set_convar("cadbridge_token", "u" * 32)
    await town.server.restart_resource()
    town.tell("ready")
    assert ["start"] in town.out


async def test_the_token_is_in_nothing_that_is_sent_or_printed(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    town.server.console("cadbridge status")
    town.tell("missing", "url", f"ws://user:{'t' * 32}@bridge/#x")
    everything = json.dumps([town.out, town.server.console_lines, town.got(1)])
    assert "t" * 32 not in everything


# The connection -----------------------------------------------------------------------------------

TOLD = [
    (("missing", "websocket", "v16.9.1"), "(v16.9.1) has no WebSocket"),
    (("missing", "token", None), "cadbridge_token is empty"),
    (("missing", "url", "http://x"), "http://x, which is no address"),
    (("down", "closed", 4401, 60000), "refused the token"),
    (("down", "closed", 4409, 60000), "Another game server uses the token"),
    (("down", "closed", 4426, 15000), "does not speak the protocol"),
    (("down", "unreachable", None, 1000), "cannot be reached"),
    (("down", "timeout", None, 1000), "says nothing"),
    (("down", "silent", None, 1000), "silent for too long"),
    (("down", "closed", 1006, 1000), "ended (code 1006). Next try in 1 s"),
    (("down", "binary", None, 1000), "no bridge"),
]


@pytest.mark.parametrize(("words", "said"), TOLD)
async def test_the_owner_is_told_what_to_do_once(
    town: Town, words: tuple[Any, ...], said: str
) -> None:
    for _ in range(20):
        town.tell(*words)
    assert town.said(said) == 1
    assert any(said in line for line in town.server.console("cadbridge status"))


async def test_a_failure_that_goes_on_is_told_again_after_five_minutes(town: Town) -> None:
    for _ in range(3):
        town.tell("down", "unreachable", None, 15000)
        await town.server.advance(299_000)
    assert town.said("cannot be reached") == 1 + 1


async def test_a_restart_resumes_at_the_cursor_and_handles_nothing_twice(
    build: Any, make: Make
) -> None:
    store: dict[str, Any] = {}
    town = await build(store=store)
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(1))
    await town.server.restart_resource()
    town.tell("ready")
    town.generation += 1
    town.tell("open", town.generation)
    hello = json.loads(town.last("hello")[2])
    assert (hello["op"], hello["epoch"], hello["cursor"], hello["board"]) == (
        "hello",
        "epoch-1",
        1,
        True,
    )
    assert hello["resource"] == "1.0.0"
    assert "token" not in hello


async def test_a_new_connection_of_the_same_run_asks_for_no_board(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call(1))
    town.forget()
    town.down()
    hello = await town.connect(board=False)
    assert (hello["cursor"], hello["board"]) == (1, False)
    town.seq = 0
    await town.event("call.opened", call=make.call(1))
    assert town.got(1) == []


async def test_events_are_acknowledged_within_200_ms(town: Town, make: Make) -> None:
    for number in range(5):
        town.happen("call.opened", call=make.call(number))
    assert town.frames("ack") == []
    await town.server.advance(200)
    assert [frame["seq"] for frame in town.frames("ack")] == [5]
    await town.server.advance(1000)
    assert len(town.frames("ack")) == 1


@pytest.mark.parametrize(
    "text",
    ["no json", "[]", '{"op":"event"}', '{"op":"welcome","epoch":1}', '{"op":"reply"}', '"x"'],
)
async def test_a_bad_frame_ends_the_connection(town: Town, text: str) -> None:
    town.tell("frame", town.generation, text)
    ended = [words for words in town.out if words[0] == "end"]
    assert [words[1:3] for words in ended] == ([[1, 4400]] if text != "[]" else [])


async def test_frames_of_an_older_connection_are_not_heard(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    town.down()
    event = {"type": "call.opened", "call": make.call()}
    town.tell(
        "frame", 1, json.dumps({"op": "event", "seq": 1, "age": 0, "alert": True, "event": event})
    )
    await town.server.advance(100)
    assert town.got(1) == []


async def test_when_the_resource_stops_the_last_word_is_said(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1)
    await town.event("call.opened", call=make.call())
    await town.server.stop_resource("cadbridge")
    assert town.out[-1] == ["stop"]
    assert town.frames("receipt")[0]["why"] == {"unanswered": 1}
    assert town.frames("ack")[-1]["seq"] == 1


async def test_a_bridge_that_says_more_than_we_know_is_fine(town: Town) -> None:
    town.frame(op="future", anything=1)
    town.frame(op="heartbeat")
    await town.event("future.thing", x=1)
    await town.server.advance(300)
    assert town.frames("ack")[-1]["seq"] == 1


# Players ------------------------------------------------------------------------------------------


async def test_a_player_whom_another_resource_throws_out_as_he_joins_is_nobody(
    town: Town, make: Make
) -> None:
    await town.come(1)
    # A resource that hears it first drops him: `playerDropped` comes before this, and he is gone.
    town.server.world.queue("playerJoining", b"\x91\xa565536", "internal-net:70")
    await town.come(4)
    assert any("Players: 2" in line for line in town.server.console("cadbridge status"))


# Other resources ----------------------------------------------------------------------------------


async def test_the_cads_own_resource_beside_us_is_said_once(build: Any) -> None:
    town = await build()
    await town.server.add_resource("sonorancad", server="-- the CAD's own")
    await town.server.advance(100)
    assert town.said("each call would come twice") == 1


async def test_the_cads_own_resource_with_its_notices_off_is_fine(build: Any) -> None:
    town = await build()
    await town.server.add_resource(
        "sonorancad",
        server="-- the CAD's own",
        files={"configuration/dispatchnotify_config.lua": "local config = { enabled = false }"},
    )
    await town.server.advance(100)
    assert town.said("each call would come twice") == 0


async def test_without_onesync_all_but_positions_works(build: Any, make: Make) -> None:
    town = await build(onesync=False)
    town.responders(2)
    await town.come(1, 2)
    await town.event("call.opened", call=make.call(callerIds=make.ids(1)))
    assert [a["class"] for a in town.shown(1)] == ["caller"]
    assert "position" not in town.shown(2)[0]
    assert any("OneSync is off" in line for line in town.server.console("cadbridge status"))


async def test_postals_that_are_no_json_are_said(build: Any) -> None:
    town = await build()
    await town.server.add_resource(
        "nearest-postal", server="-- postals", files={"new-postals.json": "[{]"}
    )
    await town.server.advance(100)
    assert town.said("new-postals.json of nearest-postal are not valid JSON") == 1


# Cost ---------------------------------------------------------------------------------------------


async def test_an_idle_resource_calls_nothing(town: Town, make: Make) -> None:
    town.responders(1)
    await town.come(1, 2)
    await town.event("call.opened", call=make.call())
    await town.server.advance(30_000)
    town.server.measure()
    await town.server.advance(60_000)
    assert town.server.measure().natives == {}


async def test_a_push_costs_the_same_in_a_crowd(opened: Any, make: Make) -> None:
    natives = []
    for players in (20, 200):
        async with opened() as town:
            await town.crowd(players)
            town.responders(1, 2, 3)
            await town.come(1, 2, 3)
            await town.event("call.opened", call=make.call(1))
            await town.server.advance(6000)
            town.server.measure()
            town.happen("call.opened", call=make.call(2))
            natives.append(sum(town.server.measure().natives.values()))
    assert natives[0] == natives[1]

"""server/suggestions.lua: what the chat says of the commands that a player may use."""

from __future__ import annotations

from typing import Any

import pytest

Town = Any
Make = Any

ANYBODY = ["/link", "/911", "/311", "/alerts"]
DUTY = ["/calls", "/respond", "/clearcall", "/note", "/status", "/panic"]


@pytest.fixture
async def street(build: Any) -> Town:
    """A responder by permission, a linked player and a bystander, with a chat."""
    town: Town = await build()
    await town.server.add_resource("chat")
    town.responders(1)
    await town.come(1, 2, 4)
    await town.server.advance(1500)
    return town


def suggested(town: Town, source: int) -> list[list[dict[str, Any]]]:
    """Return the lists that a player was sent since the last look."""
    return [args[0] for name, args in town.got(source) if name == "suggest"]


def names(town: Town, source: int) -> list[list[str]]:
    return [[suggestion["name"] for suggestion in list_] for list_ in suggested(town, source)]


async def test_each_player_gets_the_commands_that_he_may_use_once(street: Town) -> None:
    [mine] = names(street, 1)
    assert set(mine) == {*ANYBODY, *DUTY}
    assert [set(list_) for list_ in names(street, 4)] == [set(ANYBODY)]
    await street.server.advance(10_000)
    assert (street.got(1), street.got(4)) == ([], [])


async def test_a_command_has_a_word_of_help_and_says_what_follows_it(street: Town) -> None:
    [list_] = suggested(street, 1)
    by_name = {suggestion["name"]: suggestion for suggestion in list_}
    assert by_name["/calls"] == {"name": "/calls", "help": "List of the open calls"}
    assert by_name["/911"]["params"] == [{"name": "text", "help": "What happened"}]
    assert [p["name"] for p in by_name["/respond"]["params"]] == ["id"]
    assert not any("chat.help" in str(suggestion) for suggestion in list_)


async def test_they_are_in_the_servers_language(build: Any) -> None:
    town = await build("locale = 'de'")
    await town.server.add_resource("chat")
    await town.come(4)
    await town.server.advance(1500)
    [list_] = suggested(town, 4)
    assert "Einstellungen für Ihre Meldungen" in [suggestion["help"] for suggestion in list_]


async def test_only_what_is_registered_under_our_name_is_told(build: Any) -> None:
    town = await build(
        "commands = { ['911'] = 'notruf', panic = '', alerts = 'radio' }", welcome=False
    )
    await town.server.add_resource("phone", server="RegisterCommand('link', print, false)")
    # Ours had it first; now the other one shall.
    await town.server.stop_resource("cadbridge")
    await town.server.restart_resource("phone")
    await town.server.start_resource("cadbridge")
    await town.server.add_resource("chat")
    town.responders(1)
    await town.come(1)
    await town.server.advance(1500)
    [mine] = names(town, 1)
    assert set(mine) == {*DUTY, "/notruf", "/311", "/radio"} - {"/panic"}


@pytest.mark.parametrize("responders", ["'cad'", "'ace'"])
async def test_who_becomes_a_responder_gets_the_others_and_who_ceases_to_be_one_has_them_no_more(
    build: Any, make: Make, responders: str
) -> None:
    # A unit may use them, whatever makes a responder here.
    town = await build(f"responders = {{ {responders} }}")
    await town.server.add_resource("chat")
    await town.come(2, 4)
    await town.server.advance(1500)
    town.forget()
    await town.event("unit.on_duty", unit=make.unit(102, player=2))
    assert names(town, 2) == []  # no push waits for it
    await town.server.advance(1500)
    assert [set(list_) for list_ in names(town, 2)] == [{*ANYBODY, *DUTY}]
    await town.event("unit.off_duty", unit=make.unit(102, player=2))
    await town.server.advance(1500)
    assert [set(list_) for list_ in names(town, 2)] == [set(ANYBODY)]
    town.down()
    await town.connect(epoch="another", units=[make.unit(102, player=2)])
    await town.server.advance(1500)
    assert [set(list_) for list_ in names(town, 2)] == [{*ANYBODY, *DUTY}]
    assert town.got(4) == []


async def test_a_permission_counts_as_soon_as_it_is_seen(street: Town) -> None:
    street.forget()
    street.responders(4)
    street.server.command_as(4, "calls")
    await street.server.advance(1500)
    assert [set(list_) for list_ in names(street, 4)] == [{*ANYBODY, *DUTY}]


async def test_a_client_that_starts_anew_is_told_again(street: Town) -> None:
    street.forget()
    street.ready(4)
    await street.server.advance(1500)
    assert [set(list_) for list_ in names(street, 4)] == [set(ANYBODY)]


async def test_who_takes_the_number_of_one_who_left_gets_his_own(street: Town) -> None:
    street.ready(1)
    await street.server.drop(1)
    await street.server.advance(1500)
    street.server.revoke_ace("identifier.license:abc123", "cadbridge.responder")
    await street.come(1)
    await street.server.advance(1500)
    assert set(names(street, 1)[-1]) == set(ANYBODY)


async def test_without_a_chat_nothing_is_sent_until_there_is_one(build: Any) -> None:
    town = await build()
    await town.come(1, 4)
    await town.server.advance(15_000)
    assert (town.got(1), town.got(4)) == ([], [])
    town.server.measure()
    await town.server.advance(10_000)
    assert town.server.measure().natives == {}
    await town.server.add_resource("chat")
    await town.server.advance(1500)
    assert [set(list_) for list_ in names(town, 4)] == [set(ANYBODY)]


async def test_a_full_server_is_told_a_few_players_at_a_time_and_then_no_more(build: Any) -> None:
    town = await build()
    await town.server.add_resource("chat")
    sources = await town.crowd(200)
    told = []
    for _ in range(40):
        told.append(sum(len(suggested(town, source)) for source in sources))
        await town.server.advance(50)
    assert (sum(told), max(told)) == (200, 64)
    await town.server.advance(15_000)
    town.server.measure()
    await town.server.advance(30_000)
    assert town.server.measure().natives == {}
    assert not any(suggested(town, source) for source in sources)


async def test_in_the_game_the_chat_shows_them_and_takes_them_away(
    street: Town, make: Make
) -> None:
    await street.server.join(street.people[3], client="lua")
    await street.server.advance(1500)
    chat = street.server.client(3).suggestions
    assert chat["/911"]["help"] == "Place an emergency call from where you stand"
    assert "/panic" not in chat
    await street.event("unit.on_duty", unit=make.unit(103, player=3))
    await street.server.advance(1500)
    assert chat["/panic"]["help"] == "Panic button, on and off"
    await street.event("unit.off_duty", unit=make.unit(103, player=3))
    await street.server.advance(1500)
    assert set(chat) == set(ANYBODY)

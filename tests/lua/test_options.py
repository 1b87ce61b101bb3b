"""server/options.lua: defaults in code, what differs in config.lua, overrides in server.cfg."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

Lua = Any

READ = """
return function(config, convars)
    local told = {}
    local options = CadBridge.options.read(config, function(name) return convars[name] or '' end,
        function(name, places)
            told[#told + 1] = { name, places.name or places.command, places.allowed }
        end)
    return options, told
end
"""


@pytest.fixture
def read(load: Callable[..., Lua], make: Any) -> Callable[..., tuple[dict[str, Any], list[Any]]]:
    lua = load("server/options.lua")
    reader = lua.execute(READ)

    def options(config: str = "{}", **convars: str) -> tuple[dict[str, Any], list[Any]]:
        named = {name.replace("ox_", "ox:"): value for name, value in convars.items()}
        found, told = reader(lua.eval(config), make.to_lua(lua, named))
        told = make.to_python(told)
        return make.to_python(found), told or []

    return options


def test_the_defaults_are_those_of_the_contract(read: Any) -> None:
    options, told = read("nil")
    assert told == []
    assert options["responders"] == ["cad", "ace", "job"]
    assert (options["caller"], options["notify"], options["locale"]) == (
        "acknowledge",
        "auto",
        "en",
    )
    assert (options["dispatcherFirst"], options["liveMap"]) == (False, True)
    assert options["bareIdentifiers"] == {
        "communityUserId": ["license"],
        "apiIds": ["license", "steam", "discord"],
    }
    assert options["commands"]["911"] == "911"
    assert options["blip"]["emergency"]["minutes"] == 10


def test_what_stands_in_the_file_counts(read: Any) -> None:
    options, told = read(
        """{ responders = { 'ace' }, jobs = { 'police' }, caller = 'none', notify = 'chat',
        dispatcherFirst = true, liveMap = false, locale = 'de',
        bareIdentifiers = { 'fivem' }, commands = { ['911'] = 'notruf', panic = '' },
        blip = { panic = { colour = 0xFF0000FF, radius = 80.5 } } }"""
    )
    assert told == []
    assert options["responders"] == ["ace"]
    assert options["bareIdentifiers"]["communityUserId"] == ["fivem"]
    assert (options["commands"]["911"], options["commands"]["panic"]) == ("notruf", "")
    assert options["blip"]["panic"]["colour"] == 0xFF0000FF
    assert options["blip"]["panic"]["sprite"] == 526
    assert options["locale"] == "de"


def test_server_cfg_wins_and_takes_lists_by_commas(read: Any) -> None:
    options, told = read(
        "{ responders = { 'cad' }, liveMap = true }",
        cadbridge_responders=" ace ,Everyone,",
        cadbridge_jobs="police, fire dept",
        cadbridge_liveMap="0",
        cadbridge_dispatcherFirst="true",
        cadbridge_bareIdentifiers="license, discord",
        cadbridge_notify="OX_LIB",
    )
    assert told == []
    assert options["responders"] == ["ace", "everyone"]
    assert options["jobs"] == ["police", "fire dept"]
    assert (options["liveMap"], options["dispatcherFirst"]) == (False, True)
    assert options["bareIdentifiers"]["communityUserId"] == ["license", "discord"]
    assert options["notify"] == "ox_lib"


BAD = [
    ("{ caller = 'loud' }", "caller"),
    ("{ caller = 5 }", "caller"),
    ("{ responders = { 'cad', 'police' } }", "responders"),
    ("{ responders = { cad = true } }", "responders"),
    ("{ responders = 5 }", "responders"),
    ("{ jobs = { 5 } }", "jobs"),
    ("{ dispatcherFirst = 'perhaps' }", "dispatcherFirst"),
    ("{ locale = '../x' }", "locale"),
    ("{ bareIdentifiers = { 'ip' } }", "bareIdentifiers"),
    ("{ bareIdentifiers = { other = { 'license' } } }", "bareIdentifiers"),
    ("{ blip = 5 }", "blip"),
    ("{ blip = { emergency = 5 } }", "blip.emergency"),
    ("{ blip = { emergency = { sprite = -1 } } }", "blip.emergency.sprite"),
    ("{ blip = { emergency = { sprite = 1.5 } } }", "blip.emergency.sprite"),
    ("{ blip = { emergency = { minutes = 0/0 } } }", "blip.emergency.minutes"),
    ("{ blip = { emergency = { size = 1 } } }", "blip.emergency.size"),
    ("{ blip = { fire = {} } }", "blip.fire"),
    ("{ commands = { panic = 'a b' } }", "commands.panic"),
    ("{ commands = { panic = 'cadbridge' } }", "commands.panic"),
    ("{ commands = { ['912'] = 'x' } }", "commands.912"),
    ("{ commands = 'x' }", "commands"),
    ("{ commands = { panic = 'calls' } }", "calls"),
    ("{ respondres = { 'cad' } }", "respondres"),
]


@pytest.mark.parametrize(("config", "name"), BAD)
def test_what_cannot_be_is_named_with_what_is_allowed_and_the_default_serves(
    read: Any, config: str, name: str
) -> None:
    defaults, _ = read("nil")
    options, told = read(config)
    assert [line[1] for line in told] == [name]
    if "Twice" not in told[0][0]:
        assert told[0][2]
        assert options == defaults


def test_a_bad_override_is_named_as_the_owner_wrote_it(read: Any) -> None:
    options, told = read("{ caller = 'none' }", cadbridge_caller="loud")
    assert [line[1] for line in told] == ["cadbridge_caller"]
    assert options["caller"] == "acknowledge"


@pytest.mark.parametrize(("convar", "locale"), [("de", "de"), ("", "en"), ("../x", "en")])
def test_the_language_follows_ox_lib(read: Any, convar: str, locale: str) -> None:
    assert read("{}", ox_locale=convar)[0]["locale"] == locale
    assert read("{ locale = 'fr' }", ox_locale=convar)[0]["locale"] == "fr"

from __future__ import annotations

from bridge.demo.game.convars import REPLICATED, SERVER_INFO, Convars


def test_names_are_found_without_regard_to_case() -> None:
    convars = Convars()
    convars.set("Cadbridge_Url", "x")
    assert convars.read("cadbridge_url", "any") == "x"


def test_a_flag_sticks() -> None:
    convars = Convars()
    convars.set("token", "old", REPLICATED)
    convars.set("token", "new")
    assert convars.replicated() == {"token": "new"}
    convars.set("info", "1", SERVER_INFO)
    assert convars.server_info() == {"info": "1"}


def test_a_restriction_holds_for_the_exact_name_only() -> None:
    convars = Convars()
    convars.set("token", "secret")
    convars.restrict("cadbridge", "token")
    assert convars.read("token", "cadbridge") == "secret"
    assert convars.read("token", "other") is None
    assert convars.read("TOKEN", "other") == "secret"


def test_listeners_hear_names_that_match() -> None:
    convars, heard = Convars(), list[str]()
    cookie = convars.watch("a", "cadbridge_*", heard.append)
    convars.set("cadbridge_x", "1")
    convars.set("other", "1")
    convars.unwatch(cookie)
    convars.set("cadbridge_x", "2")
    assert heard == ["cadbridge_x"]


def test_a_stopped_resource_hears_nothing_more() -> None:
    convars, heard = Convars(), list[str]()
    convars.watch("a", None, heard.append)
    convars.forget("a")
    convars.set("x", "1")
    assert heard == []

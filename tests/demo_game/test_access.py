from __future__ import annotations

from bridge.demo.game.access import AccessControl


def test_rights_are_inherited_and_cover_what_is_below() -> None:
    access = AccessControl()
    access.add("group.police", "cadbridge")
    access.inherit("identifier.license:1", "group.chief")
    access.inherit("group.chief", "group.police")
    assert access.allowed("identifier.license:1", "cadbridge.responder")
    assert not access.allowed("identifier.license:2", "cadbridge.responder")


def test_a_deny_wins_over_any_allow() -> None:
    access = AccessControl()
    access.add("group.police", "cadbridge.responder")
    access.add("builtin.everyone", "cadbridge", allow=False)
    assert not access.allowed("group.police", "cadbridge.responder")


def test_everybody_has_what_everyone_has() -> None:
    access = AccessControl()
    access.add("builtin.everyone", "command.x")
    assert access.any_allowed(["player.9"], "command.x")


def test_what_was_given_can_be_taken() -> None:
    access = AccessControl()
    access.add("a", "x")
    access.inherit("b", "a")
    access.disinherit("b", "a")
    assert not access.allowed("b", "x")
    access.remove("a", "x")
    assert not access.allowed("a", "x")


def test_a_circle_of_inheritance_ends() -> None:
    access = AccessControl()
    access.inherit("a", "b")
    access.inherit("b", "a")
    access.add("b", "x")
    assert access.allowed("a", "x")

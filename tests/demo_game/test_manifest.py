from __future__ import annotations

import pytest

from bridge.demo.game import ManifestRefused
from bridge.demo.game.files import ResourceFiles
from bridge.demo.game.manifest import Manifest, read_manifest


def manifest_of(text: str | bytes) -> Manifest:
    return read_manifest(ResourceFiles(None, {"fxmanifest.lua": text}))


def test_a_plural_key_with_a_table_loses_its_s() -> None:
    manifest = manifest_of("files { 'a', 'b' }\nfile 'c'\nserver_scripts { 'x.lua' }")
    assert manifest.values("file") == ["a", "b", "c"]
    assert manifest.values("server_script") == ["x.lua"]


def test_a_plural_key_with_a_text_keeps_it_and_so_names_nothing() -> None:
    assert manifest_of("server_scripts 'x.lua'").values("server_script") == []


def test_unknown_keys_are_metadata() -> None:
    manifest = manifest_of("postal_file 'new.json'\nnumber_of(3)\nthing 'x' { a = 1 }")
    assert manifest.first("postal_file") == "new.json"
    assert manifest.first("number_of") == "3"
    assert manifest.first("thing_extra") == '{"a": 1}'


def test_a_byte_order_mark_is_a_syntax_error() -> None:
    with pytest.raises(ManifestRefused, match="does not load"):
        manifest_of(b"\xef\xbb\xbffx_version 'cerulean'")


def test_windows_line_ends_are_harmless() -> None:
    assert manifest_of(b"game 'gta5'\r\nfx_version 'cerulean'\r\n").first("game") == "gta5"


def test_a_resource_without_manifest_is_refused() -> None:
    with pytest.raises(ManifestRefused, match="has no"):
        read_manifest(ResourceFiles(None, {}))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("game 'gta5'", "fx_version"),
        ("fx_version 'cerulean'", "current game"),
        ("fx_version 'cerulean'\ngame 'rdr3'", "current game"),
        ("fx_version 'cerulean'\ngame 'gta5'\ndependency '/server:99999'", "99999"),
        ("fx_version 'cerulean'\ngame 'gta5'\ndependencies { '/onesync' }", "OneSync"),
        ("fx_version 'cerulean'\ngame 'gta5'\ndependency 'ox_lib'", "ox_lib"),
    ],
)
def test_what_the_game_server_would_not_start_is_refused(text: str, why: str) -> None:
    with pytest.raises(ManifestRefused, match=why):
        manifest_of(text).check(build=28954, onesync=False, resources=frozenset({"sample"}))


def test_met_conditions_start() -> None:
    text = "fx_version 'cerulean'\ngames { 'gta5' }\ndependencies { '/server:12913', 'ox_lib' }"
    manifest_of(text).check(build=12913, onesync=False, resources=frozenset({"ox_lib"}))


def test_patterns_are_spread_by_name_and_a_file_named_twice_comes_twice() -> None:
    files = ResourceFiles(
        None,
        {
            "fxmanifest.lua": "files { 'web/**/*', 'l/*.json', 'a?.txt', 'b.lua', 'b.lua' }",
            "web/x.html": "",
            "web/css/y.css": "",
            "l/en.json": "",
            "l/deep/no.json": "",
            "a1.txt": "",
            "b.lua": "",
        },
    )
    manifest = read_manifest(files)
    assert manifest.files(files, "file") == [
        "web/css/y.css",
        "web/x.html",
        "l/en.json",
        "a1.txt",
        "b.lua",
        "b.lua",
    ]

"""Every word that the server says is in locales/en.json, and no word there is left over."""

from __future__ import annotations

import json
import re
from pathlib import Path

RESOURCE = Path(__file__).parents[2] / "lua_resource"
WORDS = json.loads((RESOURCE / "locales" / "en.json").read_text(encoding="utf-8"))
FILES = (RESOURCE / "server").rglob("*.lua")
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in FILES)

SAID = set(re.findall(r"'((?:server|notice|call|chat)\.[A-Za-z0-9_.]+)'", SOURCE))
BUILT = {prefix for prefix in SAID if prefix.endswith(".")}
"""Beginnings of words whose end is the name of a code, class or reason."""

ENDS = {
    "call.number.": {"911", "dispatch", "test", "tone", "station", "page"},
    "call.title.": {"emergency", "civil", "dispatch", "test"},
    "call.legend.": {"emergency", "civil", "dispatch", "panic", "test"},
    "call.status.": {"0", "1", "2"},
    "notice.refused.": {
        *("not_linked", "not_a_unit", "cad_unreachable", "cad_refused", "rate_limited"),
        *("unknown_call", "timeout", "disconnected", "not_configured", "bad_params", "internal"),
        "other",
    },
    "notice.hint.": {"calls", "link", "panic"},
    "notice.usage.": {"clearcall", "note", "status", "911", "311"},
    "chat.help.": {
        *("calls", "respond", "respond.id", "clearcall", "clearcall.close", "note", "note.text"),
        *("status", "status.status", "link", "911", "911.text", "311", "311.text", "panic"),
        "alerts",
    },
    "server.source.": {"cad", "ace", "job", "everyone"},
    "server.outcome.": {"none", "shown", "paused", "muted", "suppressed"},
    "server.missing.": {"websocket", "token", "url", "transport"},
    "server.down.": {
        *("token", "replaced", "protocol", "badFrame", "unreachable", "timeout", "closed"),
        *("silent", "binary", "ended"),
    },
    "server.refused.": {"rate", "values", "permission"},
}
EVENTS = {
    *("call.opened", "call.changed", "call.closed", "call.noted", "call.create", "call.respond"),
    *("call.leave", "call.close", "call.note", "call.located", "call.test"),
}
"""Names of events and requests, which look like words."""


def test_no_word_is_missing_and_none_is_left_over() -> None:
    said = SAID - BUILT - EVENTS
    assert BUILT | {"call.status."} == set(ENDS)
    for prefix, ends in ENDS.items():
        said |= {prefix + end for end in ends}
    ours = {word for word in WORDS if word.startswith(("server.", "notice.", "call.", "chat."))}
    assert said - ours == set()
    assert ours - said == set()


def test_every_place_of_a_sentence_has_a_simple_name() -> None:
    for name, sentence in WORDS.items():
        for place in re.findall(r"\{([^}]*)\}", sentence):
            assert re.fullmatch(r"[A-Za-z0-9]+", place) or " " in place, name


def test_no_sentence_names_a_command_that_the_owner_may_rename() -> None:
    source = (RESOURCE / "server" / "options.lua").read_text(encoding="utf-8")
    [listed] = re.findall(r"^local COMMANDS = \{(.*?)\}", source, re.MULTILINE)
    names = "|".join(re.findall(r"'(.+?)'", listed))
    named = re.compile(rf"/(?:{names})\b")
    for path in (RESOURCE / "locales").iterdir():
        words = json.loads(path.read_text(encoding="utf-8"))
        assert {name for name, sentence in words.items() if named.search(sentence)} == set()

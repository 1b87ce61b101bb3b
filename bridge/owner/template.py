"""The text of `cad-bridge.toml`: every key with a comment, defaults as lines to uncomment.

Names and defaults come from `settings`; only the words are here.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from bridge.settings import SECTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["COMMENTS", "render", "toml"]

Values = dict[str, dict[str, Any]]

_HEAD = """\
# Configuration of cad-bridge, written by `cad-bridge init`.
#
# A line that begins with "# " and a key shows the default: take the "# " away to change it.
# Every key can be set by an environment variable too: CAD_BRIDGE_CAD__API_KEY and so on.
# Times are in seconds, sizes in bytes; relative paths start at this file's folder.
# The API key and the tokens are secrets: keep this file to yourself.
"""

COMMENTS: dict[str, dict[str, str]] = {
    "cad": {
        "": "The CAD community.",
        "community_id": "The community's id: Admin > In-Game Integration > API in the CAD.",
        "api_key": "The community's API key, from the same page. It may do everything there.",
        "api_url": "Where the CAD is.",
        "source": 'How pushes arrive: "hub", "http", or "both".',
        "identifier": "Which identifier of a player the CAD is told: license, license2, fivem, "
        "discord, steam, xbl or live.",
        "identifier_form": '"bare" (as the CAD\'s own resource links players) or "prefixed".',
        "reconcile": "Read open calls and units from the CAD at start and every 5 minutes.",
        "pass_through": 'Push types handed on to other resources, such as ["EVENT_RECORD_ADD"].',
    },
    "push": {
        "": "The listener for pushes over HTTP; not opened when source is hub.",
        "host": "Address to listen on.",
        "port": "Port to listen on: the CAD's server entry, or a forwarder, must name it.",
        "max_body": "Largest push that is taken.",
        "allow_from": 'Networks that may push, such as ["203.0.113.0/24"]; empty: all.',
        "trust_proxy": "Believe X-Forwarded-For: only behind a proxy of your own.",
    },
    "gateway": {
        "": "Where the game servers connect.",
        "host": "Address to listen on; another one than loopback needs TLS.",
        "port": "Port to listen on: cadbridge_url in server.cfg names it.",
        "tls_cert": "Certificate chain, a PEM file.",
        "tls_key": "Its private key, a PEM file.",
        "allow_plain": "Listen to the outside without TLS: only behind a proxy that encrypts.",
    },
    "admin": {
        "": "Status page, health and metrics.",
        "host": "Address to listen on; another one than loopback needs a token.",
        "port": "Port to listen on: open http://127.0.0.1:30132/ in a browser.",
        "token": "Password of the page, under any user name.",
    },
    "journal": {
        "": "Where events are kept, so that nothing is lost.",
        "url": '"sqlite:" and a file; for several machines "nats://user:password@one,two,three".',
        "keep_days": "Days for which events are kept.",
        "max_size": "Older events go earlier when the journal is larger.",
    },
    "alerts": {
        "": "What is too old to alert anybody.",
        "fresh_for": "What is older changes what is shown, but alerts nobody.",
        "forget_after": "A call without news for so long is closed.",
    },
    "servers": {
        "": "A game server; one [[servers]] for each.",
        "id": "The server's id in the CAD (serverId).",
        "name": "For your eyes: status page and logs.",
        "token": "Shared with this game server alone: cadbridge_token in its server.cfg.",
        "push_port": "A push listener of its own; default: the one of [push] goes to the first.",
    },
}
"""For each section its purpose (under the empty name) and a sentence a key."""

_EXAMPLES: Mapping[str, str] = {
    "gateway.tls_cert": '"cert.pem"',
    "gateway.tls_key": '"key.pem"',
    "servers.push_port": "30133",
}
"""What a commented line shows where the default is nothing."""


def render(values: Values, servers: list[dict[str, Any]]) -> str:
    """Return the file's text.

    Args:
        values: what differs from the defaults, by section and key.
        servers: the `[[servers]]`, each by key.
    """
    sections = [
        _section(name, f"[{name}]", values.get(name, {})) for name in SECTIONS if name != "servers"
    ]
    sections += [_section("servers", "[[servers]]", server) for server in servers]
    return "\n".join([_HEAD, *("\n".join([*lines, ""]) for lines in sections)])


def toml(value: Any) -> str:
    """Return a value as TOML writes it."""
    if isinstance(value, SecretStr):
        value = value.get_secret_value()
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(toml(item) for item in sorted(value))}]"
    if isinstance(value, (bool, int, float)):
        return json.dumps(value)
    # JSON's escapes are TOML's, but for DEL, which TOML wants escaped too
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")


def _section(section: str, header: str, values: dict[str, Any]) -> Iterator[str]:
    comments = COMMENTS[section]
    yield f"# {comments['']}"
    yield header
    for name, field in SECTIONS[section].model_fields.items():
        yield f"# {comments[name]}"
        if name in values:
            yield f"{name} = {toml(values[name])}"
        else:
            example = _EXAMPLES.get(f"{section}.{name}")
            yield f"# {name} = {example or toml(field.default)}"

"""`init`: what it must know, and what it writes of that: the configuration, and what to do next."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from bridge import settings
from bridge.errors import ConfigurationError
from bridge.owner import program, template
from bridge.owner.send import reachable
from bridge.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["SOURCES", "Answers", "Written", "parse_servers", "refuse_existing", "write"]

Source = Literal["hub", "http", "both"]
SOURCES: dict[Source, str] = {
    "hub": "the bridge connects out to the CAD, encrypted, and needs no open port (recommended)",
    "http": "the CAD, or its own FiveM resource, posts to a port of this machine",
    "both": "the hub, and a port for whatever else posts",
}
"""Each way in a sentence, the recommended one first."""

_PUBLIC_CAD: str = settings.CadSettings().api_url
_GAME_URL = re.compile(r"wss?://[^\s\"]+")
_NEW_TOKEN_BYTES = 32
"""Makes a token of 43 characters."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What `init` must know; what is None or empty is asked."""

    community_id: str = ""
    api_key: str = field(default="", repr=False)
    source: Source | None = None
    servers: tuple[tuple[int, str], ...] = ()
    """Id in the CAD, and a name."""
    api_url: str = _PUBLIC_CAD
    gateway: dict[str, Any] = field(default_factory=dict)
    """Keys of `[gateway]` that differ from the defaults."""
    game_url: str = ""
    """How game servers reach the gateway; empty: from `gateway`."""


@dataclass(frozen=True, slots=True)
class Written:
    """What `write` made."""

    path: Path
    server_cfg: str
    """The lines for each game server's `server.cfg`."""
    next_steps: tuple[str, ...]


def parse_servers(texts: Sequence[str]) -> tuple[tuple[int, str], ...]:
    """Return the servers of texts such as `1` or `2=Paleto Bay`.

    Raises:
        ConfigurationError: one has no whole number, or a number occurs twice.
    """
    servers: dict[int, str] = {}
    for text in texts:
        number, _, name = text.strip().partition("=")
        if not (number.strip().isascii() and number.strip().isdigit()):
            raise ConfigurationError("--server", f"{text!r} is no server id", "such as 1 or 1=Name")
        if int(number) in servers:
            raise ConfigurationError("--server", f"{int(number)} is named twice", "each id once")
        servers[int(number)] = name.strip()
    return tuple(servers.items())


def write(answers: Answers, path: Path) -> Written:
    """Write the configuration, readable by its owner only; never over one that is there.

    Raises:
        ConfigurationError: there is one already, or what was answered is not allowed (then nothing
            is left behind).
        OSError: it cannot be written.
    """
    if answers.game_url and not _GAME_URL.fullmatch(answers.game_url):
        raise ConfigurationError(
            "--game-url", f"{answers.game_url!r} is no websocket address", "ws://… or wss://…"
        )
    servers = [
        {"id": number, "name": name, "token": secrets.token_urlsafe(_NEW_TOKEN_BYTES)}
        for number, name in answers.servers
    ]
    cad = {
        "community_id": answers.community_id,
        "api_key": answers.api_key,
        "source": answers.source,
    }
    if answers.api_url != _PUBLIC_CAD:
        cad["api_url"] = answers.api_url
    text = template.render({"cad": cad, "gateway": answers.gateway}, servers)
    path.parent.mkdir(parents=True, exist_ok=True)
    _create(path, text)
    try:
        settings.load(path)
    except ConfigurationError:
        path.unlink()
        raise
    url = _game_url(answers)
    return Written(
        path,
        "\n".join(_server_cfg(server, url) for server in servers),
        tuple(_next_steps(answers, path)),
    )


def refuse_existing(path: Path) -> None:
    """Raise ConfigurationError if the file is there: before anything is asked for nothing."""
    if path.exists():
        raise ConfigurationError(
            str(path), "is there already and is not overwritten", "another --config, or move it"
        )


def _create(path: Path, text: str) -> None:
    refuse_existing(path)
    with contextlib.suppress(FileExistsError):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with open(descriptor, "w", encoding="utf-8", newline="\n") as file:  # noqa: PTH123
                file.write(text)
        except OSError:  # a full disk: half a file would be in the way of the next try
            path.unlink(missing_ok=True)
            raise
        return
    refuse_existing(path)


def _game_url(answers: Answers) -> str:
    if answers.game_url:
        return answers.game_url
    host = str(answers.gateway.get("host", "127.0.0.1"))
    port = answers.gateway.get("port", settings.GatewaySettings().port)
    if is_loopback(host):
        scheme = "wss" if answers.gateway.get("tls_cert") else "ws"
        return f"{scheme}://{reachable(host)}:{port}"
    return f"wss://YOUR-HOST-NAME:{port}"


def _server_cfg(server: dict[str, Any], url: str) -> str:
    # a name could end the comment line, and with it begin a command
    name = "".join(sign for sign in server["name"] if sign.isprintable())
    return f"""\
# --- server.cfg of server {server["id"]}{f" ({name})" if name else ""}: from here
set cadbridge_url "{url}"
# set, never setr: setr would show the token to every player
set cadbridge_token "{server["token"]}"
add_convar_permission cadbridge read cadbridge_token
# who gets alerts besides the units logged into the CAD
add_ace group.police cadbridge.responder allow
ensure cadbridge
# --- to here
"""


def _next_steps(answers: Answers, path: Path) -> list[str]:
    if answers.source == "hub":
        pushes = "Pushes arrive through the hub: nothing is to be set in the CAD."
    else:
        pushes = (
            "In the CAD, Admin > Advanced > In-Game Integration: this machine's address and port "
            f"{settings.PushSettings().port} as the server's ip and port. Where the CAD's own "
            "resource runs, let that forward instead (docs/beside-sonorancad.md)."
        )
    me, config = program.call(), program.quoted(path)
    steps = [
        "Copy the lines above into the game server's server.cfg, below its framework.",
        f"{me} install-resource DIR      (DIR: the game server's resources folder)",
        pushes,
        f"{me} run --config {config}      (it stays open: what follows goes into another window)",
        "Restart the game server: its console says `Connected to bridge`.",
        f"{me} doctor --config {config}",
    ]
    if "YOUR-HOST-NAME" in _game_url(answers):
        steps.insert(0, "Put the name of this machine in place of YOUR-HOST-NAME.")
    return steps

"""Checks of the CAD: reachable, key, plan, servers, and where it sends its pushes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bridge.owner.checks.check import Check, Context

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["key", "known_servers", "push_target"]


def key(context: Context) -> Iterator[Check]:
    """Ask whether the CAD answers, and answers to this key."""
    looked = context.looked
    if looked.state == "ok":
        yield Check("CAD", "ok", f"answers, and accepts the key; plan {looked.plan}")
    elif looked.state == "refused":
        yield Check(
            "CAD",
            "fail",
            f"does not accept the key: {looked.detail}",
            "copy the key again from Admin > In-Game Integration > API into cad.api_key",
            "cad_key_refused",
        )
    else:
        yield Check(
            "CAD",
            "warn",
            looked.detail,
            "check this machine's way to the internet, and cad.api_url",
            "cad_unreachable",
        )


def known_servers(context: Context) -> Iterator[Check]:
    """The CAD must know each configured server by its id."""
    if context.looked.state != "ok":
        yield Check("server ids", "skip", "the CAD was not asked")
        return
    known = {server.id: server.name for server in context.looked.servers}
    missing = [server.id for server in context.settings.servers if server.id not in known]
    listed = ", ".join(f"{number} ({name})" for number, name in known.items()) or "none"
    if missing:
        yield Check(
            "server ids",
            "fail",
            f"the CAD knows no server {', '.join(map(str, missing))}; it knows {listed}",
            "put the CAD's number into id of [[servers]]",
        )
    else:
        yield Check("server ids", "ok", f"the CAD knows {listed}")


def push_target(context: Context) -> Iterator[Check]:
    """Where pushes come by HTTP, the CAD must post to our port, or something must forward."""
    settings = context.settings
    if not settings.cad.uses_http:
        yield Check("way of pushes", "ok", "the hub: nothing is to be set in the CAD")
        return
    if context.looked.state != "ok":
        yield Check("way of pushes", "skip", "the CAD was not asked")
        return
    stored = {server.id: str(server.port or "") for server in context.looked.servers}
    for number, server in enumerate(settings.servers):
        shared = settings.push.port if number == 0 else None
        ours = [str(port) for port in (server.push_port, shared) if port]
        theirs = stored.get(server.id, "")
        name = f"server {server.id}"
        if theirs in ours:
            yield Check("way of pushes", "ok", f"the CAD posts for {name} to port {theirs}")
        else:
            yield Check(
                "way of pushes",
                "note" if settings.cad.uses_hub else "warn",
                f"the CAD posts for {name} to port {theirs or '(none)'}, "
                f"not to {' or '.join(ours) or 'a port of its own here'}",
                "right if the CAD's own resource forwards to this bridge; else set ip and port "
                "under Admin > Advanced > In-Game Integration",
            )

"""What is wrong, in words for the owner; pure.

Looks at the status as `/api/status` gives it, so that the page, `doctor` and a support thread speak
of the same thing by the same code. `docs/errors.md` has a paragraph for each code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from bridge.errors import JournalUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["CODES", "Problem", "find"]

Level = Literal["fail", "warn", "info"]

CODES: dict[str, Level] = {
    "journal_unavailable": "fail",
    "not_ready": "fail",
    "cad_key_refused": "fail",
    "hub_refused": "fail",
    "hub_down": "fail",
    "listener_down": "fail",
    "resource_never_connected": "fail",
    "resource_lost": "fail",
    "only_wrong_keys": "fail",
    "resource_version": "warn",
    "resource_behind": "warn",
    "disk_nearly_full": "warn",
    "cad_unreachable": "warn",
    "pushes_rejected": "warn",
    "alert_for_nobody": "warn",
    "alert_not_painted": "warn",
    "no_push_yet": "info",
}
"""Every code, and how bad it is at the worst: `fail` means that alerts do not arrive."""
LEVELS: tuple[Level, ...] = ("fail", "warn", "info")

DISK_LEFT = 256 * 1024 * 1024
"""Bytes of free disk below which the owner should hear of it."""
BEHIND = 256
"""Events unacknowledged: more than may be under way at a time."""
NO_FAULT = ("muted", "paused", "suppressed", "left")
"""Why somebody who was sent an alert did not paint it, though nothing is wrong."""
_WITH_THE_KEY = ("ok", "duplicate", "ignored", "no_type", "bad_body", "unavailable")
"""What becomes of a push whose key is right."""
REJECTED_FOR = 3_600_000
"""Milliseconds for which a rejected push is news."""

_STORE = {
    "sqlite": "Make room on the disk, or give the bridge the right to write there; "
    "it goes on by itself.",
    "nats": "Look at the NATS servers: more than half of them must run, reach each other and have "
    "room on their disks. It goes on by itself; `cad-bridge doctor` looks closer.",
}
_STILL = {
    "hub": "; pushes over the hub still arrive",
    "http": "; pushes over HTTP are still taken",
}
"""What is so while the other one of two ways is away."""
_TEST = "`cadbridge test 1` in the game server's console (1: your id in the game)."


class Problem(NamedTuple):
    """One thing that is wrong; `server` is None where it concerns the whole bridge."""

    code: str
    what: str
    next: str
    server: int | None = None
    milder: Level | None = None
    """How bad it is where it is less so than its code may be."""

    @property
    def level(self) -> Level:
        """How bad it is."""
        return self.milder or CODES[self.code]

    def to_json(self) -> dict[str, Any]:
        """Return it as `/api/status` shows it."""
        body = self._asdict()
        del body["milder"]
        return {**body, "level": self.level}


def find(status: dict[str, Any]) -> list[Problem]:
    """Return what is wrong with a bridge of this status, the worst first."""
    problems = [*_of_bridge(status)]
    for server in status["servers"]:
        problems += _of_ways(server, status["cad"])
        problems += _of_resource(server, status["bridge"])
        problems += _of_alerts(server)
    order = list(CODES)
    return sorted(problems, key=lambda p: (LEVELS.index(p.level), order.index(p.code)))


def _of_bridge(status: dict[str, Any]) -> Iterator[Problem]:
    journal, cad, rejected = status["journal"], status["cad"], status["rejected"]
    if journal["problem"]:
        why = JournalUnavailable(journal["problem"])
        yield Problem(
            "journal_unavailable",
            f"The journal cannot store: {why.what}. Pushes are answered 503.",
            _sentence(why.advice) if why.advice else _STORE[journal["kind"]],
        )
    elif not status["ready"]:
        yield Problem(
            "not_ready",
            f"The bridge is not ready: {status['why']}.",
            "If this stays for a minute, read the bridge's log.",
        )
    if journal["free"] is not None and journal["free"] < DISK_LEFT:
        yield Problem(
            "disk_nearly_full",
            f"The journal's disk has {journal['free'] // 2**20} MiB left.",
            "Make room before it is full: then no push can be taken.",
        )
    if cad["state"] == "refused":
        yield Problem(
            "cad_key_refused",
            f"The CAD refuses the API key: {cad['detail']}",
            "Copy the key again from Admin > In-Game Integration > API into `cad.api_key`, "
            "then restart the bridge.",
        )
    elif cad["state"] == "unreachable":
        yield Problem(
            "cad_unreachable",
            f"The CAD's API does not answer: {cad['detail']}",
            "Pushes still arrive, but nothing can be done in the CAD from the game. "
            "Check this machine's way to the internet; it is tried again by itself.",
        )
    if rejected["lastAt"] is not None and status["now"] - rejected["lastAt"] < REJECTED_FOR:
        count = rejected["total"]
        yield Problem(
            "pushes_rejected",
            f"{count} {'push' if count == 1 else 'pushes'} could not be understood "
            "since the bridge started.",
            "The status page lists them: each names the field. Report it with its body.",
        )


def _of_ways(server: dict[str, Any], cad: dict[str, Any]) -> Iterator[Problem]:
    for way in server["ways"]:
        others = [other for other in server["ways"] if other["kind"] != way["kind"]]
        still = next((_STILL[other["kind"]] for other in others if other["state"] == "up"), "")
        if way["state"] != "up":
            code, what, advice = _of_way(way, _name(server), cad)
            yield Problem(code, f"{what}{still}.", advice, server["id"], "warn" if still else None)
    yield from _of_pushes(server)


def _of_way(way: dict[str, Any], name: str, cad: dict[str, Any]) -> tuple[str, str, str]:
    """Return code, words and next step for a way that is away."""
    why = f": {way['detail']}" if way["detail"] else ""
    no_session = f"No session at the CAD's hub for {name}{why}"
    if way["kind"] == "http":
        advice = "Free the port, or choose another one in `[push]` and in the CAD."
        return "listener_down", f"The push listener of {name} is not open{why}", advice
    if way["state"] == "refused":
        return "hub_refused", no_session, _hub_advice(way, cad)
    advice = "It is tried again by itself; missed calls are read afterwards."
    return "hub_down", no_session, advice


def _of_pushes(server: dict[str, Any]) -> Iterator[Problem]:
    name = _name(server)
    pushes = server["pushes"]
    if pushes.get("wrong_key") and not any(map(pushes.get, _WITH_THE_KEY)):
        yield Problem(
            "only_wrong_keys",
            f"Every push for {name} so far ({pushes['wrong_key']}) bore a wrong key.",
            "Whoever sends them has another key than `cad.api_key`: compare both, "
            "character by character.",
            server["id"],
        )
    elif not any(pushes.values()) and all(way["state"] == "up" for way in server["ways"]):
        yield Problem(
            "no_push_yet",
            f"No push for {name} since the bridge started.",
            "Place a 911 call in the CAD, or try "
            + ("`cad-bridge send 911`." if _has_listener(server) else _TEST),
            server["id"],
        )


def _has_listener(server: dict[str, Any]) -> bool:
    return any(way["kind"] == "http" for way in server["ways"])


def _hub_advice(way: dict[str, Any], cad: dict[str, Any]) -> str:
    """Return the next step for a hub that refuses."""
    if way["refused"] == "connection":
        return (
            "No key was shown yet, so the key is not the reason: something on the way, or the CAD, "
            "refuses this machine. Check `cad.api_url`, proxy and firewall, then ask the CAD's "
            'support; meanwhile pushes can come by HTTP (`cad.source = "http"`). '
            "It is tried again by itself."
        )
    compare = (
        "The CAD's API accepts the key, so compare `cad.community_id` and the server's `id`"
        if cad["state"] == "ok"
        else "Compare `cad.community_id`, `cad.api_key` and the server's `id`"
    )
    return (
        f"{compare} with Admin > In-Game Integration > API in the CAD "
        "(`cad-bridge doctor` names the servers that the CAD knows), then restart the bridge."
    )


def _of_resource(server: dict[str, Any], version: str) -> Iterator[Problem]:
    name, resource = _name(server), server["resource"]
    if resource is None:
        never = server["seen"] is None
        yield Problem(
            "resource_never_connected" if never else "resource_lost",
            f"The game server of {name} {'has not connected' if never else 'is not connected'}.",
            "In the game server's console: `refresh`, `ensure cadbridge`, then `cadbridge status`. "
            "`cadbridge_url` must lead to this bridge's gateway, and `cadbridge_token` be this "
            "server's."
            if never
            else "Its events wait here until it is back. If it is running, type "
            "`cadbridge status` in its console.",
            server["id"],
        )
        return
    if resource["version"] != version:
        yield Problem(
            "resource_version",
            f"The resource on {name} is {resource['version']}, this bridge is {version}.",
            "`cad-bridge install-resource DIR`, then `refresh` and `restart cadbridge` in its "
            "console.",
            server["id"],
        )
    behind = server["last"] - server["acknowledged"]
    if behind > BEHIND:
        yield Problem(
            "resource_behind",
            f"{behind} events wait to be handled on {name}.",
            "It is catching up, or its main thread is stalled: look at its console.",
            server["id"],
        )


def _of_alerts(server: dict[str, Any]) -> Iterator[Problem]:
    alert, name = server["lastAlert"], _name(server)
    if alert is None:
        return
    if alert["due"] == 0:
        yield Problem(
            "alert_for_nobody",
            f"The last alert of {name}, {alert['key']}, was for nobody: no responder was found.",
            "In the game server's console: `cadbridge why PLAYER` says why somebody is none.",
            server["id"],
        )
    elif alert["shown"] + sum(alert["why"].get(reason, 0) for reason in NO_FAULT) < alert["sent"]:
        yield Problem(
            "alert_not_painted",
            f"The last alert of {name}, {alert['key']}, reached "
            f"{alert['shown']} of {alert['sent']} screens.",
            "`cadbridge why PLAYER` tells what it was with somebody who missed it.",
            server["id"],
        )


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _name(server: dict[str, Any]) -> str:
    number = f"server {server['id']}"
    return f"{server['name']} ({number})" if server["name"] else number

"""Checks of the running bridge, from its own status: the same words and codes as on its page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bridge
from bridge.owner.checks.check import Check, Context, State

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Status = dict[str, Any]
    Server = dict[str, Any]

__all__ = [
    "alive", "arrival", "cursors", "double_alerts", "game_servers", "journal", "last_alerts",
    "last_pushes", "rejected", "resource_versions",
]  # fmt: skip

_STATES: dict[str, State] = {"fail": "fail", "warn": "warn", "info": "note"}


def alive(context: Context) -> Iterator[Check]:
    """Say whether a bridge runs with this configuration."""
    status, stranger = context.status, context.running.stranger
    if status is None and stranger:
        yield Check(
            "bridge",
            "fail",
            f"something answers at admin.port, but it is not this bridge: {stranger}",
            "compare [admin] host, port and token with those of the bridge that runs",
        )
    elif status is None:
        yield Check("bridge", "fail", "does not run", "cad-bridge run")
    elif status["bridge"] != bridge.__version__:
        yield Check(
            "bridge",
            "warn",
            f"runs as {status['bridge']}, installed is {bridge.__version__}",
            "restart it",
        )
    else:
        yield Check("bridge", "ok", f"has run for {_ago(status, status['startedAt'])}")


def arrival(context: Context) -> Iterator[Check]:
    """Hub sessions, or listeners."""
    codes = ("hub_refused", "hub_down", "listener_down")
    yield from _by_server(context, "hub, listener", codes, _ways_up)


def last_pushes(context: Context) -> Iterator[Check]:
    """When the CAD said something last."""
    yield from _by_server(context, "pushes", ("only_wrong_keys", "no_push_yet"), _last_push)


def rejected(context: Context) -> Iterator[Check]:
    """Pushes that could not be understood."""
    yield from _of_bridge(context, "rejected pushes", ("pushes_rejected",), lambda _: "none lately")


def journal(context: Context) -> Iterator[Check]:
    """Whether the journal takes what comes."""
    codes = ("journal_unavailable", "not_ready", "disk_nearly_full")
    yield from _of_bridge(
        context, "journal", codes, lambda status: f"stores; epoch {status['journal']['epoch']}"
    )


def game_servers(context: Context) -> Iterator[Check]:
    """Whether each game server's resource is connected."""
    codes = ("resource_never_connected", "resource_lost")
    yield from _by_server(context, "game server", codes, _connected)


def resource_versions(context: Context) -> Iterator[Check]:
    """Bridge and resource must be of one version."""
    yield from _by_server(context, "resource", ("resource_version",), _version, connected=True)


def cursors(context: Context) -> Iterator[Check]:
    """How far each game server is behind."""
    yield from _by_server(context, "cursor", ("resource_behind",), _cursor)


def last_alerts(context: Context) -> Iterator[Check]:
    """Whether the last alert was due to somebody, and painted."""
    codes = ("alert_for_nobody", "alert_not_painted")
    yield from _by_server(context, "last alert", codes, _last_alert)


def double_alerts(_: Context) -> Iterator[Check]:
    """What cannot be seen from here: a second alert system in the game."""
    yield Check(
        "double alerts",
        "note",
        "whether the CAD's own resource alerts too is seen by the game server alone",
        "its console says so at the start, and how to turn that off",
    )


def _ways_up(_: Status, server: Server) -> str:
    names = {"hub": "hub session", "http": "listener"}
    return " and ".join(names[way["kind"]] for way in server["ways"]) + " up"


def _last_push(status: Status, server: Server) -> str:
    at = server["stages"]["push"]
    return f"the last one {_ago(status, at)} ago" if at else "none since the start"


def _connected(status: Status, server: Server) -> str:
    return f"connected for {_ago(status, server['resource']['since'])}"


def _version(_: Status, server: Server) -> str:
    return f"version {server['resource']['version']}"


def _cursor(_: Status, server: Server) -> str:
    behind = server["last"] - server["acknowledged"]
    return f"event {server['acknowledged']}, {behind} to go"


def _last_alert(status: Status, server: Server) -> str:
    alert = server["lastAlert"]
    if alert is None:
        return "none yet"
    ago = _ago(status, alert["at"])
    return f"{ago} ago, on {alert['shown']} of {alert['due']} screens in {alert['ms']} ms"


def _of_bridge(
    context: Context, name: str, codes: tuple[str, ...], fine: Callable[[Status], str]
) -> Iterator[Check]:
    status = context.status
    if status is None:
        yield Check(name, "skip", "no bridge runs")
        return
    problems = [problem for problem in status["problems"] if problem["code"] in codes]
    yield from (_check(name, problem) for problem in problems)
    if not problems:
        yield Check(name, "ok", fine(status))


def _by_server(
    context: Context,
    name: str,
    codes: tuple[str, ...],
    fine: Callable[[Status, Server], str],
    *,
    connected: bool = False,
) -> Iterator[Check]:
    """Report the problems of these codes of each server, or that it is fine.

    With `connected` a server whose resource is away is skipped: another check says that it is.
    """
    status = context.status
    if status is None:
        yield Check(name, "skip", "no bridge runs")
        return
    for server in status["servers"]:
        problems = [
            problem
            for problem in status["problems"]
            if problem["code"] in codes and problem["server"] == server["id"]
        ]
        yield from (_check(name, problem) for problem in problems)
        if connected and server["resource"] is None:
            yield Check(name, "skip", f"server {server['id']} is not connected")
        elif not problems:
            yield Check(name, "ok", f"server {server['id']}: {fine(status, server)}")


def _check(name: str, problem: dict[str, Any]) -> Check:
    state = _STATES[problem["level"]]
    return Check(name, state, problem["what"], problem["next"], problem["code"])


def _ago(status: Status, at: int) -> str:
    seconds = max(0, (status["now"] - at) // 1000)
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"

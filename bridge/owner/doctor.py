"""`doctor`: checks in the order in which a call travels, each with the next step.

Asks the running bridge instead of opening anything that is the bridge's. The report is made to be
pasted into a support thread: no secret, no address, no player.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import aiohttp

import bridge
from bridge.owner import cluster
from bridge.owner.cad import look
from bridge.owner.checks import cad, here, running, servers
from bridge.owner.checks.check import Check, Context, Running
from bridge.owner.send import reachable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from bridge.errors import ConfigurationError
    from bridge.settings import AdminSettings, JournalSettings, Settings

__all__ = ["CHECKS", "as_json", "exit_code", "misconfigured", "render", "run_checks"]

CHECKS: tuple[Callable[[Context], Iterable[Check]], ...] = (
    here.versions,
    here.configuration,
    here.privacy,
    here.ports,
    running.alive,
    cad.key,
    cad.known_servers,
    cad.push_target,
    running.arrival,
    running.last_pushes,
    running.rejected,
    here.disk,
    servers.journal_servers,
    running.journal,
    here.certificate,
    running.game_servers,
    running.resource_versions,
    running.cursors,
    running.last_alerts,
    running.double_alerts,
    here.admin_page,
)
"""In the order in which a call travels."""

PATIENCE = 5.0
"""Seconds for the running bridge to answer."""
_MARKS = {"ok": "ok  ", "note": "note", "warn": "WARN", "fail": "FAIL", "skip": "-   "}


async def run_checks(settings: Settings, config: Path | None) -> list[Check]:
    """Return what every check says.

    Args:
        settings: checked; for a configuration that is refused see `misconfigured`.
        config: the file they were read from; None: the environment alone.
    """
    found, looked, journal = await asyncio.gather(
        _find_running(settings.admin),
        look(settings.cad.api_url, settings.cad.api_key.get_secret_value()),
        _look_at_journal(settings.journal),
    )
    context = Context(settings, config, found, looked, journal)
    return [line for check in CHECKS for line in check(context)]


def misconfigured(error: ConfigurationError) -> list[Check]:
    """Return the report for a configuration that is refused: everything else stands on it."""
    return [
        Check("configuration", "fail", line, "mend it, then run doctor again")
        for line in str(error).splitlines()
    ]


def exit_code(checks: Sequence[Check]) -> int:
    """Return 1 if something failed, else 0."""
    return int(any(check.state == "fail" for check in checks))


def render(checks: Sequence[Check]) -> str:
    """Return the report as lines for people."""
    width = max(len(check.name) for check in checks)
    lines = []
    for check in checks:
        lines.append(f"{_MARKS[check.state]}  {check.name:{width}}  {check.text}")
        if check.next and check.state != "ok":
            lines.append(f"{'':{width + 6}}    -> {check.next}")
    return "\n".join([*lines, "", _summary(checks)])


def as_json(checks: Sequence[Check]) -> str:
    """Return the report as one JSON object."""
    body: dict[str, Any] = {
        "version": bridge.__version__,
        "ok": exit_code(checks) == 0,
        "checks": [asdict(check) for check in checks],
    }
    return json.dumps(body, indent=2, ensure_ascii=False)


def _summary(checks: Sequence[Check]) -> str:
    failed = sum(check.state == "fail" for check in checks)
    warned = sum(check.state == "warn" for check in checks)
    warnings = f"{warned} warning{'' if warned == 1 else 's'}"
    if failed:
        return f"{failed} failed, {warnings}: begin with the first FAIL."
    return f"Nothing failed, {warnings}."


async def _look_at_journal(settings: JournalSettings) -> cluster.Looked | None:
    """Look at a journal that is on other machines."""
    return await cluster.look(settings.address) if settings.kind == "nats" else None


async def _find_running(admin: AdminSettings) -> Running:
    """Ask at `[admin]` for the status of a bridge."""
    token = admin.token.get_secret_value()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"http://{reachable(admin.host)}:{admin.port}/api/status"
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=PATIENCE)) as session,
            session.get(url, headers=headers, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                return Running(stranger=f"it answers {answer.status}")
            status = await answer.json(content_type=None)
    except aiohttp.ClientConnectorError:
        return Running()
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        return Running(stranger=f"no status ({type(error).__name__})")
    if not isinstance(status, dict) or "bridge" not in status or "problems" not in status:
        return Running(stranger="its answer is no bridge's")
    return Running(status)

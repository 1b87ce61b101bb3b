"""The JSON of the admin pages: what `/api/status`, `/api/calls` and `/api/events` say.

Identifiers of players and accounts stay out: an owner needs them nowhere here, and the answers end
up in screenshots and support threads.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import bridge
from bridge import wire
from bridge.admin import problems
from bridge.metrics import STAGES

if TYPE_CHECKING:
    from bridge.admin.history import History
    from bridge.admin.view import ServerState, View
    from bridge.events import Call
    from bridge.journal import Record
    from bridge.metrics import Metrics

__all__ = ["calls", "events", "pushes_by_server", "status"]

Json = dict[str, Any]

_PERSONAL = frozenset({"callerIds", "playerIds", "communityUserId", "account", "data"})
_PLOTTED = 60
"""Alerts whose time to the last screen is plotted."""


async def status(view: View, history: History) -> Json:
    """Return how the bridge is doing, with `problems` as the summary of the rest."""
    ready, why = view.ready()
    counts = _pushes_by_outcome(view.metrics)
    rejected = view.rejected.newest(1)
    document: Json = {
        "bridge": bridge.__version__,
        "now": view.now(),
        "startedAt": view.started_at,
        "ready": ready,
        "why": why,
        "journal": _camel(asdict(await view.journal_state())),
        "cad": _camel(asdict(view.cad())),
        "rejected": {
            "total": view.rejected.total,
            "lastAt": rejected[0]["at"] if rejected else None,
        },
        "servers": [
            _server(view, state, counts.get(state.id, {}), history)
            for state in await view.servers()
        ],
    }
    document["problems"] = [problem.to_json() for problem in problems.find(document)]
    return document


async def calls(view: View) -> Json:
    """Return the open calls of each server, and its newest receipts, also of closed calls."""
    return {
        "servers": [
            {
                "id": state.id,
                "name": state.name,
                "calls": [_call(call) for call in view.calls(state.id)],
                "receipts": [asdict(receipt) for receipt in view.receipts(state.id)],
            }
            for state in await view.servers()
        ]
    }


async def events(view: View, server: int | None, limit: int) -> Json:
    """Return up to `limit` events, the newest first; server None: of all servers together."""
    rows = [
        _event(state.id, record)
        for state in await view.servers()
        if server in {None, state.id}
        for record in await view.events(state.id, limit)
    ]
    rows.sort(key=lambda row: row["at"], reverse=True)
    return {"events": rows[:limit]}


def pushes_by_server(metrics: Metrics) -> dict[int, int]:
    """Return how many pushes each server has had since the start."""
    return {
        server: sum(outcomes.values()) for server, outcomes in _pushes_by_outcome(metrics).items()
    }


def _server(view: View, state: ServerState, pushes: dict[str, int], history: History) -> Json:
    receipts = view.receipts(state.id)
    passed = view.metrics.last_passed
    return {
        "id": state.id,
        "name": state.name,
        "ways": [_camel(asdict(way)) for way in state.ways],
        "resource": asdict(state.resource) if state.resource else None,
        "seen": state.seen,
        "last": state.last,
        "acknowledged": state.acknowledged,
        "units": state.units,
        "calls": len(view.calls(state.id)),
        "stages": {
            stage: int(at * 1000) if (at := passed.get((stage, state.id))) else None
            for stage in STAGES
        },
        "pushes": pushes,
        "pushesPerMinute": history.row(state.id),
        "latencies": [
            {"at": r.at, "ms": r.ms, "key": r.key} for r in receipts[:_PLOTTED] if r.shown
        ][::-1],
        "lastAlert": next(
            (asdict(r) for r in receipts if not r.key.startswith(("test:", "tone:"))), None
        ),
    }


def _call(call: Call) -> Json:
    # a time instead of an age: the answer changes only when the call does
    shown: Json = _impersonal(wire.call_to_json(call, call.opened_at))
    del shown["age"]
    return {**shown, "openedAt": call.opened_at}


def _event(server: int, record: Record) -> Json:
    return {
        "server": server,
        "seq": record.seq,
        "at": record.at,
        "alert": record.alert,
        "hidden": record.hidden,
        "event": _impersonal(_read(record.body)),
    }


def _read(body: bytes) -> Any:
    """Return an event; one that the disk spoilt hides no other."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return {"type": "unreadable"}


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _impersonal(v) for k, v in value.items() if k not in _PERSONAL}
    if isinstance(value, (list, tuple)):
        return [_impersonal(item) for item in value]
    return value


def _pushes_by_outcome(metrics: Metrics) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = {}
    for family in metrics.pushes.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                outcomes = counts.setdefault(int(sample.labels["server"]), {})
                outcome = sample.labels["outcome"]
                outcomes[outcome] = outcomes.get(outcome, 0) + int(sample.value)
    return counts


def _camel(fields: Json) -> Json:
    """Return the fields under the names they have in JSON: `max_size` as `maxSize`."""
    return {
        head + "".join(word.title() for word in words): value
        for name, value in fields.items()
        for head, *words in [name.split("_")]
    }

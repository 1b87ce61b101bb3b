"""What is counted, for Prometheus and for the status page.

One object that the composition root makes and hands to the parts. Labels are few and bounded; a
server is named by its CAD serverId, never by a secret or by a player.
"""

from __future__ import annotations

import time

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["STAGES", "Metrics"]

STAGES = ("push", "journal", "gateway", "acknowledged", "painted")
"""The way of a call through the bridge, in order."""

PAINTED_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0)
"""Seconds from the push to the last screen; an alert is meant to take well under one."""


class Metrics:
    """Counters of one bridge, and when each stage last passed something."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.pushes = self._counter("pushes", "Pushes received", "server", "way", "outcome")
        self.unauthorized = self._counter("pushes_unauthorized", "Pushes without the right key")
        self.unknown_types = self._counter("pushes_unknown_type", "Pushes of an unknown type")
        self.events = self._counter("events", "Events made durable", "server", "type")
        self.journal_errors = self._counter("journal_errors", "Appends the journal refused")
        self.commits = self._counter("journal_commits", "Group commits")
        self.frames = self._counter("gateway_frames", "Frames to game servers", "server", "op")
        self.refused_frames = self._counter("gateway_refused", "Bad frames and hellos", "reason")
        self.requests = self._counter("requests", "Requests from the game", "method", "outcome")
        self.api_calls = self._counter("cad_requests", "Requests to the CAD", "endpoint", "outcome")
        self.due = self._counter("alerts_due", "Alerts that players should have got", "server")
        self.sent = self._counter("alerts_sent", "Alerts sent to players", "server")
        self.shown = self._counter("alerts_shown", "Alerts painted by players", "server")
        self.painted = Histogram(
            "cad_bridge_painted_seconds",
            "From the push to the last painted screen",
            ["server"],
            buckets=PAINTED_BUCKETS,
            registry=self.registry,
        )
        self.connected = self._gauge("resource_connected", "1 while the resource is connected")
        self.lag = self._gauge("resource_lag_events", "Events not yet acknowledged")
        self.hub_up = self._gauge("hub_session_up", "1 while the hub session is authenticated")
        self.last_passed: dict[tuple[str, int], float] = {}

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"cad_bridge_{name}", text, labels, registry=self.registry)

    def _gauge(self, name: str, text: str) -> Gauge:
        return Gauge(f"cad_bridge_{name}", text, ["server"], registry=self.registry)

    def passed(self, stage: str, server: int) -> None:
        """Note that something of the server got through a stage of `STAGES` just now."""
        self.last_passed[stage, server] = time.time()

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self.registry)

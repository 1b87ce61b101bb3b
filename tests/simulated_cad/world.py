"""The CAD's state: one community, its servers, calls, units and links; and what its people do.

What happens in the CAD's own interface is pushed (`pushes`); what happens through the API mostly is
not, as in the real one.
"""

import asyncio
import time
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime

KEY = "test-key-5d1b7c90"
COMMUNITY = "community-1"
LIMITS = {
    "version": 10,
    "servers": 10,
    "links": 30,
    "links/check": 30,
    "calls": 5,
    "units": 3,
    "account units": 10,
    "calls/911": 10,
    "calls/911 remove": 10,
    "dispatch-calls": 20,
    "dispatch-calls/close": 20,
    "attachments": 10,
    "attachments remove": 10,
    "notes": 60,
    "units/status": 30,
    "units/panic": 20,
    "unit-locations": 12,
}


class Server:
    """What the CAD holds of one game server."""

    def __init__(self) -> None:
        self.emergencies: dict[object, dict] = {}
        self.dispatches: dict[object, dict] = {}
        self.closed: list[dict] = []
        self.units: dict[int, dict] = {}


class World:
    """One community."""

    def __init__(self) -> None:
        self.on_push: Callable[[], None] = lambda: None
        self.reset()

    def reset(self) -> None:
        """Begin anew: no calls, no units, no faults, nothing counted."""
        self.config = {
            "span": 60.0,  # seconds of a limit's window
            "limited": True,
            "retry_header": "Retry-After",
            "retry_form": "seconds",  # seconds, date, epoch, none
            "echo_remove_911": False,
            "page": 100,
            "ping": 15.0,
            "client_timeout": 30.0,
            "push_as": "text",  # or object
            "direct": True,  # the hub takes a websocket without negotiation
            "negotiate_version": 1,
            "redirects": 0,
            "cut_every": 0.0,  # seconds that a hub session lives; 0: for ever
            "listeners": {},  # server id -> url for HTTP pushes
            "date_offset": 0.0,  # seconds that the CAD's clock is ahead
        }
        self.servers = {1: Server(), 2: Server()}
        self.links: dict[str, str] = {}
        self.faults: list[dict] = []
        self.log: list[dict] = []
        self.sent: dict[str, deque[float]] = {name: deque() for name in LIMITS}
        self.released = asyncio.Event()  # for answers that are held back
        self.next_call = 400
        self.pushes: list[tuple[int, dict]] = []

    # What is known

    def now(self) -> float:
        """Return the CAD's own time, seconds since 1970."""
        return time.time() + self.config["date_offset"]

    def note(self, **entry: object) -> None:
        """Write down what was asked, for the tests."""
        self.log.append({"at": time.monotonic(), **entry})

    def take_fault(self, at: str) -> dict | None:
        """Return the next fault for a place and use it up."""
        for fault in self.faults:
            if fault["at"] in (at, "*"):
                times = fault.get("times")
                if times is not None:
                    fault["times"] = times - 1
                    if times <= 1:
                        self.faults.remove(fault)
                return fault
        return None

    def over_limit(self, endpoint: str) -> float | None:
        """Count a request; return the seconds to wait if it is one too many."""
        now, sent = time.monotonic(), self.sent[endpoint]
        while sent and sent[0] <= now - self.config["span"]:
            sent.popleft()
        if self.config["limited"] and len(sent) >= LIMITS[endpoint]:
            return sent[0] + self.config["span"] - now
        sent.append(now)
        return None

    def units_of(self, server: int, target: dict) -> list[int]:
        """Return the idents that a target of the API means: active identifiers only."""
        names = [*_list(target.get("communityUserIds")), *_list(target.get("communityUserId"))]
        accounts = {self.links[name] for name in names if name in self.links}
        accounts |= {*_list(target.get("accounts")), *_list(target.get("accountUuid"))}
        idents = set(_list(target.get("identIds")))
        units = self.servers[server].units
        return [n for n, unit in units.items() if n in idents or unit["accId"] in accounts]

    # What the API does

    def place_911(self, server: int, body: dict) -> dict:
        """Place a call; this one comes back as a push."""
        call = {
            "callId": self._number(body.get("callId")),
            "isEmergency": body["isEmergency"],
            "caller": body["caller"],
            "location": body["location"],
            "description": body["description"],
            "metaData": body.get("metaData", {}),
            "updated": self.stamp(body.get("age", 0)),
        }
        self.servers[server].emergencies[call["callId"]] = call
        self.push(server, "EVENT_911", [{"call": dict(call), **body.get("beside", {})}])
        return call

    def dispatch(self, server: int, body: dict) -> dict:
        """Create a dispatch call; no echo."""
        call = {
            "callId": self._number(body.get("callId")),
            **{name: body[name] for name in ("origin", "status", "priority", "title")},
            "block": body.get("block", ""),
            "address": body.get("address", ""),
            "postal": body.get("postal", ""),
            "code": body.get("code", ""),
            "description": body.get("description", ""),
            "notes": body.get("notes", []),
            "idents": self.units_of(server, body),
            "metaData": body.get("metaData", {}),
            "updated": self.stamp(body.get("age", 0)),
        }
        self._detach(server, call["idents"])
        self.servers[server].dispatches[call["callId"]] = call
        return call

    def attach(self, server: int, call_id: object, target: dict) -> list[int]:
        """Attach units; no echo."""
        idents = self.units_of(server, target)
        self._detach(server, idents)
        call = self.servers[server].dispatches[call_id]
        call["idents"] = [*call["idents"], *idents]
        return idents

    def detach(self, server: int, target: dict) -> list[int]:
        """Detach units from whatever they are on; no echo."""
        return self._detach(server, self.units_of(server, target))

    def close(self, server: int, call_ids: list) -> list:
        """Close dispatch calls; no echo."""
        state = self.servers[server]
        known = [call_id for call_id in call_ids if call_id in state.dispatches]
        state.closed += [{**state.dispatches.pop(call_id), "status": 2} for call_id in known]
        return known

    # What people do in the CAD's own interface: all of it is pushed

    def act(self, what: str, server: int, body: dict) -> object:
        """Do what a dispatcher or unit does by hand."""
        state = self.servers[server]
        match what:
            case "place_911":
                return self.place_911(server, body)
            case "remove_911":
                state.emergencies.pop(body["callId"], None)
                self.push(server, "EVENT_REMOVE_911", [{"callIds": [body["callId"]]}])
            case "dispatch":
                call = self.dispatch(server, body)
                self.push(server, "EVENT_DISPATCH_NEW", [{"dispatch": dict(call)}])
                return call
            case "close":
                self.close(server, [body["callId"]])
                self.push(server, "EVENT_DISPATCH_CLOSED", {"callIds": [body["callId"]]})
            case "log_in":
                unit = new_unit(**body)
                state.units[unit["id"]] = unit
                self.push(server, "EVENT_UNIT_LOGIN", [{"unit": unit, "isDispatch": False}])
            case "log_out":
                state.units.pop(body["id"], None)
                self.push(server, "EVENT_UNIT_LOGOUT", [{"identId": body["id"]}])
            case "link":
                self.links[body["communityUserId"]] = body["accountUuid"]
                self.push(server, "EVENT_COMMUNITY_LINK_VERIFIED", dict(body))
            case "push":
                self.push(server, body["type"], body["data"])
            case _:
                raise ValueError(what)
        return {}

    def push(self, server: int, push_type: str, data: object) -> None:
        """Queue an event for the server's hub session or listener."""
        self.pushes.append((server, {"key": KEY, "type": push_type, "data": data}))
        self.on_push()

    def stamp(self, age: float) -> str:
        """Return an ISO time so many seconds ago."""
        return datetime.fromtimestamp(self.now() - age, UTC).isoformat().replace("+00:00", "Z")

    def _number(self, wanted: object) -> object:
        if wanted is not None:
            return wanted
        self.next_call += 1
        return self.next_call

    def _detach(self, server: int, idents: list[int]) -> list[int]:
        gone = []
        for call in self.servers[server].dispatches.values():
            gone += [ident for ident in call["idents"] if ident in idents]
            call["idents"] = [ident for ident in call["idents"] if ident not in idents]
        return gone


def new_unit(id: int, account: str, number: str = "1A-1", status: int = 2, **data: object) -> dict:  # noqa: A002
    """Return a unit object as the API has it."""
    return {
        "id": id,
        "accId": account,
        "status": status,
        "isPanic": False,
        "isDispatch": False,
        "location": "",
        "aop": "",
        "coordinates": {"x": 0, "y": 0, "z": 0, "w": 0},
        "data": {"unitNum": number, "name": f"Unit {id}", "page": 0, "apiIds": [], **data},
    }


def _list(value: object) -> list:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]

"""Calls in the dispatch script that an owner already has, for those who were chosen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from lupa import lua54

RESOURCE = Path(__file__).parents[2] / "lua_resource"

FILES = (
    "shared/namespace.lua",
    "shared/text.lua",
    "server/adapters.lua",
    "server/adapters/ps_dispatch.lua",
    "server/adapters/cd_dispatch.lua",
    "server/adapters/lb_tablet.lua",
)

ALERT: dict[str, Any] = {
    "key": "911:1",
    "class": "emergency",
    "how": "alert",
    "number": "911 #1",
    "title": "Emergency call",
    "text": "~r~Help ^1 <b>",
    "place": "Alta Street",
    "postal": "7351",
    "caller": "Jane Roe",
    "style": "auto",
}


class Server:
    """What sends to players, with an adapter in its way."""

    def __init__(self, name: str, *, started: bool = True, fails: bool = False) -> None:
        self.lua = lua54.LuaRuntime(unpack_returned_tuples=True)
        for path in FILES:
            self.lua.execute((RESOURCE / path).read_text(encoding="utf-8"))
        self.sent: list[tuple[Any, ...]] = []
        self.triggered: list[tuple[Any, ...]] = []
        self.added: list[Any] = []
        self.warned: list[str] = []

        def trigger(*args: Any) -> None:
            if fails:
                message = "not there"
                raise RuntimeError(message)
            self.triggered.append(args)

        tablet = self.lua.table_from({"AddDispatch": lambda _, data: self.added.append(data)})
        parts = {
            "trigger": trigger,
            "exports": self.lua.table_from({"lb-tablet": tablet}),
            "started": lambda _: started,
            "jobs": self.lua.table_from(["police", "ambulance"]),
            "vector": lambda *xyz: self.lua.table_from(xyz),
            "time": lambda: 1_700_000_000,
            "warn": self.warned.append,
        }
        send = lambda *args: self.sent.append(args)  # noqa: E731
        adapters = self.lua.globals().CadBridge.adapters
        self.send = adapters.through(send, name, self.lua.table_from(parts))

    def show(self, source: int = 3, **fields: Any) -> None:
        alert = ALERT | {"position": self.lua.table_from({"x": 10, "y": 20})} | fields
        known = {key: value for key, value in alert.items() if value is not None}
        self.send(source, "cadbridge:show", self.lua.table_from(known))


@pytest.mark.parametrize("name", ["ps-dispatch", "cd_dispatch"])
def test_its_picture_stands_in_for_ours_and_the_map_stays_ours(name: str) -> None:
    server = Server(name)
    server.show(source=3)

    ((_, to, _),) = server.triggered
    ((source, event, alert),) = server.sent
    assert to == source == 3
    assert event == "cadbridge:show"
    assert alert.style == "none"
    assert alert.position.x == 10


def test_ps_dispatch_gets_what_its_card_shows() -> None:
    server = Server("ps-dispatch")
    server.show()

    event, _, call = server.triggered[0]
    assert event == "ps-dispatch:client:notify"
    assert (call.id, call.code, call.priority) == ("911:1", "911 #1", 1)
    assert call.street == "Alta Street · 7351"
    assert (call.coords.x, call.coords.y, call.coords.z) == (10.0, 20.0, 0.0)
    assert (call.length, call.alert.length, call.radius) == (0, 0, 0)
    assert list(call.jobs.values()) == ["leo", "ems"]


def test_cd_dispatch_gets_what_its_documentation_names() -> None:
    server = Server("cd_dispatch")
    server.show()

    event, _, data = server.triggered[0]
    assert event == "cd_dispatch:AddNotification"
    assert list(data.job_table.values()) == ["police", "ambulance"]
    assert list(data.coords.values()) == [10.0, 20.0, 0.0]
    assert data.title == "911 #1 - Emergency call"
    assert "Alta Street · 7351" in data.message
    assert data.unique_id == "911:1"


def test_the_tablet_gets_a_call_once_and_our_picture_stays() -> None:
    server = Server("lb-tablet")
    for source in (3, 4, 5):
        server.show(source=source)
    server.show(source=3, key="panic:1", **{"class": "panic"})

    assert [data.title for data in server.added] == ["Emergency call"]
    assert [alert.style for _, _, alert in server.sent] == ["auto"] * 4


@pytest.mark.parametrize("name", ["ps-dispatch", "cd_dispatch", "lb-tablet"])
def test_foreign_text_brings_no_code_into_another_script(name: str) -> None:
    server = Server(name)
    server.show()

    told = (server.triggered[0][2] if server.triggered else server.added[0]).items()
    texts = " ".join(value for _, value in told if isinstance(value, str))
    assert "Help" in texts
    assert not set("~^<>") & set(texts)


@pytest.mark.parametrize(
    "fields",
    [
        {"how": "change"},
        {"how": "quiet"},
        {"class": "caller"},
        {"class": "test"},
        {"position": None},
    ],
)
def test_what_it_has_no_picture_for_is_ours(fields: dict[str, Any]) -> None:
    server = Server("ps-dispatch")
    server.show(**fields)

    assert server.triggered == []
    assert server.sent[0][2].style == "auto"


@pytest.mark.parametrize("name", ["none", "qs-dispatch", ""])
def test_no_adapter_is_used_unless_it_is_named(name: str) -> None:
    server = Server(name)
    server.show()

    assert server.triggered == []
    assert server.sent[0][2].style == "auto"


def test_a_script_that_is_not_started_is_not_told() -> None:
    server = Server("ps-dispatch", started=False)
    server.show()

    assert server.triggered == []
    assert server.sent[0][2].style == "auto"


def test_an_adapter_that_fails_costs_no_alert() -> None:
    server = Server("ps-dispatch", fails=True)
    server.show()
    server.show(key="911:2")

    assert [alert.style for _, _, alert in server.sent] == ["auto", "auto"]
    assert len(server.warned) == 1

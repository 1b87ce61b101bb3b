"""The resource's server: its pure modules alone, and all of it in the simulated game server."""

from __future__ import annotations

import json
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from lupa.lua54 import LuaRuntime

from bridge.demo.game import GameServer, Player, load_players

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable
    from contextlib import AbstractAsyncContextManager

RESOURCE = Path(__file__).parents[2] / "lua_resource"
DATA = Path(__file__).parents[1] / "data"

Lua = Any
"""A Lua runtime, or a value of it: lupa ships no types."""

LICENSES = {
    1: "license:abc123",
    2: "license:c93b612e05010f0823aa130bd46aed012ac66186",
    3: "license:e5299552c1a2536ad6dbe47709f304bc5a1f0ac5",
    4: "license:e0102f54e66064e29164cb17368d663816e5dc5e",
    5: "license:44217ee4580d7b78dc4f9553748ef7a8198f0add",
    8: "license:362be57961be207b0769d6e9748a16880910309a",
    9: "license:18762652538438f7ed4baf87f98120dad9d8b7ac",
}
"""What links the sample players to the CAD."""


@pytest.fixture(scope="session")
def load() -> Callable[..., Lua]:
    """Return a function that loads files of the resource, in order, into a new Lua 5.4.

    Texts are bytes on both sides, as Lua has no others.
    """

    def runtime(*files: str) -> Lua:
        lua = LuaRuntime(encoding=None, unpack_returned_tuples=True)
        for file in ("shared/namespace.lua", *files):
            path = RESOURCE / file
            chunk = lua.eval("function(code, name) return assert(load(code, name, 't')) end")
            chunk(path.read_bytes(), f"@{file}".encode())()
        return lua

    return runtime


def to_lua(lua: Lua, value: Any) -> Lua:
    """Return a Python value as Lua sees it: texts as bytes, lists and dicts as tables."""
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, dict):
        return lua.table_from({to_lua(lua, k): to_lua(lua, v) for k, v in value.items()})
    if isinstance(value, (list, tuple)):
        return lua.table_from([to_lua(lua, v) for v in value])
    return value


def to_python(value: Any) -> Any:
    """Return a Lua value as Python sees it: a table of 1 to n as a list, others as a dict."""
    if isinstance(value, bytes):
        return value.decode()
    if hasattr(value, "items"):
        pairs = {to_python(k): to_python(v) for k, v in value.items()}
        if pairs and list(pairs) == list(range(1, len(pairs) + 1)):
            return list(pairs.values())
        return pairs
    return value


class Town:
    """A game server with its resource, and the bridge played by the test.

    `show` and the like look at what was sent to a player since the last look.
    """

    def __init__(self, server: GameServer) -> None:
        self.server = server
        self.people = {p.source: p for p in load_players(DATA / "players.json")}
        self.out = server.listen("cadbridge:socket")
        self.generation = 0
        self.seq = 0
        self._looked: dict[int, int] = {}
        self._asked = 0

    # The bridge ---------------------------------------------------------------------------------

    async def connect(
        self,
        *,
        calls: Iterable[dict[str, Any]] = (),
        units: Iterable[dict[str, Any]] = (),
        board: bool = True,
        epoch: str = "epoch-1",
        fresh_for: int = 300_000,
    ) -> dict[str, Any]:
        """Open a connection and welcome the resource; return its greeting."""
        self.generation += 1
        self.tell("open", self.generation)
        hello: dict[str, Any] = json.loads(self.last("hello")[2])
        self.frame(
            op="welcome",
            bridge="1.0.0",
            server={"id": 1, "name": "Main"},
            epoch=epoch,
            cursor=self.seq,
            freshFor=fresh_for,
            board={"calls": list(calls), "units": list(units)} if board else None,
        )
        await self.server.advance(300)
        return hello

    def tell(self, *words: Any, by: str | None = None) -> None:
        """Say something as transport.js does."""
        self.server.emit_local("cadbridge:transport", *words, resource=by)

    def frame(self, **fields: Any) -> None:
        self.tell("frame", self.generation, json.dumps(fields))

    async def event(self, kind: str, *, age: int = 0, alert: bool = True, **fields: Any) -> int:
        """Let an event happen; return its number."""
        self.happen(kind, age=age, alert=alert, **fields)
        await self.server.advance(100)
        return self.seq

    def happen(self, kind: str, *, age: int = 0, alert: bool = True, **fields: Any) -> None:
        """As `event`, in the same tick as what follows."""
        self.seq += 1
        self.frame(op="event", seq=self.seq, age=age, alert=alert, event={"type": kind, **fields})

    def down(self) -> None:
        self.tell("down", "closed", 1006, 1000)

    def last(self, what: str) -> list[Any]:
        return next(words for words in reversed(self.out) if words[0] == what)

    def frames(self, op: str) -> list[dict[str, Any]]:
        """Return what the resource sent of a kind."""
        sent = [json.loads(words[2]) for words in self.out if words[0] == "send"]
        return [frame for frame in sent if frame["op"] == op]

    def asked(self, method: str) -> list[dict[str, Any]]:
        """Return the parameters of all requests of a method."""
        return [frame["params"] for frame in self.frames("request") if frame["method"] == method]

    async def answer(
        self, method: str, result: Any = None, error: dict[str, str] | None = None
    ) -> None:
        """Answer the newest request of a method."""
        frame = [f for f in self.frames("request") if f["method"] == method][-1]
        body = {"result": result} if error is None else {"error": error}
        self.frame(op="reply", id=frame["id"], **body)
        await self.server.advance(100)

    # Players ------------------------------------------------------------------------------------

    async def come(self, *sources: int, ready: bool = True) -> None:
        """Let sample players join, with clients that record what they are sent."""
        for source in sources:
            await self.server.join(self.people[source], client="headless")
            if ready:
                self.ready(source)
        await self.server.advance(150)

    async def crowd(self, count: int, first: int = 1000) -> list[int]:
        """Let so many players join who are nobody in particular."""
        sources = list(range(first, first + count))
        for source in sources:
            player = Player(source, f"Player {source}", [f"license:{source:040x}"])
            await self.server.join(player, client="headless")
        # A few at a time: the server's limits are per player, its ticks are not.
        for source in sources:
            self.ready(source)
        await self.server.advance(100)
        return sources

    def ready(self, source: int) -> None:
        self.server.emit_as_client(source, "cadbridge:ready", "1.0.0")

    def responders(self, *sources: int) -> None:
        """Make sample players responders by permission."""
        for source in sources:
            self.server.grant_ace(f"identifier.{LICENSES[source]}", "cadbridge.responder")

    def dispatchers(self, *sources: int) -> None:
        for source in sources:
            self.server.grant_ace(f"identifier.{LICENSES[source]}", "cadbridge.dispatcher")

    def got(self, source: int) -> list[tuple[str, list[Any]]]:
        """Return what this player was sent since the last look."""
        packets = self.server.packets(source)
        new = packets[self._looked.get(source, 0) :]
        self._looked[source] = len(packets)
        return [(packet.name.removeprefix("cadbridge:"), packet.args) for packet in new]

    def shown(self, source: int) -> list[dict[str, Any]]:
        """Return the alerts of the last look, the oldest first."""
        return [args[0] for name, args in self.got(source) if name == "show"]

    def lines(self, source: int) -> list[str]:
        """Return the notices of the last look."""
        return [args[0]["text"] for name, args in self.got(source) if name == "notice"]

    def forget(self, *sources: int) -> None:
        """Look away from what was sent so far."""
        for source in sources or list(self.server.lobby.clients):
            self.got(source)

    def said(self, text: str) -> int:
        """Return how many lines of the console have this text."""
        return sum(text in line for line in self.server.console_lines)


@asynccontextmanager
async def running(
    config: str = "", *, welcome: bool = True, convars: dict[str, str] | None = None, **options: Any
) -> AsyncIterator[Town]:
    """Run a town; `config` is what stands in config.lua. Script errors fail the test."""
    files = dict(options.pop("files", {}))
    if config:
        files["config.lua"] = f"CadBridge.config = {{ {config} }}"
    server = GameServer(
        RESOURCE,
        javascript=False,
        files=files,
        convars={"cadbridge_token": "t" * 32, **(convars or {})},
        **options,
    )
    async with server:
        town = Town(server)
        if welcome:
            town.tell("ready")
            await town.connect()
        yield town
    assert not server.errors, [str(error) for error in server.errors]


@pytest.fixture(scope="session")
def opened() -> Callable[..., AbstractAsyncContextManager[Town]]:
    """Run a town in an `async with`: for tests that need more than one."""
    return running


@pytest.fixture
async def build() -> AsyncIterator[Callable[..., Any]]:
    """Run a town that ends with the test; words and options are those of `running`."""
    async with AsyncExitStack() as stack:

        async def make(*words: Any, **options: Any) -> Town:
            return await stack.enter_async_context(running(*words, **options))

        yield make


@pytest.fixture
async def town(build: Callable[..., Any]) -> Town:
    """A town with the default options, connected to an empty board."""
    made: Town = await build()
    return made


def call(number: int = 4711, kind: str = "911", **fields: Any) -> dict[str, Any]:
    """Return a call as the bridge sends it."""
    body = {"key": f"{kind}:{number}", "id": number, "kind": kind, "age": 0}
    if kind == "911":
        body.update(
            emergency=True, caller="Ann Caller", location="Vespucci Blvd", description="Help"
        )
    body.update(fields)
    return {name: value for name, value in body.items() if value is not None}


def unit(ident: int = 101, *, player: int | None = None, **fields: Any) -> dict[str, Any]:
    """Return a unit as the bridge sends it; `player`: a sample player whose account is linked."""
    body: dict[str, Any] = {"ident": ident, "number": f"1-A-{ident}", "department": "LSPD"}
    if player is not None:
        body["playerIds"] = ids(player)
    return {**body, **fields}


def ids(*players: int, at: int = 0) -> list[list[str]]:
    """Return the five lists of ids, with these players in one of them."""
    lists: list[list[str]] = [[], [], [], [], []]
    lists[at] = [LICENSES[player] for player in players]
    return lists


@pytest.fixture(scope="session")
def make() -> Any:
    """The builders `call`, `unit` and `ids`, and `to_lua`, `to_python`."""

    class Builders:
        pass

    builders: Any = Builders()
    for function in (call, unit, ids, to_lua, to_python):
        setattr(builders, function.__name__, staticmethod(function))
    return builders

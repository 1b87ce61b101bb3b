"""The stage of the demo: a real bridge process and a simulated game server, over real sockets.

Beside them a small CAD, which the bridge asks instead of the real one, and a cable between bridge
and game server that can be cut. Nothing leaves this machine.

Everything lives in a folder that goes away with it. Three players stand for the three kinds of
people that a 911 call knows: a responder, the caller, and somebody who has no business with it.
"""

from __future__ import annotations

import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self

from bridge.demo.bridge_process import BridgeProcess
from bridge.demo.cable import Cable
from bridge.demo.cad import Cad
from bridge.demo.cad_api import CadApi
from bridge.demo.game import GameServer, Player, ScriptFailure
from bridge.owner import resource

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType

    from bridge.demo.game import GameClient

__all__ = ["BYSTANDER", "CALLER", "CAST", "RESPONDER", "Bridge", "Stage"]

RESPONDER = Player(
    source=1,
    name="Officer on duty",
    identifiers=("license:5f1c0e9ab7d24c63b6c1f0a2d9e84b7733aa1101", "discord:310000000000000101"),
    coords=(441.2, -981.9, 30.7),
    heading=90.0,
)
CALLER = Player(
    source=2,
    name="Caller",
    identifiers=("license:abc123", "license2:abc123", "discord:310000000000000102"),
    coords=(-47.4, -1757.5, 29.4),
    heading=140.0,
)
BYSTANDER = Player(
    source=3,
    name="Bystander",
    identifiers=("license:d4b1aa90c3e7f25568a0b1c2d3e4f50617283903", "discord:310000000000000103"),
    coords=(215.8, -810.1, 30.7),
    heading=340.0,
)
CAST = (RESPONDER, CALLER, BYSTANDER)
CONNECT_SECONDS = 20.0


class Bridge(Protocol):
    """What the demo does with a bridge."""

    key: str

    @property
    def tokens(self) -> Mapping[int, str]:
        """The token of each server."""

    @property
    def gateway_port(self) -> int:
        """Where the game server connects."""

    @property
    def running(self) -> bool:
        """It can be reached."""

    @property
    def admin_url(self) -> str:
        """Its status page; empty if it has none."""

    async def push(self, body: Mapping[str, Any], *, server: int = 1) -> int:
        """Post a push and return the status."""

    async def admin(self, path: str) -> Any:
        """Return the JSON of an admin path."""

    async def start(self) -> None:
        """Start it again."""

    async def kill(self) -> None:
        """End it as a power failure would."""


class Stage:
    """A bridge, a game server with the real resource, and players who have loaded it."""

    def __init__(self, cast: Sequence[Player] = CAST, *, bridge: Bridge | None = None) -> None:
        """Without a `bridge` to stand on it, the stage starts a process of its own."""
        self.cast = tuple(replace(player) for player in cast)  # they move
        self._stack = AsyncExitStack()
        self._given = bridge
        self.cad = Cad()
        self.bridge: Bridge
        self.cable: Cable
        self.journal_file: Path
        self.game: GameServer

    async def __aenter__(self) -> Self:
        """Raise the curtain: return when every player is connected and ready for alerts."""
        try:
            await self._build()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Stop everything and delete the folder."""
        await self._stack.aclose()

    async def _build(self) -> None:
        folder = self._stack.enter_context(
            tempfile.TemporaryDirectory(prefix="cad-bridge-demo-", ignore_cleanup_errors=True)
        )
        self.journal_file = Path(folder) / "cad-bridge.db"
        enter = self._stack.enter_async_context
        if self._given is None:
            community = _community((await enter(CadApi(self.cad))).url)
            self.bridge = await enter(BridgeProcess(Path(folder), environment=community))
        else:
            self.bridge = self._given
        self.cad.belong(self.bridge.key, self._post)
        self.cable = await enter(Cable(self.bridge.gateway_port))
        self.game = GameServer(
            resource.find(),
            clock="real",
            convars={
                "cadbridge_url": self.cable.url,
                "cadbridge_token": self.bridge.tokens[1],
            },
        )
        self.game.add_principal(f"identifier.{RESPONDER.identifiers[0]}", "group.police")
        self.game.grant_ace("group.police", "cadbridge.responder")
        await self._stack.enter_async_context(self.game)
        for player in self.cast:
            await self.game.join(player, client="lua")
        await self.game.wait_for(self.connected, timeout=CONNECT_SECONDS)
        await self.game.settle()

    async def _post(self, push: dict[str, Any], *, aside: bool = False) -> int:
        return await self.bridge.push(push)

    def connected(self) -> bool:
        """Tell whether the resource is connected to the bridge; not while it is restarted."""
        try:
            return bool(self.game.export("IsConnected"))
        except ScriptFailure:
            return False

    def client(self, player: Player) -> GameClient:
        """Return a player's game."""
        return self.game.client(player.source)


def _community(url: str) -> dict[str, str]:
    """Let a bridge read and ask the CAD of an address, and no other."""
    return {
        "CAD_BRIDGE_CAD__API_URL": url,
        "CAD_BRIDGE_CAD__COMMUNITY_ID": "demo",
        "CAD_BRIDGE_CAD__RECONCILE": "true",
    }

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import aiohttp
import pytest
from pydantic import SecretStr

from bridge import wire
from bridge.admin.site import AdminSite
from bridge.admin.view import CadState, JournalState, Resource, ServerState, Way
from bridge.blot import Secrets
from bridge.events import Call, CallOpened, Event
from bridge.journal import Record
from bridge.metrics import Metrics
from bridge.receipts import Receipt
from bridge.rejected import Rejected
from bridge.settings import AdminSettings

NOW = 1_800_000_000_000
KEY = "test-key-5d1b7c90"
IN_ORDER = JournalState("sqlite", "9f3c2a", size=4_300_000, max_size=2**30, free=2**35)
ANSWERS = CadState("ok", plan="PLUS", reconciled_at=NOW - 60_000)


@dataclass
class SeenBridge:
    """A bridge as the pages see it, with everything in order unless a test changes it."""

    time: int = NOW
    started_at: int = NOW - 3_600_000
    is_ready: tuple[bool, str] = (True, "")
    journal: JournalState = IN_ORDER
    cad_state: CadState = ANSWERS
    server_states: list[ServerState] = field(
        default_factory=lambda: [
            ServerState(
                id=1,
                name="Los Santos",
                ways=(Way("hub", "up", since=NOW - 3_600_000),),
                resource=Resource("1.0.0", since=NOW - 1_800_000, sent=1234),
                seen=NOW - 1_800_000,
                last=1234,
                acknowledged=1234,
                units=12,
            )
        ]
    )
    open_calls: dict[int, list[Call]] = field(default_factory=dict)
    kept_receipts: dict[int, list[Receipt]] = field(default_factory=dict)
    happened: dict[int, list[Record]] = field(default_factory=dict)
    metrics: Metrics = field(default_factory=Metrics)

    def __post_init__(self) -> None:
        self.rejected = Rejected(Secrets([KEY]), now=lambda: self.time)
        self.metrics.pushes.labels(1, "hub", "ok").inc(40)
        for stage in ("push", "journal", "gateway", "acknowledged", "painted"):
            self.metrics.last_passed[stage, 1] = (NOW - 12_000) / 1000

    def now(self) -> int:
        return self.time

    def ready(self) -> tuple[bool, str]:
        return self.is_ready

    async def journal_state(self) -> JournalState:
        return self.journal

    def cad(self) -> CadState:
        return self.cad_state

    async def servers(self) -> Sequence[ServerState]:
        return self.server_states

    def calls(self, server: int) -> Sequence[Call]:
        return self.open_calls.get(server, [])

    def receipts(self, server: int) -> Sequence[Receipt]:
        return self.kept_receipts.get(server, [])

    async def events(self, server: int, limit: int) -> Sequence[Record]:
        return self.happened.get(server, [])[:limit]

    def happens(self, event: Event, *, server: int = 1, at: int = NOW) -> None:
        """Put an event at the front of what happened."""
        rows = self.happened.setdefault(server, [])
        rows.insert(0, Record(len(rows) + 1, at, wire.encode(event, at), alert=True, hidden=False))

    def opens(self, call: Call, *, server: int = 1) -> None:
        """Open a call."""
        self.open_calls.setdefault(server, []).append(call)
        self.happens(CallOpened(call), server=server, at=call.opened_at)


@pytest.fixture
def seen() -> SeenBridge:
    return SeenBridge()


class Sites:
    """Starts admin sites on free ports of loopback."""

    def __init__(self, seen: SeenBridge) -> None:
        self._seen = seen
        self._sites: list[AdminSite] = []

    async def __call__(self, *, token: str = "") -> str:
        """Start one, and return its address."""
        site = AdminSite(AdminSettings(port=0, token=SecretStr(token)), self._seen, pause=0.02)
        await site.start()
        self._sites.append(site)
        return f"http://127.0.0.1:{site.port}"

    async def stop(self) -> None:
        """Stop all that were started."""
        while self._sites:
            await self._sites.pop().stop()


@pytest.fixture
async def serve(seen: SeenBridge) -> AsyncIterator[Sites]:
    sites = Sites(seen)
    yield sites
    await sites.stop()


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session

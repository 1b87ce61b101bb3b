"""Any interleaving of events, time, cuts, restarts and a restore keeps: order, no loss, no second
alert.

The game server of this test keeps what a real one keeps: epoch and cursor over a restart of the
resource, the mirror of the board until then.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bridge.game.resume import BoardWanted, LeftOutWanted, Standing, StandingWanted
from bridge.game.session import SUBPROTOCOL, Door, Session
from bridge.journal import Record

FRESH_MS = 1000
TOKEN = "t" * 32
DOORS = [Door(1, "", TOKEN)]


@dataclass(frozen=True)
class Stored:
    """An event of the journal, with a name that no other event ever has."""

    name: int
    record: Record


class Interleavings(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.now = 10_000
        self.journal: list[Stored] = []
        self.names = 0
        self.epoch = 1
        self.acknowledged = 0
        self.durable_acknowledged = 0
        self.session: Session | None = None
        self.to_game: deque[bytes] = deque()
        self.to_bridge: deque[str] = deque()
        # The game server.
        self.epoch_known: str | None = None
        self.cursor: int | None = None
        self.mirror: set[int] | None = None
        self.alerts: Counter[tuple[int, int]] = Counter()
        self.memory = 0  # counts what makes a second alert excusable: a cursor was lost

    # What happens at the bridge.

    @rule(alert=st.booleans(), hidden=st.booleans(), count=st.integers(1, 5))
    def events_happen(self, alert: bool, hidden: bool, count: int) -> None:
        for _ in range(count):
            self.names += 1
            body = b'{"name":%d}' % self.names
            record = Record(len(self.journal) + 1, self.now, body, alert, hidden)
            self.journal.append(Stored(self.names, record))

    @rule(ms=st.integers(1, FRESH_MS * 3 // 2))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    def the_acknowledgement_is_written(self) -> None:
        self.durable_acknowledged = self.acknowledged

    def the_bridge_is_killed(self) -> None:
        self.connection_is_cut()
        self.acknowledged = self.durable_acknowledged

    def a_backup_is_restored(self) -> None:
        self.connection_is_cut()
        del self.journal[len(self.journal) // 2 :]
        self.acknowledged = min(self.durable_acknowledged, len(self.journal))
        self.durable_acknowledged = self.acknowledged
        self.epoch += 1
        self.memory += 1

    @precondition(lambda self: self.session)
    @rule(most=st.integers(1, 20))
    def the_bridge_streams(self, most: int) -> None:
        assert self.session is not None
        self.answer_needs()
        room = min(most, self.session.room())
        after = self.session.after
        offered = [stored.record for stored in self.journal[after : after + room]]
        self.session.offer(offered, self.now)
        self.flush()

    @precondition(lambda self: self.to_bridge)
    @rule()
    def the_bridge_hears(self) -> None:
        assert self.session is not None
        self.session.receive(self.to_bridge.popleft(), self.now)
        self.answer_needs()
        self.flush()

    def answer_needs(self) -> None:
        assert self.session is not None
        while need := self.session.need:
            match need:
                case StandingWanted():
                    fresh = [
                        stored.record.seq
                        for stored in self.journal
                        if stored.record.at >= self.now - FRESH_MS
                    ]
                    last = len(self.journal)
                    self.session.standing(
                        Standing(
                            str(self.epoch), last, self.acknowledged, min(fresh, default=last + 1)
                        )
                    )
                case LeftOutWanted(_, after, upto):
                    between = self.journal[after:upto]
                    self.session.left_out(any(not stored.record.hidden for stored in between))
                case BoardWanted(_, seq):
                    self.session.board({"upto": seq})

    def flush(self) -> None:
        assert self.session is not None
        assert self.session.closing is None, self.session.closing
        self.to_game.extend(self.session.frames())
        if self.session.welcomed:
            self.acknowledged = max(self.acknowledged, self.session.acknowledged)

    # What goes wrong. One rule of many, so that most steps are those of an ordinary evening.

    @rule(
        what=st.sampled_from(
            [
                "connection_is_cut",
                "the_acknowledgement_is_written",
                "the_bridge_is_killed",
                "a_backup_is_restored",
                "the_resource_restarts",
                "the_game_server_is_installed_anew",
            ]
        )
    )
    def something_goes_wrong(self, what: str) -> None:
        getattr(self, what)()

    # What happens at the game server.

    @precondition(lambda self: not self.session)
    @rule()
    def the_game_server_connects(self) -> None:
        self.session = Session(
            DOORS, version="1", fresh_for_ms=FRESH_MS, subprotocol=SUBPROTOCOL, clock=self.now
        )
        self.to_bridge.append(
            json.dumps(
                {
                    "op": "hello",
                    "token": TOKEN,
                    "resource": "1",
                    "instance": "a",
                    "epoch": self.epoch_known,
                    "cursor": self.cursor,
                    "board": self.mirror is None,
                }
            )
        )
        self.the_bridge_hears()

    @precondition(lambda self: self.to_game)
    @rule(most=st.integers(1, 20))
    def the_game_server_hears(self, most: int) -> None:
        for _ in range(min(most, len(self.to_game))):
            frame = json.loads(self.to_game.popleft())
            if frame["op"] == "welcome":
                self.take_welcome(frame)
            else:
                self.take_event(frame)

    def take_welcome(self, frame: dict[str, Any]) -> None:
        if frame["board"] is not None:
            assert frame["board"]["upto"] == frame["cursor"]
            self.mirror = self.visible(frame["cursor"])
        else:
            assert frame["epoch"] == self.epoch_known
            assert self.mirror is not None
        self.epoch_known, self.cursor = frame["epoch"], frame["cursor"]

    def take_event(self, frame: dict[str, Any]) -> None:
        assert self.mirror is not None
        assert self.cursor is not None
        assert frame["seq"] > self.cursor
        self.cursor = frame["seq"]
        name = frame["event"]["name"]
        self.mirror.add(name)
        if frame["alert"]:
            self.alerts[name, self.memory] += 1
            assert self.alerts[name, self.memory] == 1

    @precondition(lambda self: self.session and self.session.welcomed and self.cursor is not None)
    @rule()
    def the_game_server_acknowledges(self) -> None:
        assert self.session is not None
        if self.epoch_known == str(self.epoch) and not self.welcome_is_under_way():
            self.to_bridge.append(json.dumps({"op": "ack", "seq": float(self.cursor or 0)}))

    def welcome_is_under_way(self) -> bool:
        return any(b'"welcome"' in frame for frame in self.to_game)

    def connection_is_cut(self) -> None:
        self.session = None
        self.to_game.clear()
        self.to_bridge.clear()

    def the_resource_restarts(self) -> None:
        self.connection_is_cut()
        self.mirror = None

    def the_game_server_is_installed_anew(self) -> None:
        self.the_resource_restarts()
        self.epoch_known = self.cursor = None
        self.memory += 1

    # What always holds.

    def visible(self, upto: int) -> set[int]:
        return {stored.name for stored in self.journal[:upto] if not stored.record.hidden}

    @invariant()
    def the_mirror_is_the_board_at_the_cursor(self) -> None:
        if self.mirror is not None and self.epoch_known == str(self.epoch):
            assert self.mirror == self.visible(self.cursor or 0)

    @invariant()
    def nothing_is_taken_for_handled_that_was_not(self) -> None:
        if self.cursor is not None and self.epoch_known == str(self.epoch):
            fresh = [
                stored.record.seq
                for stored in self.journal[self.cursor :]
                if not stored.record.hidden and stored.record.at >= self.now - FRESH_MS
            ]
            assert all(seq > self.acknowledged for seq in fresh)

    def teardown(self) -> None:
        self.connection_is_cut()
        self.the_game_server_connects()
        while True:
            self.the_bridge_streams(most=300)
            if not self.to_game:
                break
            self.the_game_server_hears(most=300)
            self.the_game_server_acknowledges()
            while self.to_bridge:
                self.the_bridge_hears()
        self.the_mirror_is_the_board_at_the_cursor()
        assert self.mirror == self.visible(len(self.journal))
        alerted = {name for name, _ in self.alerts}
        for stored in self.journal:
            record = stored.record
            if record.alert and not record.hidden and record.at >= self.now - FRESH_MS:
                assert stored.name in alerted


Interleavings.TestCase.settings = settings(max_examples=120, stateful_step_count=50, deadline=None)
test_any_interleaving = Interleavings.TestCase

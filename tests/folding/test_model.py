"""Random facts in random order, against a board that is slow and obvious.

The model keeps everything that was ever said, in lists, and looks through them. It knows no
events; after each fact the real board must show the same calls and units, the events must be just
what differs, and whoever is alerted is alerted once.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.board import Board, replay
from bridge.events import Call, CallClosed, CallOpened, Note, Position, Unit
from bridge.facts import (
    Attached,
    Closed,
    Detached,
    Fact,
    Grouped,
    GroupRenamed,
    Linked,
    Located,
    Noted,
    OffDuty,
    OnDuty,
    PanicSet,
    Placed,
    Removed,
    StatusSet,
    Ungrouped,
    Written,
)
from bridge.folding import fold

NOW = 1_790_000_000_000
MINUTE = 60_000
NUMBERS = st.integers(1, 3)
IDENTS = st.integers(101, 103)
SOME = st.lists(IDENTS, min_size=1, max_size=3, unique=True).map(tuple)
POSITIONS = st.sampled_from([None, Position(1.0, 2.0), Position(3.0, 4.0)])
CALLERS = st.sampled_from(["", "Maria", "Bob"])
GROUPS = st.sampled_from(["L7", "L8"])
FACTS: st.SearchStrategy[Fact] = st.one_of(
    st.builds(
        Placed,
        st.builds(Call, st.just("911"), NUMBERS, st.just(NOW), caller=CALLERS, position=POSITIONS),
        st.booleans(),
    ),
    st.builds(Removed, NUMBERS.map("911:{}".format)),
    st.builds(
        Written,
        NUMBERS,
        st.just(NOW),
        creation=st.booleans(),
        alert=st.booleans(),
        title=st.sampled_from([None, "", "Fire", "Crash"]),
        status=st.sampled_from([None, 0, 1, 1, 2]),
        units=st.none() | SOME | st.just(()),
        notes=st.sampled_from([None, None, (), (Note("a"),)]),
        position=POSITIONS,
        origin_911=st.sampled_from([None, None, "911:1", "911:2"]),
    ),
    st.builds(Closed, NUMBERS),
    st.builds(Noted, NUMBERS, st.builds(Note, st.sampled_from("ab"))),
    st.builds(Attached, NUMBERS, SOME),
    st.builds(Detached, st.none() | NUMBERS, SOME),
    st.builds(Located, NUMBERS.map("911:{}".format), st.just(Position(5.0, 6.0))),
    st.builds(
        OnDuty,
        st.builds(Unit, IDENTS, status=st.integers(0, 2), panic=st.booleans()),
        st.sampled_from([frozenset(), frozenset({"status", "panic", "group"})]),
        st.booleans(),
    ),
    st.builds(OffDuty, IDENTS),
    st.builds(StatusSet, IDENTS, st.integers(0, 3)),
    st.builds(PanicSet, IDENTS, st.booleans()),
    st.builds(Grouped, IDENTS, GROUPS),
    st.builds(Ungrouped, IDENTS, GROUPS),
    st.builds(GroupRenamed, GROUPS, GROUPS, st.just(()) | SOME),
    st.builds(Linked, st.just("license:a"), st.just("uuid")),
)
STEPS = st.lists(
    st.tuples(FACTS, st.sampled_from([0, 0, 0, 1, 5, 11, 61, 601, 899, 901, 30_000])), max_size=30
)


EMPTY: tuple[Any, ...] = (None, "", (), set())


def taken_away(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """Return the fields that said something before and say nothing now."""
    names = ("title", "units", "notes")
    return {n for n in names if after.get(n, 1) in EMPTY and before[n] not in EMPTY}


@dataclass
class Model:
    """Open calls and units as plain dictionaries; the past as lists that only grow."""

    now: int = NOW
    calls: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: dict[int, dict[str, Any]] = field(default_factory=dict)
    ended: list[tuple[int, str, dict[str, Any]]] = field(default_factory=list)
    waits: list[tuple[int, str, set[int]]] = field(default_factory=list)
    noted: list[tuple[int, str, str]] = field(default_factory=list)
    left: list[tuple[int, int]] = field(default_factory=list)
    quiet: dict[str, int] = field(default_factory=dict)

    def end(self, key: str, call: dict[str, Any] | None = None) -> None:
        self.quiet.pop(key, None)
        ended = self.calls.pop(key, call or {})
        self.ended.append((self.now, key, ended))
        origin = ended.get("origin")
        if origin and not self.heirs(origin):
            self.ended.append((self.now, origin, {}))

    def blank(self, key: str) -> dict[str, Any]:
        nothing = dict.fromkeys(["position", "origin", "status"])
        return {
            **nothing,
            "key": key,
            "heard": self.now,
            "title": "",
            "caller": "",
            "units": set(),
            "notes": (),
            "emergency": False,
            "cleared": set(),
        }

    def is_over(self, key: str) -> bool:
        return any(k == key and self.now - at < 15 * MINUTE for at, k, _ in self.ended)

    def last_seen(self, key: str) -> dict[str, Any]:
        over = [call for at, k, call in self.ended if k == key and self.now - at < 15 * MINUTE]
        return self.calls.get(key) or (over[-1] if over else {})

    def heirs(self, key: str) -> list[dict[str, Any]]:
        return [call for call in self.calls.values() if call.get("origin") == key]

    def awaited(self, key: str) -> set[int]:
        last = [(at, ids) for at, k, ids in self.waits if k == key]
        return last[-1][1] if last and self.now - last[-1][0] < 10 * MINUTE else set()

    def waits_for(self, key: str, idents: set[int]) -> None:
        if idents != self.awaited(key):
            self.waits.append((self.now, key, idents))

    def change(self, key: str, **fields: Any) -> None:
        call = self.calls[key]
        if any(call[name] != value for name, value in fields.items()):
            cleared = taken_away(call, fields)
            call.update(fields, heard=self.now, cleared=call["cleared"] | cleared)

    def is_quiet(self, key: str) -> bool:
        return self.now - self.quiet.get(key, 0) < 10 * MINUTE

    def opened(self, key: str, *, alert: bool) -> None:
        self.quiet.pop(key, None)
        if not alert:
            self.quiet[key] = self.now

    # what is said

    def placed(self, fact: Placed) -> None:
        key, said = fact.call.key, {"caller": fact.call.caller, "position": fact.call.position}
        if key in self.calls:
            self.change(key, **{name: value for name, value in said.items() if value})
            if fact.alert and self.is_quiet(key):
                self.calls[key]["heard"] = self.now
                del self.quiet[key]
        elif heirs := self.heirs(key):
            heir = heirs[-1]
            filled = {n: v for n, v in said.items() if v and not heir[n]}
            self.change(heir["key"], **filled, emergency=True)
        elif not self.is_over(key):
            self.calls[key] = {**self.blank(key), **said, "emergency": True}
            self.opened(key, alert=fact.alert)

    def removed(self, fact: Removed) -> None:
        if fact.key in self.calls or not (self.heirs(fact.key) or self.is_over(fact.key)):
            self.end(fact.key)

    def written(self, fact: Written) -> None:
        key = f"dispatch:{fact.id}"
        known = key in self.calls
        if not known and (self.is_over(key) or fact.status == 2):
            if not self.is_over(key):
                self.end(key)
            return
        before = self.calls.get(key) or self.blank(key)
        said = {
            "title": fact.title,
            "status": fact.status,
            "position": fact.position,
            "notes": fact.notes,
            "units": None if fact.units is None else set(fact.units),
            "origin": before["origin"] or fact.origin_911,
        }
        was_quiet = self.is_quiet(key)
        if known and fact.creation and (was_quiet or self.now - before["heard"] < 15 * MINUTE):
            # late: what somebody said already was said after it
            said = {
                n: v for n, v in said.items() if before[n] in EMPTY and n not in before["cleared"]
            }
            if not was_quiet:
                said |= {"units": None, "notes": None}
        after = before | {name: value for name, value in said.items() if value is not None}
        if not known:
            if fact.creation or fact.units is None:
                after["units"] = after["units"] | self.awaited(key)
            self.waits.append((self.now, key, set()))
        if after["origin"] != before["origin"]:
            source = self.last_seen(after["origin"])
            if source:
                after["emergency"] = True
                after["caller"] = after["caller"] or source["caller"]
                after["position"] = after["position"] or source["position"]
        after["cleared"] = before["cleared"] | taken_away(before, after)
        if not fact.creation and (was_quiet or not known):
            after["cleared"] |= {n for n in ("title", "units", "notes") if said[n] in EMPTY[1:]}
        if after != before or (fact.alert and was_quiet):
            after["heard"] = self.now
        if not known:
            self.opened(key, alert=fact.alert)
        elif fact.alert:
            self.quiet.pop(key, None)
        if known and not (fact.alert and was_quiet) and before["notes"] != after["notes"]:
            new = [note for note in after["notes"] if note not in before["notes"]]
            self.noted += [(self.now, key, note.content) for note in new]
        self.calls[key] = after
        if after["status"] == 2:
            self.end(key)
        if after["origin"] in self.calls:
            self.end(after["origin"])

    def closed(self, fact: Closed) -> None:
        key = f"dispatch:{fact.id}"
        if key in self.calls or not self.is_over(key):
            self.end(key)

    def note(self, fact: Noted) -> None:
        key, text = f"dispatch:{fact.id}", fact.note.content
        copies = [1 for at, k, t in self.noted if (k, t) == (key, text) and self.now - at < 10_000]
        if key in self.calls and not copies:
            self.noted.append((self.now, key, text))
            self.change(key, notes=(*self.calls[key]["notes"], fact.note))

    def attached(self, fact: Attached) -> None:
        key = f"dispatch:{fact.id}"
        if key in self.calls:
            self.change(key, units=self.calls[key]["units"] | set(fact.idents))
        elif not self.is_over(key):
            self.waits_for(key, self.awaited(key) | set(fact.idents))

    def detached(self, fact: Detached) -> None:
        everywhere = [*self.calls, *{key for _, key, _ in self.waits}]
        for key in everywhere if fact.id is None else [f"dispatch:{fact.id}"]:
            if key in self.calls:
                self.change(key, units=self.calls[key]["units"] - set(fact.idents))
            else:
                self.waits_for(key, self.awaited(key) - set(fact.idents))

    def located(self, fact: Located) -> None:
        heirs = self.heirs(fact.key)
        key = heirs[-1]["key"] if heirs else fact.key
        if key in self.calls and not self.calls[key]["position"]:
            self.change(key, position=fact.position)

    def on_duty(self, fact: OnDuty) -> None:
        ident = fact.unit.ident
        just_left = any(i == ident and self.now - at < MINUTE for at, i in self.left)
        if ident not in self.units:
            if fact.logged_in or not just_left:
                self.log_in(ident, fact.unit.status, panic=fact.unit.panic)
            return
        if not fact.unsaid:
            self.units[ident].update(status=fact.unit.status, group="")
            if not (self.units[ident]["outlasted"] and fact.unit.panic):
                self.panic(ident, on=fact.unit.panic)

    def log_in(self, ident: int, status: Any, *, panic: bool) -> None:
        self.left = [(at, i) for at, i in self.left if i != ident]
        self.units[ident] = {"status": status, "group": "", "since": None, "outlasted": False}
        self.panic(ident, on=panic)

    def panic(self, ident: int, *, on: bool) -> None:
        unit = self.units[ident]
        if on and unit["since"] is None:
            unit.update(since=self.now, outlasted=False)
        elif not on:
            unit.update(since=None, outlasted=False)

    def panic_set(self, fact: PanicSet) -> None:
        just_left = any(i == fact.ident and self.now - at < MINUTE for at, i in self.left)
        if fact.ident in self.units:
            self.panic(fact.ident, on=fact.on)
        elif fact.on and not just_left:
            self.log_in(fact.ident, None, panic=True)

    def off_duty(self, fact: OffDuty) -> None:
        just_left = any(i == fact.ident and self.now - at < MINUTE for at, i in self.left)
        if self.units.pop(fact.ident, None) or not just_left:
            self.left.append((self.now, fact.ident))

    def grouped(self, fact: Fact) -> None:
        for ident, unit in self.units.items():
            match fact:
                case StatusSet(i, status) if i == ident:
                    unit["status"] = status
                case Grouped(i, group) if i == ident:
                    unit["group"] = group
                case Ungrouped(i, group) if i == ident and unit["group"] == group:
                    unit["group"] = ""
                case GroupRenamed(old, new, idents) if unit["group"] == old or ident in idents:
                    unit["group"] = new

    def hears(self, fact: Fact) -> None:
        by_type: dict[type, Callable[[Any], None]] = {
            Placed: self.placed,
            Removed: self.removed,
            Written: self.written,
            Closed: self.closed,
            Noted: self.note,
            Attached: self.attached,
            Detached: self.detached,
            Located: self.located,
            OnDuty: self.on_duty,
            OffDuty: self.off_duty,
            PanicSet: self.panic_set,
        }
        by_type.get(type(fact), self.grouped)(fact)

    def wait(self, seconds: int) -> None:
        self.now += seconds * 1000
        for key in [
            k for k, call in self.calls.items() if self.now - call["heard"] >= 6 * 3600_000
        ]:
            self.end(key)
        for unit in self.units.values():
            if unit["since"] is not None and self.now - unit["since"] >= 10 * MINUTE:
                unit.update(since=None, outlasted=True)


def shown(board: Board) -> tuple[Any, Any]:
    calls = {
        key: (
            *(call.title, call.caller, call.position, set(call.units), call.notes),
            *(call.origin_911, call.status, call.emergency),
        )
        for key, call in board.calls.items()
    }
    units = {i: (unit.status, unit.group, unit.panic) for i, unit in board.units.items()}
    return calls, units


def expected(model: Model) -> tuple[Any, Any]:
    names = ("title", "caller", "position", "units", "notes", "origin", "status", "emergency")
    calls = {key: tuple(call[n] for n in names) for key, call in model.calls.items()}
    units = {
        i: (unit["status"], unit["group"], unit["since"] is not None)
        for i, unit in model.units.items()
    }
    return calls, units


@settings(deadline=None, max_examples=300)
@given(steps=STEPS)
def test_the_board_shows_what_the_model_shows(new_desk: Callable[[], Any], steps: Any) -> None:
    desk, model = new_desk(), Model()
    for fact, seconds in steps:
        desk.waits(seconds)
        model.wait(seconds)
        desk.hears(fact)
        model.hears(fact)

        assert shown(desk.board) == expected(model)


@settings(deadline=None)
@given(steps=STEPS)
def test_each_call_alerts_at_most_once_in_its_life(new_desk: Callable[[], Any], steps: Any) -> None:
    desk, alerted = new_desk(), set()
    for fact, seconds in steps:
        for event in desk.waits(seconds) + desk.hears(fact):
            if isinstance(event, CallOpened) and event.alert:
                assert event.call.key not in alerted
                alerted.add(event.call.key)
            elif isinstance(event, CallClosed):
                alerted.discard(event.call.key)


@settings(deadline=None)
@given(steps=STEPS)
def test_saying_everything_twice_changes_nothing_more(
    new_desk: Callable[[], Any], steps: Any
) -> None:
    desk = new_desk()
    for fact, _ in steps:
        desk.hears(fact)

        repeated = desk.hears(fact)
        assert not repeated, fact


@settings(deadline=None)
@given(steps=STEPS, cut=st.integers(0, 60))
def test_a_board_read_back_from_snapshot_and_events_is_the_live_board(
    new_desk: Callable[[], Any], steps: Any, cut: int
) -> None:
    desk, written, later = new_desk(), Board().encode(NOW), []
    at = NOW
    for number, (fact, seconds) in enumerate(steps):
        events = desk.waits(seconds) + desk.hears(fact)
        if number < cut:
            written, at, later = desk.board.encode(desk.now), desk.now, []
        else:
            later += [(event, desk.now) for event in events]

    rebuilt = Board.decode(written, at)
    for event, when in later:
        replay(rebuilt, event, when)
    assert rebuilt == desk.board


def test_events_are_made_without_touching_the_board(new_desk: Callable[[], Any]) -> None:
    desk = new_desk()
    desk.hears(Written(1, NOW, creation=True, alert=True, units=(101,)), OnDuty(Unit(101)))
    before = desk.board.encode(NOW)

    for fact in (Closed(1), Attached(1, (102,)), OffDuty(101), PanicSet(101, True)):
        assert fold(desk.board, fact, NOW)
    assert desk.board.encode(NOW) == before

"""The newest events in memory: bounded, consecutive, and honest about what they cover."""

from __future__ import annotations

from bridge.journal import Record
from bridge.journal.tail import Tail


def records(first: int, last: int, size: int = 10) -> list[Record]:
    return [
        Record(seq, seq * 1000, b"x" * size, alert=True, hidden=False)
        for seq in range(first, last + 1)
    ]


def held(tail: Tail) -> list[int]:
    return [
        record.seq
        for record in tail.read(next(n for n in range(tail.last + 1) if tail.covers(n)), 99)
    ]


def test_an_empty_tail_covers_only_what_lies_behind_the_last_event():
    tail = Tail(last=5)

    assert tail.covers(5)
    assert not tail.covers(4)
    assert list(tail.read(5, 10)) == []
    assert tail.first_since(0) is None


def test_the_oldest_go_when_there_are_too_many():
    tail = Tail(0, count=3)
    tail.extend(records(1, 2))
    tail.extend(records(3, 5))

    assert held(tail) == [3, 4, 5]
    assert [record.seq for record in tail.read(3, 1)] == [4]


def test_the_oldest_go_when_they_are_too_large():
    tail = Tail(0, size_bytes=100)
    tail.extend(records(1, 3, size=40))
    assert held(tail) == [2, 3]

    tail.extend(records(4, 4, size=90))
    assert held(tail) == [4]

    tail.extend(records(5, 5, size=101))
    assert held(tail) == []
    assert tail.last == 5


def test_events_that_do_not_follow_begin_anew():
    tail = Tail(0)
    tail.extend(records(1, 3))
    tail.extend(records(7, 8))

    assert held(tail) == [7, 8]
    assert not tail.covers(5)


def test_what_was_deleted_is_forgotten():
    tail = Tail(0)
    tail.extend(records(1, 5))
    tail.forget(2)
    tail.forget(1)
    assert held(tail) == [3, 4, 5]

    tail.forget(99)
    assert held(tail) == []
    assert tail.last == 5


def test_a_time_is_found_only_where_no_older_event_could_be_the_first():
    tail = Tail(0, count=3)
    tail.extend(records(1, 5))

    assert tail.first_since(2500) is None
    assert tail.first_since(3000) is None
    assert tail.first_since(3001) == 4
    assert tail.first_since(9000) == 6


def test_a_tail_that_has_everything_finds_every_time():
    tail = Tail(0)
    tail.extend(records(1, 5))

    assert tail.first_since(0) == 1

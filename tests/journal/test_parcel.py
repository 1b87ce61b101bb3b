"""A commit as one message, and entries divided into messages."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.journal import Entry
from bridge.journal.parcel import divided, unwrap, wrap

ENTRIES = st.lists(
    st.builds(
        Entry,
        at=st.integers(0, 2**53),
        body=st.binary(max_size=40),
        alert=st.booleans(),
        hidden=st.booleans(),
    ),
    min_size=1,
    max_size=8,
)


@given(ENTRIES, st.integers(0, 2**40), st.text(max_size=20))
def test_what_is_wrapped_is_unwrapped_as_it_was(entries: list[Entry], after: int, mark: str):
    parcel = unwrap(wrap(after, entries, mark))

    assert (parcel.after, parcel.mark, parcel.last) == (after, mark, after + len(entries))
    assert [record.seq for record in parcel.records] == list(range(after + 1, parcel.last + 1))
    assert [Entry(r.at, r.body, r.alert, r.hidden) for r in parcel.records] == entries


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"not ours",
        b"[" * 100_000,
        b"[]\n",
        b"{}\n",
        b'{"v":2,"after":0,"mark":"m","entries":[[1,1,0,2]]}\n{}',
        b'{"v":1,"after":0,"mark":"m","entries":[]}\n',
        b'{"v":1,"after":0,"mark":"m","entries":[[1,1,0,3]]}\n{}',
        b'{"v":1,"after":0,"mark":"m","entries":[[1,1,0,1]]}\n{}',
        b'{"v":1,"after":0,"mark":"m","entries":[[1,1,0]]}\n{}',
        b'{"v":1,"after":null,"mark":"m","entries":[[1,1,0,2]]}\n{}',
        b'{"v":1,"after":0,"entries":[[1,1,0,2]]}\n{}',
        b'{"v":1,"after":1e999,"mark":"m","entries":[[1,1,0,2]]}\n{}',
        b'{"v":1,"after":-1,"mark":"m","entries":[[1,1,0,2]]}\n{}',
        b'{"v":1,"after":0,"mark":"m","entries":[[1e400,1,0,2]]}\n{}',
        b'{"v":1,"after":0,"mark":"m","entries":[["1",1,0,2]]}\n{}',
        b'{"v":1,"after":0,"mark":"m","entries":[[1,1,0,true]]}\n{',
        b'{"v":1,"after":0,"mark":"m","entries":[[1,1,0,3],[1,1,0,-1]]}\n{}',
    ],
)
def test_what_no_bridge_wrote_is_told(message: bytes):
    with pytest.raises(ValueError, match=r"."):
        unwrap(message)


@given(st.binary(max_size=200))
def test_noise_is_told_and_never_fails_otherwise(message: bytes):
    with pytest.raises(ValueError, match=r"."):
        unwrap(message)


@given(ENTRIES, st.integers(1, 120))
def test_divided_entries_keep_their_order_and_fit(entries: list[Entry], most: int):
    parts = list(divided(entries, most))

    assert [entry for part in parts for entry in part] == entries
    for part in parts:
        assert len(part) == 1 or sum(len(entry.body) for entry in part) <= most
    for part, following in itertools.pairwise(parts):
        together = [*part, following[0]]
        assert sum(len(entry.body) for entry in together) > most, "none is divided needlessly"


def test_nothing_divides_into_nothing():
    assert list(divided([], 10)) == []

import json
from typing import Any

import pytest

from bridge.blot import BLOT, Secrets
from bridge.rejected import KEPT, MOST_BYTES, STRANGERS, Rejected

KEY = "test-key-5d1b7c90"


def ring(*secrets: str) -> Rejected:
    return Rejected(Secrets(secrets), now=lambda: 1000)


def keep(rejected: Rejected, body: bytes, **changes: Any) -> dict[str, Any]:
    fields = {
        "server": 1,
        "way": "http",
        "code": "bad_body",
        "reason": "is no number",
        "path": "data.0.call.callId",
    }
    rejected.keep(**(fields | changes), body=body)
    return rejected.newest(1)[0]


def test_a_rejected_push_is_kept_with_reason_path_and_body() -> None:
    kept = keep(ring(KEY), b'{"type":"EVENT_911","data":[]}')

    assert kept == {
        "number": 1,
        "at": 1000,
        "server": 1,
        "way": "http",
        "type": "EVENT_911",
        "code": "bad_body",
        "reason": "is no number",
        "path": "data.0.call.callId",
        "body": '{"type": "EVENT_911", "data": []}',
        "cut": False,
    }


def test_only_the_newest_are_kept_and_all_are_counted() -> None:
    rejected = ring()
    for number in range(KEPT + 5):
        keep(rejected, b"{}", reason=f"number {number}")

    kept = rejected.newest()

    assert [push["reason"] for push in kept[:2]] == ["number 204", "number 203"]
    assert len(kept) == KEPT
    assert rejected.total == KEPT + 5
    assert len(rejected.newest(7)) == 7


escaped = "".join(f"\\u{ord(sign):04x}" for sign in KEY)


@pytest.mark.parametrize(
    "body",
    [
        json.dumps({"key": KEY, "data": [{"note": f"my key is {KEY.upper()}"}]}).encode(),
        f'{{"key": "{KEY}", broken'.encode(),
        f'{{"key": "{escaped}", "type": "{escaped}"}}'.encode(),
        f'{{"{KEY}": 1}}'.encode(),
        b"\xff" + KEY.encode(),
    ],
)
def test_the_key_is_blotted_out_wherever_it_occurs(body: bytes) -> None:
    kept = keep(ring(KEY), body, reason=f"{KEY} is no name", path=f"data.{KEY}")

    shown = json.dumps(kept, ensure_ascii=False)
    assert KEY not in shown.lower()
    assert escaped not in shown
    assert shown.count(BLOT) >= 3


@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_the_cut_leaves_no_part_of_the_key(offset: int) -> None:
    kept = keep(ring(KEY), b"x" * offset + KEY.encode() * 10_000)

    assert kept["cut"]
    assert set(kept["body"]) <= {"x", *BLOT}


def test_a_long_body_is_cut_to_whole_signs() -> None:
    kept = keep(ring(KEY), "ü".encode() * MOST_BYTES)

    assert kept["cut"]
    assert set(kept["body"]) == {"ü"}
    assert len(kept["body"].encode()) <= MOST_BYTES


@pytest.mark.parametrize("body", [b"", b"[" * 100_000, b'"\\ud800"', b'{"type": 7}', b"[1]", b"\0"])
def test_what_is_no_push_at_all_is_kept_as_far_as_it_can_be_shown(body: bytes) -> None:
    kept = keep(ring(), body)

    assert kept["type"] == ""
    assert json.dumps(kept).encode()


def test_words_chosen_by_the_sender_are_kept_short() -> None:
    kept = keep(ring(), b'{"type": "%s"}' % (b"T" * 5000), path="data." + "x" * 10_000)

    assert len(kept["path"]) == 300
    assert len(kept["type"]) == 300


def test_strangers_are_counted_by_address_and_reason_the_newest_first() -> None:
    rejected = ring(KEY)
    for address, reason in [("a", "wrong_key"), ("b", "not_json"), ("a", "wrong_key")]:
        rejected.turn_away(address, reason)

    assert rejected.turned_away() == [
        {"address": "a", "reason": "wrong_key", "count": 2, "at": 1000},
        {"address": "b", "reason": "not_json", "count": 1, "at": 1000},
    ]
    assert rejected.newest() == []


def test_strangers_are_counted_in_bounded_memory() -> None:
    rejected = ring(KEY)
    for number in range(STRANGERS + 5):
        rejected.turn_away(f"{number}-{KEY}" + "x" * 1000, "wrong_key")

    counted = rejected.turned_away()
    assert len(counted) == STRANGERS
    assert counted[0]["address"].startswith(f"{STRANGERS + 4}-{BLOT}")
    assert max(len(row["address"]) for row in counted) == 64

import json
from typing import Any

import pytest

from bridge.blot import BLOT, Secrets
from bridge.rejected import KEPT, MOST_BYTES, Rejected

KEY = "test-key-5d1b7c90"


def add(rejected: Rejected, body: Any, **changes: Any) -> dict[str, Any]:
    fields = {
        "at": 1000,
        "server": 1,
        "way": "http",
        "type": "EVENT_911",
        "reason": "is no number",
        "path": "data.0.call.callId",
    }
    rejected.add(**(fields | changes), body=body)
    return rejected.newest(1)[0]


def test_a_rejected_push_is_kept_with_reason_path_and_body() -> None:
    kept = add(Rejected(Secrets([KEY])), {"type": "EVENT_911", "data": []})

    assert kept == {
        "at": 1000,
        "server": 1,
        "way": "http",
        "type": "EVENT_911",
        "reason": "is no number",
        "path": "data.0.call.callId",
        "body": '{"type": "EVENT_911", "data": []}',
        "cut": False,
    }


def test_only_the_newest_are_kept_and_all_are_counted() -> None:
    rejected = Rejected(Secrets())
    for number in range(KEPT + 5):
        add(rejected, {}, reason=f"number {number}")

    kept = rejected.newest()

    assert [push["reason"] for push in kept[:2]] == ["number 204", "number 203"]
    assert len(kept) == KEPT
    assert rejected.total == KEPT + 5
    assert len(rejected.newest(7)) == 7


escaped = "".join(f"\\u{ord(sign):04x}" for sign in KEY)


@pytest.mark.parametrize(
    "body",
    [
        {"key": KEY, "data": [{"note": f"my key is {KEY.upper()}"}]},
        f'{{"key": "{KEY}", broken'.encode(),
        f'{{"key": "{escaped}"}}'.encode(),
        f'{{"{KEY}": 1}}',
        b"\xff" + KEY.encode(),
    ],
)
def test_the_key_is_blotted_out_wherever_it_occurs(body: Any) -> None:
    kept = add(Rejected(Secrets([KEY])), body, reason=f"{KEY} is no name", path=f"data.{KEY}")

    shown = json.dumps(kept, ensure_ascii=False)
    assert KEY not in shown.lower()
    assert escaped not in shown
    assert shown.count(BLOT) >= 3


@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_the_cut_leaves_no_part_of_the_key(offset: int) -> None:
    body = "x" * offset + KEY * 10_000
    kept = add(Rejected(Secrets([KEY])), body)

    assert kept["cut"]
    assert set(kept["body"]) <= {"x", *BLOT}


def test_a_long_body_is_cut_to_whole_signs() -> None:
    kept = add(Rejected(Secrets([KEY])), "ü" * MOST_BYTES)

    assert kept["cut"]
    assert set(kept["body"]) == {"ü"}
    assert len(kept["body"].encode()) <= MOST_BYTES


def test_bodies_that_cannot_be_written_as_json_are_kept_as_far_as_they_can_be_shown() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    rejected = Rejected(Secrets())

    assert add(rejected, deep)["body"] == "(cannot be shown)"
    assert add(rejected, b"[" * 100_000)["body"] == "[" * MOST_BYTES
    assert add(rejected, '"\\ud800"')["body"] == '"?"'
    while deep:  # freed level by level: the interpreter's own way is recursive
        deep = deep.pop()


def test_words_chosen_by_the_sender_are_kept_short() -> None:
    kept = add(Rejected(Secrets()), {}, path="data." + "x" * 10_000)

    assert len(kept["path"]) == 300

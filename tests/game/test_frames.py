"""What a resource may say, in both ways of writing numbers, and the bytes it is told."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.game import frames
from bridge.game.frames import Ack, BadFrame, Hello, Receipt, Request
from bridge.journal import Record

HELLO = {
    "op": "hello",
    "token": "t" * 32,
    "resource": "1.0.0",
    "instance": "a",
    "epoch": None,
    "cursor": None,
    "board": True,
}
RECEIPT = {
    "op": "receipt",
    "key": "911:4711",
    "seq": 3,
    "due": 7,
    "sent": 7,
    "shown": 6,
    "ms": 41,
    "why": {"muted": 1},
}
REQUEST = {"op": "request", "id": "1", "method": "call.note", "params": {"call": "911:1"}}


def said(frame: dict[str, object], **changes: object) -> str:
    return json.dumps({**frame, **changes})


def reason(data: str | bytes) -> str:
    frame = frames.read(data)
    assert isinstance(frame, BadFrame)
    assert 0 < len(frame.reason.encode()) <= 120
    return frame.reason


def test_a_hello_says_who_connects_and_what_he_has():
    frame = frames.read(said(HELLO, epoch="e", cursor=12))

    assert frame == Hello(
        op="hello",
        token="t" * 32,
        resource="1.0.0",
        instance="a",
        epoch="e",
        cursor=12,
        board=True,
    )
    assert "tttt" not in repr(frame)


def test_what_lua_leaves_out_because_it_is_nil_is_nothing():
    frame = frames.read(json.dumps({"op": "hello", "token": "t", "resource": "1", "instance": "a"}))

    assert isinstance(frame, Hello)
    assert (frame.epoch, frame.cursor, frame.board) == (None, None, False)


def test_whole_numbers_may_be_written_as_floats():
    assert frames.read('{"op":"ack","seq":3.0}') == Ack(op="ack", seq=3)
    assert isinstance(frames.read('{"op":"ack","seq":3e2}').seq, int)  # type: ignore[union-attr]
    hello = frames.read(said(HELLO, cursor=7.0))
    assert isinstance(hello, Hello)
    assert hello.cursor == 7


def test_an_empty_object_may_be_an_empty_list():
    receipt = frames.read(said(RECEIPT, why=[]))
    request = frames.read(said(REQUEST, params=[]))

    assert isinstance(receipt, Receipt)
    assert isinstance(request, Request)
    assert (receipt.why, request.params) == ({}, {})


def test_parameters_have_whole_numbers_at_every_depth():
    request = frames.read(
        said(REQUEST, params={"updates": [{"ident": 101.0, "x": 1.5, "big": 1e300, "on": True}]})
    )

    assert isinstance(request, Request)
    assert request.params == {"updates": [{"ident": 101, "x": 1.5, "big": 1e300, "on": True}]}
    assert isinstance(request.params["updates"][0]["ident"], int)
    assert request.params["updates"][0]["on"] is True


def test_a_receipt_without_a_painting_has_no_time():
    frame = {name: value for name, value in RECEIPT.items() if name not in {"ms", "why"}}

    receipt = frames.read(json.dumps(frame))

    assert isinstance(receipt, Receipt)
    assert (receipt.ms, receipt.why) == (0, {})


def test_what_a_newer_resource_adds_is_ignored():
    assert frames.read('{"op":"ack","seq":1,"more":{"x":1}}') == Ack(op="ack", seq=1)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b'{"op":"ack","seq":1}', "frames are text"),
        ("", "Invalid JSON"),
        ("nonsense", "Invalid JSON"),
        ("[]", "frame: "),
        ("null", "frame: "),
        ("{}", "frame: "),
        ('{"op":null}', "frame: "),
        ('{"op":"sudo"}', "frame: "),
        ('{"op":"ack"}', "ack.seq: Field required"),
        ('{"op":"ack","seq":"3"}', "ack.seq: "),
        ('{"op":"ack","seq":3.5}', "ack.seq: "),
        ('{"op":"ack","seq":true}', "ack.seq: "),
        ('{"op":"ack","seq":-1}', "ack.seq: "),
        ('{"op":"ack","seq":NaN}', "ack.seq: "),
        ('{"op":"ack","seq":1e999}', "ack.seq: "),
        ('{"op":"ack","seq":1e17}', "ack.seq: "),
        ('{"op":"ack","seq":100000000000000000000000}', "ack.seq: "),
        (said(HELLO, cursor="3"), "hello.cursor: "),
        (said(HELLO, cursor=0.5), "hello.cursor: "),
        (said(HELLO, epoch=3), "hello.epoch: "),
        (said(HELLO, epoch="e" * 200), "hello.epoch: "),
        (said(HELLO, token=None), "hello.token: "),
        (said(HELLO, token="t" * 600), "hello.token: "),
        (said(HELLO, instance=""), "hello.instance: "),
        (said(HELLO, board=1), "hello.board: "),
        (said(RECEIPT, key="k" * 200), "receipt.key: "),
        (said(RECEIPT, due=10**9), "receipt.due: "),
        (said(RECEIPT, why={"a": "b"}), "receipt.why.a: "),
        (said(RECEIPT, why={str(n): 1 for n in range(99)}), "receipt.why: "),
        (said(RECEIPT, why=3), "receipt.why: "),
        (said(REQUEST, id=7), "request.id: "),
        (said(REQUEST, method="m" * 200), "request.method: "),
        (said(REQUEST, params="x"), "request.params: "),
        (said(REQUEST, params=[1]), "request.params: "),
        (said(REQUEST, params={"a": float("nan")}), "request.params: "),
        (said(REQUEST, params={"a": [float("-inf")]}), "request.params: "),
        (said(REQUEST, params={"a": 10**30}), "request.params: "),
        ('{"op":"ack","seq":1,"x":"\\ud800"}', "Invalid JSON"),
    ],
)
def test_a_bad_frame_is_told_by_field_and_never_repeated(data: str | bytes, words: str):
    found = reason(data)

    assert words in found
    assert "tttt" not in found
    assert "nonsense" not in found


@pytest.mark.parametrize("depth", [17, 150, 100_000])
def test_deep_nesting_is_refused(depth: int):
    nested = '{"a":' * depth + "1" + "}" * depth
    reason('{"op":"request","id":"1","method":"m","params":' + nested + "}")
    reason(
        '{"op":"request","id":"1","method":"m","params":{"a":' + "[" * depth + "]" * depth + "}}"
    )


@settings(deadline=None, max_examples=60)
@given(
    st.text()
    | st.binary()
    | st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["op", "seq", "token", "params", "why", "id"]), inner)
        ),
        max_leaves=10,
    ).map(json.dumps)
)
def test_nothing_that_can_be_sent_raises(data: str | bytes):
    assert isinstance(frames.read(data), Hello | Ack | Receipt | Request | BadFrame)


def test_an_event_carries_the_very_bytes_of_the_journal():
    body = b'{"type":"call.opened","call":{"key":"911:1","caller":"M\xc3\xbcller"}}'
    record = Record(12, 0, body, alert=True, hidden=False)

    assert frames.event(record, 340, alert=True) == (
        b'{"op":"event","seq":12,"age":340,"alert":true,"event":' + body + b"}"
    )
    assert json.loads(frames.event(record, 0, alert=False))["alert"] is False


def test_a_welcome_says_where_the_stream_begins():
    frame = frames.welcome(
        bridge="1.0.0",
        server=7,
        name="Große Stadt",
        epoch="e",
        cursor=12,
        fresh_for_ms=300_000,
        board={"calls": [], "units": []},
    )

    assert json.loads(frame) == {
        "op": "welcome",
        "bridge": "1.0.0",
        "server": {"id": 7, "name": "Große Stadt"},
        "epoch": "e",
        "cursor": 12,
        "freshFor": 300_000,
        "board": {"calls": [], "units": []},
    }


def test_replies_are_told_apart_by_result_and_error():
    assert json.loads(frames.reply("a", {"call": 1})) == {
        "op": "reply",
        "id": "a",
        "result": {"call": 1},
    }
    assert json.loads(frames.failure("a", "busy", "later")) == {
        "op": "reply",
        "id": "a",
        "error": {"code": "busy", "message": "later"},
    }


def test_half_a_character_in_an_answer_does_no_harm():
    assert json.loads(frames.reply("a", "x\ud800y"))["result"] == "x?y"


@pytest.mark.parametrize("result", [object(), {"a": float("nan")}])
def test_a_result_that_is_not_for_json_is_refused_here(result: object):
    with pytest.raises((TypeError, ValueError)):
        frames.reply("a", result)


def test_a_reason_is_cut_between_characters():
    assert frames.cut("short") == "short"
    assert len(frames.cut("ü" * 100).encode()) == 120
    assert frames.cut("x" + "ü" * 100).endswith("ü")

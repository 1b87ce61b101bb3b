"""The rules of a connection, by feeding values; no socket, no clock of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bridge.game.resume import BoardWanted, LeftOutWanted, Standing, StandingWanted
from bridge.game.session import SUBPROTOCOL, WINDOW, Closing, Door, Session
from bridge.journal import Record

NOW = 1_700_000_000_000
FRESH_MS = 300_000
TOKEN = "right-token-" + "x" * 32
DOORS = [Door(3, "other", "other-token-" + "x" * 32), Door(7, "main", TOKEN)]
BOARD = {"calls": [], "units": []}


def started(*, subprotocol: str | None = SUBPROTOCOL) -> Session:
    return Session(DOORS, version="1.2.3", fresh_for_ms=FRESH_MS, subprotocol=subprotocol, clock=0)


def hello(**changes: object) -> str:
    frame = {
        "op": "hello",
        "token": TOKEN,
        "resource": "1.0.0",
        "instance": "a",
        "epoch": "e1",
        "cursor": 10,
        "board": False,
    }
    return json.dumps({**frame, **changes})


def standing(**changes: Any) -> Standing:
    return Standing(**{"epoch": "e1", "last": 10, "acknowledged": 4, "first_fresh": 1, **changes})


def welcomed(*, after: int = 10) -> Session:
    """Return a session whose stream begins after an event, its welcome already sent."""
    session = started()
    session.receive(hello(cursor=after), clock=0)
    session.standing(standing(last=after))
    assert [frame["op"] for frame in taken(session)] == ["welcome"]
    return session


def taken(session: Session) -> list[dict[str, Any]]:
    return [json.loads(frame) for frame in session.frames()]


def record(seq: int, *, age_ms: int = 0, alert: bool = True, hidden: bool = False) -> Record:
    return Record(seq, NOW - age_ms, b'{"type":"push"}', alert, hidden)


def records(first: int, last: int) -> list[Record]:
    return [record(seq) for seq in range(first, last + 1)]


def say(session: Session, clock: int = 0, **frame: object) -> None:
    session.receive(json.dumps(frame), clock)


def ended(session: Session) -> int:
    assert session.closing is not None
    assert session.room() == 0
    assert session.need is None
    return session.closing.code


# Hello.


def test_a_resource_with_the_right_token_is_that_server():
    session = started()
    session.receive(hello(), clock=0)

    assert session.door is DOORS[1]
    assert session.hello is not None
    assert session.hello.instance == "a"
    assert session.need == StandingWanted(7)
    assert session.closing is None


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "ü" * 40])
def test_a_wrong_token_is_told_by_its_own_code(token: str):
    session = started()
    session.receive(hello(token=token), clock=0)

    assert ended(session) == 4401
    assert session.door is None
    assert session.hello is None
    assert "token-" not in str(session.closing)


def test_another_protocol_is_told_by_its_own_code_whatever_is_said():
    for subprotocol in (None, "cad-bridge.v2"):
        session = started(subprotocol=subprotocol)
        session.receive(hello(), clock=0)

        assert ended(session) == 4426
        assert session.door is None


def test_silence_at_the_door_ends_after_five_seconds():
    session = started()
    assert session.due == 5000
    session.tick(4999)
    assert session.closing is None

    session.tick(5000)
    assert ended(session) == 4400
    session.tick(6000)


@pytest.mark.parametrize(
    "frame",
    [
        {"op": "ack", "seq": 0},
        {"op": "receipt", "key": "k", "seq": 0, "due": 0, "sent": 0, "shown": 0},
        {"op": "request", "id": "1", "method": "m"},
    ],
)
def test_nothing_may_be_said_before_the_welcome(frame: dict[str, object]):
    session = started()
    say(session, **frame)
    assert ended(session) == 4400

    session = started()
    session.receive(hello(), clock=0)
    say(session, **frame)
    assert ended(session) == 4400


def test_a_second_hello_is_a_bad_frame():
    session = welcomed()
    session.receive(hello(), clock=0)

    assert ended(session) == 4400


def test_a_bad_frame_ends_the_connection_with_its_reason():
    session = welcomed()
    say(session, op="ack", seq="12")

    assert ended(session) == 4400
    assert session.closing is not None
    assert session.closing.reason.startswith("ack.seq: ")


def test_what_comes_after_the_end_counts_no_more():
    session = started()
    session.receive("nonsense", clock=0)
    first = session.closing

    session.receive(hello(), clock=0)
    session.standing(standing())
    session.board(BOARD)
    session.offer(records(1, 3), NOW)
    session.close(1001, "later")
    session.tick(10**6)

    assert session.closing is first
    assert session.frames() == []


# Resume: where the stream begins, and whether the board comes first.


def resumed(asked: str, where: Standing) -> Session:
    session = started()
    session.receive(asked, clock=0)
    session.standing(where)
    return session


def test_a_resource_that_missed_nothing_goes_on_without_a_board():
    session = resumed(hello(cursor=10), standing(last=12, first_fresh=8))

    assert session.need is None
    assert taken(session) == [
        {
            "op": "welcome",
            "bridge": "1.2.3",
            "server": {"id": 7, "name": "main"},
            "epoch": "e1",
            "cursor": 10,
            "freshFor": FRESH_MS,
            "board": None,
        }
    ]
    assert (session.after, session.room(), session.acknowledged) == (10, WINDOW, 10)


def test_a_board_that_is_asked_for_is_the_one_just_before_the_stream():
    session = resumed(hello(cursor=10, board=True), standing(last=12, first_fresh=8))

    assert session.need == BoardWanted(7, 10)
    assert session.room() == 0
    session.board(BOARD)

    (welcome,) = taken(session)
    assert (welcome["cursor"], welcome["board"]) == (10, BOARD)


def test_what_is_too_old_is_left_out_and_made_good_by_the_board():
    session = resumed(hello(cursor=10), standing(last=50, first_fresh=41))

    assert session.need == LeftOutWanted(7, 10, 40)
    session.left_out(anything=True)
    assert session.need == BoardWanted(7, 40)
    session.board(BOARD)

    (welcome,) = taken(session)
    assert (welcome["cursor"], welcome["board"]) == (40, BOARD)
    assert session.after == 40


def test_hidden_events_are_not_missed():
    session = resumed(hello(cursor=10), standing(last=50, first_fresh=41))
    session.left_out(anything=False)

    (welcome,) = taken(session)
    assert (welcome["cursor"], welcome["board"]) == (40, None)


@pytest.mark.parametrize(
    "says_nothing",
    [
        {"epoch": None, "cursor": None},
        {"epoch": "e1", "cursor": None},
        {"epoch": None, "cursor": 10},
        {"epoch": "another", "cursor": 10},
        {"epoch": "e1", "cursor": 21},
    ],
)
def test_where_the_cursor_says_nothing_the_bridges_own_record_counts(
    says_nothing: dict[str, object],
):
    session = resumed(hello(**says_nothing), standing(last=20, acknowledged=15, first_fresh=8))

    assert session.need == BoardWanted(7, 15)
    session.board(BOARD)
    (welcome,) = taken(session)
    assert (welcome["epoch"], welcome["cursor"]) == ("e1", 15)


def test_a_new_server_gets_only_what_is_fresh():
    session = resumed(
        hello(epoch=None, cursor=None), standing(last=20, acknowledged=0, first_fresh=18)
    )

    assert session.need == BoardWanted(7, 17)


def test_a_record_from_before_a_restore_does_not_reach_beyond_the_journal():
    session = resumed(
        hello(epoch=None, cursor=None), standing(last=5, acknowledged=9, first_fresh=1)
    )

    assert session.need == BoardWanted(7, 5)


def test_the_cursor_may_be_written_as_lua_does():
    session = resumed(hello(cursor=10.0), standing(last=12))

    assert session.welcomed
    assert session.after == 10


def test_answers_without_a_question_do_nothing():
    session = started()
    session.standing(standing())
    session.board(BOARD)

    assert not session.welcomed
    assert session.frames() == []


# Events.


def test_events_come_in_order_with_their_age():
    session = welcomed()
    session.offer([record(11, age_ms=1500), record(12)], NOW)

    assert taken(session) == [
        {"op": "event", "seq": 11, "age": 1500, "alert": True, "event": {"type": "push"}},
        {"op": "event", "seq": 12, "age": 0, "alert": True, "event": {"type": "push"}},
    ]
    assert session.sent == session.after == 12


def test_only_what_is_fresh_and_meant_to_alerts():
    session = welcomed()
    session.offer(
        [
            record(11, age_ms=FRESH_MS),
            record(12, age_ms=FRESH_MS + 1),
            record(13, alert=False),
        ],
        NOW,
    )

    assert [frame["alert"] for frame in taken(session)] == [True, False, False]


def test_a_clock_that_was_set_back_makes_nothing_younger_than_new():
    session = welcomed()
    session.offer([record(11, age_ms=-5000)], NOW)

    assert taken(session)[0]["age"] == 0


def test_hidden_events_are_passed_over():
    session = welcomed()
    session.offer([record(11, hidden=True), record(12), record(13, hidden=True)], NOW)

    assert [frame["seq"] for frame in taken(session)] == [12]
    assert (session.after, session.sent) == (13, 12)


def test_no_more_than_the_window_is_under_way():
    session = welcomed(after=0)
    session.offer(records(1, 300), NOW)

    assert len(taken(session)) == WINDOW == 256
    assert (session.room(), session.after) == (0, 256)
    session.offer(records(257, 300), NOW)
    assert session.frames() == []

    say(session, op="ack", seq=100)
    assert session.room() == 100
    session.offer(records(257, 300), NOW)
    assert [frame["seq"] for frame in taken(session)] == list(range(257, 301))


def test_hidden_events_take_no_place_in_the_window():
    session = welcomed(after=0)
    session.offer([record(seq, hidden=True) for seq in range(1, 400)], NOW)

    assert (session.after, session.room()) == (399, WINDOW)


def test_a_resource_so_far_behind_that_events_are_gone_must_come_again():
    session = welcomed()
    session.offer([record(12)], NOW)

    assert ended(session) == 1013
    assert session.frames() == []


def test_nothing_offered_is_nothing():
    session = welcomed()
    session.offer([], NOW)

    assert session.closing is None


# Acknowledgements.


def test_an_acknowledgement_covers_everything_up_to_it():
    session = welcomed()
    session.offer(records(11, 14), NOW)
    assert session.acknowledged == 10

    say(session, op="ack", seq=12.0)
    assert session.acknowledged == 12
    say(session, op="ack", seq=11)
    assert session.acknowledged == 12
    say(session, op="ack", seq=14)
    assert (session.acknowledged, session.room()) == (14, WINDOW)


def test_hidden_events_need_no_acknowledgement():
    session = welcomed()
    session.offer([record(11), record(12, hidden=True)], NOW)
    assert session.acknowledged == 10

    say(session, op="ack", seq=11)
    assert session.acknowledged == 12

    session.offer([record(13, hidden=True)], NOW)
    assert session.acknowledged == 13


@pytest.mark.parametrize("seq", [11, 13, 10**9])
def test_what_was_not_sent_cannot_be_acknowledged(seq: int):
    session = welcomed()
    if seq > 11:
        session.offer([record(11), record(12), record(13, hidden=True)], NOW)
    say(session, op="ack", seq=seq)

    assert ended(session) == 4400


def test_where_the_stream_began_may_be_acknowledged():
    session = welcomed()
    say(session, op="ack", seq=10)

    assert session.closing is None
    assert session.acknowledged == 10


# Heartbeat.


def test_a_heartbeat_comes_every_fifteen_seconds():
    session = welcomed()
    assert session.due == 15_000
    session.tick(14_999)
    assert session.frames() == []

    session.tick(15_000)
    session.tick(15_001)
    assert taken(session) == [{"op": "heartbeat"}]
    assert session.due == 30_000


def test_there_is_no_heartbeat_before_the_welcome():
    session = started()
    session.receive(hello(), clock=0)
    session.tick(20_000)

    assert session.frames() == []
    assert session.due == 35_000


# Receipts.


def receipt(**changes: object) -> dict[str, object]:
    frame = {"op": "receipt", "key": "911:1", "seq": 10, "due": 3, "sent": 3, "shown": 2, "ms": 9}
    return {**frame, **changes}


def test_receipts_are_handed_on_once():
    session = welcomed()
    say(session, **receipt(shown=2.0, why=[]))

    (taken_receipt,) = session.receipts()
    assert (taken_receipt.key, taken_receipt.shown, taken_receipt.why) == ("911:1", 2, {})
    assert session.receipts() == []


def test_a_receipt_for_an_event_that_was_not_sent_is_ignored():
    session = welcomed()
    say(session, **receipt(seq=11))

    assert session.receipts() == []
    assert session.closing is None


def test_a_receipt_of_wrong_shape_is_a_bad_frame():
    session = welcomed()
    say(session, **receipt(due="many"))

    assert ended(session) == 4400


# Requests.


def test_a_journal_that_was_restored_ends_the_connections_that_know_it_by_its_old_name() -> None:
    session = welcomed()
    session.goes_on("e1")
    assert session.closing is None
    session.goes_on("e2")
    assert ended(session) == 1001


def test_a_connection_that_was_not_welcomed_yet_takes_any_name() -> None:
    session = started()
    session.goes_on("e2")
    session.receive(hello(), clock=0)
    session.goes_on("e1")
    assert session.closing is None


def ask(session: Session, name: str = "r1", clock: int = 0) -> None:
    say(session, clock, op="request", id=name, method="call.note", params={"call": "911:1"})


def test_a_request_is_answered_under_its_id():
    session = welcomed()
    ask(session)
    (request,) = session.requests()
    assert (request.id, request.method, request.params) == (
        "r1",
        "call.note",
        {"call": "911:1"},
    )
    assert session.requests() == []

    session.answer("r1", {"done": True})
    session.answer("r1", {"done": True})
    assert taken(session) == [{"op": "reply", "id": "r1", "result": {"done": True}}]


def test_a_refusal_says_code_and_message():
    session = welcomed()
    ask(session)
    session.refuse("r1", "not_linked", "link your account first")
    session.refuse("r1", "twice", "")

    assert taken(session) == [
        {
            "op": "reply",
            "id": "r1",
            "error": {"code": "not_linked", "message": "link your account first"},
        }
    ]


def test_an_answer_that_cannot_be_written_leaves_the_request_open_for_a_refusal():
    session = welcomed()
    ask(session)
    with pytest.raises(TypeError):
        session.answer("r1", object())

    session.refuse("r1", "internal", "")
    assert [frame["error"]["code"] for frame in taken(session)] == ["internal"]


def test_a_request_is_over_after_ten_seconds():
    session = welcomed()
    ask(session, "r1", clock=1000)
    ask(session, "r2", clock=2000)
    assert session.due == 11_000
    session.tick(10_999)
    assert session.frames() == []

    session.tick(11_000)
    assert [(frame["id"], frame["error"]["code"]) for frame in taken(session)] == [
        ("r1", "timeout")
    ]
    assert session.due == 12_000

    session.answer("r1", "too late")
    assert session.frames() == []


def test_too_many_open_requests_are_refused():
    session = welcomed()
    for number in range(65):
        ask(session, f"r{number}")

    assert len(session.requests()) == 64
    assert [(f["id"], f["error"]["code"]) for f in taken(session)] == [("r64", "rate_limited")]

    session.answer("r0", None)
    ask(session, "again")
    assert [request.id for request in session.requests()] == ["again"]


def test_an_id_that_is_still_open_is_a_bad_frame():
    session = welcomed()
    ask(session)
    ask(session)

    assert ended(session) == 4400


def test_an_id_may_be_used_again_once_it_was_answered():
    session = welcomed()
    ask(session)
    session.answer("r1", 1)
    ask(session)

    assert len(session.requests()) == 2


# Floods.


def test_a_flood_ends_the_connection_as_overload():
    session = welcomed()
    for _ in range(998):
        say(session, op="ack", seq=10)
    assert session.closing is None

    for _ in range(3):
        say(session, op="ack", seq=10)
    assert ended(session) == 1013


def test_an_honest_pace_is_never_a_flood():
    session = welcomed()
    for step in range(3000):
        say(session, step * 5, op="ack", seq=10)

    assert session.closing is None


def test_what_a_stalled_server_sends_at_once_is_no_flood():
    session = welcomed()
    for clock in (0, 10_000, 20_000):
        for _ in range(900):
            say(session, clock, op="ack", seq=10)

    assert session.closing is None


def test_a_resource_that_asks_and_never_reads_is_given_up():
    session = welcomed()
    for number in range(600):
        ask(session, f"r{number}", clock=number * 20)
        session.answer(f"r{number}", "x")

    assert ended(session) == 1013


# The end.


def test_what_was_said_before_the_end_is_still_sent():
    session = welcomed()
    session.offer([record(11)], NOW)
    session.close(1001, "the bridge is stopping")

    assert session.closing == Closing(1001, "the bridge is stopping")
    assert [frame["seq"] for frame in taken(session)] == [11]


def test_a_reason_always_fits_a_close_frame():
    session = welcomed()
    session.close(1001, "ü" * 200)

    assert session.closing is not None
    assert len(session.closing.reason.encode()) <= 120


def test_a_door_does_not_keep_its_token():
    assert TOKEN not in str(vars(DOORS[1]))

import json

import pytest

from bridge.sonoran import signalr
from bridge.sonoran.signalr import (
    Answered,
    Closed,
    Invoked,
    Opened,
    Pinged,
    Refused,
    Session,
    Skipped,
    TooLong,
)

END = "\x1e"


def opened() -> Session:
    session = Session()
    assert list(session.receive("{}" + END)) == [Opened()]
    return session


def message(**body: object) -> str:
    return json.dumps(body) + END


def test_the_handshake_names_the_protocol_and_ends_with_the_separator() -> None:
    assert signalr.HANDSHAKE == '{"protocol":"json","version":1}\x1e'
    assert signalr.PING == '{"type":6}\x1e'


def test_an_empty_object_opens_the_session() -> None:
    session = Session()

    assert list(session.receive("{}" + END)) == [Opened()]
    assert session.is_open


@pytest.mark.parametrize(
    ("answer", "signal"),
    [
        ({"error": "no such protocol"}, Refused("no such protocol")),
        ({"error": 7}, Refused("")),
        ({"type": 7, "error": "busy"}, Refused("busy")),
        ({"type": 7}, Closed("", False)),
        ({"type": 7, "allowReconnect": True}, Closed("", True)),
        ({"type": 6}, Skipped("a message before the handshake's answer")),
    ],
)
def test_anything_else_before_that_does_not_open_it(answer: dict, signal: object) -> None:
    session = Session()

    assert list(session.receive(json.dumps(answer) + END)) == [signal]
    assert not session.is_open


def test_messages_behind_the_handshakes_answer_are_read_from_the_same_frame() -> None:
    session = Session()

    frame = "{}" + END + message(type=6) + message(type=1, target="pushEvent", arguments=["{}"])

    assert list(session.receive(frame)) == [Opened(), Pinged(), Invoked("pushevent", ("{}",))]


def test_a_message_may_come_in_many_frames_and_many_in_one() -> None:
    session = opened()
    text = message(type=1, target="pushEvent", arguments=["a"]) + message(type=6)

    signals = [signal for sign in text for signal in session.receive(sign)]

    assert signals == [Invoked("pushevent", ("a",)), Pinged()]


def test_an_empty_message_is_nothing() -> None:
    assert list(opened().receive(END + END)) == []


@pytest.mark.parametrize(
    ("body", "signal"),
    [
        ({"target": "PUSHEVENT", "arguments": []}, Invoked("pushevent", ())),
        ({"target": "f", "arguments": [1, None]}, Invoked("f", (1, None))),
        ({"target": "f", "arguments": [], "invocationId": "9"}, Invoked("f", (), "9")),
        ({"target": "f", "arguments": [], "invocationId": ""}, Invoked("f", ())),
        ({"target": "f", "arguments": [], "invocationId": 9}, Invoked("f", ())),
        ({"target": "f", "arguments": [], "headers": {}, "new": 1}, Invoked("f", ())),
        ({"target": "f"}, Skipped("an invocation without target or arguments")),
        ({"arguments": []}, Skipped("an invocation without target or arguments")),
    ],
)
def test_an_invocation_is_read(body: dict, signal: object) -> None:
    assert list(opened().receive(message(type=1, **body))) == [signal]


@pytest.mark.parametrize(
    ("body", "signal"),
    [
        ({"invocationId": "1", "result": {"success": True}}, Answered("1", {"success": True})),
        ({"invocationId": "1", "error": "no"}, Answered("1", None, "no")),
        ({"invocationId": "1", "error": {}}, Answered("1", None, "")),
        ({"invocationId": "1"}, Answered("1")),
        ({"result": 1}, Skipped("a completion without an id")),
    ],
)
def test_a_completion_is_read(body: dict, signal: object) -> None:
    assert list(opened().receive(message(type=3, **body))) == [signal]


@pytest.mark.parametrize(
    ("body", "signal"),
    [
        ({}, Closed("", False)),
        ({"error": "bye"}, Closed("bye", False)),
        ({"allowReconnect": True}, Closed("", True)),
        ({"allowReconnect": "true"}, Closed("", False)),
    ],
)
def test_a_close_says_whether_reconnecting_is_welcome(body: dict, signal: object) -> None:
    assert list(opened().receive(message(type=7, **body))) == [signal]


@pytest.mark.parametrize("kind", [2, 4, 5, 8, 9, 99, None, "1", [1]])
def test_unknown_types_are_skipped_and_count_as_life(kind: object) -> None:
    (signal,) = opened().receive(message(type=kind))

    assert isinstance(signal, Skipped)
    assert signal.harmless


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>", "no JSON"),
        ('{"type":1', "no JSON"),
        ('{"type":NaN}', "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("1" * 10_000, "no JSON"),
        ("[]", "no JSON object"),
        ("null", "no JSON object"),
    ],
)
def test_what_cannot_be_read_does_not_end_the_feed(text: str, reason: str) -> None:
    session = opened()

    assert list(session.receive(text + END + message(type=6))) == [Skipped(reason), Pinged()]


def test_calls_are_numbered_and_bear_all_their_arguments() -> None:
    session = opened()

    first, text = session.call("authenticatev2", ["community", "key", None])
    second, _ = session.call("unitLocation", [[]])

    assert (first, second) == ("1", "2")
    assert text.endswith(END)
    assert json.loads(text[:-1]) == {
        "type": 1,
        "invocationId": "1",
        "target": "authenticatev2",
        "arguments": ["community", "key", None],
    }


def test_a_separator_inside_a_text_does_not_end_the_message() -> None:
    _, text = opened().call("f", ["a\x1eb"])

    assert text.count(END) == 1


def test_completions_say_done_or_failed() -> None:
    done = json.loads(signalr.completion("7")[:-1])
    failed = json.loads(signalr.completion("7", error="no")[:-1])

    assert done == {"type": 3, "invocationId": "7", "result": None}
    assert failed == {"type": 3, "invocationId": "7", "error": "no"}


def test_a_message_without_end_is_given_up_in_bounded_memory() -> None:
    session = Session(max_message=1000)
    assert list(session.receive("x" * 1000)) == []

    with pytest.raises(TooLong, match="1000 characters"):
        list(session.receive("x"))

    assert session._pieces == []


def test_a_long_message_is_refused_although_it_ends() -> None:
    session = Session(max_message=10)

    with pytest.raises(TooLong):
        list(session.receive("x" * 11 + END))


def test_the_largest_message_is_four_mebibytes() -> None:
    session = opened()
    frame = message(type=1, target="f", arguments=["x" * (4 * 1024 * 1024 - 50)])

    (signal,) = session.receive(frame)

    assert isinstance(signal, Invoked)

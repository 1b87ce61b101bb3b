"""One meaning, many shapes: whatever the shape, the facts are the same."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import PushRejected
from bridge.sonoran.payloads import KNOWN_TYPES, parse

NOW = 1_790_000_000_000
WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=30)
IDENTS = st.lists(st.integers(0, 10**6), min_size=1, max_size=8, unique=True)
NUMBERS = st.integers(1, 2**53)
COORDINATES = st.tuples(
    st.floats(-4000, 4500).map(lambda x: round(x, 3)),
    st.floats(-4500, 8000).map(lambda y: round(y, 3)),
)


def listed(data: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([data, [data]])


def as_number(value: int) -> st.SearchStrategy[Any]:
    return st.sampled_from([value, str(value), f" {value} ", float(value)])


def as_flag(value: bool) -> st.SearchStrategy[Any]:
    return st.sampled_from([True, 1, "true", "True", "1"] if value else [False, 0, "false", "0"])


@st.composite
def named(draw: st.DrawFn, idents: list[int]) -> dict[str, Any]:
    """Return fields that name the units, in that order."""
    if len(idents) == 1 and draw(st.booleans()):
        name = draw(st.sampled_from(["ident", "idents", "identId", "identIds"]))
        return {name: draw(as_number(idents[0]))}
    cut = draw(st.integers(0, len(idents)))
    spelled = [draw(as_number(ident)) for ident in idents]
    first, second = draw(st.sampled_from([("idents", "identIds"), ("ident", "identId")]))
    noise = draw(st.sampled_from([[], [None], ["x", {}]]))
    return {first: spelled[:cut] + noise, second: spelled[cut:] + noise}


@st.composite
def meta(draw: st.DrawFn, fields: dict[str, Any]) -> dict[str, Any]:
    return {
        name: draw(st.sampled_from([value, str(value)])) for name, value in fields.items()
    } | draw(st.sampled_from([{}, {"uuid": "x"}, {"callerPlayerId": "nil"}]))


@st.composite
def two_911_pushes(draw: st.DrawFn) -> tuple[Any, Any]:
    """Return two spellings of one 911 call."""
    number, emergency, silent = draw(NUMBERS), draw(st.booleans()), draw(st.booleans())
    texts = {name: draw(WORDS) for name in ("caller", "location", "description")}
    x, y = draw(COORDINATES)
    known = {"x": x, "y": y, "postal": draw(st.integers(1, 9999)), "silentAlert": silent}
    ids = draw(st.lists(WORDS, max_size=3))

    def spelled() -> Any:
        inside, beside = draw(meta(known)), draw(meta(known))
        where = draw(st.sampled_from(["inside", "beside", "both"]))
        call = {"callId": draw(as_number(number)), "isEmergency": draw(as_flag(emergency)), **texts}
        element: dict[str, Any] = {"call": call, "apiIds": ids}
        if where != "beside":
            call["metaData"] = inside
        if where != "inside":
            element["metaData"] = beside
        return draw(listed(element))

    return spelled(), spelled()


@settings(deadline=None)
@given(two_911_pushes())
def test_a_911_call_is_the_same_in_every_shape(pushes: tuple[Any, Any]) -> None:
    one, other = (parse("EVENT_911", {"data": data}, NOW) for data in pushes)

    assert one == other


@st.composite
def two_dispatch_pushes(draw: st.DrawFn) -> tuple[Any, Any]:
    """Return two spellings of one dispatch call."""
    number, idents = draw(NUMBERS), draw(IDENTS)
    status, origin = draw(st.integers(0, 5)), draw(NUMBERS)
    texts = {
        name: draw(WORDS) for name in ("block", "address", "title", "code", "description", "postal")
    }
    x, y = draw(COORDINATES)

    def spelled() -> Any:
        origin_name = draw(st.sampled_from(["createdFromId", "origin911"]))
        dispatch = {
            "callId": draw(as_number(number)),
            "status": draw(as_number(status)),
            "priority": draw(st.sampled_from([2, "2"])),
            "idents": [draw(as_number(ident)) for ident in idents],
            "notes": draw(st.sampled_from(["", None, 0])),
            "metaData": draw(meta({"x": x, "y": y, origin_name: origin})),
            **texts,
        }
        flat = draw(st.booleans())
        return draw(listed({**dispatch, "eventOriginIdent": 1} if flat else {"dispatch": dispatch}))

    return spelled(), spelled()


@settings(deadline=None)
@given(two_dispatch_pushes(), st.sampled_from(["EVENT_DISPATCH_NEW", "event_dispatch_edit"]))
def test_a_dispatch_call_is_the_same_in_every_shape(pushes: tuple[Any, Any], kind: str) -> None:
    one, other = (parse(kind, {"data": data}, NOW) for data in pushes)

    assert one == other


OF_UNITS = {
    "EVENT_UNIT_LOGOUT": {},
    "EVENT_UNIT_STATUS": {"status": 3},
    "EVENT_UNIT_PANIC": {"isPanic": True},
    "EVENT_UNIT_GROUP_ADD": {"groupName": "L7"},
    "EVENT_UNIT_GROUP_REMOVE": {"groupName": "L7"},
    "EVENT_UNIT_GROUP_CHANGE_NAME": {"oldName": "L7", "newName": "L9"},
    "EVENT_DISPATCH_UNIT_ATTACH": {"callId": 880},
    "EVENT_DISPATCH_UNIT_DETACH": {"callId": 880},
    "EVENT_PAGER_REBORN": {"body": "Go"},
}


@settings(deadline=None)
@given(st.data(), st.sampled_from(sorted(OF_UNITS)), IDENTS)
def test_units_are_the_same_whatever_they_are_called_by(
    data: st.DataObject, kind: str, idents: list[int]
) -> None:
    plain = {**OF_UNITS[kind], "identIds": idents}
    other = data.draw(listed({**data.draw(named(idents)), **OF_UNITS[kind]}))

    assert parse(kind, {"data": other}, NOW) == parse(kind, {"data": plain}, NOW)


@settings(deadline=None)
@given(st.data(), st.sampled_from(["EVENT_REMOVE_911", "EVENT_DISPATCH_CLOSED"]))
def test_calls_are_the_same_whatever_they_are_called_by(data: st.DataObject, kind: str) -> None:
    numbers = data.draw(st.lists(NUMBERS, min_size=1, max_size=5, unique=True))
    spelled = [data.draw(as_number(number)) for number in numbers]
    shapes: list[Any] = [
        {"callIds": [*spelled, None]},
        {"callId": spelled[0], "callIds": spelled},
        [{"callId": number} for number in spelled],
        [{"callIds": [number]} for number in spelled],
    ]

    assert parse(kind, {"data": data.draw(st.sampled_from(shapes))}, NOW) == parse(
        kind, {"data": {"callIds": numbers}}, NOW
    )


NAMES = (
    *("call", "dispatch", "unit", "units", "data", "id", "callId", "callIds", "ident", "identIds"),
    *("status", "isPanic", "metaData", "note", "notes", "groupName", "newName", "playTonesTo"),
    "communityUserId",
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5)
    ),
    max_leaves=15,
)


@settings(deadline=None)
@given(st.sampled_from(sorted(KNOWN_TYPES)), JSON)
def test_whatever_is_sent_is_facts_or_a_rejection_with_a_path(kind: str, data: Any) -> None:
    path = "data"
    try:
        parse(kind, {"data": data}, NOW, frozenset({kind}))
    except PushRejected as refused:
        path = refused.path

    assert path.split(".")[0] == "data"

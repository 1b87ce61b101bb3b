import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from bridge.blot import Secrets
from bridge.errors import JournalUnavailable
from bridge.facts import Fact, Other, Placed
from bridge.metrics import Metrics
from bridge.rejected import Rejected
from bridge.sonoran.pushes import Pushes

DATA = Path(__file__).parents[1] / "data"
EXPECTED = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
KEY = EXPECTED["key"]
NOW = 1_790_000_000_000


@dataclass
class Accepted:
    events: int = 1


@dataclass
class Ingest:
    """Remembers what it was given; answers as it is told."""

    facts: list[Fact] = field(default_factory=list)
    events: int = 1
    broken: bool = False

    async def accept(self, facts: Sequence[Fact]) -> Accepted:
        if self.broken:
            raise JournalUnavailable("disk full")
        self.facts += facts
        return Accepted(self.events)


@dataclass
class Door:
    """`Pushes` with what stands around it."""

    pass_through: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.ingest = Ingest()
        self.metrics = Metrics()
        self.rejected = Rejected(Secrets([KEY]), lambda: NOW)
        self.pushes = Pushes(
            api_key=KEY,
            ingests={1: self.ingest},
            pass_through=self.pass_through,
            rejected=self.rejected,
            metrics=self.metrics,
            now=lambda: NOW,
        )

    async def post(self, body: object) -> str:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return (await self.pushes.over_http(1, data)).code


def emergency(**fields: object) -> dict[str, object]:
    return {"key": KEY, "type": "EVENT_911", "data": {"call": {"callId": 1}}, **fields}


async def test_a_911_becomes_a_fact_and_is_answered_ok() -> None:
    door = Door()
    assert await door.post(emergency()) == "ok"
    assert isinstance(door.ingest.facts[0], Placed)


async def test_what_says_nothing_new_is_a_duplicate() -> None:
    door = Door()
    door.ingest.events = 0
    assert await door.post(emergency()) == "duplicate"


@pytest.mark.parametrize("entry", EXPECTED["valid"], ids=lambda entry: Path(entry["file"]).stem)
async def test_every_valid_sample_is_answered_200(entry: dict[str, str]) -> None:
    door = Door()
    body = (DATA / entry["file"]).read_bytes()
    assert (await door.pushes.over_http(1, body)).status == 200


@pytest.mark.parametrize("entry", EXPECTED["invalid"], ids=lambda entry: Path(entry["file"]).name)
async def test_every_invalid_sample_has_a_clear_answer(entry: dict[str, str]) -> None:
    door = Door()
    with capture_logs() as logs:
        outcome = await door.pushes.over_http(1, (DATA / entry["file"]).read_bytes())
    assert outcome.status in ({400, 401, 422} if entry["expect"] == "refuse" else {200, 400, 422})
    assert outcome.status == 200 or outcome.detail
    assert KEY not in json.dumps(logs, default=repr)
    assert KEY not in json.dumps(door.rejected.newest())
    if outcome.status != 200:
        assert door.ingest.facts == []


@pytest.mark.parametrize(
    "key", ["", KEY.upper(), KEY[:-1], KEY + " ", None, 1, {}, [KEY], "\ud800"]
)
async def test_any_other_key_is_wrong(key: object) -> None:
    door = Door()
    assert await door.post(emergency(key=key)) == "wrong_key"
    assert door.ingest.facts == []
    assert door.rejected.total == 0


async def test_a_push_without_key_is_wrong_before_its_type_is_looked_at() -> None:
    assert await Door().post({"type": 5}) == "wrong_key"


@pytest.mark.parametrize("push_type", [None, 5, "", "EVENT 911", "x" * 65, "EVENT_911\n", "É"])
async def test_a_type_of_another_form_is_refused_and_kept(push_type: object) -> None:
    door = Door()
    assert await door.post(emergency(type=push_type)) == "no_type"
    assert door.rejected.total == 1


async def test_an_unknown_type_is_counted_and_not_handed_on() -> None:
    door = Door()
    assert await door.post({"key": KEY, "type": "EVENT_SOMETHING_NEW", "data": {}}) == "ignored"
    assert door.metrics.unknown_types._value.get() == 1
    assert door.ingest.facts == []


async def test_an_unknown_type_is_handed_on_where_the_owner_lists_it() -> None:
    door = Door(pass_through=frozenset({"event_something_new"}))
    assert await door.post({"key": KEY, "type": "EVENT_Something_New", "data": {"a": 1}}) == "ok"
    assert door.ingest.facts == [Other("EVENT_SOMETHING_NEW", {"a": 1})]


async def test_a_request_for_logs_is_ignored() -> None:
    door = Door(pass_through=frozenset({"GET_LOGS"}))
    assert await door.post({"key": KEY, "type": "GET_LOGS", "logKey": "x"}) == "ignored"
    assert door.ingest.facts == []


async def test_a_bad_body_is_refused_by_path_kept_and_logged_without_its_text() -> None:
    door = Door()
    body = emergency(data={"call": {"callId": {}, "caller": "Maria"}})
    with capture_logs() as logs:
        outcome = await door.pushes.over_http(1, json.dumps(body).encode())
    assert (outcome.status, outcome.path) == (422, "data.call.callId")
    assert door.rejected.newest()[0]["path"] == "data.call.callId"
    assert "Maria" not in json.dumps(logs)


async def test_a_journal_that_cannot_store_means_come_back() -> None:
    door = Door()
    door.ingest.broken = True
    assert await door.post(emergency()) == "unavailable"
    assert door.rejected.total == 0


@pytest.mark.parametrize("as_text", [True, False])
async def test_the_hub_brings_text_or_an_object_and_its_key_is_not_asked(as_text: bool) -> None:
    door = Door()
    push = emergency(key="another")
    outcome = await door.pushes.over_hub(1, json.dumps(push) if as_text else push)
    assert outcome.code == "ok"
    assert len(door.ingest.facts) == 1


@pytest.mark.parametrize("push", ["no json", "[]", "\ud800", '"text"'])
async def test_what_the_hub_brings_that_is_no_push_is_kept(push: str) -> None:
    door = Door()
    assert (await door.pushes.over_hub(1, push)).code == "not_json"
    assert door.rejected.total == 1


async def test_pushes_are_counted_by_way_and_outcome() -> None:
    door = Door()
    await door.post(emergency())
    await door.post(b"{")
    await door.pushes.over_hub(1, "{}")
    text = door.metrics.render().decode()
    for way, outcome in (("http", "ok"), ("http", "not_json"), ("hub", "no_type")):
        line = f'cad_bridge_pushes_total{{outcome="{outcome}",server="1",way="{way}"}} 1.0'
        assert line in text

import json
from pathlib import Path

import pytest

from bridge.owner.samples import NAMES, documented_911, sample, type_of
from bridge.sonoran import payloads


def test_the_911_sample_is_the_documented_example(data: Path) -> None:
    example = json.loads((data / "push" / "event_911_documented.json").read_text(encoding="utf-8"))
    del example["key"]

    assert documented_911() == example
    assert documented_911(7, "license:x")["data"][0]["call"]["callId"] == 7
    assert documented_911(7, "license:x")["data"][0]["communityUserId"] == "license:x"


def test_there_is_a_sample_of_every_type_that_the_cad_sends() -> None:
    assert set(NAMES) == payloads.KNOWN_TYPES


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_is_understood(name: str) -> None:
    push = sample(name, call=1)
    handed_on = payloads.parse(name, push, 0, frozenset({name}))

    assert push["type"] == name
    assert handed_on or name in payloads.IGNORED_TYPES
    assert json.loads(json.dumps(push)) == push


@pytest.mark.parametrize("name", ["911", "event_911", "EVENT_911", "Event_911"])
def test_a_sample_is_named_as_people_type_it(name: str) -> None:
    assert type_of(name) == "EVENT_911"


def test_a_name_without_a_sample_is_told() -> None:
    with pytest.raises(KeyError):
        sample("nonsense", call=1)

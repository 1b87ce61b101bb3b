import tomllib
from typing import Any

import pytest

from bridge.owner.template import COMMENTS, render, toml
from bridge.settings import SECTIONS, Settings


def test_every_section_and_key_has_a_comment_and_no_other_has() -> None:
    assert set(SECTIONS) == set(Settings.model_fields)
    assert {name: set(model.model_fields) | {""} for name, model in SECTIONS.items()} == {
        name: set(comments) for name, comments in COMMENTS.items()
    }


def test_what_is_commented_out_is_what_holds_anyway() -> None:
    text = render({}, [{"id": 1, "token": "t" * 40}])
    uncommented = "\n".join(
        line.removeprefix("# ") if " = " in line else line for line in text.splitlines()
    )
    body = tomllib.loads(uncommented)
    for name in ("tls_cert", "tls_key"):
        assert body["gateway"].pop(name)
    assert body["servers"][0].pop("push_port")

    assert Settings(**body) == Settings(servers=[{"id": 1, "token": "t" * 40}])


@pytest.mark.parametrize(
    "value",
    ['a "quoted" \\ text', "ü\n\t\x7f\x00", True, 0, 1.5, ["b", "a"], frozenset(), ""],
)
def test_values_survive_the_file(value: Any) -> None:
    read = tomllib.loads(f"x = {toml(value)}")["x"]

    assert read == (sorted(value) if isinstance(value, (list, frozenset)) else value)

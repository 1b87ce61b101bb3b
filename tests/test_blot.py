import json
from urllib.parse import quote

import pytest

from bridge.blot import BLOT, Secrets

KEY = 'k"ey/ü-5d1b'


@pytest.mark.parametrize(
    "shown", [KEY, KEY.upper(), json.dumps(KEY), quote(KEY, safe=""), f"Bearer {KEY}!"]
)
def test_a_secret_is_blotted_in_every_form_it_is_written_in(shown: str) -> None:
    blotted = Secrets([KEY]).blot(f"before {shown} after")

    assert BLOT in blotted
    assert "5d1b" not in blotted.lower()
    assert blotted.startswith("before ")
    assert blotted.endswith(" after")


def test_without_secrets_a_text_stays_as_it_is() -> None:
    assert Secrets(["", "any"]).blot("anything") == "anything"


def test_secrets_can_be_added_later_and_the_longer_of_two_wins() -> None:
    secrets = Secrets(["abcd"])
    secrets.add("abcdef")

    assert secrets.blot("abcdef abcd") == f"{BLOT} {BLOT}"
    assert secrets.longest == 6

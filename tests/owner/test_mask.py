"""Masking: the same person is the same stranger everywhere, and nobody's name is left."""

import json
from typing import Any

from bridge.owner.mask import Mask

CALL = {
    "key": "911:1",
    "caller": "Maria Lopez",
    "callerIds": [["license:abc123"], [], ["Steam:11", "abc123"], [], []],
    "description": "maria lopez was hit by MARTA QUILL, said Marta Quillon",
    "notes": [{"content": "Maria Lopez is stable", "label": "Marta Quill"}],
    "location": "Vespucci Blvd",
}
UNIT = {
    "ident": 101,
    "number": "A-12",
    "name": "Marta Quill",
    "account": "0000-1111",
    "playerIds": [["license:abc123"], [], [], [], []],
}


def masked(*events: Any) -> list[Any]:
    mask = Mask()
    for event in events:
        mask.learn(event)
    return [mask.hide(event) for event in events]


def test_no_name_id_or_account_is_left() -> None:
    text = json.dumps(
        masked({"type": "call.opened", "call": CALL}, {"type": "unit.on_duty", "unit": UNIT})
    )
    for hidden in ("Maria", "maria", "Marta Quill ", 'Marta Quill"', "abc123", "0000-1111"):
        assert hidden not in text
    for kept in ("Vespucci Blvd", "A-12", "was hit by", "Marta Quillon", "license:player"):
        assert kept in text


def test_a_name_in_a_text_before_its_bearer_is_known_is_hidden_too() -> None:
    first, _ = masked({"note": {"content": "ask Marta Quill"}}, {"unit": UNIT})
    assert first == {"note": {"content": "ask Unit member 1"}}


def test_the_same_id_with_and_without_its_type_stays_the_same() -> None:
    (call,) = masked({"call": CALL})
    ids = call["call"]["callerIds"]
    assert ids[0][0] == f"license:{ids[2][1]}"


def test_what_is_handed_on_to_other_resources_is_left_out() -> None:
    (push,) = masked({"type": "push", "push": "EVENT_NEW", "data": {"anything": "Maria Lopez"}})
    assert push == {"type": "push", "push": "EVENT_NEW", "data": None}


def test_letters_of_other_cases_and_lengths_do_no_harm() -> None:
    (call,) = masked({"call": {"caller": "İstanbul ß", "description": "i̇stanbul ß, İSTANBUL SS"}})
    assert "İstanbul ß" not in json.dumps(call, ensure_ascii=False)

from __future__ import annotations

import pytest

from bridge.demo.game.screen import TextCommand, as_seen


@pytest.mark.parametrize(
    ("text", "seen", "codes"),
    [
        ("plain <3 text", "plain <3 text", ()),
        ("~r~red~s~", "red", ("~r~", "~s~")),
        ("a~n~b", "a\nb", ("~n~",)),
        ("press ~INPUT_CONTEXT~", "press [CONTEXT]", ("~INPUT_CONTEXT~",)),
        ("50 ~ off", "50 ", ("~ off",)),
        ("<font size='9'>big</font>", "big", ("<font size='9'>", "</font>")),
        ("~unknown~x", "x", ("~unknown~",)),
    ],
)
def test_what_the_player_reads(text: str, seen: str, codes: tuple[str, ...]) -> None:
    assert as_seen(text) == (seen, codes)


def test_components_fill_the_places_of_a_label() -> None:
    command = TextCommand("feed", "MINE", ["a", "b", "c"])
    assert command.text({"MINE": "1 ~a~ 2 ~a~"}) == "1 a 2 b"
    assert TextCommand("feed", "CELL_EMAIL_BCON", ["a", "b"]).text({}) == "ab"
    assert TextCommand("feed", "no such label", ["a"]).text({}) == "no such label"

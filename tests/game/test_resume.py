"""Where a stream begins."""

from __future__ import annotations

import pytest

from bridge.game.frames import Hello
from bridge.game.resume import BoardWanted, LeftOutWanted, Need, Standing, resume


def hello(epoch: str | None, cursor: int | None, *, board: bool = False) -> Hello:
    return Hello(
        op="hello",
        token="t",
        resource="1",
        instance="a",
        epoch=epoch,
        cursor=cursor,
        board=board,
    )


@pytest.mark.parametrize(
    ("asked", "after", "need"),
    [
        (hello("e", 30), 30, None),
        (hello("e", 40), 40, None),
        (hello("e", 24), 24, None),
        (hello("e", 23), 24, LeftOutWanted(7, 23, 24)),
        (hello("e", 0), 24, LeftOutWanted(7, 0, 24)),
        (hello("e", 30, board=True), 30, BoardWanted(7, 30)),
        (hello("e", 3, board=True), 24, BoardWanted(7, 24)),
        (hello("e", 41), 28, BoardWanted(7, 28)),
        (hello("other", 30), 28, BoardWanted(7, 28)),
        (hello(None, None), 28, BoardWanted(7, 28)),
    ],
)
def test_the_stream_begins_at_the_first_fresh_event_after_the_cursor(
    asked: Hello, after: int, need: Need | None
):
    # Events 25 to 40 are fresh; the bridge knows that 28 was handled.
    standing = Standing(epoch="e", last=40, acknowledged=28, first_fresh=25)

    assert resume(7, asked, standing) == (after, need)

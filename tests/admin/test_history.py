from bridge.admin.history import MINUTES, History

START = 1_800_000_000_000 // 60_000 * 60_000


def test_what_a_total_has_risen_by_counts_for_its_minute() -> None:
    history = History(START)
    history.look(START + 10_000, {1: 3})
    history.look(START + 50_000, {1: 5})
    history.look(START + 61_000, {1: 5, 2: 1})
    history.look(START + 190_000, {1: 9, 2: 1})

    assert history.row(1)[-4:] == [5, 0, 0, 4]
    assert history.row(2)[-4:] == [0, 1, 0, 0]
    assert len(history.row(1)) == MINUTES


def test_a_server_never_looked_at_has_an_empty_row() -> None:
    assert history_row_is_empty(History(START).row(7))


def test_an_hour_of_silence_leaves_nothing() -> None:
    history = History(START)
    history.look(START, {1: 3})
    history.look(START + 86_400_000, {1: 3})

    assert history_row_is_empty(history.row(1))


def test_a_clock_set_back_breaks_nothing() -> None:
    history = History(START)
    history.look(START - 3_600_000, {1: 3})

    assert history.row(1)[-1] == 3


def history_row_is_empty(row: list[int]) -> bool:
    return row == [0] * MINUTES

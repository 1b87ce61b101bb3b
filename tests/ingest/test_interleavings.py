"""Whatever overlaps and whatever fails: one order, nothing answered is lost, nothing twice."""

import asyncio
from collections.abc import Callable
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bridge.errors import JournalUnavailable
from bridge.events import Call, CallNoted, CallOpened, Note, RemovalRemembered
from bridge.facts import Noted, Placed, Written
from bridge.ingest import Ingest
from bridge.recall import board_at

NOW = 1_790_000_000_000
ACTIONS = st.lists(
    st.sampled_from(["push", "push", "push", "copy", "run", "run", "hold", "go", "full", "other"]),
    max_size=40,
)


async def play(journal: Any, ingest: Ingest, actions: list[str]) -> dict[str, asyncio.Task[Any]]:
    """Do the actions; each push has a note of its own, each copy repeats the last one."""
    journal.write(1, CallOpened(Call("dispatch", 1, NOW)))
    pushes: dict[str, asyncio.Task[Any]] = {}
    for number, action in enumerate(actions):
        if action == "push" or (action == "copy" and pushes):
            of = len([each for each in actions[: number + 1] if each == "push"])
            facts = [Noted(1, Note(f"note {of}")), Placed(Call("911", of, NOW))]
            pushes[f"{of}/{number}"] = asyncio.create_task(ingest.accept(facts))
        elif action == "hold":
            journal.gate.clear()
        elif action == "go":
            journal.gate.set()
        elif action == "full":
            journal.failures.append(JournalUnavailable("full"))
        elif action == "other":
            journal.write(1, RemovalRemembered(f"dispatch:{number}"))
        await asyncio.sleep(0)
    journal.gate.set()
    async with asyncio.timeout(60):
        await asyncio.gather(*pushes.values(), return_exceptions=True)
    return pushes


def is_answered(push: asyncio.Task[Any]) -> bool:
    error = push.exception()
    assert error is None or isinstance(error, JournalUnavailable)
    return error is None


@settings(deadline=None, max_examples=300)
@given(actions=ACTIONS)
def test_nothing_answered_is_lost_and_nothing_is_stored_twice(
    new_journal: Callable[[], Any], new_ingest: Callable[..., Ingest], actions: list[str]
) -> None:
    async def scenario() -> None:
        journal = new_journal()
        ingest = new_ingest(journal)
        pushes = await play(journal, ingest, actions)

        events = journal.events()
        notes = [event.note.content for event in events if isinstance(event, CallNoted)]
        opened = [event.call.key for event in events if isinstance(event, CallOpened)]
        assert len(notes) == len(set(notes))
        assert len(opened) == len(set(opened))
        answered = {
            f"note {name.split('/')[0]}" for name, push in pushes.items() if is_answered(push)
        }
        assert answered <= set(notes)
        if not any(action == "full" for action in actions):
            assert len(answered) == actions.count("push")

    asyncio.run(scenario())


@settings(deadline=None, max_examples=300)
@given(actions=ACTIONS)
def test_the_order_of_the_journal_is_the_order_of_folding(
    new_journal: Callable[[], Any], new_ingest: Callable[..., Ingest], actions: list[str]
) -> None:
    async def scenario() -> None:
        journal = new_journal()
        ingest = new_ingest(journal)
        await play(journal, ingest, actions)
        journal.failures.clear()
        await ingest.accept([Written(2, NOW, creation=True, alert=True)])

        events = journal.events()
        assert ingest.board == await board_at(journal, 1, len(events))
        kept: tuple[Note, ...] = ()
        for event in events:  # each event was made over the one before
            if isinstance(event, CallNoted):
                assert event.call.notes == (*kept, event.note)
                kept = event.call.notes

    asyncio.run(scenario())

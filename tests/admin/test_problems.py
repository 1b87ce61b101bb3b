from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from bridge.admin import problems, status
from bridge.admin.history import History
from bridge.admin.view import CadState, Way
from bridge.errors import JournalUnavailable
from bridge.journal import cluster, database, schema
from bridge.metrics import Metrics
from bridge.receipts import Receipt

Break = Callable[[Any], object]


def server(seen: Any, /, **changes: Any) -> None:
    seen.server_states[0] = replace(seen.server_states[0], **changes)


def metrics(seen: Any, /, **outcomes: int) -> None:
    seen.metrics = Metrics()
    for outcome, count in outcomes.items():
        seen.metrics.pushes.labels(1, "http", outcome).inc(count)


def receipt(seen: Any, /, **numbers: Any) -> None:
    fields = {"seq": 9, "at": seen.time, "due": 7, "sent": 7, "shown": 7, "ms": 400} | numbers
    seen.kept_receipts[1] = [Receipt("911:4711", **fields)]


def reject(seen: Any) -> None:
    seen.rejected.keep(server=1, way="hub", code="bad_body", reason="x", path="", body=b"{}")


BROKEN: dict[str, Break] = {
    "journal_unavailable": lambda seen: setattr(
        seen, "journal", replace(seen.journal, problem="disk full")
    ),
    "not_ready": lambda seen: setattr(seen, "is_ready", (False, "starting")),
    "cad_key_refused": lambda seen: setattr(seen, "cad_state", CadState("refused", "401")),
    "hub_refused": lambda seen: server(
        seen, ways=(Way("hub", "refused", "wrong key", refused="key"),)
    ),
    "hub_down": lambda seen: server(seen, ways=(Way("hub", "connecting"),)),
    "listener_down": lambda seen: server(seen, ways=(Way("http", "down", "port 30130 is taken"),)),
    "resource_never_connected": lambda seen: server(seen, resource=None, seen=None),
    "resource_lost": lambda seen: server(seen, resource=None),
    "only_wrong_keys": lambda seen: metrics(seen, wrong_key=3),
    "resource_version": lambda seen: server(
        seen, resource=replace(seen.server_states[0].resource, version="0.9.0")
    ),
    "resource_behind": lambda seen: server(seen, last=2000),
    "disk_nearly_full": lambda seen: setattr(
        seen, "journal", replace(seen.journal, free=1_000_000)
    ),
    "cad_unreachable": lambda seen: setattr(seen, "cad_state", CadState("unreachable", "timeout")),
    "pushes_rejected": reject,
    "alert_for_nobody": lambda seen: receipt(seen, due=0, sent=0, shown=0),
    "alert_not_painted": lambda seen: receipt(seen, shown=6),
    "no_push_yet": metrics,
}


async def found(seen: Any) -> list[dict[str, Any]]:
    document = await status.status(seen, History(seen.time))
    return document["problems"]


def test_every_code_has_a_case_here() -> None:
    assert set(BROKEN) == set(problems.CODES)


async def test_a_bridge_in_order_has_no_problems(seen: Any) -> None:
    receipt(seen)

    assert await found(seen) == []


@pytest.mark.parametrize("code", BROKEN)
async def test_what_is_wrong_is_named_with_the_next_step(seen: Any, code: str) -> None:
    BROKEN[code](seen)

    (problem,) = await found(seen)

    assert problem["code"] == code
    assert problem["level"] == problems.CODES[code]
    assert problem["what"].endswith((".", "401", "timeout"))
    assert len(problem["next"]) > 20


async def test_the_worst_comes_first(seen: Any) -> None:
    server(seen, resource=None)
    seen.cad_state = CadState("unreachable", "timeout")
    seen.journal = replace(seen.journal, problem="disk full")

    levels = [problem["level"] for problem in await found(seen)]

    assert levels == ["fail", "fail", "warn"]


@pytest.mark.parametrize(
    "outcome", ["ok", "duplicate", "ignored", "no_type", "bad_body", "unavailable"]
)
async def test_wrong_keys_beside_right_ones_are_no_problem_of_the_owner(
    seen: Any, outcome: str
) -> None:
    metrics(seen, wrong_key=3, **{outcome: 1})

    assert await found(seen) == []


@pytest.mark.parametrize("reason", ["muted", "paused", "suppressed", "left"])
async def test_who_chose_not_to_see_an_alert_is_no_problem(seen: Any, reason: str) -> None:
    receipt(seen, shown=5, why={reason: 2})
    assert await found(seen) == []

    receipt(seen, shown=5, why={reason: 1, "unanswered": 1})
    assert [problem["code"] for problem in await found(seen)] == ["alert_not_painted"]


async def test_a_rejected_push_is_news_for_an_hour(seen: Any) -> None:
    reject(seen)
    seen.time += 3_600_001

    assert await found(seen) == []


async def test_a_test_alert_says_nothing_about_real_ones(seen: Any) -> None:
    seen.kept_receipts[1] = [Receipt("test:1", 9, seen.time, 1, 1, 0, 0)]

    assert await found(seen) == []


@pytest.mark.parametrize(
    ("kinds", "tried"),
    [
        (["hub"], "`cadbridge test 1`"),
        (["http"], "`cad-bridge send 911`"),
        (["hub", "http"], "send"),
    ],
)
async def test_a_sample_is_only_proposed_where_a_listener_takes_it(
    seen: Any, kinds: list[Any], tried: str
) -> None:
    metrics(seen)
    server(seen, ways=tuple(Way(kind, "up") for kind in kinds))

    (problem,) = await found(seen)

    assert tried in problem["next"]


@pytest.mark.parametrize(
    ("away", "up", "code", "still"),
    [
        (Way("hub", "connecting", "no route"), "http", "hub_down", "over HTTP are still taken"),
        (Way("hub", "refused", refused="key"), "http", "hub_refused", "over HTTP are still taken"),
        (Way("http", "down"), "hub", "listener_down", "over the hub still arrive"),
    ],
)
async def test_one_of_two_ways_is_a_warning_as_alerts_still_arrive(
    seen: Any, away: Way, up: Any, code: str, still: str
) -> None:
    server(seen, ways=(away, Way(up, "up")))
    seen.cad_state = CadState("unreachable", "timeout")

    first, second = await found(seen)

    assert (first["code"], first["level"]) == (code, "warn")
    assert still in first["what"]
    assert second["code"] == "cad_unreachable"


async def test_two_ways_that_are_away_are_two_failures(seen: Any) -> None:
    server(seen, ways=(Way("hub", "connecting"), Way("http", "down")))

    assert [problem["level"] for problem in await found(seen)] == ["fail", "fail"]


@pytest.mark.parametrize("kind", ["sqlite", "nats"])
@pytest.mark.parametrize(
    ("problem", "what", "then"),
    [
        (
            "the file is damaged; move it away, then restart the bridge",
            "The journal cannot store: the file is damaged. Pushes are answered 503.",
            "Move it away, then restart the bridge.",
        ),
        (
            "no answer",
            "The journal cannot store: no answer. Pushes are answered 503.",
            "goes on by itself",
        ),
    ],
)
async def test_a_journal_that_cannot_store_is_told_with_what_helps_against_its_reason(
    seen: Any, kind: str, problem: str, what: str, then: str
) -> None:
    seen.journal = replace(seen.journal, kind=kind, problem=problem)

    (told,) = await found(seen)

    assert told["what"] == what
    assert then in told["next"]


@pytest.mark.parametrize("reason", [*schema.REASONS.values(), database.REPLACED, cluster.REFUSED])
def test_every_reason_that_does_not_pass_by_itself_says_what_to_do(reason: str) -> None:
    error = JournalUnavailable(reason)

    assert len(error.advice) > 20
    assert str(error).endswith(error.advice)


async def test_who_cannot_get_a_push_is_not_told_to_send_one(seen: Any) -> None:
    metrics(seen)
    server(seen, ways=(Way("hub", "connecting"),))

    assert [problem["code"] for problem in await found(seen)] == ["hub_down"]


@pytest.mark.parametrize(
    ("refused", "cad", "first"),
    [
        (
            "key",
            "ok",
            "The CAD's API accepts the key, so compare `cad.community_id` and the server's",
        ),
        ("key", "unknown", "Compare `cad.community_id`, `cad.api_key` and the server's `id`"),
        ("connection", "ok", "No key was shown yet, so the key is not the reason"),
    ],
)
async def test_a_hub_that_refuses_is_told_with_what_to_look_at(
    seen: Any, refused: Any, cad: Any, first: str
) -> None:
    seen.cad_state = CadState(cad)
    server(seen, ways=(Way("hub", "refused", "the hub refused it", refused=refused),))

    (problem,) = await found(seen)

    name = "Los Santos (server 1)"
    assert problem["what"] == f"No session at the CAD's hub for {name}: the hub refused it."
    assert problem["next"].startswith(first)


@pytest.mark.parametrize("code", ["resource_never_connected", "resource_version"])
async def test_files_that_are_new_count_only_after_a_refresh(seen: Any, code: str) -> None:
    """A game server starts a resource by the manifest that it read last, also with `restart`."""
    BROKEN[code](seen)

    assert "`refresh`" in (await found(seen))[0]["next"]


async def test_a_server_without_a_name_is_named_by_its_number(seen: Any) -> None:
    server(seen, resource=None, name="")

    assert (await found(seen))[0]["what"] == "The game server of server 1 is not connected."

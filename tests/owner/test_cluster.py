"""A journal over NATS as its owner sees it: `doctor` and `export`, with real servers."""

from __future__ import annotations

import io
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from bridge import wire
from bridge.demo.bridge_process import free_port
from bridge.errors import ConfigurationError, JournalUnavailable
from bridge.events import Call, CallOpened, Unit, UnitOnDuty
from bridge.journal import Entry, Snapshot
from bridge.journal.address import Address
from bridge.journal.jetstream import JetStreamJournal
from bridge.owner import doctor, export
from bridge.owner.archive import NothingThere
from bridge.owner.checks.check import Check
from bridge.owner.cluster import look
from tests.nats_credentials import write_credentials
from tests.nats_servers import NatsServer

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

START = 1_800_000_000_000


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lone server that does not answer for a while has not failed: there is no other one."""
    monkeypatch.setattr("bridge.journal.cluster.CONNECT_S", 60.0)
    monkeypatch.setattr("bridge.journal.cluster.ANSWER_S", 60.0)


@pytest.fixture
def url(nats: NatsServer, patient: None) -> str:
    """A journal of this test alone."""
    return f"{nats.url}/{uuid4().hex}"


async def made(url: str, *, server: int = 1, events: int = 3) -> None:
    """Make the journal as a bridge does: a unit, then calls."""
    journal = await JetStreamJournal.open(url, max_size_bytes=1 << 30)
    happened = [UnitOnDuty(Unit(101, "A-12", "Marta Quill"))]
    happened += [CallOpened(Call("911", n, START + n * 1000)) for n in range(1, events)]  # type: ignore[misc]
    try:
        for number in range(await journal.last(server), events):  # the rest, where it was cut off
            at = START + number * 1000
            entry = Entry(at, wire.encode(happened[number], at))
            await journal.append(server, [entry], after=number)
    finally:
        await journal.close()


@pytest.fixture
def examined(cad: Any, configured: Any, tmp_path: Path) -> Callable[[str], Awaitable[list[Check]]]:
    """Run doctor on a configuration with this journal, and return what it says of it."""

    async def run(url: str) -> list[Check]:
        settings = configured(
            cad={"api_url": cad.url},
            journal={"url": url},
            **{name: {"port": free_port()} for name in ("admin", "gateway", "push")},
        )
        checks = await doctor.run_checks(settings, tmp_path / "cad-bridge.toml")
        assert "journal's folder" not in {check.name for check in checks}
        text = doctor.render(checks)
        assert "127.0.0.1" not in text.replace("http://127.0.0.1", "")  # that of the status page
        assert "zebra" not in text
        return [check for check in checks if check.name in {"journal's servers", "file modes"}]

    return run


async def test_a_journal_that_no_bridge_has_made_yet_is_no_failure_and_is_not_made(
    url: str, examined: Any
) -> None:
    for _ in range(2):
        _, check = await examined(url)
        assert (check.state, check.next) == ("note", "cad-bridge run makes it")


async def test_one_copy_is_told_with_what_a_lone_server_needs(url: str, examined: Any) -> None:
    await made(url)
    _, check = await examined(url)
    assert check.state == "note"
    assert check.text.endswith("used of 1.0 GiB, one copy")
    assert "sync_interval" in check.next


@pytest.mark.parametrize("what", ["away", "without JetStream", "refuses the password"])
async def test_a_nats_that_cannot_be_used_is_told_by_its_reason(
    what: str, examined: Any, until: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge.journal.cluster.CONNECT_S", 1.0)
    server = NatsServer(
        tmp_path,
        *(("--user", "bridge", "--pass", "another") if "password" in what else ()),
        jetstream=what != "without JetStream",
    )
    login = server.url.replace("//", "//bridge:zebra-word@")
    reasons = {
        "away": "no NATS server can be reached",
        "without JetStream": "without JetStream",
        "refuses the password": "NATS refuses the user, password or token",
    }

    async def told() -> bool:
        _, check = await examined(login)
        assert check.state == "fail"
        assert "more than half" in check.next
        return reasons[what] in check.text

    if what == "away":
        assert await told()
    else:
        with server:
            await until(told, 60)  # one that is too slow to answer is away for doctor


async def test_a_missing_client_is_told_with_the_command_that_installs_it(
    url: str, examined: Any, configured: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "bridge.journal.cluster", raising=False)
    monkeypatch.setitem(sys.modules, "nats.errors", None)
    _, check = await examined(url)
    assert check.state == "fail"
    assert 'pip install ".[nats]"' in check.next
    with pytest.raises(ConfigurationError, match=r'journal\.url: .*pip install "\.\[nats\]"'):
        await export.export(configured(journal={"url": url}), io.StringIO())


@pytest.mark.skipif(os.name == "nt", reason="no file modes")
async def test_credentials_that_others_can_read_are_told(
    url: str, examined: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    credentials = tmp_path / "bridge.creds"
    credentials.touch()
    credentials.chmod(0o644)
    monkeypatch.setattr("bridge.owner.doctor.cluster.look", lambda _: look(Address.parse(url)))
    check, _ = await examined(f"{url}?credentials={credentials}")
    assert (check.state, check.next) == ("warn", f"chmod 600 {credentials}")


async def test_the_credentials_of_a_user_open_the_journal(
    examined: Any, tmp_path: Path, patient: None
) -> None:
    configuration, credentials = write_credentials(tmp_path)
    with NatsServer(tmp_path / "server", "--config", str(configuration)) as server:
        url = f"{server.url}?credentials={credentials}"
        await made(url)
        modes, check = await examined(url)
    assert check.text.endswith("one copy")
    assert modes.state in {"ok", "skip"}


@pytest.fixture
def three(tmp_path: Path) -> Iterator[list[NatsServer]]:
    """Run the cluster of three that docs/configuration.md shows, on one machine."""
    page = Path(__file__).parents[2] / "docs" / "configuration.md"
    [example] = re.findall(r"```conf\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    example = re.sub(r"\n *store_dir.*", "", example)  # NatsServer names another
    routes = {f"10.0.0.{number}:6222": f"127.0.0.1:{free_port()}" for number in (1, 2, 3)}
    for there, here in routes.items():
        assert there in example
        example = example.replace(there, here)
    servers = []
    for number, route in enumerate(routes.values()):
        configuration = tmp_path / f"{number}.conf"
        configuration.write_text(example.replace("0.0.0.0:6222", route), encoding="utf-8")
        servers.append(
            NatsServer(tmp_path / "stored", "--config", str(configuration), name=f"n{number}")
        )
    try:
        for server in servers:
            server.start()
        yield servers
    finally:
        for server in servers:
            server.kill()


@pytest.mark.slow
async def test_of_the_three_in_the_manual_one_that_is_away_is_told(
    three: list[NatsServer], examined: Any, until: Any
) -> None:
    hosts = ",".join(server.url.removeprefix("nats://") for server in three)
    url = f"nats://bridge:a-long-random-text@{hosts}/town"

    async def can_be_made() -> bool:
        try:
            await made(url)
        except JournalUnavailable:  # the three have not found each other yet
            return False
        return True

    async def says(state: str, text: str) -> bool:
        _, check = await examined(url)
        return check.state == state and text in check.text

    await until(can_be_made, 120)
    await until(lambda: says("ok", "3 copies, all in step"), 60)
    three[2].kill()
    await until(lambda: says("warn", "1 of 3 copies are away or behind"), 60)
    three[2].start()
    await until(lambda: says("ok", "3 copies, all in step"), 60)


# Export


async def exported(settings: Any, **options: Any) -> tuple[export.Exported, list[Any]]:
    out = io.StringIO()
    result = await export.export(settings, out, **options)
    return result, [json.loads(line) for line in out.getvalue().splitlines()]


async def test_a_journal_over_nats_is_exported_beside_a_bridge_that_writes_on(
    url: str, configured: Any
) -> None:
    await made(url, events=5)
    running = await JetStreamJournal.open(url, max_size_bytes=1 << 30)
    await running.save_snapshot(1, Snapshot(1, START, b""))
    await running.acknowledge(1, 4)
    try:
        settings = configured(journal={"url": url})
        result, (header, before, *events) = await exported(settings)
        assert header["server"] == {"id": 1, "name": "Los Santos"}
        assert before["board"] == {"calls": [], "units": []}
        assert [line["seq"] for line in events] == [1, 2, 3, 4, 5]
        assert (result.events, result.first, result.last) == (5, START, START + 4000)
        assert await running.append(1, [Entry(START + 9000, b"{}")], after=5) == 6
        assert await running.acknowledged(1) == 4
    finally:
        await running.close()


async def test_a_time_in_the_middle_of_it_begins_with_the_board_of_that_moment(
    url: str, configured: Any
) -> None:
    await made(url)
    times = export.Range(START + 2000)
    _, (_, before, *events) = await exported(configured(journal={"url": url}), times=times)
    assert [call["key"] for call in before["board"]["calls"]] == ["911:1"]
    assert [line["seq"] for line in events] == [3]


async def test_a_journal_that_is_not_there_is_not_made_by_an_export(
    url: str, configured: Any
) -> None:
    settings = configured(journal={"url": url.replace("//", "//bridge:zebra-word@")})
    with pytest.raises(NothingThere, match="when it first runs") as refusal:
        await exported(settings)
    assert "zebra" not in str(refusal.value)
    assert (await look(Address.parse(url))).state == "not_made"

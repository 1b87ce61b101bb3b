import datetime
import json
import os
import socket
import stat
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

import bridge
from bridge.demo import bridge_process
from bridge.errors import ConfigurationError
from bridge.owner import doctor
from bridge.owner.checks.check import Check, shown

KEY = "test-key-5d1b7c90"
TOKEN = "a-token-for-the-tests-of-more-than-32-signs"
NOW = 1_800_000_000_000

Report = dict[str, Check]


def status(**changes: Any) -> dict[str, Any]:
    """What a bridge in order says at /api/status."""
    server = {
        "id": 1,
        "name": "Los Santos",
        "ways": [{"kind": "http", "state": "up", "detail": "port 30130", "since": None}],
        "resource": {"version": bridge.__version__, "since": NOW - 7_200_000, "sent": 9},
        "seen": NOW,
        "last": 9,
        "acknowledged": 9,
        "stages": {"push": NOW - 5000},
        "pushes": {"ok": 3},
        "lastAlert": {"key": "911:1", "at": NOW, "due": 7, "sent": 7, "shown": 7, "ms": 400},
    }
    return {
        "bridge": bridge.__version__,
        "now": NOW,
        "startedAt": NOW - 86_400_000,
        "journal": {"epoch": "9f3c2a"},
        "servers": [server],
        "problems": [],
    } | changes


class Admin:
    """Answers at [admin]."""

    def __init__(self) -> None:
        self.port = 0
        self.body: Any = status()
        self.asked: list[str] = []

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.asked.append(f"{request.method} {request.path}")
        if request.headers.get("Authorization") not in {None, "Bearer admin-token"}:
            return web.Response(status=401)
        return web.Response(text=json.dumps(self.body), content_type="application/json")


@pytest.fixture
async def admin() -> AsyncIterator[Admin]:
    fake = Admin()
    runner = web.ServerRunner(web.Server(fake.answer))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    fake.port = runner.addresses[0][1]
    yield fake
    await runner.cleanup()


@pytest.fixture
def free_port() -> int:
    return bridge_process.free_port()


Examine = Callable[..., Awaitable[list[Check]]]


@pytest.fixture
def examine(
    cad: Any,
    configured: Any,
    tmp_path: Path,
    free_port: int,
    monkeypatch: pytest.MonkeyPatch,
) -> Examine:
    """Run doctor on a configuration; nothing runs unless `admin` names a port."""
    monkeypatch.setattr(doctor, "PATIENCE", 60.0)

    async def run(**sections: Any) -> list[Check]:
        sections["cad"] = {"api_url": cad.url} | sections.get("cad", {})
        sections.setdefault("admin", {"port": free_port})
        for name in ("push", "gateway"):
            sections[name] = {"port": 0} | sections.get(name, {})
        config = tmp_path / "cad-bridge.toml"
        config.touch(mode=0o600)
        return await doctor.run_checks(configured(**sections), config)

    return run


def by_name(checks: list[Check]) -> Report:
    return {check.name: check for check in checks}


def test_there_are_about_twenty_checks() -> None:
    assert len(doctor.CHECKS) == 21


async def test_a_bridge_in_order_fails_nothing(examine: Examine, admin: Admin, cad: Any) -> None:
    cad.servers[0]["listenerPort"] = "30130"
    checks = await examine(admin={"port": admin.port}, push={"port": 30130})

    assert {check.state for check in checks} <= {"ok", "note"}
    assert doctor.exit_code(checks) == 0
    report = by_name(checks)
    assert report["bridge"].text == "has run for 1 d"
    assert report["CAD"].text == "answers, and accepts the key; plan PLUS"
    assert report["game server"].text == "server 1: connected for 2 h"
    assert report["last alert"].text == "server 1: 0 s ago, on 7 of 7 screens in 400 ms"


async def test_a_running_bridge_is_only_asked_for_its_status(
    examine: Examine, admin: Admin
) -> None:
    await examine(admin={"port": admin.port})

    assert admin.asked == ["GET /api/status"]


async def test_what_the_running_bridge_finds_is_reported_with_code_and_next_step(
    examine: Examine, admin: Admin
) -> None:
    admin.body = status(
        problems=[
            {
                "code": "resource_lost",
                "level": "fail",
                "what": "not connected",
                "next": "ensure it",
                "server": 1,
            },
            {
                "code": "pushes_rejected",
                "level": "warn",
                "what": "2 pushes",
                "next": "see them",
                "server": None,
            },
        ]
    )
    checks = await examine(admin={"port": admin.port})

    report = by_name(checks)
    assert report["game server"] == Check(
        "game server", "fail", "not connected", "ensure it", "resource_lost"
    )
    assert report["rejected pushes"].state == "warn"
    assert doctor.exit_code(checks) == 1


async def test_the_version_of_a_resource_that_is_away_is_not_checked(
    examine: Examine, admin: Admin
) -> None:
    admin.body["servers"][0]["resource"] = None
    admin.body["problems"] = [
        {"code": "resource_lost", "level": "fail", "what": "w", "next": "n", "server": 1}
    ]
    report = by_name(await examine(admin={"port": admin.port}))

    assert report["resource"] == Check("resource", "skip", "server 1 is not connected")


async def test_a_bridge_of_another_version_is_told(examine: Examine, admin: Admin) -> None:
    admin.body = status(bridge="0.1.0")

    assert by_name(await examine(admin={"port": admin.port}))["bridge"].next == "restart it"


@pytest.mark.parametrize("body", [[], {"x": 1}, "text", None])
async def test_something_else_at_the_port_is_not_taken_for_a_bridge(
    examine: Examine, admin: Admin, body: Any
) -> None:
    admin.body = body

    report = by_name(await examine(admin={"port": admin.port}))

    assert report["bridge"].state == "fail"
    assert "not this bridge" in report["bridge"].text


async def test_a_wrong_admin_token_is_told_from_a_bridge_that_does_not_run(
    examine: Examine, admin: Admin
) -> None:
    report = by_name(await examine(admin={"port": admin.port, "token": "another-token"}))

    assert "it answers 401" in report["bridge"].text


async def test_without_a_bridge_its_ports_are_tried_and_the_rest_is_skipped(
    examine: Examine, free_port: int
) -> None:
    report = by_name(await examine(gateway={"port": free_port}))

    assert report["bridge"] == Check("bridge", "fail", "does not run", "cad-bridge run")
    assert report["ports"].text.startswith("free: ")
    assert report["game server"].state == "skip"
    assert report["journal"].state == "skip"


async def test_a_port_that_another_program_has_is_named(examine: Examine, admin: Admin) -> None:
    checks = await examine(gateway={"port": admin.port})

    (taken,) = [check for check in checks if check.name == "ports"]
    assert taken.state == "fail"
    assert f"port {admin.port} (gateway)" in taken.text
    assert "gateway.port" in taken.next


async def test_a_servers_own_port_that_is_taken_is_named_by_its_own_key(
    examine: Examine, admin: Admin
) -> None:
    servers = [{"id": 1, "token": TOKEN}, {"id": 2, "token": TOKEN + "2", "push_port": admin.port}]
    checks = await examine(servers=servers, cad={"source": "http"})

    [taken] = [check for check in checks if f"port {admin.port} (push)" in check.text]
    assert taken.next.endswith("choose another one: servers.1.push_port")


async def test_a_wrong_key_and_a_cad_that_is_away_are_told_apart(examine: Examine) -> None:
    wrong = by_name(await examine(cad={"api_key": "wrong-key-of-mine"}))
    away = by_name(await examine(cad={"api_url": "http://127.0.0.1:1"}))

    assert (wrong["CAD"].state, wrong["CAD"].code) == ("fail", "cad_key_refused")
    assert (away["CAD"].state, away["CAD"].code) == ("warn", "cad_unreachable")
    assert away["server ids"].state == away["way of pushes"].state == "skip"


async def test_a_server_that_the_cad_does_not_know_is_named_with_those_it_knows(
    examine: Examine,
) -> None:
    report = by_name(await examine(servers=[{"id": 7, "token": TOKEN}]))

    assert report["server ids"].state == "fail"
    assert "no server 7; it knows 1 (Los Santos), 2 (Paleto Bay)" in report["server ids"].text


async def test_the_servers_of_the_cad_are_named_where_all_is_well_too(examine: Examine) -> None:
    """The advice for a hub that refuses sends the owner here for them."""
    report = by_name(await examine())

    assert report["server ids"].state == "ok"
    assert "1 (Los Santos), 2 (Paleto Bay)" in report["server ids"].text


async def test_a_first_server_with_a_port_of_its_own_is_reached_at_the_shared_one_too(
    examine: Examine, free_port: int
) -> None:
    report = by_name(
        await examine(
            cad={"source": "http"},
            push={"port": 30130},
            servers=[{"id": 1, "token": TOKEN, "push_port": free_port}],
        )
    )

    assert report["way of pushes"].state == "ok"
    assert report["way of pushes"].text == "the CAD posts for server 1 to port 30130"


async def test_a_port_in_the_cad_that_is_not_ours_is_told(examine: Examine) -> None:
    servers = [{"id": 2, "token": TOKEN}]
    http = by_name(await examine(servers=servers, push={"port": 30130}))["way of pushes"]
    both = by_name(await examine(servers=servers, cad={"source": "both", "community_id": "c"}))
    hub = by_name(await examine(cad={"source": "hub", "community_id": "c"}))["way of pushes"]

    assert http.state == "warn"
    assert "to port 30120, not to 30130" in http.text
    assert both["way of pushes"].state == "note"
    assert hub.text == "the hub: nothing is to be set in the CAD"


def type_(command: str) -> None:
    subprocess.run(command, shell=True, check=True)


@pytest.mark.skipif(os.name == "nt", reason="no file modes")
@pytest.mark.parametrize("folder", ["cad-bridge", "the owner's bridge"])
async def test_files_that_others_can_read_are_named_with_the_command(
    examine: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    journal = tmp_path / folder / "cad-bridge.db"
    journal.parent.mkdir()
    journal.touch()
    journal.chmod(0o644)

    report = by_name(await examine(journal={"url": f"sqlite:{journal}"}))

    assert report["file modes"].state == "warn"
    assert str(tmp_path) not in report["file modes"].next  # it may be the name of a person
    type_(report["file modes"].next)
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


async def test_a_journal_that_could_fill_the_disk_is_told(examine: Examine, tmp_path: Path) -> None:
    missing = by_name(await examine(journal={"url": f"sqlite:{tmp_path}/no/x.db"}))
    tight = by_name(await examine(journal={"max_size": 2**60}))

    assert missing["journal's folder"].state == "fail"
    assert tight["journal's folder"].state == "warn"
    assert "lower that" in tight["journal's folder"].next


async def test_a_status_page_that_is_open_to_the_outside_is_told(
    examine: Examine, free_port: int
) -> None:
    report = by_name(
        await examine(admin={"host": "0.0.0.0", "port": free_port, "token": "admin-token"})
    )

    assert report["status page"].state == "warn"


def make_certificate(folder: Path, *, days: int, name: str = "tls") -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "cad.example.org")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(now + datetime.timedelta(days=days))
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = folder / f"{name}.pem", folder / f"{name}.key"
    cert_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert_file, key_file


@pytest.mark.parametrize(
    ("days", "state", "words"),
    [
        (90, "ok", "valid for 89 more days"),
        (5, "warn", "valid for 4 more days"),
        (-1, "fail", "expired"),
    ],
)
async def test_the_gateways_certificate_is_checked_without_touching_the_gateway(
    examine: Examine, tmp_path: Path, days: int, state: str, words: str
) -> None:
    cert, key = make_certificate(tmp_path, days=days)

    report = by_name(await examine(gateway={"tls_cert": cert, "tls_key": key}))

    assert report["encryption"].state == state
    assert words in report["encryption"].text


async def test_a_key_of_another_certificate_is_told(examine: Examine, tmp_path: Path) -> None:
    cert, _ = make_certificate(tmp_path, days=90)
    _, key = make_certificate(tmp_path, days=90, name="other")

    report = by_name(await examine(gateway={"tls_cert": cert, "tls_key": key}))

    assert report["encryption"].state == "fail"


async def test_the_report_can_be_pasted_anywhere(examine: Examine, admin: Admin) -> None:
    secrets = {KEY, TOKEN, "admin-token", "203.0.113.7", "community-1"}
    checks = await examine(
        admin={"port": admin.port, "token": "admin-token"}, cad={"community_id": "community-1"}
    )

    for report in (doctor.render(checks), doctor.as_json(checks)):
        assert [secret for secret in secrets if secret in report] == []


def test_a_path_does_not_tell_whose_home_it_is_in() -> None:
    assert shown(Path.home() / "x" / "cad-bridge.toml") == str(Path("~/x/cad-bridge.toml"))
    assert shown(Path(Path.home().anchor) / "opt") == str(Path(Path.home().anchor) / "opt")


def test_a_configuration_that_is_refused_is_the_whole_report() -> None:
    error = ConfigurationError.several(
        [
            ConfigurationError("cad.api_key", "is empty"),
            ConfigurationError("servers", "there is none"),
        ]
    )

    checks = doctor.misconfigured(error)

    assert [check.text for check in checks] == ["cad.api_key: is empty", "servers: there is none"]
    assert doctor.exit_code(checks) == 1


def test_the_report_for_people_has_a_line_a_check_and_the_next_step() -> None:
    text = doctor.render(
        [
            Check("first", "ok", "fine", "not shown"),
            Check("second one", "fail", "broken", "mend it"),
            Check("third", "warn", "odd", "look"),
        ]
    )

    assert text.splitlines() == [
        "ok    first       fine",
        "FAIL  second one  broken",
        "                    -> mend it",
        "WARN  third       odd",
        "                    -> look",
        "",
        "1 failed, 1 warning: begin with the first FAIL.",
    ]
    assert doctor.render([Check("x", "ok", "y")]).endswith("Nothing failed, 0 warnings.")


def test_the_report_for_programs_is_json() -> None:
    body = json.loads(doctor.as_json([Check("x", "warn", "y", "z", "c")]))

    assert body == {
        "version": bridge.__version__,
        "ok": True,
        "checks": [{"name": "x", "state": "warn", "text": "y", "next": "z", "code": "c"}],
    }


async def test_a_bridge_that_hangs_is_not_waited_for(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor, "PATIENCE", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as hanging:  # the system takes connections for it
        report = by_name(await examine(admin={"port": hanging.getsockname()[1]}))

    assert "no status" in report["bridge"].text


async def test_a_variable_that_means_nothing_is_in_the_report(
    examine: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAD_BRIDGE_FOO", "the-value")

    found = by_name(await examine())["environment"]

    assert found.state == "warn"
    assert found.text.startswith("CAD_BRIDGE_FOO is no key")
    assert "the-value" not in found.text

"""The composition root, where a test of a whole process would not say which part was wrong."""

import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from bridge.errors import ConfigurationError
from bridge.events import Unit
from bridge.facts import OnDuty
from bridge.recall import board_at
from bridge.service import Service
from bridge.settings import load

TOKEN = "0123456789abcdef0123456789abcdef"


def write_certificate(folder: Path, passphrase: bytes | None) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    start = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + datetime.timedelta(days=3650))
        .sign(key, hashes.SHA256())
    )
    encryption = (
        serialization.BestAvailableEncryption(passphrase)
        if passphrase
        else serialization.NoEncryption()
    )
    (folder / "c.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "k.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    )


def service(folder: Path, journal: str = "cad-bridge.db") -> Service:
    config = folder / "cad-bridge.toml"
    config.write_text(
        f'[cad]\napi_key = "k"\nreconcile = false\n[push]\nhost = "127.0.0.1"\nport = 0\n'
        '[gateway]\nport = 0\ntls_cert = "c.pem"\ntls_key = "k.pem"\n[admin]\nport = 0\n'
        f'[journal]\nurl = "sqlite:{journal}"\n[[servers]]\nid = 1\ntoken = "{TOKEN}"\n',
        encoding="utf-8",
    )
    return Service(load(config))


async def test_a_key_with_a_passphrase_is_refused_and_not_asked_for(tmp_path: Path) -> None:
    write_certificate(tmp_path, b"secret words")
    with pytest.raises(ConfigurationError, match="without a passphrase") as refusal:
        async with service(tmp_path):
            pass
    assert "secret words" not in str(refusal.value)


async def test_a_service_starts_and_stops_with_tls_on_free_ports(tmp_path: Path) -> None:
    write_certificate(tmp_path, None)
    async with service(tmp_path) as running:
        assert running.gateway.port > 0
        assert running.listeners[0].port > 0
        assert running.journal.available


async def test_a_task_that_fails_in_the_background_is_told_of(tmp_path: Path, until: Any) -> None:
    async def fail() -> None:
        raise ValueError("what nobody thought of")

    write_certificate(tmp_path, None)
    with capture_logs() as said:
        async with service(tmp_path) as running:
            running._in_background(fail())
            await until(lambda: any(line["event"] == "background_task_failed" for line in said))


async def test_what_fails_in_tidying_holds_up_nothing_else(
    tmp_path: Path, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise ValueError("what nobody thought of")

    async def keep() -> None:
        kept.append(True)

    write_certificate(tmp_path, None)
    monkeypatch.setattr("bridge.service.TIDY_SECONDS", 0.01)
    kept: list[bool] = []
    with capture_logs() as said:
        async with service(tmp_path) as running:
            monkeypatch.setattr(running.ingests[1], "expire", fail)
            monkeypatch.setattr(running.receipts, "keep", keep)
            running._in_background(running._tidy())
            await until(lambda: kept)
    assert "tidying_failed" in {line["event"] for line in said}


async def test_what_is_older_than_keep_days_goes_where_little_happens_too(tmp_path: Path) -> None:
    write_certificate(tmp_path, None)
    bridge, now = service(tmp_path), 1_790_000_000_000
    bridge.now = lambda: now
    async with bridge as running:
        await running.ingests[1].accept([OnDuty(Unit(ident)) for ident in (101, 102, 103)])
        now += 8 * 86_400_000
        await running._prune()

        assert [record.seq for record in await running.journal.read(1, 0, 10)] == [3]
        assert len((await board_at(running.journal, 1, 3)).units) == 3


async def test_a_board_that_cannot_be_kept_holds_up_no_pruning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise ValueError("what nobody thought of")

    async def prune(**_: int) -> None:
        pruned.append(True)

    write_certificate(tmp_path, None)
    pruned: list[bool] = []
    async with service(tmp_path) as running:
        monkeypatch.setattr(running.ingests[1], "keep_snapshot", fail)
        monkeypatch.setattr(running.journal, "prune", prune)
        await running._prune()
    assert pruned == [True]


async def test_the_journals_size_is_that_of_its_own_files(tmp_path: Path) -> None:
    write_certificate(tmp_path, None)
    async with service(tmp_path, journal="cad[1].db") as running:
        (tmp_path / "cad[1].db.backup").write_bytes(bytes(10_000_000))
        (tmp_path / "cad1.db").write_bytes(bytes(10_000_000))
        state = await running.admin._view.journal_state()
        parts = [tmp_path / f"cad[1].db{suffix}" for suffix in ("", "-wal")]
        assert state.size == sum(part.stat().st_size for part in parts)
        assert state.free

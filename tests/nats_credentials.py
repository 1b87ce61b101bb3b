"""A user of a NATS server with accounts, as `nsc` would make it: for `credentials=`."""

from __future__ import annotations

import base64
import json
import os
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import nkeys

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_credentials"]

_LIMITS = dict.fromkeys(("subs", "data", "payload"), -1)
_ACCOUNT = _LIMITS | dict.fromkeys(("imports", "exports", "conn", "leaf"), -1) | {"wildcards": True}
_STORES = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)


def write_credentials(folder: Path) -> tuple[Path, Path]:
    """Write the configuration of a server, and the credentials of its one user."""
    kinds = ("OPERATOR", "ACCOUNT", "ACCOUNT", "USER")
    seeds = [
        bytes(nkeys.encode_seed(os.urandom(32), getattr(nkeys, f"PREFIX_BYTE_{kind}")))
        for kind in kinds
    ]
    operator, system, account, user = (nkeys.from_seed(seed) for seed in seeds)
    resolved = {
        _name(system): _token(operator, system, "account", limits=_ACCOUNT),
        _name(account): _token(operator, account, "account", limits=_ACCOUNT | _STORES),
    }
    server, credentials = folder / "accounts.conf", folder / "user.creds"
    server.write_text(
        f"operator: {_token(operator, operator, 'operator')}\nresolver: MEMORY\n"
        f"system_account: {_name(system)}\nresolver_preload: {json.dumps(resolved)}\n"
    )
    credentials.write_text(
        f"-----BEGIN NATS USER JWT-----\n{_token(account, user, 'user', **_LIMITS)}\n"
        "------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{seeds[3].decode()}\n------END USER NKEY SEED------\n"
    )
    credentials.chmod(0o600)
    return server, credentials


def _name(pair: nkeys.KeyPair) -> str:
    return bytes(pair.public_key).decode()


def _token(issuer: nkeys.KeyPair, subject: nkeys.KeyPair, kind: str, **more: Any) -> str:
    head = {"typ": "JWT", "alg": "ed25519-nkey"}
    body = {
        "jti": uuid4().hex,
        "iat": 1_700_000_000,
        "iss": _name(issuer),
        "sub": _name(subject),
        "name": kind,
        "nats": {"type": kind, "version": 2, **more},
    }
    signed = f"{_coded(json.dumps(head).encode())}.{_coded(json.dumps(body).encode())}"
    return f"{signed}.{_coded(issuer.sign(signed.encode()))}"


def _coded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()

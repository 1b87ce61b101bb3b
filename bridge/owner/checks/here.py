"""Checks of this machine: configuration, files, ports, certificate."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import socket
import ssl
import stat
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bridge
from bridge.owner import resource
from bridge.owner.checks.check import Check, Context, mib, shown
from bridge.owner.send import reachable
from bridge.settings import is_loopback, strays

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["admin_page", "certificate", "configuration", "disk", "ports", "privacy", "versions"]

_DAY = 86400
_SIDE_FILES = ("", "-wal", "-shm", ".lock", ".epoch")


def versions(_: Context) -> Iterator[Check]:
    """Name what is installed: the first thing a support thread asks."""
    text = (
        f"cad-bridge {bridge.__version__}, Python {platform.python_version()}, {platform.system()}"
    )
    bundled = resource.version(resource.find())
    if bundled == bridge.__version__:
        yield Check("versions", "ok", text)
    else:
        yield Check(
            "versions",
            "fail",
            f"{text}, but the bundled resource is {bundled}",
            "install cad-bridge again",
        )


def configuration(context: Context) -> Iterator[Check]:
    """Say which configuration it is: owners have several."""
    settings = context.settings
    where = shown(context.config) if context.config else "environment variables alone"
    servers = ", ".join(
        f"server {server.id}" + (f" ({server.name})" if server.name else "")
        for server in settings.servers
    )
    ways = {"hub": "the hub", "http": "HTTP", "both": "the hub and HTTP"}[settings.cad.source]
    yield Check("configuration", "ok", f"{where}; {servers}; pushes over {ways}")
    for line in strays(os.environ):
        yield Check("environment", "warn", line, "take it away, or write it as the key is written")


def privacy(context: Context) -> Iterator[Check]:
    """Only their owner may read files with secrets and calls in them."""
    if os.name == "nt":
        yield Check("file modes", "skip", "Windows has none; keep the folder to yourself")
        return
    open_files = [
        file
        for file in (context.config, *_journal_files(context))
        if file is not None and file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077
    ]
    if open_files:
        names = ", ".join(shown(file) for file in open_files)
        yield Check(
            "file modes",
            "warn",
            f"others on this machine can read {names}",
            "chmod 600 " + " ".join(_typed(shown(file)) for file in open_files),
        )
    else:
        what = "journal" if context.settings.journal.kind == "sqlite" else "what opens the journal"
        yield Check("file modes", "ok", f"configuration and {what} can be read by you alone")


def _typed(path: str) -> str:
    """Return a path as a shell takes it: a `~` in quotes would be no home."""
    home = "~/" if path.startswith("~/") else ""
    return home + shlex.quote(path.removeprefix(home))


def ports(context: Context) -> Iterator[Check]:
    """While no bridge runs, its ports must be free; while one runs, it holds them."""
    settings = context.settings
    listeners = [
        ("admin.port", settings.admin.host, settings.admin.port),
        ("gateway.port", settings.gateway.host, settings.gateway.port),
    ]
    if settings.cad.uses_http:
        listeners.append(("push.port", settings.push.host, settings.push.port))
        listeners += [
            (f"servers.{number}.push_port", settings.push.host, server.push_port)
            for number, server in enumerate(settings.servers)
            if server.push_port
        ]
    named = ", ".join(f"{port} ({_purpose(key)})" for key, _, port in listeners)
    if context.status is not None:
        yield Check("ports", "ok", f"the running bridge has {named}")
        return
    taken = [(key, port, why) for key, host, port in listeners if (why := _taken(host, port))]
    for key, port, why in taken:
        yield Check(
            "ports",
            "fail",
            f"port {port} ({_purpose(key)}) cannot be opened: {why}",
            f"end the other program that has it, or choose another one: {key}",
        )
    if not taken:
        yield Check("ports", "ok", f"free: {named}")


def _purpose(key: str) -> str:
    return "push" if key.endswith("push_port") else key.removesuffix(".port")


def _taken(host: str, port: int) -> str:
    """Return why a port cannot be listened on; empty: it can."""
    try:
        [(family, kind, _, _, address), *_] = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        with socket.socket(family, kind) as listener:
            if os.name != "nt":  # there the option would let two programs share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
    except OSError as error:
        return error.strerror or str(error)
    return ""


def disk(context: Context) -> Iterator[Check]:
    """The journal's folder must take what comes."""
    if context.settings.journal.kind != "sqlite":
        return
    folder = context.settings.journal.path.parent
    if not folder.is_dir():
        yield Check(
            "journal's folder",
            "fail",
            f"{shown(folder)} is not there",
            "make it, or change journal.url",
        )
        return
    if not os.access(folder, os.W_OK):
        yield Check(
            "journal's folder",
            "fail",
            f"{shown(folder)} cannot be written to by this user",
            "give the user that runs the bridge the right to write there",
        )
        return
    free = shutil.disk_usage(folder).free
    most = context.settings.journal.max_size
    size = sum(file.stat().st_size for file in _journal_files(context) if file.exists())
    text = f"{shown(folder)}: {mib(size)} used of {mib(most)}, {mib(free)} free on the disk"
    if free + size < most:
        yield Check(
            "journal's folder",
            "warn",
            text,
            "the disk would be full before the journal reaches journal.max_size: make room, "
            "or lower that",
        )
    else:
        yield Check("journal's folder", "ok", text)


def _journal_files(context: Context) -> list[Path]:
    """Return the journal's file and those beside it; of one that is no file what opens it."""
    if context.settings.journal.kind != "sqlite":
        credentials = context.settings.journal.address.credentials
        return [Path(credentials)] if credentials else []
    path = context.settings.journal.path
    return [path.with_name(path.name + suffix) for suffix in _SIDE_FILES]


def certificate(context: Context) -> Iterator[Check]:
    """Certificate and key of the gateway belong together and are of today."""
    gateway = context.settings.gateway
    if gateway.tls_cert is None or gateway.tls_key is None:
        plain = "loopback only" if is_loopback(gateway.host) else "behind a proxy that encrypts"
        yield Check("encryption", "ok", f"the gateway speaks ws://, {plain}")
        return
    try:
        ends = _expiry(gateway.tls_cert, gateway.tls_key)
    except (ssl.SSLError, OSError) as error:
        reason = getattr(error, "verify_message", "") or getattr(error, "reason", "") or error
        yield Check(
            "encryption",
            "fail",
            f"certificate and key of the gateway are of no use: {reason}",
            "renew gateway.tls_cert and gateway.tls_key (PEM, the certificate with its chain)",
        )
        return
    days = int((ends - time.time()) / _DAY)
    state: Any = "ok" if days >= 14 else "warn"
    yield Check(
        "encryption",
        state,
        f"the gateway's certificate is valid for {days} more days",
        "" if state == "ok" else "renew it, then restart the bridge",
    )


def _expiry(cert: Path, key: Path) -> float:
    """Return when a certificate ends, in seconds since the epoch.

    Client and server shake hands in memory: that proves that the key fits and that the certificate
    is valid now, without a connection to the running bridge.
    """
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(cert, key, password="")  # never asks for a passphrase
    client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client_side.check_hostname = False
    client_side.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # whoever signed it
    client_side.load_verify_locations(cert)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(to_client, to_server)
    server = server_side.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(10):
        done = 0
        for side in (client, server):
            try:
                side.do_handshake()
                done += 1
            except ssl.SSLWantReadError:
                pass
        if done == 2:
            break
    ends = (client.getpeercert() or {}).get("notAfter")
    return ssl.cert_time_to_seconds(str(ends)) if ends else 0.0


def admin_page(context: Context) -> Iterator[Check]:
    """Say how the status page is reached, and from where."""
    admin = context.settings.admin
    if is_loopback(admin.host):
        text = f"http://{reachable(admin.host)}:{admin.port}/ on this machine"
        yield Check("status page", "ok", text)
    else:
        yield Check(
            "status page",
            "warn",
            f"port {admin.port} is open to the outside without encryption",
            "admin.host 127.0.0.1 and an SSH tunnel, or a proxy that encrypts",
        )

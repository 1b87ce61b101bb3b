"""What went wrong when a listener could not be opened, said by the setting that mends it."""

from __future__ import annotations

import contextlib
import errno
import socket
from typing import TYPE_CHECKING

from bridge.errors import CannotListen

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["listening"]


@contextlib.contextmanager
def listening(section: str, host: str, port: int, *, port_key: str = "") -> Iterator[None]:
    """Turn the system's refusal to listen into one that names the key.

    Args:
        section: of the configuration, with its `host` and `port`.
        host: as configured.
        port: as configured.
        port_key: the key of the port where it is not `section.port`.

    Raises:
        CannotListen: whatever is opened inside could not be.
    """
    try:
        yield
    except OSError as error:
        key, reason, advice = _explained(error)
        named = f"{section}.host" if key == "host" else port_key or f"{section}.port"
        raise CannotListen(named, f"{host}:{port}", reason, advice) from error


def _explained(error: OSError) -> tuple[str, str, str]:
    if isinstance(error, socket.gaierror) or error.errno == errno.EADDRNOTAVAIL:
        return "host", "this machine has no such address", "0.0.0.0 means all that it has"
    if error.errno == errno.EADDRINUSE:
        return "port", "another program has this port", "end that one, or choose another port"
    if error.errno == errno.EACCES:
        # Windows keeps ranges of higher ones to itself too
        return "port", "the system does not allow this port", "choose another one, from 1024 on"
    return "port", error.strerror or type(error).__name__, "`cad-bridge doctor` may say more"

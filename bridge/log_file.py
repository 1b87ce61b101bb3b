"""A log that nobody need look after: a file that begins anew when it is full."""

from __future__ import annotations

import contextlib
import errno
import io
import os
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LogFile"]

MOST_BYTES = 10 << 20


class LogFile(io.TextIOBase):
    """A text stream into a file that only its owner can read; the one before is kept as `NAME.1`.

    What is written is on disk's way at once: after a crash the last line is what matters. A disk
    that is full is no fault of who writes: the next line that it takes says how many it did not.
    """

    def __init__(self, path: Path, most_bytes: int = MOST_BYTES) -> None:
        """Open it, behind what is in it.

        Raises:
            ConfigurationError: it cannot be written to.
        """
        self._path = path
        self._most_bytes = most_bytes
        self._lost = 0
        self._file: io.RawIOBase = io.RawIOBase()  # what `close` finds where opening fails
        try:
            self._file = self._open()
        except OSError as error:
            raise ConfigurationError(
                "--log-file",
                f"{path} cannot be written to: {error.strerror or error}",
                "a file in a folder that is there, and that this user may write to",
            ) from None

    def _open(self) -> io.RawIOBase:
        handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        return os.fdopen(handle, "ab", buffering=0)

    def writable(self) -> bool:
        """Return True."""
        return True

    def write(self, text: str) -> int:
        """Append it, whatever signs it has."""
        line = text.encode("utf-8", "backslashreplace")
        try:
            self._append(line)
        except (OSError, ValueError):
            self._lost += 1
        return len(text)

    def _append(self, line: bytes) -> None:
        if self._file.closed and not self.closed:
            self._file = self._open()
        if self._lost:
            line = b"(%d lines could not be written)\n" % self._lost + line
        if self._file.tell() + len(line) > self._most_bytes and self._file.tell():
            self._begin_anew()
        if self._file.write(line) != len(line):
            raise OSError(errno.ENOSPC, "cut off")
        self._lost = 0

    def _begin_anew(self) -> None:
        self._file.close()  # Windows renames no file that is open
        # one that something else holds open stays, and goes on
        with contextlib.suppress(OSError):
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file = self._open()

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            self._file.close()
        super().close()

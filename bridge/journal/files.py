"""The files beside the database: who holds it, and whether it is still the same one.

`.lock` is locked by the operating system while a bridge uses the journal, which SIGKILL ends too.
Its text is the number of events that were ever confirmed. It is written without a sync, a few times
a second at most: being behind is harmless, and only a power cut can make it so for long.

`.epoch` is written once an epoch and never touched again; the database remembers its inode and
time. So both ways of going back are seen: an older database beside newer files has fewer events
than the lock file counts, and a folder that was copied or unpacked has another `.epoch` file,
however faithful its content. (A virtual machine set back whole cannot be told from inside it; there
a cursor beyond the last event is what remains.)
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from typing import TYPE_CHECKING

from bridge.errors import JournalInUse

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Lock", "beside", "identity", "make_private", "write_marker"]

OWNER_ONLY = 0o600
COUNT = b"events %020d\n"
COUNT_LENGTH = len(COUNT % 0)
LOCKED_BYTE = 1 << 20
"""Windows locks bytes, and nobody may read those: one far behind the text."""
TAKEN = (errno.EACCES, errno.EAGAIN, errno.EDEADLK)


def beside(path: Path, suffix: str) -> Path:
    """Return the path of a side file, such as `cad-bridge.db.lock`."""
    return path.with_name(path.name + suffix)


def make_private(path: Path) -> None:
    """Create the file if it is missing; let its owner alone read it, where there are file modes.

    SQLite gives its `-wal` and `-shm` files the mode of the database, so this is done before it
    opens one.
    """
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, OWNER_ONLY))
    tighten(path)


def tighten(path: Path) -> None:
    """Take everybody else's rights from a file that exists; a foreign file is left alone."""
    with contextlib.suppress(FileNotFoundError, PermissionError):
        if path.stat().st_mode & 0o077:
            path.chmod(OWNER_ONLY)


def identity(path: Path) -> str | None:
    """Return what tells this file from every copy of it; None if there is none."""
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return f"{stat.st_ino}:{stat.st_ctime_ns}"


def write_marker(path: Path, epoch: str) -> str:
    """Put a new file in the marker's place and return its identity."""
    draft = beside(path, ".new")
    make_private(draft)
    with draft.open("w", encoding="ascii") as file:
        file.write(f"{epoch}\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    found = identity(path)
    assert found is not None  # noqa: S101 -- it was put there a line ago
    return found


class Lock:
    """The lock file, held from `Lock(…)` to `release`.

    Raises:
        JournalInUse: another process, or another journal of this one, holds it.
    """

    def __init__(self, path: Path, journal: Path) -> None:
        make_private(path)
        self._file = path.open("r+b", buffering=0)
        try:
            _lock(self._file.fileno())
        except OSError as error:
            self._file.close()
            if error.errno in TAKEN:
                raise JournalInUse(str(journal)) from None
            raise

    def confirmed(self) -> int:
        """Return how many events were ever confirmed, as far as this file knows."""
        self._file.seek(0)
        word = self._file.read(COUNT_LENGTH).split()[-1:]
        return int(word[0]) if word and word[0].isdigit() else 0

    def confirm(self, count: int) -> None:
        """Note how many events were ever confirmed."""
        with contextlib.suppress(OSError):  # a full disk may refuse even this; next time, then
            self._file.seek(0)
            self._file.write(COUNT % count)

    def release(self) -> None:
        """Let the next bridge have the journal; the file stays."""
        self._file.close()


if sys.platform == "win32":

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)

else:

    def _lock(descriptor: int) -> None:
        # flock belongs to the open file: a second journal in this process is refused as well, and
        # closing some other descriptor of the file does not give it up (lockf does both wrong).
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)

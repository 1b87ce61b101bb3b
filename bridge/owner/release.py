"""The resource as a zip file: the same bytes whoever makes it, whenever and wherever."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

from bridge.owner.resource import NAME, files, find

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_zip"]

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The earliest that a zip can say; a real one would differ with each checkout."""
_PLAIN_FILE = 0o644 << 16
_UNIX = 3


def write_zip(path: Path) -> int:
    """Write the bundled resource to a zip with the one folder `cadbridge`; return its files.

    Raises:
        OSError: it cannot be written.
    """
    source = find()
    names = sorted(file.relative_to(source).as_posix() for file in files(source))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in names:
            entry = zipfile.ZipInfo(f"{NAME}/{name}", _NO_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX  # also on Windows
            entry.external_attr = _PLAIN_FILE
            archive.writestr(entry, (source / name).read_bytes())
    return len(names)

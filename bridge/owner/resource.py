"""The resource for the game server: where it lies, and how it gets into a `resources` folder.

An update replaces our files and nothing else: `config.lua` is the owner's, files that he added
stay, and one of ours that he changed is saved beside the new one. A folder that is not ours is
refused.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["NAME", "Installed", "files", "find", "install", "version"]

NAME = "cadbridge"
"""Folder and resource name: the page's content security policy names it."""
MANIFEST = "fxmanifest.lua"
CONFIG = "config.lua"
RECORD = ".installed.json"
"""What was installed, by path and hash: tells our files from the owner's at the next update."""
_OURS = re.compile(rf"""^\s*name\s+['"]{NAME}['"]""", re.MULTILINE)
_VERSION = re.compile(r"""^\s*version\s+['"]([^'"]+)['"]""", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Installed:
    """What `install` did."""

    folder: Path
    before: str | None
    """Version that was there; None: a new installation."""
    now: str
    saved: tuple[Path, ...] = ()
    """Copies of files of ours that the owner had changed."""


def find() -> Path:
    """Return the folder of the bundled resource: in the installed package, else in the checkout.

    Raises:
        ConfigurationError: the installation is damaged.
    """
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "lua_resource", package.parent / "lua_resource"):
        if (folder / MANIFEST).is_file():
            return folder
    raise ConfigurationError(
        "lua_resource", "is missing from this installation", "install cad-bridge again"
    )


def version(folder: Path) -> str | None:
    """Return the version that a resource's manifest gives; None if it is not ours."""
    try:
        manifest = (folder / MANIFEST).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    found = _VERSION.search(manifest) if _OURS.search(manifest) else None
    return found[1] if found else None


def install(into: Path) -> Installed:
    """Copy the bundled resource into a FiveM `resources` folder, or a `[category]` in it.

    Raises:
        ConfigurationError: the folder is none of these, or what stands there is not ours.
        OSError: a file could not be written.
    """
    source = find()
    target = _target(into)
    before = version(target)
    recorded = _recorded(target)
    bundled = {path.relative_to(source).as_posix(): path.read_bytes() for path in files(source)}
    saved = tuple(_save_changed(target, recorded, bundled))
    for name in sorted(bundled, key=lambda name: name == MANIFEST):  # last: it names the others
        if name != CONFIG or not (target / CONFIG).exists():
            _write(target / name, bundled[name])
    for name in recorded.keys() - bundled.keys():
        if _hash_of(target / name) == recorded[name]:
            (target / name).unlink()
    record = {name: hashlib.sha256(body).hexdigest() for name, body in sorted(bundled.items())}
    _write(target / RECORD, json.dumps(record, indent=1).encode())
    return Installed(target, before, version(source) or "", saved)


def _target(into: Path) -> Path:
    """Return the folder to write to, after every check that can be made before writing."""
    into = into.absolute()
    if not into.is_dir():
        raise ConfigurationError(
            str(into), "is no folder", "the `resources` folder of the game server"
        )
    if (into / MANIFEST).exists():
        raise ConfigurationError(
            str(into), "is itself a resource", f"the folder above it: {into.parent}"
        )
    if into.name.lower() != "resources" and not _is_category(into):
        inner = into / "resources"
        raise ConfigurationError(
            str(into),
            "is not a `resources` folder",
            f"name {inner}" if inner.is_dir() else "`resources`, or a [category] in it",
        )
    target = into / NAME
    if target.is_symlink() or (target.exists() and version(target) is None and _anything(target)):
        raise ConfigurationError(
            str(target), "is there and is not our resource", "move it away, then try again"
        )
    for other in _others(into, target):
        raise ConfigurationError(
            str(into),
            f"would be a second {NAME}: there is one in {other.parent}, and the game server "
            "would start either",
            f"name {other.parent} to update that one, or move it away",
        )
    return target


def _is_category(folder: Path) -> bool:
    return folder.name.startswith("[") and folder.name.endswith("]")


def _anything(folder: Path) -> bool:
    return not folder.is_dir() or any(folder.iterdir())


def _others(into: Path, target: Path) -> Iterator[Path]:
    """Find resources of our name elsewhere in the same `resources` folder."""
    top = into
    while _is_category(top):
        top = top.parent
    folders = [top]
    while folders:
        folder = folders.pop()
        if (folder / NAME).is_dir() and folder / NAME != target:
            yield folder / NAME
        folders += [child for child in folder.iterdir() if child.is_dir() and _is_category(child)]


def files(folder: Path) -> Iterator[Path]:
    """Yield the files of a resource's folder, in order, without what an editor or system hides."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") for part in inside.parts):
            yield path


def _recorded(target: Path) -> dict[str, str]:
    try:
        record = json.loads((target / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    names = record if isinstance(record, dict) else {}
    return {
        name: str(value)
        for name, value in names.items()
        if not Path(name).is_absolute() and ".." not in Path(name).parts
    }


def _save_changed(
    target: Path, recorded: dict[str, str], bundled: dict[str, bytes]
) -> Iterator[Path]:
    for name, installed in recorded.items():
        path = target / name
        changed = _hash_of(path)
        if name == CONFIG or name not in bundled or changed in {None, installed}:
            continue
        if changed != hashlib.sha256(bundled[name]).hexdigest():
            saved = path.with_name(f"{path.name}.yours")
            _write(saved, path.read_bytes())
            yield saved


def _hash_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _write(path: Path, body: bytes) -> None:
    """Write a file in one step: a game server that starts meanwhile sees the old or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    part.write_bytes(body)
    part.replace(path)

"""How this program is called from the terminal that its owner sits at."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

__all__ = ["call", "quoted"]

_NAME = "cad-bridge"


def call() -> str:
    """Return what stands in front of a command: its bare name where the terminal finds it, else
    its place (in a virtual environment that is not entered), else Python's own way.
    """
    beside = Path(sys.executable).parent
    place = shutil.which(_NAME, path=str(beside))
    found = shutil.which(_NAME)
    if found and (place is None or Path(found).samefile(place)):
        return _NAME
    if place:
        return quoted(_from_here(Path(place)))
    return f"{quoted(Path(sys.executable))} -m bridge"


def quoted(path: Path) -> str:
    """Return a path as every terminal takes it."""
    text = str(path)
    return f'"{text}"' if any(sign.isspace() for sign in text) else text


def _from_here(place: Path) -> Path:
    here = Path.cwd()
    return place.relative_to(here) if place.is_relative_to(here) else place

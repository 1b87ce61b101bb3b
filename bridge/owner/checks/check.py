"""What a check says, and what it may look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from bridge.owner import cad, cluster
    from bridge.settings import Settings

__all__ = ["Check", "Context", "Running", "State", "mib", "shown"]

State = Literal["ok", "note", "warn", "fail", "skip"]
"""`note`: nothing is wrong yet; `fail`: alerts do not arrive; `skip`: could not be checked."""


@dataclass(frozen=True, slots=True)
class Check:
    """One line of the report. Never a secret, never an address or a player."""

    name: str
    state: State
    text: str
    next: str = ""
    """What to do; empty where nothing is."""
    code: str = ""
    """The problem's code, as in docs/errors.md; empty without one."""


@dataclass(frozen=True, slots=True)
class Running:
    """Whether a bridge answers at `[admin]`."""

    status: dict[str, Any] | None = None
    """Its `/api/status`; None: it does not answer, or not with that."""
    stranger: str = ""
    """What answered instead of a bridge of this configuration; empty: nothing did."""


@dataclass(frozen=True, slots=True)
class Context:
    """Everything that the checks look at."""

    settings: Settings
    config: Path | None
    """The configuration file; None: the environment alone."""
    running: Running
    looked: cad.Looked
    looked_at_journal: cluster.Looked | None = None
    """None: the journal is a file."""

    @property
    def status(self) -> dict[str, Any] | None:
        """The running bridge's status; None: none runs."""
        return self.running.status


def shown(path: Path) -> str:
    """Return a path without the name of the person whose home it is in."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except ValueError:
        return str(path)


def mib(size: int) -> str:
    """Return bytes for people."""
    return f"{size / 2**30:.1f} GiB" if size >= 2**30 else f"{size / 2**20:.0f} MiB"

"""What several commands share: the option `--config`, and which file it means."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from bridge.errors import ConfigurationError

__all__ = ["FILE", "Config", "configuration"]

FILE = "cad-bridge.toml"

Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help=f"Configuration file; default {FILE} here, else in your configuration folder.",
    ),
]


def configuration(named: Path | None) -> Path | None:
    """Return the configuration file to read; None where the environment alone configures.

    The one that is named, else the working directory's, else that of the user's configuration
    folder. Warns of variables that are named like the bridge's and mean nothing.

    Raises:
        ConfigurationError: there is none, and nothing in the environment.
    """
    from bridge import settings

    for line in settings.strays(os.environ):
        typer.echo(f"cad-bridge: warning: {line}", err=True)
    if named is not None:
        return named
    for folder in (Path.cwd(), Path(typer.get_app_dir("cad-bridge"))):
        if (folder / FILE).is_file():
            return folder / FILE
    if settings.configures(os.environ):
        return None
    raise ConfigurationError(
        FILE, "is neither here nor in your configuration folder", "`cad-bridge init` writes one"
    )

"""The commands: each a few lines that call a part.

Exit codes: 0 done, 1 failed while working, 2 wrong usage or configuration.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from bridge import __version__, settings
from bridge.errors import BridgeError, ConfigurationError, JournalInUse

__all__ = ["app", "main"]

FILE = "cad-bridge.toml"

app = typer.Typer(
    name="cad-bridge",
    help="Real-time 911 alerts from Sonoran CAD to FiveM game servers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        metavar="PATH",
        help=f"Configuration file; default {FILE} here, else in your configuration folder.",
    ),
]


def configuration(named: Path | None) -> Path | None:
    """Return the configuration file to read; None where only the environment configures.

    The one that is named, else the working directory's, else that of the user's configuration
    folder.
    """
    if named is not None:
        return named
    for folder in (Path.cwd(), Path(typer.get_app_dir("cad-bridge"))):
        if (folder / FILE).is_file():
            return folder / FILE
    return None


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        typer.echo(f"cad-bridge {__version__}")
        raise typer.Exit


@app.command()
def run(config: Config = None) -> None:
    """Run the bridge until it is stopped."""
    from bridge import logs  # noqa: PLC0415 - a command loads what it needs, so all start fast
    from bridge.blot import Secrets
    from bridge.service import Service

    configured = settings.load(configuration(config))
    logs.set_up(Secrets(settings.secrets(configured)))
    asyncio.run(_serve(Service(configured)))


async def _serve(service: object) -> None:
    """Run the service until a signal; a second one ends at once."""
    from bridge.service import Service

    assert isinstance(service, Service)  # noqa: S101 - only for the type checker
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def asked() -> None:
        if stop.is_set():
            sys.exit(1)
        stop.set()

    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, asked)
        except NotImplementedError:  # Windows: a plain handler, which the loop is woken for
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(asked))
    async with service:
        await stop.wait()


def main() -> None:
    """Run a command; turn what a person must know into a line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            # a Windows console of another code page must not end a command
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        app()
    except (ConfigurationError, JournalInUse) as error:
        typer.echo(f"cad-bridge: {error}", err=True)
        sys.exit(2)
    except (BridgeError, OSError) as error:
        typer.echo(f"cad-bridge: {error}", err=True)
        sys.exit(1)

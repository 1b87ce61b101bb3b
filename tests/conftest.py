"""What every test may use: bounded waiting, and the sample payloads."""

import asyncio
import inspect
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# A busy machine must not fail a property for being slow. The gate tries the same examples each
# time: what it says is of the change before it, not of luck. Who runs the tests by hand tries new
# ones.
settings.register_profile(
    "cad-bridge",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not {"CI", "CAD_BRIDGE_NO_SKIPS"}.isdisjoint(os.environ),
)
settings.load_profile("cad-bridge")

DATA = Path(__file__).parent / "data"


async def wait_until(
    condition: Callable[[], object], seconds: float = 60.0, *, why: str = ""
) -> None:
    """Return as soon as the condition (plain or awaitable) holds; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while True:
        result = condition()
        if inspect.isawaitable(result):
            result = await result
        if result:
            return
        if time.monotonic() > deadline:
            pytest.fail(
                f"did not come true within {seconds} s: {why or inspect.getsource(condition)}"
            )
        await asyncio.sleep(0.01)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the gate for a test that was skipped: a missing tool must not pass as a success."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if "CAD_BRIDGE_NO_SKIPS" in os.environ and reporter and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def until() -> Callable[..., Awaitable[None]]:
    """Wait for a condition, with a bound."""
    return wait_until


@pytest.fixture
def data() -> Path:
    """The folder of sample payloads."""
    return DATA

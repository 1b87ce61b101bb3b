"""Rules that hold for the whole tree, which people forget."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
BRIDGE = ROOT / "bridge"
RESOURCE = ROOT / "lua_resource"

LAYERS: list[set[str]] = [
    {"bridge", "errors", "blot", "memory", "bootstrap", "journal.address"},
    {"log_file"},
    {"listening", "events", "settings", "logs", "metrics", "rejected"},
    {"facts", "wire", "journal"},
    {"board"},
    {"folding", "game.frames", "game.resume", "game.session", "sonoran.body"}
    | {"sonoran.doorkeeper", "sonoran.payloads", "sonoran.signalr", "sonoran.faults"}
    | {"sonoran.answers", "sonoran.pacing"},
    {"recall", "receipts", "params", "batch"},
    {"ingest", "game", "sonoran.limits", "sonoran.rest", "sonoran.api"},
    {"requests", "admin"},
    {"sonoran"},
    {"overview"},
    {"service"},
    {"owner"},
    {"demo"},
    {"options", "signals"},
    {"cli_demo"},
    {"cli"},
    {"__main__"},
]
"""Lowest first: a module imports from lower layers, and from its own folder."""


def module_name(path: Path) -> str:
    parts = path.relative_to(BRIDGE).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__") or "bridge"


def layer(module: str) -> int:
    """Return the layer of the longest name in `LAYERS` that the module begins with."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        name = ".".join(parts[:length])
        for number, names in enumerate(LAYERS):
            if name in names:
                return number
    raise AssertionError(f"{module} stands in no layer of tests/test_structure.py")


@cache
def imports(path: Path) -> set[str]:
    """Return the modules of ours that a file imports, also for its types alone."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            below = {f"{node.module}.{alias.name}" for alias in node.names}
            modules = {name for name in below if is_module(name)}
            found |= modules or {node.module}
    return {name.removeprefix("bridge.") for name in found if name.split(".")[0] == "bridge"}


def is_module(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


MODULES = {module_name(path): path for path in BRIDGE.rglob("*.py")}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_below_or_beside(module: str) -> None:
    for imported in imports(MODULES[module]):
        beside = imported.split(".")[0] == module.split(".")[0]
        allowed = layer(module) if beside else layer(module) - 1
        assert layer(imported) <= allowed, f"{module} imports {imported}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_the_game_the_board_and_ingest_know_no_cad(module: str) -> None:
    if module.split(".")[0] in {"game", "board", "folding", "ingest", "recall", "journal"}:
        assert not [name for name in imports(MODULES[module]) if name.startswith("sonoran")]


def lua_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (RESOURCE / folder).rglob("*.lua"))


def code(path: Path) -> str:
    """Return a script without its comments."""
    text = path.read_text(encoding="utf-8")
    pattern = r"//[^\n]*|/\*.*?\*/" if path.suffix == ".js" else r"--\[\[.*?\]\]|--[^\n]*"
    return re.sub(pattern, "", text, flags=re.DOTALL)


def test_doors_lua_alone_opens_the_servers_network() -> None:
    opening = re.compile(r"\b(RegisterNetEvent|RegisterServerEvent|onNet|addNetEventListener)\b")
    files = [
        *lua_files("server", "shared"),
        RESOURCE / "config.lua",
        *RESOURCE.rglob("server/*.js"),
    ]
    opened = {path.name for path in files if opening.search(code(path))}
    assert opened == {"doors.lua"}


def test_main_lua_alone_opens_the_clients_network() -> None:
    opening = re.compile(r"\bRegisterNetEvent\b")
    assert {path.name for path in lua_files("client") if opening.search(code(path))} == {"main.lua"}


@pytest.mark.parametrize(
    "path", lua_files("shared", "server", "client"), ids=lambda path: path.name
)
def test_lua_is_plain(path: Path) -> None:
    text = code(path)
    assert "`" not in text, "a backtick hash"
    assert not re.search(r"[\w\])]\s*(\+=|-=|\?\.)", text), "CfxLua syntax"
    assert "Citizen.InvokeNative" not in text
    assert not re.search(r"type\([^)]*\)\s*==\s*['\"]vector", text)


def test_every_script_is_listed_once_in_the_manifest_and_exists() -> None:
    listed = re.findall(r"'([\w/.*-]+\.(?:lua|js))'", code(RESOURCE / "fxmanifest.lua"))
    scripts = [name for name in listed if not name.startswith("web/")]
    assert len(scripts) == len(set(scripts))
    there = {
        path.relative_to(RESOURCE).as_posix()
        for path in [*RESOURCE.rglob("*.lua"), *RESOURCE.glob("server/*.js")]
    }
    assert set(scripts) == there - {"fxmanifest.lua", "shared/types.lua"}


def test_no_secret_and_no_option_is_downloaded_by_players() -> None:
    manifest = code(RESOURCE / "fxmanifest.lua")
    for kind in ("client_scripts", "shared_scripts", "files"):
        block = re.search(kind + r"\s*\{(.*?)\}", manifest, re.DOTALL)
        assert block
        assert "config.lua" not in block[1]
        assert "server/" not in block[1]


@pytest.mark.parametrize("path", sorted(BRIDGE.rglob("*.py")), ids=lambda path: path.stem)
def test_unix_only_calls_stand_behind_a_guard(path: Path) -> None:
    unix_only = re.compile(
        r"\bos\.(fork|getuid|geteuid|chown|fchmod|getpgid|killpg|setsid|mkfifo|uname)\b"
        r"|\b(fcntl|pwd|grp|resource)\.[a-z]+\(|signal\.SIG(KILL|HUP|USR1|USR2|ALRM)"
    )
    guard = re.compile(r"os\.name|sys\.platform|hasattr|except (ImportError|NotImplementedError)")
    text = path.read_text(encoding="utf-8")
    hits = [hit for hit in unix_only.findall(text) if "resource" not in str(hit)]
    assert not hits or guard.search(text), f"{path}: {hits}"


def test_the_project_speaks_of_itself_alone() -> None:
    forbidden = re.compile("/work/|farm-|\\bhelper-\\d|pypi\\.org|registry\\.npmjs")
    folders = ("bridge", "lua_resource", "bench", "docs", "tests")
    written = [path for folder in folders for path in (ROOT / folder).rglob("*.*")]
    for path in [*written, *ROOT.glob("*.*")]:
        ours = path != Path(__file__) and "node_modules" not in path.parts
        if ours and path.suffix in {".py", ".lua", ".js", ".md", ".toml", ".html", ".css"}:
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not forbidden.search(text), path.relative_to(ROOT)

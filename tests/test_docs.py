"""What exists is documented, and what is documented exists."""

import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import lupa.lua54
import pytest
import typer.main

from bridge import __version__, cli, requests
from bridge.admin import problems
from bridge.metrics import Metrics
from bridge.owner import samples
from bridge.owner.template import toml
from bridge.settings import SECTIONS, JournalSettings, Settings

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
LUA = ROOT / "lua_resource"
PAGES = sorted([*DOCS.glob("*.md"), *ROOT.glob("*.md")])


@cache
def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@cache
def lua(*folders: str) -> str:
    paths = [path for folder in folders for path in sorted((LUA / folder).rglob("*.lua"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in paths)


def section(page: str, heading: str) -> str:
    """Return what stands under a heading, down to the next one of its level."""
    level = heading.partition(" ")[0]
    _, _, rest = text(page).partition(f"\n{heading}\n")
    assert rest, f"docs/{page} has no heading {heading!r}"
    return re.split(rf"^#{{1,{len(level)}}} ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def rows(body: str) -> dict[str, list[str]]:
    """Return the rows of the tables in a text, by the code words of their first cell."""
    found = {}
    for line in body.splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip())[1:-1]]
        for name in re.findall(r"`([^`]+)`", cells[0]) if cells else ():
            found[name] = cells
    return found


# The bridge's configuration


@pytest.mark.parametrize("name", SECTIONS)
def test_every_key_is_documented_with_its_default(name: str) -> None:
    heading = "## [[servers]]" if name == "servers" else f"## [{name}]"
    documented = rows(section("configuration.md", heading))

    assert set(documented) == set(SECTIONS[name].model_fields)
    for key, field in SECTIONS[name].model_fields.items():
        shown = documented[key][1].strip("`")
        words = {"required": ("PydanticUndefined",), "none": ("None",), "empty": ('""',)}
        default = "PydanticUndefined" if field.is_required() else field.default
        written = str(default) if default in (None, "PydanticUndefined") else toml(default)
        assert written in words.get(shown, (shown,)), f"{name}.{key}"


def test_the_sections_are_those_of_the_settings() -> None:
    headings = re.findall(r"^## \[+(\w+)\]+$", text("configuration.md"), re.MULTILINE)
    assert headings == list(Settings.model_fields)


def test_examples_of_the_configuration_are_understood() -> None:
    examples = re.findall(r"```toml\n(.*?)```", text("configuration.md"), re.DOTALL)
    assert examples
    for example in examples:
        for name, keys in tomllib.loads(example).items():
            section = SECTIONS[name](**keys)
            assert not isinstance(section, JournalSettings) or section.address.copies == 3


# Commands


def commands() -> dict[str, set[str]]:
    """Return the options of each command, without those that typer adds."""
    group = typer.main.get_command(cli.app)
    return {
        name: {opt for param in command.params for opt in param.opts if opt.startswith("--")}
        for name, command in group.commands.items()  # type: ignore[attr-defined]
    }


def test_every_command_and_option_is_documented_and_no_other() -> None:
    headings = re.findall(r"^## ([\w-]+)$", text("commands.md"), re.MULTILINE)
    assert set(headings) == set(commands())
    common = set(rows(text("commands.md").partition("\n## ")[0]))
    for name, options in commands().items():
        documented = {
            option
            for option in rows(section("commands.md", f"## {name}"))
            if option.startswith("--")
        }
        assert documented == options - common, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_speak_of_commands_and_options_that_exist(page: Path) -> None:
    known = commands()
    for line in page.read_text(encoding="utf-8").splitlines():
        called = re.search(r"cad-bridge(?:\.exe)? (?!COMMAND|X\b)([a-z][a-z-]+)(.*)", line)
        if not called or not re.search(r"^\s*[.$`]|`[^`]*cad-bridge ", line):
            continue
        name, rest = called.groups()
        if name in known:
            given = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", rest.partition("`")[0]))
            assert given <= known[name] | {"--help", "--config"}, line


def test_every_sample_can_be_named() -> None:
    named = re.findall(r"`(\w+)`", section("commands.md", "## send").partition("…")[0])
    known = {name.removeprefix("EVENT_") for name in samples.NAMES}
    assert {name for name in named if name.isupper() or name.isdigit()} - {"NAME", "FILE"} <= known


# The resource


def test_every_option_of_the_resource_is_documented_and_no_other() -> None:
    source = (LUA / "server" / "options.lua").read_text(encoding="utf-8")
    plain = set(re.findall(r"\{ name = '(\w+)', default", source))
    documented = rows(text("options.md").partition("\nIn `server.cfg`")[0])
    named = {name for name, cells in documented.items() if cells[0] == f"`{name}`"}

    assert named == plain | {"blip", "commands"}
    config = (LUA / "config.lua").read_text(encoding="utf-8")
    assert {name for name in named if not re.search(rf"-- {name} = ", config)} == set()


def test_every_command_in_the_game_is_documented_and_no_other() -> None:
    source = (LUA / "server" / "options.lua").read_text(encoding="utf-8")
    [listed] = re.findall(r"^local COMMANDS = \{(.*?)\}", source, re.MULTILINE | re.DOTALL)
    documented = {
        name.split()[0].removeprefix("/")
        for name in rows(section("options.md", "## Commands in the game"))
        if name.startswith("/")
    }

    assert documented == set(re.findall(r"'(\w+)'", listed))


def test_every_permission_is_documented_and_no_other() -> None:
    used = set(re.findall(r"'(cadbridge\.[a-z]+)'", lua("server")))
    assert set(rows(section("options.md", "## Permissions"))) == used


def test_every_convar_is_documented() -> None:
    options = rows(text("options.md"))
    used = set(re.findall(r"'(cadbridge_[a-z]+)'", lua("server")))
    used |= set(re.findall(r"'(cadbridge_[a-z]+)'", (LUA / "server/transport.js").read_text()))
    assert {name for name in used if name not in options} == set()


def test_every_export_is_documented_and_no_other() -> None:
    registered = set(re.findall(r"export\('(\w+)'", lua("server")))
    documented = {
        name.partition("(")[0] for name in rows(section("resource-authors.md", "## Exports"))
    }
    assert documented == registered


def test_every_event_for_other_resources_is_documented_and_no_other() -> None:
    server = set(re.findall(r"announce\(\s*'(cadbridge:\w+)'", lua("server")))
    client = set(re.findall(r"TriggerEvent\(\s*'(cadbridge:\w+)'", lua("client")))
    documented = rows(section("resource-authors.md", "## Events"))

    assert {name for name in documented if ":" in name} == server | client


# Codes


def test_every_problem_has_a_paragraph_and_no_other() -> None:
    body = section("errors.md", "## Status page and doctor")
    headings = re.findall(r"^### `(\w+)`$", body, re.MULTILINE)

    assert sorted(headings) == sorted(problems.CODES)
    for paragraph in body.split("\n### ")[1:]:
        assert "**Try first:**" in paragraph


def sources(*patterns: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8")
        for pattern in patterns
        for path in sorted((ROOT / "bridge").glob(pattern))
    )


def test_every_answer_to_a_push_is_documented_with_its_status_and_no_other() -> None:
    refusal = r"_refuse\(\s*request, (\d{3}), \"(\w+)\""
    listener = re.findall(refusal, sources("sonoran/listener.py"))
    [table] = re.findall(
        r"^_STATUS = \{(.*?)\}", sources("sonoran/pushes.py"), re.MULTILINE | re.DOTALL
    )
    used = {code: status for status, code in listener} | dict(
        re.findall(r"\"(\w+)\": (\d+)", table)
    )
    documented = rows(section("errors.md", "## Answers to a push").partition("\n`ok`")[0])

    assert {code: cells[1] for code, cells in documented.items() if code in cells[0]} == used


def test_every_close_code_is_documented_and_no_other() -> None:
    constant = r"^[A-Z_]+(?:: Final)? = (44\d\d|10\d\d)$"
    used = set(re.findall(constant, sources("game/*.py"), re.MULTILINE)) | {"1001"}
    never_sent = {"1000", "1006"}  # an ordinary end, and one without a close frame
    documented = rows(section("errors.md", "## Close codes of the websocket"))

    assert {code for code in documented if code.isdigit()} == used - never_sent


def test_every_answer_to_a_player_is_documented_and_no_other() -> None:
    refusal = r"(?:failure|refuse)\(\w+(?:\.id)?, \"(\w+)\""
    session = set(re.findall(refusal, sources("game/*.py")))
    resource = set(re.findall(r"\{ code = '(\w+)' \}", lua("server")))
    documented = rows(section("errors.md", "## Answers to what players ask"))

    found = {name for name, cells in documented.items() if cells[0] == f"`{name}`"}
    assert found == set(requests.CODES) | session | resource


# Metrics


def metrics() -> Iterator[str]:
    suffix = {"counter": "_total", "histogram": "", "gauge": ""}
    for family in Metrics().registry.collect():
        yield family.name + suffix[family.type]


def test_every_metric_is_documented_with_its_labels_and_no_other() -> None:
    body = section("metrics.md", "## Prometheus")
    documented = {name: cells for name, cells in rows(body).items() if name.startswith("cad_")}

    assert set(documented) == set(metrics())
    made = {metric._name: metric for metric in vars(Metrics()).values() if hasattr(metric, "_name")}
    for name, cells in documented.items():
        labels = made[name.removesuffix("_total")]._labelnames
        assert tuple(re.findall(r"`(\w+)`", cells[1])) == labels, name


def test_every_outcome_of_a_push_that_is_counted_is_documented() -> None:
    made = "".join(re.findall(r"Outcome\((.*)\)", sources("sonoran/pushes.py")))
    answers = set(rows(section("errors.md", "## Answers to a push").partition("\n`ok`")[0]))
    outcomes = set(re.findall(r'"(\w+)"', made)) - answers
    [row] = re.findall(r"^\| `cad_bridge_pushes_total`.*$", text("metrics.md"), re.MULTILINE)

    assert outcomes >= {"ok", "duplicate", "ignored"}
    assert {name for name in outcomes if f"`{name}`" not in row} == set()


def test_the_dashboard_asks_for_metrics_that_exist() -> None:
    dashboard = json.loads(text("grafana.json"))
    asked = {
        re.sub(r"_bucket$", "", name)
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\bcad_bridge_\w+", target["expr"])
    }

    assert asked == set(metrics())
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


# The pages themselves


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    body = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", body):
        if target.startswith("http"):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        assert path.exists(), target
        assert not anchor or anchor in anchors(path), target


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.name)
def test_examples_in_lua_compile(page: Path) -> None:
    runtime = lupa.lua54.LuaRuntime()
    for example in re.findall(r"```lua\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        compiled, problem = runtime.eval("function(code) return load(code) end")(example), None
        if isinstance(compiled, tuple):
            compiled, problem = compiled
        assert compiled, problem


def typed() -> Iterator[str]:
    """Yield the lines that an owner types, those for Linux alone left out."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    yield from re.findall(r"^    ((?:python|\.venv).*)$", readme, re.MULTILINE)
    for heading in ("## Windows with txAdmin", "## Rented panel: the bridge elsewhere"):
        for block in re.findall(r"```\n(.*?)```", section("installation.md", heading), re.DOTALL):
            yield from (line.strip() for line in block.splitlines())


def test_commands_work_in_every_terminal_of_windows() -> None:
    """Nothing that only a shell of Unix, or only a newer PowerShell, understands."""
    found = list(typed())

    assert len(found) > 15
    for line in found:
        assert not re.search(r"&&|'|^source |^export |\\$|\bmkdir -p|\$\w", line), line


def test_every_page_is_in_the_list_of_pages() -> None:
    listed = set(re.findall(r"\]\(([\w.-]+)", text("README.md")))
    assert {page.name for page in DOCS.glob("*.md")} - {"README.md"} <= listed


def test_files_that_could_not_be_tried_say_so() -> None:
    assert "Not tested" in text("Dockerfile")
    egg = json.loads(text("pterodactyl-egg.json"))
    assert "Not tested" in egg["_comment"]
    for variable in egg["variables"]:
        part, _, key = variable["env_variable"].removeprefix("CAD_BRIDGE_").partition("__")
        assert key.lower() in SECTIONS[part.lower()].model_fields


def test_the_changelog_names_this_version() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## {re.escape(__version__)}\b", changelog, re.MULTILINE)

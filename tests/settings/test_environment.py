"""Variables that are named like the bridge's own."""

import pytest

from bridge.settings import configures, strays
from bridge.settings.environment import problems
from bridge.settings.sections import SECTIONS


def refused(**environment: str) -> list[str]:
    return [str(problem) for problem in problems(environment)]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("CAD_BRIDGE_CAD_APIKEY", "CAD_BRIDGE_CAD__API_KEY"),
        ("CAD_BRIDGE_CAD_API_KEY", "CAD_BRIDGE_CAD__API_KEY"),
        ("CAD_BRIDGE_API_KEY", "CAD_BRIDGE_CAD__API_KEY"),
        ("CAD_BRIDGE_APIKEY", "CAD_BRIDGE_CAD__API_KEY"),
        ("CAD_BRIDGE_API_KYE", "CAD_BRIDGE_CAD__API_KEY"),
        ("cad_bridge_push_port", "CAD_BRIDGE_PUSH__PORT"),
        ("CAD_BRIDGE_PUSH_PROT", "CAD_BRIDGE_PUSH__PORT"),
        ("CAD_BRIDGE_PUHS__PORT", "CAD_BRIDGE_PUSH__PORT"),
        ("CAD_BRIDGE_PUSH_ALOW_FROM", "CAD_BRIDGE_PUSH__ALLOW_FROM"),
        ("CAD_BRIDGE_SERVER", "CAD_BRIDGE_SERVERS"),
        ("CAD_BRIDGE_PORT", "CAD_BRIDGE_GATEWAY__PORT"),
    ],
)
def test_a_misspelt_variable_is_refused_with_the_one_that_was_meant(
    written: str, meant: str
) -> None:
    (line,) = refused(**{written: "the-value"})

    assert line.startswith(f"{written}: is no key; did you mean ")
    assert meant in line
    assert "the-value" not in line
    assert list(strays({written: "the-value"})) == []
    assert configures({written: "the-value"})


def test_a_section_that_does_not_exist_is_refused_with_those_that_do() -> None:
    (line,) = refused(CAD_BRIDGE_WEATHER__WIND="1")

    assert line == f"CAD_BRIDGE_WEATHER__WIND: names no section; one of {', '.join(SECTIONS)}"


@pytest.mark.parametrize("name", ["CAD_BRIDGE_FOO", "CAD_BRIDGE_CONFIG", "Cad_Bridge_Home"])
def test_a_variable_that_means_nothing_is_told_of_and_configures_nothing(name: str) -> None:
    environment = {name: "the-value", "PATH": "/bin"}

    (line,) = strays(environment)

    assert line.startswith(f"{name} is no key and is ignored")
    assert "CAD_BRIDGE_CAD__API_KEY" in line
    assert "the-value" not in line
    assert refused(**environment) == []
    assert not configures(environment)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CAD_BRIDGE_CHROMIUM", "/usr/bin/chromium"),
        ("CAD_BRIDGE_NO_SKIPS", "1"),
        ("CAD_BRIDGE_SCHEDULER_LUA", "scheduler.lua"),
        ("CAD_BRIDGE_SERVICE_HOST", "10.0.0.1"),
        ("CAD_BRIDGE_SERVICE_PORT_GATEWAY", "30131"),
        ("CAD_BRIDGE_PORT", "tcp://10.0.0.1:30131"),
        ("CAD_BRIDGE_PORT_30131_TCP_ADDR", "10.0.0.1"),
    ],
)
def test_what_tests_and_containers_set_is_none_of_the_bridges_business(
    name: str, value: str
) -> None:
    assert refused(**{name: value}) == []
    assert list(strays({name: value})) == []
    assert not configures({name: value})


def test_every_key_can_be_named() -> None:
    names = [
        f"CAD_BRIDGE_{section}__{key}".upper()
        for section, model in SECTIONS.items()
        for key in model.model_fields
    ]
    assert refused(**dict.fromkeys(names, "1")) == []
    assert list(strays(dict.fromkeys(names, "1"))) == []

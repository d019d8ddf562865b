"""How observations are declared: what a tool, and whoever reads a check, finds of them."""

import ast
import inspect
import pkgutil
import re
import typing
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.checking import checks
from spark_conformance.core.run import OBSERVATIONS, Run
from spark_conformance.facts.kinds import parts
from spark_conformance.observations import PACKAGES, load_observations, names
from spark_conformance.plugin import own_fixtures
from tests.suite.small import ALL_GOOD, PROJECT, run_suite

load_observations()
FIXTURE = type(pytest.fixture(lambda: None))
FRAME = {"run", "judge"}
SHARED = {"Answers", "AccessPolicy", "Esc", "Container", "Recent", "ServiceState", "TunnelConfig"}
"""Types of several observations: they stand with what makes them, and not with what looks."""


def fixtures(config: pytest.Config) -> Iterator[tuple[str, str]]:
    """The fixtures of every plugin that is registered, pytest's own and ours too: each one's name and plugin."""
    for plugin in config.pluginmanager.get_plugins():
        yield from (
            (one.name, getattr(plugin, "__name__", "")) for one in vars(plugin).values() if type(one) is FIXTURE
        )


def test_no_fixture_of_ours_shadows_one_of_somebody_else(request: pytest.FixtureRequest) -> None:
    own, others = set(OBSERVATIONS), dict[str, str]()
    for name, module in fixtures(request.config):
        if module.startswith("spark_conformance.") or module == "observations":
            own.add(name)
        elif not module.startswith("tests."):
            others[name] = module
    assert own > FRAME
    assert {"host", "metadata", "tmp_path", "extras", "worker_id"} <= others.keys()
    assert not {name: others[name] for name in own & others.keys()}
    assert "request" not in own  # pytest makes it of no function


def test_fixtures_are_shown_with_their_own_docstring_and_place(pytester: pytest.Pytester) -> None:
    told = run_suite(pytester, ALL_GOOD, "--fixtures", "checks").out
    missing = [name for name, observe in OBSERVATIONS.items() if not shown(told, name, observe)]
    assert not missing


def shown(told: str, name: str, observe: Callable[[Run], Any]) -> bool:
    """Whether `pytest --fixtures` tells where an observation is, and what its docstring begins with."""
    place = f"{Path(inspect.getfile(observe)).name}:{inspect.getsourcelines(observe)[1]}\n"
    head = (inspect.getdoc(observe) or "nothing").partition("\n")[0]
    lines = (block for block in told.split("\n\n") if f"\n{name} -- " in f"\n{block}")
    return any(place in block and f"    {head}" in block for block in lines)


@cache
def typed(module: str) -> dict[str, Any]:
    """What a module imports for its types alone."""
    found: dict[str, Any] = {}
    for node in ast.parse(Path(module).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.If):
            exec(compile(ast.Module(node.body, []), module, "exec"), found)  # noqa: S102 - our own checks'
    return found


def test_the_list_of_observations_is_what_importing_every_module_declares() -> None:
    for package in PACKAGES:
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            import_module(found.name)
    parts("observations")
    places = ("spark_conformance.services.", *(f"{package.__name__}." for package in PACKAGES))
    declared = {name: observe.__module__ for name, observe in OBSERVATIONS.items()}
    assert names() == {name: module for name, module in declared.items() if module.startswith(places)}


@pytest.mark.parametrize("fact", checks())
def test_a_check_names_what_its_observation_returns(fact: str) -> None:
    """So that an editor leads from a check's parameter, by its type, to the module that looks."""
    check = checks()[fact]
    hints = typing.get_type_hints(check, typed(inspect.getfile(check)))
    for name in inspect.signature(check).parameters.keys() - FRAME:
        observe = OBSERVATIONS[name]
        seen = typing.get_type_hints(observe)["return"]
        assert hints[name] == seen, name
        assert seen.__module__ == observe.__module__ or seen.__name__ in SHARED, name


def test_what_the_page_for_own_checks_names_is_there_to_be_taken() -> None:
    text = (PROJECT / "docs/own-checks.md").read_text(encoding="utf-8").partition("## What a check can take")[2]
    named = set(re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE))
    assert named > FRAME
    assert named - FRAME <= OBSERVATIONS.keys() | vars(own_fixtures).keys()


def test_a_check_of_another_host_than_the_targets_is_refused(pytester: pytest.Pytester) -> None:
    other = ALL_GOOD.replace("def test_ttl(judge)", "def test_ttl(judge, host)")
    ran = run_suite(pytester, other, "checks")
    assert ran.code == 4
    assert "takes `host`, which is testinfra's own and not the target's: take `target_host`" in ran.out

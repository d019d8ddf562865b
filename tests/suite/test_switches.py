"""Tests that try a sample by default: the night tries everything, and CONTRIBUTING.md says how."""

import ast
from pathlib import Path

import pytest
import yaml

PROJECT = Path(__file__).parents[2]


def read_from_environment(source: str) -> set[str]:
    """The variables that a module takes as `== "all"`, or as a number: how much it tries."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Compare(ast.Call() as call, [ast.Eq()], [ast.Constant("all")]):
                found.add(_named(call))
            case ast.Call(ast.Name("int"), [ast.Call() as call]):
                found.add(_named(call))
    return found - {""}


def _named(call: ast.Call) -> str:
    of_environment = ast.unparse(call.func) in {"os.environ.get", "os.getenv", "environ.get", "getenv"}
    return str(call.args[0].value) if of_environment and isinstance(call.args[0], ast.Constant) else ""


@pytest.fixture(scope="module")
def switches() -> set[str]:
    sources = (path.read_text(encoding="utf-8") for path in (PROJECT / "tests").rglob("*.py"))
    return set[str]().union(*(read_from_environment(text) for text in sources if "environ" in text))


def test_the_switches_are_found(switches: set[str]) -> None:
    assert switches >= {"FAULTS", "HEALTHY_RUNS", "WORLDS"}


def test_the_night_and_contributors_know_every_switch(switches: set[str]) -> None:
    nightly = yaml.safe_load((PROJECT / ".github/workflows/project.yml").read_text(encoding="utf-8"))["jobs"]["nightly"]
    set_there = {name for step in nightly["steps"] for name in step.get("env", {})}
    told = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert switches - set_there == set(), "give them to the nightly job of .github/workflows/project.yml"
    assert [name for name in sorted(switches) if f"`{name}=" not in told] == [], "say so in CONTRIBUTING.md, Samples"
    assert set_there - switches == set(), "nothing looks at these any more"

"""No id of a fact is misspelt anywhere: in what is raised, looked up, broken, healed, waived or listed.

Read from the sources, so that an id in a path that nobody takes for years is found as well. Whatever looks like an id
and is none must be something else that is known: a sign, a remedy, a deed, a part, a file.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark_conformance.diagnosis.signs import SIGNS
from spark_conformance.facts.groups import NAMED
from spark_conformance.facts.model import COMPONENTS, TRAITS
from spark_conformance.facts.parts import PARTS
from spark_conformance.facts.traits import Means
from spark_conformance.remediation.deeds import DEEDS
from spark_conformance.remediation.model import Asked
from spark_conformance.remediation.remedies import all_remedies
from tests.sources import trees

PROJECT = Path(__file__).parents[2]
LIKE_AN_ID = re.compile(rf"({'|'.join(COMPONENTS)})\.[a-z0-9_]+")
FILE = re.compile(r".*\.(service|capnp|internal)")
CALLS: dict[str, int | None] = {"Unmet": 0, "NotStated": None, "expect": 0, "is_fact": 0, "needing": None, "fact": 0}
"""Calls whose arguments are ids: the place of the one that is; None where all are."""
OWNER = "owner"
"""The keyword of Unreachable that is one."""
REMEDIES = all_remedies(Asked(rotate=True, open=True))


@dataclass
class Source:
    """What a file says."""

    body: list[ast.stmt]
    calls: list[ast.Call]
    texts: list[str]


def said(tree: ast.Module) -> Source:
    source = Source(tree.body, [], [])
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            source.calls.append(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            source.texts.append(node.value)
    return source


@pytest.fixture(scope="module")
def sources() -> dict[Path, Source]:
    """Of each file what it says; for this module alone, as a million of objects are looked through again and again."""
    paths = [*(PROJECT / "fixtures").rglob("*.py"), *(PROJECT / "checks").glob("*.py")]
    return {path.relative_to(PROJECT): said(tree) for path, tree in trees(paths).items()}


def ids_in(source: Source) -> Iterator[str]:
    """Texts that stand where an id must: as they are, or as a constant of the module."""
    constants = {
        target.id: node.value.value
        for node in source.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for call in source.calls:
        name = str(getattr(call.func, "attr", "") or getattr(call.func, "id", ""))
        place = CALLS.get(name, -1)
        named = call.args if place is None else call.args[place : place + 1] if place >= 0 else []
        for value in (*named, *(keyword.value for keyword in call.keywords if keyword.arg == OWNER)):
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield value.value
            elif isinstance(value, ast.Name) and value.id in constants:
                yield constants[value.id]


def steps(sources: dict[Path, Source]) -> Iterator[str]:
    """The names of remedies' steps."""
    for call in (call for source in sources.values() for call in source.calls):
        if getattr(call.func, "id", "") == "Step" and isinstance(call.args[0], ast.Constant):
            yield str(call.args[0].value)


def test_what_is_raised_or_looked_up_names_facts(sources: dict[Path, Source]) -> None:
    known = {*TRAITS, *Means, *(group.mark for group in NAMED.values())}
    named = [(path, name) for path, source in sources.items() for name in ids_in(source)]
    assert {f"{path}: {name}" for path, name in named if name not in known} == set()
    assert len(named) > len(TRAITS)


def test_whatever_looks_like_a_fact_is_one_or_something_else_that_is_known(sources: dict[Path, Source]) -> None:
    known = {*TRAITS, *SIGNS, *DEEDS, *PARTS, *(remedy.id for remedy in REMEDIES), *steps(sources)}
    unknown = {
        f"{path}: {text}"
        for path, source in sources.items()
        for text in source.texts
        if LIKE_AN_ID.fullmatch(text) and text not in known and not FILE.fullmatch(text)
    }
    assert unknown == set()


def test_remedies_heal_facts_that_there_are() -> None:
    known = {*TRAITS, *(group.mark for group in NAMED.values())}
    assert {remedy.id: sorted(remedy.facts - known) for remedy in REMEDIES if remedy.facts - known} == {}


@pytest.mark.parametrize(
    "line",
    [
        'raise Unmet("ollama.modle", "no")',
        'OWNER = "host.reachabel"\nraise Unreachable("ssh", "gone", owner=OWNER)',
        'raise NotStated("tunnel.id", "tunnel.nmae")',
        'run.expect("ollama.modle", str)',
        '@pytest.mark.fact("ollama.modle")\ndef test_model(): ...',
    ],
)
def test_a_misspelt_id_is_seen(line: str) -> None:
    assert [name for name in ids_in(said(ast.parse(line))) if name not in TRAITS]

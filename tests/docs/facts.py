"""A page for each fact: what it means when it does not hold, how it is looked at, what to do, and where it is from."""

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from spark_conformance.cloudflare.endpoints import Endpoint
from spark_conformance.core.judging import shown
from spark_conformance.core.run import OBSERVATIONS
from spark_conformance.facts import dashboard
from spark_conformance.facts.groups import EACH, NAMED, component_of, group_of
from spark_conformance.facts.load import HERE, load
from spark_conformance.facts.model import COMPONENTS, TRAITS, Facts
from spark_conformance.facts.probes import Probe
from spark_conformance.facts.routes import Route
from spark_conformance.observations import load_observations
from spark_conformance.report.pages import page_name
from spark_lab.faults import FAULTS
from tests.docs import words
from tests.docs.looking import chain, looks

CHECKS = Path(__file__).parents[2] / "checks"
DASHBOARD = frozenset(text for text in vars(dashboard).values() if isinstance(text, str) and " > " in text)
EXAMPLE = "spark-291b"
KNOWN = {**TRAITS, **{group.mark: group.traits for group in NAMED.values()}}
"""The facts that have a page, those of a group together."""
STATED = {"routes": Route, "probes": Probe}
"""What a fact of a group states."""
SEVERITIES = {
    "required": "a run in which it does not hold is nonconformant",
    "advisory": "where it does not hold the run says so, and stays conformant",
}
GATES = {
    "pre": "before a deployment and after it (`--gate pre`, `--gate post`)",
    "post": "after a deployment (`--gate post`)",
}
_UNSEEN = re.compile(r"\s*Not\s+seen(?:\s+here)?:\s+")
_BY_HAND = "By hand:"
_RAISES = re.compile(r"\bRaises [A-Z](?:[^.]|\.(?=\w))*\.", re.DOTALL)
"""What a caller must know, and no operator."""


@dataclass(frozen=True)
class Check:
    """The check of a fact: its module and name, its docstring, and the observations that it is handed."""

    path: str
    name: str
    says: str
    observations: tuple[str, ...]


def pages() -> dict[str, str]:
    return {**{page_name(fact): _page(fact) for fact in KNOWN}, "README": _index()}


def _page(fact: str) -> str:
    traits, check = KNOWN[fact], checks()[fact]
    means, _, unseen = _split(check.says)
    return words.page(
        fact.replace(EACH, "NAME"),
        _about(fact),
        words.section("How to state it", _how(fact)),
        words.section("When it does not hold", _told(means, fact)),
        words.section(
            "What to do",
            _told(words.sentence(words.blanks(traits.do)), fact),
            f"Where: {traits.where}.",
            _told(words.sentence(f"In a container: {words.blanks(traits.contained)}"), fact)
            if traits.contained
            else "",
        ),
        words.section("How it is looked at", words.bullets(_looks(check))),
        words.section("How to look by hand", words.bullets(_by_hand(fact, check))),
        words.section("What it does not see", _told(words.sentence(unseen), fact) if unseen else ""),
        words.section("Where it is from", words.bullets(_sources(fact))),
        words.section("Faults of the lab that break it", words.bullets(_faults(fact))),
    )


def _how(fact: str) -> str:
    """What a fact of a group may say; nothing for any other one, which has an example."""
    group = group_of(fact)
    if group is None:
        return ""
    said = inspect.getdoc(STATED[group.name]) or ""
    return words.prose(f"`[facts.{group.name}.NAME]`, as many as there are of them, under names of your own. {said}")


def _about(fact: str) -> str:
    stated, check = _example().all().get(fact), checks()[fact]
    rows = [
        ("checked by", f"`{check.path}::{check.name}`"),
        ("component", component_of(fact)),
        ("severity", f"{stated.severity}: {SEVERITIES[stated.severity]}" if stated else ""),
        ("gate", GATES[KNOWN[fact].gate]),
        ("needs", ", ".join(words.linked(need, TRAITS) for need in KNOWN[fact].needs)),
        ("looked up by", ", ".join(_looked_up_by(fact))),
        ("in " + EXAMPLE, f"`{shown(stated.expect)}`" if stated else "not stated"),
        ("why", stated.why if stated else ""),
    ]
    there = [row for row in rows if row[1] and not (group_of(fact) and row[0].startswith("in "))]
    return words.table(("", ""), there)


def _looked_up_by(fact: str) -> Iterator[str]:
    for by in KNOWN[fact].looked_up_by:
        yield words.linked(by if isinstance(by, str) else " or ".join(by), TRAITS)


def _looks(check: Check) -> Iterator[str]:
    for name in check.observations:
        said = inspect.getdoc(OBSERVATIONS[name]) or ""
        told = _RAISES.sub("", said.partition(_BY_HAND)[0]).strip()
        yield f"`{name}`: {_told(told, '', join=True)}"


def _by_hand(fact: str, check: Check) -> Iterator[str]:
    if KNOWN[fact].where in DASHBOARD:
        yield f"Cloudflare's dashboard: {KNOWN[fact].where}."
    for name in check.observations:
        said = (inspect.getdoc(OBSERVATIONS[name]) or "").partition(_BY_HAND)[2]
        if said:
            yield words.sentence(" ".join(said.split()))
    for endpoint in _endpoints(check):
        may = f"with the permission *{endpoint.permission}*" if endpoint.permission else "with any valid token"
        yield f"Cloudflare's API: `GET {endpoint.path}` ({endpoint.words}), {may}."


def _endpoints(check: Check) -> list[Endpoint]:
    """Those that the check's own observations ask; where they ask none, the nearest that one of them stands on asks."""
    for names in (check.observations, chain(check.observations)):
        found = dict.fromkeys(endpoint for name in names for endpoint in looks(name).endpoints)
        if found or any(_BY_HAND in (inspect.getdoc(OBSERVATIONS[name]) or "") for name in names):
            return list(found)
    return []


def _sources(fact: str) -> Iterator[str]:
    stated, reference = _example().all().get(fact), KNOWN[fact].reference
    if stated:
        document = load(HERE / f"{EXAMPLE}.toml").system.document
        implied = stated.source.removeprefix("implied: ")
        said = f"implied by {document}" if implied != stated.source else document
        yield words.sentence(f"{said}: {implied}")
    if reference:
        yield f"The vendor's page: <{reference}>"


def _faults(fact: str) -> Iterator[str]:
    for fault in FAULTS.values():
        if fact in fault.facts:
            healed = "; a remedy repairs it" if fault.remedy and fact not in fault.stays else ""
            yield f"`--lab-fault {fault.name}`: {fault.does}{healed}."


def _index() -> str:
    parts = []
    for component in COMPONENTS:
        rows = [
            (f"[{fact.replace(EACH, 'NAME')}]({page_name(fact)}.md)", _split(checks()[fact].says)[0].split("\n\n")[0])
            for fact in KNOWN
            if component_of(fact) == component
        ]
        parts.append(words.section(component, words.table(("fact", "when it does not hold"), rows)))
    return words.page(
        "The facts",
        f"One page a fact, {len(KNOWN)} in all: what it means when it does not hold, what to do, how it is looked at, "
        "and where it is from.\nThe causes that a diagnosis names are [beside them](../causes/README.md).",
        *parts,
    )


def _told(text: str, fact: str, *, join: bool = False) -> str:
    said = words.linked(text, TRAITS, fact)
    return " ".join(said.split()) if join else words.prose(said)


def _split(says: str) -> tuple[str, str, str]:
    """What a failure means, and what the check does not see."""
    found = _UNSEEN.search(says)
    return (says[: found.start()], found[0], says[found.end() :]) if found else (says, "", "")


@cache
def _example() -> Facts:
    return load(HERE / f"{EXAMPLE}.toml").facts


@cache
def checks() -> dict[str, Check]:
    """Every check by its fact, read from the sources."""
    load_observations()
    found: dict[str, Check] = {}
    for path in sorted(CHECKS.glob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            fact = _fact_of(node)
            if fact and isinstance(node, ast.FunctionDef):
                names = tuple(arg.arg for arg in node.args.args if arg.arg in OBSERVATIONS)
                found[fact] = Check(f"checks/{path.name}", node.name, ast.get_docstring(node) or "", names)
    return found


def _fact_of(node: ast.stmt) -> str:
    """The fact that a check's mark names; empty for whatever else stands in a module."""
    for mark in getattr(node, "decorator_list", ()):
        if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.fact":
            return str(ast.literal_eval(mark.args[0]))
    return ""

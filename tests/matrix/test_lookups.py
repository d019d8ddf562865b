"""A stated fact that is looked up by one that is not stated is not verified, and loading the file says so.

Every fact is left out of the file of a healthy system, one at a time; only what depends on it is observed anew.
"""

from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.traced import Traced
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.facts.lookups import LOOKUPS, out_of_sight
from spark_lab.announcement import Announcement


def without(system: SystemFile, *facts: str) -> SystemFile:
    """A facts file that leaves these facts out."""
    tables = system.facts
    for fact in facts:
        component, _, name = fact.partition(".")
        tables = tables.model_copy(update={component: getattr(tables, component).model_copy(update={name: None})})
    return system.model_copy(update={"facts": tables})


def judged(seen: Traced, system: SystemFile, *left_out: str) -> dict[str, Finding]:
    """The findings about what such a file still states."""
    run = Run(without(system, *left_out))
    try:
        seen.lend(run, *left_out)
        findings = findings_of(run)
    finally:
        run.close()
    return {fact: finding for fact, finding in findings.items() if fact not in left_out}


def test_what_is_looked_up_by_a_fact_that_is_left_out_is_blocked_by_it(seen: Traced, one_lab: Announcement) -> None:
    system = load(Path(one_lab.target))
    stated = system.facts.all()
    alternatives = {lookup.by for lookup in LOOKUPS if set(lookup.by) <= stated.keys()} | {(fact,) for fact in stated}
    for left_out in sorted(alternatives):
        findings = judged(seen, system, *left_out)
        foretold = {(fact, by) for by, hidden in out_of_sight(findings) for fact in hidden}
        blocked = {(fact, item.blocked_by) for fact, item in findings.items() if item.verdict == Verdict.BLOCKED}
        assert blocked == foretold, left_out
        assert {item.verdict for item in findings.values()} <= {Verdict.CONFORMANT, Verdict.BLOCKED}, left_out

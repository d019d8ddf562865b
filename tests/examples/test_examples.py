"""Each example is conformant on its twin, what breaks there is found, and nothing is said of what it does not state.

A day looks at one example's twin as a whole: healthy, all that a run writes of it, and two of its faults; and at all
twins while they are healthy, where the change that is tried may have to do with them. EXAMPLES_MATRIX=all looks at
every example as a whole, with every fault.
"""

import json
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.diagnosis.engine import diagnose
from spark_conformance.diagnosis.model import Diagnosis
from spark_conformance.facts.load import examples, find, load
from spark_conformance.facts.model import TRAITS, needing
from spark_conformance.remediation.model import Asked, Plan
from spark_conformance.remediation.planner import Planner
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.report.markdown import render
from spark_lab.announcement import Announcement
from spark_lab.faults import heal, inflict, named
from tests.end_to_end.session import check_here
from tests.examples.systems import EXAMPLES, Broken
from tests.labs import running
from tests.matrix.changed import changed_files
from tests.matrix.selection import shared

LOOKS = ("--diagnose", "--remediate", "plan", "--no-history")
WORD = re.compile("ollama|goldfish|spark-291b|dgx", re.IGNORECASE)
"""What has no place in what is said of another system."""
EVERY = os.environ.get("EXAMPLES_MATRIX") == "all"
A_DAY = 2
LEAST = 8


def tried(example: str) -> list[Broken]:
    """The faults of a day, each day others."""
    faults = EXAMPLES[example]
    return list(faults) if EVERY else shared(faults, -(-len(faults) // A_DAY), every=False)


def of_the_day(example: str) -> bool:
    """Whether an example is looked at as a whole."""
    return EVERY or example in shared(sorted(EXAMPLES), len(EXAMPLES), every=False)


MADE = ("checks/", "fixtures/spark_conformance/facts/", "fixtures/spark_conformance/services/", "fixtures/spark_lab/")
TOUCHED = any(path.startswith(MADE) for path in changed_files())
TWINS = [example for example in sorted(EXAMPLES) if TOUCHED or of_the_day(example)]


@pytest.fixture(scope="module", params=TWINS)
def twin(request: pytest.FixtureRequest) -> Iterator[tuple[str, Announcement]]:
    with running(("--target", request.param)) as lab:
        yield request.param, lab


def said_of_others(*texts: str) -> str:
    """Lines that speak of another system, or of another kind of service."""
    lines = [line.strip()[:200] for text in texts for line in text.splitlines() if WORD.search(line)]
    return "\n".join(dict.fromkeys(lines))


def test_every_example_has_a_matrix_of_its_own() -> None:
    assert set(examples()) == set(EXAMPLES)
    assert min(map(len, EXAMPLES.values())) >= LEAST


@pytest.mark.parametrize("example", sorted(EXAMPLES))
def test_faults_break_something_that_the_example_states(example: str) -> None:
    stated = load(find(example)).facts.all().keys()
    for one in EXAMPLES[example]:
        [fault] = named([one.fault])
        assert (fault.facts | fault.unverified) & stated or one.more, one.fault
        assert one.more | one.hidden | one.spared <= stated, one.fault
        if lacking := common_needs(one.hidden):
            assert needing(*lacking) & stated <= one.hidden | fault.facts | fault.unverified, one.fault


def common_needs(facts: Iterable[str]) -> frozenset[str]:
    """What all of these facts need, those that the operator named left aside."""
    needs = [frozenset(TRAITS[fact].needs) for fact in facts if fact in TRAITS]
    return needs[0].intersection(*needs) if needs else frozenset()


def test_an_example_holds_nothing_of_a_real_system() -> None:
    assert not said_of_others(*(Path(find(name)).read_text() for name in examples()))


def test_a_twin_is_conformant_and_nothing_is_said_of_what_it_does_not_state(twin: tuple[str, Announcement]) -> None:
    example, lab = twin
    run = Run(load(Path(lab.target)))
    try:
        findings, seen = findings_of(run), diagnose(run)
    finally:
        run.close()
    held = {fact for fact, finding in findings.items() if finding.verdict == Verdict.CONFORMANT}
    assert held == load(find(example)).facts.all().keys(), findings
    assert not seen.active
    assert not said_of_others(json.dumps(seen.as_json(), indent=1), *map(repr, findings.values()))


def test_all_that_a_run_writes_says_nothing_of_what_the_facts_do_not_state(
    twin: tuple[str, Announcement], pytester: pytest.Pytester
) -> None:
    """The terminal, its reports, the diagnosis and the plan; and the Markdown for the page of a CI run."""
    example, lab = twin
    if not of_the_day(example):
        pytest.skip("another day's example")
    ran = check_here(pytester, "--target", lab.target, *LOOKS)
    assert ran.code == 0, ran.out
    markdown = render(json.loads((ran.reports / "results.json").read_text()))
    assert not said_of_others(ran.written, markdown)


def test_what_is_broken_is_found_and_its_cause_is_right(twin: tuple[str, Announcement]) -> None:
    example, lab = twin
    if not of_the_day(example):
        pytest.skip("another day's example")
    wrong = []
    for one in tried(example):
        inflict(lab, named([one.fault]))
        run = Run(load(Path(lab.target)))
        try:
            findings = findings_of(run)
            failing = tuple(fact for fact, found in findings.items() if found.verdict == Verdict.NONCONFORMANT)
            seen = diagnose(run, failing=failing)
            planned = Planner(run, all_remedies(Asked()), Asked()).plan(findings, seen)
            told = deviations(example, one, findings, seen, planned)
            wrong += [f"{one.fault}: {said}" for said in told]
        finally:
            run.close()
            heal(lab)
    assert not wrong, "\n".join(wrong)


def deviations(
    example: str, one: Broken, findings: dict[str, Finding], seen: Diagnosis, planned: Plan
) -> Iterator[str]:
    """What a fault did other than declared, what the diagnosis said that is not right, and words of another system."""
    stated = load(find(example)).facts.all().keys()
    [fault] = named([one.fault])

    def told(*verdicts: Verdict) -> set[str]:
        return {fact for fact, finding in findings.items() if finding.verdict in verdicts}

    failed = told(Verdict.NONCONFORMANT)
    unseen = told(Verdict.UNREACHABLE, Verdict.BLOCKED)
    yield from (
        f"missed: {fact}" for fact in sorted((fault.facts & stated | one.more) - failed - one.hidden - one.spared)
    )
    yield from (f"not spared: {fact}" for fact in sorted(one.spared & failed))
    yield from (f"misattributed: {fact}" for fact in sorted(failed - fault.facts - one.more))
    yield from (f"kept from being seen: {fact}" for fact in sorted(unseen - fault.unverified - one.hidden))
    yield from (f"error: {fact}" for fact in sorted(told(Verdict.ERROR)))
    causes = sorted(each.cause.id for each in (*seen.active, *seen.findings))
    if causes != sorted(one.causes):
        yield f"causes: {', '.join(causes) or 'none'}, not {', '.join(one.causes) or 'none'}"
    words = said_of_others(json.dumps(seen.as_json(), indent=1), *map(repr, (*findings.values(), planned)))
    yield from (f"says: {line}" for line in words.splitlines())

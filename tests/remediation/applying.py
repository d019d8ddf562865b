"""Steps applied as a run applies them, without its journal, lock and budget."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Unmet, Verdict
from spark_conformance.facts.groups import check_mark
from spark_conformance.facts.load import load
from spark_conformance.remediation.model import CannotRemedy, Json, Remedy, Step
from spark_lab.announcement import Announcement

Applied = list[tuple[Step, Json]]


@contextmanager
def running(lab: Announcement) -> Iterator[Run]:
    run = Run(load(Path(lab.target)))
    try:
        yield run
    finally:
        run.close()


def narrowed(run: Run, *components: str) -> Run:
    """The run of a file that states no more than these components' facts: a remediation looks at all that is stated."""
    others = {fact.partition(".")[0] for fact in run.stated} - set(components)
    run.facts = run.facts.model_copy(update=dict.fromkeys(others))
    run.stated = run.facts.all()
    return run


def planned(run: Run, remedy: Remedy) -> list[Step]:
    """What a remedy would do about all that fails now."""
    return remedy.plan(run, findings_of(run))


def plans_of(
    remedies: Iterable[Remedy], facts: Container[str], run: Run, findings: Mapping[str, Finding]
) -> tuple[list[Step], list[str]]:
    """The steps of all remedies that are for one of these facts that fails, and what the others say instead."""
    steps: list[Step] = []
    said: list[str] = []
    for remedy in remedies:
        failing = (fact for fact, finding in findings.items() if finding.verdict == Verdict.NONCONFORMANT)
        if any(fact in facts and check_mark(fact) in remedy.facts for fact in failing):
            try:
                steps += remedy.plan(run, findings)
            except CannotRemedy as cannot:
                said.append(cannot.sentence)
            except Unmet as other:
                said.append(other.fact)
    return steps, said


def apply(lab: Announcement, run: Run, steps: list[Step], after: Callable[[Step], None] = lambda _: None) -> Applied:
    """Apply steps; each must hold at once, and change nothing when it is applied again."""
    done: Applied = []
    for number, step in enumerate(steps):
        before = step.action.before(run, f"{lab.prefix}/var/lib/kept/{number}")
        done.append((step, before))
        step.action.apply(run, before)
        after(step)
        assert step.action.holds(run), step.id
    return done


def take_back(run: Run, done: Applied) -> None:
    """Undo steps in the order in which a run does: the last first, services when their files are back."""
    early = [entry for entry in reversed(done) if not entry[0].action.is_late(entry[1])]
    late = [entry for entry in done if entry[0].action.is_late(entry[1])]
    for step, before in (*early, *late):
        type(step.action).undo(run, before)


def failing(findings: dict[str, Finding]) -> dict[str, str]:
    """What is not conformant, with what was seen."""
    return {
        fact: f"{finding.verdict}: {finding.observed or finding.cause} {finding.note}"
        for fact, finding in findings.items()
        if finding.verdict != Verdict.CONFORMANT
    }

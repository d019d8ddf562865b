"""What a fault did, against what it is declared to do."""

from spark_conformance.core.verdict import Finding, Verdict
from spark_lab.faults import Fault


def told(findings: dict[str, Finding], *verdicts: Verdict) -> dict[str, str]:
    """The facts with one of these verdicts, each with what was seen."""
    return {
        fact: f"{finding.verdict}: {finding.observed or finding.cause} {finding.note}"
        for fact, finding in findings.items()
        if finding.verdict in verdicts
    }


def deviation(declared: frozenset[str], seen: dict[str, str]) -> list[str]:
    """Where a fault does other than it is declared to, to be read as it stands; empty where it does just that."""
    unexpected = [f"unexpected: {fact} is {said}" for fact, said in seen.items() if fact not in declared]
    return unexpected + [f"missing: {fact} is declared, and was not so" for fact in sorted(declared - seen.keys())]


def deviations(fault: Fault, findings: dict[str, Finding], *, beyond: frozenset[str] = frozenset()) -> list[str]:
    """What a fault, or a group of them, did other than declared, and every finding that does not say what it should.

    Only facts that the lab's file states count: what a fault does to others it does to other systems.
    `beyond`: facts that an engine keeps from being looked at besides.
    """
    failed = told(findings, Verdict.NONCONFORMANT)
    unverified = told(findings, Verdict.UNREACHABLE, Verdict.BLOCKED)
    return [
        *(f"error: {fact} is {said}" for fact, said in told(findings, Verdict.ERROR).items()),
        *deviation(fault.facts & findings.keys(), failed),
        *deviation((fault.unverified | beyond) & findings.keys(), unverified),
        *(f"untold: {fact}" for fact in failed if not (findings[fact].expected and findings[fact].observed)),
        *(f"without a cause: {fact}" for fact in unverified if not findings[fact].cause),
    ]


def as_declared(fault: Fault, findings: dict[str, Finding], *, beyond: frozenset[str] = frozenset()) -> None:
    """A fault did what it is declared to do."""
    found = deviations(fault, findings, beyond=beyond)
    assert not found, f"{fault.name}: {'; '.join(found)}"

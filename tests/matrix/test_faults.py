"""Every fault fails just the facts that it is declared to fail, and every required fact has a fault that fails it."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from spark_conformance.checking import evaluate
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.load import find, load
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault, inflict
from tests.machine.differences import DIFFERENCES, unverified_on_machine
from tests.matrix.selection import SHARES, chosen

REQUIRED = sorted(
    fact for fact, stated in load(find("spark-291b")).facts.all().items() if stated.severity == "required"
)


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


@pytest.fixture(scope="module")
def beyond(pytestconfig: pytest.Config) -> dict[str, frozenset[str]]:
    """What faults keep from being looked at on this lab's host, beyond what they are declared to."""
    if pytestconfig.getoption("--lab-host") != "systemd":
        return {}
    return {fault: unverified_on_machine(fault) for fault in DIFFERENCES}


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in chosen(FAULTS.values())])
def test_a_fault_fails_what_it_is_declared_to_fail_and_nothing_else(
    lab: Announcement, fault: Fault, beyond: dict[str, frozenset[str]]
) -> None:
    inflict(lab, [fault])
    findings = evaluate(Path(lab.target))
    failed = told(findings, Verdict.NONCONFORMANT)
    unverified = told(findings, Verdict.UNREACHABLE, Verdict.BLOCKED)
    assert told(findings, Verdict.ERROR) == {}
    declared = fault.unverified | beyond.get(fault.name, frozenset())
    assert not deviation(fault.facts, failed) + deviation(declared, unverified)
    for fact in failed:
        assert findings[fact].expected
        assert findings[fact].observed
    assert all(findings[fact].cause for fact in unverified)


def test_a_healthy_lab_has_nothing_to_tell(lab: Announcement) -> None:
    findings = evaluate(Path(lab.target))
    assert {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == set()


@pytest.mark.parametrize("fact", REQUIRED)
def test_every_required_fact_was_seen_to_fail(fact: str) -> None:
    assert [fault.name for fault in FAULTS.values() if fact in fault.facts]


def test_the_days_of_a_round_try_every_fault_and_each_day_every_kind() -> None:
    faults = list(FAULTS.values())
    days = [date(2026, 11, 27) + timedelta(days=number) for number in range(SHARES)]
    tried = [chosen(faults, today=day, everything=False) for day in days]
    assert {fault.name for day in tried for fault in day} == set(FAULTS)
    kinds = {(fault.facts, fault.unverified) for fault in faults}
    assert all({(fault.facts, fault.unverified) for fault in day} == kinds for day in tried)
    assert chosen(faults, everything=True) == faults


def test_a_deviation_says_what_is_unexpected_and_what_is_missing() -> None:
    seen = {"dns.ttl": "nonconformant: 300 "}
    assert deviation(frozenset({"dns.ttl"}), seen) == []
    assert deviation(frozenset({"dns.type"}), seen) == [
        "unexpected: dns.ttl is nonconformant: 300 ", "missing: dns.type is declared, and was not so",
    ]  # fmt: skip

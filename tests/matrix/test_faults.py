"""Every fault is made once, and all is asked of it then: what fails, what its cause is, and what is left to a person.

It fails just the facts that it is declared to fail; its cause is named, proven, and at the right hop; what only a
person may do is told and not done. Every required fact has a fault that fails it.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from spark_conformance.checking import check_system, findings_of
from spark_conformance.core.traced import Traced
from spark_conformance.core.verdict import Verdict
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.reading import read
from spark_conformance.facts.load import find, load
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault
from tests.diagnosis.judging import right
from tests.diagnosis.scenarios import BY_FAULT
from tests.machine.differences import DIFFERENCES, unverified_on_machine
from tests.matrix.declared import as_declared, deviation
from tests.matrix.looks import Looks
from tests.matrix.selection import SHARES, chosen, shared, whole
from tests.matrix.touched import LOOKED_AT
from tests.remediation.mending import left_to_a_person

DAYS = [date(2026, 11, 27) + timedelta(days=number) for number in range(SHARES)]

REQUIRED = sorted(
    fact for fact, stated in load(find("spark-291b")).facts.all().items() if stated.severity == "required"
)


@pytest.fixture(scope="module")
def beyond(pytestconfig: pytest.Config) -> dict[str, frozenset[str]]:
    """What faults keep from being looked at on this lab's host, beyond what they are declared to."""
    if pytestconfig.getoption("--lab-host") != "systemd":
        return {}
    return {fault: unverified_on_machine(fault) for fault in DIFFERENCES}


@pytest.fixture(scope="session")
def looks(one_lab: Announcement) -> Iterator[Looks]:
    looks = Looks(one_lab)
    yield looks
    looks.close()


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in chosen(FAULTS.values())])
def test_a_fault_fails_what_it_is_declared_to_fail_and_nothing_else_and_its_cause_is_told(
    lab: Announcement, looks: Looks, fault: Fault, beyond: dict[str, frozenset[str]], tmp_path: Path
) -> None:
    with looks.at(fault) as run:
        findings = findings_of(run)
        as_declared(fault, findings, beyond=beyond.get(fault.name, frozenset()))
        if fault.name in BY_FAULT:
            right(conclude(read(run)), BY_FAULT[fault.name])
        if not fault.remedy and fault.facts:
            left_to_a_person(lab, run, fault, findings, tmp_path)


def test_a_healthy_lab_has_nothing_to_tell(lab: Announcement) -> None:
    findings = check_system(Path(lab.target))
    assert {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == set()


@pytest.mark.parametrize("fact", REQUIRED)
def test_every_required_fact_was_seen_to_fail(fact: str) -> None:
    assert [fault.name for fault in FAULTS.values() if fact in fault.facts]


def test_the_days_of_a_round_try_every_fault_and_each_day_every_kind() -> None:
    faults = list(FAULTS.values())
    tried = [chosen(faults, today=day, every=False) for day in DAYS]
    assert {fault.name for day in tried for fault in day} == set(FAULTS)
    kinds = {(fault.facts, fault.unverified) for fault in faults}
    assert all({(fault.facts, fault.unverified) for fault in day} == kinds for day in tried)
    assert chosen(faults, every=True) == faults


def test_a_deviation_says_what_is_unexpected_and_what_is_missing() -> None:
    seen = {"dns.ttl": "nonconformant: 300 "}
    assert deviation(frozenset({"dns.ttl"}), seen) == []
    assert deviation(frozenset({"dns.type"}), seen) == [
        "unexpected: dns.ttl is nonconformant: 300 ", "missing: dns.type is declared, and was not so",
    ]  # fmt: skip


def test_the_days_of_a_round_look_at_every_fault_as_a_whole_and_the_night_at_each() -> None:
    faults = FAULTS.values()
    assert {fault.name for fault in faults for day in DAYS if whole(fault, today=day, every=False)} == set(FAULTS)
    assert all(whole(fault, every=True) for fault in faults)


@pytest.mark.parametrize("shares", [2, 4])
def test_the_days_of_a_round_try_all_that_is_shared_and_the_night_does(shares: int) -> None:
    those = list(range(31))
    days = [shared(those, shares, today=day, every=False) for day in DAYS[:shares]]
    assert sorted(one for day in days for one in day) == those
    assert shared(those, shares, every=True) == those


def test_parts_that_faults_touch_are_looked_at_by_modules_that_there_are(seen: Traced) -> None:
    modules = {observe.__module__.removeprefix("spark_conformance.") for observe in seen._futures}
    packages = {module.partition(".")[0] for module in modules}
    assert {place for places in LOOKED_AT.values() for place in places} <= modules | packages
    assert packages == {place for places in LOOKED_AT.values() for place in places if "." not in place}

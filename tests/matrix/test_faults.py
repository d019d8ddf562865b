"""Every fault is made once, and all is asked of it then: what fails, what its cause is, and what is to be done.

It fails just the facts that it is declared to fail; its cause, where a day asks for it, is named, proven, and at the
right hop; what only a person may do is told and not done; what a remedy is for is planned, and some faults of a day are
healed, each by one run. Every required fact has a fault that fails it.
"""

from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.verdict import Verdict
from spark_conformance.diagnosis.engine import conclude
from spark_conformance.diagnosis.reading import read
from spark_conformance.facts.load import find, load
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, FaultError
from spark_lab.faults.bench import Bench
from tests.diagnosis.judging import right
from tests.diagnosis.scenarios import BY_FAULT
from tests.labs import heal
from tests.machine.differences import DIFFERENCES, unverified_on_machine
from tests.matrix import selection
from tests.matrix.declared import as_declared, deviation, deviations
from tests.matrix.groups import Group, grouped, joint, named
from tests.matrix.looks import Looks
from tests.matrix.selection import chosen
from tests.matrix.touched import HOST, KINDS, LOOKED_AT, part_of, places_of
from tests.remediation.mending import healed, left_to_a_person, planned

REQUIRED = sorted(
    fact for fact, stated in load(find("spark-291b")).facts.all().items() if stated.severity == "required"
)


@pytest.fixture(scope="module")
def beyond(pytestconfig: pytest.Config) -> dict[str, frozenset[str]]:
    """What faults keep from being looked at on this lab's host, beyond what they are declared to."""
    if pytestconfig.getoption("--lab-host") != "systemd":
        return {}
    return {fault: unverified_on_machine(fault) for fault in DIFFERENCES}


@pytest.mark.parametrize("faults", [pytest.param(group, id=named(group)) for group in grouped(chosen(FAULTS.values()))])
def test_faults_fail_what_they_are_declared_to_fail_and_nothing_else_and_their_cause_is_told(
    lab: Announcement, looks: Looks, faults: Group, beyond: dict[str, frozenset[str]], tmp_path: Path
) -> None:
    if len(faults) > 1 and _together(lab, looks, faults, beyond, tmp_path):
        return
    for fault in faults:
        if len(faults) > 1:
            heal(lab)
        with looks.at(fault) as run:
            findings = findings_of(run)
            as_declared(fault, findings, beyond=beyond.get(fault.name, frozenset()))
            if selection.told(fault):
                right(conclude(read(run)), BY_FAULT[fault.name])
            if not fault.remedy and fault.facts:
                left_to_a_person(lab, run, fault, findings, tmp_path)
            elif selection.healed(fault):
                healed(run, fault, findings, tmp_path)
            elif fault.remedy:
                planned(run, findings, tmp_path)


def _together(lab: Announcement, looks: Looks, faults: Group, beyond: dict[str, frozenset[str]], folder: Path) -> bool:
    """Whether faults that are made together do what each of them is declared to do."""
    group = joint(faults)
    hidden = frozenset[str]().union(*(beyond.get(fault.name, frozenset()) for fault in faults))
    try:
        with looks.at(*faults) as run:
            findings = findings_of(run)
            told = deviations(group, findings, beyond=hidden - group.facts)
            if told:
                run.forget()
            elif group.remedy:
                planned(run, findings, folder)
            else:
                left_to_a_person(lab, run, group, findings, folder)
    except FaultError:  # one of them cannot be made after another
        return False
    return not told


def test_a_healthy_lab_has_nothing_to_tell(looks: Looks) -> None:
    findings = findings_of(looks.healthy())
    assert {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT} == set()


def test_what_started_anew_while_something_else_was_healed_is_looked_at_again(lab: Announcement, looks: Looks) -> None:
    looks.healthy()
    Bench(lab).shell("systemctl restart cloudflared")
    heal(lab)
    with looks.at(FAULTS["workflow-with-conflict"]) as run:
        seen = findings_of(run, ["tunnel.connector_on_host", "cloudflared.config_is_current"])
    assert {
        fact: str(finding.observed) for fact, finding in seen.items() if finding.verdict != Verdict.CONFORMANT
    } == {}


@pytest.mark.parametrize("fact", REQUIRED)
def test_every_required_fact_was_seen_to_fail(fact: str) -> None:
    assert [fault.name for fault in FAULTS.values() if fact in fault.facts]


def test_a_deviation_says_what_is_unexpected_and_what_is_missing() -> None:
    seen = {"dns.ttl": "nonconformant: 300 "}
    assert deviation(frozenset({"dns.ttl"}), seen) == []
    assert deviation(frozenset({"dns.type"}), seen) == [
        "unexpected: dns.ttl is nonconformant: 300 ", "missing: dns.type is declared, and was not so",
    ]  # fmt: skip


def test_parts_that_faults_touch_are_looked_at_by_observations_that_there_are(looks: Looks) -> None:
    named = {place for observe in looks.healthy()._futures for place in places_of(observe)}
    places = {place for places in LOOKED_AT.values() for place in places} - {KINDS}
    assert places <= named
    assert {place for place in named if "." not in place} == {place for place in places if "." not in place}


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("systemctl stop ollama", "ollama"),
        ("rm /tmp/lab/host/etc/systemd/system/cloudflared.service", "cloudflared"),
        ("systemctl stop ollama cloudflared", HOST),
        ("hostname elsewhere", HOST),
        ("printf %s %s >%s 'systemctl restart cloudflared' /tmp/lab/host/etc/sudoers.d/operator", HOST),
        ("mv /usr/local/bin/cloudflared /usr/bin/other", HOST),
        ("pkill -f cloudflared 2>/dev/null", "cloudflared"),
    ],
)
def test_a_command_is_a_services_where_all_that_it_names_is(said: str, part: str) -> None:
    assert part_of(said) == part

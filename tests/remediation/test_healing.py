"""Every remediable fault is healed by one run, proven by fresh checks, and a second run has nothing to do.

By default a day's eighth of the faults, in the order of a hash of their names, and four pairs. `HEALING=all` tries all
of them, and forty pairs.
"""

import os
from collections.abc import Iterator
from hashlib import sha256
from itertools import combinations
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault, inflict
from tests.matrix.selection import shared
from tests.remediation.mending import mended

ALL = os.environ.get("HEALING") == "all"
ONE_OF = 8
PAIRS = 40
SOME_PAIRS = 4


def ranked(*names: str) -> str:
    return sha256("+".join(names).encode()).hexdigest()


def chosen(faults: list[Fault]) -> list[Fault]:
    """Those to try: all, or a day's share of them by rank."""
    return shared(sorted(faults, key=lambda fault: ranked(fault.name)), ONE_OF, every=ALL)


REMEDIABLE = [fault for fault in FAULTS.values() if fault.remedy]
APART = [
    pair
    for pair in combinations(REMEDIABLE, 2)
    if pair[0].component != pair[1].component
    and not (pair[0].facts | pair[0].unverified) & (pair[1].facts | pair[1].unverified)
]
"""Pairs that have no fact in common: neither can undo the other by being made."""
CHOSEN_PAIRS = sorted(APART, key=lambda pair: ranked(pair[0].name, pair[1].name))[: PAIRS if ALL else SOME_PAIRS]


@pytest.fixture
def run(lab: Announcement) -> Iterator[Run]:
    run = Run(load(Path(lab.target)))
    yield run
    run.close()


def looked(run: Run) -> tuple[dict[str, Finding], set[str]]:
    """Fresh findings, over connections of their own, and what does not hold by them."""
    run.forget()
    findings = findings_of(run)
    return findings, {fact for fact, finding in findings.items() if finding.verdict != Verdict.CONFORMANT}


@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in chosen(REMEDIABLE)])
def test_a_remediable_fault_is_healed_and_stays_so(lab: Announcement, run: Run, tmp_path: Path, fault: Fault) -> None:
    inflict(lab, [fault])
    outcome = mended(run, looked(run)[0], tmp_path)
    assert outcome.result == "applied", outcome
    findings, still = looked(run)
    assert still == fault.stays
    again = mended(run, findings, tmp_path)
    assert again.result == "nothing to do", again


@pytest.mark.parametrize(
    "pair", [pytest.param(pair, id="+".join(fault.name for fault in pair)) for pair in CHOSEN_PAIRS]
)
def test_two_faults_are_healed_in_one_run(
    lab: Announcement, run: Run, tmp_path: Path, pair: tuple[Fault, Fault]
) -> None:
    inflict(lab, pair)
    outcome = mended(run, looked(run)[0], tmp_path)
    assert outcome.result == "applied", outcome
    assert looked(run)[1] == pair[0].stays | pair[1].stays

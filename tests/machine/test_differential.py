"""Both engines of the lab's host give the same verdicts for every fault, but for those in `differences`.

Five faults of each component are tried; `ENGINES=all` tries all of them.
"""

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby, islice
from pathlib import Path

import pytest

from spark_conformance.checking import check_system
from spark_conformance.core.verdict import Verdict
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault, inflict
from tests.machine import needs_machine
from tests.machine.differences import DIFFERENCES, unverified_on_machine

ALL = os.environ.get("ENGINES") == "all"
SEED = 7
EACH = 5


def sample(faults: Iterable[Fault]) -> list[Fault]:
    """Faults of each component, the same every time but for new ones."""
    ranked = sorted(faults, key=lambda fault: (fault.component, _rank(fault)))
    groups = groupby(ranked, key=lambda fault: fault.component)
    return [fault for _, those in groups for fault in islice(those, EACH)]


def _rank(fault: Fault) -> bytes:
    return hashlib.sha256(f"{SEED} {fault.name}".encode()).digest()


CHOSEN = list(FAULTS.values()) if ALL else sample(FAULTS.values())


@needs_machine
@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in CHOSEN])
def test_both_engines_give_the_same_verdicts(lab: Announcement, machine: Announcement, fault: Fault) -> None:
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda there: inflict(there, [fault]), (lab, machine)))
    process, systemd = (check_system(Path(there.target)) for there in (lab, machine))
    different = {
        fact: (process[fact].verdict, systemd[fact].verdict, systemd[fact].observed or systemd[fact].cause)
        for fact in process.keys() | systemd.keys()
        if process[fact].verdict != systemd[fact].verdict
    }
    known = unverified_on_machine(fault.name)
    assert different.keys() == known, different
    for fact in known:
        assert process[fact].verdict == Verdict.CONFORMANT
        assert systemd[fact].verdict in {Verdict.UNREACHABLE, Verdict.BLOCKED}


def test_the_sample_is_of_every_component() -> None:
    assert {fault.component for fault in sample(FAULTS.values())} == {fault.component for fault in FAULTS.values()}


def test_known_differences_are_of_faults_that_there_are() -> None:
    assert DIFFERENCES.keys() <= FAULTS.keys()
    assert all(difference.reason for difference in DIFFERENCES.values())

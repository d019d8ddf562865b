"""On a machine with systemd every fault gives the verdicts that it is declared to give, but for those in `differences`.

The process engine is held to the same by tests/matrix: so both engines give the same ones. One fault of each component
is tried, another one each day; `ENGINES=all` tries all of them.
"""

import hashlib
import os
from collections.abc import Collection
from datetime import date, timedelta
from itertools import groupby

import pytest

from spark_conformance.checking import findings_of
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, Fault
from tests.day import DAY
from tests.machine import ALL, needs_machine
from tests.machine.differences import DIFFERENCES, unverified_on_machine
from tests.matrix.declared import as_declared
from tests.matrix.looks import Looks

SEED = 7
EACH = 1


def sample(faults: Collection[Fault], today: date) -> list[Fault]:
    """A day's faults of each component: one round after the other, all of them come up."""
    ranked = sorted(faults, key=lambda fault: (fault.component, _rank(fault)))
    found = []
    for _, group in groupby(ranked, key=lambda fault: fault.component):
        those = list(group)
        found += [those[(today.toordinal() * EACH + number) % len(those)] for number in range(EACH)]
    return found


def _rank(fault: Fault) -> bytes:
    return hashlib.sha256(f"{SEED} {fault.name}".encode()).digest()


CHOSEN = list(FAULTS.values()) if ALL else sample(FAULTS.values(), date.fromisoformat(os.environ[DAY]))


@needs_machine
@pytest.mark.parametrize("fault", [pytest.param(fault, id=fault.name) for fault in CHOSEN])
def test_a_fault_gives_its_verdicts_on_a_machine(machine: Announcement, machine_looks: Looks, fault: Fault) -> None:
    with machine_looks.at(fault) as run:
        as_declared(fault, findings_of(run), beyond=unverified_on_machine(fault.name))


def test_a_day_tries_every_component_and_enough_days_every_fault() -> None:
    days = [date(2026, 11, 27) + timedelta(days=number) for number in range(len(FAULTS) // EACH + 1)]
    tried = [sample(FAULTS.values(), day) for day in days]
    components = {fault.component for fault in FAULTS.values()}
    assert all({fault.component for fault in day} == components for day in tried)
    assert {fault.name for day in tried for fault in day} == set(FAULTS)


def test_known_differences_are_of_faults_that_there_are() -> None:
    assert DIFFERENCES.keys() <= FAULTS.keys()
    assert all(difference.reason for difference in DIFFERENCES.values())

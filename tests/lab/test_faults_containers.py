"""A connector in a container, broken in each way: these facts fail or are out of sight, and no others.

A day tries one of them, another day another one; FAULTS=all every one.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement
from spark_lab.faults import OTHERS, heal, inflict
from spark_lab.faults.containers import CONTAINER
from tests.labs import check_system, running
from tests.matrix.declared import as_declared
from tests.matrix.selection import shared

SYSTEM = Path(__file__).parent / "containers.toml"
FAULTS = [fault for name, fault in OTHERS.items() if name.startswith("container-") or name == "docker-closed"]


@pytest.fixture(scope="module")
def contained() -> Iterator[Announcement]:
    with running(("--target", str(SYSTEM))) as lab:
        yield lab


def test_a_healthy_one_conforms(contained: Announcement) -> None:
    stated = load(SYSTEM).facts.all()
    verdicts = {fact: finding.verdict for fact, finding in check_system(Path(contained.target)).items()}
    assert {fact for fact in stated if verdicts[fact] != Verdict.CONFORMANT} == set()
    assert CONTAINER in stated


@pytest.mark.parametrize("name", shared([fault.name for fault in FAULTS], 8))
def test_a_fault_does_what_it_is_declared_to(contained: Announcement, name: str) -> None:
    system = load(Path(contained.target))
    try:
        inflict(contained, [OTHERS[name]])
        found = check_system(system)
        as_declared(OTHERS[name], {fact: found[fact] for fact in system.facts.all()})
    finally:
        heal(contained)

"""The healthy lab of the matrix."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.traced import Traced
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.load import load
from spark_lab.announcement import Announcement


@pytest.fixture(scope="session")
def seen(healthy_lab: Announcement) -> Iterator[Traced]:
    """All that is to be seen of a healthy lab."""
    run = Traced(load(Path(healthy_lab.target)))
    assert {fact for fact, finding in findings_of(run).items() if finding.verdict != Verdict.CONFORMANT} == set()
    assert run.strays == set()
    yield run
    run.close()

"""The labs of the matrix."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures.facts.load import load
from fixtures.lab.announcement import Announcement
from fixtures.suite.evaluating import findings_of
from fixtures.suite.traced import Traced
from fixtures.suite.verdict import Verdict
from tests.labs import healthy_lab, lab, one_lab

__all__ = ["healthy_lab", "lab", "one_lab"]


@pytest.fixture(scope="session")
def seen(healthy_lab: Announcement) -> Iterator[Traced]:
    """All that is to be seen of a healthy lab."""
    run = Traced(load(Path(healthy_lab.target)))
    assert {fact for fact, finding in findings_of(run).items() if finding.verdict != Verdict.CONFORMANT} == set()
    assert run.strays == set()
    yield run
    run.close()

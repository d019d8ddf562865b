"""One lab a worker: broken, looked at, healed, again and again."""

from collections.abc import Iterator

import pytest

from fixtures.lab.announcement import Announcement, read
from fixtures.lab.faults import heal
from fixtures.suite.labprocess import LabProcess


@pytest.fixture(scope="session")
def one_lab() -> Iterator[Announcement]:
    process = LabProcess(())
    try:
        yield read(process.facts())
    finally:
        process.close()


@pytest.fixture
def lab(one_lab: Announcement) -> Iterator[Announcement]:
    """A healthy lab, healed again afterwards."""
    yield one_lab
    heal(one_lab)

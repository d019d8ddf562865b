"""Labs for tests: one a worker that is broken, looked at and healed again and again, and one that nobody breaks."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from fixtures.lab.announcement import Announcement, read
from fixtures.lab.faults import heal
from fixtures.suite.labprocess import LabProcess


@contextmanager
def running() -> Iterator[Announcement]:
    """A lab for as long as the context lasts."""
    process = LabProcess(())
    try:
        yield read(process.facts())
    finally:
        process.close()


@pytest.fixture(scope="session")
def one_lab() -> Iterator[Announcement]:
    """The worker's lab, as the last test left it."""
    with running() as lab:
        yield lab


@pytest.fixture
def lab(one_lab: Announcement) -> Iterator[Announcement]:
    """The worker's lab, healthy, and healed again afterwards."""
    yield one_lab
    heal(one_lab)


@pytest.fixture(scope="session")
def healthy_lab() -> Iterator[Announcement]:
    """A lab that nobody breaks."""
    with running() as lab:
        yield lab

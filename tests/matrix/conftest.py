"""One lab a worker for the whole matrix; and one that nobody breaks."""

from collections.abc import Iterator

import pytest

from fixtures.lab.announcement import Announcement, read
from fixtures.suite.labprocess import LabProcess
from tests.labs import lab, one_lab

__all__ = ["lab", "one_lab"]


@pytest.fixture(scope="session")
def healthy_lab() -> Iterator[Announcement]:
    """A lab that nobody breaks."""
    process = LabProcess(())
    try:
        yield read(process.facts())
    finally:
        process.close()

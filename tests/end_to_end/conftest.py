"""A lab that is kept for several runs."""

from collections.abc import Iterator

import pytest

from fixtures.lab.announcement import Announcement, read
from fixtures.suite.labprocess import LabProcess


@pytest.fixture(scope="module")
def kept_lab() -> Iterator[Announcement]:
    process = LabProcess(())
    try:
        yield read(process.facts())
    finally:
        process.close()

"""The machine that the tests of this package share."""

from collections.abc import Iterator

import pytest

from spark_lab.announcement import Announcement
from tests.labs import mend, running
from tests.machine import ON_MACHINE
from tests.matrix.looks import Looks


@pytest.fixture(scope="package")
def one_machine() -> Iterator[Announcement]:
    """A lab with a machine, as the last test left it."""
    with running(ON_MACHINE) as lab:
        yield lab


@pytest.fixture(scope="package")
def machine_looks(one_machine: Announcement) -> Iterator[Looks]:
    """The machine, as it was seen healthy."""
    looks = Looks(one_machine)
    yield looks
    looks.close()


@pytest.fixture
def machine(one_machine: Announcement, request: pytest.FixtureRequest) -> Iterator[Announcement]:
    """A lab with a machine, healthy, and healed again afterwards."""
    yield one_machine
    mend(one_machine, request)

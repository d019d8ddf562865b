"""A lab that is kept for several runs."""

from collections.abc import Iterator

import pytest

from spark_conformance.plugin.targets import lab_options
from spark_lab.announcement import Announcement
from tests.labs import running


@pytest.fixture(scope="session")
def kept_lab(pytestconfig: pytest.Config) -> Iterator[Announcement]:
    with running(lab_options(pytestconfig)) as lab:
        yield lab

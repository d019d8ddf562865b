"""A lab that is kept for several runs."""

from collections.abc import Iterator

import pytest

from fixtures.lab.announcement import Announcement
from tests.labs import running


@pytest.fixture(scope="module")
def kept_lab() -> Iterator[Announcement]:
    with running() as lab:
        yield lab

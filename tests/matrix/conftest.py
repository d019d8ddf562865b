"""The healthy lab of the matrix."""

import pytest

from spark_conformance.core.traced import Traced
from tests.matrix.looks import Looks


@pytest.fixture
def seen(looks: Looks) -> Traced:
    """All that is to be seen of the worker's lab while it is healthy."""
    return looks.healthy()

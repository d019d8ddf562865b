"""The stub host, for every test of what looks at a host."""

from pathlib import Path

import pytest

from tests.host.stubs import StubHost


@pytest.fixture
def stub(tmp_path: Path) -> StubHost:
    return StubHost(tmp_path)

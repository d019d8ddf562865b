"""One authority for all tests of HTTPS: making its key takes a while."""

import pytest

from spark_lab.authority import LabAuthority


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> LabAuthority:
    return LabAuthority(tmp_path_factory.mktemp("ca"))

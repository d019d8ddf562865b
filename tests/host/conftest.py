"""The stub host, for every test of what looks at a host."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.host.installation import Installation
from tests.host.stubs import StubHost


@pytest.fixture
def stub(tmp_path: Path) -> StubHost:
    return StubHost(tmp_path)


@pytest.fixture
def host_with(stub: StubHost, tmp_path: Path) -> Installation:
    return Installation(stub, tmp_path)


@pytest.fixture
def plain() -> Iterator[StubHost]:
    """A stub host for a user without privileges, with a directory `closed` that root alone may enter."""
    with TemporaryDirectory(prefix="spark-closed-", dir="/tmp") as place:
        Path(place).chmod(0o755)
        closed = Path(place, "closed")
        closed.mkdir()
        (closed / "there").write_text("secret")
        closed.chmod(0)
        stub = StubHost(Path(place))
        if os.geteuid() == 0:
            stub.backend.user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        yield stub
        closed.chmod(0o700)

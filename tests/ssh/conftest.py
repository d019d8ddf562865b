import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.facts.target import Ssh
from spark_conformance.ssh.connection import Connection
from tests.ssh.servers import KINDS, Server, StandIn, keys, target

Connect = Callable[..., Connection]
_NAPS = count()


@pytest.fixture(scope="session", params=list(KINDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A host that all tests share, of each kind."""
    yield from served(KINDS[request.param], tmp_path_factory.mktemp("host"))


@pytest.fixture(params=list(KINDS))
def own_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A host of the test's own, to be mistreated."""
    yield from served(KINDS[request.param], tmp_path)


@pytest.fixture(params=list(KINDS))
def noisy_server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A host whose profile talks on stdout and stderr, in part without a line's end."""
    yield from served(KINDS[request.param], tmp_path, 'echo "Welcome to ready 17"; echo oops >&2; printf unended;')


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A host where the kind of server does not matter."""
    yield from served(StandIn, tmp_path_factory.mktemp("stand-in"))


def served(kind: Any, files: Path, prelude: str = "") -> Iterator[Server]:
    keys(files)
    server = kind(files, prelude)
    yield server
    server.close()


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes connections that end with the test: `connect(server, …options of ssh_config)`, or `connect(target)`."""
    with ExitStack() as opened:

        def make(to: Any, timeout_s: float = 60, **options: str) -> Connection:
            way = to if isinstance(to, Ssh) else target(to, timeout_s, **options)
            return opened.enter_context(Connection(way))

        yield make


@pytest.fixture
def nap() -> str:
    """A command that sleeps for decades, and that no other test has, whoever else runs them on this machine."""
    return f"sleep 1{os.getpid():07}{next(_NAPS):02}"

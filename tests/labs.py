"""The lab for tests: one a worker, which is broken, looked at and healed again and again.

It is made as the suite's own options say (`--lab-host`, `--cloudflared`, `--ollama`), of stand-ins unless told: a
cloudflared that happens to be on PATH changes no test.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding
from spark_conformance.facts.load import SystemFile, load
from spark_conformance.plugin.targets import lab_options
from spark_conformance.programs.lab import LabProcess
from spark_lab.announcement import Announcement, read

if TYPE_CHECKING:
    from tests.matrix.looks import Looks

BROKEN_UNSEEN = set[str]()
"""The directories of labs of which another was made than was last seen: services that started anew."""
STARTED_ANEW: defaultdict[str, set[str]] = defaultdict(set)
"""By a lab's directory: the services that were started anew to heal it, whatever was broken, since a look asked last.

A connector that lost a connection, as on a busy machine, is not waited for.
"""
STAND_INS = ("--cloudflared", "stand-in")
"""What a lab of the tests is made of, unless they are told."""


@contextmanager
def running(options: Sequence[str] = ()) -> Iterator[Announcement]:
    """A lab for as long as the context lasts; `options` as for `python fixtures lab up`, of which the last holds."""
    process = LabProcess((), [*STAND_INS, *options])
    try:
        yield read(process.facts())
    finally:
        process.close()


def check_system(system: Path | SystemFile) -> dict[str, Finding]:
    """Judge every fact of a target; findings by fact."""
    run = Run(load(system) if isinstance(system, Path) else system)
    try:
        return findings_of(run)
    finally:
        run.close()


@pytest.fixture(scope="session")
def one_lab(pytestconfig: pytest.Config) -> Iterator[Announcement]:
    """The worker's lab, as the last test left it: healthy, for whoever breaks nothing."""
    with running(lab_options(pytestconfig)) as lab:
        yield lab


@pytest.fixture
def lab(one_lab: Announcement, request: pytest.FixtureRequest) -> Iterator[Announcement]:
    """The worker's lab, healthy, and healed again afterwards."""
    yield one_lab
    mend(one_lab, request)


def heal(lab: Announcement) -> None:
    """Bring a lab wholly back to health."""
    from spark_lab.faults import restored  # takes a second, which a test of a parser has no use for

    STARTED_ANEW[lab.directory].update(unit.removesuffix(".service") for unit in restored(lab)["anew"])


def mend(lab: Announcement, request: pytest.FixtureRequest) -> None:
    """Heal a lab after a test, and note where nobody told what the test touched."""
    heal(lab)
    if not any(name.endswith("looks") for name in request.fixturenames):
        BROKEN_UNSEEN.add(lab.directory)


@pytest.fixture(scope="session")
def looks(one_lab: Announcement) -> "Iterator[Looks]":
    """The worker's lab, which is broken, as it was seen healthy."""
    from tests.matrix.looks import Looks  # the checks and the faults, which take a second

    looks = Looks(one_lab)
    yield looks
    looks.close()

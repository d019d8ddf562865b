"""An operator's checks: what they look at here is a file, so that the example needs no system."""

import json
from dataclasses import dataclass
from pathlib import Path

import pytest

from spark_conformance.core.judging import Judge
from spark_conformance.core.run import Run, observation
from spark_conformance.core.verdict import Unreachable


@dataclass(frozen=True)
class Backups:
    """What the backup's own log says of its last run."""

    age_h: float
    place: str


@observation
def backups(run: Run) -> Backups:
    """The last backup. Raises Unreachable where its log cannot be read."""
    try:
        return Backups(**json.loads(Path("backups.json").read_text(encoding="utf-8")))
    except OSError as error:
        raise Unreachable("backups.json", f"backups.json cannot be read ({error.strerror}): run the backup") from None


@pytest.mark.fact("own.backup_age_h")
def test_backup_age(judge: Judge, backups: Backups) -> None:
    """The last backup is too old. Start it by hand, and look into its log."""
    judge(backups.age_h)


@pytest.mark.fact("own.backup_place")
def test_backup_place(judge: Judge, backups: Backups) -> None:
    """The last backup is somewhere else."""
    judge(backups.place)


@pytest.mark.fact("own.banner")
def test_banner(judge: Judge) -> None:
    """The login shows no banner, or another one."""
    judge.show("the banner", "Welcome")
    judge(("welcome",))


def test_beside_the_checks() -> None:
    """A test of something else, which stands in the same module."""
    assert Backups(1, "nas").place == "nas"

"""The suite as its users run it: a process of its own, against a lab of its own or one that is kept."""

import gzip
import json
import os
import subprocess
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from spark_conformance.core.run import OBSERVATIONS
from spark_lab.announcement import Announcement
from spark_lab.faults.bench import Bench
from tests import warm

PROJECT = Path(__file__).parents[2]
PATIENCE_S = 300
LEAN = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""Without a cache in the checkout, and without what users have none of and what costs each run a second."""


@dataclass(frozen=True)
class Session:
    """How a run ended, and what it printed and wrote."""

    code: int
    out: str
    reports: Path

    @property
    def written(self) -> str:
        """Everything that the run left: its output and all its reports."""
        files = sorted(path for path in self.reports.rglob("*") if path.is_file())
        return "\n".join([self.out, *map(_text, files)])


def _text(path: Path) -> str:
    data = path.read_bytes()
    return (gzip.decompress(data) if path.suffix == ".gz" else data).decode()


def project(place: Path) -> Path:
    """A checkout whose reports are its own: the code by links, so that runs side by side share nothing else."""
    for name in ("checks", "fixtures", "conftest.py", "pyproject.toml"):
        (place / name).symlink_to(PROJECT / name)
    return place


def check(place: Path, *options: str, environment: Mapping[str, str] | None = None) -> Session:
    """Run `pytest checks/` in a checkout made by `project`."""
    command = [warm.python(), "-m", "pytest", *LEAN, "checks/", *options]
    done = subprocess.run(
        command, cwd=place, env={**os.environ, **(environment or {})}, stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=PATIENCE_S, check=False,
    )  # fmt: skip
    return Session(done.returncode, done.stdout + done.stderr, place / "reports")


def check_here(pytester: pytest.Pytester, *options: str) -> Session:
    """Run it in this process, in pytester's directory: where that the suite is imported anew is not what is tested."""
    place = pytester.path if (pytester.path / "checks").exists() else project(pytester.path)
    with patch.dict(OBSERVATIONS), warm.beginning() if "-n" in options else nullcontext():
        ran = pytester.runpytest_inprocess(*LEAN, "checks/", *options, no_reraise_ctrlc=True)
    return Session(int(ran.ret), ran.stdout.str() + ran.stderr.str(), place / "reports")


def findings(place: Path) -> list[dict[str, Any]]:
    """What a run in a checkout found."""
    results = json.loads((place / "reports/results.json").read_text())
    return [finding for target in results["targets"] for finding in target["findings"]]


def counted(lab: Announcement) -> dict[str, Any]:
    """What a lab counted so far."""
    bench = Bench(lab)
    try:
        return bench.switch("seen")
    finally:
        bench.close()

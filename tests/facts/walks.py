"""The walks of CONTRIBUTING.md in a copy of the tree: the copy, a run of its own code, the files that a walk names."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

from tests import warm

PROJECT = Path(__file__).parents[2]
PATIENCE_S = 240


def copied(place: Path, folders: Iterable[str]) -> Path:
    """What a run of the checks needs, and these folders beside it, in an empty directory."""
    for name in ("checks", "fixtures", *folders):  # compiled, but for what is just being written
        shutil.copytree(PROJECT / name, place / name, ignore=shutil.ignore_patterns("*.pyc.*"))
    for name in ("conftest.py", "pyproject.toml"):
        shutil.copy(PROJECT / name, place / name)
    return place


def run(copy: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A run of pytest in the copy, of its code alone."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [warm.python(), "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-q", *options],
        cwd=copy, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip


def files_of(title: str) -> list[str]:
    """The files that the steps of a walk begin with, as CONTRIBUTING.md names them."""
    section = (PROJECT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition(f"\n## {title}\n")[2]
    return re.findall(r"^\d\. `([^`]+)`", section.partition("\n## ")[0], re.MULTILINE)

"""Which tests run which line: coverage.py's contexts, taken once a room, so that a mutant costs only its own tests."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from coverage import CoverageData

from tests.mutants.made import Mutant

SETTINGS = "[run]\ndynamic_context = test_function\nsource = fixtures, checks\ndata_file = {data}\n"


def seen_by(tests: tuple[str, ...], folder: Path) -> list[CoverageData]:
    """What the tests below each of these paths ran, in a copy of the tree; each path is run once for all rooms.

    Raises subprocess.CalledProcessError where they do not pass: then nothing can be said of mutants.
    """
    return [_seen_by(path, folder) for path in tests]


def _seen_by(tests: str, folder: Path) -> CoverageData:
    name = tests.replace("/", "-")
    data, settings = folder / f"coverage-{name}", folder / f"coverage-{name}.ini"
    if not settings.exists():
        settings.write_text(SETTINGS.format(data=data), encoding="utf-8")
        command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-q", tests]
        env = {**os.environ, "COVERAGE_CORE": "ctrace", "PYTHONPATH": ""}  # the newer core has no contexts
        subprocess.run([*command, "-p", "no:cacheprovider"], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    seen = CoverageData(str(data))
    seen.read()
    return seen


def tests_of(mutant: Mutant, seen: Iterable[CoverageData], folder: Path) -> tuple[str, ...]:
    """The tests that run a mutant's line, as pytest takes them; none where only an import or a fixture does."""
    ran = (one.contexts_by_lineno(str(folder / mutant.path)).get(mutant.line, []) for one in seen)
    return tuple(sorted({node_of(context) for contexts in ran for context in contexts if context}))


def node_of(context: str) -> str:
    """`tests.host.test_units.test_x` as `tests/host/test_units.py::test_x`."""
    module, _, function = context.rpartition(".")
    return f"{module.replace('.', '/')}.py::{function}"

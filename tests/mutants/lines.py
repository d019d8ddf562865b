"""Which tests run which line: coverage.py's contexts, taken once a room, so that a mutant costs only its own tests."""

import os
import subprocess
import sys
from pathlib import Path

from coverage import CoverageData

from tests.mutants.made import Mutant
from tests.mutants.rooms import Room

SETTINGS = "[run]\ndynamic_context = test_function\nsource = fixtures, checks\ndata_file = {data}\n"


def seen_by(room: Room, folder: Path) -> CoverageData:
    """Run a room's tests in a copy of the tree and note what each ran.

    Raises subprocess.CalledProcessError where they do not pass: then nothing can be said of mutants.
    """
    data, settings = folder / f"coverage-{room.name}", folder / f"coverage-{room.name}.ini"
    settings.write_text(SETTINGS.format(data=data), encoding="utf-8")
    command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-q", *room.tests]
    env = {**os.environ, "COVERAGE_CORE": "ctrace", "PYTHONPATH": ""}  # the newer core has no contexts
    subprocess.run([*command, "-p", "no:cacheprovider"], cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    seen = CoverageData(str(data))
    seen.read()
    return seen


def tests_of(mutant: Mutant, seen: CoverageData, folder: Path) -> tuple[str, ...]:
    """The tests that run a mutant's line, as pytest takes them; none where only an import or a fixture does."""
    contexts = seen.contexts_by_lineno(str(folder / mutant.path)).get(mutant.line, [])
    return tuple(sorted({node_of(context) for context in contexts if context}))


def node_of(context: str) -> str:
    """`tests.host.test_units.test_x` as `tests/host/test_units.py::test_x`."""
    module, _, function = context.rpartition(".")
    return f"{module.replace('.', '/')}.py::{function}"

"""Which tests run which line: coverage.py's contexts, taken once a room, so that a mutant costs only its own tests."""

import ast
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

from coverage import CoverageData

from tests.mutants.made import Mutant

SETTINGS = "[run]\nsource = fixtures, checks\ndata_file = {data}\n"
MOST = 60
"""Up to so many tests are named with their parameters; of more, the functions."""


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
        command += ["-p", "no:cacheprovider", "-p", "tests.mutants.contexts"]
        subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    seen = CoverageData(str(data))
    seen.read()
    return seen


def tests_of(mutant: Mutant, seen: Iterable[CoverageData], folder: Path) -> tuple[str, ...] | None:
    """The tests that run a mutant's line, as pytest takes them.

    Empty where only an import runs it, None where nothing does.
    """
    file = folder / mutant.path
    lines = statement(file.read_text(encoding="utf-8"), mutant.line)
    ran = [one.contexts_by_lineno(str(file)).get(line, []) for one in seen for line in lines]
    found = sorted({context for contexts in ran for context in contexts if context})
    if len(found) > MOST:
        found = sorted({node.partition("[")[0] for node in found})
    return tuple(found) if any(ran) else None


def statement(source: str, line: int) -> range:
    """The lines of the statement that a line is part of; of a compound one those before its body."""
    found = range(0)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.stmt):
            body = getattr(node, "body", None)
            last = body[0].lineno - 1 if body else node.end_lineno or node.lineno
            own = range(node.lineno, max(last, node.lineno) + 1)
            found = own if line in own else found  # what is within comes later
    return found or range(line, line + 1)

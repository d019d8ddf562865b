"""Which tests run which line, and how long they take: taken once a room, so that a mutant costs only its own tests."""

import ast
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from coverage import CoverageData

from tests.mutants.contexts import TOOK
from tests.mutants.made import Mutant
from tests.mutants.trying import Round

SETTINGS = "[run]\nsource = fixtures, checks\ndata_file = {data}\n"
MOST = 60
"""Up to so many tests are named with their parameters; of more, the functions."""


@dataclass(frozen=True)
class Seen:
    """What some tests ran, and how many seconds each took, by node id."""

    ran: CoverageData
    took_s: dict[str, float]


def seen_by(tests: tuple[str, ...], folder: Path) -> list[Seen]:
    """What the tests below each of these paths ran, in a copy of the tree; each path is run once for all rooms.

    Raises subprocess.CalledProcessError where they do not pass: then nothing can be said of mutants.
    """
    return [_seen_by(path, folder) for path in tests]


def _seen_by(tests: str, folder: Path) -> Seen:
    name = tests.replace("/", "-")
    data, settings, took = (folder / f"coverage-{name}{end}" for end in ("", ".ini", ".json"))
    if not settings.exists():
        settings.write_text(SETTINGS.format(data=data), encoding="utf-8")
        command = [sys.executable, "-m", "coverage", "run", f"--rcfile={settings}", "-m", "pytest", "-q", tests]
        env = {**os.environ, TOOK: str(took), "PYTHONPATH": ""}
        env["COVERAGE_CORE"] = "ctrace"  # the newer core has no contexts
        command += ["-p", "no:cacheprovider", "-p", "tests.mutants.contexts"]
        subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL)
    ran = CoverageData(str(data))
    ran.read()
    return Seen(ran, json.loads(took.read_text(encoding="utf-8")))


def tests_of(mutant: Mutant, seen: Iterable[Seen], folder: Path) -> Round | None:
    """The tests that run a mutant's line, as pytest takes them, the quickest first: most mutants need no other.

    All tests where only an import runs it, None where nothing does.
    """
    file = folder / mutant.path
    lines = statement(file.read_text(encoding="utf-8"), mutant.line)
    took = {node: seconds for one in seen for node, seconds in one.took_s.items()}
    ran = [one.ran.contexts_by_lineno(str(file)).get(line, []) for one in seen for line in lines]
    if not any(ran):
        return None
    nodes = {context for contexts in ran for context in contexts if context} or set(took)
    found: defaultdict[str, float] = defaultdict(float)
    for node in sorted(nodes):
        found[node.partition("[")[0] if len(nodes) > MOST else node] += took.get(node, 0.0)
    return Round(tuple(sorted(found, key=lambda node: found[node])), sum(found.values()))


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

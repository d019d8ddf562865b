"""Tests that take turns: a run of all tests makes a day's fifth of those of what stands in for something else, and of
what begins with a copy of the tree.

What the lab is made of is proven by the matrix in each run, and changes seldom. They are all made where their folder is
asked for by name, where the change has to do with them (`FAULTS_SINCE`, as for faults), and at night (`TURNS=all`).
"""

import os
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from zlib import crc32

import pytest

from tests.day import DAY

HERE = Path(__file__).parent
SHARES = 5
_WALKED = ("fixtures/spark_conformance/facts/", "fixtures/spark_conformance/remediation/", "checks/", "tests/facts/")
ROOMS = {
    "tests/lab/": ("fixtures/spark_lab/", "tests/lab/", "tests/labs.py"),
    "tests/contract/": ("fixtures/spark_lab/", "tests/contract/"),
    "tests/strangers/": ("fixtures/spark_lab/", "tests/strangers/", "requirements"),
    "tests/facts/test_new_fact.py::test_a_new_fact_fails": (*_WALKED, "fixtures/spark_lab/faults/"),
    "tests/facts/test_new_fact.py::test_what_is_held": (*_WALKED, "tests/remediation/"),
    "tests/facts/test_new_kind.py::test_a_kind_of_new_files": (
        *_WALKED,
        "fixtures/spark_conformance/services/",
        "fixtures/spark_conformance/diagnosis/",
        "fixtures/spark_lab/service/",
    ),
    "tests/workflows/test_conformance.py::test_": (".github/workflows/", "tests/workflows/"),
    **dict.fromkeys(
        (f"tests/package/test_wheel.py::test_{name}" for name in ("own_facts", "without", "remediation", "other")),
        ("tests/package/", "pyproject.toml", "setup.py", "checks/", "fixtures/spark_conformance/plugin/__init__.py"),
    ),
}
"""Where tests take turns, and what a change would have to touch for all of them to be made."""


def taking_turns(files: Iterable[str]) -> tuple[str, ...]:
    """The rooms whose tests take turns in a change of these files."""
    touched = list(files)
    return tuple(room for room, places in ROOMS.items() if not any(name.startswith(places) for name in touched))


def its_turn(node: str, today: date) -> bool:
    """Whether it is a test's day. Those of one module that is prepared for long have the same."""
    module = node.partition("::")[0]
    name = node if f"{module}::" not in "".join(ROOMS) else module
    return (crc32(name.encode()) + today.toordinal()) % SHARES == 0


def everywhere(words: Sequence[str], place: Path) -> bool:
    """Whether a run is of all tests, and not of those of a folder or a file."""
    asked = [(place / word.partition("::")[0]).resolve() for word in words]
    return any(path == HERE or path in HERE.parents for path in asked)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("TURNS") == "all" or not everywhere(config.args, config.invocation_params.dir):
        return
    from tests.matrix.changed import changed_files  # takes a second, which a run of a folder's tests does without

    rooms, today = taking_turns(changed_files()), date.fromisoformat(os.environ[DAY])
    later = [item for item in items if item.nodeid.startswith(rooms) and not its_turn(item.nodeid, today)]
    if later:
        config.hook.pytest_deselected(items=later)
        left = set(later)
        items[:] = [item for item in items if item not in left]

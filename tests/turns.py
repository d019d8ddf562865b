"""Tests that take turns: a run of all tests makes a day's share of those of what stands in for something else, of the
Python that tests start, of what begins with a copy of the tree, and of whole remediations and runs on a lab.

What the lab is made of is proven by the matrix in each run, and changes seldom; what a remedy plans and writes is
proven without a lab. They are all made where their folder is asked for by name, where the change has to do with them
(`FAULTS_SINCE`, as for faults), and at night (`TURNS=all`).
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zlib import crc32

import pytest

from tests.day import DAY

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Room:
    """Tests that take turns: so many days make them all, unless a change is of one of these places."""

    places: tuple[str, ...]
    days: int = 7
    together: bool = False
    """Whether those of a module have the same day: what they share is prepared for long."""


_WALKED = ("fixtures/spark_conformance/facts/", "fixtures/spark_conformance/remediation/", "checks/", "tests/facts/")
_WHEEL = ("tests/package/", "pyproject.toml", "setup.py", "checks/", "fixtures/spark_conformance/plugin/__init__.py")
_LAB = "fixtures/spark_lab/"
_REMEDIED = Room(("fixtures/spark_conformance/remediation/", _LAB, "tests/remediation/"))
_RUN = Room(("fixtures/", "checks/", "conftest.py", "pyproject.toml", "tests/end_to_end/"), 3)
ROOMS = {
    "tests/lab/": Room((_LAB, "tests/lab/", "tests/labs.py")),
    "tests/contract/": Room((_LAB, "tests/contract/")),
    "tests/strangers/": Room((_LAB, "tests/strangers/", "requirements")),
    "tests/warm/": Room(("tests/warm/", "requirements")),
    "tests/machine/": Room((_LAB, "fixtures/spark_conformance/host/", "tests/machine/")),
    "tests/facts/test_new_fact.py::test_a_new_fact_fails": Room((*_WALKED, f"{_LAB}faults/"), together=True),
    "tests/facts/test_new_fact.py::test_what_is_held": Room((*_WALKED, "tests/remediation/"), together=True),
    "tests/facts/test_new_kind.py::test_a_kind_of_new_files": Room(
        (
            *_WALKED,
            "fixtures/spark_conformance/services/",
            "fixtures/spark_conformance/diagnosis/",
            f"{_LAB}service/",
        ),
        together=True,
    ),
    "tests/workflows/test_conformance.py::test_": Room((".github/workflows/", "tests/workflows/"), together=True),
    **dict.fromkeys(
        (f"tests/package/test_wheel.py::test_{name}" for name in ("own_facts", "without", "remediation", "other")),
        Room(_WHEEL, together=True),
    ),
    **dict.fromkeys(
        (
            f"tests/remediation/test_{name}.py::test_"
            for name in ("api_remedies", "command", "healing", "host_remedies", "interrupted", "runs", "strangers")
        ),
        _REMEDIED,
    ),
    "tests/remediation/worlds/test_worlds.py::test_a_remediation_opens_nothing": _REMEDIED,
    **dict.fromkeys(
        (
            f"tests/end_to_end/{name}"
            for name in (
                "test_canaries.py::test_whatever_leaks", "test_canaries.py::test_the_lab_announces",
                "test_runs.py::test_ctrl_c", "test_runs.py::test_killed", "test_runs.py::test_workers",
            )
        ),
        _RUN,
    ),
}  # fmt: skip
"""Where tests take turns, by how their names begin."""


def taking_turns(files: Iterable[str]) -> tuple[str, ...]:
    """The rooms whose tests take turns in a change of these files."""
    touched = list(files)
    return tuple(name for name, room in ROOMS.items() if not any(path.startswith(room.places) for path in touched))


def its_turn(node: str, room: Room, today: date) -> bool:
    """Whether it is a test's day: one of so many, and of the next so many not always the same.

    So it comes to each of the samples that other days try of it.
    """
    name = node.partition("::")[0] if room.together else node
    round_, day = divmod(today.toordinal(), room.days)
    return crc32(f"{name} {round_}".encode()) % room.days == day


def everywhere(words: Sequence[str], place: Path) -> bool:
    """Whether a run is of all tests, and not of those of a folder or a file."""
    asked = [(place / word.partition("::")[0]).resolve() for word in words]
    return any(path == HERE or path in HERE.parents for path in asked)


def waiting(nodes: Iterable[str], files: Iterable[str], today: date) -> set[str]:
    """Those of these tests that a run of all leaves to other days, in a change of these files."""
    rooms = taking_turns(files)
    found = ((node, next(room for room in rooms if node.startswith(room))) for node in nodes if node.startswith(rooms))
    return {node for node, room in found if not its_turn(node, ROOMS[room], today)}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("TURNS") == "all" or not everywhere(config.args, config.invocation_params.dir):
        return
    from tests.matrix.changed import changed_files  # takes a second, which a run of a folder's tests does without

    others = waiting((item.nodeid for item in items), changed_files(), date.fromisoformat(os.environ[DAY]))
    if later := [item for item in items if item.nodeid in others]:
        config.hook.pytest_deselected(items=later)
        items[:] = [item for item in items if item.nodeid not in others]

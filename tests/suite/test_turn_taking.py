"""Tests that take turns: so many days make them all, a change makes those that it has to do with."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.turns import HERE, ROOMS, SHARES, everywhere, its_turn, taking_turns

PROJECT = HERE.parent


def test_so_many_days_make_each_test_once() -> None:
    days = [date(2026, 11, 27) + timedelta(days=number) for number in range(SHARES)]
    for node in ("tests/lab/test_web.py::test_a", "tests/lab/test_web.py::test_b[1]", "tests/contract/test_x.py::test"):
        assert [its_turn(node, day) for day in days].count(True) == 1
    one, other = (f"tests/package/test_wheel.py::test_{name}" for name in ("own_facts", "without"))
    assert [its_turn(one, day) for day in days] == [its_turn(other, day) for day in days]


def test_a_change_makes_all_tests_of_what_it_touches() -> None:
    assert taking_turns([]) == tuple(ROOMS)
    assert taking_turns(["README.md", "fixtures/spark_conformance/core/run.py"]) == tuple(ROOMS)
    assert not {"tests/lab/", "tests/contract/"} & {*taking_turns(["fixtures/spark_lab/lab.py"])}
    assert {*ROOMS} - {*taking_turns(["tests/contract/bench.py"])} == {"tests/contract/"}


@pytest.mark.parametrize(
    ("words", "place", "whole"),
    [
        (["tests/"], PROJECT, True),
        (["checks", "tests"], PROJECT, True),
        (["."], PROJECT, True),
        (["lab/test_web.py", "."], HERE, True),
        (["tests/lab"], PROJECT, False),
        (["tests/lab/test_web.py::test_a"], PROJECT, False),
        (["checks"], PROJECT, False),
    ],
)
def test_they_are_all_made_where_their_folder_is_named(words: list[str], place: Path, *, whole: bool) -> None:
    assert everywhere(words, place) is whole


def test_the_rooms_are_there() -> None:
    for room in ROOMS:
        path, _, name = room.partition("::")
        assert (PROJECT / path).exists()
        assert f"def {name}" in (PROJECT / path).read_text() if name else (PROJECT / path).is_dir()

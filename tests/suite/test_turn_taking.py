"""Tests that take turns: so many days make them all, a change makes those that it has to do with."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.turns import HERE, ROOMS, Room, everywhere, its_turn, taking_turns, waiting

PROJECT = HERE.parent


FIRST = date(2026, 11, 27)


def rounds(room: Room, number: int) -> list[list[date]]:
    """So many rounds of a room's days, each from its first day."""
    first = FIRST.toordinal() // room.days * room.days
    return [
        [date.fromordinal(first + (round_ * room.days) + day) for day in range(room.days)] for round_ in range(number)
    ]


@pytest.mark.parametrize("name", ROOMS)
def test_so_many_days_make_each_test_once(name: str) -> None:
    room = ROOMS[name]
    for node in (f"{name}test_web.py::test_a", f"{name}test_web.py::test_b[1]"):
        turns = [[its_turn(node, room, day) for day in days] for days in rounds(room, 80)]
        assert {days.count(True) for days in turns} == {1}
        assert {days.index(True) for days in turns} == set(range(room.days)), (
            "a sample of even days would be tried never"
        )


def test_what_is_prepared_for_a_module_is_prepared_on_one_day() -> None:
    one, other = (f"tests/package/test_wheel.py::test_{name}" for name in ("own_facts", "without"))
    room = ROOMS[one]
    assert all(its_turn(one, room, day) == its_turn(other, room, day) for day in rounds(room, 1)[0])


def test_what_waits_is_of_rooms_alone_and_the_days_of_a_round_make_the_whole() -> None:
    taken = [f"{name}test_x.py::test_{number}" for name in ROOMS for number in range(30)]
    nodes = {*taken, "tests/matrix/test_faults.py::test_x"}
    days = [FIRST + timedelta(days=number) for number in range(2 * max(room.days for room in ROOMS.values()))]
    assert set[str]().union(*(nodes - waiting(nodes, [], day) for day in days)) == nodes
    assert all(set() < waiting(nodes, [], day) < set(taken) for day in days)
    assert waiting(nodes, [place for room in ROOMS.values() for place in room.places], FIRST) == set()


def test_a_change_makes_all_tests_of_what_it_touches() -> None:
    assert taking_turns([]) == tuple(ROOMS)
    runs = {name for name in ROOMS if name.startswith("tests/end_to_end/")}
    assert {*ROOMS} - {*taking_turns(["README.md", "fixtures/spark_conformance/core/run.py"])} == runs
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

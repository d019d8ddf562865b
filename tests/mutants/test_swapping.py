"""A change put into functions that are there already."""

from types import FunctionType
from typing import Any

import pytest

from tests.mutants.swapping import functions, place, swap, swaps

PATH = "some/where.py"
BEFORE = """
from functools import cache

LIMIT = 3
TABLE = (lambda a: a > LIMIT, str)

class Box:
    size: int = 0

    def fits(self, others):
        return [one for one in others if (lambda a: a < 9)(one)]

def outer(a):
    def inner(b):
        return a + b
    return inner

add_two = outer(2)

@cache
def half(a):
    return a / 2
"""


def there(source: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    exec(compile(source, PATH, "exec"), made)  # noqa: S102 - a module of our own
    return made


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("a > LIMIT", "a >= LIMIT", lambda made: made["TABLE"][0](3)),
        ("a < 9", "a <= 9", lambda made: made["Box"]().fits([9]) == [9]),
        ("if (lambda", "if not (lambda", lambda made: made["Box"]().fits([10]) == [10]),
        ("a / 2", "a / 3", lambda made: made["half"](3) == 1),
        ("a + b", "a - b", lambda made: (made["outer"](2)(1), made["add_two"](1)) == (1, 1)),
    ],
    ids=[
        "in a table",
        "within a comprehension",
        "a comprehension's own",
        "one that keeps its results",
        "a function that was made before",
    ],
)
def test_a_functions_change_is_put_where_it_is(old: str, new: str, told: Any) -> None:
    made = there(BEFORE)
    assert not told(made)
    wanted = swaps(BEFORE, BEFORE.replace(old, new), PATH)
    swap(wanted, functions())
    assert told(made)


@pytest.mark.parametrize(
    ("old", "new"),
    [("size: int = 0", "size: int = 1"), ("LIMIT = 3", "LIMIT = 4"), ("outer(2)", "outer(3)")],
)
def test_what_cannot_be_put_anywhere_is_told(old: str, new: str) -> None:
    assert swaps(BEFORE, BEFORE.replace(old, new), PATH) == []


def test_functions_are_found_by_the_place_of_their_code() -> None:
    made = there(BEFORE)
    found = [one for one in functions()[place(made["outer"].__code__)] if one is made["outer"]]
    assert found == [made["outer"]]
    assert isinstance(found[0], FunctionType)

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


def there(source: str, path: str = PATH) -> dict[str, Any]:
    made: dict[str, Any] = {}
    exec(compile(source, path, "exec"), made)  # noqa: S102 - a module of our own
    return made


CHANGES: dict[str, tuple[str, str, Any]] = {
    "in a table": ("a > LIMIT", "a >= LIMIT", lambda made: made["TABLE"][0](3)),
    "within a comprehension": ("a < 9", "a <= 9", lambda made: made["Box"]().fits([9]) == [9]),
    "a comprehension's own": ("if (lambda", "if not (lambda", lambda made: made["Box"]().fits([10]) == [10]),
    "one that keeps its results": ("a / 2", "a / 3", lambda made: made["half"](3) == 1),
    "a function that was made before": (
        "a + b", "a - b", lambda made: (made["outer"](2)(1), made["add_two"](1)) == (1, 1)
    ),
}  # fmt: skip


def test_a_functions_change_is_put_where_it_is() -> None:
    modules = {name: there(BEFORE, name) for name in CHANGES}
    told = {name: tell for name, (_, _, tell) in CHANGES.items()}
    assert [name for name, made in modules.items() if told[name](made)] == []
    wanted = [one for name, (old, new, _) in CHANGES.items() for one in swaps(BEFORE, BEFORE.replace(old, new), name)]
    swap(wanted, functions())  # all at once: each looks through all that there is
    assert [name for name, made in modules.items() if not told[name](made)] == []


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

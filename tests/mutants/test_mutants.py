import os
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.day import DAY
from tests.mutants import __main__ as mutating
from tests.mutants.__main__ import drawn
from tests.mutants.explained import explained
from tests.mutants.lines import statement
from tests.mutants.made import Mutant, mutants
from tests.mutants.rooms import ROOMS, ROOT

PLACE = Path("fixtures/some.py")


def made(source: str, operator: str) -> list[str]:
    """What one operator makes of a source."""
    return [mutant.code(source) for mutant in mutants(PLACE, source) if mutant.operator == operator]


@pytest.mark.parametrize(
    ("operator", "source", "mutated"),
    [
        ("SwapCall", "x = min(a, b)\n", "x = max(a, b)\n"),
        ("SwapCall", "x = all(a)\n", "x = any(a)\n"),
        ("DropFilter", "x = [a for a in b if a > 3]\n", "x = [a for a in b]\n"),
        ("DropCall", "x = f(a.strip(), 1)\n", "x = f(a, 1)\n"),
        ("DropCall", "x = a.removeprefix('v').b\n", "x = a.b\n"),
        (
            "ExceptionReplacer",
            "try:\n    f()\nexcept (a.Error, OSError):\n    pass\n",
            "try:\n    f()\nexcept (a.Error, CosmicRayTestingException):\n    pass\n",
        ),
        ("ReplaceComparisonOperator_Gt_GtE", "x = a > b\n", "x = a >= b\n"),
        ("ReplaceAndWithOr", "x = a and b\n", "x = a or b\n"),
    ],
)
def test_an_operator_changes_one_thing(operator: str, source: str, mutated: str) -> None:
    assert made(source, operator) == [mutated]


@pytest.mark.parametrize(
    ("operator", "source"),
    [
        (
            "ReplaceBinaryOperator_BitOr_BitAnd",
            "def f(a: int | None) -> A | B:\n    b: C | D = a\n",
        ),
        ("NumberReplacer", "PATIENCE_S = 60.0\n"),
        ("SwapCall", "x = min\n"),
        ("ExceptionReplacer", "try:\n    f()\nexcept a.Error:\n    pass\n"),
        ("ReplaceBinaryOperator_Mul_Div", "def f(a, *, b=1):\n    return g(*a, **b)\n"),
        ("ReplaceTrueWithFalse", "for x in zip(a, b, strict=True):\n    pass\n"),
        ("AddNot", "if TYPE_CHECKING:\n    from a import A\n"),
    ],
)
def test_annotations_and_settings_are_no_decisions(operator: str, source: str) -> None:
    assert made(source, operator) == []


def test_a_mutant_keeps_its_name_while_its_line_does() -> None:
    before = {mutant.id for mutant in mutants(PLACE, "x = a > b\ny = a > b\n")}
    after = {mutant.id for mutant in mutants(PLACE, "import sys\n\nx = a > b\nz = 1\ny = a > b\n")}
    assert before < after


def test_a_sample_is_the_same_each_time_and_another_by_another_seed() -> None:
    all_of = list(mutants(PLACE, "x = a > b\n" * 50))
    one, other = drawn(all_of, 5, "2026-11-27"), drawn(all_of, 5, "2026-11-28")
    assert one == drawn(all_of[::-1], 5, "2026-11-27")
    assert one != other
    assert len({*one, *other, *drawn(all_of, 5, "")}) > 5
    assert set(drawn(all_of, None, "2026-11-27")) == set(all_of)


def test_a_run_keeps_to_the_samples_of_the_day_on_which_it_began(monkeypatch: pytest.MonkeyPatch) -> None:
    days: list[str | None] = []

    def run(*_: object) -> int:
        days.append(os.environ.get(DAY))
        return 0

    monkeypatch.delenv(DAY)
    monkeypatch.setattr(sys, "argv", ["python -m tests.mutants"])
    monkeypatch.setattr(mutating, "_run", run)
    mutating.main()
    assert days == [str(datetime.now(UTC).date())]
    monkeypatch.setenv(DAY, "2026-11-20")
    mutating.main()
    assert days[1:] == ["2026-11-20"]


def test_a_mutant_of_a_check_knows_its_fact() -> None:
    source = '@pytest.mark.fact("dns.ttl")\ndef test_ttl(judge):\n    judge(min(ttls))\n'
    assert {mutant.fact for mutant in mutants(PLACE, source)} == {"dns.ttl"}


def test_what_changes_nothing_is_told() -> None:
    with pytest.raises(ValueError, match=r"changes nothing in fixtures/some\.py:1"):
        Mutant(str(PLACE), "AddNot", 7, 1, "x = 1", 0).code("x = 1\n")


def test_a_line_is_run_by_what_runs_its_statement() -> None:
    source = "x = f(\n    1,\n    2,\n)\nif (\n    x\n):\n    y = 1\n    z = 2\n"
    assert [list(statement(source, line)) for line in (1, 3, 6, 8)] == [[1, 2, 3, 4], [1, 2, 3, 4], [5, 6, 7], [8]]


def test_rooms_have_files_and_tests() -> None:
    assert [pattern for room in ROOMS for pattern in room.sources if not list(ROOT.glob(pattern))] == []
    assert [path for room in ROOMS for path in room.tests if not (ROOT / path).exists()] == []


def test_what_is_explained_is_there() -> None:
    """A line that is gone takes its explanation with it."""
    rows = explained().values()
    known = {m.id for path in {row.path for row in rows} for m in mutants(Path(path), (ROOT / path).read_text())}
    assert {row.id for row in rows} - known == set()

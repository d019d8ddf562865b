"""Conditions as GitHub reads them, told from the file alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.repository.conditions import Told, both, either, outlives, told

PUSH = {"github.event_name": "push", "github.ref": "refs/heads/main", "inputs.*": None}


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        (None, True),
        ("", True),
        (True, True),
        (False, False),
        (0, False),
        ("${{ false }}", False),
        ("!true", False),
        ("${{ false }} && true", True),  # a text with something in it
        ("github.event_name == 'Push'", True),
        ("github.event_name == 'never'", False),
        ("github['event_name'] != 'push'", False),
        ("github.ref == 'refs/heads/main' && github.event_name == 'push'", True),
        ("startsWith(github.ref, 'refs/tags/')", False),
        ("endsWith(github.ref, '/MAIN')", True),
        ("contains(github.ref, 'heads')", True),
        ("inputs.deploy", False),
        ("inputs.deploy || github.event_name == 'push'", True),
        ("vars.DEPLOY == 'true'", None),
        ("vars.DEPLOY == 'true' && false", False),
        ("false && vars.DEPLOY == 'true'", False),
        ("vars.DEPLOY || true", True),
        ("vars.DEPLOY || false", None),
        ("!(vars.DEPLOY && true)", None),
        ("needs.changes.outputs[vars.NAME] == 'true'", None),
        ("contains(fromJSON(vars.NAMES), 'a')", None),
        ("success()", True),
        ("always() && !cancelled()", True),
        ("failure()", None),
        ("'0'", True),
        ("''", False),
        ("null == 0", True),
        ("null == null", True),
        ("'a' == 0", False),
        ("null == 'a'", False),
        ("null == ''", True),
        ("'1' == true", True),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 2 >= 2", True),
        ("1 < 1 || 2 <= 1 || 2 > 2 || 1 >= 2", False),
        ("'B' > 'a'", True),
        ("vars.N > 1", None),
        ("0x10 == 16", True),
        ("'it''s' == 'It''s'", True),
        ("(false", None),
        ("a b", None),
        ('github.event_name == "never"', None),
        ("&& false", None),
        ("f(", None),
        ("(" * 5000, None),
    ],
)
def test_what_a_condition_comes_to(condition: object, runs: Told) -> None:
    assert told(condition, PUSH) is runs


@given(st.text("ab.'()[]!&|=<> 01${}", max_size=20))
def test_any_text_comes_to_something(text: str) -> None:
    assert told(text, PUSH) in {True, False, None}


def test_what_wants_all_and_what_wants_one() -> None:
    assert [both(), both(True, None), both(None, False)] == [True, None, False]
    assert [either([]), either([False, None]), either([None, True])] == [False, None, True]


@pytest.mark.parametrize(
    ("condition", "lives"), [("always()", True), ("!Failure( )", True), ("success()", False), (None, False)]
)
def test_a_condition_that_asks_for_a_status_outlives_what_was_left_out(condition: object, lives: bool) -> None:
    assert outlives(condition) is lives

"""Values, comparisons and patterns of GitHub's workflows, and what a deployment's commands are, case by case."""

from typing import Any

import pytest

from spark_conformance.repository import yaml
from spark_conformance.repository.conditions import UNTOLD, told, value_of
from spark_conformance.repository.filters import literal, matches, may_match, taken_back
from spark_conformance.repository.runs_on import _combinations

KNOWN = {"github.ref": "refs/heads/main", "inputs.n": 3.0, "inputs.On": True, "inputs.none": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (5, 5),
        ("plain", "plain"),
        ("${{ inputs.n }}", 3.0),
        (" ${{ inputs.on }} ", True),
        ("v${{ inputs.n }}-${{ inputs.on }}${{ inputs.none }}", "v3-true"),
        ("${{ inputs.n > 2 }}/${{ 'a' == 'A' }}", "true/true"),
        ("${{ 1.5 }}x", "1.5x"),
        ("${{ vars.X }}", UNTOLD),
        ("a ${{ vars.X }}", UNTOLD),
        ("a ${{ fromJSON('[1]') }}", UNTOLD),
        ("${{ fromJSON('[1, 2]') }}", [1, 2]),
        ("${{ fromJSON('[') }}", UNTOLD),
        ("${{ ( }}", UNTOLD),
        (f"${{{{ {'(' * 5000} }}}}", UNTOLD),
        ("${{ inputs.n }} ${{ vars.X }}", UNTOLD),
    ],
)
def test_what_a_value_comes_to(text: Any, value: Any) -> None:
    seen = value_of(text, KNOWN)
    assert seen is UNTOLD if value is UNTOLD else (seen == value and type(seen) is type(value))


@pytest.mark.parametrize(
    ("condition", "runs"),
    [
        ("'a' < 'B'", True), ("'B' < 'a'", False), ("'A' >= 'a'", True), ("'b' > 'A'", True), ("'a' > 'B'", False),
        ("'10' > 9", True), ("'x' > 0", False), ("'x' < 0", False), ("null < 1", True), ("' ' == 0", True),
        ("true == 1", True), ("true > 0", True), ("fromJSON('[]')", True), ("fromJSON('{}') && true", True),
        ("fromJSON('[]') == 'a'", None), ("fromJSON('[1]') > 0", None), ("'x' == 'x' && 'x' != 'y'", True),
        ("0 == ''", True), ("'NaN' == 'nan'", True), ("fromJSON('\"a\"') == 'A'", True), ("-1 < 0", True),
        ("fromJSON('NaN')", False), ("1", True), ("-1", True), ("0", False), ("f()", None), ("cancelled(1)", None),
        ("fromJSON(1)", None), ("fromJSON('1', '2')", None), ("contains(github.ref, vars.X)", None),
        ("contains('a')", None), ("contains('Heads', 'heads')", True), ("github.REF == github.ref", True),
        ("github['REF'] == github.ref", True), ("INPUTS.On", True), (" ${{ false }} ", False),
        ("startsWith('a', 'b', 'c')", None), ("github[0] == 'push'", None),
        ("fromJSON(null) || true", True), ("github['ref'] == github.ref", True),
    ],
)  # fmt: skip
def test_what_a_comparison_comes_to(condition: str, runs: bool | None) -> None:
    assert told(condition, KNOWN) is runs


@pytest.mark.parametrize(
    ("pattern", "other", "meet"),
    [
        ("a/b", "a/b", True), ("a/b", "a/c", False), ("a/b", "a", False), ("a", "a/b", False),
        ("*a", "b", False), ("*a", "ba", True), ("*", "a/b", False), ("*", "ab", True), ("**", "a/b", True),
        ("a*", "*b", True), ("a*", "b*", False), ("a/*", "*/b", True), ("a/*", "b", False), ("a/**", "a/b/c", True),
        ("a/**", "b/**", False), ("**/x", "x", True), ("**/x", "a/x", True), ("**/x", "a/xy", False),
        ("b", "*a", False), ("a/b", "**", True), ("a*b", "a/b", False), ("a**b", "a/b", True),
        ("abc?d", "ax", False), ("ab?c", "ax", True), ("a[bc]", "a/x", True), ("aab[bc]", "a/x", False),
        ("abx?", "ax?", True), ("ax?", "abx?", True),
    ],
)  # fmt: skip
def test_which_patterns_take_something_in_common(pattern: str, other: str, meet: bool) -> None:
    assert taken_back(pattern, [f"!{other}", pattern, "c", f"!{other}"]) == ((f"!{other}",) if meet else ())
    assert taken_back(pattern, [f"!{other}", pattern]) == ()


@pytest.mark.parametrize(
    ("patterns", "some"),
    [
        ([], False), (["a"], True), (["!a"], False), (["a", "!a"], False), (["a", "!a", "b"], True),
        (["a/b", "!*"], True), (["ab", "!*"], False), (["a/b", "!**"], False), (["!**", "a"], True),
    ],
)  # fmt: skip
def test_whether_patterns_take_anything_at_all(patterns: list[str], some: bool) -> None:
    assert may_match(patterns) is some


def test_the_last_pattern_that_matches_decides() -> None:
    assert matches(["**", "!a/**", "a/b"], "a/b")
    assert not matches(["**", "!a/**"], "a/b")
    assert not matches([], "a")
    assert not matches(["[a"], "a"), "what is no pattern stands for itself"
    assert matches(["[a"], "[a")
    assert literal(["a", "!b", "c*", "d?", "[e]", "f+"]) == ("a",)


@pytest.mark.parametrize(
    ("matrix", "made"),
    [
        ({}, []),
        ({"a": [1, 2]}, [{"a": 1}, {"a": 2}]),
        ({"a": [1, 2], "b": ["x"], "c": "no list"}, [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]),
        ({"a": [1, 2], "exclude": [{"a": 1}]}, [{"a": 2}]),
        ({"a": [1, 2], "include": [{"a": 1, "b": "x"}]}, [{"a": 1, "b": "x"}, {"a": 2}]),
        ({"a": [1, 2], "include": [{"b": "x"}]}, [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}]),
        ({"a": [1], "include": [{"a": 3, "b": "x"}]}, [{"a": 1}, {"a": 3, "b": "x"}]),
        ({"include": [{"a": 1}, {"a": 2}]}, [{"a": 1}, {"a": 2}]),
        ({"a": list(range(17)), "b": list(range(17))}, []),
        ({"a": list(range(257))}, []),
        ({"a": list(range(256))}, [{"a": one} for one in range(256)]),
        ({"a": [1], "include": ["x"], "exclude": "no list"}, [{"a": 1}]),
        (
            {"a": [1, 2], "b": ["x"], "exclude": [{"a": 1, "b": "y"}, {"c": 1}]},
            [{"a": 1, "b": "x"}, {"a": 2, "b": "x"}],
        ),
    ],
)
def test_which_jobs_a_matrix_makes(matrix: dict[Any, Any], made: list[dict[Any, Any]]) -> None:
    assert list(_combinations(matrix)) == made


@pytest.mark.parametrize(
    ("text", "told_"),
    [
        ("a: [1", "line 1: expected ',' or ']', but got '<stream end>'"),
        ("a: 1\nb: 'x\n", "line 3: found unexpected end of stream"),
        ("a: !!int x", "invalid literal for int() with base 10: 'x'"),
        ("[\n" * 3000, "it is nested too deep to be a workflow"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(text: str, told_: str) -> None:
    with pytest.raises(yaml.BadYamlError) as bad:
        yaml.read(text)
    assert str(bad.value) == told_


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("08", 8), ("010", 10), ("-012", -12), ("+7", 7), ("0o17", 15), ("0x1F", 31), ("1_0", "1_0"),
        ("12:30", "12:30"),
        ("12e03", 12000.0), (".5", 0.5), ("no", "no"), ("True", True), ("~", None),
        ("{<<: {b: 1}, <<: {c: 2}}", {"b": 1, "c": 2}),
    ],
)  # fmt: skip
def test_plain_values_are_those_of_yaml_1_2(text: str, value: object) -> None:
    assert yaml.read(f"a: {text}") == {"a": value}

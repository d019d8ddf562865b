"""How values read, and what judging compares."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from pydantic import BaseModel

from spark_conformance.core.judging import Judge, shown
from spark_conformance.core.verdict import Nonconformant
from spark_conformance.facts.expectations import About, AtLeast, Exchange, IngressRule, Memory
from spark_conformance.facts.fact import Fact


class Told(BaseModel):
    name: str
    text: str | None = None
    status: int | None = None


@dataclass(frozen=True)
class Rule:
    hostname: str
    service: str | None


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "yes"),
        (False, "no"),
        ("", "an empty string"),
        ("two\n lines", "two lines"),
        ((), "none"),
        ((0, 1), "0, 1"),
        (119.637, "119.6"),
        (1234.5, "1234"),
        (-1234.5, "-1234"),
        (999.5, "999.5"),
        (999.96, "1000"),
        (1000.0, "1000"),
        (math.inf, "without end"),
        (frozenset({7}), "7"),
        ([None, True], "nothing, yes"),
        (Told(name="a", status=200), "name a, status 200"),
        (Rule, "<class 'tests.suite.test_judging.Rule'>"),
        (Rule("a.example", None), "hostname a.example, service nothing"),
        (IngressRule(hostname="a.example", service="http://x"), "hostname a.example, service http://x"),
        (Exchange(path="/api/tags", status=200), "path /api/tags, status 200"),
        (AtLeast(at_least=14), "at least 14"),
        (Memory(path="/proc/meminfo", at_least=115), "at least 115 (path /proc/meminfo)"),
        (About(about=40, within_percent=10), "40 ± 10 %"),
    ],
)
def test_values_read_as_a_person_would_write_them(value: object, text: str) -> None:
    assert shown(value) == text


def test_long_values_are_cut() -> None:
    assert len(shown("x" * 5000)) == 400


def judging(expect: Any) -> Judge:
    return Judge("dns.records", Fact[Any](expect=expect, source="x", why="y"))


def test_equal_is_conformant_and_kept() -> None:
    judge = judging(1)
    judge(1)
    assert judge.observed == "1"


def test_unequal_raises_with_what_was_observed() -> None:
    with pytest.raises(Nonconformant) as found:
        judging(1)(2, note="two records")
    assert (found.value.observed, found.value.note) == ("2", "two records")


def test_a_check_may_compare_by_itself() -> None:
    judging("0600")("0400", ok=True)
    with pytest.raises(Nonconformant):
        judging("0600")("0600", ok=False)

"""Durations are read as Go's time.ParseDuration reads them; the cases are of the kinds that its documentation names."""

import pytest

from spark_conformance.facts.durations import LONGEST_NS, seconds
from spark_conformance.remediation.remedies.access_token import _days


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0", 0),
        ("-0", 0),
        ("5s", 5),
        ("5.s", 5),
        (".5s", 0.5),
        ("1.004s", 1.004),
        ("+30s", 30),
        ("-1m30s", -90),
        ("1h2m3s4ms5us6ns", 3723.004005006),
        ("1h1h", 7200),
        ("12µs", 12e-6),
        ("12μs", 12e-6),
        ("8760h", 365 * 86400),
        (f"{LONGEST_NS}ns", LONGEST_NS / 1e9),
        ("0.3333333333333333333h", 1200),
    ],
)
def test_a_duration(text: str, span: float) -> None:
    assert seconds(text) == pytest.approx(span, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 'invalid duration ""'),
        ("-", 'invalid duration "-"'),
        (".s", 'invalid duration ".s"'),
        ("s", 'invalid duration "s"'),
        ("forever", 'invalid duration "forever"'),
        ("1", 'missing unit in duration "1"'),
        ("1.5.5s", 'missing unit in duration "1.5.5s"'),
        ("1d", 'unknown unit "d" in duration "1d"'),
        ("1h, say 2m", 'unknown unit "h, say " in duration "1h, say 2m"'),
        ("1h 2m", 'unknown unit "h " in duration "1h 2m"'),
        ("9223372036854775808ns", 'invalid duration "9223372036854775808ns"'),
        ("2562048h", 'invalid duration "2562048h"'),
        ("٣s", r'invalid duration "\xd9\xa3s"'),
        ("1\x80s", r'unknown unit "\xc2\x80s" in duration "1\xc2\x80s"'),
        ('1"', r'unknown unit "\"" in duration "1\""'),
    ],
)
def test_what_is_no_duration_is_refused_in_go_s_words(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=r"^time: ") as refused:
        seconds(text)
    assert str(refused.value) == f"time: {said}"


def test_a_service_token_s_duration_in_days() -> None:
    assert [_days(said) for said in ("8760h", "36h", "500ms", "forever", "soon", None)] == [
        365, 1.5, 0.5 / 86400, float("inf"), 0, 0,
    ]  # fmt: skip

"""What text from elsewhere may not do to a terminal or a page."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.printable import KEPT, in_one_line, printable
from spark_conformance.core.secret import mask_all

STEERING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conformant\r\x1b[2Knothing", r"conformant\x0d\x1b[2Knothing"),
        ("two\r\nlines\n\tand a tab", "two\nlines\n\tand a tab"),
        ("\x9b31mred", r"\x9b31mred"),
        ("admin\u202etxt.exe", r"admin\u202etxt.exe"),
        ("zero\u200bwidth", r"zero\u200bwidth"),
        ("line\u2028separator", r"line\u2028separator"),
        ("lone \udc9b surrogate", r"lone \udc9b surrogate"),
        ("tag \U000e0041", r"tag \U000e0041"),
        ("ends \uffff and begins \U00010000\u0890", "ends \\uffff and begins \U00010000\\u0890"),
        ("Größe, 日本, 70\u00a0GiB → ok ✓", "Größe, 日本, 70\u00a0GiB → ok ✓"),
    ],
)
def test_what_would_steer_is_written_out_and_the_rest_stays(text: str, shown: str) -> None:
    assert printable(text) == shown


@given(st.text(st.characters(codec=None)))
def test_nothing_that_steers_is_left_and_doing_it_twice_changes_nothing(text: str) -> None:
    shown = printable(text)
    assert not [char for char in shown if unicodedata.category(char) in STEERING and char not in KEPT]
    assert printable(shown) == shown
    shown.encode()


def test_data_is_made_printable_in_keys_and_values() -> None:
    assert mask_all({"a\x1b": ["b\r", {"c": 1, "d": None}], "e": ("f\x07",)}, printable) == {
        r"a\x1b": [r"b\x0d", {"c": 1, "d": None}],
        "e": [r"f\x07"],
    }
    assert mask_all([["na\x1bme", "va\x1blue"], {"client_secret": "5ecret\x1b123"}], printable) == [
        [r"na\x1bme", r"va\x1blue"],
        {"client_secret": "***"},
    ]


def test_what_follows_a_lines_end_is_no_line_of_its_own() -> None:
    assert in_one_line("one\r\ntwo\tthree\x1b") == r"one\ntwo three\x1b"

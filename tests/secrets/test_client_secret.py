import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.secrets.client_secret import fit_for_header, shape_of

HEX = "0123456789abcdef" * 4
ALLOWED = (
    "not a secret's shape characters white space at an end within quotation marks outside ASCII neither cfast_ nor "
    "lower-case hexadecimal"
)
CFAST = "cfast_" + "aB3" * 16


@pytest.mark.parametrize(
    ("secret", "shape"),
    [
        (HEX, "hex-64"),
        (CFAST, "cfast"),
        (HEX[:63], "63 characters"),
        (HEX + "\n", "65 characters, white space at an end"),
        (f" {HEX}", "65 characters, white space at an end"),
        (f"{HEX[:10]} {HEX[10:]}", "65 characters, white space within, neither cfast_ nor lower-case hexadecimal"),
        (f'"{HEX}"', "66 characters, quotation marks"),
        (HEX.upper(), "64 characters, neither cfast_ nor lower-case hexadecimal"),
        (HEX[:-1] + "ï", "64 characters, characters outside ASCII, neither cfast_ nor lower-case hexadecimal"),
        (CFAST[:-1], "53 characters"),
        (f"'{CFAST}' ", "57 characters, white space at an end, quotation marks"),
        ("", "0 characters"),
    ],
)
def test_the_shape_is_told(secret: str, shape: str) -> None:
    assert shape_of(secret).removeprefix("not a secret's shape: ") == shape


@given(st.text(min_size=3))
def test_the_telling_never_shows_the_secret(secret: str) -> None:
    marked = f"Q{secret}Z"
    words = re.sub(r"\d+", "", shape_of(marked))
    assert shape_of(marked).startswith(f"not a secret's shape: {len(marked)} characters")
    assert set(re.findall(r"[\w'-]+", words)) <= set(ALLOWED.split())


@given(st.text())
def test_what_is_fit_for_a_header_is_printable_ascii_without_blanks_at_the_ends(value: str) -> None:
    plain = bool(value) and value.isascii() and value.isprintable() and value == value.strip()
    assert fit_for_header(value) is plain

"""What others wrote reaches the terminal as text, and as nothing else."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.printable import in_one_line
from spark_conformance.plugin.terminal import but_colours
from tests.suite.small import ALL_GOOD, FACTS, run_suite

HOSTILE = r"\x1b[2J\x1b[1;1H\rforged\x9b1A\x07\u202egnp.exe"
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]")
COLOUR = re.compile(r"\x1b\[[\d;]*m")


@given(st.text())
def test_nothing_that_a_terminal_obeys_is_left(text: str) -> None:
    assert not CONTROL.search(COLOUR.sub("", but_colours(text)))
    assert not re.search(r"[\n\t]", in_one_line(text))


def test_of_the_colours_none_is_left_that_hides_what_stands_there() -> None:
    assert but_colours("\x1b[1mF\x1b[31mX\x1b[0m") == "\x1b[1mF\x1b[31mX\x1b[0m"
    assert but_colours("\x1b[8mhidden\x1b[30;40mtoo") == "\\x1b[8mhidden\\x1b[30;40mtoo"


@pytest.mark.parametrize("options", [("-rA", "--tb=long", "-v"), ("-q", "--tb=short")], ids=" ".join)
def test_no_report_of_a_run_writes_it_raw(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    body = f'judge("{HOSTILE}", note="{HOSTILE}")'
    checks = ALL_GOOD.replace("judge(1)", f"print('{HOSTILE}')\n    {body}", 1)
    ran = run_suite(pytester, checks, *options, "--color=yes", facts=FACTS)
    shown = COLOUR.sub("", ran.out).replace("\r\n", "\n")
    assert ran.code == 1
    assert "forged" in shown
    own = re.sub(r"(?m)^collecting .*?\r(?=collected)|\r(?=collect)", "", shown)
    assert not CONTROL.search(own), repr(CONTROL.search(own))

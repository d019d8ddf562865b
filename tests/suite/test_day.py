"""A run that fails names the day whose samples it tried."""

import pytest


def test_a_failure_names_the_day_of_its_samples(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MATRIX_DAY", "2026-11-20")
    pytester.makepyfile("def test_that_fails():\n    assert False")
    ran = pytester.runpytest_inprocess("-p", "tests.day", "-p", "no:cacheprovider")
    ran.stdout.fnmatch_lines(["samples of MATRIX_DAY=2026-11-20", "*MATRIX_DAY=2026-11-20: set it, *"])
    pytester.makepyfile("def test_that_holds():\n    pass")
    assert "set it" not in pytester.runpytest_inprocess("-p", "tests.day", "-p", "no:cacheprovider").stdout.str()

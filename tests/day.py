"""The day whose samples are tried, which whoever tries a failure again has to name."""

import os

import pytest

DAY = "MATRIX_DAY"
"""Set where the tests begin: a run's workers collect the same, though one of them does so after midnight."""


def pytest_report_header() -> str:
    return f"samples of {DAY}={os.environ[DAY]}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if terminalreporter.stats.get("failed") or terminalreporter.stats.get("error"):
        terminalreporter.write_line(f"the samples were those of {DAY}={os.environ[DAY]}: set it, to try the same again")

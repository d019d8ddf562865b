"""A plugin of pytest's: coverage.py notes what each test runs, its fixtures included, under the test's node id.

How long each took is written to the file that `MUTANTS_TOOK` names, in seconds by node id, as JSON.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import coverage
import pytest

TOOK = "MUTANTS_TOOK"
_took = defaultdict[str, float](float)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    measuring = coverage.Coverage.current()
    if measuring is not None:
        measuring.switch_context(item.nodeid)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    _took[report.nodeid] += report.duration


def pytest_sessionfinish() -> None:
    Path(os.environ[TOOK]).write_text(json.dumps(_took), encoding="utf-8")

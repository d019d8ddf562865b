"""A healthy lab gives no alarm, however often it is looked at. `HEALTHY_RUNS=50` looks fifty times, not once."""

import os
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Verdict
from spark_lab.announcement import Announcement
from tests.labs import check_system

RUNS = int(os.environ.get("HEALTHY_RUNS", "1"))


@pytest.mark.parametrize("number", range(1, RUNS + 1))
def test_a_healthy_lab_gives_no_alarm(one_lab: Announcement, number: int) -> None:
    findings = check_system(Path(one_lab.target))
    alarms = {
        fact: f"{finding.verdict}: {finding.observed or finding.cause} {finding.note}"
        for fact, finding in findings.items()
        if finding.verdict != Verdict.CONFORMANT
    }
    assert alarms == {}, f"in run {number}"

"""Every cause, made on the lab: named, proven, and at the right hop."""

import pytest

from spark_lab.announcement import Announcement
from tests.diagnosis.judging import right
from tests.diagnosis.making import diagnosed
from tests.diagnosis.scenarios import PAIRS, SINGLE, Scenario


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in SINGLE])
def test_one_fault_is_told_by_its_cause(lab: Announcement, scenario: Scenario) -> None:
    right(diagnosed(lab, scenario), scenario)


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in PAIRS])
def test_two_faults_are_told_in_the_order_in_which_they_are_met(lab: Announcement, scenario: Scenario) -> None:
    right(diagnosed(lab, scenario), scenario)

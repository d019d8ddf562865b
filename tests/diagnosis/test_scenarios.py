"""Causes that the catalogue's faults do not make by themselves: named, proven, and at the right hop.

Those that one fault makes are in tests/matrix, where it is made. A day makes a quarter of the others and a tenth of the
pairs, FAULTS=all each; what was recorded of all of them is concluded from in each run, in test_scenes.
"""

import pytest

from spark_lab.announcement import Announcement
from tests.diagnosis.judging import right
from tests.diagnosis.making import diagnosed
from tests.diagnosis.scenarios import BY_FAULT, PAIRS, SINGLE, Scenario
from tests.matrix.selection import shared

OTHERS = [scenario for scenario in SINGLE if scenario.name not in BY_FAULT]


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in shared(OTHERS, 4)])
def test_what_is_asked_or_broken_otherwise_is_told_by_its_cause(lab: Announcement, scenario: Scenario) -> None:
    right(diagnosed(lab, scenario), scenario)


@pytest.mark.parametrize("scenario", [pytest.param(one, id=one.name) for one in shared(PAIRS, 10)])
def test_two_faults_are_told_in_the_order_in_which_they_are_met(lab: Announcement, scenario: Scenario) -> None:
    right(diagnosed(lab, scenario), scenario)

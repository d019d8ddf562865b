"""What a day leaves out another day tries, and the night tries all: nothing is left out for ever."""

from datetime import date, timedelta
from itertools import combinations

import pytest

from spark_lab.faults import FAULTS
from tests.diagnosis.scenarios import BY_FAULT
from tests.matrix.groups import apart, grouped, joint
from tests.matrix.selection import SHARES, chosen, kind, shared, whole

KINDS = {kind(fault) for fault in FAULTS.values()}
MOST_ALIKE = max(sum(kind(fault) == one for fault in FAULTS.values()) for one in KINDS)
DAYS = [date(2026, 11, 27) + timedelta(days=number) for number in range(SHARES * MOST_ALIKE)]


def test_each_day_tries_every_kind_once_and_a_round_of_days_every_fault_also_as_a_whole() -> None:
    faults = list(FAULTS.values())
    tried, looked_at = set(), set()
    for day in DAYS:
        those = chosen(faults, today=day, every=False)
        assert {kind(fault) for fault in those} == KINDS
        assert len(those) == len(KINDS)
        tried |= {fault.name for fault in those}
        looked_at |= {fault.name for fault in those if whole(fault, today=day, every=False)}
    assert tried == looked_at == set(FAULTS)


def test_the_night_tries_every_fault_as_a_whole() -> None:
    faults = list(FAULTS.values())
    assert chosen(faults, every=True) == faults
    assert all(whole(fault, every=True) for fault in faults)


@pytest.mark.parametrize("shares", [2, 4])
def test_the_days_of_a_round_try_all_that_is_shared_and_the_night_does(shares: int) -> None:
    those = list(range(31))
    days = [shared(those, shares, today=day, every=False) for day in DAYS[:shares]]
    assert sorted(one for day in days for one in day) == those
    assert shared(those, shares, every=True) == those


def test_groups_hold_every_fault_once_and_none_that_has_to_do_with_another() -> None:
    groups = grouped(chosen(FAULTS.values()))
    assert sorted(fault.name for group in groups for fault in group) == sorted(
        fault.name for fault in chosen(FAULTS.values())
    )
    for group in groups:
        assert all(apart(*pair) for pair in combinations(group, 2))
        assert len(group) == 1 or not any(whole(fault) or fault.name in BY_FAULT for fault in group)


def test_a_group_fails_what_its_members_do() -> None:
    group = FAULTS["record-grey-with-ttl"], FAULTS["workflow-other-label"]
    assert joint(group).facts == group[0].facts | group[1].facts
    assert joint(group[:1]) is group[0]

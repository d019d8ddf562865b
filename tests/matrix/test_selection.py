"""What a day leaves out another day tries, and the night tries all: nothing is left out for ever."""

from datetime import date, timedelta
from itertools import combinations

import pytest

from spark_conformance.facts.model import COMPONENTS
from spark_lab.faults import FAULTS
from tests.diagnosis.scenarios import BY_FAULT
from tests.matrix.changed import LOOKS_AT, ROOT, SINCE, concerned
from tests.matrix.groups import QUIET, apart, grouped, joint, spoils
from tests.matrix.selection import HEALED, SHARES, TURNS, Kind, chosen, healed, kind, shared, told, whole


@pytest.fixture(autouse=True)
def _no_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(SINCE, raising=False)


LOST = {"cloudflared.active", "tunnel.connections", "public.answers"}
"""What a connector that does not run any more fails, or hides."""
KINDS = {kind(fault) for fault in FAULTS.values()}
MOST_ALIKE = max(sum(kind(fault) == one for fault in FAULTS.values()) for one in KINDS)
DAYS = [date(2026, 11, 27) + timedelta(days=number) for number in range(HEALED * MOST_ALIKE)]


FACTS = {fact for fault in FAULTS.values() for fact in fault.facts}


def test_each_day_fails_every_fact_and_few_days_try_every_kind_and_a_round_of_them_every_fault_also_as_a_whole() -> (
    None
):
    faults = list(FAULTS.values())
    kind_of = {fault.name: kind(fault) for fault in faults}
    one_of = {kind(fault): fault for fault in faults}
    kinds: list[set[Kind]] = []
    tried, looked_at, mended, named = set(), set(), set(), set()
    for day in DAYS:
        those = chosen(faults, today=day, every=False)
        kinds.append({kind_of[fault.name] for fault in those})
        assert len(those) == len(kinds[-1])
        assert set[str]().union(*(fault.facts for fault in those)) == FACTS
        if len(kinds) <= SHARES:  # the same days later
            assert kinds[-1] >= {one for one, fault in one_of.items() if whole(fault, today=day, every=False)}
        tried |= {fault.name for fault in those}
        looked_at |= {fault.name for fault in those if whole(fault, today=day, every=False)}
        named |= {fault.name for fault in those if told(fault, today=day, every=False)}
        mended |= {fault.name for fault in those if healed(fault, today=day, every=False)}
        assert mended <= looked_at
    assert all(set[Kind]().union(*kinds[day : day + TURNS]) == KINDS for day in range(len(kinds) - TURNS + 1))
    assert tried == looked_at == set(FAULTS)
    assert named == BY_FAULT.keys()
    assert mended == {fault.name for fault in faults if fault.remedy}


def test_all_faults_that_a_change_has_to_do_with_are_tried_too(monkeypatch: pytest.MonkeyPatch) -> None:
    faults = list(FAULTS.values())
    of_dns = {fault.name for fault in faults if any(fact.startswith("dns.") for fact in fault.facts)}
    assert concerned(["checks/test_dns.py", "README.md", "fixtures/spark_lab/edge/server.py"], faults) == of_dns
    assert of_dns < concerned(["fixtures/spark_conformance/cloudflare/records.py"], faults)
    entered = concerned(["fixtures/spark_lab/faults/dns.py"], faults)
    assert "zone-pending" in entered
    assert "token-empty" not in entered
    assert concerned(["fixtures/spark_lab/faults/gone.py"], faults) == set()
    monkeypatch.setenv(SINCE, "HEAD")
    monkeypatch.setattr("tests.matrix.changed.concerned", lambda _paths, _faults: of_dns)
    assert of_dns < {fault.name for fault in chosen(faults, every=False)}


def test_the_rooms_that_look_at_the_system_are_there() -> None:
    assert all((ROOT / "fixtures/spark_conformance" / room).is_dir() for room in LOOKS_AT)
    assert {component for those in LOOKS_AT.values() for component in those} == set(COMPONENTS)


def test_the_night_tries_every_fault_as_a_whole() -> None:
    faults = list(FAULTS.values())
    assert chosen(faults, every=True) == faults
    assert all(whole(fault, every=True) for fault in faults)
    assert all(healed(fault, every=True) == fault.remedy for fault in faults)
    assert {fault.name for fault in faults if told(fault, every=True)} == BY_FAULT.keys()


@pytest.mark.parametrize("shares", [2, 3, 8])
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
        assert len(group) == 1 or not any(healed(fault) or told(fault) for fault in group)
        assert not any(spoils(*pair) for pair in combinations(group, 2))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("unit-not-reloaded", "ollama-disabled"),
        ("tunnel-made-anew", "binary-broken"),
        ("tunnel-made-anew", "connections-three"),
        ("connections-in-one-place", "local-config-of-old"),
        ("config-not-accepted", "ingress-one-rule"),
        ("public-fewer-models", "model-missing"),
    ],
)
def test_what_spoils_another_is_not_made_with_it(one: str, other: str) -> None:
    """Each pair was seen to come to something else together than the two come to alone."""
    assert apart(FAULTS[one], FAULTS[other])
    assert spoils(FAULTS[one], FAULTS[other])
    assert spoils(FAULTS[other], FAULTS[one])
    assert not spoils(FAULTS[one], FAULTS["workflow-other-label"])


def test_faults_that_may_be_made_beside_another_of_their_component_are_there_and_each_once() -> None:
    names = [name for those in QUIET for name in those]
    assert len(set(names)) == len(names)
    assert {FAULTS[name].component for name in names} == {"cloudflared"}
    assert {fact for name in names for fact in FAULTS[name].facts | FAULTS[name].unverified}.isdisjoint(LOST)


def test_a_group_fails_what_its_members_do() -> None:
    group = FAULTS["record-grey-with-ttl"], FAULTS["workflow-other-label"]
    assert joint(group).facts == group[0].facts | group[1].facts
    assert joint(group[:1]) is group[0]

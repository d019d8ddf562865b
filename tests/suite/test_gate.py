"""What a gate asks for, and what is left out on request."""

import tomllib
from types import SimpleNamespace

import pytest

from spark_conformance.facts.load import SystemFile
from spark_conformance.plugin import gate
from tests.suite.small import FACTS
from tests.suite.standins import config, item

OWN = """
[facts.dns.zone_status]
expect = "active"
source = "notes"
why = "else nobody answers"

[facts.own.before]
expect = 1
source = "notes"
why = "mine"
gate = "pre"

[facts.own.after]
expect = 1
source = "notes"
why = "mine"
"""
SYSTEM = SystemFile.model_validate(tomllib.loads(FACTS + OWN))
BEFORE, AFTER = ["dns.zone_status", "own.before"], ["dns.records", "dns.type", "dns.ttl", "own.after"]


def test_the_gate_before_a_deployment_asks_for_what_must_hold_before_it() -> None:
    asked = {kind: gate.asked_by(config(getoption=lambda _, kind=kind: kind), SYSTEM) for kind in ("pre", "post", None)}
    assert sorted(asked["pre"]) == BEFORE
    assert sorted(asked["post"]) == sorted(asked[None]) == sorted([*BEFORE, *AFTER])


@pytest.mark.parametrize(("kind", "left"), [("pre", BEFORE), ("post", [*BEFORE, *AFTER]), (None, [*BEFORE, *AFTER])])
def test_checks_that_a_gate_does_not_ask_for_are_deselected_and_tests_are_not(
    monkeypatch: pytest.MonkeyPatch, kind: str | None, left: list[str]
) -> None:
    monkeypatch.setattr(gate, "target_names", lambda _: ["t"])
    monkeypatch.setattr(gate, "read_facts", lambda _: SYSTEM)
    told: list[list[pytest.Item]] = []
    asked = config(
        getoption=lambda _: kind, hook=SimpleNamespace(pytest_deselected=lambda items: told.append([*items]))
    )
    checks = {fact: item(fact) for fact in (*BEFORE, *AFTER)}
    test = item("")
    items = [test, *checks.values()]
    gate.pytest_collection_modifyitems(asked, items)
    assert items == [test, *(checks[fact] for fact in left)]
    assert told == ([[checks[fact] for fact in AFTER]] if kind == "pre" else [])


@pytest.mark.parametrize(("skip", "marked", "left"), [(True, True, True), (True, False, False), (False, True, False)])
def test_only_what_asks_through_access_is_left_out_and_only_on_request(skip: bool, marked: bool, left: bool) -> None:
    one = item(
        "dns.ttl", config=config(getoption=lambda _: skip), get_closest_marker=lambda _: object() if marked else None
    )
    assert gate.left_out(one) is left


def test_a_gate_that_leaves_out_nothing_deselects_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "target_names", lambda _: ["t"])
    monkeypatch.setattr(gate, "read_facts", lambda _: SYSTEM)
    items = [item("dns.zone_status")]
    gate.pytest_collection_modifyitems(config(getoption=lambda _: "pre", hook=None), items)
    assert len(items) == 1

"""The worlds in which a remediation let strangers in, or broke what worked, with an anonymous client asking meanwhile.

Before these were told apart, the client was let in for 10.4 s, and for good where the facts about it were not selected
or not stated; for 1.0 s while the operator's own document was healed; for 3.0 s by a service that was brought back.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.facts.load import load
from spark_conformance.remediation.applying import Ways
from spark_conformance.remediation.model import Asked
from spark_conformance.remediation.outcome import Outcome
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.runner import Remediation
from spark_lab.announcement import Announcement
from spark_lab.faults import FAULTS, inflict
from tests.remediation.applying import narrowed
from tests.remediation.asking import Anonymous, anonymous

OPENNESS = ("access.open_to_everyone", "access.refuses_anonymous", "access.refuses_wrong_secret")
SLIPS = {
    "dns.target": ("75a07d1a-0bc7-485f-86b2-ce676d7d1c36.cfargotunnel.com", "the public name would lead elsewhere"),
    "tunnel.http_host_header": ("spark.goldfish.io", "empty body, and the public name would be answered so"),
}
"""Values that stand wrong in the facts file, and what is said of them."""


@pytest.fixture
def run(lab: Announcement) -> Iterator[Run]:
    run = Run(load(Path(lab.target)))
    yield run
    run.close()


def fact(run: Run, name: str, *, expect: Any) -> None:
    """State another value for a fact; None, and it is not stated."""
    component, _, field = name.partition(".")
    table = getattr(run.facts, component)
    new = None if expect is None else getattr(table, field).model_copy(update={"expect": expect})
    run.facts = run.facts.model_copy(update={component: table.model_copy(update={field: new})})
    run.stated = run.facts.all()


def remediated(lab: Announcement, run: Run, folder: Path, *selected: str) -> tuple[Outcome, Anonymous]:
    """What became of it, and what the client met."""
    asked = Asked(budget=40)
    with anonymous(lab) as met:
        findings = findings_of(run, selected or None)
        outcome = Remediation(run, findings, all_remedies(asked), asked, Ways(folder)).apply()
    assert met.asked > 0
    return outcome, met


@pytest.mark.parametrize("stated", [True, False], ids=["openness stated", "openness not stated"])
def test_a_policy_that_bypasses_access_for_one_network_is_not_widened(
    lab: Announcement, run: Run, tmp_path: Path, stated: bool
) -> None:
    inflict(lab, [FAULTS["access-policy-bypasses-network"]])
    for name in () if stated else OPENNESS:
        fact(run, name, expect=None)
    outcome, met = remediated(lab, run, tmp_path, "access.policy")
    assert met.served == 0
    assert outcome.steps == []
    assert "without a login" in outcome.instructions[0].sentence


@pytest.mark.parametrize("name", SLIPS)
def test_a_slip_of_the_pen_replaces_nothing_that_works(lab: Announcement, run: Run, tmp_path: Path, name: str) -> None:
    wrong, told = SLIPS[name]
    fact(run, name, expect=wrong)
    outcome, _ = remediated(lab, run, tmp_path, name)
    assert outcome.steps == []
    assert told in outcome.instructions[0].sentence
    run.forget()
    assert {str(item.verdict) for item in findings_of(run, ["public.answers"]).values()} == {"conformant"}


def test_the_documents_own_world_is_healed_with_nobody_let_in(lab: Announcement, run: Run, tmp_path: Path) -> None:
    inflict(lab, [FAULTS["as-documented"]])
    narrowed(run, "tunnel", "access", "public", "cloudflared")
    outcome, met = remediated(
        lab,
        run,
        tmp_path,
        "access.service_auth",
        "access.open_to_everyone",
        "tunnel.http_host_header",
        "public.answers",
    )
    assert outcome.result == "applied"
    assert {after for _, after in outcome.facts.values()} == {"conformant"}
    assert met.served == 0
    assert met.answers == {403, 302}


def test_a_service_that_stands_open_is_not_brought_back(lab: Announcement, run: Run, tmp_path: Path) -> None:
    inflict(lab, [FAULTS["access-bypass-everyone"], FAULTS["record-grey"]])
    outcome, met = remediated(lab, run, tmp_path, "dns.proxied")
    assert met.served == 0
    assert outcome.steps == []
    assert "is open to everyone" in outcome.left_alone[0].sentence


def test_what_held_and_holds_no_more_is_taken_back_though_nobody_selected_it(
    lab: Announcement, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("spark_conformance.remediation.remedies.tunnel.require_answered", lambda *_: None)
    run.remediation = run.remediation.model_copy(update={"verify_s": 0.001})  # it does not come back by itself
    narrowed(run, "tunnel", "public", "cloudflared")
    fact(run, "tunnel.http_host_header", expect="spark.goldfish.io")
    outcome, _ = remediated(lab, run, tmp_path, "tunnel.http_host_header")
    assert outcome.result == "stopped"
    assert "public.answers is nonconformant" in outcome.sentence
    run.forget()
    assert {str(item.verdict) for item in findings_of(run, ["public.answers"]).values()} == {"conformant"}


def test_a_remedy_that_fails_stops_what_comes_after_it_and_nothing_else(
    lab: Announcement, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inflict(lab, [FAULTS["access-bypass-everyone"], FAULTS["ollama-disabled"], FAULTS["record-grey-with-ttl"]])
    monkeypatch.setattr("spark_conformance.remediation.steps.api.ApiDelete.holds", lambda *_: False)
    narrowed(run, "access", "ollama", "dns")
    outcome, met = remediated(lab, run, tmp_path, "access.open_to_everyone", "ollama.enabled", "dns.ttl")
    assert outcome.result == "stopped"
    states = {step.remedy: str(step.state) for step in outcome.steps}
    assert states == {"access.closed": "undone", "ollama": "left", "dns.record": "left"}
    assert {step.note for step in outcome.steps if step.state == "left"} == {
        "access.closed comes first, and did not help"
    }
    assert met.served == 0


def test_what_nothing_comes_before_goes_on_when_another_remedy_fails(
    lab: Announcement, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inflict(lab, [FAULTS["ollama-disabled"], FAULTS["record-grey-with-ttl"]])
    monkeypatch.setattr("spark_conformance.remediation.steps.services.Service.holds", lambda *_: False)
    narrowed(run, "ollama", "dns", "access")
    outcome, _ = remediated(lab, run, tmp_path, "ollama.enabled", "dns.ttl")
    assert outcome.result == "stopped"
    assert {step.remedy: str(step.state) for step in outcome.steps} == {"ollama": "undone", "dns.record": "applied"}
    assert outcome.facts["dns.ttl"] == ("nonconformant", "conformant")

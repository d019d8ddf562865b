"""Where several hosts serve the tunnel, a remedy's steps are made, and taken back, on the hosts where it fails."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding
from spark_conformance.facts.load import SystemFile
from spark_conformance.facts.parts import parts
from spark_conformance.host.connector_state import connector_state
from spark_conformance.host.service_state import ServiceState
from spark_conformance.remediation.applying import Applying, Ways
from spark_conformance.remediation.hosts import steps_of
from spark_conformance.remediation.journal import Journal, identity
from spark_conformance.remediation.journal_lines import StepLine
from spark_conformance.remediation.model import Action, Json, Plan, Planned, Step
from spark_conformance.remediation.outcome import Outcome
from spark_conformance.remediation.outcome import steps_of as told_of
from spark_conformance.remediation.records import Entry
from spark_conformance.remediation.steps.services import WaitFor
from spark_conformance.remediation.undoing import undo
from tests.host.stubs import given

HOSTS = ("a", "b", "c")
SYSTEM = SystemFile.model_validate(
    {
        "system": {"name": "edge", "hostname": "app.example.com"},
        "target": {"replicas": [{"name": name, "ssh": {"host": f"host-{name}"}} for name in HOSTS]},
        "facts": {"cloudflared": {"active": {"expect": True}}},
    }
)


class Starting:
    """A remedy of a host; what it waits for is that somebody has been there."""

    id = component = "cloudflared"
    after: frozenset[str] = frozenset()
    facts = frozenset({"cloudflared.active"})

    def __init__(self) -> None:
        self.been: list[str] = []

    def plan(self, run: Run, findings: Mapping[str, Finding]) -> list[Step]:
        assert (run.name in HOSTS, findings["cloudflared.active"].observed) == (True, "no")

        def come(now: Run) -> str:
            self.been.append(now.name)
            return ""

        return [Step("cloudflared.ready", "cloudflared", "wait", "", WaitFor("it is there", come, 1))]


def broken(*names: str) -> Run:
    run = Run(SYSTEM)
    for replica in run.replicas:
        active = replica.name not in names
        given(replica, connector_state, ServiceState("cloudflared.service", active, "", enabled=True, comes_back=""))
    return run


def test_only_hosts_where_it_fails_are_mended_each_for_itself(tmp_path: Path) -> None:
    run, remedy = broken("b", "c"), Starting()
    steps = steps_of(remedy, run, findings_of(run))
    assert [(step.id, step.title, step.host) for step in steps] == [
        ("cloudflared.ready@b", "wait on b", "b"),
        ("cloudflared.ready@c", "wait on c", "c"),
    ]
    planned = Planned("cloudflared", "cloudflared", remedy.facts, steps)
    outcome = Outcome("apply", steps=told_of(Plan((planned,))))
    journal = Journal.begin(tmp_path, "r1", identity(run))
    assert Applying(run, Ways(tmp_path), journal, outcome, planned, lambda _: "").steps("r1"), outcome.sentence
    assert set(remedy.been) == {"b", "c"}


def test_nothing_is_planned_where_all_is_well() -> None:
    run = broken()
    assert steps_of(Starting(), run, findings_of(run)) == ()


def test_a_step_is_taken_back_on_its_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    been: list[str] = []

    def back(run: Run, before: Json) -> None:
        del before
        been.append(run.name)

    kind = WaitFor.kind
    monkeypatch.setattr(Action.KINDS[kind], "undo", back)
    run, journal = broken(), Journal.begin(tmp_path, "r1", {})
    entry = Entry(1, "cloudflared", StepLine(id="x@b", component="cloudflared", title="x", diff="", host="b"), kind, {})
    assert undo(run, journal, [entry]) == []
    assert been == ["b"]


def test_a_host_that_the_facts_name_no_more_cannot_be_brought_back(tmp_path: Path) -> None:
    run, journal = broken(), Journal.begin(tmp_path, "r1", {})
    step = StepLine(id="x@d", component="cloudflared", title="x", diff="", host="d")
    told = undo(run, journal, [Entry(1, "cloudflared", step, WaitFor.kind, {})])
    assert told == ["x: could not be undone: the facts file names no host d any more: undo it with the earlier one"]


def test_a_journal_and_a_twins_proof_are_of_these_hosts() -> None:
    assert identity(SYSTEM)["ssh"] == "host-a, host-b, host-c"
    assert parts(SYSTEM)["replicas.b.host"] == "host-b"

"""The plan: the least set of remedies, in their order, for required facts that do not hold, and for nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, NotApplicable, Unmet, Unreachable, Verdict
from spark_conformance.diagnosis.model import Cause, Diagnosis, Hop, Named
from spark_conformance.diagnosis.model import Remedy as Words
from spark_conformance.remediation.model import Asked, CannotRemedy, Plan, Step
from spark_conformance.remediation.planner import Planner
from spark_conformance.remediation.steps.services import Service, WaitFor


@dataclass
class Fake:
    """A remedy of so many changes, and a wait; or one that raises."""

    component: str
    facts: frozenset[str]
    changes: int = 1
    raises: Exception | None = None
    asked: list[str] = field(default_factory=list)
    after: frozenset[str] = frozenset()
    leaves: set[str] = field(default_factory=set)
    touches: int = 1

    @property
    def id(self) -> str:
        return f"{self.component}.fake"

    def plan(self, run: Run, findings: Mapping[str, Finding]) -> list[Step]:
        del run
        self.asked += [fact for fact in findings if fact in self.facts]
        if self.raises is not None:
            raise self.raises
        steps = [
            Step(
                f"{self.id}.{number}",
                self.component,
                "reload",
                "",
                Service("daemon-reload", "x.service"),
                leaves=frozenset(self.leaves),
                touches=self.touches,
            )
            for number in range(self.changes)
        ]
        return (
            [*steps, Step(f"{self.id}.wait", self.component, "wait", "", WaitFor("x", lambda _: "", 1))]
            if steps
            else []
        )


def found(fact: str, verdict: Verdict = Verdict.NONCONFORMANT, severity: str = "required", **more: Any) -> Finding:
    return Finding("lab", fact, "check", severity, "source", "why", "expected", verdict=verdict, **more)


def plan(
    *findings: Finding, remedies: list[Any], asked: Asked | None = None, never: tuple[str, ...] = (), **more: Any
) -> Plan:
    run: Any = SimpleNamespace(
        system=SimpleNamespace(hostname="ollama.example"),
        remediation=SimpleNamespace(never=never, verify_s=1),
        facts=SimpleNamespace(access=None),
        target=SimpleNamespace(local=None),
        replicas=(),
    )
    return Planner(run, remedies, asked or Asked()).plan({item.fact: item for item in findings}, **more)


OLLAMA = frozenset({"ollama.active", "ollama.enabled"})
DNS = frozenset({"dns.records"})


def test_each_failing_component_gets_its_remedy_in_the_order_given() -> None:
    made = plan(
        found("dns.records"),
        found("ollama.active"),
        found("ollama.enabled"),
        remedies=[Fake("ollama", OLLAMA), Fake("dns", DNS)],
    )
    assert [(item.remedy, item.facts) for item in made.remedies] == [("ollama.fake", OLLAMA), ("dns.fake", DNS)]
    assert made.changes == 2
    assert made.instructions == ()


@pytest.mark.parametrize(
    "finding",
    [
        found("ollama.active", Verdict.CONFORMANT),
        found("ollama.active", Verdict.WAIVED),
        found("ollama.active", Verdict.BLOCKED, blocked_by="host.reachable", cause="no way"),
        found("ollama.active", Verdict.UNREACHABLE, cause="no way"),
        found("ollama.active", Verdict.NOT_APPLICABLE),
        found("ollama.active", Verdict.ERROR),
        found("ollama.active", severity="advisory"),
    ],
    ids=lambda finding: f"{finding.verdict}, {finding.severity}",
)
def test_nothing_else_is_remedied(finding: Finding) -> None:
    fake = Fake("ollama", OLLAMA)
    assert plan(finding, remedies=[fake]).remedies == ()
    assert fake.asked == []


@pytest.mark.parametrize(("confidence", "planned"), [("proven", ["ollama.fake"]), ("likely", []), ("possible", [])])
def test_where_no_fact_tells_what_to_mend_only_a_proven_cause_does(confidence: Any, planned: list[str]) -> None:
    remedy = Words("the service", "running", "it answers", "on the host", remediates="ollama")
    cause = Cause("ollama-stopped", Hop.SERVICE, "Ollama is not running", remedy, "a reference")
    named = Named(cause, confidence, active=True)
    seen = Diagnosis("why", "502", Hop.CLOUDFLARED, None, (), (named,), undetermined=False)
    made = plan(found("public.answers"), remedies=[Fake("ollama", OLLAMA)], diagnosis=seen)
    assert [item.remedy for item in made.remedies] == planned
    told = " ".join(item.sentence for item in made.instructions)
    assert ("likely: Ollama is not running" in told) is (confidence == "likely")


@pytest.mark.parametrize(
    ("asked", "never", "why"),
    [
        (Asked(never=frozenset({"ollama"})), (), "--remediate-never ollama"),
        (Asked(only=frozenset({"dns"})), (), "--remediate-only excludes ollama"),
        (Asked(), ("ollama",), "the facts file says"),
        (Asked(only=frozenset({"ollama", "dns"})), ("ollama",), "the facts file says"),
    ],
)
def test_a_component_that_is_left_out_is_told(asked: Asked, never: tuple[str, ...], why: str) -> None:
    fake = Fake("ollama", OLLAMA)
    made = plan(
        found("ollama.active"), found("dns.records"), remedies=[fake, Fake("dns", DNS)], asked=asked, never=never
    )
    assert [item.remedy for item in made.remedies] == ["dns.fake"]
    assert made.left_alone[0].facts == ("ollama.active",)
    assert why in made.left_alone[0].sentence
    assert fake.asked == []


def test_only_what_was_named_is_remedied() -> None:
    made = plan(found("ollama.active"), remedies=[Fake("ollama", OLLAMA)], asked=Asked(only=frozenset({"ollama"})))
    assert [item.remedy for item in made.remedies] == ["ollama.fake"]


def test_a_remedy_that_does_not_fit_into_the_budget_is_left_out_whole_and_the_next_is_tried() -> None:
    made = plan(
        found("ollama.active"),
        found("dns.records"),
        remedies=[Fake("ollama", OLLAMA, changes=3), Fake("dns", DNS, changes=2)],
        asked=Asked(budget=2),
    )
    assert [item.remedy for item in made.remedies] == ["dns.fake"]
    assert "needs 3 changes, and the budget allows 2 more" in made.left_alone[0].sentence
    assert "--remediate-budget" in made.left_alone[0].sentence


def test_what_was_spent_is_gone_from_the_budget() -> None:
    made = plan(found("dns.records"), remedies=[Fake("dns", DNS)], asked=Asked(budget=2), spent=2)
    assert made.remedies == ()
    assert "allows 0 more" in made.left_alone[0].sentence


def test_no_remedy_twice() -> None:
    made = plan(found("dns.records"), remedies=[Fake("dns", DNS)], done={"dns.fake"})
    assert made.remedies == ()
    assert made.instructions[0].facts == ("dns.records",)


def test_what_a_remedy_cannot_do_is_an_instruction_in_its_words() -> None:
    made = plan(found("dns.records"), remedies=[Fake("dns", DNS, raises=CannotRemedy("ask the other team"))])
    assert made.remedies == ()
    assert [(item.facts, item.sentence) for item in made.instructions] == [(("dns.records",), "ask the other team")]


@pytest.mark.parametrize(
    "error",
    [Unreachable("x", "no permission"), Unmet("tunnel.id", "absent", "no permission"), NotApplicable("no permission")],
)
def test_what_cannot_be_looked_at_is_not_remedied_by_guess(error: Exception) -> None:
    made = plan(found("dns.records"), remedies=[Fake("dns", DNS, raises=error)])
    assert made.remedies == ()
    assert "dns.fake cannot be planned" in made.left_alone[0].sentence


def test_what_requests_meet_is_looked_at_again_once_the_rest_is_mended() -> None:
    made = plan(found("dns.records"), found("public.answers"), remedies=[Fake("dns", DNS)])
    assert made.follows == ("public.answers",)
    assert made.instructions == ()


def test_what_name_servers_answer_follows_from_the_record_and_from_nothing_else() -> None:
    failing = (found("dns.records"), found("dns.cname_visible"), found("tunnel.id"))
    made = plan(*failing, remedies=[Fake("dns", DNS)])
    assert made.follows == ("dns.cname_visible",)
    made = plan(*failing, remedies=[Fake("tunnel", frozenset({"tunnel.id"}))])
    assert "dns.cname_visible" in {fact for item in made.instructions for fact in item.facts}


def test_without_a_remedy_each_failing_fact_has_an_instruction() -> None:
    made = plan(found("host.gpu"), found("public.answers"), remedies=[])
    assert {fact for item in made.instructions for fact in item.facts} == {"host.gpu", "public.answers"}


def test_a_remedy_with_nothing_to_do_leaves_its_facts_to_a_person() -> None:
    made = plan(found("dns.records"), remedies=[Fake("dns", DNS, changes=0)])
    assert made.remedies == ()
    assert made.instructions[0].facts == ("dns.records",)


def test_what_comes_first_is_planned_first_whatever_the_order_of_components() -> None:
    access = Fake("access", frozenset({"access.policy"}))
    made = plan(
        found("dns.records"),
        found("ollama.active"),
        found("access.policy"),
        remedies=[Fake("ollama", OLLAMA), Fake("dns", DNS, after=frozenset({access.id})), access],
    )
    assert [item.remedy for item in made.remedies] == ["ollama.fake", "access.fake", "dns.fake"]
    assert made.remedies[2].after == {"access.fake"}


def test_what_a_remedy_leaves_to_a_person_is_told_beside_its_steps() -> None:
    made = plan(found("dns.records"), found("dns.ttl"), remedies=[Fake("dns", DNS | {"dns.ttl"}, leaves={"dns.ttl"})])
    assert [item.remedy for item in made.remedies] == ["dns.fake"]
    assert [item.facts for item in made.instructions] == [("dns.ttl",)]


def test_each_object_counts_and_not_each_step() -> None:
    fake = Fake("dns", DNS, changes=1, touches=3)
    assert plan(found("dns.records"), remedies=[fake]).changes == 3
    assert plan(found("dns.records"), remedies=[fake], asked=Asked(budget=2)).remedies == ()

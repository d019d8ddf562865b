"""Which facts fail by a cause: as the lab's faults have it, and nothing that fails for another reason."""

import pytest

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.diagnosis.blame import blamed
from spark_conformance.diagnosis.causes.catalogue import CASES
from spark_conformance.diagnosis.causes.facts import ADMITS, ANSWER, FACTS
from spark_conformance.facts.model import TRAITS
from spark_lab.faults import FAULTS
from tests.diagnosis.scenarios import EVERY
from tests.diagnosis_report.recorded import diagnosis


def finding(fact: str, observed: str = "no", verdict: Verdict = Verdict.NONCONFORMANT) -> Finding:
    return Finding("t", fact, "c", "required", "s", "w", "e", verdict=verdict, observed=observed)


def test_every_cause_and_fact_is_one() -> None:
    assert FACTS.keys() <= CASES.keys()
    assert {fact for facts in FACTS.values() for fact in facts} <= TRAITS.keys()


def _broken(cause: str) -> list[frozenset[str]]:
    """What each fault breaks, or puts out of sight, that makes this cause and no other."""
    return [
        FAULTS[scenario.faults[0]].facts | FAULTS[scenario.faults[0]].unverified
        for scenario in EVERY.values()
        if scenario.active == (cause,) and not scenario.latent and not scenario.asked
        if len(scenario.faults) == 1 and scenario.faults[0] in FAULTS
    ]


@pytest.mark.parametrize("cause", [cause for cause in FACTS if _broken(cause)])
def test_what_a_cause_breaks_is_what_the_fault_that_makes_it_breaks(cause: str) -> None:
    assert any(set(FACTS[cause]) <= broken for broken in _broken(cause))


def test_the_403_breaks_its_setting_and_the_answer_and_nothing_that_fails_beside_it() -> None:
    seen = diagnosis("as_documented")
    failing = [
        finding("tunnel.http_host_header"), finding("ollama.accepts_host"), finding(ANSWER, "path /x, status 403"),
        finding("secrets.leaks"), finding("public.certificate_days"), finding("access.open_to_everyone"),
        finding("tunnel.fallback", verdict=Verdict.CONFORMANT),
    ]  # fmt: skip
    causes = {fact: [named.cause.id for named in own] for fact, own in blamed(failing, seen).items()}
    assert causes == {
        "tunnel.http_host_header": ["ollama-host-header"],
        "ollama.accepts_host": ["ollama-host-header"],
        ANSWER: ["ollama-host-header"],
        "access.open_to_everyone": ["access-open"],
    }


def test_another_answer_than_the_one_in_question_is_not_explained() -> None:
    seen = diagnosis("as_documented")
    assert blamed([finding(ANSWER, "path /x, status 403, as curl status 502")], seen) == {}
    assert blamed([finding(ANSWER, "path /x, status 502")], seen) == {}


def test_what_is_met_next_breaks_its_own_facts_and_not_the_answer() -> None:
    seen = diagnosis("access_then_ollama")
    failing = [finding(ANSWER, "path /x, status 403"), finding(ADMITS), finding("tunnel.http_host_header")]
    causes = {fact: [named.cause.id for named in own] for fact, own in blamed(failing, seen).items()}
    assert causes == {
        "tunnel.http_host_header": ["ollama-host-header"],
        ANSWER: ["access-no-service-auth"],
        ADMITS: ["access-no-service-auth"],
    }


def test_what_is_only_likely_proves_nothing() -> None:
    seen = diagnosis("from_outside")
    failing = [finding(ANSWER, "path /x, status 403"), finding("tunnel.http_host_header")]
    assert blamed(failing, seen)
    assert blamed(failing, seen, ("proven",)) == {}
    assert blamed(failing, None) == {}

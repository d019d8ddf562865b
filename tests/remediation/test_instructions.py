"""What a person is told to do: a place for every fact, causes before general advice, nothing twice."""

from typing import Any

import pytest

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.diagnosis.model import Cause, Diagnosis, Hop, Named, Remedy
from spark_conformance.facts.model import TRAITS
from spark_conformance.remediation.instructions import instructions

HOST = "ollama.example.org"


def finding(fact: str, verdict: Verdict = Verdict.NONCONFORMANT, **more: Any) -> Finding:
    words: dict[str, Any] = {"expected": "as documented", "observed": "otherwise", **more}
    return Finding("lab", fact, "test_it", "required", "the document", "because", verdict=verdict, **words)


def told(*findings: Finding, diagnosis: Diagnosis | None = None, remedied: tuple[str, ...] = ()) -> dict[str, str]:
    found = instructions({item.fact: item for item in findings}, HOST, diagnosis, remedied)
    return {",".join(item.facts): item.sentence for item in found}


def diagnosed(remediates: str = "", *, sure: bool = True) -> Diagnosis:
    remedy = Remedy("the rule", "off", "requests pass", "the zone > WAF", remediates=remediates)
    cause = Cause("edge-rule", Hop.EDGE, "a rule stops the request", remedy, "a reference")
    named = Named(cause, "proven" if sure else "possible", active=True)
    return Diagnosis("why", "403", Hop.EDGE, Hop.EDGE, (), (named,), undetermined=False)


def test_every_fact_says_where_and_what_a_person_does() -> None:
    assert all(own.where and own.do for own in TRAITS.values())


@pytest.mark.parametrize("fact", sorted(TRAITS))
def test_no_blank_is_left_open(fact: str) -> None:
    sentence = told(finding(fact))[fact]
    assert "{" not in sentence
    assert sentence.startswith(TRAITS[fact].where.partition("{")[0])


def test_what_is_remedied_or_holds_is_not_told() -> None:
    assert told(finding("dns.ttl"), finding("dns.type", Verdict.CONFORMANT), remedied=("dns.ttl",)) == {}


def test_what_could_not_be_looked_at_is_told_once_by_its_cause() -> None:
    cause = "the API token may not read tunnels"
    facts = [finding(f"tunnel.{name}", Verdict.UNREACHABLE, cause=cause) for name in ("id", "name")]
    assert told(*facts) == {"tunnel.id,tunnel.name": cause}


def test_what_is_blocked_is_told_by_what_blocks_it() -> None:
    root = finding("dns.records", observed="none")
    blocked = finding("dns.type", Verdict.BLOCKED, cause="no record", blocked_by="dns.records")
    assert list(told(root, blocked)) == ["dns.records"]
    assert told(blocked) == {"dns.type": "no record"}


def test_the_cause_that_a_diagnosis_is_sure_of_replaces_general_advice() -> None:
    answer = finding("public.answers")
    assert "the zone > WAF: the rule: off" in told(answer, diagnosis=diagnosed())["public.answers"]
    general = told(answer)["public.answers"]
    assert told(answer, diagnosis=diagnosed(sure=False))["public.answers"] == general
    assert told(answer, diagnosis=diagnosed("access"))["public.answers"] == general


def test_what_a_finding_says_is_taken_as_it_is() -> None:
    strange = finding("tunnel.name", expected="{observed}{0}", observed="secret")
    assert "name it {observed}{0} again" in told(strange)["tunnel.name"]

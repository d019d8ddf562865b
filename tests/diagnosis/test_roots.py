"""What does not hold, by its roots: each fact hangs on one, and is told once."""

from dataclasses import replace

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.diagnosis.roots import Root, roots
from tests.diagnosis.test_blame import finding
from tests.diagnosis_report.recorded import diagnosis


def blocked(fact: str, by: str, cause: str) -> Finding:
    made = finding(fact, "", Verdict.BLOCKED)
    made.blocked_by, made.cause = by, cause
    return made


def tree(made: list[Root]) -> list[tuple[str, str, list[str]]]:
    return [(root.kind, root.id, [item.fact for item in root.findings]) for root in made]


def test_one_cause_has_what_fails_by_it_and_what_that_blocks_in_whatever_order() -> None:
    found = [
        blocked("public.generates", "public.models_as_on_host", "not the same"),
        blocked("public.models_as_on_host", "public.answers", "public.answers does not hold: status 403"),
        finding("public.answers", "path /x, status 403"),
        finding("ollama.accepts_host"),
        finding("tunnel.http_host_header"),
        finding("host.release"),
        finding("dns.type", verdict=Verdict.CONFORMANT),
        finding("host.gpu", verdict=Verdict.NOT_APPLICABLE),
    ]
    made = roots(found, diagnosis("as_documented"))
    own = ["tunnel.http_host_header", "ollama.accepts_host"]
    answer = ["public.generates", "public.models_as_on_host", "public.answers"]
    assert tree(made) == [("cause", "ollama-host-header", [*own, *answer]), ("fact", "host.release", ["host.release"])]
    assert [item.fact for item in made[0].failing] == [*own, "public.answers"]
    assert [item.fact for item in made[0].unseen] == answer[:2]


def test_a_probe_hangs_on_the_cause_of_its_own_answer_and_no_other_fact_does() -> None:
    found = [finding("probes.health", "status 403"), finding("public.answers", "path /x, status 403")]
    made = roots(found, replace(diagnosis("as_documented"), asked="probes.health"))
    assert tree(made) == [
        ("cause", "ollama-host-header", ["probes.health"]), ("fact", "public.answers", ["public.answers"])
    ]  # fmt: skip


def test_without_a_diagnosis_each_fact_is_a_root_of_its_own() -> None:
    found = [finding("public.answers", "path /x, status 403"), finding("tunnel.http_host_header")]
    assert [root.kind for root in roots(found, None)] == ["fact", "fact"]


def test_what_keeps_from_looking_is_told_once_with_the_fact_about_it_first() -> None:
    why = "the API says nothing"
    owner = finding("secrets.api_token", "", Verdict.UNREACHABLE)
    owner.cause = why
    alone = finding("host.reachable", "", Verdict.UNREACHABLE)
    alone.cause = "no route"
    made = roots([blocked("dns.type", "secrets.api_token", why), owner, alone], None)
    assert tree(made) == [
        ("hindrance", "secrets.api_token", ["secrets.api_token", "dns.type"]),
        ("hindrance", "", ["host.reachable"]),
    ]
    assert [root.title for root in made] == [why, "no route"]


def test_what_is_blocked_by_what_nobody_judged_has_the_reason_for_its_root() -> None:
    made = roots([blocked("dns.type", "tunnel.id", "the facts file does not state tunnel.id")], None)
    assert tree(made) == [("hindrance", "", ["dns.type"])]
    loop = [blocked("dns.type", "dns.ttl", "x"), blocked("dns.ttl", "dns.type", "x")]
    assert tree(roots(loop, None)) == [("hindrance", "", ["dns.type", "dns.ttl"])]


def test_the_worst_is_told_first() -> None:
    advisory = finding("dns.ttl")
    advisory.severity = "advisory"
    waived = finding("dns.target", verdict=Verdict.WAIVED)
    error = finding("host.gpu", "", Verdict.ERROR)
    made = roots([waived, advisory, error, blocked("dns.type", "nobody", "why"), finding("dns.records")], None)
    assert [root.state for root in made] == ["nonconformant", "unverified", "error", "advisory", "waived"]

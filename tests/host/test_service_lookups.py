"""A fact of any service that stands alone is blocked by what it is looked up by, and says so; none is passed over."""

import pytest

from spark_conformance.checking import findings_of
from spark_conformance.core.verdict import Verdict
from spark_conformance.facts.lookups import out_of_sight
from spark_conformance.facts.model import TRAITS
from tests.host.service_bench import run_of, stated
from tests.host.stubs import StubHost

EXPECTED = {
    "service.enabled": True, "service.active": True, "service.restarts": {"at_most": 3}, "service.loopback_only": True,
    "service.health": {"path": "/", "status": 200}, "service.accepts_host": True, "openai.models": ["qwen3"],
    "openai.completes": {"tokens": 4, "within_s": 20}, "openai.requires_key": True,
}  # fmt: skip


@pytest.mark.parametrize("fact", EXPECTED)
def test_a_fact_alone_is_blocked_by_what_it_is_looked_up_by(stub: StubHost, fact: str) -> None:
    run = run_of(stub, stated(**{fact.replace(".", "__"): EXPECTED[fact]}))
    finding = findings_of(run)[fact]
    assert {finding.blocked_by} <= {by for by, _ in out_of_sight([fact])}
    assert (finding.verdict, stub.backend.commands) == (Verdict.BLOCKED, [])


def test_every_fact_of_any_service_is_looked_up_by_another_or_stands_for_itself() -> None:
    itself = {"service.unit", "service.container", "service.url"}
    assert {fact for fact in TRAITS if fact.startswith(("service.", "openai."))} == EXPECTED.keys() | itself

"""What speaks against a remedy, and what does not."""

import pytest

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.remediation.model import Planned
from spark_conformance.remediation.verifying import _bad


def finding(fact: str, verdict: Verdict) -> Finding:
    return Finding(
        target="x", fact=fact, check="", severity="required", source="", why="", expected="", verdict=verdict
    )


@pytest.mark.parametrize(
    ("fact", "speaks"),
    [
        ("public.answers", True),
        ("cloudflared.active", True),
        ("cloudflared.restarts", False),
        ("ollama.restarts", True),
    ],
)
def test_what_held_and_holds_no_more_speaks_against_it_but_not_a_counter_elsewhere(fact: str, speaks: bool) -> None:
    planned = Planned("ollama", "ollama", frozenset({"ollama.active"}), ())
    before, now = finding(fact, Verdict.CONFORMANT), finding(fact, Verdict.NONCONFORMANT)
    assert _bad(now, planned, before) is speaks

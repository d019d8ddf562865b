"""What a waiver covers: a finding that was made, until its day; never that nobody looked."""

from datetime import date

import pytest

from spark_conformance.core.findings import set_verdict
from spark_conformance.core.verdict import Finding, NotStated, Unmet, Unreachable, Verdict
from spark_conformance.core.waivers import settle_waivers, waive
from spark_conformance.facts.load import Waiver

UNTIL = date(2026, 12, 31)


def waiver(fact: str) -> Waiver:
    return Waiver(fact=fact, reason="the move", owner="ops", issue="#289", until=UNTIL)


def finding(fact: str, error: Exception) -> Finding:
    made = Finding("t", fact, f"test_{fact}", "required", "notes", "why", "1")
    set_verdict(made, error, None)
    return made


def covered(*findings: Finding, waived: tuple[str, ...], today: date = UNTIL) -> dict[str, str]:
    """The verdicts under waivers of these facts."""
    waivers = {fact: waiver(fact) for fact in waived}
    for one in findings:
        waive(one, waivers.get(one.fact), today)
    settle_waivers(findings, waivers)
    assert not [one for one in findings if one.waiver == "pending"]
    return {one.fact: str(one.verdict) for one in findings}


@pytest.mark.parametrize(
    ("today", "verdict", "how"),
    [
        (date(2026, 12, 30), Verdict.WAIVED, "applied"),
        (date(2026, 12, 31), Verdict.WAIVED, "applied"),
        (date(2027, 1, 1), Verdict.NONCONFORMANT, "expired"),
    ],
)
def test_its_last_day_is_included(today: date, verdict: Verdict, how: str) -> None:
    made = finding("dns.records", Unmet("dns.records", "2"))
    waive(made, waiver("dns.records"), today)
    assert (made.verdict, made.waiver) == (verdict, how)


def test_what_is_blocked_is_covered_where_its_root_does_not_hold() -> None:
    root = finding("tunnel.status", Unmet("tunnel.status", "down"))
    between = finding("public.answers", Unmet("tunnel.status", "down"))
    last = finding("public.generates", Unmet("public.answers", "status 530"))
    assert covered(root, between, last, waived=("public.generates",)) == {
        "tunnel.status": Verdict.NONCONFORMANT,
        "public.answers": Verdict.BLOCKED,
        "public.generates": Verdict.WAIVED,
    }
    assert "waived: the move (#289, ops, until 2026-12-31)" in last.note


def test_a_root_that_is_waived_itself_does_not_hold_either() -> None:
    root = finding("tunnel.status", Unmet("tunnel.status", "down"))
    last = finding("public.answers", Unmet("tunnel.status", "down"))
    assert set(covered(last, root, waived=("tunnel.status", "public.answers")).values()) == {Verdict.WAIVED}


@pytest.mark.parametrize(
    "root",
    [
        finding("secrets.api_token", Unreachable("api", "no way", owner="secrets.api_token")),
        finding("secrets.api_token", NotStated("tunnel.id")),
        finding("secrets.api_token", Unmet("tunnel.name", "another")),
    ],
    ids=["unreachable", "blocked by what is not stated", "blocked by what nobody looked at"],
)
def test_what_nobody_looked_at_is_not_covered(root: Finding) -> None:
    last = finding("dns.proxied", Unmet("secrets.api_token", "no"))
    before = str(root.verdict)
    assert covered(root, last, waived=("dns.proxied",)) == {"secrets.api_token": before, "dns.proxied": "blocked"}
    assert "its waiver does not cover it" in last.note


def test_with_the_way_closed_nothing_is_waived() -> None:
    last = finding("dns.proxied", Unreachable("api", "no way", owner="secrets.api_token"))
    assert covered(last, waived=("dns.proxied",)) == {"dns.proxied": "blocked"}
    assert "secrets.api_token was not checked" in last.note


def test_two_that_block_each_other_have_no_root() -> None:
    one, other = finding("dns.type", Unmet("dns.ttl", "x")), finding("dns.ttl", Unmet("dns.type", "x"))
    assert set(covered(one, other, waived=("dns.type", "dns.ttl")).values()) == {"blocked"}

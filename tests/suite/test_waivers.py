"""What a waiver covers: a finding that was made, until its day; never that nobody looked."""

from datetime import date

import pytest

from spark_conformance.core.findings import set_verdict
from spark_conformance.core.verdict import Finding, NotStated, Unmet, Unreachable, Verdict
from spark_conformance.core.waivers import root_of, settle_waivers, waive, waive_by_cause, waived
from spark_conformance.facts.load import Waiver

UNTIL = date(2026, 12, 31)


def waiver(of: str) -> Waiver:
    """Of a fact, or of a cause, whose id has no dot."""
    fact, cause = (of, "") if "." in of else ("", of)
    return Waiver(fact=fact, cause=cause, reason="the move", owner="ops", issue="#289", until=UNTIL)


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


SETTING, ANSWER = "tunnel.http_host_header", "public.answers"
BY = {SETTING: {"host-header": SETTING}, ANSWER: {"host-header": SETTING}}


def of_the_403(*more: Finding) -> list[Finding]:
    return [
        finding(SETTING, Unmet(SETTING, "nothing")),
        finding(ANSWER, Unmet(ANSWER, "status 403")),
        finding("public.generates", Unmet(ANSWER, "status 403")),
        finding("dns.ttl", Unmet("dns.ttl", "300")),
        *more,
    ]


def by_cause(
    named: str, causes: dict[str, dict[str, str]] = BY, today: date = UNTIL, found: list[Finding] | None = None
) -> tuple[set[str], list[Finding]]:
    """The facts that are waived where this is, and all findings."""
    found = found or of_the_403()
    waivers = {named: waiver(named)}
    for one in found:
        waive(one, waivers.get(one.fact), today)
    settle_waivers(found, waivers)
    waive_by_cause(found, waivers, causes, today)
    waive_by_cause(found, waivers, causes, today)  # as after a remediation
    return {one.fact for one in found if one.verdict == Verdict.WAIVED}, found


@pytest.mark.parametrize("named", ["host-header", SETTING])
def test_a_waiver_of_the_cause_or_its_setting_covers_what_fails_and_what_is_blocked_by_it(named: str) -> None:
    covers, found = by_cause(named)
    assert covers == {SETTING, ANSWER, "public.generates"}
    [told] = waived(found, [waiver(named)], UNTIL, explained=True)
    assert (told.state, set(told.covers)) == ("applied", covers)
    assert all(one.note.count("waived") == 1 for one in found if one.fact in covers)


def test_a_waiver_of_the_answer_is_none_of_its_setting() -> None:
    covers, _ = by_cause(ANSWER)
    assert covers == {ANSWER, "public.generates"}


def test_what_fails_by_two_causes_is_covered_where_both_are_waived() -> None:
    causes = {**BY, ANSWER: {"host-header": SETTING, "token-expired": "access.token_days"}}
    covers, found = by_cause("host-header", causes)
    assert covers == {SETTING}
    assert [one.waiver for one in found if one.fact == ANSWER] == [""]  # its last day is not over


def test_where_both_are_waived_the_first_is_told() -> None:
    causes = {ANSWER: {"host-header": SETTING, "token-expired": "access.token_days"}}
    found = of_the_403()
    waive_by_cause(found, {name: waiver(name) for name in causes[ANSWER]}, causes, UNTIL)
    answer = found[1]
    assert (answer.fact, answer.verdict, answer.waived_by) == (ANSWER, Verdict.WAIVED, "host-header")
    assert answer.note == f"waived with host-header: {ABOUT}"


def test_without_the_proof_or_after_its_day_it_covers_nothing_and_says_so() -> None:
    covers, found = by_cause("host-header", {})
    assert covers == set()
    [told] = waived(found, [waiver("host-header")], UNTIL, explained=True)
    assert told.state == "unused"
    assert told.sentence.startswith("host-header: its waiver covers nothing in this run")
    covers, found = by_cause("host-header", today=date(2027, 1, 1))
    assert covers == set()
    assert "the waiver of host-header expired" in found[0].note
    [told] = waived(found, [waiver("host-header")], date(2027, 1, 1), explained=True)
    assert told.state == "expired"


def test_what_nobody_looked_at_is_not_covered_by_a_cause_either() -> None:
    blind = finding("public.tls", Unreachable("x", "no way"))
    covers, _ = by_cause("host-header", found=of_the_403(blind))
    assert "public.tls" not in covers
    [told] = waived([], [waiver("dns.type")], UNTIL, explained=True)
    assert told.state == "not looked at"


ABOUT = "the move (#289, ops, until 2026-12-31)"


@pytest.mark.parametrize(
    ("verdict", "today", "waiver_is", "note"),
    [
        (Verdict.CONFORMANT, UNTIL, "fixed", f"seen; fixed, remove its waiver: {ABOUT}"),
        (Verdict.CONFORMANT, date(2027, 1, 1), "fixed", f"seen; fixed, remove its waiver: {ABOUT}"),
        (Verdict.NONCONFORMANT, UNTIL, "applied", f"seen; waived: {ABOUT}"),
        (Verdict.BLOCKED, date(2027, 1, 1), "expired", f"seen; its waiver expired: {ABOUT}"),
        (Verdict.UNREACHABLE, UNTIL, "", "seen"),
        (Verdict.BLOCKED, UNTIL, "pending", "seen"),
    ],
)
def test_a_finding_is_told_what_became_of_its_waiver(verdict: Verdict, today: date, waiver_is: str, note: str) -> None:
    made = finding("dns.records", Unmet("dns.records", "2"))
    made.verdict, made.note = verdict, "seen"
    waive(made, waiver("dns.records"), today)
    waive(made, None, today)
    assert (made.waiver, made.note) == (waiver_is, note)
    assert made.waived_by == ("dns.records" if waiver_is == "applied" else "")


def test_what_is_not_covered_is_told_why() -> None:
    root = finding("secrets.api_token", Unreachable("api", "no way", owner="secrets.api_token"))
    last = finding("dns.proxied", Unmet("secrets.api_token", "no"))
    covered(root, last, waived=("dns.proxied",))
    assert last.note == "its waiver does not cover it: secrets.api_token is unreachable"
    assert root_of(last, {"dns.proxied": last}) is None
    assert root_of(root, {}) is root


@pytest.mark.parametrize(
    ("verdict", "today", "state", "told"),
    [
        (Verdict.NONCONFORMANT, UNTIL, "applied", ""),
        (Verdict.CONFORMANT, UNTIL, "fixed", "fixed, remove its waiver: "),
        (Verdict.NONCONFORMANT, date(2027, 1, 1), "expired", "its waiver expired: "),
        (Verdict.UNREACHABLE, UNTIL, "unused", "its waiver covers nothing in this run, remove it if that is mended: "),
        (None, UNTIL, "not looked at", "not looked at: "),
    ],
)
def test_what_became_of_a_waiver_is_told(verdict: Verdict | None, today: date, state: str, told: str) -> None:
    own = waiver("dns.records")
    made = finding("dns.records", Unmet("dns.records", "2"))
    made.verdict = verdict or made.verdict
    waive(made, own, today)
    [became] = waived([made] if verdict else [], [own], today, explained=False)
    assert (became.state, became.sentence) == (state, f"dns.records: {told}{ABOUT}")
    assert became.as_json() == {
        "of": "dns.records", "reason": "the move", "owner": "ops", "issue": "#289", "until": "2026-12-31",
        "covers": ["dns.records"] if state == "applied" else [], "state": state,
    }  # fmt: skip
    [unexplained] = waived([], [waiver("host-header")], UNTIL, explained=False)
    assert unexplained.state == "not looked at"

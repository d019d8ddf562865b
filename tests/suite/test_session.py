"""What a session comes to, from pytest's own exit code, the findings, and what has none."""

import itertools
from pathlib import Path
from typing import cast

import pytest

from spark_conformance.core.session import (
    LEFT_OUT,
    SEVERITY,
    Failure,
    NotAsked,
    SessionResult,
    headline,
    session_result,
    together,
    word,
    worst,
)
from spark_conformance.core.verdict import Evidence, Finding, NotStated, Verdict
from spark_conformance.plugin.gathering import Gatherer
from tests.report.told import agree
from tests.suite.small import ALL_GOOD, run_suite

KILLED = "__import__('os').kill(__import__('os').getpid(), 9)"


def finding(verdict: Verdict, severity: str = "required", fact: str = "dns.records") -> Finding:
    return Finding("t", fact, f"checks/test_dns.py::{fact}", severity, "notes", "why", "1", verdict=verdict)


@pytest.mark.parametrize(
    ("verdict", "severity", "code"),
    [
        (Verdict.CONFORMANT, "required", 0),
        (Verdict.NONCONFORMANT, "required", 1),
        (Verdict.NONCONFORMANT, "advisory", 0),
        (Verdict.WAIVED, "required", 0),
        (Verdict.UNREACHABLE, "required", 7),
        (Verdict.UNREACHABLE, "advisory", 7),
        (Verdict.BLOCKED, "required", 7),
        (Verdict.ERROR, "required", 7),
        (Verdict.NOT_APPLICABLE, "required", 7),
    ],
)
@pytest.mark.parametrize("ended", [0, 1])
def test_a_finding_decides_where_pytest_came_to_its_end(verdict: Verdict, severity: str, code: int, ended: int) -> None:
    assert session_result([finding(verdict, severity)], ended=ended).exit_code == code


def test_an_advisory_fact_that_nobody_saw_is_no_matter_beside_one_that_was_seen() -> None:
    findings = [finding(Verdict.UNREACHABLE, "advisory"), finding(Verdict.CONFORMANT, fact="dns.type")]
    assert session_result(findings, ended=1).exit_code == 0


def test_no_finding_at_all_is_not_verified() -> None:
    assert session_result([], ended=0).exit_code == 7
    assert "nothing was checked (0 of 0" in session_result([], ended=0).headline


@pytest.mark.parametrize("ended", [2, 3, 4, 42])
@pytest.mark.parametrize("verdict", [Verdict.CONFORMANT, Verdict.NONCONFORMANT, Verdict.UNREACHABLE])
def test_what_stopped_pytest_stands(ended: int, verdict: Verdict) -> None:
    result = session_result([finding(verdict)], ended=ended)
    assert (result.exit_code, result.complete, result.interrupted) == (ended, False, ended == 2)


def test_a_failure_that_no_finding_explains_stands() -> None:
    assert session_result([finding(Verdict.CONFORMANT)], ended=1, explained=False).exit_code == 1


@pytest.mark.parametrize(("check", "code", "told"), [(True, 7, "could not be run"), (False, 1, "failed beside")])
def test_what_failed_without_a_finding_counts(*, check: bool, code: int, told: str) -> None:
    failure = Failure("mine/test_x.py::test_y", "assert 0", check=check)
    result = session_result([finding(Verdict.CONFORMANT)], ended=1, failures=[failure])
    assert result.exit_code == code
    assert f"{told}" in result.headline
    assert "mine/test_x.py::test_y" in result.headline


@pytest.mark.parametrize(
    ("node", "told"),
    [("", "ImportError while importing '/mine/test_x.py'."), ("mine/test_x.py", "mine/test_x.py")],
)
def test_a_module_that_does_not_import_is_named_wherever_it_is(node: str, told: str) -> None:
    gatherer = Gatherer([], Path())
    text = "ImportError while importing '/mine/test_x.py'.\nE   ModuleNotFoundError: no x"
    gatherer.pytest_collectreport(pytest.CollectReport(node, "failed", text, None))
    assert [failure.place for failure in gatherer.failures] == [told]


def test_what_was_to_be_judged_and_was_not_is_not_verified() -> None:
    result = session_result([finding(Verdict.CONFORMANT)], ended=0, missing=["dns.ttl", "tunnel.id"])
    assert (result.exit_code, result.missing) == (7, ("dns.ttl", "tunnel.id"))
    assert "2 facts were not checked: dns (ttl), tunnel (id)" in result.headline
    assert session_result([finding(Verdict.NONCONFORMANT)], ended=1, missing=["dns.ttl"]).exit_code == 1


def test_what_is_not_stated_is_told_with_what_to_write() -> None:
    one, two = NotStated("dns.type"), NotStated("service.unit", "service.container")
    assert str(one).startswith("the facts file does not state dns.type, which this is looked up by: write [facts.dns.")
    assert str(two).startswith("the facts file states neither service.unit nor service.container, which")
    assert "write [facts.service.unit] with" in str(two)
    assert (one.facts, two.facts) == (("dns.type",), ("service.unit", "service.container"))


def test_the_worst_code_is_the_sessions() -> None:
    assert [worst([code, other]) for code, other in itertools.pairwise(SEVERITY)] == [*SEVERITY[1:]]
    assert worst([3, 42]) == 42


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "CONFORMANT: every required fact that was checked holds"),
        (1, "FAILED: a test beside the checks failed"),
        (2, "INTERRUPTED: the verdict is not complete"),
        (3, "NO VERDICT: the suite itself failed"),
        (4, "NO VERDICT: nothing was run"),
        (7, "NOT VERIFIED: nothing is known to be wrong, but not everything could be checked"),
        (42, "NO VERDICT"),
    ],
)
def test_what_a_session_came_to_is_said_first(code: int, said: str) -> None:
    assert headline([finding(Verdict.CONFORMANT)], code) == f"{said} (1 of 1 facts conformant, exit code {code})"


def test_a_fact_that_does_not_hold_is_said_before_a_test_that_failed() -> None:
    found = [finding(Verdict.NONCONFORMANT), finding(Verdict.UNREACHABLE, fact="dns.ttl")]
    assert headline(found, 1) == "NOT CONFORMANT (0 of 2 facts conformant, exit code 1)"
    left = [finding(Verdict.NOT_APPLICABLE)]
    assert headline(left, 7).startswith("NOT VERIFIED: nothing was checked (0 of 0 facts")


@pytest.mark.parametrize(
    ("number", "facts", "places"),
    [(1, "1 fact was not checked: dns (f0)", "p0"), (6, "dns (f0, f1, f2, f3, f4, f5)", "p0, p1, p2, p3, p4, p5"),
     (7, "7 facts were not checked: dns (7 facts)", "p0, p1, p2, p3, p4, p5 and 1 more")],
)  # fmt: skip
def test_a_few_are_named_and_more_are_counted(number: int, facts: str, places: str) -> None:
    missing = [f"dns.f{at}" for at in range(number)]
    failures = [Failure(f"p{at}", "assert 0", check=False) for at in range(number) for _ in "twice"]
    said = headline([finding(Verdict.CONFORMANT)], 7, missing, failures, "for want of a lab")
    assert "exit code 7); for want of a lab; " in said
    assert facts in said
    assert said.endswith(f"; failed beside the checks: {places}")
    assert "could not be run" not in said


def test_the_worst_of_several_systems_counts_and_how_many_conform_is_said() -> None:
    systems = [SessionResult(0, "good"), SessionResult(7, "unseen")]
    both = session_result([finding(Verdict.CONFORMANT)], ended=0, systems=systems)
    assert (both.exit_code, "(1 of 2 systems conformant, 1 of 1 facts" in both.headline) == (7, True)
    one = session_result([finding(Verdict.CONFORMANT)], ended=0, systems=systems[:1])
    assert (one.exit_code, "systems" in one.headline) == (0, False)
    assert [word(code) for code in (0, 1, 2, 7, 4)] == [
        "conformant", "nonconformant", "interrupted", "not verified", "no verdict",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (("dns.ttl", "dns.type", "routes.api"), "not asked for (-m host): dns (ttl, type), routes (api)"),
        (("dns.ttl", "routes.api", "tunnel.id", "host.gpu", "access.policy"), "not asked for (-m host): 5 facts"),
    ],
)
def test_what_was_not_asked_for_is_told_beside_what_was_not_checked(facts: tuple[str, ...], told: str) -> None:
    left = NotAsked("-m host", facts)
    result = session_result([finding(Verdict.CONFORMANT)], ended=0, missing=["host.name"], not_asked=left)
    assert (result.not_asked, NotAsked.from_json(left.as_json())) == (left, left)
    assert result.headline.endswith(f"; {told}; 1 fact was not checked: host (name)")


def test_what_several_were_not_asked_for_is_one() -> None:
    one, two = NotAsked("-m dns", ("host.gpu", "host.disk")), NotAsked("-k ttl", ("host.gpu",))
    assert together([one, None, two, NotAsked("", ())]) == NotAsked("-m dns, -k ttl", ("host.gpu", "host.disk"))
    assert together([None, None]) is None


def test_what_the_command_line_left_out_is_said() -> None:
    left = finding(Verdict.NOT_APPLICABLE, fact="public.answers")
    left.note = LEFT_OUT
    said = headline([finding(Verdict.CONFORMANT), left], 0)
    assert said.endswith(f"; not checked ({LEFT_OUT}): public (answers)")


def test_a_finding_travels_whole_and_what_else_there_is_is_passed_over() -> None:
    made = finding(Verdict.NONCONFORMANT, "advisory")
    made.evidence.append(Evidence("seen", "two records"))
    assert Finding.from_json({**made.as_json(), "told": "later"}) == made
    older = {name: value for name, value in made.as_json().items() if name != "duration_s"}
    assert Finding.from_json(older).duration_s == 0.0
    assert (made.advisory, made.unverified, made.component) == (True, False, "dns")
    held, required = finding(Verdict.CONFORMANT, "advisory"), finding(Verdict.NONCONFORMANT)
    assert not held.advisory
    assert not required.advisory


def test_what_it_means_ends_where_begins_what_the_check_does_not_see() -> None:
    made = finding(Verdict.NONCONFORMANT)
    made.manual = "It is\n    not so.\n\n    Not seen here: another. Not seen either."
    assert made.means == "It is not so."
    made.manual = ""
    assert made.means == ""


def test_waived_facts_are_not_said_to_hold() -> None:
    findings = [finding(Verdict.WAIVED), finding(Verdict.CONFORMANT, fact="dns.ttl")]
    told = "CONFORMANT but for 1 waived: every other required fact that was checked holds (1 of 2 facts conformant"
    assert session_result(findings, ended=1).headline.startswith(told)


@pytest.mark.parametrize(("expected", "told"), [("0600", "; stated, and not applicable: host (gpu)"), ("", "")])
def test_what_is_stated_and_not_applicable_is_told(expected: str, told: str) -> None:
    """As a unit's file of a connector that runs in a container: it is no part of what holds."""
    left = finding(Verdict.NOT_APPLICABLE, fact="host.gpu")
    left.expected = expected
    result = session_result([finding(Verdict.CONFORMANT), left], ended=0)
    assert result.headline.partition("exit code 0)")[2] == told


def test_a_worker_that_is_killed_leaves_its_check_unverified(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD.replace("judge(1)", KILLED, 1), "-n", "1", "checks")
    assert ran.code == 7
    assert ran.verdicts == {"dns.ttl": "conformant", "dns.type": "conformant"}
    assert "1 fact was not checked: dns (records); could not be run: " in ran.out
    assert agree(ran.folder / "reports", ran.out, 7)["not_looked_at"] == ["dns.records"]


def test_workers_that_all_die_leave_the_rest_unverified(pytester: pytest.Pytester) -> None:
    deadly = ALL_GOOD.replace("judge(1)", KILLED)
    ran = run_suite(pytester, deadly, "-n", "2", "--max-worker-restart", "0", "checks")
    assert ran.code in {3, 7}  # pytest-xdist may be left without anybody to wait for, and says so
    assert "CONFORMANT: every" not in ran.out
    assert "dns (records, ttl" in ran.out or "the suite itself failed" in ran.out


def test_a_gate_misses_a_module_that_was_removed(pytester: pytest.Pytester) -> None:
    facts = pytester.path / "both.toml"
    run_suite(pytester, ALL_GOOD)
    text = (pytester.path / "facts.toml").read_text()
    facts.write_text(f'{text}\n[facts.host.hostname]\nexpect = "pi"\nsource = "notes"\nwhy = "the right machine"\n')
    for gate in ((), ("--gate", "post"), ("--gate", "pre")):
        ran = run_suite(pytester, ALL_GOOD, "--target", "both.toml", *gate, "checks", target=None, fresh=False)
        assert ran.code == 7
        assert "1 fact was not checked: host (hostname)" in ran.out


def test_an_error_after_a_check_is_told_and_hides_no_finding(pytester: pytest.Pytester) -> None:
    fixture = "\n@pytest.fixture\ndef breaks():\n    yield\n    raise OSError('no way back')\n"
    for value, code, verdict in ((1, 7, "error"), (2, 1, "nonconformant")):
        body = f"def test_records(judge, breaks):\n    judge({value})"
        checks = fixture + ALL_GOOD.replace("def test_records(judge):\n    judge(1)", body)
        ran = run_suite(pytester, checks)
        assert (ran.code, ran.verdicts["dns.records"]) == (code, verdict), ran.out


class Report:
    """A report that carries a finding, as far as gathering is concerned."""

    outcome = "failed"

    def __init__(self, found: Finding) -> None:
        self.finding = found.as_json()
        self.failed = found.unverified or found.verdict == Verdict.NONCONFORMANT


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("other", [Verdict.CONFORMANT, Verdict.UNREACHABLE, Verdict.NONCONFORMANT])
def test_of_a_check_that_is_made_twice_the_worse_finding_stays(order: int, other: Verdict) -> None:
    gatherer = Gatherer([], Path())
    for verdict in (Verdict.NONCONFORMANT, other)[::order]:
        gatherer.pytest_runtest_logreport(cast("pytest.TestReport", Report(finding(verdict))))
    assert [found.verdict for found in gatherer.findings] == [Verdict.NONCONFORMANT]


def test_two_checks_of_one_fact_keep_a_finding_each() -> None:
    gatherer = Gatherer([], Path())
    for number in (1, 2):
        found = finding(Verdict.CONFORMANT)
        found.check += f"[{number}]"
        gatherer.pytest_runtest_logreport(cast("pytest.TestReport", Report(found)))
    assert len(gatherer.findings) == 2

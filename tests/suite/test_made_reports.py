"""From a check's end to the report that pytest gets of it: what it carries, and what it takes back."""

import tomllib
from typing import Literal

import pytest

from spark_conformance.core.judging import Judge
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Finding, Nonconformant, Unmet, Unreachable, Verdict
from spark_conformance.facts.load import SystemFile
from spark_conformance.plugin import outcomes
from spark_conformance.plugin.fixtures import judge_key
from tests.suite.small import FACTS
from tests.suite.standins import item
from tests.suite.test_deciders import finding, report


@pytest.mark.parametrize(
    ("fact", "error", "kept"),
    [
        ("dns.ttl", Unmet("dns.ttl", "300"), False),
        ("dns.ttl", Nonconformant("300"), False),
        ("dns.ttl", OSError("broken"), True),
        ("", Unreachable("api", "no way"), True),
    ],
)
def test_what_tells_a_verdict_by_its_words_loses_its_traceback(
    monkeypatch: pytest.MonkeyPatch, fact: str, error: Exception, kept: bool
) -> None:
    monkeypatch.setattr(outcomes, "_judged", lambda *_: finding())

    def fails() -> None:
        raise error

    call = pytest.CallInfo.from_call(fails, "call")
    making = outcomes.pytest_runtest_makereport(item(fact), call)
    next(making)
    assert call.excinfo is not None
    assert bool(call.excinfo.traceback) is kept
    making.close()


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (None, (Verdict.ERROR, "")),
        (finding(Verdict.CONFORMANT), (Verdict.ERROR, "")),
        (
            finding(Verdict.NONCONFORMANT, note="seen"),
            (Verdict.NONCONFORMANT, "seen; after the check: torn down badly"),
        ),
        (finding(Verdict.UNREACHABLE), (Verdict.UNREACHABLE, "after the check: torn down badly")),
    ],
)
def test_what_breaks_after_a_check_takes_nothing_back(
    monkeypatch: pytest.MonkeyPatch, before: Finding | None, told: tuple[str, str]
) -> None:
    monkeypatch.setattr(outcomes, "_judged", lambda *_: finding(Verdict.ERROR, cause="torn down badly"))
    check = item("dns.ttl")
    if before is not None:
        check.stash[outcomes.found_key] = before

    def fails() -> None:
        raise OSError("broken")

    made = report()
    making = outcomes.pytest_runtest_makereport(check, pytest.CallInfo.from_call(fails, "teardown"))
    next(making)
    with pytest.raises(StopIteration):
        making.send(made)
    data = vars(made)["finding"]
    assert (data["verdict"], data["note"]) == told


def test_a_finding_carries_how_long_it_took_and_what_was_seen_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outcomes, "target_of", lambda _: "t")
    system = SystemFile.model_validate(tomllib.loads(FACTS))
    run = Run(system)
    monkeypatch.setattr(run, "seen_by_host", lambda name: {"zone": "active"} if name == "zone" else {})
    monkeypatch.setattr(outcomes, "run_of", lambda _: run)
    judge = Judge("dns.ttl", system.facts.all()["dns.ttl"])
    judge.show("looked", "nowhere")
    judge(1)
    check = item("dns.ttl", fixturenames=["judge", "zone"])
    check.stash[judge_key] = judge
    made = outcomes._judged(check, pytest.CallInfo.from_call(lambda: None, "call"), report(duration=0.123456))
    assert (made.verdict, made.duration_s, made.expected) == (Verdict.CONFORMANT, 0.1235, "1")
    assert [(one.label, one.text) for one in made.evidence] == [("looked", "nowhere"), ("observation: zone", "active")]


@pytest.mark.parametrize(
    ("fact", "when", "carries"),
    [("dns.ttl", "setup", False), ("dns.ttl", "call", True), ("dns.ttl", "teardown", False), ("", "call", False)],
)
def test_only_the_report_of_the_check_itself_carries_its_finding_where_all_goes_well(
    monkeypatch: pytest.MonkeyPatch, fact: str, when: Literal["setup", "call", "teardown"], carries: bool
) -> None:
    monkeypatch.setattr(outcomes, "_judged", lambda *_: finding(Verdict.CONFORMANT))
    made = report(sections=[("Captured stdout call", "Authorization: Bearer abcdefghijkl")])
    making = outcomes.pytest_runtest_makereport(item(fact), pytest.CallInfo.from_call(lambda: None, when))
    next(making)
    with pytest.raises(StopIteration):
        making.send(made)
    assert ("finding" in vars(made)) is carries
    assert ("abcdefghijkl" in made.sections[0][1]) is (not fact)  # what a test of somebody's own prints is theirs

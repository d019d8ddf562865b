"""What the plugin decides without a session: of findings, of reports, and of what a command line asks for."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.core.findings import set_verdict
from spark_conformance.core.judging import Judge
from spark_conformance.core.verdict import (
    Evidence,
    Finding,
    Nonconformant,
    NotApplicable,
    NotStated,
    Unmet,
    Unreachable,
    Verdict,
)
from spark_conformance.core.waivers import PENDING
from spark_conformance.facts.calling import CHECKS as CHECKS_HERE
from spark_conformance.facts.calling import CHECKS_PACKAGE
from spark_conformance.facts.fact import Fact
from spark_conformance.facts.model import GROUPS
from spark_conformance.plugin import collection, gathering, outcomes, scope, selection, settle
from spark_conformance.plugin.gathering import Gatherer
from spark_conformance.plugin.refusing import REFUSED

NODE = "checks/test_dns.py::test_ttl"


def finding(verdict: Verdict = Verdict.NONCONFORMANT, **more: Any) -> Finding:
    stated = {"severity": "required", "source": "notes, line 3", "why": "clients find it", "expected": "1", **more}
    return Finding("t", "dns.ttl", NODE, verdict=verdict, **stated)


def report(found: Finding | None = None, **more: Any) -> pytest.TestReport:
    made = pytest.TestReport(NODE, ("checks/test_dns.py", 3, "test_ttl"), {}, "passed", None, "call")
    vars(made).update({"finding": found.as_json()} if found else {}, **more)
    return made


def test_a_finding_is_told_line_by_line() -> None:
    seen = [Evidence("observation: zone", "not here"), Evidence("traceback", "File 1\nFile 2")]
    told = finding(observed="300", cause="a root", note="of two", evidence=seen)
    assert outcomes.lines_of(told) == [
        "dns.ttl: nonconformant", "  expected  1", "  observed  300", "  cause     a root", "  note      of two",
        "  why       clients find it", "  source    notes, line 3", "File 1\nFile 2",
    ]  # fmt: skip
    assert outcomes.lines_of(finding(Verdict.BLOCKED, expected="")) == [
        "dns.ttl: blocked", "  why       clients find it", "  source    notes, line 3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("verdict", "severity", "outcome", "when", "letter"),
    [
        (Verdict.CONFORMANT, "required", "passed", "call", ("passed", ".", "CONFORMANT")),
        (Verdict.NONCONFORMANT, "required", "failed", "call", ("nonconformant", "F", "NONCONFORMANT")),
        (Verdict.NONCONFORMANT, "advisory", "skipped", "call", ("advisory", "a", "ADVISORY")),
        (Verdict.UNREACHABLE, "required", "failed", "setup", ("unreachable", "U", "UNREACHABLE")),
        (Verdict.WAIVED, "required", "skipped", "call", ("waived", "w", "WAIVED")),
        (Verdict.NOT_APPLICABLE, "required", "skipped", "call", ("not applicable", "-", "NOT APPLICABLE")),
        (Verdict.ERROR, "required", "failed", "setup", ("error of the suite", "E", "ERROR")),
    ],
)
def test_pytest_shows_a_verdict_as_what_it_has_for_it(
    verdict: Verdict, severity: str, outcome: str, when: str, letter: tuple[str, str, str]
) -> None:
    shown = report(wasxfail="of before", user_properties=[("fact", "another"), ("mine", "kept")])
    found = finding(verdict, severity=severity, observed="300")
    outcomes.show(shown, found)
    assert (shown.outcome, shown.when) == (outcome, when)
    assert shown.user_properties == [("mine", "kept"), ("target", "t"), ("fact", "dns.ttl"), ("verdict", str(verdict))]
    expected_failure = f"{verdict}, {severity}" if verdict == Verdict.WAIVED or severity == "advisory" else None
    assert getattr(shown, "wasxfail", None) == expected_failure
    if outcome == "skipped":
        assert shown.longrepr == ("checks/test_dns.py", 0, "300")
    assert outcomes.pytest_report_teststatus(shown) == letter


def test_a_report_of_somebody_elses_is_left_to_others() -> None:
    assert outcomes.pytest_report_teststatus(report()) is None
    assert outcomes.pytest_report_teststatus(report(finding(), outcome="rerun")) is None


@pytest.mark.parametrize(
    ("found", "settled"),
    [
        (None, True),
        (finding(Verdict.CONFORMANT), True),
        (finding(Verdict.NOT_APPLICABLE), True),
        (finding(Verdict.WAIVED), True),
        (finding(Verdict.UNREACHABLE), False),
        (finding(Verdict.NONCONFORMANT), False),
        (finding(Verdict.NONCONFORMANT, severity="advisory"), True),
        (finding(Verdict.BLOCKED, waiver=PENDING), True),
        (finding(Verdict.BLOCKED, blocked_by="dns.type"), True),
        (finding(Verdict.BLOCKED, blocked_by="dns.records"), False),
        (finding(Verdict.NONCONFORMANT, blocked_by="dns.type"), False),
    ],
)
def test_what_there_is_to_wait_for(found: Finding | None, settled: bool) -> None:
    reports = [report(finding(Verdict.ERROR)), report(found)] if found else [report()]
    assert settle.settled(reports, {"dns.type"}) is settled


def test_each_attempt_says_when_it_was_and_what_it_came_to() -> None:
    attempt = settle._attempt([report(finding(observed="300", cause="no", note="of two")), report()], 2)
    assert attempt.label.startswith("attempt 2, ")
    assert attempt.label.endswith(" UTC")
    assert attempt.text == "nonconformant: 300\nof two"
    assert settle._attempt([report(finding(Verdict.UNREACHABLE, cause="no way"))], 1).text == "unreachable: no way"
    assert settle._attempt([report()], 1).text == "no finding"
    kept = report(finding(evidence=[Evidence("last", "x")]))
    settle._keep(kept, [attempt])
    assert [one["label"] for one in vars(kept)["finding"]["evidence"]] == [attempt.label, "last"]


def gathered(*reports: pytest.TestReport) -> Gatherer:
    gatherer = Gatherer([], Path("/nowhere"))
    for one in reports:
        gatherer.pytest_runtest_logreport(one)
    return gatherer


def test_a_failure_is_kept_where_no_finding_explains_it() -> None:
    text = "Traceback\n>   assert x\nE   assert 0\n\n"
    plain = gathered(report(outcome="failed", longrepr=text))
    assert [(one.place, one.sentence, one.check) for one in plain.failures] == [(NODE, "E   assert 0", True)]
    assert plain.failed
    explained = gathered(report(finding(), outcome="failed"))
    assert (explained.failures, explained.failed, len(explained.findings)) == ([], True, 1)
    after = gathered(report(finding(Verdict.CONFORMANT), outcome="failed", longrepr=""))
    assert [one.sentence for one in after.failures] == ["it failed"]
    expected = gathered(report(outcome="failed", wasxfail="known"))
    assert (expected.failures, expected.failed) == ([], False)
    fine = gathered(report(finding(Verdict.CONFORMANT)), report())
    assert (fine.failures, fine.failed, fine.deselected) == ([], False, False)
    again = gathered(report(finding(), outcome="rerun"))
    assert (again.findings, again.last) == ([], {})


@pytest.mark.parametrize(
    ("error", "told"),
    [(None, []), ("keyboard-interrupt", []), ("Not properly terminated", ["the worker gw0 died"])],
)
def test_a_worker_that_died_is_told_and_one_that_was_stopped_is_not(error: str | None, told: list[str]) -> None:
    gatherer = gathered()
    node = SimpleNamespace(gateway=SimpleNamespace(id="gw0"))
    gatherer.pytest_testnodedown(node, error)
    assert [one.sentence for one in gatherer.failures] == told
    assert all(one.check and one.place == "worker gw0" for one in gatherer.failures)


def test_the_first_reason_of_a_worker_stays() -> None:
    gatherer = gathered()
    for reason in ("the first", "the second", ""):
        gatherer.pytest_testnodedown(SimpleNamespace(workeroutput={REFUSED: reason}), None)
    assert gatherer.refused == "the first"


def test_how_bad_a_finding_is() -> None:
    order = (Verdict.CONFORMANT, Verdict.BLOCKED, Verdict.NONCONFORMANT)
    assert [gathering._rank(finding(verdict)) for verdict in order] == [0, 1, 2]


CHECKS = """
import pytest

class TestIt:
    @pytest.mark.fact("dns.type")
    def test_type(self): ...

@pytest.mark.fact("dns.ttl")
def test_ttl(): ...

@pytest.mark.parametrize("name", ["a"])
@pytest.mark.fact("probes.*")
def test_probe(): ...

def test_of_mine(): ...
"""


def test_checks_are_known_by_their_modules(tmp_path: Path) -> None:
    (tmp_path / "test_x.py").write_text(CHECKS)
    (tmp_path / "test_y.py").write_text("def test_of_mine(): ...")
    (tmp_path / "test_z.py").write_text("def broken(")
    (tmp_path / "test_w.py").write_bytes(b"\xff\xfe")
    of = {
        "test_x.py::test_ttl": "dns.ttl", "test_x.py::TestIt::test_type": "dns.type",
        "test_x.py::test_probe[home-of-mine]": "probes.home",
        "test_x.py::test_of_mine": "test_x.py::test_of_mine", "test_z.py::test_ttl": "test_z.py::test_ttl",
        "test_w.py::test_ttl": "test_w.py::test_ttl",
    }  # fmt: skip
    assert scope.facts_named(of, tmp_path) == of
    known = {node: scope.is_check(node, tmp_path) for node in (*of, "test_x.py", "test_y.py", "checks/test_no.py::x")}
    assert [node for node, check in known.items() if not check] == [
        "test_x.py::test_of_mine", "test_z.py::test_ttl", "test_w.py::test_ttl", "test_y.py",
    ]  # fmt: skip


def test_options_are_told_as_they_were_given() -> None:
    options = {"lf": True, "keyword": "ttl", "deselect": ["a::b", "c"], "markexpr": "", "ignore": None}
    config = cast("pytest.Config", SimpleNamespace(getoption=lambda name, _=None: options.get(name)))
    assert list(scope.given(config, scope.SELECTING)) == ["-k ttl", "--deselect a::b", "--lf"]
    assert not scope.will_run(cast("pytest.Config", SimpleNamespace(getoption=lambda name, _=None: name == "help")))
    assert scope.will_run(config)


@pytest.mark.parametrize(
    ("chosen", "none"),
    [
        (" and ".join(GROUPS), True),
        ("dns", False), ("host", True), ("host or dns", False), ("host and dns", True), ("not dns", False),
        ("not (dns or public)", True), ("slow", False), ("dns and slow", False), ("dns and", False), ("", False),
    ],
)  # fmt: skip
def test_what_chooses_none_of_the_components_is_known_without_collecting(chosen: str, none: bool) -> None:
    assert selection._chooses_none(chosen, ["dns", "public"]) is none


def test_checks_come_in_the_order_of_a_requests_way_and_others_last() -> None:
    facts = ["own.mine", "pipeline.unit", "host.sudo", "public.tls", "dns.ttl"]
    assert sorted(facts, key=collection._place) == ["dns.ttl", "public.tls", "host.sudo", "pipeline.unit", "own.mine"]


@pytest.mark.parametrize(
    ("error", "verdict", "told"),
    [
        (Nonconformant("300", "of two"), Verdict.NONCONFORMANT, {"observed": "300", "note": "of two"}),
        (Unmet("dns.ttl", "300", "of two"), Verdict.NONCONFORMANT, {"observed": "300", "note": "of two"}),
        (Unmet("dns.type", "A"), Verdict.BLOCKED, {"blocked_by": "dns.type", "cause": "dns.type does not hold: A"}),
        (Unreachable("api", "no way"), Verdict.UNREACHABLE, {"cause": "no way"}),
        (Unreachable("api", "no way", "dns.ttl"), Verdict.UNREACHABLE, {"cause": "no way"}),
        (Unreachable("api", "no way", "dns.type"), Verdict.BLOCKED, {"blocked_by": "dns.type", "cause": "no way"}),
        (
            NotStated("dns.type", "dns.target"),
            Verdict.BLOCKED,
            {"blocked_by": "dns.type", "cause": str(NotStated("dns.type", "dns.target"))},
        ),
        (NotApplicable("no such thing"), Verdict.NOT_APPLICABLE, {"note": "no such thing"}),
        (OSError("broken"), Verdict.ERROR, {"cause": "OSError: broken"}),
        (None, Verdict.ERROR, {"cause": f"{NODE} compares nothing: a check calls judge once"}),
    ],
)
def test_what_a_check_raises_is_its_verdict(error: Exception | None, verdict: Verdict, told: dict[str, str]) -> None:
    made = finding(Verdict.ERROR, by_hand="write {expected} in place of {observed}")
    set_verdict(made, error, None, "File 1")
    said = {name: getattr(made, name) for name in ("observed", "note", "blocked_by", "cause")}
    assert (made.verdict, {name: text for name, text in said.items() if text}) == (verdict, told)
    assert [one.text for one in made.evidence] == ["File 1"] * isinstance(error, OSError)
    assert made.by_hand == ("write 1 in place of 300" if verdict == Verdict.NONCONFORMANT else "")


def test_a_judge_that_raised_nothing_was_asked_and_held() -> None:
    judge = Judge("dns.ttl", Fact[Any].model_construct(expect=1))
    silent = finding(Verdict.CONFORMANT)
    set_verdict(silent, None, judge)
    assert silent.verdict == Verdict.ERROR
    judge(1, note="of one")
    set_verdict(held := finding(), None, judge)
    assert (held.verdict, held.observed, held.note) == (Verdict.CONFORMANT, "1", "of one")
    with pytest.raises(Nonconformant):
        judge(2)
    judge(1)
    set_verdict(caught := finding(), None, judge)
    assert caught.cause.startswith(f"{NODE} catches what judge raises")


def command_line(root: Path, *args: str, **options: Any) -> pytest.Config:
    """What is known of a command line in a clone's root."""
    conftest = SimpleNamespace(__file__=str(root / "conftest.py"), pytest_plugins=["spark_conformance.plugin"])
    others = [
        SimpleNamespace(__file__=str(root / "mine" / "plugin.py"), pytest_plugins=["spark_conformance.plugin"]),
        SimpleNamespace(__file__=str(root / "tests" / "conftest.py"), pytest_plugins=["another"]),
    ]
    return cast("pytest.Config", SimpleNamespace(
        args=list(args), rootpath=root, option=SimpleNamespace(pyargs=options.get("pyargs", False)),
        getoption=lambda name, default=None: options.get(name, default),
        invocation_params=SimpleNamespace(dir=root / "here" if options.get("below") else root),
        pluginmanager=SimpleNamespace(get_plugins=lambda: [*others, conftest, SimpleNamespace()]),
    ))  # fmt: skip


@pytest.mark.parametrize(
    ("args", "looks", "selected"),
    [
        (("checks",), True, []),
        ((".",), True, []),
        (("tests",), False, ["tests"]),
        (("mine/checks",), False, ["mine/checks"]),
        (("checks/test_dns.py",), True, ["checks/test_dns.py"]),
        (("checks", "checks/test_dns.py::test_ttl"), True, ["checks/test_dns.py::test_ttl"]),
        (("checks/test_dns.py::test_ttl", "checks/test_dns.py::test_type"), True, ["checks/test_dns.py::test_ttl"]),
        (("tests", "checks/test_dns.py"), True, ["tests"]),
        (("checks", "tests"), True, []),
    ],
)
def test_what_a_command_line_looks_at(tmp_path: Path, args: tuple[str, ...], looks: bool, selected: list[str]) -> None:
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "test_dns.py").touch()
    config = command_line(tmp_path, *args)
    assert scope.looks_at_checks(config) is looks
    assert scope.looks_at_checks(command_line(tmp_path, *args, **{"--target": ["a.toml"]}))
    assert scope.looks_at_checks(command_line(tmp_path, *args, **{"--replay": "a.zip"}))
    assert scope.selected_by(config) == selected
    assert scope.selected_by(command_line(tmp_path, *args, keyword="ttl")) == ["-k ttl", *selected]
    assert scope.leaves_out(config) == any(arg.partition("::")[0].endswith(".py") for arg in args)
    assert scope.leaves_out(command_line(tmp_path, "checks", lf=True))
    assert not scope.leaves_out(command_line(tmp_path, "checks", keyword="ttl"))


def test_where_checks_are_and_where_reports_go(tmp_path: Path) -> None:
    config = command_line(tmp_path, below=True)
    assert scope.is_ours(tmp_path / "checks" / "test_dns.py", config)
    for other in ("mine", "tests"):
        assert not scope.is_ours(tmp_path / other / "checks" / "test_dns.py", config)
    assert scope.reports_of(config) == tmp_path / "reports"
    assert scope.reports_of(command_line(tmp_path, **{"--reports": "x"})) == tmp_path / "x"


@pytest.mark.parametrize(
    ("word", "pyargs", "place"),
    [
        (CHECKS_PACKAGE, True, CHECKS_HERE),
        (f"{CHECKS_PACKAGE}.test_dns", True, CHECKS_HERE / "test_dns.py"),
        (f"{CHECKS_PACKAGE}.test_dns", False, None),
        (f"{CHECKS_PACKAGE}_of_mine", True, None),
        ("mine", True, None),
    ],
)
def test_the_checks_may_be_named_by_their_package(tmp_path: Path, word: str, pyargs: bool, place: Path | None) -> None:
    config = command_line(tmp_path, f"{word}::test_ttl", pyargs=pyargs)
    assert scope._named(config) == [place or tmp_path / word]


def test_what_is_named_beside_the_checks_is_an_operators_own(tmp_path: Path) -> None:
    words = ("checks/test_dns.py::test_ttl", "mine/test_a.py::test_x", "mine/test_a.py::test_y", ".", "other")
    assert scope.beside(command_line(tmp_path, *words)) == ["mine/test_a.py", "other"]
    assert scope.beside(command_line(tmp_path, "checks")) == []

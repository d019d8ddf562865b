"""What a session is found to have come to: of which facts nothing is known, what failed beside, and whose it is."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.core.session import INTERRUPTED, NONCONFORMANT, Failure, NotAsked
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.plugin import gathering
from spark_conformance.plugin.gathering import Gatherer
from spark_conformance.plugin.outcomes import findings_key
from tests.suite.standins import config, item

STATED = {"t": ["dns.ttl", "dns.type", "host.sudo"], "u": ["dns.ttl"]}


def finding(target: str, fact: str, verdict: Verdict = Verdict.CONFORMANT, **more: Any) -> Finding:
    told = {"severity": "required", "source": "s", "why": "w", "expected": "1", **more}
    return Finding(target, fact, f"checks/x.py::{fact}", verdict=verdict, **told)


def gatherer(*findings: Finding) -> Gatherer:
    return Gatherer(list(findings), Path("/nowhere"))


def asked(
    monkeypatch: pytest.MonkeyPatch,
    gate: str = "",
    selected: tuple[str, ...] = (),
    stated: dict[str, list[str]] = STATED,
) -> pytest.Config:
    """A command line for targets that state these facts."""
    monkeypatch.setattr(gathering, "target_names", lambda _: list(stated))
    monkeypatch.setattr(gathering, "facts_known", lambda _, target: target)
    monkeypatch.setattr(gathering, "asked_by", lambda _, target: stated[target])
    monkeypatch.setattr(gathering, "selected_by", lambda _: list(selected))
    return config(getoption=lambda _: gate)


@pytest.mark.parametrize(
    ("options", "unjudged", "missing"),
    [
        (("", False, ()), (), ["dns.type", "host.sudo"]),
        (("", False, ("-k x",)), ("host.sudo",), ["host.sudo"]),
        (("", True, ()), ("host.sudo",), ["host.sudo"]),
        (("", True, ("-k x",)), (), []),
        (("", True, ("-k x",)), ("dns.ttl",), []),
        (("post", False, ("-k x",)), (), ["dns.type", "host.sudo"]),
    ],
)
def test_which_facts_were_to_be_judged_and_were_not(
    monkeypatch: pytest.MonkeyPatch,
    options: tuple[str, bool, tuple[str, ...]],
    unjudged: tuple[str, ...],
    missing: list[str],
) -> None:
    gate, deselected, selected = options
    there = gatherer(finding("t", "dns.ttl"), finding("u", "dns.type"))
    there.deselected = deselected
    assert list(gathering._missing(asked(monkeypatch, gate, selected), there, "t", unjudged)) == missing


@pytest.mark.parametrize(
    ("target", "missing", "ended", "code"),
    [
        ("t", (), NONCONFORMANT, 0),
        ("t", (), INTERRUPTED, 0),  # all of it was judged before
        ("t", ("dns.type",), INTERRUPTED, 2),
        ("t", ("dns.type",), NONCONFORMANT, 7),
        ("u", (), NONCONFORMANT, 1),
    ],
)
def test_what_one_of_several_systems_came_to(target: str, missing: tuple[str, ...], ended: int, code: int) -> None:
    there = gatherer(finding("t", "dns.ttl"), finding("u", "dns.ttl", Verdict.NONCONFORMANT))
    assert gathering._of_system(there, target, missing, ended, None).exit_code == code


@pytest.mark.parametrize(
    ("target", "selected", "missing", "left"),
    [
        ("t", ("-k ttl",), (), NotAsked("-k ttl", ("dns.type", "host.sudo"))),
        ("t", ("-k ttl", "a"), ("host.sudo",), NotAsked("-k ttl, a", ("dns.type",))),
        ("t", (), ("host.sudo",), NotAsked("by a plugin that selects", ("dns.type",))),
        ("t", ("-k ttl",), ("host.sudo", "dns.type"), None),
        ("u", ("-k ttl",), (), NotAsked("-k ttl", ("dns.ttl",))),
    ],
)
def test_what_a_selection_left_out_of_a_target(
    monkeypatch: pytest.MonkeyPatch, target: str, selected: tuple[str, ...], missing: tuple[str, ...], left: NotAsked
) -> None:
    there = gatherer(finding("t", "dns.ttl"), finding("u", "dns.type"))
    assert gathering._not_asked(asked(monkeypatch, selected=selected), there, target, missing) == left


@pytest.mark.parametrize(
    ("gate", "stated", "told"),
    [
        ("", {"t": []}, ""),
        ("pre", {"t": []}, "t states no fact that must hold before a deployment"),
        ("post", {"t": [], "u": []}, "t, u states no fact that a gate could look at"),
        ("pre", {"t": [], "u": ["dns.ttl"]}, ""),
    ],
)
def test_a_gate_that_has_nothing_to_look_at_says_so(
    monkeypatch: pytest.MonkeyPatch, gate: str, stated: dict[str, list[str]], told: str
) -> None:
    assert gathering._nothing_to_gate(asked(monkeypatch, gate, stated=stated)) == told


def test_checks_whose_facts_nobody_knows_are_told_by_their_nodes() -> None:
    assert gathering._nodes({"a": "dns.ttl", "c": "x.py::c", "b": "x.py::b"}) == ["x.py::b", "x.py::c"]


@pytest.mark.parametrize(("worker", "looks", "runs"), [(True, True, True), (False, False, True), (False, True, False)])
def test_who_looks_at_no_checks_comes_to_no_result(
    monkeypatch: pytest.MonkeyPatch, worker: bool, looks: bool, runs: bool
) -> None:
    monkeypatch.setattr(gathering, "looks_at_checks", lambda _: looks)
    monkeypatch.setattr(gathering, "will_run", lambda _: runs)
    session = cast("pytest.Session", SimpleNamespace(config=config(**({"workerinput": {}} if worker else {}))))
    gathering.pytest_sessionfinish(session, 0)
    assert gathering.result_key not in session.config.stash


def finished(monkeypatch: pytest.MonkeyPatch, there: Gatherer, ended: int, **asking: Any) -> pytest.Session:
    """A session that has come to its end."""
    asked_for = asked(monkeypatch, **asking)
    cleanups: list[Any] = []
    vars(asked_for)["add_cleanup"] = cleanups.append
    asked_for.stash[gathering.gatherer_key] = there
    monkeypatch.setattr(gathering, "looks_at_checks", lambda _: True)
    monkeypatch.setattr(gathering, "will_run", lambda _: True)
    session = cast("pytest.Session", SimpleNamespace(config=asked_for, exitstatus=ended))
    gathering.pytest_sessionfinish(session, ended)
    assert session.exitstatus == gathering.result_of(asked_for).exit_code
    session.exitstatus = 0  # as a plugin does that turns failures into successes
    for cleanup in cleanups:
        cleanup()
    return session


@pytest.mark.parametrize(
    ("facts", "ended", "code", "missing"),
    [
        (STATED["t"], 0, 0, ()),
        (["dns.ttl"], 0, 7, ("dns.type", "host.sudo")),
        (["dns.ttl"], 1, 7, ("dns.type", "host.sudo")),
        (["dns.ttl"], INTERRUPTED, 2, ("dns.type", "host.sudo")),
        ([], 5, 7, ("dns.ttl", "dns.type", "host.sudo")),
        (["dns.ttl"], 3, 3, ()),  # who looked at nothing misses nothing
    ],
)
def test_what_a_session_came_to(
    monkeypatch: pytest.MonkeyPatch, facts: list[str], ended: int, code: int, missing: tuple[str, ...]
) -> None:
    there = gatherer(*(finding("t", fact) for fact in facts))
    there.failed = True
    session = finished(monkeypatch, there, ended, stated={"t": STATED["t"]})
    result = gathering.result_of(session.config)
    assert (session.exitstatus, result.exit_code, result.missing) == (code, code, missing)
    assert gathering.results_of(session.config) == {"t": result}


def test_of_several_systems_each_has_a_result_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    there = gatherer(*(finding("t", fact) for fact in STATED["t"]))
    there.failures.append(Failure("mine/test_x.py", "assert 0", check=False))
    session = finished(monkeypatch, there, 0)
    codes = {target: result.exit_code for target, result in gathering.results_of(session.config).items()}
    assert (codes, session.exitstatus) == ({"t": 0, "u": 7}, 1)
    assert "1 of 2 systems conformant" in gathering.result_of(session.config).headline


def test_what_its_workers_refused_is_told_as_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    there = gatherer()
    there.refused = "a fact without a check: dns.ttl"
    session = finished(monkeypatch, there, 0)
    assert session.exitstatus == 4
    assert gathering.result_of(session.config).headline.endswith("; a fact without a check: dns.ttl")


def test_what_was_selected_and_what_a_gate_lacks_is_told_in_the_headline(monkeypatch: pytest.MonkeyPatch) -> None:
    there = gatherer(finding("t", "dns.ttl"))
    session = finished(monkeypatch, there, 0, selected=("-k ttl",), stated={"t": STATED["t"]})
    assert "; not asked for (-k ttl): dns (type), host (sudo)" in gathering.result_of(session.config).headline
    session = finished(monkeypatch, gatherer(), 0, gate="pre", stated={"t": []})
    assert session.exitstatus == 7
    assert gathering.result_of(session.config).headline.endswith(
        "; t states no fact that must hold before a deployment"
    )


def test_waivers_are_settled_target_by_target_by_whoever_has_all_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    settled: list[tuple[list[str], list[str]]] = []
    monkeypatch.setattr(
        gathering, "system_of", lambda _, target: SimpleNamespace(waivers=[SimpleNamespace(of=f"of {target}")])
    )
    monkeypatch.setattr(
        gathering, "settle_waivers", lambda found, waivers: settled.append(([one.fact for one in found], [*waivers]))
    )
    ways: tuple[dict[str, Any], ...] = ({"workerinput": {}}, {})
    for worker in ways:
        whose = config(**worker)
        whose.stash[findings_key] = [finding("t", "dns.ttl"), finding("u", "dns.type"), finding("t", "dns.type")]
        gathering._settle_waivers(whose)
    assert sorted(settled) == [(["dns.ttl", "dns.type"], ["of t"]), (["dns.type"], ["of u"])]


# --- what is gathered on the way


def failed(node: str, text: str, place: str = "") -> pytest.TestReport:
    return pytest.TestReport(node, (place, 3, "test_x"), {}, "failed", text, "call")


def test_a_module_that_cannot_be_collected_is_a_failure() -> None:
    there = gatherer()
    there.pytest_collectreport(pytest.CollectReport("mine/test_x.py", "passed", None, []))
    assert (there.failures, there.failed) == ([], False)
    there.pytest_collectreport(pytest.CollectReport("mine/test_x.py", "failed", "E   ImportError: no y\n", []))
    [failure] = there.failures
    assert (failure.place, failure.sentence, there.failed) == ("mine/test_x.py", "E   ImportError: no y", True)


@pytest.mark.parametrize(
    ("report", "place"),
    [
        (failed("mine/test_x.py::test_x", "E   x", "mine/test_x.py"), "mine/test_x.py::test_x"),
        (failed("::test_x", "E   x", "../mine/test_x.py"), "../mine/test_x.py::test_x"),
        (pytest.CollectReport("", "failed", "ImportError in ../mine\nE   no y", []), "ImportError in ../mine"),
        (pytest.CollectReport("", "failed", "", []), "a module outside the root"),
    ],
)
def test_where_something_failed_is_told_outside_the_root_too(
    report: pytest.TestReport | pytest.CollectReport, place: str
) -> None:
    there = gatherer()
    there._fail(report)
    assert [failure.place for failure in there.failures] == [place]


def test_checks_are_counted_and_other_tests_are_not(tmp_path: Path) -> None:
    there = Gatherer([], tmp_path)
    check, test = item("dns.ttl", "checks/test_dns.py::test_ttl"), item("", "mine/test_x.py::test_x")
    there.pytest_deselected([test])
    assert not there.deselected
    there.pytest_deselected([test, check])
    assert there.deselected
    there.pytest_collection_finish(cast("pytest.Session", SimpleNamespace(items=[check, test])))
    assert list(there.checks) == [check.nodeid]
    there.pytest_xdist_node_collection_finished(["checks/test_host.py::test_sudo", test.nodeid, check.nodeid])
    assert list(there.checks) == [check.nodeid, "checks/test_host.py::test_sudo"]
    there.findings.append(Finding("t", "dns.ttl", check.nodeid, "required", "s", "w", "1"))
    assert list(there.unjudged()) == ["checks/test_host.py::test_sudo"]


@pytest.mark.parametrize(
    ("verdicts", "kept"),
    [
        ((Verdict.CONFORMANT, Verdict.NONCONFORMANT), 1),
        ((Verdict.NONCONFORMANT, Verdict.UNREACHABLE), 0),
        ((Verdict.UNREACHABLE, Verdict.CONFORMANT), 0),
        ((Verdict.NONCONFORMANT, Verdict.NONCONFORMANT), 1),
    ],
)
def test_of_a_check_that_was_made_twice_the_worse_finding_is_kept_or_the_last(
    verdicts: tuple[Verdict, Verdict], kept: int
) -> None:
    there = gatherer()
    both = [finding("t", "dns.ttl", verdict, note=str(number)) for number, verdict in enumerate(verdicts)]
    for one in (both[0], finding("u", "dns.ttl"), both[1]):
        there._take(one)
    assert [(one.target, one.note) for one in there.findings] == [("t", str(kept)), ("u", "")]

"""Results of several runs become those of one: nothing is lost or judged anew, and what cannot count is told."""

import json
import shutil
import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from spark_conformance.__main__ import main
from spark_conformance.core.session import NotAsked, SessionResult, session_result
from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.core.waivers import Waived
from spark_conformance.facts.load import Waiver
from spark_conformance.plugin.systems import rows
from spark_conformance.remediation.model import Instruction, StepState
from spark_conformance.remediation.outcome import Outcome, StepOutcome
from spark_conformance.report import prometheus
from spark_conformance.report.index import index
from spark_conformance.report.markdown import render
from spark_conformance.report.merged import merged
from spark_conformance.report.page import page
from spark_conformance.report.restored import restored
from spark_conformance.report.results import Results
from tests.report.made import BEGAN, finding
from tests.report.made import results as made
from tests.report.test_html import LINKS, Parsed, the_403
from tests.report.test_html import results as diagnosed
from tests.report.told import by_html, by_json, by_junit

FAILS = finding("dns.ttl", Verdict.NONCONFORMANT)
HOLDS = finding("dns.records")
BLIND = replace(finding("dns.type", Verdict.UNREACHABLE), observed="", cause="the API is silent")


def of(system: str, *findings: Finding, days: int = 0, missing: tuple[str, ...] = (), ended: int = 0) -> Results:
    """A run over one system, as each runner of a night makes it: all by the same name of a target."""
    session = session_result(findings, ended=ended, missing=missing)
    began = BEGAN + timedelta(days=days)
    single = made(*(replace(item, target="on-the-host.toml") for item in findings))
    target = replace(
        single.targets[0], name="on-the-host.toml", system=system, hostname=f"{system}.example.org",
        about=f"{system} ({system}.example.org)", session=session, began=began,
    )  # fmt: skip
    return replace(
        single, started_at=began, finished_at=began + timedelta(seconds=12.5), session=session, targets=[target]
    )


def written(place: Path, results: Results) -> Path:
    place.mkdir(parents=True, exist_ok=True)
    (place / "results.json").write_text(results.render())
    return place


@pytest.fixture
def night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What three runners left, as artifacts are downloaded: a directory each."""
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "night/one", of("spark-1", HOLDS))
    written(tmp_path / "night/two", of("spark-2", HOLDS, FAILS))
    written(tmp_path / "night/three", of("spark-3", BLIND))
    return tmp_path / "night"


def whole() -> Results:
    """A run with all that a run may have: diagnosis, history, waivers, a remediation, and facts without a finding."""
    told = diagnosed(*the_403(), kind="as_documented", history=True)
    outcome = Outcome(
        "apply", "applied", "as planned", "run", [StepOutcome("a.b", "a", "dns", "do", "- x", StepState.APPLIED)],
        [Instruction(("dns.ttl",), "look")], [], ["dns.type"], {"dns.ttl": ("nonconformant", "conformant")}, ["odd"],
    )  # fmt: skip
    waivers = [
        Waived(Waiver(**{kind: of}, reason="r", owner="o", issue="#1", until=BEGAN.date()), ("dns.ttl",), "applied")
        for kind, of in (("fact", "dns.ttl"), ("cause", "ollama-host-header"))
    ]
    [target] = told.targets
    return replace(told, targets=[replace(target, remediation=outcome, waivers=waivers, seconds=3.25)])


@pytest.mark.parametrize("results", [whole(), of("spark-1", BLIND, missing=("dns.ttl",))], ids=["all", "little"])
def test_results_are_the_same_after_they_were_written_and_read(results: Results) -> None:
    again = restored(json.loads(results.render()))
    assert again.as_json() == results.as_json()
    assert [*page(again, again.targets[0], LINKS)] == [*page(results, results.targets[0], LINKS)]


def test_all_reports_tell_the_same_of_what_was_merged(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(night), "--out", "all"]) == 1
    out = Path("all")
    told = by_json(out)
    assert told.exit_code == 1
    assert "1 of 3 systems conformant, 2 of 4 facts conformant" in told.headline
    systems = ["spark-1", "spark-2", "spark-3"]
    assert by_html(out, systems) == told
    junit, others = by_junit(out)
    assert (junit.exit_code, junit.headline, junit.found, others) == (1, told.headline, told.found, {})
    assert {target for target, _ in told.found} == set(systems)  # told apart, though each ran as on-the-host.toml
    assert (out / "summary.md").read_text().startswith("## ❌ NOT CONFORMANT")
    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines[-1] == told.headline
    rows = [line.split()[0] for line in lines if line.startswith("  spark-")]
    assert rows == ["spark-2", "spark-3", "spark-1"]
    index = (out / "report.html").read_text()
    assert {"report.spark-1.html", "report.spark-2.html", "report.spark-3.html"} <= set(Parsed(index).links)
    for name in systems:
        own = (out / f"report.{name}.html").read_text()
        assert 'href="report.html">All systems' in own
        assert Parsed(own.replace("<!DOCTYPE html>", "").replace('<meta charset="utf-8">', "")).ids


def test_what_was_merged_can_be_merged_again(night: Path) -> None:
    main(["merge", str(night / "one"), str(night / "two"), "--out", "some"])
    assert main(["merge", "some", str(night / "three"), "--out", "all"]) == 1
    assert len(by_json(Path("all")).found) == 4
    assert {path.name for path in Path("all").glob("report.*.html")} == {f"report.spark-{n}.html" for n in (1, 2, 3)}
    assert main(["merge", str(night / "one"), "--out", "all"]) == 0
    assert [path.name for path in Path("all").glob("*.html")] == ["report.html"]  # no page of another merge stays
    assert len([*Path("all/previous").glob("*.html")]) == 4


def test_of_a_system_that_is_there_twice_the_later_run_counts() -> None:
    early, late = of("spark-1", FAILS), of("spark-1", HOLDS, days=1)
    for order in ([early, late], [late, early]):
        told = merged([(Path(f"{results.started_at:%d}/results.json"), results) for results in order])
        assert told.session.exit_code == 0
        [remark] = told.remarks
        assert remark == (
            "spark-1 is there twice: its results of 2026-11-28 02:23:00 UTC count (28/results.json), those of "
            "2026-11-27 02:23:00 UTC do not (27/results.json)"
        )
        assert "spark-1 is there twice" in render(told.as_json())


def test_results_of_different_days_and_gates_are_told() -> None:
    gate = replace(of("spark-2", HOLDS), gate="pre")
    told = merged([(Path("a"), of("spark-1", HOLDS, days=-1)), (Path("b"), gate)])
    assert told.remarks == [
        "these results are of different days: spark-1 of 2026-11-26; the others of 2026-11-27 (UTC)",
        "these runs asked for different things (--gate pre, no gate): their verdicts do not mean the same",
    ]
    assert (told.gate, told.session.exit_code) == (None, 0)
    lab = of("spark-1", HOLDS)
    lab = replace(lab, targets=[replace(lab.targets[0], lab=True)])
    both = merged([(Path("a"), of("spark-1", HOLDS)), (Path("b"), lab)])
    assert (len(both.targets), both.remarks) == (2, [])  # a twin is another system


def test_what_a_run_was_not_asked_for_is_told_of_the_whole() -> None:
    """Else a row of a system of which a part was looked at reads as one of which all was."""
    part = of("spark-1", HOLDS)
    left = NotAsked("-m dns", ("host.gpu", "access.policy"))
    session = session_result([HOLDS], ended=0, not_asked=left)
    part = replace(part, session=session, targets=[replace(part.targets[0], session=session)])
    for first in (part, restored(json.loads(part.render()))):
        told = merged([(Path("a"), first), (Path("b"), of("spark-2", HOLDS))])
        assert told.remarks == ["spark-1: not asked for (-m dns): host (gpu), access (policy)"]
        assert told.session.headline.endswith("; not asked for (-m dns): host (gpu), access (policy)")
        assert merged([(Path("c"), told), (Path("d"), of("spark-3", HOLDS))]).remarks == told.remarks
    table = next(part for part in index(told, [Path("a.html"), Path("b.html")]) if "<h2>Systems" in part)
    assert table.count("<li>not asked for (-m dns): host (gpu), access (policy)</li>") == 1
    assert "not asked for (-m dns): host (gpu)" in next(line for line in rows(told.targets) if "spark-1" in line)
    assert "- not asked for (-m dns): host (gpu), access (policy)" in render(told.as_json())


def test_results_that_do_not_say_what_they_were_not_asked_for_are_not_known_to_be_whole() -> None:
    data = of("spark-1", HOLDS).as_json()
    for told in (data, *data["targets"]):
        del told["not_asked"]
    older = restored(data)
    assert older.session.not_asked == older.targets[0].session.not_asked == NotAsked("", ())
    [remark] = merged([(Path("a"), older)]).remarks
    assert remark.startswith("spark-1: whether all was asked for is not known")
    assert "last_success" not in prometheus.render(older)


def test_a_failing_test_beside_the_checks_of_one_run_fails_the_whole() -> None:
    one = of("spark-1", HOLDS)
    one = replace(one, session=SessionResult(1, "FAILED"))
    assert merged([(Path("a"), one), (Path("b"), of("spark-2", HOLDS))]).session.exit_code == 1


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.unlink(), "night/two: there is no results.json in it"),
        (lambda file: shutil.rmtree(file.parent), "night/two: it cannot be read (No such file or directory)"),
        (lambda file: file.write_text("{"), "night/two/results.json: it is not JSON"),
        (lambda file: file.write_text('{"schema": 9}'), "it is of a newer version of this suite: its schema is 9"),
        (lambda file: file.write_text('{"schema": 1}'), "its schema is 1, not 2"),
        (lambda file: file.write_text('{"schema": 2}'), "does not follow the schema of results.json, as it has no"),
        (lambda file: file.write_text(of("x", HOLDS, missing=("dns.ttl",), ended=2).render()),
         "its run did not come to its end (exit code 2): run it again"),
    ],
    ids=["no file", "no directory", "no JSON", "newer", "older", "other data", "interrupted"],
)  # fmt: skip
def test_what_cannot_count_is_told_in_a_sentence(
    night: Path, capsys: pytest.CaptureFixture[str], spoil: "object", told: str
) -> None:
    assert callable(spoil)
    spoil(night / "two/results.json")
    places = ["night/one", "night/two", "night/three"]
    assert main(["merge", *places, "--out", "all"]) == 4
    assert told in capsys.readouterr().err
    assert not Path("all").exists()
    assert main(["merge", *places, "--out", "all", "--partial"]) == 7
    data = json.loads(Path("all/results.json").read_text())
    [failure] = data["failures"]
    assert told in f"{failure['place']}: {failure['sentence']}"
    assert "night/two" in data["headline"]
    assert "night/two" in Path("all/report.html").read_text()
    assert ET.parse("all/junit.xml").getroot()[0].get("errors") == "2"  # noqa: S314 - our own file
    assert "night/two" in capsys.readouterr().out


def test_a_system_without_results_that_was_expected_is_told(night: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["merge", str(night / "one"), "--expect", "spark-1", "--expect", "spark-9", "--out", "all"]
    assert main(words) == 4
    assert "spark-9: there are no results of it" in capsys.readouterr().err
    assert main([*words, "--partial"]) == 7
    assert "could not be run: spark-9" in by_json(Path("all")).headline


def test_nothing_to_merge_is_a_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["merge", str(tmp_path), "--partial", "--out", str(tmp_path / "all")]) == 4
    assert "no report is written" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main(["merge"])
    assert ended.value.code == 4

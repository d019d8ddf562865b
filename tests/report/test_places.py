"""Where reports are written: all or none, at the user's places, and none of an earlier run where this one has none."""

import errno
import json
import os
import signal
import sys
from datetime import datetime
from pathlib import Path

import pytest

from spark_conformance.plugin.report import collecting
from spark_conformance.report import __main__ as command
from spark_conformance.report.placing import Drafts, put_aside
from spark_conformance.report.results import Results
from tests.report.told import NAMES, agree, data_of
from tests.suite.small import ALL_GOOD, Outcome, run_suite


def standing(place: Path) -> set[str]:
    return {path.name for path in place.iterdir() if path.is_file()}


def summary(path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    """What `python fixtures report` makes of a file: its exit code, its output, its errors."""
    monkeypatch.setattr(sys, "argv", ["report", str(path)])
    capsys.readouterr()
    code = command.main()
    said = capsys.readouterr()
    return code, said.out, said.err


def test_reports_go_where_the_command_line_says(pytester: pytest.Pytester) -> None:
    ran = run_suite(pytester, ALL_GOOD, "checks")
    again = ("checks", "--html", "out/page.html", "--junitxml", "out/$NAME.xml", "--css", "own.css")
    (pytester.path / "own.css").write_text("/* mine */")
    os.environ["NAME"] = "units"
    try:
        ran = run_suite(pytester, ALL_GOOD, *again, fresh=False)
    finally:
        del os.environ["NAME"]
    assert ran.code == 0, ran.out
    assert standing(ran.folder / "out") == {"page.html", "units.xml"}
    assert standing(ran.folder / "reports") == {"results.json"}
    assert standing(ran.folder / "reports/previous") == set(NAMES)
    assert "/* mine */" in (ran.folder / "out/assets/style.css").read_text()
    assert str(ran.folder) not in (ran.folder / "out/page.html").read_text()


@pytest.mark.parametrize("option", ["--html", "--junitxml"])
def test_a_place_where_no_report_can_be_is_refused_before_the_run(pytester: pytest.Pytester, option: str) -> None:
    (pytester.path / "file").touch()
    ran = run_suite(pytester, ALL_GOOD, "checks", option, "file/report")
    assert ran.code == 4
    assert f"{option} file/report: the report cannot be written there; name a file" in ran.out


def test_a_file_in_the_place_of_the_folder_is_called_one(pytester: pytest.Pytester) -> None:
    (pytester.path / "file").touch()
    ran = run_suite(pytester, ALL_GOOD, "checks", "--reports", "file")
    assert ran.code == 4
    assert "file: the reports cannot be written there: it is no directory; name one" in ran.out


def test_no_half_page_stands_there_meanwhile(pytester: pytest.Pytester) -> None:
    looking = ALL_GOOD.replace(
        "judge(1)", "assert not list(__import__('pathlib').Path('reports').glob('*.*')); judge(1)", 1
    )
    ran = run_suite(pytester, looking, "checks", "-o", "generate_report_on_test=true")
    assert ran.code == 0, ran.out
    assert standing(ran.folder / "reports") == set(NAMES)


@pytest.mark.parametrize(("without", "left"), [("html", {*NAMES[1:]}), ("junitxml", {NAMES[0], NAMES[2]})])
def test_a_library_that_is_left_out_leaves_its_report_out(
    pytester: pytest.Pytester, without: str, left: set[str]
) -> None:
    ran = run_suite(pytester, ALL_GOOD, "checks", "-p", f"no:{without}")
    assert ran.code == 0, ran.out
    assert standing(ran.folder / "reports") == left


def test_what_cannot_be_written_is_told_and_leaves_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: Results) -> str:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "results.json")

    run_suite(pytester, ALL_GOOD, "checks")
    monkeypatch.setattr(Results, "render", full)
    ran = run_suite(pytester, ALL_GOOD, "checks", fresh=False)
    assert ran.code == 0
    assert "NO REPORTS: they could not be written (results.json: No space left on device)" in ran.out
    assert standing(ran.folder / "reports") == set()


def test_an_exit_code_that_changes_afterwards_takes_the_reports_with_it(pytester: pytest.Pytester) -> None:
    warning = ALL_GOOD.replace("judge(1)", "__import__('warnings').warn('old'); judge(1)", 1)
    ran = run_suite(pytester, warning, "checks", "--max-warnings", "0", "-W", "default")
    assert ran.code == 6, ran.out
    assert "no reports: they would say exit code 0, which is no longer right" in ran.out
    assert standing(ran.folder / "reports") == set()


LOWERING = """
import pytest
@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    session.exitstatus = 0  # as pytest-custom-exit-code does where it is asked to
"""


BACKWARDS = """
from datetime import UTC, datetime, timedelta
from spark_conformance.plugin.report import collecting
class SetBack(datetime):
    @classmethod
    def now(cls, tz=None):
        return datetime.now(tz) - timedelta(hours=1)
def pytest_collection_finish():
    collecting.datetime = SetBack
"""


def test_a_clock_that_is_set_back_makes_no_run_end_before_it_began(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(collecting, "datetime", datetime)
    pytester.makepyfile(backwards=BACKWARDS)
    pytester.syspathinsert()
    told = run_suite(pytester, ALL_GOOD, "checks", "-p", "backwards").results
    assert told["started_at"] == told["finished_at"]
    assert told["targets"][0]["seconds"] == 0


def test_nobody_makes_a_failure_a_success_afterwards(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(lowering=LOWERING)
    pytester.syspathinsert()
    ran = run_suite(pytester, ALL_GOOD.replace("judge(1)", "judge(2)", 1), "checks", "-p", "lowering")
    assert ran.code == 1
    agree(ran.folder / "reports", ran.out, 1)


def test_a_killed_run_leaves_no_results_of_another(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run_suite(pytester, ALL_GOOD, "checks")
    killed = ALL_GOOD.replace("judge(1)", "__import__('os').kill(__import__('os').getpid(), 9)", 1)
    ran = run_suite(pytester, killed, "checks", fresh=False, apart=True)
    assert ran.code == -signal.SIGKILL
    assert standing(ran.folder / "reports") == set()
    code, out, _ = summary(ran.folder / "reports/results.json", monkeypatch, capsys)
    assert code == 0
    assert out.startswith("## ⚠️ No verdict\n")
    assert "reports/previous, and say nothing about the last one" in out


def test_listing_leaves_the_reports_alone(pytester: pytest.Pytester) -> None:
    run_suite(pytester, ALL_GOOD, "checks")
    for listing in ("--ledger", "--collect-only", "--help", "--version", "--markers"):
        ran: Outcome = run_suite(pytester, ALL_GOOD, "checks", listing, fresh=False)
        assert ran.code == 0, ran.out
        assert standing(ran.folder / "reports") == set(NAMES)
        assert not (ran.folder / "reports/previous").exists()


def test_two_refused_runs_keep_the_last_results_aside(pytester: pytest.Pytester) -> None:
    run_suite(pytester, ALL_GOOD, "checks")
    for wrong in (("--no-such-option",), ("-m", "dns and"), ("--target", "sprak")):
        ran = run_suite(pytester, ALL_GOOD, "checks", *wrong, fresh=False)
        assert ran.code == 4
        assert standing(ran.folder / "reports") == set()
        assert data_of(ran.folder / "reports/previous")["exit_code"] == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "it is not JSON"),
        ("[1]", "its schema is None, not 2"),
        ('{"schema": 1, "exit_code": 0}', "its schema is 1, not 2"),
        ('{"schema": 2, "exit_code": 0}', "it does not follow the schema of results.json"),
        ('{"schema": 2, "exit_code": 0, "targets": 7}', "it does not follow the schema of results.json"),
        ("\udcff", "it is not JSON"),
    ],
)
def test_a_file_of_another_kind_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], text: str, sentence: str
) -> None:
    path = tmp_path / "results.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    code, out, err = summary(path, monkeypatch, capsys)
    assert (code, out) == (4, "")
    assert sentence in err
    assert summary(tmp_path, monkeypatch, capsys)[0] == 4


def test_a_run_that_was_cut_off_is_never_green(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cut = ALL_GOOD.replace('judge("CNAME")', "raise KeyboardInterrupt")
    ran = run_suite(pytester, cut, "checks")
    path = ran.folder / "reports/results.json"
    code, out, _ = summary(path, monkeypatch, capsys)
    assert code == 0
    assert out.startswith("## ⚠️ INTERRUPTED")
    assert "✅" not in out
    assert json.loads(path.read_text())["complete"] is False


def test_drafts_are_placed_together_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    drafts = Drafts([first, second])
    for path in (first, second):
        drafts.of(path).write_text("new")
    replace = Path.replace

    def failing(path: Path, target: Path) -> Path:
        if target == second:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(target))
        return replace(path, target)

    monkeypatch.setattr(Path, "replace", failing)
    with pytest.raises(PermissionError):
        drafts.place()
    drafts.discard()
    assert list(tmp_path.iterdir()) == []


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    null, beside = Path("/dev/null"), tmp_path / "x"
    drafts = Drafts([null, beside])
    assert drafts.of(null) == null
    assert put_aside([null]) == []
    drafts.of(beside).write_text("x")
    drafts.place()
    assert null.is_char_device()
    assert beside.read_text() == "x"

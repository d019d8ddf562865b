"""`pytest checks/` as a user runs it."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.facts.load import find, load
from spark_lab.announcement import Announcement
from spark_lab.faults.bench import Bench
from tests.end_to_end.session import LEAN, PROJECT, Session, check, project
from tests.report.told import agree

Counted = tuple[dict[str, Any], dict[str, Any]]
"""What a lab counted before a run, and what after it."""
FACTS = len(load(find("spark-291b")).facts.all())


def findings(place: Path) -> list[dict[str, Any]]:
    results = json.loads((place / "reports/results.json").read_text())
    return [finding for target in results["targets"] for finding in target["findings"]]


@pytest.fixture(scope="module")
def out_of_the_box(kept_lab: Announcement, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A run with a lab of its own, while somebody else's is there."""
    return check(project(tmp_path_factory.mktemp("own")))


@pytest.fixture(scope="module")
def counted(kept_lab: Announcement, tmp_path_factory: pytest.TempPathFactory) -> Counted:
    before = seen(kept_lab)
    assert check(project(tmp_path_factory.mktemp("kept")), "--target", kept_lab.target).code == 0
    return before, seen(kept_lab)


def test_out_of_the_box_the_lab_is_conformant_and_marked_as_a_lab(out_of_the_box: Session) -> None:
    ran = out_of_the_box
    assert ran.code == 0, ran.out
    agree(ran.reports, ran.out, 0)
    assert Counter(finding["verdict"] for finding in findings(ran.reports.parent)) == {"conformant": FACTS}
    assert ran.out.count("it says nothing about spark-291b") == 2
    assert "it says nothing about spark-291b" in (ran.reports / "report.html").read_text()
    assert json.loads((ran.reports / "results.json").read_text())["targets"][0]["lab"] is True


def test_every_finding_has_expected_observed_and_source(out_of_the_box: Session) -> None:
    for finding in findings(out_of_the_box.reports.parent):
        assert finding["expected"], finding["fact"]
        assert finding["observed"], finding["fact"]
        assert finding["source"], finding["fact"]
        assert finding["manual"], finding["fact"]


def test_results_follow_their_schema(tmp_path: Path) -> None:
    check(project(tmp_path), "-m", "dns or ollama", "--lab-fault", "as-documented")
    results = json.loads((tmp_path / "reports/results.json").read_text())
    schema = json.loads((PROJECT / "fixtures/spark_conformance/report/results.schema.json").read_text())
    finding, target = schema["$defs"]["finding"], schema["$defs"]["target"]
    assert set(results) == set(schema["required"])
    for one in results["targets"]:
        assert set(one) == set(target["required"])
        for found in one["findings"]:
            assert set(found) == set(finding["properties"])
            assert found["verdict"] in schema["$defs"]["verdict"]["enum"]


def test_one_ssh_session_serves_the_whole_run(counted: Counted) -> None:
    before, after = counted
    assert after["ssh_connections"] - before["ssh_connections"] == 1
    assert after["ssh_sessions"] - before["ssh_sessions"] == 1


def test_each_resource_of_the_api_is_asked_for_once(counted: Counted) -> None:
    before, after = counted
    asked = Counter(after["api_requests"][len(before["api_requests"]) :])
    assert [request for request, times in asked.items() if times > 1] == []


def test_what_no_selected_check_needs_is_not_looked_at(kept_lab: Announcement, tmp_path: Path) -> None:
    before = seen(kept_lab)
    ran = check(project(tmp_path), "--target", kept_lab.target, "-m", "dns")
    assert ran.code == 0, ran.out
    assert seen(kept_lab)["ssh_connections"] == before["ssh_connections"]


def test_the_lab_of_somebody_elses_run_is_left_alone(kept_lab: Announcement, out_of_the_box: Session) -> None:
    assert out_of_the_box.code == 0
    assert Path(kept_lab.target).is_file()
    assert seen(kept_lab)


def test_workers_come_to_the_same_verdicts_over_a_connection_each(kept_lab: Announcement, tmp_path: Path) -> None:
    before = seen(kept_lab)
    assert check(project(tmp_path), "--target", kept_lab.target, "-n", "2").code == 0
    assert seen(kept_lab)["ssh_connections"] - before["ssh_connections"] <= 2
    assert Counter(finding["verdict"] for finding in findings(tmp_path)) == {"conformant": FACTS}


def test_ctrl_c_ends_the_lab_and_keeps_the_reports(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "pytest", *LEAN, "checks/", "--settle", "600"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [*command, "--lab-fault", "as-documented"], cwd=project(tmp_path), env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip
    assert process.stdout
    out = ""
    for line in process.stdout:
        out += line
        if line.startswith("settling"):
            os.killpg(process.pid, signal.SIGINT)  # as a terminal does: to the lab as well
            break
    out += process.stdout.read()
    process.stdout.close()
    assert process.wait() == 2, out
    data = agree(tmp_path / "reports", out, 2)
    assert data["headline"].startswith("INTERRUPTED")
    assert len(data["not_looked_at"]) + len(findings(tmp_path)) == FACTS
    assert not list(tmp_path.glob("spark-lab-*"))


def test_killed_it_leaves_no_lab_behind(tmp_path: Path) -> None:
    command = [sys.executable, "-u", "-m", "pytest", *LEAN, "checks/", "--settle", "600"]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        [*command, "--lab-fault", "as-documented"], cwd=project(tmp_path), env=environment, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    assert process.stdout
    for line in process.stdout:
        if line.startswith("settling"):
            process.kill()
            break
    process.stdout.read()  # ends when the last process that holds it has ended: the lab's reaper is one
    process.stdout.close()
    process.wait()
    gone = gone_within(tmp_path, seconds=20)
    assert gone, list(tmp_path.glob("spark-lab-*"))


def gone_within(place: Path, seconds: float) -> bool:
    """Whether every lab below a directory goes away; its reaper is nobody's child any more, so nobody can await it."""
    look = 'for i in $(seq 400); do ls -d "$0"/spark-lab-* 2>/dev/null || exit 0; sleep 0.05; done; exit 1'
    done = subprocess.run(["sh", "-c", look, str(place)], stdout=subprocess.DEVNULL, timeout=seconds, check=False)
    return done.returncode == 0


def seen(lab: Announcement) -> dict[str, Any]:
    """What a lab counted so far."""
    bench = Bench(lab)
    try:
        return bench.switch("seen")
    finally:
        bench.close()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--lab-fault", "as-dokumented"], "there is no fault as-dokumented; did you mean as-documented?"),
        (["--target", "nowhere.toml"], "--target nowhere.toml: no such target; write one of lab, spark-291b"),
        (["--gate", "pre"], "--gate pre: a gate needs an explicit target"),
        (["-m", "dns", "--target", "spark-291b", "--lab-fault", "as-documented"], "only the lab can be broken"),
        (["--target", "spark-291b", "--lab-host", "systemd"], "--lab-host: this option is for the lab only"),
        (["--cloudflared", "/no/such"], "--cloudflared /no/such: there is no program of that name"),
    ],
)
def test_wrong_words_get_one_sentence_and_exit_code_4(tmp_path: Path, options: list[str], sentence: str) -> None:
    ran = check(project(tmp_path), *options)
    assert ran.code == 4
    assert sentence in ran.out
    assert "Traceback" not in ran.out


def test_reports_that_cannot_be_written_are_told_before_the_run(tmp_path: Path) -> None:
    (project(tmp_path) / "reports").write_text("in the way")
    ran = check(tmp_path)
    assert ran.code == 4
    assert f"{tmp_path}/reports: the reports cannot be written there" in ran.out
    assert "Traceback" not in ran.out


def test_the_ledger_lists_every_fact_and_starts_nothing(tmp_path: Path) -> None:
    ran = check(project(tmp_path), "--ledger", environment={"TMPDIR": str(tmp_path)})
    assert ran.code == 0
    assert f"ledger: {FACTS} facts" in ran.out
    rows = [line for line in ran.out.splitlines() if re.match(r"[a-z]+\.[a-z_]+ ", line)]
    assert len(rows) == FACTS
    assert not (tmp_path / "reports").exists()


def test_without_the_access_probe_no_request_reaches_the_edge(kept_lab: Announcement, tmp_path: Path) -> None:
    before = seen(kept_lab)["edge_requests"]
    ran = check(project(tmp_path), "--target", kept_lab.target, "--skip-access-probe")
    assert ran.code == 0
    assert seen(kept_lab)["edge_requests"] == before
    told = " ".join(ran.out.split()).partition("not checked (left out by --skip-access-probe): ")[2]
    assert "public (answers, models_as_on_host" in told
    assert "access (app_answers, refuses_anonymous" in told

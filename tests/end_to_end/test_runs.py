"""`pytest checks/` as a user runs it."""

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from spark_conformance.facts.load import find, load
from spark_conformance.facts.model import TRAITS
from spark_conformance.programs.lab import LabProcess
from spark_lab.announcement import Announcement
from tests import warm
from tests.end_to_end.session import LEAN, Session, check, check_here, counted, findings, project
from tests.report.told import agree

STATED = load(find("spark-291b")).facts.all()
FACTS = len(STATED)
BROKEN_AND_AWAITED = ("-m", "host", "--lab-fault", "hostname-other", "--settle", "600")
"""The second check of a host waits for long, with a connection open."""


@pytest.fixture(scope="module")
def out_of_the_box(one_lab: Announcement, tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A run with a lab of its own, while somebody else's is there."""
    return check(project(tmp_path_factory.mktemp("own")))


def test_out_of_the_box_the_lab_is_conformant_and_marked_as_a_lab(out_of_the_box: Session) -> None:
    ran = out_of_the_box
    assert ran.code == 0, ran.out
    agree(ran.reports, ran.out, 0)
    verdicts = {finding["fact"]: finding["verdict"] for finding in findings(ran.reports.parent)}
    assert verdicts == {fact: "conformant" if fact in STATED else "not applicable" for fact in verdicts}
    assert verdicts.keys() >= STATED.keys()
    assert ran.out.count("it says nothing about spark-291b") == 2
    assert "it says nothing about spark-291b" in (ran.reports / "report.html").read_text()
    assert json.loads((ran.reports / "results.json").read_text())["targets"][0]["lab"] is True


def test_every_finding_has_expected_observed_and_source(out_of_the_box: Session) -> None:
    for finding in findings(out_of_the_box.reports.parent):
        if finding["fact"] not in STATED:
            continue
        assert finding["expected"], finding["fact"]
        assert finding["observed"], finding["fact"]
        assert finding["source"], finding["fact"]
        assert finding["manual"], finding["fact"]


def test_what_no_selected_check_needs_is_not_looked_at(one_lab: Announcement, pytester: pytest.Pytester) -> None:
    before = counted(one_lab)
    ran = check_here(pytester, "--target", one_lab.target, "-m", "dns")
    assert ran.code == 0, ran.out
    assert counted(one_lab)["ssh_connections"] == before["ssh_connections"]


def test_the_lab_of_somebody_elses_run_is_left_alone(one_lab: Announcement, out_of_the_box: Session) -> None:
    assert out_of_the_box.code == 0
    assert Path(one_lab.target).is_file()
    assert counted(one_lab)


def test_ctrl_c_ends_the_lab_and_keeps_the_reports(tmp_path: Path) -> None:
    command = [warm.python(), "-u", "-m", "pytest", *LEAN, "checks/", *BROKEN_AND_AWAITED]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=project(tmp_path), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
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
    assert len(data["not_looked_at"]) + len(findings(tmp_path)) == sum(fact.startswith("host.") for fact in STATED)
    assert gone_within(tmp_path, seconds=120)


def test_killed_it_leaves_no_lab_behind(tmp_path: Path) -> None:
    command = [warm.python(), "-u", "-m", "pytest", *LEAN, "checks/", *BROKEN_AND_AWAITED]
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=project(tmp_path), env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("settling"):
            process.kill()
            break
    process.stdout.read()  # ends when the last process that holds it has ended: the lab's reaper is one
    process.stdout.close()
    process.wait()
    gone = gone_within(tmp_path, seconds=120)
    assert gone, list(tmp_path.glob("spark-lab-*"))


def gone_within(place: Path, seconds: float) -> bool:
    """Whether every lab below a directory goes away; its reaper is nobody's child any more, so nobody can await it."""
    look = 'for i in $(seq 1200); do ls -d "$0"/spark-lab-* 2>/dev/null || exit 0; sleep 0.05; done; exit 1'
    done = subprocess.run(["sh", "-c", look, str(place)], stdout=subprocess.DEVNULL, timeout=seconds, check=False)
    return done.returncode == 0


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
def test_wrong_words_get_one_sentence_and_exit_code_4(
    pytester: pytest.Pytester, options: list[str], sentence: str
) -> None:
    ran = check_here(pytester, *options)
    assert ran.code == 4
    assert sentence in ran.out
    assert "Traceback" not in ran.out


def test_reports_that_cannot_be_written_are_told_before_the_run(pytester: pytest.Pytester) -> None:
    (project(pytester.path) / "reports").write_text("in the way")
    ran = check_here(pytester)
    assert ran.code == 4
    assert f"{pytester.path}/reports: the reports cannot be written there" in ran.out
    assert "Traceback" not in ran.out


def test_the_ledger_lists_every_fact_and_starts_nothing(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LabProcess, "__init__", lambda *_: pytest.fail("a lab was started"))
    ran = check_here(pytester, "--ledger")
    assert ran.code == 0
    assert f"ledger: {FACTS} facts" in ran.out
    rows = [line for line in ran.out.splitlines() if re.match(r"[a-z]+\.[a-z_]+ ", line)]
    assert len(rows) == FACTS
    assert not ran.reports.exists()


def test_workers_come_to_the_same_verdicts_over_a_connection_each_and_leave_the_edge_alone_if_asked(
    one_lab: Announcement, tmp_path: Path
) -> None:
    """Each of them imports all that it looks with: of three components a day, and of all where OPTIONS are."""
    judging = {"access", "public", "host"}
    components = [] if os.environ.get("OPTIONS") == "all" else ["-m", " or ".join(sorted(judging))]
    before = counted(one_lab)
    ran = check(project(tmp_path), "--target", one_lab.target, "-n", "2", "--skip-access-probe", *components)
    after = counted(one_lab)
    assert ran.code == 0, ran.out
    assert after["ssh_connections"] - before["ssh_connections"] <= 2
    assert after["edge_requests"] == before["edge_requests"]
    told = " ".join(ran.out.split()).partition("not checked (left out by --skip-access-probe): ")[2]
    left_out = [fact for fact in STATED if TRAITS[fact].through_access]
    assert [fact for fact in left_out if not re.search(rf"[(, ]{fact.partition('.')[2]}[,)]", told)] == []
    judged = {finding["fact"]: finding["verdict"] for finding in findings(tmp_path)}
    assert {fact: verdict for fact, verdict in judged.items() if fact in STATED} == {
        fact: "not applicable" if fact in left_out else "conformant"
        for fact in STATED
        if not components or fact.partition(".")[0] in judging
    }

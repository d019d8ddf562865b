"""The suite on the host itself: `pytest checks/` on the lab's machine, by its operator, with [target.local].

What it mends there is tried with `ENGINES=all`.
"""

import json
from collections import Counter
from pathlib import Path

import pytest

from spark_conformance.facts.load import find, load
from spark_conformance.recording import storage
from spark_lab.announcement import Announcement
from spark_lab.faults import inflict, named
from spark_lab.faults.bench import Bench
from tests.machine import ALL, needs_machine, one_of
from tests.machine.inside import inside
from tests.recording.making import replayed

pytestmark = needs_machine
FACTS = load(find("spark-291b")).facts.all()
LOCAL = "[target.local]\n"


@one_of(0, 2)
def test_all_checks_pass_on_the_machine_itself_and_on_replay(machine: Announcement) -> None:
    sessions = Bench(machine).shell("journalctl -u ssh -o cat --no-pager").count("Starting session:")
    with inside(machine, LOCAL) as there:
        ran = there.check("--record", "kept")
        assert ran.code == 0, ran.out
        results = json.loads((ran.reports / "results.json").read_text())
        again = replayed(storage.read(there.place / "project/kept"))
    (target,) = results["targets"]
    stated = [finding for finding in target["findings"] if finding["fact"] in FACTS]
    assert Counter(finding["verdict"] for finding in stated) == {"conformant": len(FACTS)}
    assert set(again.verdicts.values()) == {"conformant"}
    assert "on this machine" in target["about"]
    assert ran.out.count(", on this machine") == 2
    after = Bench(machine).shell("journalctl -u ssh -o cat --no-pager").count("Starting session:")
    assert after == sessions + 1, "nobody logged in but this test"


@pytest.mark.skipif(not ALL, reason="tried with ENGINES=all")
def test_it_mends_the_machine_that_it_runs_on(machine: Announcement) -> None:
    inflict(machine, named(["ollama-stopped"]))
    with inside(machine, LOCAL) as there:
        ran = there.check("-m", "host or ollama", "--remediate", "apply", "--yes", "--no-diagnose")
        (journal,) = (ran.reports / "remediation").glob("*.jsonl")
        begun = json.loads(journal.read_text().splitlines()[0])
    assert "APPLIED" in ran.out, ran.out
    assert begun["target"]["ssh"] == "[target.local]"
    assert Bench(machine).shell("systemctl is-active ollama").strip() == "active"
    assert not Path(f"{machine.root}/var/lib/spark-conformance/lock").exists()

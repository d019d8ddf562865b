"""The journal tells, of a run that was killed anywhere, what it takes to go back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.secret import conceal
from spark_conformance.remediation.journal import Journal
from spark_conformance.remediation.model import Action, Step, StepFailed, StepState
from spark_conformance.remediation.records import journals, read
from spark_conformance.remediation.steps.services import WaitFor

TARGET = {"system": "spark-291b"}


def step(title: str = "write a file", diff: str = "- a\n+ b") -> Step:
    action: Action = WaitFor("x", lambda _: "", 1)
    return Step("cloudflared.unit", "cloudflared", title, diff, action)


def test_a_step_is_written_before_and_after_it(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "r1", TARGET)
    number = journal.before("cloudflared", step(), {"path": "/etc/x"})
    record = read(journal.path)
    assert record is not None
    assert record.interrupted
    assert record.entries[0].state is None
    assert record.half_done == record.entries
    journal.after(number, StepState.APPLIED)
    journal.proven("cloudflared")
    journal.end("applied")
    record = read(journal.path)
    assert record is not None
    assert not record.interrupted
    assert record.half_done == []
    assert record.entries[0].before == {"path": "/etc/x"}
    assert record.to_undo == record.entries


def test_each_line_says_who_when_what_and_is_for_its_owner_alone(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path / "new", "r1", TARGET)
    journal.before("cloudflared", step(), {})
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    assert "@" in lines[0]["who"]
    assert lines[1]["step"]["diff"] == "- a\n+ b"
    assert all(line["at"].endswith("+00:00") for line in lines)
    assert journal.path.stat().st_mode & 0o777 == 0o600


def test_a_torn_last_line_is_none(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "r1", TARGET)
    journal.before("cloudflared", step(), {})
    whole = journal.path.read_bytes()
    for cut in range(1, 40):
        journal.path.write_bytes(whole[:-cut])
        record = read(journal.path)
        assert record is not None
        assert record.entries == []
    journal.path.write_bytes(whole[:10])
    assert read(journal.path) is None


def test_only_journals_of_the_same_target_count(tmp_path: Path) -> None:
    Journal.begin(tmp_path, "r1", TARGET)
    Journal.begin(tmp_path, "r2", {"system": "other"})
    assert [record.run for record in journals(tmp_path, TARGET).records] == ["r1"]
    assert journals(tmp_path / "none", TARGET).records == []


def test_a_run_that_still_runs_is_not_unfinished_and_a_killed_one_is(tmp_path: Path) -> None:
    Journal.begin(tmp_path, "r1", TARGET)
    assert journals(tmp_path, TARGET).unfinished == []
    program = (
        "import sys; from pathlib import Path; from spark_conformance.remediation.journal import Journal\n"
        f"Journal.begin(Path(sys.argv[1]), 'r2', {TARGET!r})"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=True, cwd=Path(__file__).parents[2])
    assert [record.run for record in journals(tmp_path, TARGET).unfinished] == ["r2"]


def test_secrets_are_masked_and_a_state_that_holds_one_is_refused(tmp_path: Path) -> None:
    conceal("canary-77aa91")
    journal = Journal.begin(tmp_path, "r1", TARGET)
    journal.before("cloudflared", step(title="canary-77aa91", diff="+ canary-77aa91"), {})
    with pytest.raises(StepFailed, match="contains a secret"):
        journal.before("cloudflared", step(), {"object": {"secret": "canary-77aa91"}})
    assert "canary" not in journal.path.read_text()


@pytest.mark.parametrize(
    ("states", "left"),
    [
        ([StepState.APPLIED, StepState.APPLIED], 2),
        ([StepState.APPLIED, None], 2),
        ([StepState.UNDONE, StepState.UNDONE], 0),
        ([StepState.APPLIED, StepState.REFUSED], 1),
        ([StepState.UNDONE, StepState.FAILED], 1),
    ],
)
def test_what_is_to_be_undone_is_what_may_have_changed_something(tmp_path: Path, states: list[Any], left: int) -> None:
    journal = Journal.begin(tmp_path, "r1", TARGET)
    for state in states:
        number = journal.before("cloudflared", step(), {})
        if state is not None:
            journal.after(number, state)
    record = read(journal.path)
    assert record is not None
    assert len(record.to_undo) == left

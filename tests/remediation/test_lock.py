"""One remediates at a time, and whoever waits knows for whom."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest

from spark_conformance.remediation.lock import Locked, locked
from spark_conformance.remediation.model import StepFailed
from tests.remediation.here import Here, run_on


@pytest.fixture
def run(tmp_path: Path) -> Any:
    return run_on(Here(), tmp_path / "state")


def hold(tmp_path: Path, **fields: Any) -> Path:
    (tmp_path / "state").mkdir()
    holder = {"run": "r0", "who": "ana@laptop", "machine": "laptop", "pid": 7, "since": "2026-01-02 03:04:05 UTC"}
    lock = tmp_path / "state/lock"
    lock.write_text(json.dumps({**holder, **fields}))
    return lock


def gone() -> int:
    """The number of a process that is no more."""
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()
    return done.pid


def test_the_lock_is_there_while_it_is_held_and_for_its_owner_alone(run: Any, tmp_path: Path) -> None:
    with locked(run, "r1"):
        said = json.loads((tmp_path / "state/lock").read_text())
        assert (said["run"], said["pid"], said["machine"]) == ("r1", os.getpid(), socket.gethostname())
        assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    assert list((tmp_path / "state").iterdir()) == []


def test_the_second_is_told_who_holds_it_and_since_when(run: Any, tmp_path: Path) -> None:
    lock = hold(tmp_path)
    with (
        pytest.raises(
            Locked, match=r"ana@laptop has been remediating this target since 2026-01-02 03:04:05 UTC"
        ) as told,
        locked(run, "r1"),
    ):
        pytest.fail("there are two")
    assert f"ssh spark sudo rm {lock}" in told.value.sentence
    assert lock.exists()


def test_of_many_at_once_one_has_it(run: Any, tmp_path: Path) -> None:
    barrier, held, refused = Barrier(4, timeout=60), [], []

    def take(name: str) -> None:
        barrier.wait()
        try:
            with locked(run, name):
                held.append(name)
                barrier.wait()
        except Locked:
            refused.append(name)
            barrier.wait()

    threads = [Thread(target=take, args=(f"r{number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 3)
    assert list((tmp_path / "state").iterdir()) == []


def test_a_lock_whose_process_is_gone_is_told_with_the_way_to_remove_it(run: Any, tmp_path: Path) -> None:
    hold(tmp_path, machine=socket.gethostname(), pid=gone())
    with pytest.raises(Locked, match="that process is gone"), locked(run, "r1"):
        pytest.fail("it was not ours")


def test_the_lock_of_an_interrupted_run_is_taken_over(run: Any, tmp_path: Path) -> None:
    hold(tmp_path, machine=socket.gethostname(), pid=gone())
    with locked(run, "r1", {"r0"}):
        assert json.loads((tmp_path / "state/lock").read_text())["run"] == "r1"


def test_the_lock_of_a_run_that_still_runs_is_not_taken_over(run: Any, tmp_path: Path) -> None:
    hold(tmp_path, machine=socket.gethostname(), pid=os.getpid())
    with pytest.raises(Locked), locked(run, "r1", {"r0"}):
        pytest.fail("it still runs")


def test_somebody_elses_lock_is_not_given_back(run: Any, tmp_path: Path) -> None:
    with locked(run, "r1"):
        lock = tmp_path / "state/lock"
        lock.write_text(lock.read_text().replace("r1", "r2"))
    assert lock.exists()


def test_a_lock_that_says_nothing_known_is_told(run: Any, tmp_path: Path) -> None:
    hold(tmp_path).write_text("what?")
    with pytest.raises(StepFailed, match="is not a lock of this suite"), locked(run, "r1"):
        pytest.fail("it is held")

"""However a lab with a machine ends, nothing of it stays. A day tries one end; `ENGINES=all` each."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.machine import needs_machine, one_of
from tests.machine.traces import Lab

pytestmark = needs_machine


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    lab = Lab(tmp_path)
    yield lab
    if lab.process.poll() is None:
        lab.process.kill()
        lab.close()


@one_of(0, 3)
def test_ctrl_c(lab: Lab) -> None:
    traces = lab.traces
    assert len(traces.processes) > 8
    assert len(traces.namespaces) > 5
    assert {"processes", "namespaces", "groups", "files"} <= traces.left().keys()
    os.killpg(lab.process.pid, signal.SIGINT)
    lab.close()
    assert lab.process.returncode == 0
    assert traces.left_in_the_end() == {}


@one_of(1, 3)
def test_killed(lab: Lab) -> None:
    lab.process.kill()
    lab.close()
    assert lab.traces.left_in_the_end() == {}


@one_of(2, 3)
def test_killed_together_with_its_reaper_it_leaves_no_process_and_the_next_start_removes_the_rest(
    lab: Lab, tmp_path: Path
) -> None:
    os.kill(lab.reaper, signal.SIGKILL)
    lab.process.kill()
    lab.close()
    left = lab.traces.left()
    while left.keys() - {"groups", "files"}:  # the kernel kills them, in a moment
        left = lab.traces.left()
    assert "files" in left  # the groups go with any lab's start, and somebody else may start one on this machine
    following = Lab(tmp_path)
    try:
        assert not {"groups", "files"} & lab.traces.left().keys()
    finally:
        following.process.terminate()
        following.close()
    assert following.traces.left_in_the_end() == {}

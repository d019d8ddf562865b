"""With [target.local] what is changed is the machine that the suite runs on: only the documented one may be."""

from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.target import Local
from spark_conformance.host.machine import Machine, machine
from spark_conformance.remediation.journal import identity
from spark_conformance.remediation.lock import Locked, locked
from spark_conformance.remediation.this_machine import another_machine
from tests.host.stubs import given, run_on
from tests.remediation.here import Here
from tests.remediation.here import run_on as run_here
from tests.remediation.test_lock import hold


@pytest.mark.parametrize(
    ("local", "seen", "part"),
    [
        ({}, Machine(True, "spark-291b.example.org", "aarch64"), ""),
        (
            {},
            Machine(True, "laptop", "x86_64"),
            "which is called laptop, and the facts are about spark-291b: run it th",
        ),
        ({}, Machine(True, "", ""), "which is called nothing"),
        (
            {},
            Unreachable("local: timeout", "/bin/sh was not ready"),
            "it cannot be checked whether this machine is spark-291b",
        ),
        (None, Machine(True, "laptop", "x86_64"), ""),
    ],
)
def test_nothing_is_changed_on_another_machine(local: Any, seen: object, part: str) -> None:
    run = run_on(None, target__ssh=None, target__local=local) if local is not None else run_on(None)
    given(run, machine, seen)
    told = another_machine(run)
    assert bool(told) is bool(part)
    assert part in told


def test_a_machine_whose_name_is_not_stated_may_be_any() -> None:
    run = SimpleNamespace(stated={}, target=SimpleNamespace(local=Local()), replicas=())
    assert another_machine(run) == ""  # type: ignore[arg-type]  # as much of a run as is looked at


def test_journals_of_the_machine_itself_are_of_no_ssh_host() -> None:
    assert identity(run_on(None, target__ssh=None, target__local={}))["ssh"] == "[target.local]"
    assert identity(run_on(None))["ssh"] == "spark-291b"


def test_the_way_to_remove_a_lock_is_a_command_of_this_machine(tmp_path: Any) -> None:
    run = run_here(Here(), tmp_path / "state")
    run.target.local, run.target.ssh = Local(), None
    lock = hold(tmp_path)
    with pytest.raises(Locked) as told, locked(run, "r1"):
        pytest.fail("there are two")
    assert f"`sudo rm {lock}`" in told.value.sentence

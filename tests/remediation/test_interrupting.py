"""Ctrl-C at each moment of a step: what is told of it agrees with what became of it. Without a lab."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.remediation.applying import Applying, Ways
from spark_conformance.remediation.journal import Journal
from spark_conformance.remediation.model import Planned, Step, StepState
from spark_conformance.remediation.outcome import Outcome
from spark_conformance.remediation.outcome import StepOutcome as Told
from spark_conformance.remediation.steps.services import WaitFor
from spark_conformance.remediation.terminal import screen

TARGET = SimpleNamespace(host=SimpleNamespace(state_directory="/var/lib/spark-conformance"))


def step(name: str) -> Step:
    return Step(f"dns.{name}", "dns", f"make {name}", "", WaitFor(name, lambda _: "", 1))


@pytest.mark.parametrize(
    ("moment", "sentence", "became"),
    [
        ("begin", "it was interrupted before make second", "not begun"),
        ("journalled", "it was interrupted at make second", "undone"),
        ("applied", "it was interrupted at make second", "undone"),
        ("done", "it was interrupted at make second", "undone"),
    ],
)
def test_each_step_is_told_once(tmp_path: Path, moment: str, sentence: str, became: str) -> None:
    steps = tuple(map(step, ("first", "second", "third")))
    outcome = Outcome("apply", steps=[Told(one.id, "dns", "dns", one.title, "", StepState.PLANNED) for one in steps])

    def cut(now: str, one: Step) -> None:
        if (now, one.title) == (moment, "make second"):
            raise KeyboardInterrupt

    run = cast("Any", SimpleNamespace(forget=lambda: None, target=TARGET))
    planned = Planned("dns", "dns", frozenset(), steps)
    journal = Journal.begin(tmp_path, "r1", {})
    applying = Applying(run, Ways(tmp_path, hook=cut), journal, outcome, planned, lambda _: "")
    with pytest.raises(KeyboardInterrupt):
        applying.steps("")
    applying.interrupt()
    outcome.interrupt()
    assert outcome.sentence == sentence
    told = ["".join(text for text, _ in line) for line in screen(outcome)]
    [second] = [line for line in told if line.strip().endswith("  make second")]
    assert second.strip().startswith(became)
    assert [line.split()[:2] for line in told if line.endswith("make third")] == [["not", "begun"]]

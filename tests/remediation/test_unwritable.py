"""A journal that cannot be written, as on a disk that is full: nothing is changed, or it is taken back, and told so."""

import resource
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from spark_conformance.core.run import Run
from spark_conformance.remediation.applying import Applying, Ways
from spark_conformance.remediation.journal import Journal
from spark_conformance.remediation.model import Action, Json, Planned, Step, StepState
from spark_conformance.remediation.outcome import Outcome
from spark_conformance.remediation.outcome import StepOutcome as Told
from spark_conformance.remediation.records import Record, read
from spark_conformance.remediation.seal import KEY, JournalError
from spark_conformance.remediation.steps.services import WaitFor

RUN = cast("Any", SimpleNamespace(
    forget=lambda: None, target=SimpleNamespace(host=SimpleNamespace(state_directory="/var/lib/spark-conformance"))
))  # fmt: skip


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """What fits is written, without an error; what does not is refused."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def record_of(journal: Journal) -> Record:
    record = read(journal.path)
    assert record is not None
    return record


def step(name: str) -> Step:
    return Step(f"dns.{name}", "dns", f"make {name}", "", WaitFor(name, lambda _: "", 1))


def test_without_a_journal_nothing_begins(tmp_path: Path) -> None:
    with (
        files_of_at_most(40),
        pytest.raises(JournalError, match=r"cannot be written \(File too large\), and without it"),
    ):
        Journal.begin(tmp_path / "new", "r1", {})
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "taken").write_text("")
    with pytest.raises(JournalError, match="cannot be written"):
        Journal.begin(tmp_path / "taken", "r1", {})


def test_a_line_that_does_not_fit_whole_is_refused_and_counts_for_nothing(tmp_path: Path) -> None:
    journal = Journal.begin(tmp_path, "r1", {})
    size = journal.path.stat().st_size
    with files_of_at_most(size + 30), pytest.raises(JournalError, match="make room there"):
        journal.before("dns", step("first"), {})
    assert journal.path.stat().st_size == size + 30
    assert record_of(journal).entries == []
    journal.end("refused")
    assert not record_of(journal).interrupted
    assert {path.name for path in tmp_path.iterdir()} == {KEY, "r1.jsonl"}


@pytest.mark.parametrize(
    ("moment", "result", "states"),
    [
        (("begin", "make first"), "refused", ["planned", "planned", "planned"]),
        (("begin", "make second"), "stopped", ["undone", "planned", "planned"]),
        (("applied", "make second"), "stopped", ["undone", "undone", "planned"]),
    ],
)
def test_what_was_made_is_taken_back_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, moment: tuple[str, str], result: str, states: list[str]
) -> None:
    undone: list[Json] = []

    def back(run: Run, before: Json) -> None:
        del run
        undone.append(before)

    monkeypatch.setattr(Action.KINDS[WaitFor.kind], "undo", back)
    steps = tuple(map(step, ("first", "second", "third")))
    outcome = Outcome("apply", "applied", journal="r1.jsonl")
    outcome.steps = [Told(one.id, "dns", "dns", one.title, "", StepState.PLANNED) for one in steps]
    journal = Journal.begin(tmp_path, "r1", {})
    planned = Planned("dns", "dns", frozenset(), steps)
    with ExitStack() as full:

        def fill(now: str, one: Step) -> None:
            if (now, one.title) == moment:
                full.enter_context(files_of_at_most(journal.path.stat().st_size + 30))

        applying = Applying(RUN, Ways(tmp_path, hook=fill), journal, outcome, planned, lambda _: "")
        with pytest.raises(JournalError) as refused:
            applying.steps("")
    outcome.broke(refused.value.sentence)
    assert (outcome.result, [str(told.state) for told in outcome.steps]) == (result, states)
    assert len(undone) == len(outcome.problems) == states.count("undone")
    assert all(": undone, but the journal" in problem for problem in outcome.problems)
    assert record_of(journal).interrupted  # what was taken back is looked at again by the next run

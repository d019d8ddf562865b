"""What an operator sees of a remediation: what changes and what does not, how dangerously, and how far it came."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.core.printable import in_one_line
from spark_conformance.facts.calling import CHECKS
from spark_conformance.facts.load import find, load
from spark_conformance.plugin.remediation import reminding
from spark_conformance.plugin.remediation.asking import confirmed
from spark_conformance.plugin.remediation.options import undoing
from spark_conformance.remediation import FOLDER
from spark_conformance.remediation.journal import Journal, identity
from spark_conformance.remediation.model import Action, Instruction, Step, StepState
from spark_conformance.remediation.outcome import Outcome, StepOutcome
from spark_conformance.remediation.processes import running
from spark_conformance.remediation.steps.services import Service, WaitFor
from spark_conformance.remediation.terminal import asked, screen
from spark_conformance.report import FOLDER as REPORTS

DNS = StepOutcome(
    "dns.record", "dns.record", "dns", "change the record", "-a\n+b", StepState.PLANNED, danger="what answers"
)
UNIT = StepOutcome("cloudflared.unit", "cloudflared", "cloudflared", "write the unit", "-a\n+b", StepState.PLANNED)


def shown(lines: Sequence[Sequence[tuple[str, str]]]) -> list[str]:
    return ["".join(text for text, _ in line) for line in lines]


def test_the_first_line_says_what_changes_and_what_does_not() -> None:
    first = " ".join(" ".join(shown(asked([UNIT, DNS], "--remediate apply will change on pi:"))[:2]).split())
    assert first.startswith("--remediate apply will change on pi: cloudflared (steps: 1), dns (steps: 1; DANGEROUS: ")
    assert first.endswith("what answers); no other component changes")


def test_an_undo_shows_what_it_will_change_and_not_what_was_changed() -> None:
    made = replace(DNS, diff=" a\n-b\n+c", state=StepState.APPLIED)
    lines = shown(asked([made], "x", backwards=True))
    assert "to undo" in lines[-4]
    assert lines[-3:] == ["      |  a", "      | +b", "      | -c"]


@pytest.mark.parametrize(("opens", "again"), [("everyone who logs in", False), ("", True)])
def test_an_undo_says_who_gets_in_then(opens: str, *, again: bool) -> None:
    made = replace(DNS, component="access", state=StepState.APPLIED, opens=opens)
    told = " ".join(shown(asked([made], "x", backwards=True)))
    assert ("everybody who had access before this step has it again" in told) is again
    assert "ADMITS MORE PEOPLE THAN NOW" not in told


def test_nothing_to_do_is_not_said_where_something_is_left_to_a_person() -> None:
    left = [Instruction(("dns.records",), "look there")]
    assert "NOTHING TO DO" in shown(screen(Outcome("apply", "nothing to do")))[0]
    for outcome in (Outcome("apply", instructions=left), Outcome("apply", left_alone=left)):
        assert "NOTHING WAS WRITTEN: what does not hold is left to you" in shown(screen(outcome))[0]


@pytest.mark.parametrize("result", ["planned", "applied", "refused", "interrupted"])
def test_each_outcome_says_so_in_its_first_lines_too(result: Any) -> None:
    told = shown(screen(Outcome("apply", result, steps=[UNIT, DNS])))
    assert "; no other component changes" in " ".join(" ".join(told[1:5]).split())


def test_whoever_confirms_sees_all_of_it() -> None:
    long = StepOutcome("x", "x", "dns", "x", "\n".join(f"+{number}" for number in range(200)), StepState.PLANNED)
    assert "      | +199" in shown(asked([long], "x"))
    assert "      | +199" not in shown(screen(Outcome("plan", "planned", steps=[long])))


def test_what_is_dangerous_is_marked_and_the_rest_is_not() -> None:
    lines = shown(asked([UNIT, DNS], "x"))
    assert [line[:4] for line in lines if "planned" in line] == ["    ", "  ! "]
    assert [line.endswith("DANGEROUS: what answers") for line in lines if "planned" in line] == [False, True]


@pytest.mark.parametrize(
    ("component", "action", "danger"),
    [
        ("access", Service("restart", "x"), "what answers"),
        ("cloudflared", Service("restart", "x"), "what answers"),
        ("cloudflared", Service("enable", "x"), ""),
        ("access", Service("enable", "x"), "who gets in"),
        ("access", WaitFor("x", lambda _: "", 1), ""),
        ("dns", Service("enable", "x"), "what answers"),
    ],
)
def test_who_gets_in_and_what_answers_is_dangerous(component: str, action: Action, danger: str) -> None:
    assert Step("x", component, "x", "", action).danger == danger


def test_an_interrupted_one_says_how_far_it_came_and_how_to_go_back() -> None:
    states = (StepState.APPLIED, StepState.HALF, StepState.PLANNED, StepState.PLANNED)
    steps = [StepOutcome(f"dns.{state}", "dns", "dns", "x", "", state) for state in states]
    outcome = Outcome("apply", steps=steps, journal="r1.jsonl")
    assert outcome.left
    outcome.interrupt()
    outcome.undo = "pytest checks/ --target pi --remediate undo"
    told = "\n".join(shown(screen(outcome)))
    assert "REMEDIATION  INTERRUPTED" in told
    assert "1 made, 1 half made, 2 not begun" in told
    assert "UNDO IT WITH pytest checks/ --target pi --remediate undo" in told
    assert told.count("planned") == 0


class Screen:
    """A terminal's reporter, as much of it as the question needs."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str, **_: bool) -> None:
        self.text += text

    def flush(self) -> None: ...


class Keyboard:
    """Standard input with this typed into it."""

    def __init__(self, typed: str) -> None:
        self._typed = typed

    def isatty(self) -> bool:
        return False

    def readline(self) -> str:
        return self._typed


def config(tmp_path: Path, terminal: Screen | None, target: str, **options: Any) -> Any:
    plugins = {"terminalreporter": terminal}
    given = {"--target": [target], **options}
    return SimpleNamespace(
        args=[str(CHECKS)],
        option=SimpleNamespace(pyargs=False),
        rootpath=tmp_path,
        invocation_params=SimpleNamespace(dir=tmp_path),
        pluginmanager=SimpleNamespace(getplugin=plugins.get, get_plugins=tuple),
        getoption=lambda name, default=None: given.get(name, default),
    )


@pytest.mark.parametrize(
    ("typed", "may"),
    [("spark-291b\n", True), ("yes\n", False), ("\n", False), ("", False), ("spark-291b!\n", False)],
)
def test_only_its_name_lets_a_real_target_be_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, typed: str, may: bool
) -> None:
    terminal = Screen()
    monkeypatch.setattr("sys.__stdin__", Keyboard(typed))
    monkeypatch.setattr("spark_conformance.plugin.terminal.TTY", str(tmp_path / "tty"))
    assert confirmed(config(tmp_path, terminal, "spark-291b"), "apply", "spark-291b", [UNIT]) is may
    seen = (tmp_path / "tty").read_text()
    assert seen.endswith("Type its name to continue: "), (
        "the output goes elsewhere, and the question to whoever is there"
    )
    assert "write the unit" in seen
    assert terminal.text.index("will change on spark-291b") < terminal.text.index("Type its name to continue: ")


def test_a_name_that_would_repaint_the_question_cannot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "evil.toml").write_text('extends = "spark-291b"\n[system]\nname = "a\\u001b[2K\\rb"\nlab = true\n')
    evil = StepOutcome(
        "x", "dns", "dns", "x\x1b[2J\x1b[8m\rnothing\n    planned  nothing", "+\x1b[A", StepState.PLANNED
    )
    terminal = Screen()
    monkeypatch.setattr("sys.__stdin__", Keyboard(""))
    monkeypatch.setattr("spark_conformance.plugin.terminal.TTY", str(tmp_path / "tty"))
    assert not confirmed(config(tmp_path, terminal, f"{tmp_path}/evil.toml"), "apply", f"{tmp_path}/evil.toml", [evil])
    assert (terminal.text + (tmp_path / "tty").read_text()).replace("\n", "").isprintable()
    assert "\n    planned  nothing" not in terminal.text
    assert "although its facts file says lab = true: no running lab confirms it" in terminal.text


def test_the_way_back_is_asked_for_where_the_journal_is_and_with_the_facts_checks(tmp_path: Path) -> None:
    """Without own checks such a run is refused where the file states own facts, and it finds no journal elsewhere."""
    assert (
        undoing(config(tmp_path, None, "mine.toml"), "mine.toml")
        == "pytest checks/ --target mine.toml --remediate undo"
    )
    other = config(tmp_path, None, "mine.toml", **{"--reports": "out of the way"})
    other.args = [str(CHECKS), f"{tmp_path}/conformance", f"{CHECKS}/test_dns.py::test_ttl"]
    undo = f"pytest checks/ {tmp_path}/conformance --target mine.toml --reports 'out of the way' --remediate undo"
    assert undoing(other, "mine.toml") == undo
    outcome = Outcome("apply", "applied", journal="x.jsonl")
    assert "  journal: out of the way/remediation/x.jsonl" in shown(screen(outcome, "out of the way/remediation"))


@pytest.mark.parametrize("said", [{}, {"--yes": True}])
def test_where_nothing_can_be_shown_nobody_is_asked_and_nothing_assumed(tmp_path: Path, said: dict[str, Any]) -> None:
    assert confirmed(config(tmp_path, None, "spark-291b", **said), "apply", "spark-291b", [UNIT]) is bool(said)


def test_a_run_of_any_kind_tells_of_an_open_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, system = tmp_path / REPORTS / FOLDER, load(find("spark-291b"))
    steps = [Step(f"dns.{name}", "dns", name, "", WaitFor("x", lambda _: "", 1)) for name in ("one", "two", "three")]
    journal = Journal.begin(folder, "r1", identity(system))
    journal.plan([("dns.record", step) for step in steps])
    journal.after(journal.before("dns.record", steps[0], {}), StepState.APPLIED)
    journal.before("dns.record", steps[1], {})
    asked_for = config(tmp_path, None, "spark-291b")
    assert list(reminding._told(asked_for)) == [], "whoever writes it is still at work"
    monkeypatch.setattr("spark_conformance.remediation.records.running", lambda pid: not running(pid))
    told = "\n".join(reminding._told(asked_for))
    assert told.startswith("AN UNFINISHED REMEDIATION of spark-291b: run r1 of ")
    assert [line.split() for line in told.splitlines()[1:4]] == [
        ["made", "one"], ["half", "made", "two"], ["not", "begun", "three"],
    ]  # fmt: skip
    assert "undo it:       pytest checks/ --target spark-291b --remediate undo" in told
    assert "--remediate apply" in told
    (folder / "r2.jsonl").write_text("{}\n")
    assert list(reminding._told(asked_for))[-1].startswith("the journal r2.jsonl is ignored")
    assert in_one_line(told.replace("\n", "")) == told.replace("\n", "")

"""After every kind of run all reports tell the same: terminal, HTML, JUnit, results.json, Markdown, exit code.

Each run finds the reports of an earlier, conformant one in its place, and must leave none of them there. A day makes
a third of the kinds; `OPTIONS=all` each.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Finding, Verdict
from spark_conformance.remediation import runner
from spark_conformance.remediation.outcome import Outcome as Remedied
from tests.matrix.selection import shared
from tests.report.told import NAMES, agree
from tests.suite.small import FACTS, Outcome, run_suite

STALE = "CONFORMANT, of the run before"


def check(name: str, body: str) -> str:
    """A check that is not named after its fact."""
    return f'\n@pytest.mark.fact("dns.{name}")\ndef test_the_{name}(judge):  # as test_{name}(\n    {body}\n'


def checks(records: str = "judge(1)", ttl: str = "judge(1)", kind: str = 'judge("CNAME")') -> str:
    return check("records", records) + check("ttl", ttl) + check("type", kind)


WAIVED = f"""{FACTS}
[[waivers]]
fact = "dns.records"
reason = "until | the <move>"
owner = "ops"
issue = "#289"
until = 2999-12-31
"""
BLIND = 'raise Unreachable("api", "the API is | silent <b>\\r\\x1b[2J", owner="dns.records")'
SETTLING = """
    from pathlib import Path
    seen = Path("seen.txt")
    seen.write_text(seen.read_text() + "x" if seen.exists() else "x")
    judge(1 if len(seen.read_text()) > 1 else 2)
"""
CUT_WHILE_WAITING = """
from types import SimpleNamespace
from spark_conformance.plugin import settle

whole = settle.time

def cut(seconds):
    raise KeyboardInterrupt

def pytest_configure():
    settle.time = SimpleNamespace(monotonic=whole.monotonic, sleep=cut)

def pytest_unconfigure():
    settle.time = whole
"""
OTHER = FACTS.replace('name = "pi"', 'name = "other"').replace("expect = 1", "expect = 2", 1)
GOOD = "def test_good():\n    pass\n"
BESIDE = f"{GOOD}\ndef test_bad():\n    assert 1 == 2, '<b>\\x1b[2J'\n"


@dataclass
class Kind:
    """A kind of run, and what it must come to; where `code` is 4 it leaves no reports."""

    code: int
    checks: str = field(default_factory=checks)
    options: tuple[str, ...] = ()
    facts: str = FACTS
    files: dict[str, str] = field(default_factory=dict)
    unseen: int = 0
    apart: bool = False
    after: str = ""
    """The verdict of dns.records after a remediation."""
    told: str = ""
    """What the headline says too."""
    pages: tuple[str, ...] = ()
    """The pages of single systems."""


KINDS = {
    "plain": Kind(0),
    "nonconformant and advisory": Kind(1, checks("judge(2)", "judge(300)")),
    "waived": Kind(0, checks("judge(2)"), facts=WAIVED, told="but for 1 waived"),
    "waiver to remove": Kind(0, facts=WAIVED),
    "settled": Kind(0, checks(SETTLING), ("--settle", "5")),
    "not settled": Kind(1, checks("judge(2)"), ("--settle", "0.01")),
    "gate": Kind(0, options=("--gate", "post")),
    "gate that fails": Kind(1, checks("judge(2)"), ("--gate", "post")),
    "unreachable": Kind(7, checks(BLIND, BLIND, BLIND)),
    "error of the suite": Kind(7, checks("1 / 0")),
    "plan": Kind(1, checks("judge(2)"), ("--remediate", "plan")),
    "apply": Kind(0, checks("judge(2)"), ("--yes", "--remediate", "apply"), after="conformant"),
    "apply of what was unreachable": Kind(0, checks(BLIND), ("--yes", "--remediate", "apply"), after="conformant"),
    "apply that makes worse": Kind(1, options=("--yes", "--remediate", "apply"), after="nonconformant"),
    "undo": Kind(1, options=("--yes", "--remediate", "undo"), after="nonconformant"),
    "apply that cannot look again": Kind(7, checks("judge(2)"), ("--yes", "--remediate", "apply"), after="unreachable"),
    "a selection": Kind(0, options=("-k", "ttl"), told="; not asked for (-k ttl): dns (records, type)"),
    "a selection of several": Kind(
        0, options=("-k", "ttl", "--target", "other.toml"), files={"other.toml": OTHER}, told="dns (records, type)",
        pages=("report.pi.html", "report.other.html"),
    ),
    "workers": Kind(1, checks("judge(2)", "judge(300)"), ("-n", "2"), apart=True),
    "several targets": Kind(1, options=("--target", "other.toml"), files={"other.toml": OTHER},
                            told="1 of 2 systems conformant", pages=("report.pi.html", "report.other.html")),
    "interrupted": Kind(2, checks(ttl="raise KeyboardInterrupt"), unseen=2, told="INTERRUPTED"),
    "interrupted at its beginning": Kind(2, check("records", "raise KeyboardInterrupt"), unseen=3, told="INTERRUPTED"),
    "interrupted while settling": Kind(
        2, checks("judge(2)"), ("--settle", "60", "-p", "cutting"), files={"cutting.py": CUT_WHILE_WAITING}, unseen=2,
        told="INTERRUPTED",
    ),
    "interrupted after a check": Kind(
        2, options=("-p", "cutting"), unseen=2, told="INTERRUPTED",
        files={"cutting.py": "def pytest_runtest_teardown(item):\n    raise KeyboardInterrupt\n"},
    ),
    "stopped at the first failure": Kind(1, checks("judge(2)"), ("-x",), unseen=2),
    "a test beside fails": Kind(1, files={"test_beside.py": BESIDE}, options=("test_beside.py",), told="beside"),
    "a test beside passes": Kind(0, files={"test_beside.py": GOOD}, options=("test_beside.py",)),
    "a module does not import": Kind(
        2, options=("test_beside.py",), files={"test_beside.py": "import no_such_thing\n"}, unseen=3
    ),
    "nothing selected": Kind(4, options=("-m", "tunnel")),
    "a mistyped marker": Kind(4, options=("-m", "dns and")),
    "a mistyped option": Kind(4, options=("--gait", "post")),
    "a mistyped target": Kind(4, options=("--target", "sprak")),
    "a mistyped choice": Kind(4, options=("--gate", "during")),
}  # fmt: skip


class Remediation:
    """In the real one's place: it comes to what the test says. The real one is looked at in tests/remediation."""

    becomes = ""

    def __init__(self, _run: object, findings: dict[str, Finding], *_: object) -> None:
        self.outcome = Remedied("plan")
        self.after = dict(findings)

    def plan(self) -> Remedied:
        if self.becomes:
            before = self.after["dns.records"]
            self.after["dns.records"] = Finding(
                **{**vars(before), "verdict": Verdict(self.becomes), "observed": "afterwards", "cause": "", "note": ""}
            )
        return self.outcome

    apply = undo = plan


def run(pytester: pytest.Pytester, kind: Kind) -> Outcome:
    for name, text in kind.files.items():
        (pytester.path / name).write_text(text)
    pytester.syspathinsert()
    stale(pytester.path)
    (pytester.path / "facts.toml").unlink(missing_ok=True)
    facts = kind.facts.replace("notes, page 2", "the headers CF-Access-Client-Id and CF-Access-Client-Secret")
    return run_suite(pytester, kind.checks, "checks", *kind.options, facts=facts, apart=kind.apart)


def stale(place: Path) -> None:
    (place / "reports").mkdir()
    for name in NAMES:
        (place / "reports" / name).write_text(STALE)


@pytest.mark.parametrize("name", shared(list(KINDS), 3, every=os.environ.get("OPTIONS") == "all"))
def test_all_reports_tell_the_same(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    kind = KINDS[name]
    monkeypatch.setattr(runner, "Remediation", Remediation)
    monkeypatch.setattr(Remediation, "becomes", kind.after)
    ran = run(pytester, kind)
    assert ran.code == kind.code, ran.out
    assert "INTERNALERROR" not in ran.out
    reports = ran.folder / "reports"
    assert {(reports / "previous" / one).read_text() for one in NAMES} == {STALE}
    kept = ["history"] if kind.code in {0, 1, 7} else []
    assert [path.name for path in reports.iterdir() if path.name not in {*NAMES, "previous", *kind.pages}] == kept
    assert all((reports / page).is_file() for page in kind.pages)
    if kind.code == 4:
        assert [one for one in NAMES if (reports / one).exists()] == []
        assert "this run leaves no reports; those of the previous run are in" in ran.out
        return
    data = agree(reports, ran.out, ran.code)
    assert len(data["not_looked_at"]) == kind.unseen, data["not_looked_at"]
    assert data["complete"] == (kind.code in {0, 1, 7})
    assert kind.told in data["headline"]
    assert (data["not_asked"] is not None) == name.startswith("a selection")
    if kind.after:
        assert ran.verdicts["dns.records"] == kind.after


def test_a_replay_tells_the_same_in_all_reports(pytester: pytest.Pytester) -> None:
    recorded = run_suite(pytester, checks("judge(2)"), "checks", "--record", "recording")
    agree(recorded.folder / "reports", recorded.out, 1)
    ran = run_suite(pytester, checks(ttl="judge(300)"), "checks", "--replay", "recording", target=None, fresh=False)
    data = agree(ran.folder / "reports", ran.out, 0)
    assert data["targets"][0]["recorded"]["of"] == "facts.toml"
    assert "a replay of facts.toml" in data["targets"][0]["about"]

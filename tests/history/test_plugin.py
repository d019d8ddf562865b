"""What a run does with its history: in the terminal, the reports and the exit code."""

import gzip
import json
from pathlib import Path

import pytest

from spark_conformance.history.__main__ import main
from tests.suite.small import FACTS, Outcome, run_suite

SEEN = """
@dataclass(frozen=True)
class Setting:
    value: str

TOKEN = Secret("canary-of-the-history", "a token")

@observation
def setting(run: Run) -> Setting:
    return Setting({value!r})
"""
CHECKS = """
@pytest.mark.fact("dns.records")
def test_records(judge, setting: Setting):
    judge({records})

@pytest.mark.fact("dns.ttl")
def test_ttl(judge):
    judge(1)

@pytest.mark.fact("dns.type")
def test_type(judge):
    {type}
"""


def run(
    pytester: pytest.Pytester, *options: str, records: int = 1, kind: str = 'judge("CNAME")', facts: str = FACTS
) -> Outcome:
    checks = CHECKS.format(records=records, type=kind)
    plugin = SEEN.format(value="as it was" if records == 1 else "canary-of-the-history, changed")
    return run_suite(
        pytester, checks, "checks", *options, plugin=plugin, facts=facts, fresh=not (pytester.path / "checks").exists()
    )


def told(outcome: Outcome) -> list[str]:
    lines = outcome.out.splitlines()
    first = next((at for at, line in enumerate(lines) if line.startswith("history:")), None)
    return [] if first is None else [line for line in lines[first:] if not line.startswith(("report:", "="))]


def test_every_report_tells_since_when_and_what_changed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert told(run(pytester)) == ["history: this is the first run that is kept"]
    outcome = run(pytester, records=2)
    assert outcome.code == 1
    [opening, new, *rest] = told(outcome)
    assert opening.startswith("history: 2 runs since")
    assert opening.endswith("UTC: CONFORMANT")
    assert new.startswith("  NEW       dns.records: held until")
    assert [line.strip() for line in rest if "→" in line] == ["setting: value: as it was → ***, changed"]

    history = outcome.results["targets"][0]["history"]
    assert [past["fact"] for past in history["new"]] == ["dns.records"]
    assert history["changed"][0]["changes"][0]["what"] == "setting: value"
    page = (outcome.folder / "reports/report.html").read_text()
    assert '<section class="history" id="history">' in page
    assert "setting: value" in page

    again = run(pytester, records=2)
    assert [past["fact"] for past in again.results["targets"][0]["history"]["still"]] == ["dns.records"]
    fixed = run(pytester)
    assert "  FIXED     dns.records" in told(fixed)

    monkeypatch.chdir(pytester.path)
    monkeypatch.setattr("sys.argv", ["history", "--fact", "dns.records"])
    assert main() == 0
    assert "\n  .FF.  from " in capsys.readouterr().out
    for path in (pytester.path / "reports").rglob("*"):
        assert path.is_dir() or b"canary-of-the-history" not in path.read_bytes()


def test_a_run_that_is_not_whole_is_not_kept(pytester: pytest.Pytester) -> None:
    outcome = run(pytester, kind="raise KeyboardInterrupt")
    assert outcome.code == 2
    assert not (pytester.path / "reports/history").exists()


def test_no_history_leaves_none(pytester: pytest.Pytester) -> None:
    outcome = run(pytester, "--no-history")
    assert outcome.results["targets"][0]["history"] is None
    assert told(outcome) == []
    assert not (pytester.path / "reports/history").exists()


def test_a_history_that_cannot_be_kept_is_told_and_changes_no_exit_code(pytester: pytest.Pytester) -> None:
    (pytester.path / "reports").mkdir()
    (pytester.path / "reports/history").write_text("a file")
    outcome = run(pytester)
    assert outcome.code == 0
    assert "this run is not kept in the history" in outcome.out


def test_a_damaged_one_is_told(pytester: pytest.Pytester) -> None:
    place = pytester.path / "elsewhere"
    place.mkdir()
    (place / "x.json.gz").write_bytes(b"no")
    outcome = run(pytester, "--history", "elsewhere")
    assert outcome.code == 0
    assert "damaged" in outcome.out
    assert len(list(place.glob("*.json.gz"))) == 2


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--history", "facts.toml"), "--history facts.toml: it is not a directory"),
        (("--history", "x", "--no-history"), "contradict each other"),
        (("--history-days", "0"), "--history-days"),
    ],
)
def test_options_that_cannot_be(pytester: pytest.Pytester, options: tuple[str, ...], sentence: str) -> None:
    outcome = run(pytester, *options)
    assert outcome.code == 4
    assert sentence in outcome.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--history", "nowhere"], "no runs are kept there"),
        (["--fact", "dns.nothing"], "none of the 1 runs judged it"),
        (["--system", "mars"], "no runs of mars are kept there"),
    ],
)
def test_the_command_says_what_is_not_there(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    words: list[str], sentence: str,
) -> None:  # fmt: skip
    run(pytester)
    monkeypatch.chdir(pytester.path)
    monkeypatch.setattr("sys.argv", ["history", *words])
    assert main() == 4
    assert sentence in capsys.readouterr().err


def test_with_two_systems_one_is_named(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run(pytester)
    run(pytester, facts=FACTS.replace('name = "pi"', 'name = "tau"'))
    monkeypatch.chdir(pytester.path)
    monkeypatch.setattr("sys.argv", ["history"])
    assert main() == 4
    assert "name one with --system: pi, tau" in capsys.readouterr().err
    monkeypatch.setattr("sys.argv", ["history", "--system", "tau"])
    assert main() == 0
    assert capsys.readouterr().out.startswith("tau (llm.example.org): 1 runs since")


def test_what_is_kept_is_data(pytester: pytest.Pytester) -> None:
    run(pytester)
    [path] = Path(pytester.path, "reports/history").iterdir()
    kept = json.loads(gzip.decompress(path.read_bytes()))
    assert kept["observations"]["setting"]["value"] == "as it was"
    assert kept["facts"]["dns.records"]["looked"] == ["setting"]

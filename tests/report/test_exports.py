"""Metrics and SARIF as a run writes them: whole or not at all, where it is told to, whatever becomes of the run."""

import json
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.suite.small import ALL_GOOD, Outcome, run_suite

BAD = ALL_GOOD.replace("judge(1)", "judge(2)", 1)


def value(place: Path, name: str) -> float:
    [family] = [one for one in text_string_to_metric_families(place.read_text()) if one.name.endswith(name)]
    return family.samples[0].value


def run(pytester: pytest.Pytester, checks: str, *options: str) -> Outcome:
    return run_suite(pytester, checks, "checks", *options, fresh=not (pytester.path / "checks").exists())


def test_metrics_are_written_anew_by_each_run_and_nothing_else_stands_beside_them(pytester: pytest.Pytester) -> None:
    place = pytester.path / "textfile/pi.prom"
    first = run(pytester, ALL_GOOD, "--prometheus", "textfile/pi.prom")
    assert f"prometheus: {place}" in first.out
    succeeded = value(place, "last_success_timestamp_seconds")
    assert run(pytester, BAD, "--prometheus", "textfile/pi.prom").code == 1
    assert (value(place, "exit_code"), value(place, "last_success_timestamp_seconds")) == (1, succeeded)
    assert [path.name for path in place.parent.iterdir()] == ["pi.prom"]
    assert place.stat().st_mode & 0o444 == 0o444


def test_sarif_of_another_run_is_put_aside(pytester: pytest.Pytester) -> None:
    run(pytester, ALL_GOOD, "--sarif", "x.sarif")
    assert json.loads((pytester.path / "x.sarif").read_text())["version"] == "2.1.0"
    stopped = run(pytester, ALL_GOOD.replace("judge(1)", "raise KeyboardInterrupt", 1), "--sarif", "x.sarif")
    assert stopped.code == 2
    said = [json.loads((pytester.path / name).read_text())["runs"][0] for name in ("x.sarif", "previous/x.sarif")]
    assert [run["invocations"][0]["executionSuccessful"] for run in said] == [False, True]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--prometheus", "pi.txt"), "--prometheus pi.txt: node_exporter reads files that end in .prom"),
        (("--prometheus", "facts.toml/pi.prom"), "--prometheus facts.toml/pi.prom: it cannot be written there"),
        (("--sarif", "checks"), "--sarif checks: it cannot be written there"),
    ],
)
def test_a_place_that_cannot_be_is_refused_before_the_run(
    pytester: pytest.Pytester, options: tuple[str, ...], sentence: str
) -> None:
    outcome = run(pytester, ALL_GOOD, *options)
    assert (outcome.code, sentence in outcome.out) == (4, True)


def test_what_cannot_be_written_in_the_end_is_told_and_changes_no_exit_code(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> str:
        raise OSError(28, "No space left on device", "pi.prom")

    monkeypatch.setattr("spark_conformance.report.prometheus.render", full)
    outcome = run(pytester, ALL_GOOD, "--prometheus", "pi.prom")
    assert outcome.code == 0
    assert "prometheus: NOT written: pi.prom: No space left on device" in outcome.out

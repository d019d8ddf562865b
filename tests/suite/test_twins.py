"""`--lab`: a twin of the system that is named, and what does not go together with it; `lab examples`."""

from types import SimpleNamespace
from typing import Any

import pytest

from spark_conformance.facts.load import examples, find
from spark_conformance.plugin.options import read_facts, target_names
from spark_conformance.programs.lab import is_own_lab, original_of
from spark_conformance.report.about import about
from spark_lab.__main__ import main
from tests.suite.small import ALL_GOOD, run_suite


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--target", "grafana"), "this is an example, and there is no such system: add --lab"),
        (("--target", "grafana", "--target", "vllm", "--lab"), "a run makes one lab"),
        (("--target", "grafnaa", "--lab"), "with --lab, an example: grafana, home-assistant"),
        (("--target", "facts.toml", "--lab-host", "process"), "this option is for the lab only"),
    ],
)
def test_what_does_not_go_together_is_told(pytester: pytest.Pytester, options: tuple[str, ...], said: str) -> None:
    ran = run_suite(pytester, ALL_GOOD, *options, "checks")
    assert (ran.code, said in ran.out) == (4, True), ran.out


def test_a_twin_is_named_after_its_system() -> None:
    given: Any = SimpleNamespace(getoption={"--target": ["grafana"], "--lab": True, "--replay": None}.get)
    [target] = target_names(given)
    assert (target, is_own_lab(target), original_of(target)) == ("lab:grafana", True, "grafana")
    assert about(target, read_facts(target)) == "lab:grafana, a twin on this machine: it says nothing about grafana"
    assert not is_own_lab("labour.toml")


def test_examples_are_listed_with_what_they_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["lab", "examples"])
    assert main() == 0
    said = capsys.readouterr().out
    assert all(name in said and str(find(name)) in said for name in examples())
    assert "behind a tunnel" in said

"""Facts and checks of an operator's own: told, gated, waived, blocked, recorded and replayed as any other."""

import json
import shutil
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from spark_conformance.core.run import OBSERVATIONS
from spark_conformance.facts.load import load
from spark_conformance.facts.own import OwnFact
from spark_conformance.plugin.gate import own_before
from tests.suite.small import LEAN

EXAMPLE = Path(__file__).parent / "example"
AGE, PLACE, BANNER = "own.backup_age_h", "own.backup_place", "own.banner"


class Repository:
    """An operator's repository: the example's facts and checks, and what its backup's log says."""

    def __init__(self, pytester: pytest.Pytester) -> None:
        self._pytester = pytester
        self.place = pytester.path
        for path in EXAMPLE.glob("*.*"):
            shutil.copy(path, self.place)
        self.log(5.0)

    def log(self, age_h: float) -> None:
        (self.place / "backups.json").write_text(json.dumps({"age_h": age_h, "place": "nas"}))

    def change(self, name: str, old: str, new: str) -> None:
        text = (self.place / name).read_text()
        assert old in text
        (self.place / name).write_text(text.replace(old, new))

    def run(self, *options: str) -> tuple[int, str]:
        """The exit code, and what was told."""
        with patch.dict(OBSERVATIONS):
            ran = self._pytester.runpytest_inprocess(*LEAN, "-p", "spark_conformance.plugin", *options)
        return int(ran.ret), ran.stdout.str() + ran.stderr.str()

    @property
    def findings(self) -> dict[str, Any]:
        results = json.loads((self.place / "reports/results.json").read_text())
        return {item["fact"]: item for target in results["targets"] for item in target["findings"]}

    @property
    def verdicts(self) -> dict[str, str]:
        return {fact: item["verdict"] for fact, item in self.findings.items()}


@pytest.fixture
def repository(pytester: pytest.Pytester) -> Repository:
    return Repository(pytester)


def test_own_facts_are_told_as_any_other(repository: Repository) -> None:
    code, told = repository.run(".", "--target", "facts.toml")
    assert code == 0
    assert "  own            2 of 3   conformant   1 waived" in told
    assert repository.verdicts == {AGE: "conformant", PLACE: "conformant", BANNER: "waived"}
    finding = repository.findings[AGE]
    assert (finding["expected"], finding["observed"], finding["component"]) == ("at most 26", "5", "own")
    assert finding["evidence"][0]["label"] == "observation: backups"
    assert ">own</th>" in (repository.place / "reports/report.html").read_text()


def test_what_an_own_fact_needs_blocks_it(repository: Repository) -> None:
    repository.log(50.0)
    code, told = repository.run(".", "--target", "facts.toml")
    assert code == 1
    assert "means     The last backup is too old. Start it by hand" in told
    assert repository.findings[PLACE]["verdict"] == "blocked"
    assert repository.findings[PLACE]["blocked_by"] == AGE
    (repository.place / "backups.json").unlink()
    assert repository.run(".", "--target", "facts.toml")[0] == 7
    assert repository.findings[AGE]["verdict"] == "unreachable"
    assert repository.findings[PLACE]["blocked_by"] == AGE


@pytest.mark.parametrize(
    ("expect", "same", "other"),
    [
        (5, 5.0, True),
        (True, True, 1),
        (["a", "b"], ["a", "b"], ["b", "a"]),
        (["a"], ("a",), "a"),
        ("5", "5", 5),
        ({"at_least": 3}, 3, 2.9),
        ({"at_least": "1.10"}, "1.10.0", "1.9"),
        ({"about": 100, "within_percent": 5}, 95, 94),
    ],
)
def test_what_toml_states_is_compared_with_what_python_observes(expect: object, same: object, other: object) -> None:
    fact = OwnFact.model_validate({"expect": expect, "source": "notes", "why": "it matters"})
    assert fact.admits(same)
    assert not fact.admits(other)


def test_a_gate_before_a_deployment_asks_for_what_names_it() -> None:
    assert own_before(load(EXAMPLE / "facts.toml")) == {AGE}


def test_a_recording_of_own_observations_is_judged_again(repository: Repository) -> None:
    assert repository.run(".", "--target", "facts.toml", "--record", "kept")[0] == 0
    (repository.place / "backups.json").unlink()
    assert repository.run(".", "--replay", "kept")[0] == 0
    assert repository.verdicts == {AGE: "conformant", PLACE: "conformant", BANNER: "waived"}
    repository.change("facts.toml", "at_most = 26", "at_most = 1")
    assert repository.run(".", "--replay", "kept", "--facts", "facts.toml")[0] == 1


@pytest.mark.parametrize(
    ("name", "old", "new", "told"),
    [
        ("test_backups.py", '"own.banner"', '"own.baner"', "does not state own.baner; did you mean own.banner?"),
        ("test_backups.py", '@pytest.mark.fact("own.banner")', "", f"a fact without a check: {BANNER}; mark a test"),
        ("test_backups.py", '"own.banner"', '"own.backup_place"', f"a fact with two checks: {PLACE}; a fact has one"),
        ("test_backups.py", "def backups(", "def zone(", "zone: the suite has an observation of this name"),
        ("facts.toml", '["own.backup_age_h"]', '["own.backup_age"]', f"is not a fact; did you mean {AGE}?"),
        ("facts.toml", '["own.backup_age_h"]', f'["{PLACE}"]', "it needs itself; remove one"),
        ("facts.toml", "needs =", "neds =", "facts.own.backup_place.neds: unknown key; did you mean needs?"),
        ("facts.toml", "at_most = 26", "at_moist = 26", "facts.own.backup_age_h.expect: cannot be compared with"),
        ("facts.toml", '"nas"', "[]", "facts.own.backup_place.expect: cannot be compared with"),
        ("facts.toml", 'gate = "pre"', 'gate = "now"', "facts.own.backup_age_h.gate: should be 'pre' or 'post'"),
    ],
)
def test_a_mistake_is_one_sentence(repository: Repository, name: str, old: str, new: str, told: str) -> None:
    repository.change(name, old, new)
    code, said = repository.run(".", "--target", "facts.toml")
    assert told in said
    assert code in {2, 4}

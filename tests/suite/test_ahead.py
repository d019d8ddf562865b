from pathlib import Path

import pytest

from spark_conformance.facts.calling import CHECKS, CHECKS_PACKAGE
from spark_conformance.plugin.ahead import plain
from spark_conformance.programs.lab import WaitingLab

HERE = CHECKS.parent


@pytest.mark.parametrize(
    "words",
    [
        ["checks/"],
        ["checks/", "-q", "-x"],
        ["checks/test_dns.py"],
        [str(CHECKS), "-n", "2", "--reports=there"],
        ["checks", "--target", "lab", "--lab-fault", "dns-missing"],
        ["--pyargs", CHECKS_PACKAGE],
    ],
    ids=" ".join,
)
def test_a_lab_waits_for_words_that_plainly_want_one(words: list[str]) -> None:
    assert plain(words, HERE)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["tests/"],
        ["checks/", "tests/"],
        ["checks/test_nothing.py"],
        ["checks/test_dns.py::test_one"],
        ["checks/", "--co"],
        ["checks/", "--collect-only", "-q"],
        ["checks/", "--ledger"],
        ["checks/", "--help"],
        ["checks/", "-m", "dns"],
        ["checks/", "-knothing"],
        ["checks/", "--lf"],
        ["checks/", "--bogus"],
        ["checks/", "--target", "spark-291b"],
        ["checks/", "--target=mine.toml"],
        ["checks/", "--replay", "there"],
        ["checks/", "--target"],
    ],
    ids=" ".join,
)
def test_no_lab_waits_where_none_may_be_wanted(words: list[str]) -> None:
    assert not plain(words, HERE)


def test_words_are_read_where_they_were_typed(tmp_path: Path) -> None:
    assert not plain(["checks/"], tmp_path)


def test_a_lab_that_was_not_wanted_is_gone_and_is_nobodys() -> None:
    waiting = WaitingLab()
    process = waiting._process
    assert process is not None
    waiting.close()
    waiting.close()
    assert process.returncode is not None
    with pytest.raises(RuntimeError, match="taken once"):
        waiting.take(["up"])

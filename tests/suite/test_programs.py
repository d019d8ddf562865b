"""What surrounds every program of the suite: the Python that it needs, and a reader that has enough."""

import ast
import importlib
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import spark_conformance
from spark_conformance import plugin
from spark_conformance.__main__ import COMMANDS, main
from spark_conformance.facts import calling
from spark_conformance.facts.calling import installing_lab
from spark_conformance.programs.lab import PACKAGES, LabError, check_faults
from tests.sources import nodes
from tests.suite.small import ALL_GOOD, LEAN, run_suite

PROJECT = Path(__file__).parents[2]


def test_an_older_python_gets_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit) as ended:
        importlib.reload(spark_conformance)
    assert ended.value.code == 4
    assert capsys.readouterr().err.startswith("spark-conformance needs Python 3.11 or newer, and this is 3.10: make ")


def test_a_list_whose_reader_has_enough_ends_without_a_word() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "fixtures", "lab", "faults"]
    done = subprocess.run(command, cwd=PROJECT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


@pytest.mark.parametrize("words", [["compare"], ["lab", "compare"]])
def test_the_lab_is_compared_by_a_command_of_the_suite(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    assert main([*words, str(tmp_path), "--lab", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(f"no running lab at {tmp_path}: start one with ")
    with pytest.raises(SystemExit) as ended:
        main([*words])
    assert ended.value.code == 4
    assert "the following arguments are required: DIR" in capsys.readouterr().err


def test_without_the_labs_extra_its_faults_have_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("spark_lab.faults")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "asyncssh", None)
    with pytest.raises(LabError) as told:
        check_faults(["as-documented"])
    assert str(told.value) == f"the lab needs the package asyncssh: {installing_lab()}"


def test_a_closed_output_changes_no_exit_code(pytester: pytest.Pytester) -> None:
    """As a script has it by `>&-`: pytest and Python end with 1 then, which means that something does not hold."""
    run_suite(pytester, ALL_GOOD, "--version", "--version")
    python = f'exec "{sys.executable}"'
    run = f"{python} -m pytest {' '.join(LEAN)} checks --target facts.toml >&- 2>&-"
    assert subprocess.run(["sh", "-c", run], cwd=pytester.path, check=False).returncode == 0
    assert '"exit_code": 0' in (pytester.path / "reports/results.json").read_text()
    for words, code in (("--version >&-", 0), ("deploy 2>&- >&-", 4)):
        ended = subprocess.run(["sh", "-c", f"{python} -I -S fixtures {words}"], cwd=PROJECT, check=False)
        assert ended.returncode == code


@pytest.mark.parametrize("command", [["check", "--gate", "post"], ["report", "x.json"], ["lab", "faults"]])
def test_a_python_without_the_packages_is_told_what_to_install(command: list[str]) -> None:
    bare = [sys.executable, "-I", "-S", "fixtures", *command]
    done = subprocess.run(bare, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert done.returncode == 4
    assert re.fullmatch(r".* package \w+.*: pip install --require-hashes -r requirements.txt.*\n", done.stderr)


def test_so_is_a_pytest_of_another_environment(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with 1, which means that something does not hold."""
    monkeypatch.setattr(plugin, "AHEAD", "no_such_package.of_anybody")
    ran = run_suite(pytester, ALL_GOOD, "--gate", "post", "checks")
    assert (ran.code, len(ran.out.splitlines())) == (4, 1)
    assert (
        f"ERROR: this Python ({sys.executable}) has no package no_such_package, which the suite needs: pip" in ran.out
    )
    assert calling.lacking(ModuleNotFoundError(name="spark_conformance.no_such")) == ""


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ([], 4, "usage: python fixtures COMMAND"),
        (["--help"], 0, "  check    check a system"),
        (["--version"], 0, f"spark-conformance {spark_conformance.__version__}\n"),
        (["chek"], 4, "python fixtures: chek is not a command; did you mean check?\n"),
        (["deploy"], 4, f"python fixtures: deploy is not a command; the commands are {', '.join(COMMANDS)}\n"),
        (["check", "--help"], 0, "--gate {pre,post}"),
        (["check", "--version"], 0, f"spark-conformance {spark_conformance.__version__}\n"),
        (
            ["check", "--gate", "post", "-V"],
            4,
            "python fixtures check: --version: with it nothing is checked; give it a",
        ),
    ],
)
def test_a_newcomer_is_told_what_there_is(
    words: list[str], code: int, told: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", sys.argv)
    assert main(words) == code
    said = capsys.readouterr()
    assert told in (said.err or said.out)


def test_commands_are_named_as_they_are_typed_here(monkeypatch: pytest.MonkeyPatch) -> None:
    assert calling.command("lab", "up") == "python fixtures lab up"
    assert calling.checking("--target", "my facts.toml") == "pytest checks/ --target 'my facts.toml'"
    monkeypatch.setattr(calling, "INSTALLED", True)
    assert calling.command("lab", "up") == "spark-conformance lab up"
    assert calling.checking("--target", "my facts.toml") == "spark-conformance check --target 'my facts.toml'"
    assert calling.installing_lab() == "pip install 'spark-conformance[lab]'"


def test_the_programs_of_the_tests_need_nothing_installed() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-c", "import tests, spark_conformance"]
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def imported(folder: Path) -> set[str]:
    """The packages that the modules below a folder import."""
    imports = [node for node in nodes(folder.rglob("*.py")) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    return {name.partition(".")[0] for name in names}


def test_what_the_labs_extra_brings_is_asked_for_before_a_lab_starts() -> None:
    lab, suite = (imported(PROJECT / "fixtures" / name) for name in ("spark_lab", "spark_conformance"))
    assert lab - suite - sys.stdlib_module_names - {"h11"} == set(PACKAGES)  # h11 comes with httpx

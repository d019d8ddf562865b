"""What surrounds every program of the suite: the Python that it needs, and a reader that has enough."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import spark_conformance
from spark_conformance.__main__ import main
from spark_conformance.programs.lab import LabError, check_faults

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
    with pytest.raises(LabError, match=r"^the lab needs the package asyncssh: pip install 'spark-conformance\[lab\]'$"):
        check_faults(["as-documented"])

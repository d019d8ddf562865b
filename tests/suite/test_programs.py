"""What surrounds every program of the suite: the Python that it needs, and a reader that has enough."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

import spark_conformance

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
    command = [sys.executable, "-m", "spark_lab", "faults"]
    done = subprocess.run(command, cwd=PROJECT, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")

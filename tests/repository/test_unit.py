"""The unit in the repository: what is sound, and what systemd would pass over or not start."""

from pathlib import Path

import pytest

from spark_conformance.core.verdict import Unmet
from spark_conformance.facts.target import Repository, Target
from spark_conformance.repository.unit import UnitFile, fault_of, repository_unit
from tests.secrets.runs import run_of

PATH = "infrastructure/spark/cloudflared.service"
SOUND = """# deployed by the workflow
[Unit]
Description=Cloudflare Tunnel

[Service]
ExecStart=/bin/sh -c 'exec \\
  # systemd passes over comments between joined lines
  /usr/local/bin/cloudflared tunnel run'
; the drop-in brings the token
Restart=on-failure
"""


def observed(tmp_path: Path) -> UnitFile:
    return repository_unit(
        run_of(Target(repository=Repository(path=str(tmp_path))), facts={"pipeline": {"unit": PATH}})
    )


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (SOUND, ""),
        ("[Service]\nExecStart=-/bin/true\n", ""),
        ("", "nothing to start"),
        ("[Unit]\nExecStart=/bin/true\n", "nothing to start"),
        ("[Service]\nExecStart=/bin/true\nExecStart=\n", "nothing to start"),
        ("[Service]\n<<<<<<< HEAD\nExecStart=/bin/true\n", "line 2 is neither"),
        ("[Service]\nExecStart=/bin/true\n=======\n", "line 3 is neither"),
        ("ExecStart=/bin/true\n[Service]\n", "line 1 is a setting outside"),
        ("[Service] \nExecStart=/bin/true\n", ""),
        ("[Service\nExecStart=/bin/true\n", "line 1 is neither"),
        ("Service]\nExecStart=/bin/true\n", "line 1 is neither"),
        ("[Service]\n=x\nExecStart=/bin/true\n", "line 2 is neither"),
        ("[Service]\nExecStart=/bin/true\nExecStart=/bin/sh 'x\n", "names no program, or has a quote that does not"),
    ],
)
def test_what_is_wrong_with_a_unit(text: str, fault: str) -> None:
    assert fault in fault_of(text)
    assert bool(fault) == bool(fault_of(text))


def test_the_file_at_the_documented_path(tmp_path: Path) -> None:
    with pytest.raises(Unmet) as missing:
        observed(tmp_path)
    assert (missing.value.fact, missing.value.observed) == ("pipeline.unit", "no such file")
    file = tmp_path / PATH
    file.parent.mkdir(parents=True)
    file.write_text(SOUND)
    assert observed(tmp_path) == UnitFile(PATH, "")
    file.write_bytes(b"\xff\xfe")
    assert observed(tmp_path) == UnitFile(PATH, "it is not UTF-8 text")

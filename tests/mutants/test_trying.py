"""That what is mutated is what runs: in a process of its own, as a worker of `python -m tests.mutants` is."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.matrix.selection import shared
from tests.mutants.rooms import ROOT

FILE = "fixtures/spark_conformance/dns/servers.py"
TESTS = "tests/dns/test_servers.py::test_a_server_as_a_target_writes_it"
PLANTED = """
import sys
from pathlib import Path
from tests.mutants.made import Mutant, mutants
from tests.mutants.trying import Round, Workshop

path, tests = Path(sys.argv[2]), Round((sys.argv[3],))
workshop = Workshop(Path(sys.argv[1]))
copy = workshop.folder / path
copy.write_text(copy.read_text() + "\\n\\ndef nobody_calls_this() -> bool:\\n    return True\\n")
source = copy.read_text()
made = [mutant for mutant in mutants(path, source) if mutant.operator.startswith("ReplaceTrue")]
dead = [mutant for mutant in made if mutant.line == source.count("\\n")]
live = [mutant for mutant in mutants(path, source) if mutant.operator == "AddNot"][:1]
for mutant in (*live, *dead):
    print("killed" if workshop.tried(mutant, tests, room=tests.tests).killed else "survived")
    print("noticed" if "::" in workshop.tried(mutant, tests, room=tests.tests).by else "tried")
assert copy.read_text() == source
"""


@pytest.mark.skipif(not shared([0], 3), reason="another day's, or tried with FAULTS=all: each night tries mutants")
def test_a_mutant_of_what_runs_is_noticed_and_one_of_dead_code_is_not(tmp_path: Path) -> None:
    command = [sys.executable, "-c", PLANTED, str(tmp_path), FILE, TESTS]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    assert said == ["killed", "noticed", "survived", "tried"]

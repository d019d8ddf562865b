"""The second look at a check's mutant: the faults of the matrix that its fact is declared to fail, on a lab."""

import json
import subprocess
import sys

from tests.mutants.rooms import ROOT

ASK = """
import json
from spark_lab.faults import FAULTS
print(json.dumps({name: sorted(fault.facts) for name, fault in FAULTS.items()}))
"""
MATRIX = "tests/matrix/test_faults.py"
HEALTHY = f"{MATRIX}::test_a_healthy_lab_has_nothing_to_tell"
ONE_FAULT = f"{MATRIX}::test_a_fault_fails_what_it_is_declared_to_fail_and_nothing_else"


def matrix_of() -> dict[str, tuple[str, ...]]:
    """The matrix' tests of each fact, as pytest takes them: a healthy lab, and every fault that fails the fact.

    Asked in a process of its own, so that this one has nothing of ours imported.
    """
    said = subprocess.run([sys.executable, "-c", ASK], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    found: dict[str, list[str]] = {}
    for name, facts in json.loads(said).items():
        for fact in facts:
            found.setdefault(fact, [HEALTHY]).append(f"{ONE_FAULT}[{name}]")
    return {fact: tuple(tests) for fact, tests in found.items()}

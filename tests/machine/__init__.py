"""The lab's host engine `systemd`. Where no machine can be booted these tests are skipped, with the reason."""

import os

import pytest

from spark_lab import isolation
from spark_lab.machine import requirements
from tests.matrix.selection import shared

LACKING = requirements.lacking() or isolation.possible()
needs_machine = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")
ALL = os.environ.get("ENGINES") == "all"
"""Whether everything is tried that a machine is for, as at night."""
ON_MACHINE = ("--lab-host", "systemd")


def one_of(number: int, of: int) -> pytest.MarkDecorator:
    """Marks a test that takes a machine of its own: of so many, a day tries one, `ENGINES=all` each."""
    today = number in shared(range(of), of, every=ALL)
    return pytest.mark.skipif(not today, reason="another day's, or tried with ENGINES=all")

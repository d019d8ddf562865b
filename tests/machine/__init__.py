"""The lab's host engine `systemd`. Where no machine can be booted these tests are skipped, with the reason."""

import pytest

from spark_lab import isolation
from spark_lab.machine import requirements

LACKING = requirements.lacking() or isolation.possible()
needs_machine = pytest.mark.skipif(LACKING is not None, reason=LACKING or "")
ON_MACHINE = ("--lab-host", "systemd")

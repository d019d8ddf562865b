"""`python -m tests.remediation.killed TARGET JOURNALS N COMPONENT …`: a remediation, killed at a moment of its steps.

The Nth one, with 0 for the first; the components are those whose facts are looked at.
"""

import os
import signal
import sys
from itertools import count
from pathlib import Path

from spark_conformance.checking import findings_of
from spark_conformance.core.run import Run
from spark_conformance.facts.load import load
from spark_conformance.remediation.applying import Ways
from spark_conformance.remediation.model import Asked, Step
from spark_conformance.remediation.remedies import all_remedies
from spark_conformance.remediation.runner import Remediation
from tests.remediation.applying import narrowed


def main() -> None:
    target, folder, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
    moments = count()

    def hook(_moment: str, _step: Step) -> None:
        if next(moments) == last:
            os.kill(os.getpid(), signal.SIGKILL)

    run = narrowed(Run(load(target)), *sys.argv[4:])
    Remediation(run, findings_of(run), all_remedies(Asked()), Asked(), Ways(folder, hook=hook)).apply()
    run.close()


if __name__ == "__main__":
    main()

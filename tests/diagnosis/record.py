"""Make every scenario on a lab, and write down what is seen: `python -m tests.diagnosis.record [NAME…]`."""

import sys

from spark_conformance.observations import load_observations
from spark_conformance.programs.lab import LabProcess
from spark_lab.announcement import read
from spark_lab.faults import heal
from tests.diagnosis.making import look, make
from tests.diagnosis.scenarios import EVERY
from tests.diagnosis.scenes import write


def record(names: list[str]) -> None:
    """Record these scenarios, or all."""
    process = LabProcess(())
    try:
        lab = read(process.facts())
        for name in names or EVERY:
            make(lab, EVERY[name])
            write(name, look(lab, EVERY[name]))
            heal(lab)
    finally:
        process.close()


if __name__ == "__main__":
    load_observations()
    record(sys.argv[1:])

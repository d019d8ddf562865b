"""Make every scenario on a lab, and write down what is seen: `python -m tests.diagnosis.record [NAME…]`."""

import sys

from fixtures.lab.announcement import read
from fixtures.lab.faults import heal
from fixtures.suite import load_observations
from fixtures.suite.labprocess import LabProcess
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
    load_observations("cloudflare", "dns", "host", "https", "secrets")
    record(sys.argv[1:])

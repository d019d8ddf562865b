"""The contract by hand.

python -m tests.contract [--cloudflared PATH]          both connectors side by side
python -m tests.contract record --cloudflared PATH     keep what the genuine one does in five runs, to compare with
"""

import argparse
import sys
import time

from spark_lab.settings import STAND_IN, choose
from tests.contract.observing import ALL, TIMES, observe_inside, observed_apart, record
from tests.contract.table import table
from tests.contract.varying import RUNS, agreed


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract", description=__doc__)
    parser.add_argument("act", nargs="?", choices=("compare", "record", "observe"), default="compare")
    parser.add_argument("scenario", nargs="?", default="")
    parser.add_argument("protocol", nargs="?", default="")
    parser.add_argument("--cloudflared", metavar="PATH")
    said = parser.parse_args()
    if said.act == "observe":
        print(observe_inside(said.cloudflared, said.scenario, said.protocol))
        return 0
    program = choose(cloudflared=said.cloudflared or None).cloudflared
    path = str(program.path) if program else None
    chosen = [(name, protocol) for name, protocol in ALL if said.scenario in {"", name}]
    if said.act == "record":
        if path is None:
            parser.error(f"record: give --cloudflared PATH, and not {STAND_IN}")
        for name, protocol in chosen:
            began = time.monotonic()
            runs = [observed_apart(path, name, protocol) for _ in range(RUNS)]
            record(name, protocol, agreed(runs, name, protocol, TIMES))
            print(f"{name} {protocol}: {time.monotonic() - began:.1f} s")
        return 0
    sys.stdout.write(table(path, chosen))
    return 0


if __name__ == "__main__":
    sys.exit(main())

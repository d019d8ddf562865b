"""Ollama's contract by hand.

python -m tests.contract.ollama [--ollama PATH]          how many answers are as recorded, and which are not
python -m tests.contract.ollama record --ollama PATH     keep what another version answers, for the tests to hold to
"""

import argparse
import json
import sys
from datetime import UTC, datetime

from spark_lab.settings import STAND_IN, SettingsError, choose
from tests.contract.ollama.observing import Observed, observe_inside, observed
from tests.contract.ollama.recordings import GENERATION, REQUESTS, Recording, load, write
from tests.contract.ollama.table import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.contract.ollama", description=__doc__)
    parser.add_argument("act", nargs="?", choices=("compare", "record", "observe"), default="compare")
    parser.add_argument("name", nargs="?", choices=(REQUESTS, GENERATION), default=REQUESTS)
    parser.add_argument("setting", nargs="?", default="")
    parser.add_argument("--ollama", metavar="PATH")
    said = parser.parse_args()
    if said.act == "observe":
        found = observe_inside(said.ollama, said.name, said.setting)
        print(json.dumps({case: [answer.status, answer.headers, answer.body] for case, answer in found.items()}))
        return 0
    try:
        program = choose(cloudflared=STAND_IN, ollama=said.ollama).ollama
    except SettingsError as problem:
        parser.error(str(problem))
    if said.act == "record":
        if program is None:
            parser.error(f"record: give --ollama PATH, and not {STAND_IN}")
        for name in (REQUESTS, GENERATION):
            old = load(name)
            answers: dict[str, Observed] = {
                setting: observed(str(program.path), name, setting) for setting in old.answers
            }
            day = datetime.now(UTC).date().isoformat()
            write(name, Recording(program.version, day, old.requests, answers))
            print(f"{name}: {len(old.requests)} cases in {len(answers)} settings")
        return 0
    sys.stdout.write(table(str(program.path) if program else None))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What a run costs, beside what it cannot cost less than.

    python -m tests.benchmarks.run --python VENV/bin/python --latency-ms 50 --against ../before

One lab, whose sshd is a round trip away; every way asks it in turns, each in processes of its own, and the median of
the rounds counts. `--against` is another checkout: its runs stand beside this one's, as "before". Bytecode is compiled
first, and one round is thrown away. CPU is that of the programs started here, and the lab's only for `own lab`.
Connections are counted on the wire; tests.benchmarks.ssh_backend has sshd count the sessions.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from tests.benchmarks.lab import Wired, floor, wired
from tests.benchmarks.others import others
from tests.benchmarks.table import Cost, Costs, Way, table, unmeasured

PROJECT = Path(__file__).parents[2]
HOST = "host or ollama or cloudflared"


def main() -> int:
    """Print the table; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="default: %(default)s")
    parser.add_argument("--latency-ms", type=float, default=50, help="round trip to the host; default: %(default)g")
    parser.add_argument("--python", default=sys.executable, help="a user's, without the tools of development")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, to compare with")
    parser.add_argument("--lab-host", choices=("process", "systemd"), default="process", help="default: %(default)s")
    parser.add_argument("--only", default="", metavar="TEXT", help="the floor, and ways that have this in their names")
    asked = parser.parse_args()
    trees = {"": PROJECT} | ({"before: ": asked.against.resolve()} if asked.against else {})
    for tree in trees.values():
        subprocess.run([asked.python, "-m", "compileall", "-q", "fixtures", "checks"], cwd=tree, check=True)
    with tempfile.TemporaryDirectory() as name, wired(Path(name), asked.lab_host, asked.latency_ms / 1000) as lab:
        ways = [way for way in _ways(lab, asked.python, trees, Path(name)) if asked.only in way.name or way.given]
        costs = measure(lab, ways, asked.rounds)
        sys.stdout.write(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; round trip {asked.latency_ms:g} ms; "
            f"{len(lab.commands)} commands; host: {asked.lab_host}; medians of {asked.rounds}\n"
            f"{table(costs)}{unmeasured(ways, costs)}"
        )
    return 0


def measure(lab: Wired, ways: list[Way], rounds: int) -> dict[str, Costs]:
    """Every way that can be measured, in turns; a round more is not counted, for what is slow the first time."""
    costs = {way.name: Costs() for way in ways if not way.why_not}
    for number in range(rounds + 1):
        for way in ways:
            own = costs.get(way.name)
            if own is not None and not own.failed:
                before = lab.wire.connections
                code, wall_s, cpu_s = _timed(way)
                if code not in way.passes:
                    own.failed, own.runs = f"it ended with exit code {code}", []
                elif number:
                    own.runs.append(Cost(wall_s, cpu_s, lab.wire.connections - before))
    return costs


def _timed(way: Way) -> tuple[int, float, float]:
    """The exit code of one run, its seconds, and those of CPU."""
    surroundings = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    began = perf_counter()
    process = subprocess.Popen(
        way.command, cwd=way.place, env=surroundings, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    if process.stdin:
        process.stdin.write(way.given)
        process.stdin.close()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, perf_counter() - began, used.ru_utime + used.ru_stime


def _ways(lab: Wired, python: str, trees: dict[str, Path], place: Path) -> Iterator[Way]:
    """Every way that the table names, in its order."""
    shell = ("ssh", "-F", str(lab.config), "-T", lab.host, "exec /bin/sh")
    yield Way("floor, side by side", shell, place, floor(lab.commands, side_by_side=True))
    yield Way("floor, one after the other", shell, place, floor(lab.commands, side_by_side=False))
    (place / "test_empty.py").write_text("def test_nothing():\n    pass\n", encoding="utf-8")
    yield Way("an empty test", (python, "-m", "pytest", "test_empty.py"), place)
    for name, words in {
        "--co": ("--co", "--target", lab.target),
        "-m dns": ("-m", "dns", "--target", lab.target),
        "host's facts": ("-m", HOST, "--target", lab.target),
        "half of the host's facts": ("-m", HOST, "--target", lab.half),
        "host's facts, a master is open": ("-m", HOST, "--target", lab.mastered),
        "whole run": ("--target", lab.target),
        "own lab": ("--cloudflared", "stand-in"),
    }.items():
        for when, tree in trees.items():
            command = (python, "-m", "pytest", "checks/", "--reports", str(place / "reports"), *map(str, words))
            yield Way(when + name, command, tree, passes=(0, 1, 7))
    yield from others(lab, python, place)


if __name__ == "__main__":
    sys.exit(main())

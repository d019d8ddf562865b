"""`python -m tests.mutants`: change the code in one place at a time, and see whether a test notices.

Exit code 0: every survivor is explained, or no more of them are not than `--most` allows; 1: more; 4: usage.
"""

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from hashlib import sha256
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.day import DAY
from tests.mutants.explained import FILE, Explained, explained
from tests.mutants.faults import matrix_of
from tests.mutants.lines import seen_by, tests_of
from tests.mutants.made import Mutant, mutants
from tests.mutants.rooms import ROOMS, ROOT, Room
from tests.mutants.trying import UNKNOWN_S, Round, Tried, Work, Workshop, open_workshop, try_in_workshop


def main() -> int:
    asked = _arguments()
    os.environ.setdefault(DAY, str(datetime.now(UTC).date()))  # at midnight there would be other tests than were seen
    with TemporaryDirectory(prefix="mutants-") as folder:
        return _run(asked, Path(folder))


def _run(asked: argparse.Namespace, folder: Path) -> int:
    rooms = [room for room in ROOMS if not asked.room or room.name in asked.room]
    reasons, workshop = explained(), Workshop(folder)
    matrix = matrix_of() if asked.matrix else {}
    tried: list[tuple[str, Tried]] = []
    with ProcessPoolExecutor(asked.jobs, get_context("spawn"), open_workshop, (folder,)) as workers:
        for room in rooms:
            print(f"{room.name}: seeing which test runs which line", flush=True)
            work = list(_work(room, asked, workshop, matrix))
            print(f"{room.name}: {len(work)} mutants, {asked.jobs} at a time", flush=True)
            for number, result in enumerate(workers.map(try_in_workshop, work), start=1):
                tried.append((room.name, result))
                if not result.killed:
                    _tell(result.mutant, reasons.get(result.mutant.id))
                elif asked.verbose:
                    print(
                        f"killed {result.mutant.id} {result.mutant.path}:{result.mutant.line}: {result.by}", flush=True
                    )
                if number % 100 == 0:
                    print(f"... {number} of {len(work)}", flush=True)
    return _score(tried, reasons, asked.most)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    names = [room.name for room in ROOMS]
    parser.add_argument("room", nargs="*", help=f"of {', '.join(names)}; all of them where none is named")
    parser.add_argument(
        "--sample", type=int, metavar="N", help="try N mutants of each room, always the same while their lines are"
    )
    parser.add_argument("--seed", default="", metavar="TEXT", help="draw another sample by this, such as a day")
    parser.add_argument(
        "--most", type=float, default=0.0, metavar="PERCENT", help="so many of all may survive without an explanation"
    )
    parser.add_argument("--id", action="append", default=[], help="try this mutant; may be given more than once")
    parser.add_argument("--tests", nargs="+", metavar="PATH", help="try these tests, not those that run its line")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="so many at a time")
    parser.add_argument("--matrix", action="store_true", help="give the checks' survivors to the fault matrix")
    parser.add_argument("--verbose", action="store_true", help="tell of those that were noticed too, and by what")
    asked = parser.parse_args()
    unknown = [name for name in asked.room if name not in names]
    if asked.seed and asked.sample is None:
        parser.exit(4, "--seed draws a sample: say with --sample N of how many\n")
    if unknown or asked.jobs < 1 or (asked.sample is not None and asked.sample < 1):
        parser.exit(4, f"{', '.join(unknown) or 'a number below 1'}: see --help for what there is\n")
    return asked


def _work(
    room: Room, asked: argparse.Namespace, workshop: Workshop, matrix: dict[str, tuple[str, ...]]
) -> Iterator[Work]:
    """Each mutant of a room with the tests to try, the likeliest first."""
    made = [m for path in room.files() for m in mutants(path, (ROOT / path).read_text(encoding="utf-8"))]
    made = [m for m in made if not asked.id or m.id in asked.id]
    chosen = drawn(made, asked.sample, asked.seed)
    seen = seen_by(room.tests, workshop.folder) if chosen and not asked.tests else []
    for mutant in sorted(chosen, key=lambda mutant: (mutant.path, mutant.line)):
        near = Round(tuple(asked.tests)) if asked.tests else tests_of(mutant, seen, workshop.folder)
        faults = matrix.get(mutant.fact, ())
        rounds = (*filter(None, [near]), *([Round(faults, UNKNOWN_S * len(faults))] if faults else ()))
        yield mutant, rounds, () if asked.tests else room.tests


def drawn(made: list[Mutant], number: int | None, seed: str) -> list[Mutant]:
    """So many mutants of a room, all where no number is given; other ones by another seed."""
    draw = (lambda mutant: sha256(f"{seed}{mutant.id}".encode()).hexdigest()) if seed else (lambda mutant: mutant.id)
    return sorted(made, key=draw)[:number]


def _tell(mutant: Mutant, reason: Explained | None) -> None:
    source = (ROOT / mutant.path).read_text(encoding="utf-8")
    changed = mutant.code(source).splitlines()
    print(f"survived {mutant.id} {mutant.path}:{mutant.line} {mutant.operator}" + (f": {reason.why}" if reason else ""))
    if reason is None:
        print(f"    - {mutant.text}")
        print(f"    + {changed[mutant.line - 1].strip()}", flush=True)


def _score(tried: Sequence[tuple[str, Tried]], reasons: dict[str, Explained], most: float) -> int:
    """Print the table; the exit code."""
    all_of, lived, told = Counter[str](), Counter[str](), Counter[str]()
    for name, result in tried:
        all_of[name] += 1
        lived[name] += not result.killed
        told[name] += not result.killed and result.mutant.id in reasons
    print(f"\n{'room':<12} {'mutants':>8} {'killed':>7} {'survived':>9} {'explained':>10} {'unexplained':>12}")
    for name in [*all_of, ""]:
        total, alive, known = (sum(c.values()) if not name else c[name] for c in (all_of, lived, told))
        share = f"{100 * (alive - known) / total:.1f} %" if total else "-"
        print(f"{name or 'all':<12} {total:>8} {total - alive:>7} {alive:>9} {known:>10} {share:>12}")
    unexplained = sum(lived.values()) - sum(told.values())
    if unexplained:
        print(f"\n{unexplained} survivors: write the test that notices, or the reason in {FILE.relative_to(ROOT)}")
    return int(100 * unexplained > most * len(tried))


if __name__ == "__main__":
    sys.exit(main())

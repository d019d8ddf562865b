"""What a lab leaves: processes, namespaces, mounts, control groups, files."""

import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from spark_conformance.facts.calling import SOURCES
from spark_lab.announcement import read
from spark_lab.machine import groups

NAMESPACES = ("mnt", "pid", "net", "uts", "ipc")
GONE_S = 60.0
POLL_S = 0.05
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Traces:
    """What there is of a lab while it runs."""

    directory: Path
    processes: frozenset[tuple[int, str]]
    """Process numbers, each with when it started."""
    namespaces: frozenset[str]

    def left(self) -> dict[str, list[str]]:
        """What of it is still there."""
        found = {
            "processes": [str(pid) for pid, started in self.processes if _started(pid) == started],
            "namespaces": sorted(self.namespaces & {name for pid in _pids() for name in _namespaces(pid)}),
            "mounts": [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "spark-lab" in line],
            "groups": [str(left) for group in groups.hierarchies() for left in _groups(group, self.lab)],
            "files": [str(path) for path in (self.directory, *Path("/run").glob("spark-lab*")) if path.exists()],
        }
        return {kind: those for kind, those in found.items() if those}

    def left_in_the_end(self) -> dict[str, list[str]]:
        """What is still there after a while: whoever cleans up is nobody's child any more, so nobody can await it."""
        deadline = time.monotonic() + GONE_S
        while (left := self.left()) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return left

    @property
    def lab(self) -> int:
        """The number of the lab's own process, the oldest of all."""
        return min(self.processes, key=lambda process: int(process[1]))[0]


def of(lab: int, directory: Path) -> Traces:
    """The traces of a running lab, by its process and its directory."""
    family = [lab]
    for pid in family:
        family += _children(pid)
    ours = set(_namespaces("self"))
    namespaces = {name for pid in family for name in _namespaces(pid)} - ours
    return Traces(directory, frozenset((pid, _started(pid)) for pid in family), frozenset(namespaces))


def reaper_of(lab: int) -> int:
    """The process that cleans up after a lab."""
    return next(pid for pid in _children(lab) if b"sweep.py" in Path(f"/proc/{pid}/cmdline").read_bytes())


class Lab:
    """A lab with a machine, to be ended in some way."""

    def __init__(self, place: Path) -> None:
        """`place`: the directory for temporary ones."""
        command = [sys.executable, "-m", "spark_lab", "up", "--lab-host", "systemd", "--cloudflared", "stand-in"]
        self.process = subprocess.Popen(
            command, cwd=SOURCES, env={"PATH": PATH, "TMPDIR": str(place), "PYTHONPATH": str(SOURCES)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        said = self.process.stdout
        assert said is not None
        target = next(line.split()[-1] for line in said if "--target" in line)
        self.announcement = read(Path(target))
        self.traces = of(self.process.pid, Path(self.announcement.directory))
        self.reaper = reaper_of(self.process.pid)

    def close(self) -> None:
        """Wait for its end."""
        self.process.wait(GONE_S)
        if self.process.stdout:
            self.process.stdout.close()


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _children(pid: int) -> list[int]:
    try:
        return [
            int(child)
            for tasks in Path(f"/proc/{pid}/task").iterdir()
            for child in (tasks / "children").read_text().split()
        ]
    except OSError:
        return []


def _started(pid: int) -> str:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:
        return ""
    return "" if state[0] == "Z" else state[19]


def _namespaces(pid: int | str) -> list[str]:
    try:
        return [str(Path(f"/proc/{pid}/ns/{kind}").readlink()) for kind in NAMESPACES]
    except OSError:
        return []


def _groups(group: Path, lab: int) -> list[Path]:
    return list(group.glob(f"spark-lab-{lab}-*"))

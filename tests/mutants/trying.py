"""Trying a mutant: its tests run in a process forked from one that has the libraries already, in a copy of the tree."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from itertools import count
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

from tests.mutants.collected import Asked, Collected
from tests.mutants.made import Mutant
from tests.mutants.rooms import ROOT

PATIENCE_S = 30.0
"""A mutant that takes so much longer than AS_LONG times its tests hangs: that is noticed too."""
AS_LONG = 5
UNKNOWN_S = 60.0
"""What tests are taken to last of which that is not known."""
QUIET = ["-x", "-q", "--no-header", "--tb=line", "-p", "no:cacheprovider", "--hypothesis-seed=0"]
QUIET += ["-W", "ignore:Module already imported"]  # a library that is a plugin too: its own asserts are not tried
LIBRARIES = (
    "pytest", "pydantic", "httpx", "cloudflare", "dns.resolver", "yaml", "cryptography.x509", "hypothesis.strategies",
    "httpcore", "h2.connection", "jinja2", "jwt", "pytest_html.plugin", "testinfra.plugin", "xdist.plugin",
)  # fmt: skip
"""What takes long to import and is not ours; each worker has it once."""
NOT_RUN = {3, 4, 5}
"""pytest's exit codes that say nothing of a mutant unless its tests pass without it: an error, a wrong command line, no
test."""
OURS = ("spark_conformance", "spark_lab", "checks", "tests", "conftest")


@dataclass(frozen=True)
class Tried:
    """What became of a mutant. `by` is the last line of the tests that were run."""

    mutant: Mutant
    killed: bool
    by: str


class Round(NamedTuple):
    """Tests as pytest takes them, and how many seconds they take together without a mutant."""

    tests: tuple[str, ...]
    took_s: float = UNKNOWN_S

    @property
    def patience_s(self) -> float:
        return PATIENCE_S + AS_LONG * self.took_s


class Workshop:
    """A copy of the tree below a folder, in which one mutant after the other is tried."""

    def __init__(self, folder: Path) -> None:
        for library in LIBRARIES:
            import_module(library)
        self.folder = Path(tempfile.mkdtemp(dir=folder))
        self._proved: set[Path] = set()
        self._collected: tuple[tuple[str, ...], Connection[tuple[object, ...], int | str] | None] = (), None
        self._ticks = count(int(time.time()))
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, check=True, text=True,
        ).stdout.split("\0")  # fmt: skip
        for name in filter(None, listed):
            if (ROOT / name).is_file():
                (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.folder / name)

    def runs(self, tests: Round) -> tuple[int, str]:
        """Run tests in the copy; pytest's exit code, and its last line."""
        output = self.folder / "output.txt"
        child = os.fork()
        if child == 0:
            self._become_pytest(tests.tests, output)
        deadline = time.monotonic() + tests.patience_s
        while (ended := os.waitpid(child, os.WNOHANG))[0] == 0 and time.monotonic() < deadline:
            time.sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # and whatever it left running
        if ended[0] == 0:
            os.waitpid(child, 0)
            return 1, "it hung"
        said = output.read_text(errors="replace").strip().splitlines()
        return os.waitstatus_to_exitcode(ended[1]), said[-1] if said else ""

    def tried(self, mutant: Mutant, *rounds: Round, room: tuple[str, ...] = ()) -> Tried:
        """Try a mutant with one set of tests after the other, until one of them notices.

        `room` are the tests to collect once for it and for those after it, so that most are noticed soon.

        Raises RuntimeError where there is no test to run, or none of them runs the file that is mutated.
        """
        path = self.folder / mutant.path
        source = path.read_text(encoding="utf-8")
        for tests in rounds[:1] if room else ():
            asked = Asked(str(path), source, mutant.code(source), tests.tests, tests.patience_s)
            if by := self._noticed(asked, room):
                return Tried(mutant, killed=True, by=by)
        said = "no test"
        for tests in rounds:
            self._write(path, mutant.code(source))
            try:
                code, said = self.runs(tests)
            finally:
                self._write(path, source)
            if code in NOT_RUN and self.runs(tests)[0] != 0:
                raise RuntimeError(f"{mutant.path}:{mutant.line}: pytest ran none of {' '.join(tests.tests)}: {said}")
            if code != 0:
                return Tried(mutant, killed=True, by=said)
            if path not in self._proved:
                self._prove(path, tests)
        return Tried(mutant, killed=False, by=said)

    def _noticed(self, asked: Asked, room: tuple[str, ...]) -> str:
        """The test by which a session that is there already notices a mutant; empty where none does."""
        if self._collected[0] != room:
            self._collected = room, None  # the one before ends with its connection
            self._collected = room, self._begin(room)
        session = self._collected[1]
        if session is None:
            return ""
        session.send(tuple(asked))
        try:
            return str(session.recv())
        except EOFError:
            self._collected = room, None
            return ""

    def _begin(self, room: tuple[str, ...]) -> "Connection[tuple[object, ...], int | str] | None":
        """Collect tests in a process that waits for mutants; it ends with this one. None where it has none."""
        ours, theirs = Pipe()
        if os.fork() == 0:
            ours.close()
            self._become_pytest(room, self.folder / "collected.txt", Collected(theirs))
        theirs.close()
        try:
            return ours if ours.recv() else None
        except EOFError:
            return None

    def _prove(self, path: Path, tests: Round) -> None:
        """See that these tests run the copy's file: they fail when it cannot be imported.

        Raises RuntimeError where they pass: then no survivor of that file says anything.
        """
        source = path.read_text(encoding="utf-8")
        self._write(path, f"raise RuntimeError('planted')\n{source}")
        try:
            code, said = self.runs(tests)
        finally:
            self._write(path, source)
        if code == 0:
            raise RuntimeError(f"{path}: {' '.join(tests.tests)} do not run the copy of it: {said}")
        self._proved.add(path)

    def _write(self, path: Path, text: str) -> None:
        """Write with a time of its own: compiled code is told apart by it, in whole seconds."""
        path.write_text(text, encoding="utf-8")
        tick = next(self._ticks)
        os.utime(path, (tick, tick))

    def _become_pytest(self, tests: tuple[str, ...], output: Path, *plugins: object) -> None:
        """Never returns: this process is pytest in the copy from here on."""
        os.setsid()
        os.chdir(self.folder)
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        for name in [name for name in sys.modules if name.partition(".")[0] in OURS]:
            del sys.modules[name]
        os.environ.pop("PYTHONPATH", None)  # may name the tree that is not mutated; tests/conftest.py names its own
        elsewhere = [place for place in sys.path if not _of_the_tree(Path(place or ".").resolve())]
        sys.path[:] = [str(self.folder / "fixtures"), str(self.folder), *elsewhere]
        sys.dont_write_bytecode = False
        code = 3
        try:
            code = int(import_module("pytest").main([*QUIET, *tests], plugins))
        except BaseException as error:  # noqa: BLE001 - told by whoever waits: this process has nobody else to tell
            os.write(1, f"{type(error).__name__}: {error}\n".encode())
        finally:
            sys.stdout.flush()
            os._exit(code)


def _of_the_tree(place: Path) -> bool:
    """Whether modules of the tree itself would be imported from there, in place of the copy's."""
    return place in {ROOT, ROOT / "fixtures"}


Work = tuple[Mutant, tuple[Round, ...], tuple[str, ...]]
"""A mutant, the sets of tests to try on it, one after the other, and where all tests of its room are."""

_workshops: list[Workshop] = []
"""The one of this process, where it is a worker."""


def open_workshop(folder: Path) -> None:
    """What a worker process does first."""
    _workshops.append(Workshop(folder))


def try_in_workshop(work: Work) -> Tried:
    """What a worker process does for each mutant."""
    mutant, rounds, room = work
    return _workshops[0].tried(mutant, *rounds, room=room)

"""A session of pytest's that has collected a room's tests once, and tries each mutant in a fork of itself.

A mutant of a function costs its tests alone so, and not the second in which pytest and the suite are imported. What is
noticed here is noticed: by a test that passes here without the mutant. What is not is still to be tried from the file.
"""

import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryFile
from typing import NamedTuple

import pytest

from tests.mutants.swapping import Functions, functions, place, swap, swaps

PASSED = "passed"


class Asked(NamedTuple):
    """A mutant to try: its file, whose text is `before` and with the mutant `after`, the tests, and when it hangs."""

    path: str
    before: str
    after: str
    tests: tuple[str, ...]
    patience_s: float


class Collected:
    """The plugin that takes the place of pytest's own loop; its answer is the test that noticed, or an empty text."""

    def __init__(self, connection: "Connection[int | str, tuple[object, ...]]") -> None:
        self._connection = connection
        self._passes: dict[str, bool] = {}
        """Of tests that noticed a mutant: whether they pass here without one."""
        self._there: Functions = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        gc.unfreeze()  # the suite freezes what it is made of, which hides it
        gc.collect()
        self._there = functions()
        gc.freeze()  # else each fork would copy what it only counts
        self._connection.send(len(session.items))
        with suppress(EOFError):
            while True:
                self._connection.send(self._noticed(session, Asked(*self._connection.recv())))  # type: ignore[arg-type] # as it was sent
        return True

    def _noticed(self, session: pytest.Session, asked: Asked) -> str:
        wanted = swaps(asked.before, asked.after, asked.path)
        _import(Path(asked.path))
        there = self._there | functions()
        if not wanted or place(wanted[0][0]) not in there:
            return ""
        items = _named(session, asked.tests)
        while items:
            last = _last_begun(items, lambda: swap(wanted, there), asked.patience_s)
            noticing = [item for item in items if item.nodeid == last]
            if not noticing:
                break
            if last not in self._passes:
                self._passes[last] = _last_begun(noticing, lambda: None, asked.patience_s) == PASSED
            if self._passes[last]:
                return last
            items = [item for item in items if item not in noticing]
        return ""


def _named(session: pytest.Session, tests: Sequence[str]) -> list[pytest.Item]:
    """The items of these tests, which are nodes or functions with all of their parameters, in the tests' order."""
    by_name: dict[str, list[pytest.Item]] = {}
    for item in session.items:
        for name in {item.nodeid, item.nodeid.partition("[")[0]}:
            by_name.setdefault(name, []).append(item)
    return [item for name in tests for item in by_name.get(name, ())]


def _last_begun(items: list[pytest.Item], prepare: Callable[[], None], patience_s: float) -> str:
    """The test that fails, dies or hangs in a fork where something was prepared; PASSED where none does.

    Empty where not even the first was begun.
    """
    with TemporaryFile() as begun:
        child = os.fork()
        if child == 0:
            _run(items, prepare, begun.fileno())
        deadline = time.monotonic() + patience_s
        while (ended := os.waitpid(child, os.WNOHANG)[0]) == 0 and time.monotonic() < deadline:
            time.sleep(0.005)
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)  # and whatever it left running
        if ended == 0:
            os.waitpid(child, 0)
        begun.seek(0)
        return begun.read().decode()


def _run(items: list[pytest.Item], prepare: Callable[[], None], begun: int) -> None:
    """Never returns: writes down each test that it begins in place of the one before, and at last that all passed."""

    def write(text: str) -> None:
        os.ftruncate(begun, 0)
        os.pwrite(begun, text.encode(), 0)

    try:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        os.dup2(nowhere, 2)
        prepare()
        for item, following in zip(items, [*items[1:], None], strict=True):
            write(item.nodeid)
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if item.session.testsfailed:
                break
        else:
            write(PASSED)
    finally:
        os._exit(0)


def _import(path: Path) -> None:
    """Import a file's module where nobody has yet: else its functions would not be there to be changed."""
    folders = [Path(place) for place in sys.path if place and path.is_relative_to(place)]
    if folders:
        nearest = max(folders, key=lambda folder: len(folder.parts))
        import_module(".".join(path.relative_to(nearest).with_suffix("").parts))

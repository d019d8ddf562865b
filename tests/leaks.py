"""Sockets, files and processes that a test leaves open, told by the test that made them.

Python closes what nobody holds any more, and warns of it: at once where no cycle holds it, else at the next collection
of garbage, which as a rule happens in another test. That one has done nothing, and does not fail for it: the summary
names the test that opened the socket, and the line. `LEAKS=all` collects garbage after each test, and lets the test
that leaks fail; it is slow, and the night's.
"""

import gc
import os
import sys
from collections.abc import Generator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

STRICT = os.environ.get("LEAKS") == "all"
ROOT = Path(__file__).parents[1]
KEY = "leaks"


class Leaks:
    """What was left open in this process, and by whom."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.current = "no test"
        self._opened: dict[int, str] = {}  # by the socket's address in memory: who opened the last one there
        self._others = sys.unraisablehook

    def audit(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note who opens a socket; Python has no way to take such a hook away."""
        if event == "socket.__new__":
            self._opened[id(arguments[0])] = f"{_line(sys._getframe(1))} in {self.current}"

    def unraisable(self, unraisable: "sys.UnraisableHookArgs") -> None:
        """Take a warning of something left open; hand on all else."""
        if isinstance(unraisable.exc_value, ResourceWarning):
            opened = self._opened.get(id(unraisable.object), f"an unknown line, seen in {self.current}")
            self.told.append(f"{unraisable.exc_value}, opened at {opened}")
        else:
            self._others(unraisable)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self.current = item.nodeid
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, object, object]:
        result = yield
        if STRICT:
            before = len(self.told)
            gc.collect()
            own = [told for told in self.told[before:] if told.endswith(f" in {item.nodeid}")]
            if own:
                pytest.fail("\n".join(["left open:", *own]), pytrace=False)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        gc.collect()
        if hasattr(session.config, "workeroutput"):
            session.config.workeroutput[KEY] = self.told

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        self.told += getattr(node, "workeroutput", {}).get(KEY, [])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self.told:
            terminalreporter.section("left open")
            for told in self.told:
                terminalreporter.line(told)


def _line(frame: FrameType | None) -> str:
    """The innermost line of this repository; where there is none, as in a server's thread, the outermost of all."""
    place = "an unknown line"
    while frame:
        path = Path(frame.f_code.co_filename)
        place = f"{path.name}:{frame.f_lineno}"
        if path.is_relative_to(ROOT) and ".venv" not in path.parts:
            return f"{path.relative_to(ROOT)}:{frame.f_lineno}"
        frame = frame.f_back
    return place


def pytest_sessionstart(session: pytest.Session) -> None:
    """Begin once pytest has its own hook for what cannot be raised."""
    leaks = Leaks()
    sys.addaudithook(leaks.audit)
    sys.unraisablehook = leaks.unraisable
    session.config.pluginmanager.register(leaks, KEY)

"""Looking at other processes, which send no event when they go."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Event
from time import monotonic


def eventually(holds: Callable[[], bool], within_s: float = 60) -> bool:
    deadline = monotonic() + within_s
    while not holds() and monotonic() < deadline:
        Event().wait(0.02)
    return holds()


def running(words: str) -> list[str]:
    """The processes with these words on their command line."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            found += [line] if words in line else []
    return found


def holding(directory: str) -> list[str]:
    """The processes that have a file of this directory open, removed or not."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            found += [process.name for end in (process / "fd").iterdir() if str(end.readlink()).startswith(directory)]
    return found

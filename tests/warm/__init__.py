"""A Python that has read pytest and the libraries already, for tests that start the suite as a program.

`python()` is the path of an executable that is called as Python is, and runs as one: in a process of its own, forked
from a server that each process of these tests has once, with the caller's arguments, environment, directory, standard
streams, signals and exit code. Whatever it cannot do as a new interpreter would, it gives to one: see `client`. Of the
suite itself the server has read nothing. xdist's workers of a run are forked as well. `COLD=all` starts a new
interpreter each time, as the night does.

What is lost with it: sets have one order in all runs, as they share the server's seed; and a traceback that nobody
catches begins with the server's own lines. What is about starting itself begins cold: tests/suite/test_beginning,
tests/package, whatever has a terminal of its own, and labs.
"""

import atexit
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from unittest.mock import patch

from tests.warm.client import decisive

HERE = Path(__file__).parent
LEAN = HERE.parent / "lean"
COLD = os.environ.get("COLD") == "all"
SURROUNDINGS = dict(os.environ)
"""Before any test changes them: the first that needs the server may have."""


def python() -> str:
    """The path of a Python that begins warm; of this one, where all begin cold."""
    return sys.executable if COLD else forked()


@contextmanager
def beginning() -> Iterator[None]:
    """Have what starts `sys.executable` meanwhile begin warm: pytester, and xdist in a run within this process."""
    with patch.object(sys, "executable", python()):
        yield


@cache
def forked() -> str:
    """The path of one that begins warm in any case. Its server ends, with all it made, when this process does."""
    place = Path(mkdtemp(prefix="warm-"))
    socket, script = place / "socket", place / "python"
    last = f"begin({sys.executable!r}, {str(socket)!r}, {decisive(SURROUNDINGS)!r})"
    script.write_text(f"#!{sys.executable} -IS\n{(HERE / 'client.py').read_text()}\n{last}\n")
    script.chmod(0o755)
    server = subprocess.Popen(
        [sys.executable, str(HERE / "server.py"), str(socket), str(script)], stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, env={**SURROUNDINGS, "PYTHONPATH": str(LEAN)},
    )  # fmt: skip
    assert server.stdin
    assert server.stdout
    assert server.stdout.readline() == b"ready\n"
    atexit.register(server.communicate)
    return str(script)

"""A program in a terminal of its own, as a person has it: what stands on it is read before anything is typed."""

import os
import pty
import re
import select
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

PATIENCE_S = 120
_COLOURS = re.compile(r"\x1b\[[\d;]*m")
_ON_THE_TERMINAL = 'exec "$@" <"$0" >"$0" 2>&1'
"""A session's leader that opens a terminal has it as its own from then on, with Ctrl-C."""


class Terminal:
    """A command on a pseudo-terminal; `shown` is all that it has written so far, without colours."""

    def __init__(self, command: Sequence[str], place: Path, environment: Mapping[str, str] | None = None) -> None:
        self._ours, theirs = pty.openpty()
        self.shown = ""
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _ON_THE_TERMINAL, os.ttyname(theirs), *command],
            cwd=place, env={**os.environ, "CI": "", "COLUMNS": "120", **(environment or {})}, start_new_session=True,
        )  # fmt: skip
        self._theirs = theirs  # kept open, so that reading never fails before the program has begun

    def until(self, text: str) -> str:
        """What was written up to this text, which is awaited; fails where it does not come."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.shown:
            assert time.monotonic() < deadline, f"{text!r} did not come:\n{self.shown}"
            ended = self._process.poll() is not None
            assert self._read(0.2) or not ended, f"it ended without {text!r}:\n{self.shown}"
        return self.shown[: self.shown.index(text) + len(text)]

    def press(self, text: str) -> None:
        """Press these keys; `\\x03` is Ctrl-C, `\\x04` the end of the input."""
        os.write(self._ours, text.encode())

    def kill(self) -> None:
        """End the program as the kernel does where there is no memory left."""
        self._process.kill()

    def ends(self) -> int:
        """Wait until the program has ended; returns its exit code."""
        deadline = time.monotonic() + PATIENCE_S
        while self._process.poll() is None:
            assert time.monotonic() < deadline, f"it does not end:\n{self.shown}"
            self._read(0.2)
        while self._read(0):
            pass
        return self._process.returncode

    def _read(self, within_s: float) -> bool:
        """Take what was written; whether there was something."""
        if not select.select([self._ours], [], [], within_s)[0]:
            return False
        said = os.read(self._ours, 1 << 16).decode("utf-8", "replace")
        self.shown += _COLOURS.sub("", said).replace("\r\n", "\n")
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        os.close(self._ours)
        os.close(self._theirs)

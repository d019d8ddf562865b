"""A host that is this machine, and a run that knows nothing but it: for steps on files, without a lab."""

import shlex
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from testinfra.backend.base import CommandResult  # type: ignore[import-untyped]  # it carries no types


@dataclass
class Here:
    """Runs commands with the machine's own shell, without sudo. `said` are all command lines."""

    said: list[str] = field(default_factory=list)
    path: str = "/usr/bin:/bin"

    def run(self, command: str, *args: str, stdin: bytes | None = None, **_: Any) -> CommandResult:
        text = command % tuple(map(shlex.quote, args)) if args else command
        self.said.append(text)
        done = subprocess.run(
            ["/bin/sh", "-c", text.removeprefix("sudo -n ")], input=stdin or b"", capture_output=True, check=False,
            env={"PATH": self.path},
        )  # fmt: skip
        return CommandResult(None, done.returncode, text.encode(), done.stdout, done.stderr)


def run_on(host: Here, state: Path | None = None) -> Any:
    """As much of a run as steps on a host need."""
    target = SimpleNamespace(
        host=SimpleNamespace(state_directory=str(state)), ssh=SimpleNamespace(host="spark"), local=None
    )
    return SimpleNamespace(get=lambda _: host, target=target, forget=lambda: None, replicas=())

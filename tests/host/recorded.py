"""A host of recordings: what its commands print, and its files. Nothing is run, so that a look at it costs nothing."""

import json
import shlex
from collections.abc import Mapping
from typing import Any

from testinfra.backend.base import CommandResult  # type: ignore[import-untyped]  # it carries no types

from spark_conformance.core.run import Run
from spark_conformance.host.connection import target_host
from spark_conformance.host.files import HostFile
from tests.host.stubs import LocalBackend, given, run_on

Said = str | tuple[int, str, str]
"""What a command prints; or its exit status, what it prints, and what it complains of."""
SILENT: Said = (7, "\n000 0.0", "curl: (7) Failed to connect")
"""What curl says where nobody listens."""


class Recorded:
    """`says`: what a command prints that has these words in it, the first that fit; any other is not found.

    `files`: their text, or as they are found; any other is absent.
    """

    def __init__(
        self, says: Mapping[str, Said] | None = None, files: Mapping[str, str | HostFile] | None = None
    ) -> None:
        self.says, self.files = dict(says or {}), dict(files or {})
        self.commands: list[str] = []
        self.options: list[dict[str, Any]] = []
        self.ahead: list[str] = []
        self.backend = self

    def prefetch(self, commands: list[str], **_: Any) -> None:
        self.ahead += commands

    def get_command(self, command: str, *args: str) -> str:
        return command % tuple(map(shlex.quote, args)) if args else command

    def run(self, command: str, *args: str, **options: Any) -> CommandResult:
        text = self.get_command(command, *args)
        self.commands.append(text)
        self.options.append(options)
        if command.startswith("for f in "):
            return _result(0, self._files(command, args))
        said = next((said for words, said in self.says.items() if words in text), (127, "", "not found"))
        status, printed, complained = (0, said, "") if isinstance(said, str) else said
        return _result(status, printed.encode(), complained)

    def _files(self, command: str, paths: tuple[str, ...]) -> bytes:
        """What the suite's own shell prints of files, one after the other."""
        mark = command.rpartition("printf '\\n")[2].partition(" ")[0]
        return b"".join(self._file(path, mark, whole="cat -- " in command) for path in paths)

    def _file(self, path: str, mark: str, *, whole: bool) -> bytes:
        found = self.files.get(path, HostFile(path, "absent"))
        found = HostFile(path, "read", "0644", 7, found.encode(), "root", "root") if isinstance(found, str) else found
        line = f"{int(found.mode, 8):o} {found.written} {found.owner} {found.group}" if found.mode else found.state
        content = found.content if whole else b""
        return line.encode() + b"\n" + content + f"\n{mark} {int(found.state != 'read')}\n".encode()


def _result(status: int, printed: bytes, complained: str = "") -> CommandResult:
    return LocalBackend("").result(status, b"", printed, complained.encode())


def seen_on(there: Recorded, seen: Mapping[Any, Any] | None = None, **changes: Any) -> Run:
    """A run against it, with spark-291b's facts and some changed; and what observations have seen already."""
    run = run_on(None, **changes)
    for observe, found in {target_host: there, **(seen or {})}.items():
        given(run, observe, found)
    return run


def hidden(mode: str = "") -> HostFile:
    """A file that is closed to us; its mode where that alone is seen."""
    return HostFile("", "hidden", mode, 7, b"", "root", "root")


def started(command: str, *more: str) -> str:
    """What systemd shows of a service that starts a command."""
    rest = "ignore_errors=no ; pid=7 ; code=(null) ; status=0/0 }"
    return "\n".join((f"ExecStart={{ path={command.split(maxsplit=1)[0]} ; argv[]={command} ; {rest}", *more))


def answer(body: object = "", status: int = 200, seconds: float = 0.5) -> str:
    """What curl prints of an answer."""
    return f"{body if isinstance(body, str) else json.dumps(body)}\n{status} {seconds}"

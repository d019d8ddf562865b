"""A host made of stub commands: the real shell runs what the suite sends, with programs that print canned text."""

import os
import pickle
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from testinfra.backend.base import BaseBackend, CommandResult  # type: ignore[import-untyped]  # it carries no types
from testinfra.host import Host  # type: ignore[import-untyped]  # it carries no types

from spark_conformance.core.run import Run
from spark_conformance.facts.load import SystemFile, find, load
from spark_conformance.host.connection import target_host


class LocalBackend(BaseBackend):  # type: ignore[misc]  # its base carries no types
    NAME = "local"

    def __init__(self, path: str) -> None:
        super().__init__("local")
        self.user: list[str] = []
        """What makes another user run a command."""
        self._env = {**os.environ, "PATH": path, "LC_ALL": "C", "HOME": "/nonexistent"}
        self.commands: list[str] = []
        self.ahead: list[str] = []

    def prefetch(self, commands: list[str], **_: Any) -> None:
        self.ahead += commands

    def run(
        self, command: str, *args: str, timeout: float | None = None, stdin: bytes | None = None, **_: Any
    ) -> CommandResult:
        text = self.get_command(command, *args)
        self.commands.append(text)
        done = subprocess.run(
            [*self.user, "/bin/sh", "-c", text],
            capture_output=True,
            check=False,
            env=self._env,
            timeout=timeout or 60,
            input=stdin,
        )
        return self.result(done.returncode, text.encode(), done.stdout, done.stderr)


class StubHost:
    """`command` puts a program on the host's PATH, before the machine's own."""

    def __init__(self, directory: Path) -> None:
        self.bin = directory / "bin"
        self.bin.mkdir()
        self.command("sudo", 'echo "sudo: a password is required" >&2; exit 1')
        self.backend = LocalBackend(f"{self.bin}:{os.environ['PATH']}")
        self.host = Host(self.backend)
        self.backend.set_host(self.host)

    def command(self, name: str, script: str) -> None:
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def prints(self, name: str, text: str, status: int = 0) -> None:
        self.command(name, f"cat <<'END-OF-TEXT'\n{text}\nEND-OF-TEXT\nexit {status}")


def run_on(stub: StubHost | None, **changes: Any) -> Run:
    """A run against the stub, with spark-291b's facts and some changed: `ollama__url="…"`, None to leave one out."""
    tables = pickle.loads(_tables())  # noqa: S301 - a copy, which comes sooner than the file is read and judged anew
    for name, value in changes.items():
        *path, last = name.split("__")
        table = tables["target"] if path[0] == "target" else tables["facts"]
        for key in path[1:] if path[0] == "target" else path:
            table = table.setdefault(key, {})
        if value is None:
            del table[last]
        elif path[0] == "target":
            table[last] = value
        else:
            table[last] = {"source": "the test", "why": "as it says", **table.get(last, {}), "expect": value}
    run = Run(SystemFile.model_validate(tables))
    if stub is not None:
        given(run, target_host, stub.host)
    return run


@cache
def _tables() -> bytes:
    return pickle.dumps(load(find("spark-291b")).model_dump(exclude_none=True))


def given(run: Run, observe: Callable[[Run], Any], seen: Any) -> None:
    """Let an observation have seen something, or have failed."""
    future: Future[Any] = Future()
    if isinstance(seen, BaseException):
        future.set_exception(seen)
    else:
        future.set_result(seen)
    run._futures[observe] = future


Answers = Callable[[str, str, dict[str, str]], tuple[int, bytes]]


@contextmanager
def web(answer: Answers) -> Iterator[str]:
    """A server on loopback; `answer` gets path, body and headers, and gives status and body. Yields its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            body = self.rfile.read(length).decode()
            status, said = answer(self.path, body, {name.lower(): text for name, text in self.headers.items()})
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

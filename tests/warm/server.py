"""`server.py SOCKET PYTHON`: reads libraries, then forks a process for each program that `client` asks for.

It ends when its standard input does, and whatever it runs then with it.
"""

import gc
import io
import marshal
import os
import runpy
import selectors
import shutil
import signal
import socket
import sys
import threading
import time
import types
from importlib import import_module
from typing import IO, Any

LIBRARIES = (
    "asyncio", "cloudflare", "concurrent.futures.thread", "cryptography.x509", "dns.asyncquery", "dns.resolver",
    "execnet", "html.parser", "httpx", "jinja2", "jwt", "pydantic", "pytest_html.plugin", "pytest_metadata.plugin",
    "re2", "testinfra.plugin", "unittest.mock", "xml.etree.ElementTree", "yaml",
)  # fmt: skip
"""None of the suite, nor xdist, which keeps the path as it is when it is read."""
Asked = tuple[list[str], list[str], dict[bytes, bytes], str, int, int, int, list[int]]


class Server:
    """The processes that run, each with the connection of the client that waits for it."""

    def __init__(self, path: str) -> None:
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(path)
        self._listener.listen(64)
        self._running: dict[int, socket.socket] = {}
        self._leading: set[int] = set()
        self._selector = selectors.DefaultSelector()
        self._ended, writer = socket.socketpair()
        writer.setblocking(False)
        self._writer = writer
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(writer.fileno())
        for source in (self._listener, self._ended, sys.stdin):
            self._selector.register(source, selectors.EVENT_READ)

    def serve(self) -> Asked | None:
        """Fork until the end; what is asked for, in a process that was forked for it, and None in the server."""
        while True:
            for key, _ in self._selector.select():
                if key.fileobj is sys.stdin:
                    for process in self._running:
                        self._signal(process, signal.SIGKILL)
                    return None
                if key.fileobj is self._ended:
                    self._ended.recv(1 << 12)
                    self._reap()
                elif key.fileobj is self._listener:
                    if asked := self._fork():
                        return asked
                else:
                    self._heard(key.fileobj, key.data)

    def _fork(self) -> Asked | None:
        connection = self._listener.accept()[0]
        length, files, *_ = socket.recv_fds(connection, 4, 3)
        told = b""
        while len(told) < int.from_bytes(length, "big"):
            told += connection.recv(1 << 16)
        asked: Asked = marshal.loads(told)  # noqa: S302 - it comes from our own client
        if process := os.fork():
            for file in files:
                os.close(file)
            self._running[process] = connection
            if asked[5] != os.getsid(0):
                self._leading.add(process)
            self._selector.register(connection, selectors.EVENT_READ, process)
            return None
        signal.set_wakeup_fd(-1)
        for number, file in enumerate(files):
            os.dup2(file, number)
        self._selector.close()
        for source in (self._listener, self._ended, self._writer, connection, *self._running.values()):
            source.close()
        for file in files:
            os.close(file)
        return asked

    def _heard(self, connection: Any, process: int) -> None:
        """A signal to forward; where the client is gone, the end."""
        try:
            numbers = connection.recv(1 << 10)
        except ConnectionError:
            numbers = b""
        for number in numbers or [signal.SIGKILL]:
            self._signal(process, number)
        if not numbers:
            self._selector.unregister(connection)

    def _signal(self, process: int, number: int) -> None:
        """Where it could not join the client's group, as in another session, its own is sent what the client's was."""
        if process in self._leading and number != signal.SIGKILL:
            os.killpg(process, number)
        else:
            os.kill(process, number)

    def _reap(self) -> None:
        while self._running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            connection = self._running.pop(process)
            self._leading.discard(process)
            if connection.fileno() in self._selector.get_map():
                self._selector.unregister(connection)
                connection.sendall(status.to_bytes(4, "big"))
            connection.close()


def become(asked: Asked, paths: list[str]) -> list[str]:
    """Make this process what a new interpreter would be; returns the words that say what it runs."""
    options, words, environment, place, mask, session, group, ignored = asked
    if session == os.getsid(0):
        os.setpgid(0, group)
    else:
        os.setsid()
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN if signal.SIGINT in ignored else signal.default_int_handler)
    os.environ.clear()
    os.environb.update(environment)
    os.umask(mask)
    os.chdir(place)
    time.tzset()
    unbuffered = "-u" in options or "PYTHONUNBUFFERED" in os.environ
    sys.stdin = sys.__stdin__ = _stream(0, "<stdin>", sys.stdin)  # type: ignore[misc]
    sys.stdout = sys.__stdout__ = _stream(1, "<stdout>", sys.stdout, unbuffered=unbuffered)  # type: ignore[misc]
    sys.stderr = sys.__stderr__ = _stream(2, "<stderr>", sys.stderr, unbuffered=unbuffered)  # type: ignore[misc]
    sys.dont_write_bytecode = "-B" in options or bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    first = [] if "-P" in options else [_beside(words[0])]
    told = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    sys.path[:] = [*first, *map(os.path.abspath, told), *paths]
    sys.path_importer_cache.clear()
    gc.unfreeze()
    gc.enable()
    return words


def _stream(number: int, name: str, like: Any, *, unbuffered: bool = False) -> Any:
    """A standard stream as a new interpreter makes it."""
    raw: Any = io.FileIO(number, "w" if number else "r", closefd=False)
    raw.name = name
    binary: IO[bytes] = raw if unbuffered else io.BufferedWriter(raw) if number else io.BufferedReader(raw)
    lines = not unbuffered and (number == 2 or os.isatty(number))
    return io.TextIOWrapper(binary, like.encoding, like.errors, line_buffering=lines, write_through=unbuffered)


def _beside(word: str) -> str:
    """What stands first on the path: the caller's directory, the script's, or the directory that is run itself."""
    if word.startswith("-"):
        return "" if word.startswith("-c") else os.getcwd()
    return os.path.abspath(word) if os.path.isdir(word) else os.path.dirname(os.path.realpath(word))


def run(words: list[str]) -> None:
    """Run a module, a text, a file or a directory as the program."""
    kind = words[0][:2]
    main = types.ModuleType("__main__")
    sys.modules["__main__"] = main
    if kind in {"-c", "-m"}:
        what, *rest = [words[0][2:], *words[1:]] if words[0][2:] else words[1:]
        sys.argv = [kind, *rest]
        if kind == "-m":
            runpy._run_module_as_main(what)  # type: ignore[attr-defined]
        else:
            exec(compile(what, "<string>", "exec"), vars(main))  # noqa: S102 - as Python does
        return
    sys.argv = words
    if os.path.isdir(words[0]):
        runpy._run_module_as_main("__main__", alter_argv=False)  # type: ignore[attr-defined]
    else:
        vars(main)["__file__"] = os.path.abspath(words[0])
        with open(words[0], "rb") as file:
            exec(compile(file.read(), words[0], "exec"), vars(main))  # noqa: S102


def begin_workers(python: str) -> None:
    """Have xdist's workers begin warm as well, which a run starts by `sys.executable`."""
    from execnet import gateway_io

    cold = gateway_io.popen_args
    gateway_io.popen_args = lambda spec: cold(spec) if spec.python else [python, *cold(spec)[1:]]


def read_libraries() -> None:
    """Read them, and pytest's own plugins; packages with plugins as pytest reads them, with assertions rewritten."""
    from _pytest.assertion import install_importhook
    from _pytest.config import default_plugins, get_config

    for name in default_plugins:
        import_module(f"_pytest.{name}")
    config = get_config()
    hook = install_importhook(config)
    config._mark_plugins_for_rewrite(hook, disable_autoload=False)
    for name in LIBRARIES:
        import_module(name)
    sys.meta_path.remove(hook)
    if threading.active_count() > 1:
        raise RuntimeError("a library has started a thread, which no fork takes along")
    kept = [f"{name}.{what}" for name, module in [*sys.modules.items()] for what in _kept(module)]
    if kept:
        raise RuntimeError(f"what each program has of its own was kept as the server has it: {', '.join(kept)}")


def _kept(module: types.ModuleType) -> list[str]:
    """A module's copies of the path, of the arguments or of the environment, as xdist has one."""
    own = ((list, sys.path), (list, sys.argv), (dict, dict(os.environ)))
    return [
        name
        for name, value in vars(module).items()
        if any(type(value) is kind and value == mine and value is not mine for kind, mine in own)
    ]


def serve(path: str, python: str, paths: list[str]) -> None:
    """The server; and each program that it runs, until that ends as any does."""
    gc.disable()
    read_libraries()
    begin_workers(python)
    gc.freeze()
    server = Server(path)
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    if asked := server.serve():
        run(become(asked, paths))
    else:
        shutil.rmtree(os.path.dirname(path))


if __name__ == "__main__":
    lean = os.environ.pop("PYTHONPATH")
    serve(sys.argv[1], sys.argv[2], [path for path in sys.path[1:] if path != lean])

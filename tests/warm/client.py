"""What `tests.warm.python()` names: this file with a last line that calls `begin`.

It hands all that it was given to the server, forwards signals, and ends as the program does.
"""

import _signal  # type: ignore[import-not-found]  # `signal` imports enum
import _socket
import marshal
import os
import sys

SET_ANEW = {"PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
FORWARDED = {_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP, _signal.SIGQUIT, _signal.SIGUSR1, _signal.SIGUSR2}
LOST = 125
"""The exit code where the server is gone."""


def decisive(environment: "dict[str, str] | os._Environ[str]") -> dict[str, str]:
    """What of an environment decides how an interpreter starts, and cannot be set anew in one that runs."""
    return {
        name: value
        for name, value in environment.items()
        if name.startswith(("PYTHON", "LC_", "LANG", "LD_", "MALLOC_")) and name not in SET_ANEW
    }


def begin(real: str, path: str, known: dict[str, str]) -> None:
    """Run as the server's child, or as a new interpreter, `real`, where the server's would not be like it.

    That is where there is another option than -u, -B and -P, a file open beyond the standard streams, or another
    environment that decides how an interpreter starts than `known`, the server's.
    """
    words = sys.argv[1:]
    options = []
    while words and words[0] in {"-u", "-B", "-P"}:
        options.append(words.pop(0))
    files = {int(name) for name in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{name}")}
    program = bool(words) and (words[0][:2] in {"-c", "-m"} or words[0][0] != "-")
    if not program or files != {0, 1, 2} or decisive(os.environ) != known:
        os.execv(real, [real, *options, *words])  # noqa: S606 - there is no shell
    before = _signal.pthread_sigmask(_signal.SIG_BLOCK, FORWARDED)  # until there is whom to forward them to
    server = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
    server.connect(path)
    ignored = [int(number) for number in FORWARDED if _signal.getsignal(number) == _signal.SIG_IGN]
    mask = os.umask(0)
    os.umask(mask)
    group, session = os.getpgid(0), os.getsid(0)
    told = marshal.dumps((options, words, dict(os.environb), os.getcwd(), mask, session, group, ignored))
    numbers = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    server.sendmsg([len(told).to_bytes(4, "big")], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, numbers)])
    server.sendall(told)
    nothing = os.open("/dev/null", os.O_RDWR)
    for number in (0, 1, 2):  # whoever reads what the program writes sees its end when the program's own is closed
        os.dup2(nothing, number)
    for number in FORWARDED - set(ignored):
        _signal.signal(number, lambda number, _: server.send(bytes([number])))
    _signal.pthread_sigmask(_signal.SIG_SETMASK, before)
    status = int.from_bytes(server.recv(4) or (LOST << 8).to_bytes(4, "big"), "big")
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number != _signal.SIGKILL:
            _signal.signal(number, _signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(os.WEXITSTATUS(status))

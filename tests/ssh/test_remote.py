"""The far side's script in whichever shells there are, on hosts that lack this or that."""

import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from spark_conformance.ssh import remote
from spark_conformance.ssh.framing import CommandEnd, CommandEnds, Ready, Withdrawn
from tests.ssh.eventually import eventually, holding, running
from tests.ssh.servers import NEEDED

NONCE = "0a1b2c"
SHELLS = [
    command
    for command in ("/bin/sh", "dash", "bash --posix", "bash", "busybox sh", "mksh", "zsh --emulate sh")
    if shutil.which(command.split()[0])
]


class Shell:
    """One far side without SSH between."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._answers = CommandEnds(NONCE)
        self._events = self._incoming()
        self.tell(remote.opening(NONCE, 2))

    def tell(self, text: bytes) -> None:
        assert self._process.stdin
        self._process.stdin.write(text)

    def next(self) -> Ready | CommandEnd | Withdrawn:
        return next(self._events)

    def _incoming(self) -> Iterator[Ready | CommandEnd | Withdrawn]:
        assert self._process.stdout
        while data := os.read(self._process.stdout.fileno(), 1 << 16):
            yield from self._answers.feed(data)


@contextmanager
def far_side(command: str, **environment: str) -> Iterator[Shell]:
    with subprocess.Popen(
        shlex.split(command),
        bufsize=0,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **environment},
    ) as process:
        yield Shell(process)


def answered(event: Ready | CommandEnd | Withdrawn) -> CommandEnd:
    assert isinstance(event, CommandEnd)
    return event


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A PATH with only what the script cannot do without."""
    for name in NEEDED:
        (tmp_path / name).symlink_to(shutil.which(name) or name)
    return tmp_path


@pytest.mark.parametrize("command", SHELLS)
def test_every_shell_runs_kills_and_cleans_up(command: str, nap: str) -> None:
    with far_side(command) as shell:
        ready = shell.next()
        assert ready == Ready("setsid" if "busybox" in command else "timeout")
        shell.tell(remote.request(1, 5, "dirname $(readlink /proc/$$/fd/1); echo é >&2; exit 7", None))
        first = answered(shell.next())
        assert (first.rc, first.stderr.decode()) == (7, "é\n")
        shell.tell(remote.request(2, 5, "cat", bytes(range(1, 256))))
        assert answered(shell.next()).stdout == bytes(range(1, 256))
        if ready == Ready("timeout"):
            shell.tell(remote.request(3, 0.2, nap, None))
            assert answered(shell.next()).rc == 124
        shell.tell(b"".join(remote.request(number, 60, nap, None) for number in range(10, 20)))
        directory = first.stdout.decode().strip()
        assert eventually(lambda: len(running(nap)) > 1)
    assert not Path(directory).exists()
    assert eventually(lambda: not running(nap) and not holding(directory))


@pytest.mark.parametrize(("tool", "limiter"), [("timeout", "timeout"), ("setsid", "setsid"), (None, "none")])
def test_a_host_may_lack_what_limits_commands(bare: Path, tool: str | None, limiter: str, nap: str) -> None:
    if tool:
        (bare / tool).symlink_to(shutil.which(tool) or tool)
    with far_side("/bin/sh", PATH=str(bare)) as shell:
        assert shell.next() == Ready(limiter)  # type: ignore[arg-type]  # one of the three words
        shell.tell(remote.request(1, 60, f"exec {nap}", None) + remote.request(2, 60, "echo two", None))
        assert answered(shell.next()).stdout == b"two\n"
        shell.tell(remote.withdrawal(1))
        assert answered(shell.next()).rc == 128 + 9
        assert eventually(lambda: not running(nap))


def test_a_command_that_is_not_ours_to_end_is_left() -> None:
    with far_side("/bin/sh") as shell:
        shell.next()
        # What the user's shell is told when `timeout` could not reach root's process, started by sudo.
        shell.tell(b"kill() { [ $2 != 0 ] || { echo Operation not permitted >&2; false; }; }\n")
        shell.tell(remote.request(1, 0.1, "echo; sleep 5", None))
        assert shell.next() == Withdrawn(1, "left")


def test_what_is_withdrawn_while_it_waits_never_begins(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "door")
    with far_side("/bin/sh") as shell:
        shell.next()
        held = [f"touch {tmp_path}/{number}; read -r _ <{tmp_path}/door" for number in (1, 2)]
        shell.tell(b"".join(remote.request(number, 60, command, None) for number, command in enumerate(held, 1)))
        assert eventually(lambda: len(list(tmp_path.iterdir())) == 3)
        shell.tell(remote.request(3, 60, f"touch {tmp_path}/begun", None) + remote.withdrawal(3))
        assert shell.next() == Withdrawn(3, "killed")
        with (tmp_path / "door").open("w") as door:  # it stays open: one of them may have yet to open it
            door.write("\n\n")
            door.flush()
            assert {answered(shell.next()).job for _ in range(2)} == {1, 2}
        shell.tell(remote.request(4, 60, "echo last", None))
        assert answered(shell.next()).job == 4
    assert not (tmp_path / "begun").exists()


def test_a_fallback_directory_is_used_and_its_lack_is_told(tmp_path: Path, bare: Path) -> None:
    (bare / "mktemp").unlink()
    (bare / "mktemp").write_text(
        '#!/bin/sh\ncase $2 in /dev/shm/*) echo no room >&2; exit 1;; esac\nexec "$REAL" "$@"\n', encoding="ascii"
    )
    (bare / "mktemp").chmod(0o755)
    odd = tmp_path / "it's a dir"
    odd.mkdir()
    with far_side("/bin/sh", PATH=f"{bare}:/usr/bin:/bin", TMPDIR=str(odd), REAL=shutil.which("mktemp") or "") as shell:
        assert shell.next() == Ready("timeout")
        shell.tell(remote.request(1, 5, "readlink /proc/$$/fd/1", None))
        assert answered(shell.next()).stdout.decode().startswith(f"{odd}/spark-conformance.")
    assert list(odd.iterdir()) == []


def test_the_operators_language_stays_at_home() -> None:
    with far_side("/bin/sh", LC_ALL="de_DE.UTF-8", LANGUAGE="de") as shell:
        shell.next()
        shell.tell(remote.request(1, 5, 'echo "$LC_ALL $LANGUAGE"', None))
        assert answered(shell.next()).stdout in {b"C.UTF-8 C\n", b"C C\n"}

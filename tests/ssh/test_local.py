"""The shell of the machine itself: what it is given, and that all else is as over SSH."""

import os
import pwd
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.facts.target import Local
from spark_conformance.ssh import local
from spark_conformance.ssh.backend import PersistentBackend, host_on
from spark_conformance.ssh.connection import Connection
from spark_conformance.ssh.errors import Cause, CommandFlooded, CommandTimeout, HostUnreachable
from tests.ssh.eventually import eventually, holding, running

ACCOUNT = pwd.getpwuid(os.geteuid())


@pytest.fixture
def connection() -> Iterator[Connection]:
    with Connection(Local(command_timeout_s=60)) as opened:
        yield opened


def test_commands_are_answered_as_over_ssh(connection: Connection, nap: str) -> None:
    result = connection.run("cat; echo err >&2; exit 3", stdin=b"in\0"[:2])
    assert (result.rc, result.stdout, result.stderr) == (3, b"in", b"err\n")
    waiting = [connection.submit(f"exit {number}") for number in range(40)]
    assert [one.result().rc for one in waiting] == list(range(40))
    assert [entry.outcome for entry in connection.log] == ["answered"] * 41
    with pytest.raises(CommandTimeout, match="was ended"):
        connection.run(f"{nap} & {nap}", 0.1)
    with pytest.raises(CommandFlooded):
        connection.run("exec yes")
    assert eventually(lambda: not running(nap))
    assert host_on(PersistentBackend(connection)).file("/").is_directory


def test_it_begins_where_a_login_does_and_knows_nothing_of_ours(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "environment").write_text(
        '# all\nexport EDITOR="vi"\nPATH=/opt/own/bin:/usr/bin:/bin\nnonsense\nHOME=/no\n'
    )
    monkeypatch.setattr(local, "SYSTEM_WIDE", tmp_path / "environment")
    for name in ("CLOUDFLARE_API_TOKEN", "VIRTUAL_ENV", "TMOUT", "HOME", "LC_ALL"):
        monkeypatch.setenv(name, "/not-for-the-host")
    with Connection(Local()) as connection:
        there = dict(line.split("=", 1) for line in connection.run("env").stdout.decode().splitlines())
        assert connection.run("pwd").stdout.decode().strip() == os.path.realpath(ACCOUNT.pw_dir)
        assert connection.run("ls /proc/self/fd | tr '\\n' ' '").stdout == b"0 1 2 3 "
    assert there.pop("PATH") == "/opt/own/bin:/usr/bin:/bin"
    assert {name: there[name] for name in ("EDITOR", "HOME", "USER", "LOGNAME", "SHELL")} == {
        "EDITOR": "vi", "HOME": ACCOUNT.pw_dir, "USER": ACCOUNT.pw_name, "LOGNAME": ACCOUNT.pw_name,
        "SHELL": ACCOUNT.pw_shell,
    }  # fmt: skip
    assert "/not-for-the-host" not in there.values()


def test_a_user_that_no_list_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 4_000_000)
    assert local.environment()["HOME"] == local.directory() == "/"
    assert local.environment()["USER"] == "4000000"


def test_it_is_in_a_session_of_its_own(connection: Connection) -> None:
    session = int(connection.run("ps -o sid= -p $PPID").stdout)
    assert session not in {os.getsid(0), 0}


def test_closing_leaves_no_process_and_no_directory(connection: Connection, nap: str) -> None:
    directory = Path(connection.run("dirname $(readlink -f /proc/$$/fd/1)").stdout.decode().strip())
    for _ in range(20):
        connection.submit(f"{nap} & {nap}")
    assert eventually(lambda: len(running(nap)) > 16)
    connection.close()
    assert not directory.exists()
    assert eventually(lambda: not running(nap) and not holding(str(directory)))


def test_nothing_is_left_where_this_process_is_killed(nap: str) -> None:
    script = (
        "import os, signal; from spark_conformance.facts.target import Local\n"
        "from spark_conformance.ssh.connection import Connection\n"
        f"connection = Connection(Local()); connection.submit('{nap}')\n"
        "print(connection.run('dirname $(readlink -f /proc/$$/fd/1)').stdout.decode(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=120)
    assert ended.returncode == -signal.SIGKILL
    assert eventually(lambda: not Path(ended.stdout.strip()).exists() and not running(nap))


def test_a_shell_that_was_killed_is_a_way_lost(connection: Connection, nap: str, tmp_path: Path) -> None:
    connection.wait()
    assert connection._client
    directory = connection.run("dirname $(readlink /proc/$$/fd/1)").stdout.decode().strip()
    waiting = connection.submit(f"touch {tmp_path}/begun; {nap}", 2)
    assert eventually((tmp_path / "begun").exists)
    os.kill(connection._client._process.pid, signal.SIGKILL)
    failure = waiting.exception(60)
    assert isinstance(failure, HostUnreachable)
    assert failure.cause is Cause.LOST
    assert failure.sentence.startswith("the shell on this machine has ended: see that the host is up")
    assert failure.sentence.endswith("it said: nothing, and ended with status -9")
    assert eventually(lambda: not running(nap) and not Path(directory).exists())


def test_no_shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    said = []
    for text in (None, "#!/bin/sh\necho no shell today >&2\n"):
        monkeypatch.setattr(local, "SHELL", str(tmp_path / "sh"))
        if text:
            (tmp_path / "sh").write_text(text)
            (tmp_path / "sh").chmod(0o700)
        with Connection(Local()) as connection, pytest.raises(HostUnreachable) as failure:
            connection.run("true")
        said.append((failure.value.cause, failure.value.sentence))
    missing, silent = said
    assert missing[0] is silent[0] is Cause.OTHER
    assert "cannot be started on this machine (No such file or directory)" in missing[1]
    assert silent[1].endswith("gives no shell on this machine: try it by hand; it said: no shell today")


def test_a_shell_that_is_never_ready(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nap: str) -> None:
    (tmp_path / "sh").write_text(f"#!/bin/sh\necho busy >&2; exec {nap}\n")
    (tmp_path / "sh").chmod(0o700)
    monkeypatch.setattr(local, "SHELL", str(tmp_path / "sh"))
    monkeypatch.setattr(local, "STARTED_S", 0.2)
    with Connection(Local(command_timeout_s=0.1)) as connection, pytest.raises(HostUnreachable) as failure:
        connection.run("true")
    assert failure.value.cause is Cause.TIMEOUT
    assert "was not ready within 0.3 s: see what keeps it busy; it said: busy" in failure.value.sentence
    assert eventually(lambda: not running(nap))


def test_a_time_limit_for_idle_shells_is_none_for_commands_that_wait(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "sh").symlink_to("/bin/bash")
    (tmp_path / "environment").write_text("TMOUT=1\n")
    monkeypatch.setattr(local, "SHELL", str(tmp_path / "sh"))
    monkeypatch.setattr(local, "SYSTEM_WIDE", tmp_path / "environment")
    with Connection(Local(command_timeout_s=60), slots=1) as connection:
        before = connection.submit("sleep 1.2; echo before")
        assert [one.result().stdout for one in (before, connection.submit("echo after"))] == [b"before\n", b"after\n"]


GERMAN = {"LANG": "de_DE.UTF-8", "LANGUAGE": "de", "LC_MESSAGES": "C.UTF-8"}
SPEAKS = subprocess.run(
    ["stat", "/nonexistent"], env=dict(os.environ) | GERMAN | {"LC_ALL": "C.UTF-8"}, capture_output=True, check=False
).stderr


@pytest.mark.skipif(b"nicht gefunden" not in SPEAKS, reason="coreutils speaks no German here: install its translations")
@pytest.mark.parametrize("program", ["stat /nonexistent", "cat /nonexistent", "sudo -n -u nosuch true"])
def test_programs_speak_english_whatever_the_system_speaks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str
) -> None:
    (tmp_path / "environment").write_text("".join(f"{name}={value}\n" for name, value in GERMAN.items()))
    monkeypatch.setattr(local, "SYSTEM_WIDE", tmp_path / "environment")
    with Connection(Local(command_timeout_s=60)) as connection:
        said = connection.run(program).stderr
        assert b"No such file" in said or b"unknown user" in said or b"not found" in said
        # what pam_env sets of it is not taken where something is set: sudo 1.9.16 and sudo-rs 0.2.5
        assert connection.run('printf "%s %s" "$LC_ALL" "$LANGUAGE"').stdout in {b"C.UTF-8 C", b"C C"}

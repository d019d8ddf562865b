import os
import shutil
import signal
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import wait
from pathlib import Path

import pytest

from spark_conformance.facts.target import Ssh
from spark_conformance.ssh import remote
from spark_conformance.ssh.connection import Connection
from spark_conformance.ssh.errors import Cause, CommandTimeout, HostUnreachable
from tests.ssh.conftest import Connect, served
from tests.ssh.eventually import eventually, holding, running
from tests.ssh.servers import NEEDED, Server, StandIn, account, target


def failure(connection: Connection) -> HostUnreachable:
    with pytest.raises(HostUnreachable) as first:
        connection.run("true")
    with pytest.raises(HostUnreachable) as awaited:
        connection.wait()
    with pytest.raises(HostUnreachable) as second:
        connection.run("true")
    assert str(first.value) == str(second.value) == str(awaited.value)
    assert first.value is not second.value
    assert [entry.outcome for entry in connection.log] == ["unreachable", "unreachable"]
    return first.value


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def no_shell(tmp_path: Path) -> Iterator[Server]:
    yield from served(StandIn, tmp_path, "echo; echo This account is currently not available.; exit 1;")


@pytest.fixture
def without_timeout(tmp_path: Path) -> Iterator[Server]:
    """A host whose PATH has no `timeout`, but `setsid`."""
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in (*NEEDED, "setsid"):
        (tools / name).symlink_to(shutil.which(name) or name)
    yield from served(StandIn, tmp_path, f"PATH={tools}; export PATH;")


def test_an_unknown_host_key(server: Server, connect: Connect) -> None:
    told = failure(connect(server, UserKnownHostsFile="/dev/null"))
    assert told.cause is Cause.HOST_KEY_UNKNOWN
    assert f"ssh-keyscan -p {server.port} 127.0.0.1" in told.sentence


def test_a_changed_host_key(own_server: Server, connect: Connect, tmp_path: Path) -> None:
    other = (own_server.files / "other.pub").read_text(encoding="ascii")
    (tmp_path / "stale").write_text(f"[127.0.0.1]:{own_server.port} {other}", encoding="ascii")
    told = failure(connect(own_server, UserKnownHostsFile=str(tmp_path / "stale")))
    assert told.cause is Cause.HOST_KEY_CHANGED
    assert f"replace the line in {tmp_path}/stale" in told.sentence


def test_a_wrong_key(server: Server, connect: Connect) -> None:
    told = failure(connect(server, IdentityFile=str(server.files / "other")))
    assert told.cause is Cause.PERMISSION_DENIED
    assert f"{account()}@127.0.0.1" in told.sentence


def test_a_wrong_user(server: Server, connect: Connect) -> None:
    told = failure(connect(server, User="nosuchuser", IdentityFile=str(server.files / "other")))
    assert told.cause is Cause.PERMISSION_DENIED
    assert "nosuchuser@127.0.0.1" in told.sentence


def test_a_refused_port(stand_in: Server, connect: Connect) -> None:
    with socket.socket() as bound:  # and nobody listens there
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
        told = failure(connect(stand_in, Port=str(port)))
    assert told.cause is Cause.REFUSED
    assert f"127.0.0.1 port {port}" in told.sentence


def test_a_silent_port(stand_in: Server, connect: Connect, silent_port: int) -> None:
    way = target(stand_in, Port=str(silent_port)).model_copy(update={"connect_timeout_s": 1})
    assert failure(connect(way)).cause is Cause.TIMEOUT


def test_a_name_that_does_not_resolve(stand_in: Server, connect: Connect) -> None:
    told = failure(connect(stand_in, HostName="nosuch.invalid"))
    assert told.cause is Cause.NAME_UNKNOWN
    assert "nosuch.invalid" in told.sentence


def test_a_configuration_that_is_not_there(connect: Connect) -> None:
    told = failure(connect(Ssh(host="spark", config="/nonexistent/ssh_config")))
    assert told.cause is Cause.CONFIGURATION
    assert "/nonexistent/ssh_config" in told.sentence


def test_no_ssh_client(connect: Connect, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    told = failure(connect(Ssh(host="spark")))
    assert told.cause is Cause.CLIENT_MISSING
    assert "install OpenSSH's client" in told.sentence


def test_a_login_that_never_gives_a_shell(
    stand_in: Server, connect: Connect, nap: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # OpenSSH's own would give up after a second.
    (tmp_path / "ssh").write_text(f"#!/bin/sh\ncase $1 in -V) echo OpenSSH_9.6p1 >&2; exit;; esac\nexec {nap}\n")
    (tmp_path / "ssh").chmod(0o700)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    told = failure(connect(target(stand_in).model_copy(update={"connect_timeout_s": 0.5, "command_timeout_s": 0.1})))
    assert told.cause is Cause.TIMEOUT
    assert "gave no shell within 0.6 s" in told.sentence


def test_an_account_without_a_shell(no_shell: Server, connect: Connect) -> None:
    told = failure(connect(no_shell))
    assert told.cause is Cause.NO_SHELL
    assert "starts no shell (This account is currently not available.)" in told.sentence


def test_a_connection_cut_fails_all_at_once(own_server: Server, connect: Connect, nap: str) -> None:
    connection = connect(own_server)
    directory = connection.run("dirname $(readlink /proc/$$/fd/1)").stdout.decode().strip()
    waiting = [connection.submit(nap) for _ in range(20)]
    assert eventually(lambda: len(running(nap)) >= 16)
    own_server.drop()
    done, _ = wait(waiting, timeout=60)  # an hour before the first of them would be over
    assert len(done) == 20
    causes = {error.cause for future in waiting if isinstance(error := future.exception(), HostUnreachable)}
    assert causes == {Cause.LOST}
    with pytest.raises(HostUnreachable, match="was lost"):
        connection.run("true")
    assert eventually(lambda: not running(nap) and not holding(directory) and not Path(directory).exists())


# The command's parent is `timeout`, whose parent is the job, whose parent is the shell.
SHELL = "up() { read -r _ _ _ parent _ </proc/$1/stat; echo $parent; }; shell=$(up $(up $PPID))"


def test_a_shell_killed_on_the_host_is_a_lost_connection(server: Server, connect: Connect, nap: str) -> None:
    connection = connect(server)
    found = connection.run(f"dirname $(readlink /proc/$$/fd/1); {SHELL}; echo $shell")
    directory, shell = found.stdout.decode().split()
    other = connection.submit(nap, 2)  # which is kept there, now that nobody here does
    with pytest.raises(HostUnreachable, match="connection to spark was lost"):
        connection.run(f"kill -9 {shell}; sleep 1")
    assert isinstance(other.exception(), HostUnreachable)
    assert eventually(lambda: not running(nap) and not holding(directory) and not Path(directory).exists())


def test_a_shell_that_falls_silent_is_given_up(
    server: Server, connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Connection, "patience_s", 0.3)
    monkeypatch.setattr(remote, "GRACE_S", 0.2)
    connection = connect(server)
    shell = int(connection.run(f"{SHELL}; echo $shell; kill -STOP $shell").stdout)
    try:
        with pytest.raises(HostUnreachable, match=r"has not answered for 0\.3 s, so the connection was closed"):
            connection.run("true", 0.1)
    finally:
        os.kill(shell, signal.SIGCONT)
    assert eventually(lambda: not Path(f"/proc/{shell}").exists())


def test_a_command_that_may_not_be_killed_is_told_so(without_timeout: Server, connect: Connect, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "door")
    connection = connect(without_timeout)
    connection.wait()
    assert connection._client
    # What root's command under sudo does to its user's shell.
    connection._client.send(b"kill() { [ $1 = -0 ]; }\n")
    with pytest.raises(CommandTimeout, match="could not be ended and may still run"):
        connection.run(f"read -r _ <{tmp_path}/door", 0.1)
    assert connection.run("echo goes on").stdout == b"goes on\n"
    (tmp_path / "door").write_text("\n")


def test_without_timeout_on_the_host_time_is_kept_here(without_timeout: Server, connect: Connect, nap: str) -> None:
    connection = connect(without_timeout)
    with pytest.raises(CommandTimeout, match="was ended"):
        connection.run(f"{nap} & {nap}", 0.1)
    assert eventually(lambda: not running(nap))


def test_its_one_thread_ends_with_it(stand_in: Server, connect: Connect) -> None:
    connection = connect(stand_in)
    connection.run("true")
    assert [thread.name for thread in threading.enumerate()].count("ssh spark") == 1
    connection.close()
    assert "ssh spark" not in [thread.name for thread in threading.enumerate()]

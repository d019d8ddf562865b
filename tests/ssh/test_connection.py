import os
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from spark_conformance.ssh import remote
from spark_conformance.ssh.connection import Connection
from spark_conformance.ssh.errors import CommandFlooded, CommandTimeout
from spark_conformance.ssh.jobs import Entry, Result
from tests import warm
from tests.ssh.conftest import Connect
from tests.ssh.eventually import eventually, holding, running
from tests.ssh.servers import Server, target


@pytest.fixture(scope="module")
def connection(server: Server) -> Iterator[Connection]:
    """A connection for tests of single commands: to shake hands takes longer than they do."""
    with Connection(target(server, EscapeChar="none")) as made:  # a configuration of its own, by which it is told apart
        yield made


def test_stdout_stderr_and_status_are_kept_apart(connection: Connection) -> None:
    result = connection.run("echo out; echo err >&2; exit 3")
    assert (result.rc, result.stdout, result.stderr) == (3, b"out\n", b"err\n")


def test_a_signal_is_told_as_a_shell_tells_it(connection: Connection) -> None:
    assert connection.run("kill -9 $$").rc == 128 + 9


def test_every_byte_comes_through_both_ways(connection: Connection) -> None:
    octal = "".join(f"\\{byte:03o}" for byte in range(256))
    result = connection.run(f"printf '{octal}'; printf '{octal}' >&2")
    assert result.stdout == result.stderr == bytes(range(256))
    assert connection.run("cat", stdin=bytes(range(1, 256)) * 100).stdout == bytes(range(1, 256)) * 100


def test_five_megabytes_come_while_others_are_answered(connection: Connection) -> None:
    big = connection.submit("head -c 5000000 /dev/zero | tr '\\0' x; head -c 100000 /dev/zero >&2")
    small = [connection.submit(f"echo {number}") for number in range(10)]
    assert [future.result().stdout for future in small] == [b"%d\n" % number for number in range(10)]
    assert big.result().stdout == b"x" * 5_000_000
    assert big.result().stderr == bytes(100_000)


def test_a_command_that_floods_is_ended_on_the_host(connection: Connection) -> None:
    other = connection.submit("echo other")
    for flood in ("exec yes", "yes >&2", "cat /dev/zero & wait; echo more"):
        with pytest.raises(CommandFlooded, match="the command printed more than 8 MiB and was ended"):
            connection.run(flood)
    assert other.result().stdout == b"other\n"
    size = "du -sk $(dirname $(readlink -f /proc/$$/fd/1))"
    assert int(connection.run(size).stdout.split()[0]) < 1024
    assert [entry.outcome for entry in connection.log[-4:-1]] == ["flooded"] * 3


def test_what_a_command_writes_elsewhere_within_reason_is_its_own(connection: Connection, tmp_path: Path) -> None:
    result = connection.run(f"head -c 4000000 /dev/zero > {tmp_path}/file; wc -c < {tmp_path}/file; ulimit -c")
    assert result.stdout.split() == [b"4000000", b"0"]


def test_a_command_that_reads_stdin_finds_nothing(connection: Connection) -> None:
    assert connection.run("cat; read -r line; echo $?").stdout == b"1\n"
    assert connection.run("echo still there").stdout == b"still there\n"


def test_a_hanging_command_times_out_alone_with_its_children(connection: Connection, nap: str) -> None:
    other = connection.submit("sleep 0.6; echo done")
    hanging = connection.submit(f"{nap} & {nap}; echo never", 0.3)
    with pytest.raises(CommandTimeout, match=rf"longer than 0\.3 s and was ended: {nap} &"):
        hanging.result()
    assert other.result().stdout == b"done\n"
    assert eventually(lambda: not running(nap))


def test_a_status_of_124_is_not_taken_for_a_timeout(connection: Connection) -> None:
    assert connection.run("exit 124").rc == 124


def test_a_deaf_command_is_killed(server: Server, connect: Connect, nap: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "GRACE_S", 0.2)
    with pytest.raises(CommandTimeout):
        connect(server).run(f"trap '' TERM; while :; do sleep 0.1; : {nap}; done", 0.1)
    assert eventually(lambda: not running(nap))


def test_what_a_command_leaves_behind_does_not_disturb(connection: Connection) -> None:
    assert connection.run("(while echo chatter; do :; done) & sleep 0.05; kill $!; echo done >&2").stderr == b"done\n"
    left = connection.run("(for i in 1 2 3 4 5 6 7 8; do sleep 0.05; echo late; done) & echo first")
    assert left.stdout == b"first\n"
    assert connection.run("echo next").stdout == b"next\n"


def test_many_threads_share_it_and_one_session_is_enough(server: Server, connect: Connect) -> None:
    before = server.sessions
    connection = connect(server)
    with ThreadPoolExecutor(16) as threads:
        results = list(threads.map(lambda number: connection.run(f"echo {number}; exit {number}"), range(40)))
    assert [(result.rc, result.stdout) for result in results] == [(n, b"%d\n" % n) for n in range(40)]
    assert server.sessions == before + 1


def held(connection: Connection, place: Path) -> tuple[list[Future[Result]], Path]:
    """Sixteen commands under way, each with a file in `place`; each ends by a line in the fifo that is returned."""
    door = place.with_name("door")
    place.mkdir()
    os.mkfifo(door)
    futures = [connection.submit(f"touch {place}/$$; ls {place} | wc -l; read -r _ <{door}") for _ in range(16)]
    assert eventually(lambda: len(list(place.iterdir())) == 16)
    return futures, door


def let_go(futures: list[Future[Result]], door: Path) -> list[Result]:
    """What came of commands that were held. The fifo stays open: some may have yet to open it."""
    with door.open("w") as opened:
        opened.write("\n" * len(futures))
        opened.flush()
        return [future.result() for future in futures]


def test_no_more_run_at_once_than_there_are_slots(connection: Connection, tmp_path: Path) -> None:
    futures, door = held(connection, tmp_path / "begun")
    more = [connection.submit(f"test -e {tmp_path}/opened; echo $?") for _ in range(8)]
    assert not any(future.done() for future in more)
    (tmp_path / "opened").touch()
    assert max(int(result.stdout) for result in let_go(futures, door)) == 16
    assert {future.result().stdout for future in more} == {b"0\n"}


def test_time_in_the_line_is_not_counted(stand_in: Server, connect: Connect, tmp_path: Path) -> None:
    connection = connect(stand_in)
    futures, door = held(connection, tmp_path / "begun")
    more = connection.submit("echo after all", 3)
    assert not wait([more], timeout=3.2).done
    let_go(futures, door)
    assert more.result().stdout == b"after all\n"


def test_commands_run_as_the_user_would_have_them(connection: Connection) -> None:
    assert connection.run("pwd").stdout.decode().strip() == str(Path.home())
    assert (
        connection.run("umask").stdout.decode().strip()
        == subprocess.run(["sh", "-c", "umask"], capture_output=True, text=True, check=True).stdout.strip()
    )
    assert connection.run("env | grep -c ^sc_").stdout == b"0\n"
    assert connection.run("ls /proc/self/fd | tr '\\n' ' '").stdout == b"0 1 2 3 "


def test_its_files_are_private(connection: Connection) -> None:
    mode, owner = connection.run("stat -L -c '%a %u' $(dirname $(readlink -f /proc/$$/fd/1))").stdout.split()
    assert (mode, int(owner)) == (b"700", os.getuid())


def test_noise_before_the_shell_is_skipped(noisy_server: Server, connect: Connect) -> None:
    assert connect(noisy_server).run("echo clean").stdout == b"clean\n"


def test_closing_leaves_no_process_and_no_directory(server: Server, connect: Connect, nap: str) -> None:
    connection = connect(server)
    directory = Path(connection.run("dirname $(readlink -f /proc/$$/fd/1)").stdout.decode().strip())
    futures = [connection.submit(f"{nap} & {nap}") for _ in range(40)]
    assert directory.is_dir()
    assert eventually(lambda: len(running(nap)) > 16)
    connection.close()
    connection.close()
    assert not directory.exists()
    assert eventually(lambda: not running(nap) and not holding(str(directory)))
    assert not running(str(target(server).config))
    assert all("closed its connection" in str(future.exception()) for future in futures)


def test_closing_at_once_does_not_wait_for_the_handshake(stand_in: Server, connect: Connect, nap: str) -> None:
    way = target(stand_in, ProxyCommand=nap).model_copy(update={"connect_timeout_s": 4000})
    connection = connect(way)
    connection.close()
    assert eventually(lambda: not running(nap))


def test_an_interpreter_that_just_ends_leaves_nothing(server: Server, nap: str) -> None:
    way = target(server)
    script = (
        "from spark_conformance.facts.target import Ssh; from spark_conformance.ssh.connection import Connection\n"
        f"connection = Connection(Ssh(host='spark', config={way.config!r}))\n"
        f"connection.submit('{nap}'); print(connection.run('dirname $(readlink -f /proc/$$/fd/1)').stdout.decode())"
    )
    ended = subprocess.run([warm.python(), "-c", script], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stderr == ""
    assert not Path(ended.stdout.strip()).exists()
    assert eventually(lambda: not running(nap))


def test_commands_may_be_submitted_before_the_host_answers(server: Server, connect: Connect, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "opened")
    way = f"read -r _ <{tmp_path}/opened; exec 3<>/dev/tcp/127.0.0.1/{server.port}; cat <&3 & exec cat >&3"
    connection = connect(server, ProxyCommand=f"bash -c '{way}'")
    future = connection.submit("echo early")
    assert not future.done()
    (tmp_path / "opened").write_text("\n")
    assert future.result().stdout == b"early\n"


def test_everything_is_logged(connection: Connection) -> None:
    connection.run("printf abc; printf de >&2; exit 4")
    with pytest.raises(CommandTimeout):
        connection.run("sleep 4105", 0.2)
    first, second = connection.log[-2:]
    here = threading.get_ident()
    assert first == Entry("printf abc; printf de >&2; exit 4", here, False, "answered", 4, 3, 2, first.duration_s)
    assert (second.outcome, second.rc) == ("timeout", 124)
    assert 0.15 < (second.duration_s or 0) < 4105


def test_what_no_shell_can_take_is_refused(stand_in: Server, connect: Connect) -> None:
    connection = connect(stand_in)
    with pytest.raises(ValueError, match="NUL"):
        connection.run("echo \0")
    with pytest.raises(ValueError, match="too long"):
        connection.run("echo " + "x" * 200_000)
    with pytest.raises(ValueError, match="more than 0"):
        connection.run("echo", 0)
    assert connection.log == []


def test_a_long_command_is_taken(stand_in: Server, connect: Connect) -> None:
    assert connect(stand_in).run("printf %s " + "x" * 100_000).stdout == b"x" * 100_000

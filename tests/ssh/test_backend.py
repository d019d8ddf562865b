import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from shlex import quote
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from spark_conformance.facts.target import Local
from spark_conformance.ssh.backend import PersistentBackend, host_on
from spark_conformance.ssh.connection import Connection
from spark_conformance.ssh.errors import CommandTimeout
from tests.ssh.conftest import Connect
from tests.ssh.servers import Server


@pytest.fixture
def connection() -> Iterator[Connection]:
    """To a shell on this machine: what the backend does with it is the same as over ssh."""
    with Connection(Local(command_timeout_s=60)) as connection:
        yield connection


@pytest.fixture
def host(connection: Connection) -> Any:
    return host_on(PersistentBackend(connection))


@pytest.fixture
def backend(host: Any) -> PersistentBackend:
    assert isinstance(host.backend, PersistentBackend)
    return host.backend


@pytest.fixture(scope="module")
def shared() -> Iterator[Any]:
    with Connection(Local(command_timeout_s=60)) as connection:
        yield host_on(PersistentBackend(connection))


def test_testinfra_is_used_as_everywhere(stand_in: Server, connect: Connect, tmp_path: Path) -> None:
    host = host_on(PersistentBackend(connect(stand_in)))
    (tmp_path / "file").write_bytes("naïve\n".encode())
    (tmp_path / "file").chmod(0o640)
    file = host.file(str(tmp_path / "file"))
    assert (file.exists, file.is_file, file.mode, file.size) == (True, True, 0o640, 7)
    assert file.content_string == "naïve\n"
    assert not host.file(str(tmp_path / "absent")).exists
    assert host.run("echo %s; exit 5", "it's").rc == 5
    assert host.check_output("echo %s", "it's") == "it's"
    assert host.system_info.type == "linux"
    assert host.exists("sh")
    assert host.user().name == subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    assert str(host) == "<testinfra.host.Host ssh://spark>"


def test_the_encoding_is_not_asked_for(host: Any, connection: Connection) -> None:
    assert host.run("printf %s", "é").stdout == "é"
    assert [entry.command for entry in connection.log] == ["printf 'é'"]


def test_what_is_not_utf8_is_shown_and_kept(host: Any) -> None:
    result = host.run(r"printf 'a\377b'")
    assert (result.stdout, result.stdout_bytes) == ("a\ufffdb", b"a\xffb")


def test_sudo_holds_for_its_own_thread_only(host: Any) -> None:
    inside, done = threading.Event(), threading.Event()

    def elsewhere() -> str:
        inside.wait(60)
        plain: str = host.backend.get_command("id -u")
        done.set()
        return plain

    with ThreadPoolExecutor(1) as threads:
        other = threads.submit(elsewhere)
        with host.sudo(), host.sudo("ollama"):
            inside.set()
            done.wait(60)
            nested = host.backend.get_command("printf %s", "a b")
        assert other.result() == "id -u"
    plain = "printf 'a b'"
    inner = f"sudo -n -u ollama /bin/sh -c {quote(plain)}"
    assert nested == f"sudo -n /bin/sh -c {quote(inner)}"
    assert host.backend.get_command("id -u") == "id -u"


def test_a_timeout_of_ones_own(host: Any) -> None:
    with pytest.raises(CommandTimeout):
        host.run("sleep 5", timeout=0.1)


def test_what_was_sent_ahead_answers_exactly_once(host: Any, backend: PersistentBackend, tmp_path: Path) -> None:
    count = f"echo x >>{tmp_path}/count; wc -l <{tmp_path}/count"
    backend.prefetch([count])
    assert host.run(count).stdout.strip() == "1"
    assert host.run(count).stdout.strip() == "2"


def test_sent_ahead_twice_it_answers_twice(host: Any, backend: PersistentBackend, connection: Connection) -> None:
    backend.prefetch(["echo a", "echo a"])
    assert [host.run("echo a").stdout, host.run("echo %s", "a").stdout] == ["a\n", "a\n"]
    assert len(connection.log) == 2
    host.run("echo a")
    assert len(connection.log) == 3


def test_only_the_very_same_command_takes_it(host: Any, backend: PersistentBackend, connection: Connection) -> None:
    backend.prefetch(["echo a"])
    assert host.run("echo  a").stdout == "a\n"
    assert [entry.ahead for entry in connection.log] == [True, False]


@pytest.mark.parametrize("way", ["fresh", "forget", "forget all"])
def test_what_must_be_fresh_is_asked_anew(host: Any, backend: PersistentBackend, tmp_path: Path, way: str) -> None:
    (tmp_path / "state").write_text("old", encoding="ascii")
    look = f"cat {tmp_path}/state"
    backend.prefetch([look, look])
    assert host.run(look).stdout == "old"
    (tmp_path / "state").write_text("new", encoding="ascii")
    if way != "fresh":
        backend.forget(look if way == "forget" else None)
    assert host.run(look, fresh=way == "fresh").stdout == "new"
    assert host.run(look).stdout == "new"


def test_an_answer_sent_ahead_belongs_to_who_takes_it(
    host: Any, backend: PersistentBackend, connection: Connection
) -> None:
    backend.prefetch(["echo a"])
    with ThreadPoolExecutor(1) as threads:
        taker = threads.submit(lambda: (host.run("echo a"), threading.get_ident())[1]).result()
    assert connection.log[0].thread == taker != threading.get_ident()


def test_a_timeout_sent_ahead_is_told_once(host: Any, backend: PersistentBackend, tmp_path: Path) -> None:
    slow = f"test -e {tmp_path}/quick || sleep 60; echo done"
    backend.prefetch([slow], timeout=0.1)
    with pytest.raises(CommandTimeout):
        host.run(slow)
    (tmp_path / "quick").touch()
    assert host.run(slow).stdout == "done\n"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@example("'; exit 9; '")
@example('"$(exit 9)`exit 9`\n\\')
@example("-n -- --help -e")
@example("a\nsc_do 1 1 'echo b'\n")
@example("%s %d %%")
@example("\x81\x82\x88\U0001f600")
@example("~ * ? [a] {a,b} !! # & | < > \r\t")
def test_no_value_breaks_out_of_its_quotes(shared: Any, value: str) -> None:
    result = shared.run("printf %%s %s", value)
    assert (result.rc, result.stdout_bytes, result.stderr_bytes) == (0, value.encode(), b"")

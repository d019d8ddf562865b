"""Files of the host, through a real shell."""

import os
from pathlib import Path

import pytest

from fixtures.host.files import HostFile, parse, read_files
from tests.host.stubs import StubHost

BYTES = bytes(range(256)) + b"\nlast line without an end"


def test_bytes_mode_and_age(stub: StubHost, tmp_path: Path) -> None:
    path = tmp_path / "it's a $(file)"
    path.write_bytes(BYTES)
    path.chmod(0o640)
    os.utime(path, (1763906700, 1763906700))
    assert read_files(stub.host, [str(path)]) == {
        str(path): HostFile(str(path), "read", "0640", 1763906700, BYTES)
    }  # fmt: skip


def test_several_files_are_asked_for_at_once(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    seen = read_files(stub.host, [str(tmp_path / "a"), str(tmp_path / "none"), "/proc/self/comm"])
    assert [file.state for file in seen.values()] == ["read", "absent", "read"]
    assert len(stub.backend.ahead) == 3


def test_nothing_asked_nothing_sent(stub: StubHost) -> None:
    assert read_files(stub.host, []) == {}
    assert stub.backend.commands == []


def test_an_empty_file_is_read(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert read_files(stub.host, [str(tmp_path / "empty")])[str(tmp_path / "empty")].state == "read"


def test_below_a_file_there_is_nothing(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    assert read_files(stub.host, [str(tmp_path / "a" / "b")])[str(tmp_path / "a" / "b")].state == "absent"


def test_a_closed_file_is_read_as_root(stub: StubHost) -> None:
    _closed(stub)
    stub.command("sudo", 'shift; case $1 in stat) echo "600 7" ;; cat) printf secret ;; esac')
    assert read_files(stub.host, ["/closed"])["/closed"] == HostFile("/closed", "read", "0600", 7, b"secret")


def test_a_closed_file_without_sudo_is_hidden(stub: StubHost) -> None:
    _closed(stub)
    assert read_files(stub.host, ["/closed"])["/closed"] == HostFile("/closed", "hidden")


def test_in_a_closed_directory_root_sees_that_there_is_nothing(stub: StubHost) -> None:
    _closed(stub)
    stub.command("sudo", """echo "stat: cannot statx '/closed': No such file or directory" >&2; exit 1""")
    assert read_files(stub.host, ["/closed"])["/closed"] == HostFile("/closed", "absent")


def test_a_file_whose_mode_alone_is_seen(stub: StubHost) -> None:
    stub.command("cat", "echo 'cat: Permission denied' >&2; exit 1")
    stub.command("stat", "echo '600 7'")
    assert read_files(stub.host, ["/closed"])["/closed"] == HostFile("/closed", "hidden", "0600", 7)


@pytest.mark.parametrize("garbage", [b"", b"\n", b"sh: syntax error\n", b"hidden\n", b"999 x\n"])
def test_an_answer_that_is_none_hides_the_file(stub: StubHost, garbage: bytes) -> None:
    assert parse("/x", stub.backend.result(0, b"", garbage, b"")).state == "hidden"


def _closed(stub: StubHost) -> None:
    stub.command("stat", """echo "stat: cannot statx '$5': Permission denied" >&2; exit 1""")
    stub.command("cat", """echo "cat: $2: Permission denied" >&2; exit 1""")

"""Files of the host, through a real shell."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.files import TOGETHER, HostFile, look_at, parse, read_files
from spark_conformance.host.shell import CommandResult, Overrun
from tests.host.stubs import StubHost

BYTES = bytes(range(256)) + b"\nlast line without an end"


def test_bytes_mode_and_age(stub: StubHost, tmp_path: Path) -> None:
    path = tmp_path / "it's a $(file)"
    path.write_bytes(BYTES)
    path.chmod(0o640)
    os.utime(path, (1763906700, 1763906700))
    owner, group = path.owner(), path.group()
    seen = HostFile(str(path), "read", "0640", 1763906700, BYTES, owner, group)
    assert read_files(stub.host, [str(path)]) == {str(path): seen}
    assert look_at(stub.host, [str(path)]) == {str(path): replace(seen, content=b"")}


def test_several_files_are_asked_for_at_once(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    seen = read_files(stub.host, [str(tmp_path / "a"), str(tmp_path / "none"), "/proc/self/comm"])
    assert [file.state for file in seen.values()] == ["read", "absent", "read"]
    assert len(stub.backend.commands) == 1


def test_many_files_are_asked_for_side_by_side_and_none_is_taken_for_another(stub: StubHost, tmp_path: Path) -> None:
    paths = [tmp_path / str(number) for number in range(2 * TOGETHER + 1)]
    for number, path in enumerate(paths):
        if number % 3:
            path.write_bytes(BYTES * number)
    seen = read_files(stub.host, [str(path) for path in paths])
    assert [(file.path, file.content) for file in seen.values()] == [
        (str(path), BYTES * number if number % 3 else b"") for number, path in enumerate(paths)
    ]
    assert len(stub.backend.commands) == len(stub.backend.ahead) == 3


def test_files_that_a_command_did_not_come_to_are_hidden(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    stub.command("cat", "read -r _ _ _ shell _ </proc/$PPID/stat; kill -KILL $shell")
    seen = read_files(stub.host, [str(tmp_path / "a"), str(tmp_path / "b")])
    assert [file.state for file in seen.values()] == ["hidden", "hidden"]


def test_files_that_are_too_much_for_one_command_are_asked_for_alone(
    stub: StubHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As five of 2 MiB are: what is said of each is no more than a command may say."""
    paths = [str(tmp_path / str(number)) for number in range(TOGETHER + 2)]
    for path in paths:
        Path(path).write_bytes(path.encode() * (1 if path == paths[-1] else 9))
    plain, most = stub.backend.run, 3 * len(paths[0]) * 9

    def run(command: str, *args: str) -> CommandResult:
        result = plain(command, *args)
        if len(result.stdout_bytes) > most:
            raise Overrun("host: a command printed too much", "on the host the command printed more than 8 MiB")
        return result

    monkeypatch.setattr(stub.backend, "run", run)
    assert [file.content for file in read_files(stub.host, paths).values()] == [Path(p).read_bytes() for p in paths]
    assert len(stub.backend.commands) == 2 + TOGETHER
    assert len(stub.backend.ahead) == 2 + TOGETHER
    most = 9
    with pytest.raises(Unreachable, match="printed more than 8 MiB"):
        read_files(stub.host, paths[:2])


def test_nothing_asked_nothing_sent(stub: StubHost) -> None:
    assert read_files(stub.host, []) == {}
    assert stub.backend.commands == []


def test_a_pipe_is_not_read(stub: StubHost, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert read_files(stub.host, [str(tmp_path / "pipe")])[str(tmp_path / "pipe")].state == "hidden"


def test_an_empty_file_is_read(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    assert read_files(stub.host, [str(tmp_path / "empty")])[str(tmp_path / "empty")].state == "read"


def test_below_a_file_there_is_nothing(stub: StubHost, tmp_path: Path) -> None:
    (tmp_path / "a").write_text("A")
    assert read_files(stub.host, [str(tmp_path / "a" / "b")])[str(tmp_path / "a" / "b")].state == "absent"


# --- closed directories, as somebody who is not root sees them


SUDO_AS_ROOT = 'shift; case $1 in stat) echo "@@755 0 root root"; {} ;; cat) printf secret ;; esac'
"""A sudo that runs `stat` and `cat`."""
WARNED = "/etc/sudoers-rs:3:10: unknown setting: 'x'\\nDefaults x, passwd_tries=3, timestamp_timeout=5\\n"
"""What sudo-rs 0.2.5 says first of a line of sudoers that it does not understand, whatever it then runs."""
REFUSED = "Sorry, user spark is not allowed to execute '/usr/bin/stat -L -c @@%a %Y %U %G -- / /x' as root on dgx."


def closed(stub: StubHost, name: str) -> HostFile:
    """A file below the closed directory, with the directory's path left out."""
    path = str(stub.bin.parent / "closed" / name)
    return replace(read_files(stub.host, [path])[path], path=name)


def test_a_closed_file_is_read_as_root(plain: StubHost) -> None:
    plain.command("sudo", SUDO_AS_ROOT.format('echo "@@600 7 root wheel"'))
    assert closed(plain, "there") == HostFile("there", "read", "0600", 7, b"secret", "root", "wheel")


@pytest.mark.parametrize(
    "said",
    [
        "sudo: a password is required",
        "sudo: interactive authentication is required",
        "sudo: il est nécessaire de saisir un mot de passe",
        "sudo: stat: command not found",
        "sudo: Hostname spark-291b kann nicht aufgelöst werden: Der Name oder der Dienst ist nicht bekannt",
        "stat: cannot read table of mounted file systems: No such file or directory",
        "stat: unrecognized option: L",
        REFUSED,
        "",
    ],
)
def test_a_closed_file_without_sudo_is_hidden(plain: StubHost, said: str) -> None:
    plain.command("sudo", f'echo "{said}" >&2; exit 1')
    assert closed(plain, "there") == HostFile("there", "hidden")
    assert closed(plain, "no/such") == HostFile("no/such", "hidden")


WORDS = {
    "GNU": "stat: cannot statx '{}': No such file or directory",
    "uutils": "stat: cannot stat '{}': No such file or directory (os error 2)",
    "busybox": "stat: can't stat '{}': No such file or directory",
    "German": "stat: der Aufruf von statx für '{}' ist fehlgeschlagen: Datei oder Verzeichnis nicht gefunden",
    "French": "stat: impossible d'exécuter statx sur '{}': Aucun fichier ou dossier de ce nom",
}


@pytest.mark.parametrize("said", WORDS.values(), ids=WORDS)
@pytest.mark.parametrize("line", ["@@755 0 root root\\n", f"{WARNED}@@755 0 root root\\n", ""])
def test_in_a_closed_directory_root_sees_that_there_is_nothing(plain: StubHost, said: str, line: str) -> None:
    plain.command("sudo", f'printf "{line}"; eval "f=\\${{$#}}"; echo "{said.format("$f")}" >&2; exit 1')
    assert closed(plain, "config.yml") == HostFile("config.yml", "absent")
    assert closed(plain, ".cloudflared/config.yml") == HostFile(".cloudflared/config.yml", "absent")


@pytest.mark.parametrize(
    "said",
    [
        "stat: cannot statx '{}': Permission denied",
        "stat: cannot stat '{}': Permission denied (os error 13)",
        "stat: can't stat '{}': Permission denied",
        "stat: der Aufruf von statx für '{}' ist fehlgeschlagen: Keine Berechtigung",
    ],
)
def test_a_directory_that_is_closed_to_root_too_tells_nothing(plain: StubHost, said: str) -> None:
    plain.command("sudo", f'shift 5; for f; do echo "{said.format("$f")}" >&2; done; exit 1')
    assert closed(plain, "there") == HostFile("there", "hidden")
    assert closed(plain, "no/such") == HostFile("no/such", "hidden")


def test_where_the_directory_is_open_nobody_has_to_ask_root(plain: StubHost) -> None:
    plain.command("sudo", "echo =755; echo =755")
    place = plain.bin.parent
    paths = [f"{place}/none", f"{place}/no/such/file", f"{place}/bin/sudo/below", "/none"]
    seen = read_files(plain.host, paths)
    assert [seen[path].state for path in paths] == ["absent"] * 4


def test_another_process_that_is_not_seen_may_be_hidden_from_us(plain: StubHost) -> None:
    path = f"/proc/{2**22 + 1}/cmdline"
    plain.command("sudo", 'echo "sudo: a password is required" >&2; exit 1')
    assert read_files(plain.host, [path])[path].state == "hidden"
    plain.command("sudo", 'echo "@@755 0 root root"; exit 1')
    assert read_files(plain.host, [path])[path].state == "absent"


def test_a_file_whose_mode_alone_is_seen(stub: StubHost) -> None:
    stub.command("cat", "echo 'cat: Permission denied' >&2; exit 1")
    stub.command("stat", "echo '600 7 root root'")
    assert read_files(stub.host, ["/closed"])["/closed"] == HostFile(
        "/closed", "hidden", "0600", 7, b"", "root", "root"
    )


@pytest.mark.parametrize("garbage", [b"", b"\n", b"sh: syntax error\n", b"hidden\n", b"999 x\n"])
def test_an_answer_that_is_none_hides_the_file(garbage: bytes) -> None:
    assert parse("/x", 0, garbage).state == "hidden"

"""A lab is what a running lab proves to be one; a facts file proves nothing."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread

import pytest

from spark_conformance.facts.load import SystemFile, find, load
from spark_conformance.facts.parts import parts
from spark_conformance.remediation import twin
from spark_conformance.remediation.twin import is_twin
from spark_lab.announcement import Announcement


def facts(place: Path, lab: Announcement, more: str = "") -> SystemFile:
    (place / "mine.toml").write_text(f'extends = "{lab.target}"\n{more}')
    return load(place / "mine.toml")


@contextmanager
def answering(path: Path, said: bytes) -> Iterator[None]:
    """Somebody else's process on the socket."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        listener.listen()

        def say() -> None:
            line, _ = listener.accept()
            with line, suppress(BrokenPipeError, ConnectionResetError):  # whoever asked has gone already
                line.sendall(said)

        speaker = Thread(target=say)
        speaker.start()
        yield
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as last:  # so that it ends where nobody has asked
            last.connect(str(path))
        speaker.join()


def test_the_running_lab_is_one_and_so_is_what_extends_it(lab: Announcement, tmp_path: Path) -> None:
    assert is_twin(load(Path(lab.target)))
    assert is_twin(facts(tmp_path, lab, '[system]\nname = "mine"\n[target.cloudflare]\ntimeout_s = 3\n'))


@pytest.mark.parametrize(
    "more",
    [
        "[system]\nlab = false\n",
        '[system]\nproof = ""\n',
        '[system]\nproof = "/nowhere/proof.sock"\n',
        '[target.ssh]\nhost = "spark-3f00"\n',
        '[target.ssh]\nconfig = "/root/.ssh/config"\n',
        '[target.cloudflare]\napi = "https://api.cloudflare.com/client/v4"\n',
        '[target.secrets]\npulumi = "pulumi"\n',
        '[target.repository]\npath = "/srv/infrastructure"\n',
        '[target.host]\nstate_directory = "/var/lib/spark-conformance"\n',
        '[facts.cloudflared.drop_in]\nexpect = "/etc/systemd/system/cloudflared.service.d/override.conf"\n',
    ],
)
def test_a_file_that_leads_anywhere_else_is_none(lab: Announcement, tmp_path: Path, more: str) -> None:
    assert not is_twin(facts(tmp_path, lab, more))


def test_a_file_that_says_so_is_none(tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('extends = "spark-291b"\n[system]\nlab = true\n')
    assert not is_twin(load(tmp_path / "mine.toml"))


def test_a_process_of_another_users_is_not_believed(
    lab: Announcement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "proof.sock"
    system = facts(tmp_path, lab, f'[system]\nproof = "{path}"\n')
    said = json.dumps(parts(system)).encode() + b"\n"
    with answering(path, said):
        assert is_twin(system)
    path.unlink()
    monkeypatch.setattr(twin, "_user_of", lambda _line: os.geteuid() + 1)
    with answering(path, said):
        assert not is_twin(system)


@pytest.mark.parametrize("said", [b"", b"\n", b"[]\n", b"{}\n", b"{" * 70000, b"[" * 60000 + b"\n", b"\xff\n"])
def test_whatever_else_answers_there_is_none(lab: Announcement, tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "proof.sock"
    with answering(path, said):
        assert not is_twin(facts(tmp_path, lab, f'[system]\nproof = "{path}"\n'))


def test_every_part_that_is_compared_is_the_labs_own(lab: Announcement) -> None:
    own, original = parts(load(Path(lab.target))), parts(load(find("spark-291b")))
    same = {name for name, place in own.items() if place == original[name]}
    assert same == {"ssh.host", "cloudflare.zone", "cloudflare.account", "secrets.pulumi_cwd"}

"""Files written whole or not at all, and brought back byte by byte."""

import os
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.core.secret import Secret, mask
from spark_conformance.remediation.model import Conflict, StepFailed
from spark_conformance.remediation.steps.files import WriteFile, difference, look
from tests.remediation.here import Here, run_on

OLD = b"[Service]\nType=notify\n\xff\xfe bytes that are no text\n"


@pytest.fixture
def host() -> Here:
    return Here()


@pytest.fixture
def run(host: Here, tmp_path: Path) -> Any:
    return run_on(host, tmp_path / "state")


def keep(tmp_path: Path) -> str:
    return str(tmp_path / "state/run")


def write(run: Any, path: Path, content: Secret | str, mode: str = "0600") -> WriteFile:
    return WriteFile(str(path), content, mode, look(run, str(path)))


@pytest.mark.parametrize("mode", [0o644, 0o600, 0o755, 0o4711])
def test_a_file_is_replaced_and_comes_back_byte_by_byte(run: Any, tmp_path: Path, mode: int) -> None:
    path = tmp_path / "a b'c.conf"
    path.write_bytes(OLD)
    path.chmod(mode)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    action = write(run, path, "new\n")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    assert path.read_bytes() == b"new\n"
    assert path.stat().st_mode & 0o7777 == 0o600
    assert action.holds(run)
    WriteFile.undo(run, before)
    assert path.read_bytes() == OLD
    assert path.stat().st_mode & 0o7777 == mode
    assert path.stat().st_mtime == 1_000_000_000
    WriteFile.undo(run, before)  # a second time changes nothing
    assert path.read_bytes() == OLD
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_new_file_comes_with_its_directories_and_goes_with_them(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "unit.d/more/override.conf"
    action = write(run, path, "x\n")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    assert path.read_text() == "x\n"
    assert path.parent.stat().st_mode & 0o777 == 0o755
    WriteFile.undo(run, before)
    assert not (tmp_path / "unit.d").exists()


def test_a_directory_that_somebody_uses_meanwhile_stays(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "unit.d/override.conf"
    action = write(run, path, "x\n")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    (tmp_path / "unit.d/theirs.conf").write_text("theirs")
    WriteFile.undo(run, before)
    assert [entry.name for entry in (tmp_path / "unit.d").iterdir()] == ["theirs.conf"]


def test_a_link_is_replaced_by_a_file_and_comes_back_as_a_link(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "masked.service"
    path.symlink_to("/dev/null")
    action = write(run, path, "unit\n", "0644")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    assert path.read_text() == "unit\n"
    assert not path.is_symlink()
    WriteFile.undo(run, before)
    assert str(path.readlink()) == "/dev/null"


def test_what_was_changed_since_the_plan_is_not_kept_and_not_written(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    action = write(run, path, "ours\n")
    path.write_text("theirs\n")
    with pytest.raises(Conflict, match="changed after the plan"):
        action.before(run, keep(tmp_path))
    assert path.read_text() == "theirs\n"


def test_what_was_changed_since_it_was_kept_is_not_written_over(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    action = write(run, path, "ours\n")
    before = action.before(run, keep(tmp_path))
    path.write_text("theirs\n")
    with pytest.raises(Conflict, match="- absent"):
        action.apply(run, before)
    assert path.read_text() == "theirs\n"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_what_was_changed_after_us_is_not_undone(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    action = write(run, path, "ours\n")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    path.write_text("theirs\n")
    with pytest.raises(Conflict, match="kept on the host in"):
        WriteFile.undo(run, before)
    assert path.read_text() == "theirs\n"
    assert Path(before["kept"]).read_bytes() == OLD


@pytest.mark.parametrize("broken", ["cat", "chmod", "mktemp", "sync", "mv", "wc"])
def test_whatever_breaks_on_the_way_leaves_the_old_file(host: Here, run: Any, tmp_path: Path, broken: str) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    action = write(run, path, "ours\n")
    before = action.before(run, keep(tmp_path))
    fakes = tmp_path / "bin"
    fakes.mkdir()
    (fakes / broken).write_text("#!/bin/sh\nexit 1\n")
    (fakes / broken).chmod(0o755)
    host.path = f"{fakes}:{host.path}"
    if broken == "sync":  # without `sync FILE` it is the whole machine's, which cannot fail
        (fakes / broken).write_text("#!/bin/sh\n[ $# -eq 0 ] && exit 0\nexit 1\n")
        action.apply(run, before)
        assert path.read_text() == "ours\n"
        return
    with pytest.raises(StepFailed, match="writing"):
        action.apply(run, before)
    assert path.read_bytes() == OLD
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_write_that_was_killed_before_its_rename_is_cleaned_up(run: Any, host: Here, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    action = write(run, path, "ours\n")
    before = action.before(run, keep(tmp_path))
    fakes = tmp_path / "bin"
    fakes.mkdir()
    (fakes / "mv").write_text("#!/bin/sh\nkill -9 $PPID\n")
    (fakes / "mv").chmod(0o755)
    host.path = f"{fakes}:/usr/bin:/bin"
    with pytest.raises(StepFailed):
        action.apply(run, before)
    assert [entry.name for entry in tmp_path.glob(".a.conf.spark-conformance.*/*")] == ["new"]
    host.path = "/usr/bin:/bin"
    WriteFile.undo(run, before)
    assert path.read_bytes() == OLD
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.startswith(".")] == []


def test_a_secret_is_on_no_command_line_and_in_no_journal(run: Any, host: Here, tmp_path: Path) -> None:
    secret = Secret("canary-4f1c66d0a7", "test")
    path = tmp_path / "a.conf"
    action = write(run, path, secret)
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    assert path.read_text() == secret.reveal()
    assert secret.reveal() not in f"{host.said} {before} {action!r}"


def test_what_is_kept_is_for_the_owners_eyes_only(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    path.chmod(0o600)
    before = write(run, path, "ours\n").before(run, keep(tmp_path))
    kept = Path(before["kept"])
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_directory_in_the_files_place_is_left_to_a_person(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.mkdir()
    with pytest.raises(StepFailed, match="neither a file nor a link"):
        write(run, path, "x").before(run, keep(tmp_path))


def test_a_difference_shows_what_becomes_of_a_file_without_its_credentials(run: Any, tmp_path: Path) -> None:
    path = tmp_path / "a.conf"
    path.write_text('[Service]\nEnvironment="TUNNEL_TOKEN=old-canary-1234"\n')
    path.chmod(0o644)
    seen = look(run, str(path))
    told = difference(seen, Secret('[Service]\nEnvironment="TUNNEL_TOKEN=x"\n', "test"), "0600")
    assert "canary" not in told
    assert told.splitlines()[0].endswith("(mode 0644, root:root)") or ":" in told.splitlines()[0]
    assert "mode 0600" in told
    assert mask("old-canary-1234") == "***"


def test_a_file_keeps_its_owner_and_one_with_a_secret_is_roots(run: Any, tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    path = tmp_path / "a.conf"
    path.write_bytes(OLD)
    os.chown(path, 12345, 23456)
    action = write(run, path, "ours\n", "0640")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (12345, 23456, 0o640)
    WriteFile.undo(run, before)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 23456)
    secret = write(run, path, Secret("canary-0b1c2d", "test"))
    secret.apply(run, secret.before(run, keep(tmp_path)))
    assert (path.stat().st_uid, path.stat().st_gid, path.stat().st_mode & 0o777) == (0, 0, 0o600)


def test_nothing_is_written_through_what_somebody_else_laid_there(run: Any, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    theirs.write_text("theirs")
    path = tmp_path / "etc/a.conf"
    path.parent.mkdir()
    for name in (".a.conf.spark-conformance", ".a.conf.spark-conformance.0000000000", "a.conf"):
        (path.parent / name).symlink_to(theirs)
    action = write(run, path, "ours\n")
    before = action.before(run, keep(tmp_path))
    action.apply(run, before)
    WriteFile.undo(run, before)
    assert theirs.read_text() == "theirs"
    assert {entry.name for entry in path.parent.iterdir() if entry.readlink() == theirs} == {
        ".a.conf.spark-conformance", ".a.conf.spark-conformance.0000000000", "a.conf",
    }  # fmt: skip


@pytest.mark.parametrize("place", ["etc", "state/run"])
def test_where_everybody_may_write_nothing_is_placed_and_nothing_kept(run: Any, tmp_path: Path, place: str) -> None:
    path = tmp_path / "etc/a.conf"
    path.parent.mkdir()
    path.write_bytes(OLD)
    (tmp_path / place).mkdir(parents=True, exist_ok=True)
    (tmp_path / place).chmod(0o777)
    action = write(run, path, "ours\n")
    with pytest.raises(StepFailed, match="may be written by others"):
        action.apply(run, action.before(run, keep(tmp_path)))
    assert path.read_bytes() == OLD
    assert [entry.name for entry in path.parent.iterdir()] == ["a.conf"]

"""A journal that shows nothing: closed to us, not kept at all, or without a line of the service."""

from pathlib import Path

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host import journal_access
from spark_conformance.host.journal_access import parted
from spark_conformance.host.journal_since import Mark, lines_since, mark_journals
from tests.host.stubs import StubHost

UNRESOLVED = "sudo: unable to resolve host spark-291b: Name or service not known"
HINT = """Hint: You are currently not seeing messages from other users and the system.
      Users in groups 'adm', 'systemd-journal' can see all messages.
      Pass -q to turn off this notice."""
NO_FILES = "No journal files were found."
NOT_OPENED = "No journal files were opened due to insufficient permissions."


@pytest.fixture
def place(plain: StubHost, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directories below which the stub host keeps a journal; its user is not root."""
    place = plain.bin.parent
    monkeypatch.setattr(journal_access, "PLACES", (f"{place}/var", f"{place}/run"))
    return place


def _kept(place: Path, mode: int, name: str = "system.journal") -> None:
    directory = place / "run" / "c0de"
    directory.mkdir(parents=True)
    (directory / name).write_text("x")
    (directory / name).chmod(mode)
    directory.chmod(0o755 if mode else 0o700)


def _said(stub: StubHost) -> str:
    (found,) = mark_journals(stub.host, ["x.service"])
    assert isinstance(found, Unreachable)
    assert found.cause == "host: journalctl"
    return found.sentence


def _refuses(stub: StubHost, said: str, status: int) -> None:
    stub.command("journalctl", f'printf "%s\\n" "{said}" >&2; exit {status}')


@pytest.mark.parametrize(("said", "status"), [(HINT, 0), (NOT_OPENED, 1), ("", 0)])
def test_a_user_without_the_journal(plain: StubHost, place: Path, said: str, status: int) -> None:
    _kept(place, 0)
    _refuses(plain, said, status)
    assert "let the suite's user into the group systemd-journal" in _said(plain)


@pytest.mark.parametrize(("said", "status"), [(NO_FILES, 0), (NO_FILES, 1)])
def test_a_host_that_keeps_no_journal(plain: StubHost, place: Path, said: str, status: int) -> None:
    _refuses(plain, said, status)
    plain.command("sudo", 'shift; exec "$@"')
    sentence = _said(plain)
    assert f"the host keeps none, neither in {place}/var nor in {place}/run" in sentence
    assert "let the suite's user" not in sentence


def test_root_sees_nothing_of_the_service_either(plain: StubHost, place: Path) -> None:
    _kept(place, 0)
    _refuses(plain, "", 0)
    plain.command("sudo", f'shift; echo "{UNRESOLVED}" >&2; exec "$@"')
    assert "it is open to us: its lines were dropped since" in _said(plain)


def test_a_user_of_the_group_sees_nothing_of_the_service(plain: StubHost, place: Path) -> None:
    _kept(place, 0o644)
    _refuses(plain, "", 0)
    assert "it is open to us: its lines were dropped since" in _said(plain)


def test_a_warning_of_sudos_is_no_closed_journal(stub: StubHost) -> None:
    stub.command("sudo", f'echo "{UNRESOLVED}" >&2; echo "2026-11-02T10:00:00Z ERR x"')
    assert lines_since(stub.host, [Mark("x.service", "s=1", root=True)]) == [("2026-11-02T10:00:00Z ERR x",)]


@pytest.mark.parametrize(
    ("output", "lines", "status"),
    [("a\nb\n-- status 0\n", ["a", "b"], 0), ("-- status 1\n", [], 1), ("a\n", ["a"], None), ("", [""], None)],
)
def test_the_status_is_told_last(output: str, lines: list[str], status: int | None) -> None:
    assert parted(output) == (lines, status)

"""How a lab is made: which words are taken for which programs, and what is said of words that are not."""

import socket
import sys
from pathlib import Path

import pytest

from spark_conformance.facts.calling import SOURCES
from spark_lab import isolation
from spark_lab.faults.bench import Bench
from spark_lab.settings import STAND_IN, Settings, SettingsError, choose
from tests.labs import running

IMPOSSIBLE = isolation.possible()


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """A program that says its version as cloudflared does."""
    return written(tmp_path / "cloudflared", "echo cloudflared version 2026.8.2 '(built 2026-08-14-00:00 UTC)'")


def written(path: Path, script: str) -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def test_without_a_word_and_without_cloudflared_on_path_all_are_stand_ins(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert choose() == Settings()
    assert not choose().isolated
    assert choose().told == "host: process engine; cloudflared: stand-in; Ollama: stand-in"


@pytest.mark.skipif(IMPOSSIBLE is not None, reason=IMPOSSIBLE or "")
def test_cloudflared_on_path_is_taken_unless_the_stand_in_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, program: Path
) -> None:
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    found = choose()
    assert found.cloudflared is not None
    assert (found.cloudflared.path, found.cloudflared.version) == (program.resolve(), "2026.8.2")
    assert found.isolated
    assert "cloudflared: 2026.8.2, genuine" in found.told
    assert choose(cloudflared=STAND_IN) == Settings()
    assert choose(cloudflared=str(program)) == found


def test_where_no_network_can_be_made_path_is_not_looked_at_and_a_named_program_is_refused(
    monkeypatch: pytest.MonkeyPatch, program: Path
) -> None:
    monkeypatch.setattr(isolation, "possible", lambda: "no network of the lab's own can be made here (not permitted)")
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert choose() == Settings()
    with pytest.raises(SettingsError, match="no network of the lab's own"):
        choose(cloudflared=str(program))


@pytest.mark.parametrize("option", ["cloudflared", "ollama"])
def test_a_program_that_is_not_there_or_says_no_version_is_refused(option: str, tmp_path: Path) -> None:
    silent = written(tmp_path / "silent", "echo hello")
    failing = written(tmp_path / "failing", "exit 3")
    for said, why in (("/no/such", "no program of that name"), (silent, "names no version"), (failing, "not say its")):
        with pytest.raises(SettingsError, match=why):
            choose(**{option: str(said)})  # type: ignore[arg-type]  # both are texts


@pytest.mark.skipif(IMPOSSIBLE is not None, reason=IMPOSSIBLE or "")
def test_a_lab_with_a_program_that_is_not_its_own_is_reached_through_doors_alone(tmp_path: Path) -> None:
    # the stand-in under another path: what is tried here is the way of a genuine one
    script = f"PYTHONPATH='{SOURCES}' exec '{sys.executable}' -m spark_lab.connector \"$@\""
    with running(["--cloudflared", str(written(tmp_path / "cloudflared", script))]) as lab:
        with socket.create_connection(("127.0.0.1", lab.port), 5):
            pass
        bench = Bench(lab)
        inside = bench.shell("readlink /proc/self/ns/net").strip()
        service = bench.shell("readlink /proc/$(systemctl show -p MainPID --value cloudflared)/ns/net").strip()
        bench.close()
    assert inside == service != str(Path("/proc/self/ns/net").readlink())

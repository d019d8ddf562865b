"""The connector's program, its unit's copy in the repository, and configuration files of its own."""

from pathlib import Path

import pytest

from fixtures.host.binary import cloudflared_binary, cloudflared_version, parse_version
from fixtures.host.local_config import cloudflared_local_config
from fixtures.host.process import Process, connector_process
from fixtures.host.unit_copy import cloudflared_unit_copy, differences
from fixtures.host.units import cloudflared_unit, parse
from fixtures.suite.run import Run
from fixtures.suite.verdict import Unmet, Unreachable
from tests.host.stubs import StubHost, given, run_on

VERSION = "cloudflared version 2026.8.2 (built 2026-08-20T10:01:22Z)"


def _program(path: Path, said: str = VERSION, mode: int = 0o755) -> Path:
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(mode)
    return path


def _unit(run: Run, path: Path, command: str) -> None:
    path.write_text(f"[Service]\nExecStart={command}\n")
    given(run, cloudflared_unit, parse(f"FragmentPath={path}\nActiveState=inactive", "cloudflared.service"))


def test_the_program_that_the_unit_starts(stub: StubHost, tmp_path: Path) -> None:
    program = _program(tmp_path / "cloudflared")
    run = run_on(stub, cloudflared__binary="/usr/local/bin/cloudflared")
    _unit(run, tmp_path / "unit", f"{program} tunnel run")
    seen = run.get(cloudflared_binary)
    assert (seen.path, seen.mode, seen.executable) == (str(program), "0755", True)
    assert run.get(cloudflared_version).version == "2026.8.2"


def test_the_documented_program_where_there_is_no_unit(stub: StubHost, tmp_path: Path) -> None:
    program = _program(tmp_path / "cloudflared")
    run = run_on(stub, cloudflared__binary=str(program))
    given(run, cloudflared_unit, Unmet("cloudflared.unit", "not-found"))
    assert run.get(cloudflared_binary).path == str(program)


def test_no_program(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _unit(run, tmp_path / "unit", f"{tmp_path}/cloudflared tunnel run")
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_binary)
    assert (unmet.value.fact, unmet.value.observed) == ("cloudflared.binary", f"nothing at {tmp_path}/cloudflared")


def test_a_program_that_may_not_be_run(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _unit(run, tmp_path / "unit", f"{_program(tmp_path / 'cloudflared', mode=0o644)} tunnel run")
    assert not run.get(cloudflared_binary).executable
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_version)
    assert unmet.value.fact == "cloudflared.executable"


def test_a_program_that_says_something_else(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _unit(run, tmp_path / "unit", f"{_program(tmp_path / 'cloudflared', 'cannot execute binary file')} run")
    seen = run.get(cloudflared_version)
    assert (seen.version, seen.said) == ("", "cannot execute binary file")


@pytest.mark.parametrize(
    ("said", "version"),
    [(VERSION, "2026.8.2"), ("cloudflared version 2025.11.0-rc1 (built x)", "2025.11.0"), ("", None), ("DEV", None)],
)
def test_versions(said: str, version: str | None) -> None:
    assert parse_version(said) == version


# --- the copy in the repository


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    path = tmp_path / "repository" / "infrastructure" / "spark"
    path.mkdir(parents=True)
    (path / "cloudflared.service").write_text("[Service]\nExecStart=/c run\n")
    return tmp_path / "repository"


def test_the_same_unit(stub: StubHost, tmp_path: Path, checkout: Path) -> None:
    run = run_on(stub, target__repository__path=str(checkout))
    _unit(run, tmp_path / "unit", "/c run")
    assert run.get(cloudflared_unit_copy).same


def test_an_edited_unit(stub: StubHost, tmp_path: Path, checkout: Path) -> None:
    run = run_on(stub, target__repository__path=str(checkout))
    _unit(run, tmp_path / "unit", "/c run --token secret")
    seen = run.get(cloudflared_unit_copy)
    assert not seen.same
    assert seen.told.endswith("in line 2 (ExecStart)")
    assert "secret" not in seen.told


def test_no_copy(stub: StubHost, checkout: Path) -> None:
    run = run_on(stub, target__repository__path=str(checkout), cloudflared__unit_in_repository="gone.service")
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_unit_copy)
    assert unmet.value.fact == "cloudflared.unit_in_repository"


def test_a_unit_that_is_gone_from_the_host(stub: StubHost, tmp_path: Path, checkout: Path) -> None:
    run = run_on(stub, target__repository__path=str(checkout))
    _unit(run, tmp_path / "unit", "/c run")
    (tmp_path / "unit").unlink()
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_unit_copy)
    assert (unmet.value.fact, unmet.value.observed) == (
        "cloudflared.unit_in_repository",
        "no such file on the host",
    )


def test_no_repository(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match=r"target\.repository"):
        run_on(stub, target__repository=None).get(cloudflared_unit_copy)


def test_how_two_files_differ() -> None:
    assert differences(b"a=1\nb=2\n", b"a=1\nb=2\n") == []
    assert differences(b"a=1\n", b"a=2\nc=3\nd\n") == [
        "line 1 (a)",
        "a missing line after line 1 (c)",
        "a missing line after line 1 (no setting)",
    ]
    assert differences(b"a=1\nnew=1\nb=2\nc=3\n", b"a=1\nb=2\nc=3\n") == ["line 2 (new)"]
    assert differences(b"a=1\nb=2\n", b"") == ["line 1 (a)", "line 2 (b)"]
    assert differences(b"a=1\r\n", b"a=1\n") == ["line ends only"]


# --- configuration of its own


def _configs(stub: StubHost, *paths: Path, words: tuple[str, ...] = ("cloudflared", "tunnel", "run")) -> Run:
    run = run_on(stub, target__host={"cloudflared_configs": [str(path) for path in paths]})
    given(run, connector_process, Process(7, words, {}, 1))
    return run


@pytest.mark.parametrize(
    ("text", "in_force"),
    [
        ("tunnel: x\ningress:\n  - service: http_status:404\n", True),
        ("loglevel: debug\n", False),
        ("ingress: []\n", False),
        ("", False),
        ("- a list\n", False),
        ("a: [never closed\n", False),
    ],
)
def test_a_file_at_a_usual_place(stub: StubHost, tmp_path: Path, text: str, in_force: bool) -> None:
    path = tmp_path / "config.yml"
    path.write_text(text)
    seen = _configs(stub, path, tmp_path / "none.yml").get(cloudflared_local_config)
    assert seen.in_force is in_force
    assert (str(path) in seen.told) is in_force


def test_a_file_among_the_arguments(stub: StubHost, tmp_path: Path) -> None:
    seen = _configs(stub, tmp_path / "none", words=("c", "--config=/x.yml", "tunnel")).get(cloudflared_local_config)
    assert (seen.in_force, seen.told) == (True, "the process runs with --config /x.yml")


def test_files_are_looked_at_though_nothing_runs(stub: StubHost, tmp_path: Path) -> None:
    run = _configs(stub, tmp_path / "none")
    given(run, connector_process, Unmet("cloudflared.active", "no"))
    assert not run.get(cloudflared_local_config).in_force


def test_a_place_that_we_may_not_look_at(stub: StubHost) -> None:
    stub.command("stat", "echo 'Permission denied' >&2; exit 1")
    with pytest.raises(Unreachable, match="sudo -n stat"):
        _configs(stub, Path("/root/.cloudflared/config.yml")).get(cloudflared_local_config)

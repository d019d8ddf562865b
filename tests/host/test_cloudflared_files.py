"""The connector's program, its unit's copy in the repository, and configuration files of its own."""

import os
from pathlib import Path

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.host.binary import cloudflared_binary, cloudflared_version, may_execute, parse_version
from spark_conformance.host.connector import Connector, connector
from spark_conformance.host.files import HostFile
from spark_conformance.host.local_config import cloudflared_local_config
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.unit_copy import cloudflared_unit_copy, differences
from spark_conformance.host.units import cloudflared_unit, parse
from tests.host.stubs import StubHost, given, run_on

VERSION = "cloudflared version 2026.8.2 (built 2026-08-20T10:01:22Z)"


def _program(path: Path, said: str = VERSION, mode: int = 0o755) -> Path:
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(mode)
    return path


def _unit(run: Run, path: Path, command: str) -> None:
    path.write_text(f"[Service]\nExecStart={command}\n")
    given(run, cloudflared_unit, parse(f"FragmentPath={path}\nActiveState=inactive", "cloudflared.service"))


def _started(stub: StubHost, run: Run, command: str, *more: str) -> None:
    """Let systemd show a service that starts a command."""
    program = command.partition(" ")[0]
    shown = f"{{ path={program} ; argv[]={command} ; ignore_errors=no ; pid=7 ; code=(null) ; status=0/0 }}"
    stub.prints("systemctl", "\n".join((f"ExecStart={shown}", *more)))
    given(run, cloudflared_unit, parse("LoadState=loaded\nActiveState=active\nMainPID=7", "cloudflared.service"))


def _runs(run: Run, running: str | None, environment: dict[str, str] | None = None, pid: int = 7) -> None:
    """Let a connector run, with this version by its metrics, or without a metrics server."""
    metrics = Connector("", "", 4, None, running) if running else Unreachable("curl", "no curl")
    given(run, connector, metrics)
    given(run, connector_process, Process(pid, ("cloudflared",), environment, 1))


def test_the_program_that_the_unit_starts(stub: StubHost, tmp_path: Path) -> None:
    program = _program(tmp_path / "cloudflared")
    run = run_on(stub, cloudflared__binary="/usr/local/bin/cloudflared")
    _started(stub, run, f'/bin/sh -c TUNNEL_TOKEN="$$T" exec {program} tunnel run')
    _runs(run, "2026.7.0")
    seen = run.get(cloudflared_binary)
    assert (seen.path, seen.mode, seen.executable) == (str(program), "0755", True)
    assert run.get(cloudflared_version).known == ("2026.8.2", "2026.7.0")


def test_the_documented_program_where_there_is_no_unit(stub: StubHost, tmp_path: Path) -> None:
    program = _program(tmp_path / "cloudflared")
    run = run_on(stub, cloudflared__binary=str(program))
    given(run, cloudflared_unit, Unmet("cloudflared.unit", "not-found"))
    assert run.get(cloudflared_binary).path == str(program)


def test_what_nobody_can_look_at_is_not_the_documented_program(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub, cloudflared__binary=str(_program(tmp_path / "cloudflared")))
    given(run, cloudflared_unit, parse("LoadState=loaded", "cloudflared.service"))
    stub.command("systemctl", "echo 'Failed to connect to bus' >&2; exit 1")
    with pytest.raises(Unreachable, match="systemctl show"):
        run.get(cloudflared_binary)


@pytest.mark.parametrize("where", ["process", "unit"])
def test_a_program_by_its_name_alone_is_what_the_path_finds_first(stub: StubHost, tmp_path: Path, where: str) -> None:
    (tmp_path / "first").mkdir()
    program = _program(tmp_path / "first/cloudflared")
    run = run_on(stub, cloudflared__binary=str(_program(tmp_path / "cloudflared")))
    path = f"{tmp_path}/none:{tmp_path}/first:{tmp_path}"
    _started(
        stub, run, "/bin/sh -c exec cloudflared tunnel run", f"Environment=PATH={path if where == 'unit' else '/'}"
    )
    _runs(run, "2026.8.2", {"PATH": path} if where == "process" else None)
    assert run.get(cloudflared_binary).path == str(program)


def test_behind_a_wrapper_what_the_process_executes_counts(stub: StubHost, tmp_path: Path) -> None:
    marker = tmp_path / "run"
    wrapper = tmp_path / "cloudflared-start.sh"
    wrapper.write_text(f"#!/bin/sh\ntouch {marker}\n")
    wrapper.chmod(0o755)
    run = run_on(stub, cloudflared__binary="/usr/local/bin/cloudflared")
    _started(stub, run, str(wrapper))
    _runs(run, "2026.8.2", pid=os.getpid())
    assert run.get(cloudflared_binary).path == str(Path("/proc/self/exe").readlink())
    seen = run.get(cloudflared_version)
    assert (seen.installed, seen.running) == (None, "2026.8.2")
    assert not marker.exists()


def test_a_wrapper_whose_process_cannot_be_looked_at(stub: StubHost) -> None:
    run = run_on(stub)
    _started(stub, run, "/opt/cloudflared-start.sh")
    _runs(run, None, pid=2**22 + 1)
    with pytest.raises(Unreachable, match=r"/opt/cloudflared-start\.sh, which is no cloudflared"):
        run.get(cloudflared_binary)


def test_no_program(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _started(stub, run, f"{tmp_path}/cloudflared tunnel run")
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_binary)
    assert (unmet.value.fact, unmet.value.observed) == ("cloudflared.binary", f"nothing at {tmp_path}/cloudflared")


def test_a_program_in_a_closed_directory_is_not_absent(plain: StubHost) -> None:
    run = run_on(plain)
    _started(plain, run, f"{plain.bin.parent}/closed/cloudflared tunnel run")
    with pytest.raises(Unreachable, match="sudo -n stat"):
        run.get(cloudflared_binary)


def test_a_program_that_may_not_be_run(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _started(stub, run, f"{_program(tmp_path / 'cloudflared', mode=0o644)} tunnel run")
    assert not run.get(cloudflared_binary).executable
    with pytest.raises(Unmet) as unmet:
        run.get(cloudflared_version)
    assert unmet.value.fact == "cloudflared.executable"


@pytest.mark.parametrize(
    ("mode", "user", "owner", "ok"),
    [
        ("0750", "", "root", True),
        ("0700", "root", "root", True),
        ("0644", "", "root", False),
        ("0750", "cloudflared", "root", True),
        ("0740", "cloudflared", "root", False),
        ("0750", "nobody", "root", False),
        ("0755", "nobody", "root", True),
        ("0700", "cloudflared", "cloudflared", True),
        ("0655", "cloudflared", "cloudflared", False),
    ],
)
def test_who_may_execute_a_program(mode: str, user: str, owner: str, ok: bool) -> None:
    file = HostFile("/c", "read", mode, owner=owner, group="tunnels")
    assert may_execute(file, user, ("tunnels",) if user == "cloudflared" else ()) is ok


def test_a_program_that_says_something_else(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _started(stub, run, f"{_program(tmp_path / 'cloudflared', 'cannot execute binary file')} run")
    _runs(run, "2026.8.2")
    seen = run.get(cloudflared_version)
    assert (seen.installed, seen.said, seen.named) == ("", "cannot execute binary file", "no version and 2026.8.2")


@pytest.mark.parametrize("running", ["DEV", None])
def test_a_build_of_ones_own_has_no_version_and_is_not_out_of_support(
    stub: StubHost, tmp_path: Path, running: str | None
) -> None:
    run = run_on(stub)
    _started(stub, run, f"{_program(tmp_path / 'cloudflared', 'cloudflared version DEV (built unknown)')} run")
    _runs(run, running)
    with pytest.raises(Unreachable, match="says: cloudflared version DEV"):
        run.get(cloudflared_version)


@pytest.mark.parametrize("way", ["link", "writable", "name"])
def test_only_what_is_surely_cloudflared_is_ever_run(stub: StubHost, tmp_path: Path, way: str) -> None:
    marker = tmp_path / "run"
    real = tmp_path / ("cloudflared" if way == "writable" else "cloudflared-linux-arm64")
    real.write_text(f"#!/bin/sh\ntouch {marker}\n")
    real.chmod(0o775 if way == "writable" else 0o755)
    link = tmp_path / "bin2"
    link.mkdir()
    (link / "cloudflared").symlink_to(real)
    run = run_on(stub)
    _started(stub, run, f"{link / 'cloudflared' if way == 'link' else real} tunnel run")
    _runs(run, None, pid=os.getpid())
    with pytest.raises(Unreachable, match="is not run to find out"):
        run.get(cloudflared_version)
    assert not marker.exists()


def test_an_update_without_a_restart(stub: StubHost, tmp_path: Path) -> None:
    run = run_on(stub)
    _started(stub, run, f"{_program(tmp_path / 'cloudflared')} run")
    _runs(run, "2024.1.0")
    seen = run.get(cloudflared_version)
    assert seen.known == ("2026.8.2", "2024.1.0")
    assert seen.told == (
        f"the running process is 2024.1.0; the file, which the next start runs, says: {VERSION}; restart the service "
        "to run it"
    )


@pytest.mark.parametrize("deleted", [" (deleted)", ""])
def test_a_replaced_file_does_not_tell_what_runs(stub: StubHost, tmp_path: Path, deleted: str) -> None:
    run = run_on(stub)
    program = _program(tmp_path / "cloudflared")
    _started(stub, run, f"{program} run")
    _runs(run, None)
    stub.command("readlink", f'case $* in */exe) echo "{program}{deleted}" ;; *) exec /usr/bin/readlink "$@" ;; esac')
    if deleted:
        with pytest.raises(Unreachable, match="replaced since it started"):
            run.get(cloudflared_version)
    else:
        assert run.get(cloudflared_version).known == ("2026.8.2",)


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
        ("loglevel: debug\nmetrics: :1\n", False),
        ("protocol: http2\n", True),
        ("ingress:\n  - service: http_status:404\n---\nloglevel: debug\n", True),
        ("loglevel: debug\n---\nprotocol: http2\n", False),
        ("protocol: http2\n---\n[never closed\n", True),
        ("tunnel: x\ncredentials-file: /root/x.json\n", False),
        ("originRequest:\n  noTLSVerify: true\n", True),
        ("ingress:\n", False),
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


@pytest.mark.parametrize("directory", [".cloudflared", ".cloudflare-warp", "cloudflare-warp"])
def test_a_file_below_the_services_own_home(stub: StubHost, tmp_path: Path, directory: str) -> None:
    (tmp_path / directory).mkdir()
    path = tmp_path / directory / "config.yaml"
    path.write_text("protocol: http2\n")
    run = _configs(stub, tmp_path / "none")
    given(run, connector_process, Process(7, ("cloudflared",), {"HOME": str(tmp_path)}, 1))
    assert run.get(cloudflared_local_config).told == f"{path} sets protocol"


def test_a_file_among_the_arguments(stub: StubHost, tmp_path: Path) -> None:
    usual = tmp_path / "usual.yml"
    usual.write_text("protocol: http2\n")
    seen = _configs(stub, usual, words=("c", "--config=/x.yml", "tunnel")).get(cloudflared_local_config)
    assert (seen.in_force, seen.told) == (True, "the process runs with --config /x.yml")


def test_only_the_first_file_at_a_usual_place_counts(stub: StubHost, tmp_path: Path) -> None:
    first, second = tmp_path / "1.yml", tmp_path / "2.yml"
    first.write_text("loglevel: debug\n")
    second.write_text("protocol: http2\n")
    seen = _configs(stub, first, second).get(cloudflared_local_config)
    assert (seen.in_force, seen.others) == (False, (str(first), str(second)))
    first.unlink()
    assert _configs(stub, first, second).get(cloudflared_local_config).told == f"{second} sets protocol"


def test_files_are_looked_at_though_nothing_runs(stub: StubHost, tmp_path: Path) -> None:
    run = _configs(stub, tmp_path / "none")
    given(run, connector_process, Unmet("cloudflared.active", "no"))
    assert not run.get(cloudflared_local_config).in_force


def test_a_place_that_we_may_not_look_at(plain: StubHost) -> None:
    with pytest.raises(Unreachable, match="sudo -n stat"):
        _configs(plain, plain.bin.parent / "closed/.cloudflared/config.yml").get(cloudflared_local_config)

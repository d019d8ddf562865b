"""Which program the unit starts, whether it is safe to ask, and what tells its version: on a host of recordings."""

from collections.abc import Mapping
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.binary import Binary, cloudflared_binary, cloudflared_version
from spark_conformance.host.connector import Connector, connector
from spark_conformance.host.files import HostFile
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.units import cloudflared_unit, parse
from spark_conformance.host.way import connector_container
from tests.host.recorded import Recorded, Said, seen_on, started
from tests.host.test_containers import recorded

AT = "/usr/local/bin/cloudflared"
SAYS = "cloudflared version 2026.8.2 (built 2026-08-20T10:01:22Z)"
UNIT = parse("LoadState=loaded\nActiveState=active\nMainPID=7", "cloudflared.service")
STOPPED = Unmet("cloudflared.active", "no")


def program(mode: str = "0755", path: str = AT) -> HostFile:
    return HostFile(path, "read", mode, 7, b"", "root", "root")


def run_of(
    command: str,
    says: Mapping[str, Said] | None = None,
    files: Mapping[str, str | HostFile] | None = None,
    *more: str,
    process: object = None,
    running: object = STOPPED,
) -> Run:
    said: dict[str, Said] = {"systemctl show": started(command, *more), "test -x": "", **(says or {})}
    found: dict[str, str | HostFile] = {AT: program(), **(files or {})}
    seen: dict[Any, Any] = {
        cloudflared_unit: UNIT,
        connector_process: process or Process(7, ("c",), None, 1),
        connector: running,
    }
    return seen_on(Recorded(said, found), seen)


@pytest.mark.parametrize(
    ("path", "leads_to", "mode", "ours", "safe"),
    [
        (AT, AT, "0755", True, True),
        (AT, "/opt/cloudflared", "0755", True, True),
        ("/usr/bin/cloudflared", "/opt/cloudflared-linux-arm64", "0755", True, False),
        ("/usr/bin/tunnel", AT, "0755", True, False),
        (AT, AT, "0775", True, False),
        (AT, AT, "0757", True, False),
        (AT, AT, "0755", False, False),
    ],
)
def test_only_a_cloudflared_that_nobody_else_may_change_is_asked(
    path: str, leads_to: str, mode: str, ours: bool, safe: bool
) -> None:
    assert Binary(path, leads_to, mode, "root", True, ours).is_cloudflared is safe


@pytest.mark.parametrize(
    ("process", "own", "path"),
    [
        (Process(7, ("c",), {"PATH": "/of/process"}, 1), "/of/unit", "/of/process"),
        (Process(7, ("c",), {"PATH": ""}, 1), "/of/unit", "/of/unit"),
        (Process(7, ("c",), None, 1), "/of/unit", "/of/unit"),
        (STOPPED, "/of/unit", "/of/unit"),
        (Unreachable("hidepid", "closed"), "/of/unit", "/of/unit"),
        (STOPPED, "", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ],
)
def test_a_name_without_a_path_is_looked_up_where_the_service_does(process: object, own: str, path: str) -> None:
    more = [f"Environment=PATH={own}"] if own else []
    looks = {f"PATH={path} command -v -- cloudflared": f"{AT}\n"}
    run = run_of("/bin/sh -c exec cloudflared tunnel run", looks, None, *more, process=process)
    assert run.get(cloudflared_binary).path == AT


@pytest.mark.parametrize("link", [AT, f"{AT} (deleted)"])
def test_what_a_wrapper_runs_is_known_by_its_process(link: str) -> None:
    run = run_of("/opt/start.sh", {"readlink -- /proc/7/exe": f"{link}\n", "readlink -f": ""})
    seen = run.get(cloudflared_binary)
    assert (seen.path, seen.leads_to, seen.ours_to_run) == (AT, AT, True)


def test_a_name_that_the_path_does_not_find_is_known_by_its_process() -> None:
    run = run_of("/bin/sh -c exec cloudflared run", {"command -v": "", "readlink -- /proc/7/exe": AT})
    assert run.get(cloudflared_binary).path == AT


@pytest.mark.parametrize(("user", "groups", "may"), [("tunnel", "tunnel staff", True), ("tunnel", "tunnel", False)])
def test_the_services_user_must_be_able_to_execute_it(user: str, groups: str, may: bool) -> None:
    file = HostFile(AT, "read", "0750", 7, b"", "root", "staff")
    run = run_of(f"{AT} run", {"id -Gn -- tunnel": groups}, {AT: file}, f"User={user}")
    assert run.get(cloudflared_binary).executable is may


def test_where_there_is_no_unit_the_documented_program_is_roots_to_run() -> None:
    there = Recorded({"test -x": (1, "", "")}, {AT: program("0744")})
    run = seen_on(there, {cloudflared_unit: Unmet("cloudflared.unit", "absent")}, cloudflared__binary=AT)
    assert run.get(cloudflared_binary) == Binary(AT, AT, "0744", "root", True, False)


RUNS = Connector("", "", 4, None, "2026.8.2-rc1")


@pytest.mark.parametrize(
    ("said", "running", "installed", "known"),
    [
        (SAYS, RUNS, "2026.8.2", ("2026.8.2",)),
        ((0, "", SAYS), STOPPED, "2026.8.2", ("2026.8.2",)),
        ("cloudflared version DEV (built unknown)", RUNS, None, ("2026.8.2",)),
        ("exec format error", STOPPED, "", ("",)),
        ("", STOPPED, "", ("",)),
    ],
)
def test_both_versions(said: Said, running: object, installed: str | None, known: tuple[str, ...]) -> None:
    run = run_of(f"{AT} run", {"--version": said, "readlink -- /proc/7/exe": AT}, running=running)
    seen = run.get(cloudflared_version)
    assert (seen.installed, seen.known) == (installed, known)


def test_a_program_that_is_not_asked_is_said_to_be_none_of_ours() -> None:
    says: dict[str, Said] = {"test -x": (1, "", ""), "readlink -f": "/opt/cloudflared\n", "readlink --": AT}
    with pytest.raises(Unreachable) as untold:
        run_of(f"{AT} run", says).get(cloudflared_version)
    assert untold.value.sentence == (
        f"the version of cloudflared is not known: its metrics server does not say it, and {AT} is not run to find "
        "out: it leads to /opt/cloudflared, of root, mode 0755, and only a program named cloudflared, which root alone "
        "may change, is"
    )


def test_a_process_that_is_not_seen_is_not_taken_for_one_whose_file_was_replaced() -> None:
    run = run_of(f"{AT} run", {"--version": SAYS}, process=Unreachable("hidepid", "closed"))
    assert run.get(cloudflared_version).known == ("2026.8.2",)


def test_a_containers_version_is_not_known_where_neither_its_metrics_nor_its_log_say_it() -> None:
    there = Recorded({"docker logs": "2026-08-20T09:12:44Z INF Starting tunnel\n-- status 0\n"})
    seen = {connector_container: recorded("compose"), connector: NotApplicable("x")}
    run = seen_on(there, seen, cloudflared__unit=None, cloudflared__container="home-cloudflared-1")
    with pytest.raises(Unreachable, match="neither its metrics nor its log says it"):
        run.get(cloudflared_version)
    assert "| head -n 50" in there.commands[0]

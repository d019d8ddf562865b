"""cloudflared's unit on a host of recordings: what systemd shows of it, how it logs, what runs."""

from collections.abc import Mapping
from typing import Any

import pytest

from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.files import HostFile
from spark_conformance.host.log_settings import LogSettings, connector_log
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.restarts import cloudflared_restarts, ollama_restarts
from spark_conformance.host.runner_services import RunnerServices, runner_services
from spark_conformance.host.service import Service, cloudflared_service
from spark_conformance.host.service import parse as parse_service
from spark_conformance.host.service_state import service_state
from spark_conformance.host.units import Unit, cloudflared_unit, ollama_unit, parse, require_active
from spark_conformance.host.way import Way, connector_container, require_host, require_systemd, way_of
from tests.host.recorded import Recorded, hidden, seen_on, started
from tests.host.test_containers import recorded
from tests.host.test_service_recorded import run_of as service_run
from tests.host.test_unit_files import RUN, STOPPED, run_of

# --- what systemd shows


@pytest.mark.parametrize(
    ("shown", "user", "groups"),
    [("User=c", "c", ("c", "staff")), ("User=", "", ()), ("DynamicUser=yes", "cloudflared", ("c", "staff"))],
)
def test_a_services_user_and_its_groups(shown: str, user: str, groups: tuple[str, ...]) -> None:
    run = run_of(started(RUN, shown), says={"id -Gn": "c staff\n"})
    seen = run.get(cloudflared_service)
    assert (seen.user, seen.groups) == (user, groups)


def test_of_several_commands_the_last_is_the_services() -> None:
    seen = parse_service("a@b.service", f"{started('/bin/true x')}\n{started(RUN)}\nDynamicUser=yes\nUser=")
    assert (seen.words, seen.command, seen.user) == (tuple(RUN.split()), RUN, "a")
    one = started("/bin/true x").removeprefix("ExecStart=")
    both = parse_service("c.service", f"ExecStart={one} ; {started(RUN).removeprefix('ExecStart=')}\nDynamicUser=no")
    assert (both.command, both.user) == (RUN, "")


@pytest.mark.parametrize(
    ("shown", "log"),
    [
        ("StandardOutput=null\nStandardError=inherit", "null"), ("StandardOutput=null", "null"),
        ("StandardOutput=null\nStandardError=append", "append"), ("", "journal"),
    ],
)  # fmt: skip
def test_where_a_services_log_goes(shown: str, log: str) -> None:
    assert parse_service("c.service", shown).log == log


def test_a_services_variables_do_not_print() -> None:
    shown = parse_service("c.service", started(f"{RUN} canary-1", "Environment=A=canary-2"))
    assert "canary" not in repr(shown)
    assert "canary" not in repr(Process(7, ("canary",), {"A": "canary"}, 1, (("canary",),)))
    assert Service("c", (), {}).log == "journal"


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("ActiveState=active\nSubState=running\nExecMainStartTimestamp=today", "active (running) since today"),
        ("ActiveState=failed\nSubState=failed\nExecMainStartTimestamp=today", "failed (failed), last started today"),
        ("ActiveState=inactive\nSubState=dead", "inactive (dead)"),
    ],
)
def test_a_units_state_in_words(shown: str, told: str) -> None:
    assert parse(shown, "c.service").state == told
    assert parse("Id=d.service\nNRestarts=3\nMainPID=4\nNeedDaemonReload=no", "c").name == "d.service"


@pytest.mark.parametrize(
    ("own", "usual", "found"),
    [
        ("LoadState=loaded\nId=a.service", "LoadState=loaded\nId=ollama.service", "a.service"),
        ("LoadState=not-found", "LoadState=loaded\nId=ollama.service", "ollama.service"),
        ("LoadState=masked", "LoadState=not-found", "a.service: masked"),
        ("LoadState=", "LoadState=", "a.service: unknown"),
    ],
)
def test_the_usual_unit_stands_in_for_one_of_a_wrong_name(own: str, usual: str, found: str) -> None:
    there = Recorded({"-- a.service": own, "-- ollama.service": usual})
    run = seen_on(there, ollama__unit="a.service")
    if ":" in found:
        with pytest.raises(Unmet) as unmet:
            run.get(ollama_unit)
        assert (unmet.value.observed, unmet.value.note) == (found, "`systemctl status a.service` on the host says more")
    else:
        assert run.get(ollama_unit).name == found


def test_where_no_unit_is_stated_the_usual_one_is_looked_at() -> None:
    there = Recorded({"-- cloudflared.service": "LoadState=loaded\nId=cloudflared.service"})
    assert seen_on(there, cloudflared__unit=None).get(cloudflared_unit).name == "cloudflared.service"


@pytest.mark.parametrize(("shown", "told"), [("UnitFileState=static", "static"), ("UnitFileState=", "nothing")])
def test_whether_a_services_unit_comes_back_is_systemds_word(shown: str, told: str) -> None:
    run = service_run(
        Recorded({"systemctl show": f"LoadState=loaded\nActiveState=active\n{shown}"}), service__unit="a.service"
    )
    assert run.get(service_state).comes_back == f"systemd reports it as {told}"


def test_a_systemd_that_fails_though_it_prints() -> None:
    there = Recorded({"systemctl": (1, "LoadState=loaded", "no bus")})
    with pytest.raises(Unreachable, match="no bus; the suite looks at services through systemd"):
        seen_on(there, ollama__unit="a.service").get(ollama_unit)


def test_only_where_the_document_states_that_it_runs_a_stopped_service_hides_what_it_does() -> None:
    active = parse("ActiveState=active", "c.service")
    require_active(seen_on(Recorded()), active)
    with pytest.raises(Unmet) as unmet:
        require_active(seen_on(Recorded()), parse("ActiveState=inactive\nSubState=dead", "c.service"))
    assert unmet.value.note == "c.service is inactive (dead)"


# --- which way it runs


def test_which_way_it_runs_is_what_the_document_states() -> None:
    unit = seen_on(Recorded())
    container = seen_on(
        Recorded(), {connector_container: recorded("compose")}, cloudflared__unit=None, cloudflared__container="c"
    )
    assert (way_of(unit), way_of(container)) == (Way.SYSTEMD, Way.DOCKER)
    require_host(unit)
    require_host(container)
    require_systemd(unit)
    with pytest.raises(NotApplicable, match=r"^cloudflared runs in the container c, not as a unit of systemd's$"):
        require_systemd(container)
    assert way_of(seen_on(Recorded(), target__ssh=None)) is Way.SYSTEMD


# --- how it logs


def log_of(
    process: object, shown: str, files: Mapping[str, str | HostFile] | None = None, link: str = ""
) -> LogSettings:
    looks = {"readlink": link} if link else {}
    configs: dict[str, Any] = {"target__host": {"cloudflared_configs": ["/etc/cloudflared/config.yml"]}}
    return connector_log(run_of(started(RUN, shown), files, looks, process=process, **configs))


def test_what_is_told_of_a_log() -> None:
    quiet, own = {"TUNNEL_LOGLEVEL": "warn"}, {"TUNNEL_LOGDIRECTORY": "/var/log/c"}
    assert log_of(Process(7, ("c",), quiet, 1), "", link="socket:[4]") == LogSettings(
        "warn", "the variable TUNNEL_LOGLEVEL", "", ""
    )
    assert log_of(Process(7, ("c",), own, 1), "StandardError=null") == LogSettings("", "", "null", "/var/log/c")
    assert log_of(STOPPED, "Environment=TUNNEL_LOGLEVEL=error") == LogSettings(
        "error", "the variable TUNNEL_LOGLEVEL", "", ""
    )
    closed = {"/etc/cloudflared/config.yml": hidden()}
    assert log_of(Process(7, ("c",), {}, 1), "StandardError=journal+console", closed) == LogSettings("", "", "", "")
    both = Process(7, ("c", "--logfile", "/f"), own, 1)
    assert log_of(both, "StandardError=kmsg").file == "/f"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (LogSettings("info", "x", "", "/f"), ""),
        (LogSettings("warn", "x", "", ""),
         ("cloudflared logs at level warn, set by x, and reports its connections at level info: set --loglevel, or "
         "TUNNEL_LOGLEVEL, to info")),
        (LogSettings("warn", "x", "", "/f"),
         ("cloudflared logs at level warn, set by x, and reports its connections at level info: set --loglevel, or "
         "TUNNEL_LOGLEVEL, to info; it writes its log to /f as well")),
        (LogSettings("", "", "null", ""),
         ("its standard error does not go to the journal, but to null: look there, or remove StandardOutput= and "
         "StandardError= from the unit, and what redirects its output")),
        (LogSettings("panic", "x", "null", "/f"),
         ("its standard error does not go to the journal, but to null: look there, or remove StandardOutput= and "
         "StandardError= from the unit, and what redirects its output (at level panic, set by x, without a word of "
         "connections); it writes its log to /f as well")),
    ],
)  # fmt: skip
def test_why_a_journal_has_nothing_of_connections(settings: LogSettings, told: str) -> None:
    assert settings.told == told


# --- restarts, and runners


def test_restarts_are_weighed_against_the_bound_of_their_own_fact() -> None:
    few = parse("LoadState=loaded\nNRestarts=4", "cloudflared.service")
    bound = {"within_h": 12.0, "at_most": 4.0}
    run = seen_on(Recorded(), {cloudflared_unit: few}, cloudflared__restarts=bound)
    assert run.get(cloudflared_restarts).recent == 4
    shown = "ExecMainStartTimestampMonotonic=0\nInactiveExitTimestampMonotonic=1000000\n"
    there = Recorded({"systemctl show": shown, "/proc/uptime": "7201.00 5\n"})
    many: Unit = parse("LoadState=loaded\nNRestarts=9", "ollama.service")
    seen = seen_on(there, {ollama_unit: many}, ollama__restarts={"within_h": 1.0, "at_most": 4.0}).get(ollama_restarts)
    assert (seen.recent, seen.told) == (0, "systemd counts 9 since somebody started it, the last of them 2 hours ago")


def test_runners_that_are_services_of_the_host() -> None:
    at = "/etc/systemd/system/actions.runner.we-infra"
    there = Recorded({"ls -d": f"{at}.spark.service\n{at}.other.service\n"})
    assert seen_on(there).get(runner_services) == RunnerServices(
        ("actions.runner.we-infra.spark.service", "actions.runner.we-infra.other.service")
    )


# --- its process


def proc(pid: int, words: str, environment: str = "", stat: str = "") -> dict[str, str | HostFile]:
    return {
        f"/proc/{pid}/cmdline": words.replace(" ", "\0") + "\0",
        f"/proc/{pid}/environ": environment,
        f"/proc/{pid}/stat": stat or f"{pid} (c) S " + " ".join(["0"] * 18) + " 250 0",
    }


def test_what_a_process_and_its_children_have() -> None:
    files = {**proc(7, "/bin/sh -c x"), **proc(9, "/usr/bin/cloudflared tunnel run", "A=b=c\0odd\0"), "/proc/uptime":
             "102.5 1"}  # fmt: skip
    run = run_of(files=files, says={"walk 7": "9\nodd\n10\n"}, process=None)
    seen = run.get(connector_process)
    assert seen == Process(
        9, ("/usr/bin/cloudflared", "tunnel", "run"), {"A": "b=c"}, 100.0,
        (("/bin/sh", "-c", "x"), ("/usr/bin/cloudflared", "tunnel", "run")),
    )  # fmt: skip


def test_a_process_whose_environment_is_closed_has_none() -> None:
    files = {**proc(7, RUN), "/proc/7/environ": hidden()}
    seen = run_of(files=files, says={"walk": ""}, process=None).get(connector_process)
    assert (seen.environment, seen.age_s) == (None, None)


@pytest.mark.parametrize(
    ("cmdline", "now", "told"),
    [("", "7\n", "systemd says that it runs, and /proc/7/cmdline is read"), ("", "8\n", "systemd has 8 in its place")],
)
def test_a_process_without_a_command_line_is_not_seen(cmdline: str, now: str, told: str) -> None:
    run = run_of(files={"/proc/7/cmdline": cmdline}, says={"walk": "", "-p MainPID": now}, process=None)
    with pytest.raises(Unreachable, match=told):
        run.get(connector_process)

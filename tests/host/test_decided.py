"""What is made of what a host shows, decided without one: ages, counts, the connector among processes, permissions."""

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.expectations import Restarts
from spark_conformance.host import config_file, restarts
from spark_conformance.host.binary import BinaryVersion, may_execute
from spark_conformance.host.container_log import closed
from spark_conformance.host.container_token import _variables, token_path
from spark_conformance.host.containers import _published
from spark_conformance.host.files import HostFile
from spark_conformance.host.local_tunnel import _reference
from spark_conformance.host.machine import parse_values
from spark_conformance.host.process import Process, _unseen, age, connector_among, environment_of
from spark_conformance.host.recent import Recent, duration
from spark_conformance.host.restarts import counters, last_start, weigh
from spark_conformance.host.runner_services import RunnerServices
from spark_conformance.host.service import Service, _words
from spark_conformance.host.service_state import ServiceState
from spark_conformance.host.sudo_rules import Grant
from spark_conformance.host.sudo_rules import parse as parse_rules
from spark_conformance.host.token_holding import Found, taken_by
from spark_conformance.host.unit_files import as_loaded
from spark_conformance.host.units import Unit, parse
from spark_conformance.syntax.units import Command, UnitText
from tests.host.stubs import run_on
from tests.host.test_containers import recorded

SHELL, CLOUDFLARED, WRAPPER = ("/bin/sh", "-c", "x"), ("/usr/bin/cloudflared", "tunnel", "run"), ("/opt/tunnel", "x")

HIDEPID = (
    "it runs, and /proc shows others' processes to root alone (hidepid): allow the suite's user `sudo -n stat` and "
    "`sudo -n cat` of /proc/*, or put it into the group that the mount's gid= names (`findmnt /proc`)"
)


def unit(pid: int = 0, restarts: int = 0) -> Unit:
    return parse(f"LoadState=loaded\nActiveState=active\nNRestarts={restarts}\nMainPID={pid}", "x.service")


@pytest.mark.parametrize(
    ("family", "chosen"),
    [
        ({7: CLOUDFLARED}, 7),
        ({7: SHELL}, 7),
        ({7: SHELL, 8: CLOUDFLARED}, 8),
        ({7: SHELL, 8: SHELL, 9: CLOUDFLARED}, 9),
        ({7: SHELL, 8: ("/opt/renamed", "tunnel", "run")}, 8),
        ({7: SHELL, 8: ("/usr/bin/tee", "log"), 9: ("/opt/renamed", "tunnel")}, 9),
        ({7: SHELL, 8: ("/bin/bash", "tunnel")}, 7),
        ({7: WRAPPER, 8: CLOUDFLARED}, 8),
        ({7: WRAPPER, 8: ("/usr/bin/tee", "tunnel")}, 7),
        ({7: CLOUDFLARED, 8: CLOUDFLARED}, 7),
        ({7: WRAPPER, 8: CLOUDFLARED, 9: CLOUDFLARED}, 8),
        ({8: ("/usr/bin/tee", "tunnel")}, 7),
    ],
)
def test_the_connector_among_a_services_processes(family: dict[int, tuple[str, ...]], chosen: int) -> None:
    assert connector_among(7, family) == chosen


def test_since_when_a_process_runs() -> None:
    stat = "7 (a (b) c) S " + " ".join(["0"] * 18) + " 1250 0 0"
    assert age(stat, "100.5 3.2\n") == 88.0
    assert age(stat, "") is age("", "100") is age("7 (x) S 1", "100") is age(stat, "soon") is None


@pytest.mark.parametrize(
    ("now", "state", "why"),
    [
        ("9", "absent", "systemd has 9 in its place by now: run the checks again"),
        ("0", "absent", "systemd has none by now: run the checks again"),
        ("", "absent", "systemd has none by now: run the checks again"),
        ("7", "hidden", HIDEPID),
        ("7", "absent", "systemd says that it runs, and /proc/7/cmdline is absent: see `systemctl status x.service`"),
    ],
)  # fmt: skip
def test_why_a_process_is_not_seen(now: str, state: str, why: str) -> None:
    told = _unseen(unit(pid=7), HostFile("/proc/7/cmdline", state), now)  # type: ignore[arg-type] # one of its states
    assert told.sentence == f"the main process of x.service (7) cannot be inspected: {why}"


def test_an_environment_that_is_closed_is_told() -> None:
    assert environment_of(Process(7, (), {"A": "b"}, None)) == {"A": "b"}
    with pytest.raises(Unreachable) as closed:
        environment_of(Process(7, (), None, None))
    assert closed.value.sentence == (
        "the environment of process 7 is closed to the suite's user: allow it `sudo -n cat` of /proc/*/environ, or let "
        "the suite log in as root"
    )


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "0 seconds"), (119.4, "119 seconds"), (120, "2 minutes"), (7199, "120 minutes"), (7200, "2 hours"),
        (172799, "48 hours"), (172800, "2 days"), (8640000, "100 days"),
    ],
)  # fmt: skip
def test_a_span_of_time_in_words(seconds: float, told: str) -> None:
    assert duration(seconds) == told


@pytest.mark.parametrize(
    ("ago_s", "up_s", "logged", "seen"),
    [
        (86401, None, None, Recent(0, 9, "systemd counts 9 since somebody started it, the last of them 24 hours ago")),
        (86400, 86400, None, Recent(9, 9, "systemd counts 9 since somebody started it, the last of them 24 hours ago")),
        (None, 60, None, Recent(9, 9, "systemd counts 9 since somebody started it")),
        (None, 86401, (4, False), Recent(4, 9, "systemd counts 9 since somebody started it")),
        (None, None, (1, True), Recent(1, 9, "systemd counts 9 since somebody started it")),
        (None, None, (3, False), None),
        (None, None, (0, True), None),
    ],
)
def test_how_many_restarts_were_of_late(
    monkeypatch: pytest.MonkeyPatch, ago_s: float | None, up_s: float | None, logged: tuple[int, bool] | None,
    seen: Recent | None,
) -> None:  # fmt: skip
    monkeypatch.setattr(restarts, "_logged", lambda *_: logged)
    if seen is not None:
        assert weigh(None, unit(restarts=9), Restarts(at_most=3), ago_s, up_s) == seen
        return
    with pytest.raises(Unreachable) as untold:
        weigh(None, unit(restarts=9), Restarts(at_most=3), ago_s, up_s)
    assert untold.value.sentence == (
        "x.service: systemd counts 9 since somebody started it; how many of them within 24 hours, the journal does not "
        "show us (`journalctl -u x.service -t systemd`): let the suite's user into the group systemd-journal, and see "
        "LogLevel= in system.conf"
    )


def test_when_a_unit_was_last_started_is_the_later_of_two() -> None:
    both = "ExecMainStartTimestampMonotonic=2000000\nInactiveExitTimestampMonotonic=1000000\nodd"
    assert last_start(both, "10 5") == 8.0
    assert last_start(both.replace("=2", "=x"), "10") == 9.0
    assert last_start("ExecMainStartTimestampMonotonic=0", "10") is None
    assert last_start(both, "1.5") == 0.0
    assert last_start(both, "") is last_start("", "10") is None
    assert counters(["restart counter is at 1.", "x", "its restart counter is at 12", "restart counter is at"]) == 2


@pytest.mark.parametrize(
    ("user", "mode", "may"),
    [
        ("", "0001", True), ("root", "0100", True), ("0", "0010", True), ("root", "0644", False),
        ("me", "0100", True), ("me", "0011", False), ("of_group", "0010", True), ("of_group", "0101", False),
        ("other", "0001", True), ("other", "0110", False),
    ],
)  # fmt: skip
def test_who_may_execute_a_program(user: str, mode: str, may: bool) -> None:
    file = HostFile("/x", "read", mode=mode, owner="me", group="staff")
    assert may_execute(file, user, ("staff",) if user == "of_group" else ("users",)) is may


@pytest.mark.parametrize(
    ("words", "tunnel"),
    [
        ("tunnel run spark", "spark"), ("tunnel run", ""), ("tunnel spark", ""), ("tunnel run --token x", ""),
        ("tunnel run --protocol=quic spark", "spark"), ("tunnel run --no-autoupdate", ""), ("run", ""), ("", ""),
    ],
)  # fmt: skip
def test_the_tunnel_that_arguments_name(words: str, tunnel: str) -> None:
    assert _reference(words.split()) == tunnel


def test_a_runner_is_known_by_the_end_of_its_unit() -> None:
    found = RunnerServices(("actions.runner.we-infra.Spark.service",))
    assert found.has("spark")
    assert found.has("SPARK")
    assert not found.has("park")
    assert not RunnerServices(()).has("spark")


def test_values_of_a_release_file() -> None:
    text = "# NAME=x\n NAME = \" a b\" \nODD\nV='1.2'\nDGX_SERIAL_NUMBER=7\nE=\nU=a=b\n"
    assert parse_values(text) == {"NAME": " a b", "V": "1.2", "E": "", "U": "a=b"}


def test_where_docker_shows_no_lines_the_driver_is_told() -> None:
    found = recorded("compose")
    driver = found.container.log_driver
    start = f"`docker logs {found.container.name}` on the host shows nothing of its start: "
    end = (
        f"; its log driver is {driver} (`docker inspect`, HostConfig.LogConfig). Use a driver that keeps enough lines "
        "to read (local, json-file, journald), or start the container anew"
    )
    assert closed(found, "").sentence == f"{start}no line{end}"
    assert closed(found, "it is closed").sentence == f"{start}it is closed{end}"


def test_the_first_configuration_file_decides_whether_they_may_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    run = run_on(None)
    read, hidden, absent = HostFile("/read", "read"), HostFile("/hidden", "hidden"), HostFile("/absent", "absent")
    looked = [read, hidden]
    monkeypatch.setattr(config_file, "_looked", lambda *_: looked)
    assert config_file.config_files(run, (), {}) == (read, hidden)
    looked[:] = [absent, hidden, read]
    with pytest.raises(Unreachable) as told:
        config_file.config_files(run, (), {})
    assert told.value.sentence == (
        "the suite's user may not look at /hidden on the host: allow it `sudo -n stat` and `sudo -n cat`, or let the "
        "suite log in as root"
    )
    looked[:] = [absent]
    assert config_file.config_files(run, (), {}) == ()


@pytest.mark.parametrize(
    ("command", "path", "words"),
    [
        ("/c tunnel 'a b'", "/c", ("/c", "tunnel", "a b")),
        ("name tunnel", "/c", ("/c", "tunnel")),
        ("/x /c", "/c", ("/c", "/c")),
        ("", "", ()),
        ("x", "", ()),
    ],
)
def test_a_commands_words_begin_with_its_program(command: str, path: str, words: tuple[str, ...]) -> None:
    assert _words(path, command) == words


def test_rules_of_sudo_are_parted_by_commas() -> None:
    listing = "\n    (root) NOPASSWD: /bin/a ,  !/bin/b\\, x , PASSWD: /bin/c\n    (me) /bin/d\n"
    assert parse_rules(listing).grants == (
        Grant("/bin/a", password=False),
        Grant("/bin/b, x", password=False, negated=True),
        Grant("/bin/c", password=True),
    )


def given_by(words: str, environment: dict[str, str] | None) -> Found | None:
    return taken_by(run_on(None, cloudflared__unit=None), Process(7, tuple(words.split()), environment, None))


def test_where_a_process_has_its_token_from() -> None:
    assert given_by("c tunnel run --token x", None) == Found("the argument --token", "x")
    assert given_by("c tunnel run", {"TUNNEL_TOKEN": "y"}) == Found("the variable TUNNEL_TOKEN", "y")
    assert given_by("c tunnel run --token-file /t", {"TUNNEL_TOKEN": ""}) == Found("the file /t", "", path="/t")
    assert given_by("c tunnel run", {"TUNNEL_TOKEN_FILE": "t"}) == Found("the file t", "", path="/proc/7/cwd/t")
    assert given_by("c --token= tunnel run --token-file /t", {}) == Found("the file /t", "", path="/t")
    assert given_by("c tunnel run --token-file /t", {"TUNNEL_TOKEN": "z"}) == Found("the variable TUNNEL_TOKEN", "z")


def test_a_container_reads_its_token_from_a_file_only_where_it_has_none() -> None:
    def path(*env: str) -> str | None:
        mounts = [{"Source": "/srv/t", "Destination": "/run/t"}]
        return token_path(recorded("compose", Config={"Env": list(env)}, Args=["tunnel", "run"], Mounts=mounts))

    assert path("TUNNEL_TOKEN_FILE=/run/t") == path("TUNNEL_TOKEN_FILE=/run/t", "TUNNEL_TOKEN=") == "/srv/t"
    assert path("TUNNEL_TOKEN_FILE=/run/t", "TUNNEL_TOKEN=x") is path() is None


def test_which_variables_hold_the_token_or_are_named_as_if() -> None:
    seen = recorded("compose", Config={"Env": ["A=x", "B=y", "TUNNEL_TOKEN=y", "MY_TUNNEL_TOKEN=x"]})
    assert _variables(seen, "y") == ("B", "TUNNEL_TOKEN")
    assert _variables(seen, "") == ("TUNNEL_TOKEN", "MY_TUNNEL_TOKEN")


def test_of_several_commands_that_read_alike_the_last_is_what_runs() -> None:
    first, last = Command("/c 'a b'", ("/c", "a b")), Command("/c a b", ("/c", "a", "b"))
    service = Service("x.service", ("/c", "loaded"), {}, command="/c a b")
    assert as_loaded(UnitText((first, last)), service).commands == (last,)
    assert as_loaded(UnitText(), service).commands == (Command("/c a b", ("/c", "loaded")),)


@pytest.mark.parametrize(
    ("version", "told"),
    [
        (BinaryVersion("2026.8.2", "2026.8.2", "x 2026.8.2"),
         "the running process is 2026.8.2; the file, which the next start runs, says: x 2026.8.2"),
        (BinaryVersion("2026.8.2", "2025.1", "v"),
         "the running process is 2025.1; the file, which the next start runs, says: v; restart the service to run it"),
        (BinaryVersion("", "2025.1", ""),
         "the running process is 2025.1; the file, which the next start runs, says: nothing"),
        (BinaryVersion(None, None, ""),
         "the running process does not say its version by /metrics; the file, which the next start runs, was not run"),
        (BinaryVersion(None, "2025.1", "", "cf:1"), "the container runs 2025.1, of the image cf:1"),
        (BinaryVersion(None, None, "", "cf:1"), "the container runs an unknown version, of the image cf:1"),
    ],
)  # fmt: skip
def test_which_version_runs_and_which_would(version: BinaryVersion, told: str) -> None:
    assert version.told == told


def test_versions_are_named_each_once() -> None:
    assert BinaryVersion("1", "1", "").named == "1"
    assert BinaryVersion("1", "", "").named == "1 and no version"
    assert BinaryVersion(None, None, "").known == ()


def test_a_unit_that_has_ended_and_stays_active_tells_nothing() -> None:
    assert ServiceState("x.service", active=True, told="active", enabled=True, comes_back="").runs
    assert not ServiceState("x.service", active=False, told="failed", enabled=True, comes_back="").runs
    with pytest.raises(Unreachable, match=r"x\.service"):
        _ = ServiceState("x.service", active=True, told="exited", enabled=True, comes_back="", ended=True).runs


def test_ports_of_a_container_are_told_by_where_they_answer() -> None:
    ports = {
        "1/tcp": [{"HostIp": "::", "HostPort": "10"}, {"HostIp": "", "HostPort": "10"}, "odd"],
        "2/tcp": [{"HostIp": "192.0.2.1", "HostPort": "20"}, {"HostIp": "2001:db8::1", "HostPort": "20"}],
        "3/tcp": None,
    }
    assert _published({"Ports": ports}) == {
        "1/tcp": ("127.0.0.1:10",), "2/tcp": ("192.0.2.1:20", "[2001:db8::1]:20"),
    }  # fmt: skip

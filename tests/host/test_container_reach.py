"""A container's log, network, restarts and token, on a host of recordings: boundaries, and what nobody tells."""

from datetime import UTC, datetime
from typing import Any

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.facts.expectations import Restarts
from spark_conformance.host.complaints import connection_complaint
from spark_conformance.host.connector import connector
from spark_conformance.host.container_log import closed, moment_now
from spark_conformance.host.container_metrics import addresses_of, inside, what_to_do
from spark_conformance.host.container_restarts import container_restarts
from spark_conformance.host.container_token import files_of_token, installed_in_container
from spark_conformance.host.files import HostFile
from spark_conformance.host.journal import cloudflared_journal
from spark_conformance.host.process import connector_process
from spark_conformance.host.recent import Recent
from spark_conformance.host.way import connector_container
from tests.host.recorded import Recorded, Said, seen_on
from tests.host.test_containers import recorded
from tests.host.tokens import token

NOW = datetime(2026, 8, 27, 12, tzinfo=UTC).timestamp()
HOUR_S = 3600


def run_of(there: Recorded, **changes: Any) -> Run:
    seen = {connector_container: recorded("compose", **changes)}
    return seen_on(there, seen, cloudflared__unit=None, cloudflared__container="home-cloudflared-1")


def at(ago_s: float) -> str:
    return datetime.fromtimestamp(NOW - ago_s, UTC).isoformat()


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2026-08-27T12:00:00.123456789Z\n", "2026-08-27T12:00:00.123456789Z"),
        ("2026-08-27T12:00:00.%NZ\n", "2026-08-27T12:00:00Z"),  # busybox 1.37 in Debian 13
        ("2026-08-27T12:00:00.NZ", "2026-08-27T12:00:00Z"),
        ("", None),
        (" \n", None),
        ((1, "2026", "date: closed"), None),
    ],
)
def test_what_time_it_is_there(said: Said, moment: str | None) -> None:
    there = Recorded({"date": said})
    if moment is None:
        with pytest.raises(Unreachable, match="the host does not say what time it is"):
            moment_now(there)
    else:
        assert moment_now(there) == moment
    assert there.options == [{"fresh": True}]


def test_a_log_without_a_known_driver_names_none() -> None:
    assert "driver is" not in closed(recorded("compose", HostConfig={}), "").sentence


@pytest.mark.parametrize(
    ("told", "addresses"),
    [
        ("10.0.0.1:7", ("10.0.0.1:7",)),
        ("0.0.0.0:20242", ("127.0.0.1:20242",)),
        (":20242", ("127.0.0.1:20242",)),
        ("", tuple(f"127.0.0.1:{port}" for port in range(20241, 20246))),
        ("localhost:0", tuple(f"127.0.0.1:{port}" for port in range(20241, 20246))),
    ],
)
def test_where_to_ask_within_its_network(told: str, addresses: tuple[str, ...]) -> None:
    one = recorded("compose").container
    assert inside(one, told) == ("sudo -n nsenter -t 48213 -n ", addresses)


def test_an_address_of_six_is_asked_in_brackets() -> None:
    networks = {"Networks": {"six": {"IPAddress": "fd00::2"}}}
    one = recorded("compose", NetworkSettings=networks).container
    assert addresses_of(one, "[::]:7") == ("[fd00::2]:7",)
    asked = "the container home-cloudflared-1 was asked at {}, and its own network may not be entered: "
    assert what_to_do(one, ("[fd00::2]:7", "x:1")).startswith(asked.format("[fd00::2]:7, x:1"))
    assert what_to_do(one, ()).startswith(asked.format("no address"))


def test_in_the_hosts_own_network_there_is_no_other_to_enter() -> None:
    there = Recorded({"curl": (7, "\n000 0.0", "curl: (7) Failed to connect"), "docker logs": "x\n-- status 0\n"})
    with pytest.raises(Unmet) as unmet:
        run_of(there, HostConfig={"NetworkMode": "host"}).get(connector)
    assert unmet.value.note.startswith(
        "no metrics server in the container home-cloudflared-1 answers: http://127.0.0.1:20241/ready: Failed to connect"
    )
    assert not any("nsenter" in command for command in there.commands)


DAY = Restarts(at_most=2, within_h=24)
DOCKER = "docker counts 9 since somebody started it"


@pytest.mark.parametrize(
    ("count", "started_ago_s", "made_ago_s", "events", "seen"),
    [
        (2, 60, 99 * HOUR_S, "", Recent(2, 2, "")),
        (9, 24 * HOUR_S + 1, 99 * HOUR_S, "", Recent(0, 9, f"{DOCKER}, the last of them 24 hours ago")),
        (9, 24 * HOUR_S, 24 * HOUR_S, "", Recent(9, 9, f"{DOCKER}, the last of them 24 hours ago")),
        (9, -5, 24 * HOUR_S, "", Recent(9, 9, f"{DOCKER}, the last of them 0 seconds ago")),
        (9, 600, 24 * HOUR_S + 1, "1\n2\n3\n", Recent(3, 9, f"{DOCKER}, the last of them 10 minutes ago")),
        (9, 600, None, "1\n" * 12, Recent(9, 9, f"{DOCKER}, the last of them 10 minutes ago")),
        (9, 600, 25 * HOUR_S, "1\n2\n", "docker counts 9 .* 10 minutes ago; how many of them within 24 hours"),
        (9, 600, 25 * HOUR_S, (1, "1\n2\n3\n", "it is closed"), r"10 minutes ago \(it is closed\); how many"),
        (9, None, 25 * HOUR_S, "1\n2\n3\n", "since somebody started it; how many of them within 24 hours"),
        (None, 60, 60, "", r"does not count the restarts of home-cloudflared-1 \(RestartCount\)"),
    ],
)
def test_when_docker_started_it_anew(
    count: int | None, started_ago_s: float | None, made_ago_s: float | None, events: Said, seen: Recent | str
) -> None:
    state = {"Status": "running", "StartedAt": "" if started_ago_s is None else at(started_ago_s)}
    made = "" if made_ago_s is None else at(made_ago_s)
    found = recorded("compose", RestartCount=count, State=state, Created=made)
    there = Recorded({"date +%s": f"{NOW:.0f}\n", "docker events": events})
    if isinstance(seen, Recent):
        assert container_restarts(there, found, DAY) == seen
    else:
        with pytest.raises(Unreachable, match=seen):
            container_restarts(there, found, DAY)
    asked = [command for command in there.commands if "events" in command]
    assert not asked or f"--since {NOW - 24 * HOUR_S:.0f} --until {NOW:.0f} --filter container=9f1c" in asked[0]
    assert all(options == {"fresh": True} for options in there.options)


def test_events_that_are_not_told_are_none() -> None:
    found = recorded(
        "compose", RestartCount=1, State={"Status": "running", "StartedAt": at(60)}, Created=at(99 * HOUR_S)
    )
    there = Recorded({"date +%s": f"{NOW:.0f}", "docker events": (1, "", "it is closed")})
    with pytest.raises(Unreachable, match=r"60 seconds ago \(it is closed\)"):
        container_restarts(there, found, Restarts(at_most=0, within_h=24))


def test_a_host_that_does_not_say_what_time_it_is_leaves_its_restarts_open() -> None:
    with pytest.raises(Unreachable, match="docker counts 9 since somebody started it; how many"):
        container_restarts(Recorded({"date": "soon"}), recorded("compose", RestartCount=9), DAY)


@pytest.mark.parametrize(
    ("date", "started", "age_s"),
    [(f"{NOW:.0f}\n", at(90), 90.0), ("soon", at(90), None), (f"{NOW:.0f}", "", None)],
)
def test_how_old_its_process_is(date: str, started: str, age_s: float | None) -> None:
    there = Recorded({"date +%s": date})
    run = run_of(there, State={"Status": "running", "Pid": 9, "StartedAt": started})
    seen = run.get(connector_process)
    assert (seen.pid, seen.age_s, seen.words[-1]) == (9, age_s, "run")
    assert there.options == [{"fresh": True}]


def test_one_that_was_never_started_has_logged_nothing() -> None:
    with pytest.raises(NotApplicable, match="home-cloudflared-1 was never started"):
        run_of(Recorded(), State={"Status": "created"}).get(connection_complaint)


CLOSED_LOG = "Error response from daemon: configured logging driver does not support reading"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (f"x\n{CLOSED_LOG}\n-- status 1\n", f"shows nothing of its start: {CLOSED_LOG}; its log driver"),
        ("-- status 0\n", "shows nothing of its start: no line; its log driver"),
    ],
)
def test_a_log_that_is_closed_hides_its_complaints(said: str, told: str) -> None:
    with pytest.raises(Unreachable) as untold:
        run_of(Recorded({"docker logs": said})).get(connection_complaint)
    assert told in untold.value.sentence


@pytest.mark.parametrize(
    ("said", "lines"),
    [("INF Starting metrics server on [::]:20241/metrics\n7\n-- status 0\n", 7),
     ("INF Starting metrics server on [::]:20241/metrics\nmany\n-- status 0\n", 0)],
)  # fmt: skip
def test_what_it_logged_is_counted(said: str, lines: int) -> None:
    there = Recorded({"docker logs": said})
    seen = run_of(there).get(cloudflared_journal)
    assert there.options == [{"fresh": True}], "it logs on"
    assert (seen.lines, seen.metrics_address, seen.registrations) == (lines, "[::]:20241", ())
    assert seen.invocation == "2026-08-20T09:12:44.402871123Z"


# --- its token


MOUNT = [{"Source": "/srv/cf", "Destination": "/etc/cloudflared"}]
LABELS = {"com.docker.compose.project.working_dir": "/srv/home"}


def held(files: dict[str, str | HostFile], *env: str, words: tuple[str, ...] = ()) -> Run:
    config = {"Env": list(env), "Labels": LABELS}
    return run_of(Recorded(files=files), Config=config, Args=["tunnel", "run", *words], Mounts=MOUNT)


@pytest.mark.parametrize(
    ("files", "env", "words", "place", "found"),
    [
        ({}, "A=x", (), "the container", ""),
        ({"/srv/cf/config.yml": f"token: {token()}"}, "A=x", (),
         "the setting token of its configuration file", token()),
        ({"/srv/cf/config.yml": "token-file: /etc/cloudflared/t", "/srv/cf/t": f"{token()}\n"}, "A=x", (),
         "the file /srv/cf/t", token()),
        ({"/srv/cf/config.yml": "credentials-file: /c.json"}, "A=x", (),
         "the setting credentials-file of its configuration file, by which it runs without a token", ""),
        ({"/srv/cf/config.yml": f"token: {token()}"}, "TUNNEL_TOKEN=", (), "the variable TUNNEL_TOKEN", ""),
        ({"/srv/cf/t": token()}, "TUNNEL_TOKEN_FILE=/etc/cloudflared/t", (), "the file /srv/cf/t", token()),
        ({"/srv/cf/t": token()}, "TUNNEL_TOKEN=", ("--token-file", "/etc/cloudflared/t"), "the file /srv/cf/t",
         token()),
        ({"/srv/cf/t": token()}, f"TUNNEL_TOKEN={token('b')}", ("--token-file", "/etc/cloudflared/t"),
         "the variable TUNNEL_TOKEN", token("b")),
        ({}, "TUNNEL_TOKEN_FILE=/etc/cloudflared/t", (), "the file /srv/cf/t, which is not there", ""),
    ],
)  # fmt: skip
def test_where_a_containers_token_comes_from(
    files: dict[str, str | HostFile], env: str, words: tuple[str, ...], place: str, found: str
) -> None:
    seen = installed_in_container(held(files, env, words=words))
    assert (seen.place, seen.token.reveal()) == (place, found)


def test_the_files_that_hold_a_containers_token() -> None:
    files: dict[str, str | HostFile] = {"/srv/cf/t": token(), "/srv/home/.env": f"TUNNEL_TOKEN={token()}"}
    run = held(files, "TUNNEL_TOKEN_FILE=/etc/cloudflared/t")
    assert [file.path for file in installed_in_container(run).files] == ["/srv/cf/t", "/srv/home/.env"]
    other = held({"/srv/home/.env": f"TUNNEL_TOKEN={token('b')}"}, f"TUNNEL_TOKEN={token()}")
    assert installed_in_container(other).files == ()
    with pytest.raises(NotApplicable, match=r"\(the variable TUNNEL_TOKEN\) stands in no file on the host"):
        files_of_token(other, installed_in_container(other))


def test_a_file_of_composes_or_of_the_tokens_that_is_closed_to_us() -> None:
    hidden = held({"/srv/home/.env": HostFile("", "hidden")}, f"TUNNEL_TOKEN={token()}")
    with pytest.raises(Unreachable, match=r"may not read /srv/home/\.env on the host, where the token may stand"):
        files_of_token(hidden, installed_in_container(hidden))
    closed_file = held({"/srv/cf/t": HostFile("", "hidden")}, "TUNNEL_TOKEN_FILE=/etc/cloudflared/t")
    with pytest.raises(Unreachable, match="may not read /srv/cf/t on the host, where the token is"):
        installed_in_container(closed_file)

"""A cloudflared that runs in a container: what its facts are seen by, on a host whose `docker` prints recordings."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.checking import finding_of
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable, Verdict
from spark_conformance.facts.load import find, load
from spark_conformance.facts.model import needing
from spark_conformance.host.binary import cloudflared_binary, cloudflared_version
from spark_conformance.host.complaints import connection_complaint
from spark_conformance.host.connector import connector
from spark_conformance.host.connector_state import connector_state
from spark_conformance.host.container_metrics import addresses_of
from spark_conformance.host.drop_ins import cloudflared_drop_ins
from spark_conformance.host.installed_token import (
    cloudflared_token,
    cloudflared_token_in_argv,
    cloudflared_token_in_use,
    cloudflared_token_variables,
)
from spark_conformance.host.journal import cloudflared_journal
from spark_conformance.host.local_config import cloudflared_local_config
from spark_conformance.host.own_connector import own_connector
from spark_conformance.host.restarts import cloudflared_restarts
from spark_conformance.host.shown import cloudflared_token_shown
from spark_conformance.host.token_files import cloudflared_token_files
from spark_conformance.host.unit_copy import cloudflared_unit_copy
from spark_conformance.host.units import cloudflared_unit
from spark_conformance.host.watching import Watch
from tests.host.stubs import StubHost, run_on, web
from tests.host.test_connector import Metrics
from tests.host.test_containers import RECORDED, recorded
from tests.host.tokens import token

LOG = """\
2026-08-20T09:12:44Z INF Starting tunnel tunnelID=75a07d1a-0bc7-485f-86b2-ce676d7d1c35
2026-08-20T09:12:44Z INF Version 2026.8.2 (Checksum 8734f79dbdcb91e305fa48d837840c8c0d14f143ed390c516b86c2c292d9b368)
2026-08-20T09:12:44Z INF Starting metrics server on [::]:20241/metrics
2026-08-20T09:12:45Z INF Registered tunnel connection connIndex=0 connection=5c94b68c event=0 ip=198.41.192.67 \
location=fra03 protocol=quic
2026-08-20T09:12:45Z INF Registered tunnel connection connIndex=1 connection=fc4309e9 event=0 ip=198.41.200.53 \
location=fra08 protocol=http2
"""
REFUSED = (
    '2026-08-20T09:12:45Z ERR Register tunnel error from server side error="Unauthorized: Invalid tunnel secret"\n'
)
OF_SYSTEMD = (
    cloudflared_unit,
    cloudflared_unit_copy,
    cloudflared_drop_ins,
    cloudflared_binary,
    cloudflared_token_shown,
)


class Docker:
    """The stub's `docker`: one container, what it logs, and what else is asked of it."""

    def __init__(self, stub: StubHost, tmp_path: Path) -> None:
        self.stub, self.tmp_path = stub, tmp_path
        (self.said,) = json.loads((RECORDED / "compose.json").read_text())
        self.files(compose_files="/nowhere/compose.yaml")
        self.log(LOG)

    def files(self, *, compose_files: str) -> None:
        labels = self.said["Config"]["Labels"]
        labels["com.docker.compose.project.config_files"] = compose_files
        labels["com.docker.compose.project.working_dir"] = str(self.tmp_path)

    def env(self, *entries: str, command: tuple[str, ...] = ("--no-autoupdate", "tunnel", "run")) -> None:
        self.said["Config"]["Env"] = list(entries)
        self.said["Args"] = list(command)

    def state(self, **changes: Any) -> None:
        self.said["State"] |= changes

    def log(self, text: str, status: int = 0) -> None:
        (self.tmp_path / "log").write_text(text)
        self.logs = f"cat {self.tmp_path}/log; exit {status}"

    def run(self, events: str = "", **facts: Any) -> Run:
        inspected = self.tmp_path / "inspected.json"
        inspected.write_text(json.dumps([self.said]))
        self.stub.command(
            "docker",
            f'case "$*" in\ninspect*) cat {inspected} ;;\n"ps "*) : ;;\nlogs*) {self.logs} ;;\n'
            f"events*) printf '{events}' ;;\n*) exit 9 ;;\nesac",
        )
        stated = {"cloudflared__unit": None, "cloudflared__container": "home-cloudflared-1"}
        return run_on(self.stub, **stated, **facts)


@pytest.fixture
def docker(stub: StubHost, tmp_path: Path) -> Docker:
    return Docker(stub, tmp_path)


def test_it_runs_and_comes_back(docker: Docker) -> None:
    seen = docker.run().get(connector_state)
    assert (seen.active, seen.enabled, seen.comes_back) == (
        True,
        True,
        "the restart policy of home-cloudflared-1 is unless-stopped",
    )


def test_one_that_crashes_is_not_active_and_what_it_does_is_blocked(docker: Docker) -> None:
    docker.state(Status="restarting", Running=True, Pid=0, ExitCode=255)
    docker.log(REFUSED)
    run = docker.run()
    assert run.get(connector_state).told == "restarting (status 255)"
    for observe in (connector, cloudflared_journal, cloudflared_token_in_argv):
        with pytest.raises(Unmet, match=r"^no$") as unmet:
            run.get(observe)
        assert unmet.value.fact == "cloudflared.active"
    assert run.get(connection_complaint).kind == "secret"


@pytest.mark.parametrize("observe", OF_SYSTEMD)
def test_what_only_a_unit_has_is_not_applicable(docker: Docker, observe: Callable[[Run], Any]) -> None:
    with pytest.raises(NotApplicable, match="runs in the container home-cloudflared-1, not as a unit"):
        docker.run().get(observe)


def test_what_it_logged_since_its_start(docker: Docker) -> None:
    seen = docker.run().get(cloudflared_journal)
    assert list(seen.latest) == [0, 1]
    assert (seen.protocols, seen.metrics_address, seen.lines) == ("http2, quic", "[::]:20241", 5)


@pytest.mark.parametrize(
    ("said", "status"),
    [("Error response from daemon: configured logging driver does not support reading", 1), ("a line\n", 0)],
)
def test_a_log_that_tells_nothing_of_the_start(docker: Docker, said: str, status: int) -> None:
    docker.log(said, status)
    with pytest.raises(Unreachable, match="its log driver is json-file"):
        docker.run().get(cloudflared_journal)


def test_a_quiet_log_says_why(docker: Docker) -> None:
    docker.env("TUNNEL_LOGLEVEL=error")
    docker.log("a line\n")
    with pytest.raises(Unreachable, match="logs at level error, set by the variable TUNNEL_LOGLEVEL"):
        docker.run().get(cloudflared_journal)


@pytest.mark.parametrize(
    ("network", "told", "addresses"),
    [
        ("host", "[::]:20241", ("127.0.0.1:20241",)),
        ("host", "10.0.0.1:7", ("10.0.0.1:7",)),
        ("bridge", "[::]:20241", ("127.0.0.1:20241", "172.22.0.4:20241")),
        ("bridge", "0.0.0.0:7", ("172.22.0.4:7",)),
        ("bridge", "127.0.0.1:20241", ()),
        ("bridge", "", ("127.0.0.1:20241", *(f"172.22.0.4:{port}" for port in range(20241, 20246)))),
    ],
)
def test_where_its_metrics_are_asked(network: str, told: str, addresses: tuple[str, ...]) -> None:
    one = recorded("compose").container
    assert addresses_of(recorded("compose", HostConfig={"NetworkMode": network}).container, told) == addresses
    assert one.network == "home_default"


def test_a_published_port_answers(docker: Docker) -> None:
    with web(Metrics()) as address:
        docker.env("TUNNEL_METRICS=0.0.0.0:20241")
        port = {"HostIp": "127.0.0.1", "HostPort": address.rpartition(":")[2]}
        docker.said["NetworkSettings"] = {"Ports": {"20241/tcp": [port]}, "Networks": {}}
        seen = docker.run().get(connector)
    assert (seen.address, seen.ready_connections, seen.within) == (address, 4, "")


def test_its_own_loopback_is_asked_within_its_network(docker: Docker) -> None:
    docker.stub.command("sudo", 'shift; exec "$@"')
    docker.stub.command("nsenter", 'shift 3; exec "$@"')
    with web(Metrics()) as address:
        docker.env(f"TUNNEL_METRICS={address}")
        seen = docker.run().get(connector)
    assert (seen.ready_connections, seen.within) == (4, "sudo -n nsenter -t 48213 -n ")


def test_a_network_that_is_closed_to_us_is_told(docker: Docker) -> None:
    docker.env("TUNNEL_METRICS=127.0.0.1:1")
    with pytest.raises(
        Unreachable, match=r"publish that port on 127\.0\.0\.1, or allow the suite's user `sudo -n nsenter`"
    ):
        docker.run().get(connector)


def test_no_answer_in_its_own_network_is_none(docker: Docker) -> None:
    docker.stub.command("sudo", 'shift; exec "$@"')
    docker.stub.command("nsenter", 'shift 3; exec "$@"')
    docker.env("TUNNEL_METRICS=127.0.0.1:1")
    with pytest.raises(Unmet) as unmet:
        docker.run().get(connector)
    assert unmet.value.fact == "cloudflared.ready_connections"


def test_its_version_is_what_its_log_says_where_no_metrics_answer(docker: Docker) -> None:
    docker.env("TUNNEL_METRICS=127.0.0.1:1")
    seen = docker.run().get(cloudflared_version)
    assert seen.known == ("2026.8.2",)
    assert seen.told == "the container runs 2026.8.2, of the image cloudflare/cloudflared:2026.8.2"


def test_its_token_by_variable(docker: Docker) -> None:
    docker.env(f"TUNNEL_TOKEN={token()}")
    run = docker.run()
    seen = run.get(cloudflared_token)
    assert (seen.valid, seen.variables, seen.place) == (True, ("TUNNEL_TOKEN",), "the variable TUNNEL_TOKEN")
    assert run.get(cloudflared_token_variables).names == ("TUNNEL_TOKEN",)
    assert not run.get(cloudflared_token_in_argv).in_argv
    for observe in (cloudflared_token_in_use, cloudflared_token_files):
        with pytest.raises(NotApplicable):
            run.get(observe)


def test_its_token_by_argument(docker: Docker) -> None:
    docker.env(command=("tunnel", "run", "--token", token()))
    run = docker.run()
    assert run.get(cloudflared_token_in_argv).in_argv
    assert run.get(cloudflared_token).place == "the argument --token"


def test_the_files_of_compose_that_hold_its_token(docker: Docker) -> None:
    docker.env(f"TUNNEL_TOKEN={token()}")
    (docker.tmp_path / ".env").write_text(f"TUNNEL_TOKEN={token()}\n")
    (docker.tmp_path / ".env").chmod(0o644)
    seen = docker.run().get(cloudflared_token_files)
    assert [(file.path, file.mode) for file in seen.files] == [(f"{docker.tmp_path}/.env", "0644")]


def test_its_token_in_a_mounted_file(docker: Docker) -> None:
    file = docker.tmp_path / "token"
    file.write_text(f"{token()}\n")
    file.chmod(0o600)
    docker.said["Mounts"] = [{"Source": str(file), "Destination": "/run/secrets/token"}]
    docker.env("TUNNEL_TOKEN_FILE=/run/secrets/token")
    docker.state(StartedAt="2020-01-01T00:00:00Z")
    run = docker.run()
    assert run.get(cloudflared_token).valid
    assert [held.path for held in run.get(cloudflared_token_files).files] == [str(file)]
    assert not run.get(cloudflared_token_in_use).same


def test_a_token_in_the_image_is_out_of_sight(docker: Docker) -> None:
    docker.env("TUNNEL_TOKEN_FILE=/etc/token")
    with pytest.raises(Unreachable, match="/etc/token, which is in its image"):
        docker.run().get(cloudflared_token)


def test_a_configuration_that_is_mounted(docker: Docker) -> None:
    (docker.tmp_path / "config.yml").write_text("ingress: [{service: 'http_status:404'}]\n")
    docker.said["Mounts"] = [{"Source": str(docker.tmp_path), "Destination": "/home/nonroot/.cloudflared"}]
    seen = docker.run().get(cloudflared_local_config)
    assert seen.deciding == {f"{docker.tmp_path}/config.yml": ("ingress",)}


RESTARTED = {"within_h": 24.0, "at_most": 2.0}


@pytest.mark.parametrize(
    ("count", "hours_ago", "events", "recent"),
    [
        (2, (1, 48), "", 2),
        (9, (48, 200), "", 0),
        (9, (1, 2), "", 9),
        (9, (1, 200), r"1\n2\n3\n", 3),
        (9, (1, 200), r"1\n", None),
    ],
)
def test_its_restarts_of_late(
    docker: Docker, count: int, hours_ago: tuple[int, int], events: str, recent: int | None
) -> None:
    started, made = ((datetime.now(UTC) - timedelta(hours=hours)).isoformat() for hours in hours_ago)
    docker.said |= {"RestartCount": count, "Created": made}
    docker.state(StartedAt=started)
    run = docker.run(events, cloudflared__restarts=RESTARTED)
    if recent is None:
        with pytest.raises(Unreachable, match=r"docker counts 9 .* docker's events do not tell"):
            run.get(cloudflared_restarts)
    else:
        assert run.get(cloudflared_restarts).recent == recent


def test_without_a_host_nothing_of_it_applies() -> None:
    """What only the API and the edge tell of a connector needs neither SSH nor a fact about the host."""
    run = without_host()
    for observe in (own_connector, connector, cloudflared_journal, cloudflared_token, cloudflared_version, Watch):
        with pytest.raises(NotApplicable, match="states no host that cloudflared runs on"):
            observe(run)


def without_host(**stated: object) -> Run:
    """A system of which neither a host nor a fact on it is stated, but for these of cloudflared."""
    system = load(find("spark-291b"))
    left = needing("host.reachable", among=system.facts.all()) | {"host.reachable"}
    tables: dict[str, dict[str, object]] = {}
    for component, _, name in (fact.partition(".") for fact in left):
        tables.setdefault(component, {})[name] = None
    tables["cloudflared"] |= stated
    facts = {component: getattr(system.facts, component).model_copy(update=own) for component, own in tables.items()}
    changes = {
        "facts": system.facts.model_copy(update=facts),
        "target": system.target.model_copy(update={"ssh": None}),
    }
    return Run(system.model_copy(update=changes))


@pytest.mark.parametrize("name", ["active", "token_mode", "ready_connections", "enabled"])
def test_a_fact_on_the_host_is_stated_and_the_host_is_not(name: str) -> None:
    """Stated is never not applicable for want of a way there: a gate would pass what nobody looked at."""
    documented = load(find("spark-291b")).facts.cloudflared
    finding = finding_of(without_host(**{name: getattr(documented, name)}), f"cloudflared.{name}")
    assert (finding.verdict, finding.blocked_by) == (Verdict.BLOCKED, "host.reachable")
    assert "[target.ssh]" in finding.cause


def test_its_log_is_watched(docker: Docker) -> None:
    docker.log(REFUSED)
    watch = Watch(docker.run(ollama__unit=None))
    errors, requests = watch.journals()
    assert [error.level for error in errors or ()] == ["ERR"]
    assert requests is None

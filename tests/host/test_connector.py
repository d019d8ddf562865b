"""The connector's own metrics server, and what hangs on its answers."""

import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel import Tunnel, tunnel
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule, tunnel_config
from spark_conformance.cloudflare.tunnel_connections import Connector as AtEdge
from spark_conformance.cloudflare.tunnel_connections import EdgeConnection, TunnelConnections, tunnel_connections
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.connector import (
    Connector,
    as_fact,
    cloudflared_config_versions,
    connector,
    parse_config,
    parse_ready,
    parse_version,
)
from spark_conformance.host.curl import CurlReply
from spark_conformance.host.journal import ConnectorJournal, cloudflared_journal
from spark_conformance.host.ollama import OllamaModels, ollama_models
from spark_conformance.host.ollama_host_header import ollama_host_replay
from spark_conformance.host.own_connector import OwnConnector, own_connector
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.units import cloudflared_unit
from spark_conformance.host.units import parse as parse_unit
from tests.host.stubs import StubHost, given, run_on, web

READY = {"status": 200, "readyConnections": 4, "connectorId": "3f1d2d0a-52cc-4c3b-9d4b-6f1f7f0a1b2c"}
CONFIG = {
    "version": 4,
    "config": {
        "ingress": [
            {"hostname": "ollama.goldfish.io", "path": None, "service": "http://localhost:11434",
             "Handlers": None, "originRequest": {"connectTimeout": 30, "httpHostHeader": "localhost:11434"}},
            {"hostname": "", "path": None, "service": "http_status:404", "Handlers": None, "originRequest": {}},
        ],
        "warp-routing": {"connectTimeout": 5, "tcpKeepAlive": 30},
        "originRequest": {"connectTimeout": 30, "tlsTimeout": 10, "httpHostHeader": ""},
    },
}  # fmt: skip
METRICS = """# HELP build_info Build and version information
# TYPE build_info gauge
build_info{goversion="go1.24.13",revision="2026-08-20T10:01:22Z",type="",version="2026.8.2"} 1
# TYPE cloudflared_tunnel_total_requests counter
cloudflared_tunnel_total_requests 12
"""


class Metrics:
    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, Any]] = {"/ready": (200, READY), "/config": (200, CONFIG)}

    def __call__(self, path: str, _body: str, _headers: dict[str, str]) -> tuple[int, bytes]:
        status, said = self.answers.get(path, (200, METRICS))
        return status, said.encode() if isinstance(said, str) else json.dumps(said).encode()


def run_with(stub: StubHost, told: str = "", logged: str | None = None, state: str = "active", **facts: Any) -> Run:
    """A run whose connector was told, or said, where its metrics server is."""
    run = run_on(stub, **facts)
    given(run, cloudflared_unit, parse_unit(f"ActiveState={state}\nSubState=x", "cloudflared.service"))
    given(run, connector_process, Process(7, ("c", "tunnel"), {"TUNNEL_METRICS": told}, 1))
    given(run, cloudflared_journal, ConnectorJournal("5c2b", 1, (), logged))
    return run


def reply(body: object, status: int = 200) -> CurlReply:
    return CurlReply("", status, 0, "", (body if isinstance(body, str) else json.dumps(body)).encode())


def test_all_three_answers(stub: StubHost) -> None:
    with web(Metrics()) as address:
        seen = run_with(stub, told=address).get(connector)
    assert (seen.ready_connections, seen.connector_id) == (4, READY["connectorId"])
    assert (seen.config_version, seen.version, seen.address) == (4, "2026.8.2", address)
    rule = seen.rule_for("ollama.goldfish.io")
    assert rule is not None
    assert (rule.service, rule.http_host_header) == ("http://localhost:11434", "localhost:11434")
    assert [command.rpartition("/")[2] for command in stub.backend.ahead] == ["ready", "config", "metrics"]


@pytest.mark.parametrize("told", ["", "localhost:0", "nonsense"])
def test_the_journal_tells_where_it_is(stub: StubHost, told: str) -> None:
    with web(Metrics()) as address:
        assert run_with(stub, told=told, logged=address).get(connector).address == address


def test_a_closed_journal_and_process_leave_the_usual_places(stub: StubHost, monkeypatch: pytest.MonkeyPatch) -> None:
    with web(Metrics()) as address:
        monkeypatch.setattr("spark_conformance.host.connector.USUAL", ("127.0.0.1:9", address))
        run = run_with(stub)
        given(run, connector_process, Unreachable("x", "x"))
        given(run, cloudflared_journal, Unreachable("x", "x"))
        assert run.get(connector).address == address


def test_its_own_configuration_file_tells_where_it_is(stub: StubHost, tmp_path: Path) -> None:
    with web(Metrics()) as address:
        path = tmp_path / "config.yml"
        path.write_text(f"metrics: ':{address.rpartition(':')[2]}'\n")
        run = run_with(stub, target__host={"cloudflared_configs": [str(path)]})
        given(run, cloudflared_journal, Unreachable("x", "x"))
        assert run.get(connector).address == address


def test_no_connection_is_up(stub: StubHost) -> None:
    server = Metrics()
    server.answers["/ready"] = (503, {**READY, "status": 503, "readyConnections": 0})
    with web(server) as address:
        assert run_with(stub, told=address).get(connector).ready_connections == 0


@pytest.mark.parametrize(
    "answer", [(404, "404 page not found"), (200, "OK"), (200, []), (500, READY), (200, {"readyConnections": 4})]
)
def test_another_server_there(stub: StubHost, answer: tuple[int, Any]) -> None:
    server = Metrics()
    server.answers["/ready"] = answer
    with web(server) as address, pytest.raises(Unmet) as unmet:
        run_with(stub, told=address).get(connector)
    assert unmet.value.fact == "cloudflared.ready_connections"
    assert address in unmet.value.note


def test_nobody_there(stub: StubHost) -> None:
    with pytest.raises(Unmet, match="no answer"):
        run_with(stub, told="127.0.0.1:9").get(connector)


def test_a_stopped_service_is_not_asked(stub: StubHost) -> None:
    with pytest.raises(Unmet) as unmet:
        run_with(stub, state="failed").get(connector)
    assert unmet.value.fact == "cloudflared.active"
    assert stub.backend.commands == []


@pytest.mark.parametrize(
    "body", ["", "garbage", [], {}, {"config": []}, {"version": "x", "config": {}}, {"config": {"ingress": 1}}]
)
def test_a_configuration_that_is_none(body: object) -> None:
    found = parse_config(reply(body))
    assert found is None
    assert parse_config(reply(CONFIG, 500)) is None


def test_a_connector_without_a_configuration() -> None:
    seen = Connector("", "", 0, None, None)
    assert (seen.config_version, seen.rule_for("x"), as_fact(seen.rule_for("x"))) == (None, None, None)


def test_which_rule_takes_a_host() -> None:
    rules = [
        {"hostname": "other.goldfish.io", "service": "a"},
        {"hostname": "*.goldfish.io", "service": "b"},
        {"service": "c"},
    ]
    seen = Connector("", "", 0, parse_config(reply({"version": 1, "config": {"ingress": rules}})), None)
    found = [seen.rule_for(name) for name in ("OTHER.goldfish.io", "ollama.goldfish.io", "goldfish.io", "x.y.z")]
    assert [rule and rule.service for rule in found] == ["a", "b", "c", "c"]


@pytest.mark.parametrize("text", ["", "garbage", 'other_build_info{version="1"} 1', "build_info 1"])
def test_metrics_without_a_version(text: str) -> None:
    assert parse_version(reply(text)) is None
    assert parse_version(reply(METRICS)) == "2026.8.2"


def test_ready_with_odd_numbers() -> None:
    assert parse_ready(reply({**READY, "readyConnections": "4"})) is None
    assert parse_ready(reply({**READY, "connectorId": None})) is None


@pytest.mark.parametrize(("current", "same"), [(4, True), (5, False)])
def test_versions(stub: StubHost, current: int, same: bool) -> None:
    run = run_with(stub)
    given(run, connector, Connector("", "ours", 4, parse_config(reply(CONFIG)), None))
    given(run, tunnel_connections, TunnelConnections((served("ours"),)))
    given(run, tunnel_config, TunnelConfig(current, "cloudflare", ()))
    given(run, tunnel, Tunnel("t", "spark", None, "cloudflare", "healthy", None))
    assert run.get(cloudflared_config_versions).same is same


def test_a_version_that_is_never_handed_out_is_no_older_one(stub: StubHost) -> None:
    """cloudflared#970: rules put at Cloudflare for a tunnel that is managed on the host stay there for ever."""
    run = run_with(stub)
    given(run, connector, Connector("", "ours", 4, parse_config(reply({**CONFIG, "version": -1})), None))
    given(run, tunnel_connections, TunnelConnections((served("ours"),)))
    given(run, tunnel_config, TunnelConfig(2, "local", ()))
    given(run, tunnel, Tunnel("t", "spark", None, "local", "healthy", None))
    with pytest.raises(Unmet, match="local") as raised:
        run.get(cloudflared_config_versions)
    assert raised.value.fact == "tunnel.config_source"


def served(connector_id: str) -> AtEdge:
    """A connector with one connection, as the edge counts it."""
    return AtEdge(connector_id, None, None, None, None, (EdgeConnection("c", "fra08", False, None, None),))


@pytest.mark.parametrize(
    ("others", "owner"), [((), "tunnel.connections"), ((served("theirs"),), "tunnel.connector_on_host")]
)
def test_versions_of_another_tunnels_configuration(stub: StubHost, others: tuple[AtEdge, ...], owner: str) -> None:
    run = run_with(stub)
    given(run, connector, Connector("", "ours", 4, parse_config(reply(CONFIG)), None))
    given(run, tunnel_connections, TunnelConnections(others))
    with pytest.raises(Unmet) as raised:
        run.get(cloudflared_config_versions)
    assert raised.value.fact == owner


def test_versions_while_nothing_is_connected(stub: StubHost) -> None:
    run = run_with(stub)
    given(run, connector, Connector("", "ours", 0, parse_config(reply(CONFIG)), None))
    given(run, tunnel_connections, TunnelConnections(()))
    given(run, tunnel_config, TunnelConfig(4, "cloudflare", ()))
    assert run.get(cloudflared_config_versions).same


# --- the Host header


def refuses_strangers(path: str, _body: str, headers: dict[str, str]) -> tuple[int, bytes]:
    return (200, b"{}") if headers["host"].startswith(("localhost", "127.")) else (403, b"")


def replay(stub: StubHost, running: object, at_api: object) -> Run:
    run = run_on(stub)
    given(run, connector, running)
    given(run, tunnel_config, at_api)
    return run


def _connector(header: str | None) -> Connector:
    own = {"httpHostHeader": header} if header else {}
    rules = [
        {"hostname": "ollama.goldfish.io", "service": "http://localhost:11434", "originRequest": own},
        {"service": "http_status:404"},
    ]
    return Connector("", "", 4, parse_config(reply({"version": 1, "config": {"ingress": rules}})), None)


@pytest.mark.parametrize(
    ("running", "answered", "host", "source"),
    [
        (_connector("localhost:11434"), True, "localhost:11434", "the running connector's ingress"),
        (_connector(None), False, "ollama.goldfish.io", "the running connector's ingress"),
        (Unmet("cloudflared.active", "no"), False, "ollama.goldfish.io", "the ingress at Cloudflare's API"),
        (Connector("", "", 4, None, None), False, "ollama.goldfish.io", "the ingress at Cloudflare's API"),
    ],
)
def test_the_same_request_under_both_hosts(
    stub: StubHost, running: object, answered: bool, host: str, source: str
) -> None:
    with web(refuses_strangers) as address:
        run = replay(
            stub, running, TunnelConfig(1, "cloudflare", (TunnelRule("ollama.goldfish.io", "http://localhost:11434"),))
        )
        given(run, ollama_models, OllamaModels(f"http://{address}", "", ()))
        seen = run.get(ollama_host_replay)
    assert (seen.tunnelled.answered, seen.tunnelled.sent_host, seen.source) == (answered, host, source)
    assert seen.local.answered
    assert ("HTTP 403, empty body" in seen.told) is not answered


@pytest.mark.parametrize(
    ("at_api", "cause"), [(Unreachable("y", "y"), "y"), (NotApplicable("the facts state no tunnel"), "x")]
)
def test_a_header_that_nobody_saw_is_not_judged(stub: StubHost, at_api: Exception, cause: str) -> None:
    run = replay(stub, Unreachable("x", "x"), at_api)
    given(run, ollama_models, OllamaModels("http://localhost:1", "", ()))
    with pytest.raises(Unreachable) as hindered:
        run.get(ollama_host_replay)
    assert hindered.value.cause == cause


def test_where_no_rule_leads_anywhere_nothing_is_sent(stub: StubHost) -> None:
    run = replay(stub, Unreachable("x", "x"), TunnelConfig(1, "cloudflare", ()))
    given(run, ollama_models, OllamaModels("http://localhost:1", "", ()))
    with pytest.raises(Unmet) as unmet:
        run.get(ollama_host_replay)
    assert unmet.value.fact == "tunnel.ingress"


# --- whose connector


def own(seen: object) -> OwnConnector:
    run = run_on(None)
    given(run, connector, seen)
    return run.get(own_connector)


def test_the_hosts_own_connector() -> None:
    assert own(Connector("", "ours", 4, None, None)).connector_id == "ours"
    assert own(Unmet("cloudflared.active", "no")).connector_id is None


@pytest.mark.parametrize("fact", ["cloudflared.unit", "cloudflared.ready_connections"])
def test_a_connector_of_which_nothing_is_known(fact: str) -> None:
    with pytest.raises(Unmet) as raised:
        own(Unmet(fact, "no"))
    assert raised.value.fact == fact

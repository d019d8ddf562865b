"""What the connector's metrics server says, and what is made of what commands say, on a host of recordings."""

import pytest

from spark_conformance.cloudflare.tunnel import Tunnel, tunnel
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, tunnel_config
from spark_conformance.cloudflare.tunnel_connections import TunnelConnections, tunnel_connections
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.connector import (
    ConfigVersions,
    Connector,
    address_of,
    cloudflared_config_versions,
    connector,
    parse_ready,
)
from spark_conformance.host.connector_state import connector_state
from spark_conformance.host.counters import parse_counters, read_counters
from spark_conformance.host.curl import CurlReply, CurlRequest
from spark_conformance.host.files import HostFile
from spark_conformance.host.ollama_host_header import sent_host
from spark_conformance.host.shell import complaint, run_all
from spark_conformance.host.units import cloudflared_unit
from spark_conformance.host.units import parse as parse_unit
from tests.host.recorded import SILENT, Recorded, Said, answer, seen_on
from tests.host.recorded_connector import run_of
from tests.host.test_connector import CONFIG, METRICS, READY, reply


def metrics(address: str, ready: object = READY, config: object = CONFIG) -> dict[str, Said]:
    return {
        f"http://{address}/ready": answer(ready), f"http://{address}/config": answer(config),
        f"http://{address}/metrics": answer(METRICS),
    }  # fmt: skip


CLOSED = Unreachable("host: journalctl", "closed")


@pytest.mark.parametrize(
    ("words", "config", "logged", "address"),
    [
        (("--metrics", "10.0.0.1:7"), "metrics: localhost:9", "127.0.0.1:8", "10.0.0.1:7"),
        (("--metrics", ":7"), "", "127.0.0.1:8", "127.0.0.1:7"),
        (("--metrics", "localhost:0"), "", "127.0.0.1:8", "127.0.0.1:8"),
        ((), "metrics: localhost:9", "", "localhost:9"),
        ((), "", "", "127.0.0.1:20243"),
    ],
)
def test_where_its_metrics_server_is(words: tuple[str, ...], config: str, logged: str, address: str) -> None:
    line = f"Starting metrics server on {logged}/metrics\n9\n-- status 0\n" if logged else "0\n-- status 0\n"
    says: dict[str, Said] = {**metrics(address), "curl": SILENT, "journalctl": line, "systemctl show": ""}
    seen = run_of(Recorded(says, {"/etc/cloudflared/config.yml": config}), *words).get(connector)
    assert (seen.address, seen.ready_connections, seen.version, seen.within) == (address, 4, "2026.8.2", "")
    assert seen.config_version == 4


def test_where_its_configuration_is_closed_too_the_usual_places_are_asked() -> None:
    says: dict[str, Said] = {"curl": SILENT, "journalctl": "0\n-- status 0\n", "systemctl show": ""}
    there = Recorded(says, {"/etc/cloudflared/config.yml": HostFile("", "hidden")})
    with pytest.raises(Unmet) as unmet:
        run_of(there).get(connector)
    assert unmet.value.note.startswith("no metrics server of cloudflared.service answers: http://127.0.0.1:20241/ready")
    assert unmet.value.note.count("Failed to connect") == 5


@pytest.mark.parametrize(
    ("told", "address"),
    [(None, ""), (("x", "a:1"), "a:1"), (("x", ":1"), "127.0.0.1:1"), (("x", "a:0"), ""), (("x", "a"), "")],
)
def test_an_address_that_is_told(told: tuple[str, str] | None, address: str) -> None:
    assert address_of(told) == address


@pytest.mark.parametrize(
    ("status", "body", "seen"),
    [
        (200, READY, (READY["connectorId"], 4)), (503, READY, (READY["connectorId"], 4)), (201, READY, None),
        (502, READY, None), (200, {**READY, "readyConnections": "4"}, None), (200, {**READY, "connectorId": 4}, None),
        (200, [], None),
    ],
)  # fmt: skip
def test_whether_it_is_ready(status: int, body: object, seen: tuple[str, int] | None) -> None:
    assert parse_ready(reply(body, status)) == seen


def test_a_configuration_of_another_tunnel_is_not_compared() -> None:
    seen = {
        connector: Connector("", "ours", 1, None, None), tunnel_connections: TunnelConnections(()),
        tunnel_config: TunnelConfig(4, "cloudflare", ()),
        tunnel: Tunnel("t", "spark", None, "cloudflare", "healthy", None),
    }  # fmt: skip
    with pytest.raises(Unmet) as unmet:
        seen_on(Recorded(), seen).get(cloudflared_config_versions)
    assert unmet.value.fact == "tunnel.connections"
    alone = {**seen, connector: Connector("", "ours", 0, None, None)}
    found = seen_on(Recorded(), alone).get(cloudflared_config_versions)
    assert (found, found.same) == (ConfigVersions(None, 4), False)


@pytest.mark.parametrize(("shown", "told"), [("UnitFileState=enabled", "enabled"), ("UnitFileState=", "nothing")])
def test_whether_its_unit_comes_back_is_systemds_word(shown: str, told: str) -> None:
    unit = parse_unit(f"ActiveState=active\n{shown}", "cloudflared.service")
    assert (
        seen_on(Recorded(), {cloudflared_unit: unit}).get(connector_state).comes_back == f"systemd reports it as {told}"
    )


def test_counters_that_are_not_whole() -> None:
    ready, at = reply(READY), "http://127.0.0.1:1/metrics"
    text = "cloudflared_tunnel_total_requests 12\ncloudflared_tunnel_response_by_code 3\n"
    text += 'cloudflared_tunnel_response_by_code{status_code="502"} 0\n'
    found = parse_counters(ready, reply(text))
    assert found is not None
    assert (found.total, found.errors, found.by_code) == (12, 0, {"502": 0})
    assert parse_counters(ready, CurlReply(at, 200, 0, "it was cut", text.encode())) is None
    there = Recorded({"nsenter curl": answer(), "curl": SILENT})
    with pytest.raises(Unreachable) as told:
        read_counters(there, "127.0.0.1:1", "nsenter ")
    assert f"on the host {at} shows no counters (HTTP 200, empty body; /ready: HTTP 200, empty body)" in str(told.value)


def test_a_version_that_is_the_same_is_compared_though_the_rules_are_kept_elsewhere() -> None:
    seen = {
        connector: Connector("", "ours", 0, TunnelConfig(4, "cloudflare", ()), None),
        tunnel_connections: TunnelConnections(()), tunnel_config: TunnelConfig(4, "local", ()),
        tunnel: Tunnel("t", "spark", None, "local", "healthy", None),
    }  # fmt: skip
    assert seen_on(Recorded(), seen, tunnel__config_source="cloudflare").get(cloudflared_config_versions).same


def test_nothing_of_an_answer_or_of_a_file_prints() -> None:
    assert "canary" not in repr(CurlReply("", 200, body=b"canary"))
    assert "canary" not in repr(HostFile("/x", "read", content=b"canary"))
    assert HostFile("/x", "absent").written == 0


def test_how_a_request_is_sent() -> None:
    assert [CurlRequest("u", 1).sent_method, CurlRequest("u", 1, data={}).sent_method] == ["GET", "POST"]
    assert CurlRequest("u", 1, data={}, method="PUT").sent_method == "PUT"


@pytest.mark.parametrize(
    ("printed", "complained", "told"),
    [
        ("out", " it\n failed \n", "it failed"), ("out\n", " \n", "out"), ("", "", "exit status 3, without a message"),
        ("", "x" * 500, f"{'x' * 399}…"),
    ],
)  # fmt: skip
def test_what_a_command_complains_of(printed: str, complained: str, told: str) -> None:
    there = Recorded({"x": (3, printed, complained)})
    assert complaint(there.run("x")) == told
    assert len(run_all(there, [("x",)])) == 1
    assert there.ahead == []
    run_all(there, [("x",), ("x %s", "y z")])
    assert there.ahead == ["x", "x 'y z'"]


def test_a_header_that_neither_side_can_be_about_is_not_judged() -> None:
    seen = {connector: NotApplicable("no host"), tunnel_config: NotApplicable("no tunnel")}
    with pytest.raises(NotApplicable, match="no tunnel"):
        sent_host(seen_on(Recorded(), seen), "/")
    unseen = {connector: Unmet("a.b", "x"), tunnel_config: Unreachable("api", "closed")}
    with pytest.raises(Unreachable, match="closed"):
        sent_host(seen_on(Recorded(), unseen), "/")

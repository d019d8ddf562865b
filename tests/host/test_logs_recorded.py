"""What the two services log, and what the connector's metrics server says, on a host of recordings."""

import json
from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel import Tunnel, tunnel
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, tunnel_config
from spark_conformance.cloudflare.tunnel_connections import TunnelConnections, tunnel_connections
from spark_conformance.core.run import Run
from spark_conformance.core.tap import Heard, listening
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.host.complaints import ConnectionComplaint, connection_complaint, told_by
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
from spark_conformance.host.curl import CurlReply, CurlRequest, fetch
from spark_conformance.host.files import HostFile
from spark_conformance.host.journal import (
    ConnectorJournal,
    Registration,
    cloudflared_journal,
    fields_of,
    parse,
    registrations_in,
)
from spark_conformance.host.journal_since import ConnectorError, Mark, connector_errors, lines_since, origin_requests
from spark_conformance.host.process import Process, connector_process
from spark_conformance.host.units import cloudflared_unit
from spark_conformance.host.units import parse as parse_unit
from tests.host.recorded import SILENT, Recorded, Said, answer, seen_on
from tests.host.test_connector import CONFIG, METRICS, READY, reply

AT = "2026-11-01T10:00:00Z"
SHOWN = "LoadState=loaded\nActiveState=active\nSubState=running\nInvocationID=5c2b\nExecMainStartTimestamp=today"
UNIT = parse_unit(SHOWN, "cloudflared.service")
CONFIGS = {"cloudflared_configs": ["/etc/cloudflared/config.yml"]}


def run_of(there: Recorded, *words: str, unit: object = UNIT, **changes: Any) -> Run:
    seen = {cloudflared_unit: unit, connector_process: Process(7, ("c", *words), {}, 1)}
    return seen_on(there, seen, target__host=CONFIGS, **changes)


# --- complaints


REFUSED = f'{AT} ERR Serve tunnel error error="Unauthorized: Invalid tunnel secret" connIndex=0\n'
NOTHING: Said = (1, "", "sudo: a password is required")


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({"sudo": NOTHING, "journalctl": REFUSED}, "cloudflared logged: Unauthorized: Invalid tunnel secret"),
        (
            {"sudo -n journalctl": REFUSED, "journalctl": "\n"},
            "cloudflared logged: Unauthorized: Invalid tunnel secret",
        ),
        ({"journalctl": f"{AT} INF x"}, "cloudflared logged no error of its connections"),
        ({"sudo": NOTHING, "journalctl": ""}, "(`sudo -n journalctl`: sudo: a password is required): let the suite's"),
        (
            {"journalctl": ""},
            "the journal shows nothing of cloudflared.service (`sudo -n journalctl`: no entries): let",
        ),
    ],
)
def test_complaints_are_read_as_root_where_they_are_closed_to_us(says: dict[str, Said], told: str) -> None:
    there = Recorded({**says, "systemctl show": "", "readlink": "socket:[1]"})
    run = run_of(there)
    try:
        seen = run.get(connection_complaint).told
    except Unreachable as closed:
        seen = closed.sentence
    assert told in seen
    assert "_SYSTEMD_INVOCATION_ID=5c2b " in there.commands[0]


def test_a_unit_that_was_not_started_since_the_boot_has_logged_nothing() -> None:
    with pytest.raises(NotApplicable, match="service was not started since the host's boot"):
        run_of(Recorded(), unit=parse_unit("ActiveState=inactive", "cloudflared.service")).get(connection_complaint)


X509 = "x509: certificate signed by unknown authority"


@pytest.mark.parametrize(
    ("lines", "seen"),
    [
        ([f"{AT} WRN {X509}"], ConnectionComplaint("certificate", X509)),
        ([f"{AT} WRN it is odd"], ConnectionComplaint("none", "")),
        ([f"{AT} ERR it is odd"], ConnectionComplaint("other", "it is odd")),
        ([f"{AT} ERR Initiating graceful shutdown: {X509}"], ConnectionComplaint("none", "")),
        ([f"{AT} ERR {X509}", f"{AT} ERR it is odd"], ConnectionComplaint("certificate", X509)),
        (["  Provided Tunnel token is not valid.  "],
         ConnectionComplaint("no-token", "Provided Tunnel token is not valid.")),
        ([f"{AT} ERR {X509} a", f"{AT} ERR {X509} b"], ConnectionComplaint("certificate", f"{X509} b")),
        ([f"{AT} ERR {'x' * 900}"], ConnectionComplaint("other", f"{'x' * 159}…")),
    ],
)  # fmt: skip
def test_which_complaint_tells_most(lines: list[str], seen: ConnectionComplaint) -> None:
    assert told_by(lines) == seen


# --- its journal


LINE = f"{AT} INF Registered tunnel connection connIndex=2 location=fra08 protocol=quic"
MET = f"{AT} INF Starting metrics server on 127.0.0.1:20241/metrics"


@pytest.mark.parametrize(
    ("says", "seen"),
    [
        ({"sudo": NOTHING, "journalctl": f"{LINE}\n9\n-- status 0\n"}, (9, "quic", None)),
        ({"journalctl": f"{MET}\n9\n-- status 0\n"}, (9, "none", "127.0.0.1:20241")),
        ({"sudo": f"{LINE}\n9\n-- status 0\n", "journalctl": "0\n-- status 0\n"}, (9, "quic", None)),
        ({"journalctl": "9\n-- status 0\n"}, "the journal has 9 lines of cloudflared.service since its start (today)"),
        ({"sudo": NOTHING, "journalctl": "0\n-- status 0\n"}, "shows nothing of cloudflared.service (`sudo -n"),
    ],
)
def test_what_the_journal_has_since_the_start(says: dict[str, Said], seen: tuple[Any, ...] | str) -> None:
    there = Recorded({**says, "systemctl show": "", "readlink": "socket:[1]", "kept=none": "closed"})
    if isinstance(seen, str):
        with pytest.raises(Unreachable) as told:
            run_of(there).get(cloudflared_journal)
        assert seen in told.value.sentence
    else:
        found = run_of(there).get(cloudflared_journal)
        assert (found.lines, found.protocols, found.metrics_address) == seen
        assert found.invocation == "5c2b"


def test_a_start_is_named_by_its_invocation_where_systemd_tells_no_time() -> None:
    unit = parse_unit("ActiveState=active\nInvocationID=5c2b", "cloudflared.service")
    there = Recorded({"journalctl": "9\n-- status 0\n", "systemctl show": "", "readlink": "socket:[1]"})
    with pytest.raises(Unreachable, match=r"since its start \(5c2b\)"):
        run_of(there, unit=unit).get(cloudflared_journal)


def test_the_lines_of_a_journal_and_how_many_there_are() -> None:
    assert parse("a\nb\n12\n-- status 0\n") == (["a", "b"], 12)
    assert parse("a\n 7 \n") == (["a"], 7)
    assert parse("a\nb\n-- status 0\n") == ([], 0)
    both = (Registration(1, "fra08", "quic"), Registration(0, "ams01", "http2"), Registration(1, "fra10", "http2"))
    seen = ConnectorJournal("i", 3, both, None)
    assert (seen.latest, list(seen.latest)) == ({0: both[1], 1: both[2]}, [0, 1])
    assert seen.protocols == "http2"


def test_a_registration_that_tells_neither_place_nor_protocol() -> None:
    assert list(registrations_in(["Registered tunnel connection connIndex=3"])) == [Registration(3, "", "unknown")]
    assert fields_of("[1]") == fields_of('{"a": ') == {}
    assert fields_of('{"a": 1}') == {"a": 1}


def test_what_an_error_of_cloudflareds_does_not_tell_is_empty() -> None:
    said = {"level": "warn", "message": "it is odd", "dest": "https://x/", "originService": "http://y"}
    assert connector_errors([json.dumps(said), json.dumps({**said, "level": "info"}), f"{AT} FTL gone", "ERR x"]) == (
        ConnectorError("WRN", "other", "it is odd", "", "https://x/", "http://y"),
        ConnectorError("FTL", "other", "gone", "", "", ""),
    )
    gin = '[GIN] 2026/11/02 - 10:00:00 | 403 |   26µs |  203.0.113.7 | GET  "/api/tags?a=\\"b"'
    (seen,) = origin_requests(["x", gin])
    assert (seen.status, seen.duration, seen.client, seen.method) == (403, "26µs", "203.0.113.7", "GET")
    assert seen.path == '/api/tags?a=\\"b'


# --- its metrics server


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
    found = parse_counters(ready, reply(text))
    assert found is not None
    assert (found.total, found.errors, found.by_code) == (12, 0, {})
    assert parse_counters(ready, CurlReply(at, 200, 0, "it was cut", text.encode())) is None
    there = Recorded({"nsenter curl": answer(), "curl": SILENT})
    with pytest.raises(Unreachable) as told:
        read_counters(there, "127.0.0.1:1", "nsenter ")
    assert f"on the host {at} shows no counters (HTTP 200, empty body; /ready: HTTP 200, empty body)" in str(told.value)


def test_how_a_request_is_sent() -> None:
    assert [CurlRequest("u").sent_method, CurlRequest("u", data={}).sent_method] == ["GET", "POST"]
    assert CurlRequest("u", data={}, method="PUT").sent_method == "PUT"


def test_what_was_answered_and_logged_is_heard_by_whoever_records_it() -> None:
    heard: list[Heard] = []
    there = Recorded({"curl": answer({"a": 1}, 403), "journalctl": "-- status 1\n", "kept=none": "none"})
    there.says = {"-u a.service": "one\n\ntwo\n-- status 0\n", **there.says}
    with listening(heard.append):
        fetch(there, CurlRequest("http://localhost:1/api/x?y", data={}))
        seen = lines_since(there, [Mark("a.service", "c", root=False), Mark("b.service", "c", root=False)])
    assert heard[0] == Heard("host", "POST /api/x", 403, (), b'{"a": 1}')
    assert [(one.what, one.body) for one in heard[1:]] == [("a.service", b"one"), ("a.service", b"two")]
    assert (seen[0], isinstance(seen[1], Unreachable)) == (("one", "two"), True)

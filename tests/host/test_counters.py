"""The connector's counters: read, compared, and told where there are none."""

import json

import pytest

from spark_conformance.core.verdict import Unreachable
from spark_conformance.host.counters import Counters, Moved, parse_counters, read_counters
from spark_conformance.host.curl import CurlReply
from tests.host.stubs import StubHost, web

READY = {"status": 200, "readyConnections": 4, "connectorId": "3f1d2d0a-52cc-4c3b-9d4b-6f1f7f0a1b2c"}
METRICS = """# HELP cloudflared_tunnel_request_errors Count of error proxying to origin
# TYPE cloudflared_tunnel_request_errors counter
cloudflared_tunnel_request_errors 3
cloudflared_tunnel_response_by_code{status_code="200"} 1.234567e+06
cloudflared_tunnel_response_by_code{status_code="403"} 12
cloudflared_tunnel_server_locations{connection_id="0",edge_location="fra08"} 1
# TYPE cloudflared_tunnel_total_requests counter
cloudflared_tunnel_total_requests 1.234582e+06
"""


def reply(body: str, status: int = 200, failure: str = "") -> CurlReply:
    return CurlReply("http://127.0.0.1:20241/metrics", status, 0, failure, body.encode())


def counters(total: int = 10, errors: int = 1, who: str = "a", **codes: int) -> Counters:
    return Counters(who, total, errors, {code.removeprefix("c"): count for code, count in codes.items()})


def test_counters_as_prometheus_writes_them() -> None:
    found = parse_counters(reply(json.dumps(READY)), reply(METRICS))
    assert found == Counters(str(READY["connectorId"]), 1234582, 3, {"200": 1234567, "403": 12})


def test_a_connector_that_nobody_asked_yet_has_no_codes() -> None:
    found = parse_counters(reply(json.dumps(READY)), reply("cloudflared_tunnel_total_requests 0\n"))
    assert found == Counters(str(READY["connectorId"]), 0, 0, {})


@pytest.mark.parametrize(
    ("ready", "metrics"),
    [
        (reply("OK"), reply(METRICS)),
        (reply(json.dumps(READY)), reply("go_goroutines 7\n")),
        (reply(json.dumps(READY)), reply("cloudflared_tunnel_total_requests 1.2.3\n")),
        (reply(json.dumps(READY)), reply("cloudflared_tunnel_total_requests 9e999\n")),
        (reply(json.dumps(READY)), reply(METRICS, 404)),
        (reply(json.dumps(READY)), reply(METRICS, failure="transfer closed with bytes remaining")),
        (reply("", 0, "connection refused"), reply("", 0, "connection refused")),
    ],
)
def test_what_shows_no_counters(ready: CurlReply, metrics: CurlReply) -> None:
    assert parse_counters(ready, metrics) is None


def test_how_counters_move() -> None:
    moved = counters(18, 2, c200=9, c403=4).since(counters(10, 1, c200=9))
    assert moved == Moved(8, 1, {"403": 4})
    assert moved.under_way == 3


def test_a_connector_that_was_restarted_counts_anew() -> None:
    for now in (counters(12, who="b"), counters(2)):
        with pytest.raises(Unreachable, match="was restarted while"):
            now.since(counters(10))


def test_counters_over_the_shell(stub: StubHost) -> None:
    answers = {"/ready": json.dumps(READY), "/metrics": METRICS}
    with web(lambda path, _body, _headers: (200, answers[path].encode())) as address:
        assert read_counters(stub.host, address).by_code["403"] == 12


def test_another_server_at_that_address(stub: StubHost) -> None:
    with web(lambda *_: (404, b"404 page not found")) as address, pytest.raises(Unreachable) as caught:
        read_counters(stub.host, address)
    assert caught.value.cause == "host: the connector's counters"
    assert f"http://{address}/metrics shows no counters (HTTP 404, 18 bytes" in caught.value.sentence


def test_nobody_at_that_address(stub: StubHost) -> None:
    with pytest.raises(Unreachable, match=r"/metrics shows no counters \(.*onnect"):
        read_counters(stub.host, "127.0.0.1:9")

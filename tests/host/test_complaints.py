"""What the connector's log says of its connections: lines as cloudflared writes them, values of ours."""

import json

import pytest

from spark_conformance.host.complaints import told_by

REGISTERED = (
    "2026-11-01T09:00:00Z INF Registered tunnel connection connIndex=0 connection=x location=fra06 protocol=quic"
)
AT = "connIndex=0 event=0 ip=198.51.100.7"


def _error(text: str, more: str = AT) -> str:
    return f"2026-11-01T10:00:00Z ERR Failed to serve quic connection error={json.dumps(text)} {more}"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Unauthorized: Invalid tunnel secret", "secret"),
        ("Unauthorized: Failed to get tunnel", "no-tunnel"),
        ("Unauthorized: Record for tunnel not found", "no-tunnel"),
        ("Unauthorized: something that nobody has met yet", "unauthorized"),
        ("TLS handshake with edge error: x509: certificate signed by unknown authority", "certificate"),
        ("CRYPTO_ERROR 0x12a (local): tls: failed to verify certificate: x509: certificate has expired", "certificate"),
        ("edge discovery: error looking up Cloudflare edge IPs: the DNS query failed", "lookup"),
        ("lookup region1.v2.argotunnel.com on 127.0.0.53:53: read udp: i/o timeout", "lookup"),
        ("dial tcp: lookup region2.v2.argotunnel.com: no such host", "lookup"),
        ("failed to dial to edge with quic: timeout: no recent network activity", "no-way"),
        ("DialContext error: dial tcp 198.51.100.7:7844: i/o timeout", "no-way"),
        ("DialContext error: dial tcp 198.51.100.7:7844: connect: connection refused", "no-way"),
        ("failed to dial to edge with quic: write udp: sendmsg: operation not permitted", "no-way"),
        ("there are no free edge addresses left to resolve to", "other"),
        ("Application error 0x2 (remote)", "other"),
    ],
)  # fmt: skip
def test_what_keeps_a_connection_away_is_told_by_the_line(text: str, kind: str) -> None:
    assert told_by([REGISTERED, _error(text)]).kind == kind
    said = json.dumps({"level": "error", "error": text, "message": "Serve tunnel error", "connIndex": 0})
    assert told_by([said]).kind == kind
    assert text[:20] in told_by([_error(text)]).told


def test_whoever_was_answered_has_reached_the_edge() -> None:
    """QUIC may be barred and HTTP/2 not: then the edge's own refusal is what keeps the connector away."""
    lines = [
        _error("Unauthorized: Invalid tunnel secret"),
        _error("failed to dial to edge with quic: timeout: no recent network activity"),
    ]
    assert told_by(lines).kind == told_by(reversed(lines)).kind == "secret"


def test_of_two_refusals_the_latest_counts() -> None:
    secret, gone = (_error(f"Unauthorized: {why}") for why in ("Invalid tunnel secret", "Failed to get tunnel"))
    assert [told_by(lines).kind for lines in ([secret, gone], [gone, secret, gone], [gone, secret])] == [
        "no-tunnel", "no-tunnel", "secret",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [_error("Unauthorized: Invalid tunnel secret"), REGISTERED],
        [_error("dial tcp 127.0.0.1:11434: i/o timeout", "cfRay=0000000000000000-FRA originService=http://localhost:11434")],
        ["2026-11-01T10:00:00Z INF Retrying connection in up to 1m4s connIndex=0"],
        ["2026-11-01T10:00:00Z WRN The user running cloudflared process has a GID that is not within ping_group_range"],
        [_error("context canceled")],
    ],
)  # fmt: skip
def test_what_is_past_or_about_something_else_is_no_complaint(lines: list[str]) -> None:
    assert told_by(lines).kind == "none"


def test_a_token_that_is_none_is_told_without_a_level() -> None:
    assert told_by(["Provided Tunnel token is not valid.", "See 'cloudflared tunnel run --help'."]).kind == "no-token"

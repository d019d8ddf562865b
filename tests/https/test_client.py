import json
import re
from collections.abc import Iterable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from spark_conformance.core.secret import Secret, mask_all
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.https import client
from spark_conformance.https.access_probes import anonymous_probe, token_probe
from spark_conformance.https.client import LONGEST_BODY, Interrupted, Limits, Request, send, way
from spark_lab.authority import LabAuthority
from tests.https.tls_server import CANARY, CLIENT_ID, Reset, edge_context, http, run_to, tls_server
from tests.secrets.runs import HOSTNAME


def test_a_request_names_the_host_and_the_suite_and_remembers_nothing(authority: LabAuthority) -> None:
    cookie = "set-cookie: CF_Authorization=abc; Path=/"
    with tls_server(edge_context(authority), lambda _: http(200, b"{}", cookie)) as server:
        run = run_to(server, authority)
        send(way(run), Request("GET", "/a?b=c"))
        received = send(way(run), Request("GET", "/again"))
    first, again = server.asked
    assert first.startswith("GET /a?b=c HTTP/1.1\r\n")
    lines = {line.partition(": ")[0].lower(): line.partition(": ")[2] for line in first.split("\r\n")[1:]}
    assert lines["host"] == HOSTNAME
    assert re.match(r"spark-conformance/\d", lines["user-agent"])
    assert lines["accept"] == "application/json"
    assert "cookie" not in again.lower()
    assert received.exchange.header("set-cookie") == "CF_Authorization=***; Path=/"
    assert received.exchange.ray == "8f00ba4-FRA"


def test_an_answer_may_be_as_long_as_it_is_allowed_to_be(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200, b"x" * LONGEST_BODY)) as server:
        received = send(way(run_to(server, authority)), Request("GET", "/"))
    assert (len(received.body), received.exchange.size) == (LONGEST_BODY, LONGEST_BODY)
    assert 0 <= received.exchange.first_byte_s <= received.exchange.total_s
    assert received.exchange.total_s == round(received.exchange.total_s, 4)


def test_an_answer_is_kept_as_it_came_be_it_compressed(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200, b"\x1f\x8bxyz", "content-encoding: gzip")) as server:
        assert send(way(run_to(server, authority)), Request("GET", "/")).body == b"\x1f\x8bxyz"


def test_neither_a_request_nor_an_answer_prints_what_it_holds(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200, b"k3y-of-a", "x-key: k3y-of-a")) as server:
        request = Request("GET", "/", {"X-Key": "k3y-of-a"})
        received = send(way(run_to(server, authority)), request)
    assert received.headers["x-key"] == received.body.decode() == "k3y-of-a"
    assert "k3y-of-a" not in f"{request}{replace(received, exchange=None)}"  # type: ignore[arg-type] # that is masked


def test_a_redirect_is_not_followed(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(302, b"", "location: https://a.example/")) as server:
        assert send(way(run_to(server, authority)), Request("GET", "/")).exchange.status == 302
    assert len(server.asked) == 1


def test_what_the_token_opens_is_recorded_without_the_token(authority: LabAuthority) -> None:
    body = json.dumps({"echo": CANARY}).encode()
    with tls_server(edge_context(authority), lambda _: http(200, body, f"x-echo: {CANARY}")) as server:
        run = run_to(server, authority)
        probe = run.get(token_probe)
    assert f"CF-Access-Client-Secret: {CANARY}" in server.asked[0]
    assert f"CF-Access-Client-Id: {CLIENT_ID}" in server.asked[0]
    assert probe.admitted
    assert CANARY not in f"{probe} {run.seen('token_probe')} {mask_all(probe.exchange.sent)}"
    assert probe.exchange.sent == ("CF-Access-Client-Id", "CF-Access-Client-Secret")


def cut(_request: str) -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly the beginning"


def reset(_request: str) -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly the beginning"
    raise Reset


def garbage(_request: str) -> Iterable[bytes]:
    yield b"220 smtp.example.org ready\r\n\r\n"


def endless(_request: str) -> Iterable[bytes]:
    yield b"HTTP/1.1 200 OK\r\n\r\n"
    for _ in range(LONGEST_BODY // 65536 + 1):
        yield b"x" * 65536


@pytest.mark.parametrize(
    ("script", "words"),
    [
        (cut, "not a complete HTTP answer"),
        (reset, "reset before the answer was complete|not a complete HTTP answer"),
        (garbage, "not a complete HTTP answer"),
        (endless, "longer than 1 MiB"),
        (lambda _: [], "not a complete HTTP answer"),
    ],
)
def test_an_answer_that_breaks_off_leaves_nothing_to_judge(
    authority: LabAuthority, script: "object", words: str
) -> None:
    with tls_server(edge_context(authority), script) as server, pytest.raises(Unreachable, match=words) as caught:  # type: ignore[arg-type]  # one of the scripts above
        run_to(server, authority).get(token_probe)
    assert caught.value.owner == "public.answers"


def test_silence_ends_by_the_time_limit_and_so_does_an_answer_in_drops(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A busy machine may take its time for the handshake: it counts into no silence, and the whole by looks alone."""

    def limited(silence_s: float, whole_s: float) -> None:
        monkeypatch.setattr(client, "Limits", lambda size, *_: Limits(size, silence_s, whole_s))

    def silent(request: str) -> Iterable[bytes]:
        yield b""
        server.release.wait(60)

    def drops(request: str) -> Iterable[bytes]:
        yield b"HTTP/1.1 200 OK\r\n\r\n"
        while not server.release.wait(0.05):
            yield b"x"

    limited(0.2, 60)
    with tls_server(edge_context(authority), silent) as server:
        with pytest.raises(Unreachable, match=r"silence for 0\.2 s") as caught:
            run_to(server, authority).get(anonymous_probe)
        assert caught.value.owner is None
    limited(60, 30)
    monkeypatch.setattr("spark_conformance.limits.http.monotonic", count().__next__)
    late = pytest.raises(Unreachable, match="not complete after 30 s")
    with tls_server(edge_context(authority), drops) as server, late:
        run_to(server, authority).get(anonymous_probe)


def test_nothing_is_sent_over_a_connection_that_is_not_trusted(authority: LabAuthority, tmp_path: Path) -> None:
    stranger = edge_context(LabAuthority(tmp_path))
    with tls_server(stranger, lambda _: http(200)) as server, pytest.raises(Unmet) as caught:
        run_to(server, authority).get(token_probe)
    assert caught.value.fact == "public.certificate_name"
    assert server.asked == []


def test_an_edge_that_goes_away_is_told(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: http(200)) as server:
        ready = way(run_to(server, authority))
    with pytest.raises(Interrupted, match="could not be made"):
        send(ready, Request("GET", "/"))


@pytest.mark.parametrize("value", [f"{CANARY}\n", f" {CANARY}", f"{CANARY}\r\nX-Injected: 1", "sécret"])
def test_a_secret_that_no_header_can_carry_is_a_finding_about_its_shape(authority: LabAuthority, value: str) -> None:
    with tls_server(edge_context(authority), lambda _: http(200)) as server, pytest.raises(Unmet) as caught:
        run_to(server, authority, secret=Secret(value, "client secret")).get(token_probe)
    assert caught.value.fact == "secrets.client_secret_shape"
    assert CANARY not in f"{caught.value.observed} {caught.value.note}"
    assert server.asked == []

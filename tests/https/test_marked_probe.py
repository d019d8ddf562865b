"""One request of any kind with a mark of its own, and what the host saw of it."""

import pytest

from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unmet
from spark_conformance.https.client import Request
from spark_conformance.outside import marked_probe
from spark_conformance.outside.marked_probe import send_marked
from spark_lab.authority import LabAuthority
from tests.https.test_counted_probes import FakeWatch, moved
from tests.https.tls_server import edge_context, http, run_to, tls_server

POST = Request("POST", "/a?b=c", {"CF-Access-Client-Id": "x.access"}, b'{"n": 1}')


def test_what_was_asked_and_how_far_it_came(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    watch = FakeWatch(moved(1, c200=1), moved(0))
    monkeypatch.setattr(marked_probe, "watching", lambda _: watch)
    with tls_server(edge_context(authority), lambda _: http(200, b"{}")) as server:
        run = run_to(server, authority)
        carried, bare = send_marked(run, POST), send_marked(run, Request("GET", "/a"))
    assert [asked.partition("=")[0] for asked in server.asked] == ["POST /a?b", "GET /a?conformance"]
    assert carried.counted is not None
    [one] = carried.counted.sent
    assert f"POST /a?b=c&{one.mark} " in server.asked[0]
    assert (one.status, one.size, one.ray) == (200, 2, "8f00ba4")
    assert (carried.method, carried.path, carried.credentials, carried.failure) == ("POST", "/a?b=c", "token", "")
    assert (carried.content, carried.counted.credentials) == ({"n": 1}, "token")
    assert carried.counted.hindrances[0].part == "cloudflared"
    assert carried.probe is not None
    assert carried.probe.exchange.path == "/a?b=c"
    assert (bare.path, bare.credentials, bare.content) == ("/a", "none", None)


def test_an_answer_that_breaks_off_is_a_request_all_the_same(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marked_probe, "watching", lambda _: FakeWatch(moved(1)))
    with tls_server(edge_context(authority), lambda _: [b"HTTP/1.1 200 OK\r\ncontent-le"]) as server:
        seen = send_marked(run_to(server, authority), POST)
    assert seen.probe is None
    assert "not a complete HTTP answer" in seen.failure
    assert seen.counted is not None
    [one] = seen.counted.sent
    assert (one.failure, one.status, one.size, one.ray, one.answer) == (seen.failure, 0, 0, "", None)


def test_where_the_host_is_not_seen_nothing_is_counted(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blind(_: Run) -> None:
        raise Unmet("cloudflared.active", "no")

    monkeypatch.setattr(marked_probe, "watching", blind)
    with tls_server(edge_context(authority), lambda _: http(403)) as server:
        seen = send_marked(run_to(server, authority), POST)
    assert seen.counted is None
    assert seen.probe is not None
    assert seen.probe.exchange.status == 403


def test_an_answer_may_take_longer_than_others(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(marked_probe, "watching", lambda _: FakeWatch(moved(1)))

    def silent(_: str) -> list[bytes]:
        server.release.wait(60)
        return []

    with tls_server(edge_context(authority), silent) as server:
        seen = send_marked(run_to(server, authority), POST, 0.3)
    assert "0.3 s" in seen.failure

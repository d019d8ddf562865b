"""The service behind the tunnel on a host of recordings: what curl and ss printed of it."""

from typing import Any

import pytest

from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule
from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.components.service import Health
from spark_conformance.host.connection import target_host
from spark_conformance.host.connector import Connector, connector
from spark_conformance.host.curl import CurlReply, CurlRequest, fetch
from spark_conformance.host.http_service import addresses, kept, lacking, service_answer, service_health
from spark_conformance.host.http_service_header import Reply, ServiceReplay, service_host_replay
from spark_conformance.host.listeners import Listeners, ollama_listeners
from spark_conformance.host.ollama import OllamaModels, ollama_models
from tests.host.recorded import SILENT, Recorded, answer, seen_on
from tests.host.service_bench import HOSTNAME, stated, system
from tests.host.stubs import given


def whole_answer(body: str = "", status: int = 200) -> str:
    """What it prints of one with its headers."""
    return f"HTTP/1.1 {status} x\r\nServer: y\r\n\r\n{answer(body, status)}"


def run_of(there: Recorded, **expectations: Any) -> Run:
    """A run of any service with these facts."""
    target = expectations.pop("target", {})
    run = Run(system(stated(**expectations), **target))
    given(run, target_host, there)
    return run


# --- curl


def test_a_command_may_take_longer_than_the_slowest_of_its_requests() -> None:
    there = Recorded({"curl": answer()})
    fetch(there, CurlRequest("http://a/", 2), CurlRequest("http://b/", 5))
    assert [options["timeout"] for options in there.options] == [15.0, 15.0]
    keyed = Recorded({"curl": answer()})
    fetch(keyed, CurlRequest("http://a/", 2, bearer=Secret("a-key-of-ours", "x")), CurlRequest("http://b/", 5))
    assert [(options["timeout"], bool(options["stdin"])) for options in keyed.options] == [(15.0, True), (15.0, False)]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (CurlReply("", 200, body=b"abc"), "HTTP 200, 3 bytes"),
        (CurlReply("", 204), "HTTP 204, empty body"),
        (CurlReply("", 200, failure="it was cut", body=b"abc"), "it was cut"),
        (CurlReply("", 0, failure="refused"), "refused"),
        (CurlReply("", 0), "no answer"),
    ],
)
def test_a_reply_in_a_few_words(reply: CurlReply, said: str) -> None:
    assert reply.said == said
    assert reply.header("server") is None


def test_a_header_that_comes_twice_and_a_body_that_is_cut() -> None:
    reply = CurlReply("", 200, 0, "it was cut", b"{}", (("x-a", "1"), ("x-b", "2"), ("x-a", "3")))
    assert (reply.header("X-A"), reply.fields) == ("1, 3", {})


# --- any service


def test_where_a_service_may_answer() -> None:
    rule = {"hostname": HOSTNAME, "service": "https://localhost:3001"}
    both = {"service__url": "http://localhost:3000", "tunnel__ingress": rule}
    assert addresses(run_of(Recorded(), **both)) == ["http://localhost:3000", "https://localhost:3001"]
    shell = {**rule, "service": "ssh://localhost:22"}
    assert addresses(run_of(Recorded(), **{**both, "tunnel__ingress": shell})) == ["http://localhost:3000"]
    assert addresses(run_of(Recorded(), service__url="http://localhost:1", cloudflared__config_ingress=rule)) == [
        "http://localhost:1",
        "https://localhost:3001",
    ]


def test_where_the_documented_address_is_silent_the_other_is_asked() -> None:
    there = Recorded({"http://localhost:3000/": SILENT, "http://localhost:3001/": whole_answer("ok", 503)})
    rule = {"hostname": HOSTNAME, "service": "http://localhost:3001"}
    run = run_of(there, service__url="http://localhost:3000", tunnel__ingress=rule)
    seen = run.get(service_answer)
    assert (seen.url, seen.status, seen.told) == ("http://localhost:3001", 503, "GET /: HTTP 503, 2 bytes")
    assert all(" -k " in command and " -i " in command for command in there.commands)
    silent = run_of(Recorded({"curl": SILENT}), service__url="http://localhost:3000", tunnel__ingress=rule)
    with pytest.raises(Unmet) as unmet:
        silent.get(service_answer)
    assert unmet.value.note == ("http://localhost:3000/: Failed to connect; http://localhost:3001/: Failed to connect")


HEALTH = {"method": "HEAD", "path": "/up", "status": 200}


@pytest.mark.parametrize(
    ("url", "more", "insecure"),
    [
        ("https://localhost:1", {}, [True, False]),
        ("https://localhost:1", {"no_tls_verify": True}, [True]),
        ("http://localhost:1", {}, [True]),
    ],
)
def test_a_certificate_is_looked_at_in_a_request_of_its_own(
    url: str, more: dict[str, Any], insecure: list[bool]
) -> None:
    there = Recorded({"curl": whole_answer()})
    run = run_of(there, service__url=url, service__health={**HEALTH, **more})
    assert run.get(service_health).told == "HEAD /up: HTTP 200, empty body"
    assert [" -k " in command for command in there.commands] == insecure


@pytest.mark.parametrize(
    ("health", "body", "wrong"),
    [
        ({"json_value": {"pointer": "/a", "value": "grün"}}, '{"a": "blüht"}', ['/a in its JSON is "blüht"']),
        ({"json_value": {"pointer": "/a", "value": 1}}, '{"a": true}', ["/a in its JSON is true"]),
        ({"json_value": {"pointer": "", "value": True}}, "false", ["the body in its JSON is false"]),
        ({"json_value": {"pointer": "/a", "value": True}}, '{"a": true}', []),
        ({"json_value": {"pointer": "/a", "value": 1}}, "null", ["its body is no JSON"]),
        ({"text": "ok"}, "it is ok", []),
    ],
)
def test_what_a_body_lacks(health: dict[str, Any], body: str, wrong: list[str]) -> None:
    fact = Health.model_validate({"path": "/", "status": 200, **health})
    assert lacking(fact, kept("", "GET", "/", fact, CurlReply("", 200, body=body.encode()))) == wrong


def test_no_answer_is_all_that_it_lacks() -> None:
    fact = Health.model_validate({"path": "/", "status": 200, "text": "x"})
    assert lacking(fact, kept("", "GET", "/", fact, CurlReply("", 0))) == ["no answer"]
    bare = kept("", "GET", "/", None, CurlReply("", 200, body=b"x"))
    assert (bare.is_json, bare.value, bare.has_text, bare.header) == (False, "", False, None)


@pytest.mark.parametrize(
    ("own", "forwarded", "accepted"),
    [
        (200, Reply(204), True),
        (200, Reply(299), True),
        (200, Reply(300, "", "https://old.example.org/"), False),
        (200, Reply(399, "", "/login"), True),
        (200, Reply(302, "", "https://localhost:3000/login"), False),
        (200, Reply(302, "", f"https://{HOSTNAME.upper()}/login"), True),
        (200, Reply(400), False),
        (404, Reply(404), True),
        (0, Reply(0), True),
        (200, Reply(0), False),
    ],
)
def test_an_answer_through_the_tunnel_is_as_good_as_its_own(own: int, forwarded: Reply, accepted: bool) -> None:
    replay = ServiceReplay("GET /", "localhost:3000", "sent.example", "x", HOSTNAME, Reply(own), Reply(0), forwarded)
    assert replay.accepted is accepted


@pytest.mark.parametrize(
    ("named", "end"),
    [
        (Reply(200, "HTTP 200"), "; with that Host and without X-Forwarded-For, HTTP 200: it trusts no proxy"),
        (Reply(403, "HTTP 403"), "; without X-Forwarded-For, HTTP 403: it is the Host that it refuses"),
    ],
)
def test_which_header_a_service_refuses(named: Reply, end: str) -> None:
    away = Reply(302, "HTTP 302", "https://x/")
    told = ServiceReplay("GET /", "localhost:1", "a.b", "so", HOSTNAME, Reply(200, "HTTP 200"), named, away).told
    assert told == (
        "the tunnel sends Host a.b (so): with that, GET / gets HTTP 302, to https://x/; with Host localhost:1, HTTP "
        f"200{end}"
    )


def test_what_the_tunnel_sends_is_asked_with_and_without_what_proxies_add() -> None:
    moved = "HTTP/1.1 302 x\r\nLocation: /login\r\n\r\n" + answer("", 302)
    there = Recorded({"X-Forwarded-For": moved, f"Host: {HOSTNAME}": whole_answer("", 403), "curl": whole_answer("ok")})
    run = run_of(there, service__url="https://localhost:1", service__health={**HEALTH, "path": "/up?full=1"})
    rules = (TunnelRule(HOSTNAME, "https://localhost:1"),)
    given(run, connector, Connector("", "", 4, TunnelConfig(1, "cloudflare", rules), None))
    seen = run.get(service_host_replay)
    assert (seen.asked, seen.own_host, seen.sent_host) == ("HEAD /up", "localhost:1", HOSTNAME)
    assert (seen.own.told, seen.named.told) == ("HTTP 200, 2 bytes", "HTTP 403, empty body")
    assert (seen.forwarded.told, seen.accepted) == ("HTTP 302, empty body, to /login", True)
    assert all("https://localhost:1/up?full=1" in command and " -k " in command for command in there.commands)


def test_a_body_that_no_fact_asks_about_is_not_looked_into() -> None:
    fact = Health.model_validate({"path": "/", "status": 200})
    seen = kept("", "GET", "/", fact, CurlReply("", 200, body=b'{"a": 1}'))
    assert (seen.is_json, seen.value) == (True, "")


# --- who listens


@pytest.mark.parametrize(
    ("url", "port"), [("http://localhost", 80), ("https://localhost", 443), ("http://localhost:11434", 11434)]
)
def test_a_listener_at_the_port_of_an_address(url: str, port: int) -> None:
    lines = f"LISTEN 0 9 [::1]:{port} [::]:*\nLISTEN 0 9 127.0.0.1:{port} x\nLISTEN 0 9 127.0.0.2:{port}\nLISTEN 0 9\n"
    run = seen_on(Recorded({"ss -tlnH": lines}), {ollama_models: OllamaModels(url, "", ())})
    assert run.get(ollama_listeners) == Listeners(port, ("127.0.0.1", "127.0.0.2", "::1"))


def test_a_host_without_ss() -> None:
    run = seen_on(Recorded(), {ollama_models: OllamaModels("http://localhost:1", "", ())})
    with pytest.raises(Unreachable, match="install iproute2 there"):
        run.get(ollama_listeners)


def test_every_loopback_address_is_one() -> None:
    open_to = Listeners(1, ("*", "127.0.0.2", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "10.0.0.1"))
    assert open_to.open_to_others == ("*", "::ffff:10.0.0.1", "10.0.0.1")

"""The public requests that facts name: how they are sent, what of the answer is judged, and what keeps them unseen."""

import json
from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from spark_conformance.checking import check_of, finding_of
from spark_conformance.core.run import Run
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_conformance.dns.answers import Answer, Answers
from spark_conformance.dns.public import PublicAddresses, public_addresses
from spark_conformance.facts.probes import MOST, Probe, fits, value_at
from spark_conformance.facts.target import Public, Resolving, Target
from spark_conformance.https import probes
from spark_conformance.https.access_probes import anonymous_probe
from spark_conformance.https.failing import failing_requests
from spark_conformance.https.probe_answers import compared, login_page
from spark_conformance.https.probes import Unseen, public_probes
from spark_conformance.recording.codec import restored, stored_value
from spark_conformance.secrets.references import ClientId, access_client_id, access_client_secret
from spark_lab.authority import LabAuthority
from tests.https.tls_server import CANARY, CLIENT_ID, Reset, Server, edge_context, http, tls_server
from tests.secrets.runs import HOSTNAME, run_of

LOGIN = "location: https://team.cloudflareaccess.com/cdn-cgi/access/login/ollama.example.org?kid=a&meta=b"
HEALTH = http(200, b'{"database": "ok", "version": 11, "nodes": [{"up": true}]}', "content-type: application/json")


def asking(server: Server, authority: LabAuthority, **stated: dict[str, Any]) -> Run:
    """A run with these probes of a server."""
    return run_of(
        Target(
            public=Public(port=server.port, ca=str(authority.pem_path), timeout_s=60),
            dns=Resolving(resolvers=("127.0.0.1:1",)),
        ),
        {"probes": stated},
        {
            public_addresses: PublicAddresses(("127.0.0.1",)),
            access_client_id: ClientId(CLIENT_ID, fit=True),
            access_client_secret: Secret(CANARY, "client secret"),
        },
    )


def verdicts(run: Run) -> dict[str, str]:
    """Of each probe what its check makes of it."""
    found = {fact: finding_of(run, fact) for fact in run.stated}
    return {fact.partition(".")[2]: f"{one.verdict}: {one.observed or one.cause}" for fact, one in found.items()}


def test_each_probe_is_judged_by_itself(authority: LabAuthority) -> None:
    answer = lambda request: http(302, b"", LOGIN) if request.startswith("GET /a") else HEALTH  # noqa: E731 - a script
    with tls_server(edge_context(authority), answer) as at:
        run = asking(
            at, authority,
            login={"path": "/a", "login": True, "status": 302},
            none={"path": "/b", "login": True},
            shut={"path": "/a", "login": False},
            healthy={"path": "/b", "status": 200, "text": '"ok"', "json": {"path": "nodes.0.up", "value": True}},
            wrong={"path": "/b", "status": 200, "json": {"path": "version", "value": 12}, "text": "degraded"},
            lost={"path": "/b", "json": {"path": "nodes.1.up", "value": True}},
            sent={"path": "/a", "location": "*.cloudflareaccess.com", "header": {"name": "Server", "value": "cloud*"}},
            astray={"path": "/a", "location": "https://sso.example.org/*", "header": {"name": "X-None"}},
        )  # fmt: skip
        seen = verdicts(run)
    assert seen == {
        "login": "conformant: status 302, the login page of team.cloudflareaccess.com",
        "none": "nonconformant: no login page",
        "shut": "nonconformant: the login page of team.cloudflareaccess.com",
        "healthy": "conformant: status 200, with the text '\"ok\"', with nodes.0.up True",
        "wrong": "nonconformant: status 200, without the text 'degraded', with version 11",
        "lost": "nonconformant: without nodes.1.up in its JSON",
        "sent": "conformant: sent to team.cloudflareaccess.com, with Server: cloudflare",
        "astray": "nonconformant: sent to team.cloudflareaccess.com, without X-None",
    }
    assert len(at.asked) == 8


def test_another_teams_login_page_is_another_one() -> None:
    wanted = Probe.model_validate({"login": True})
    seen = probes.answered_by(received(302, LOGIN), wanted)
    assert compared(seen, wanted).wrong == compared(seen, wanted, "team.cloudflareaccess.com").wrong == ()
    assert compared(seen, wanted, "other.cloudflareaccess.com").wrong == ("login",)


@pytest.mark.parametrize(
    ("stated", "headers", "body", "observed", "wrong"),
    [
        ({"header": {"name": "X-A", "value": "2*"}}, ("x-a: 10", "x-a: 21"), b"", "with X-A: 10, 21", ()),
        ({"header": {"name": "X-A", "value": "2*"}}, ("x-a: 10",), b"", "with X-A: 10", ("header",)),
        ({"header": {"name": "X-A"}}, ("x-a: 10",), b"", "with X-A: 10", ()),
        ({"header": {"name": "X-A"}}, (), b"", "without X-A", ("header",)),
        ({"json": {"path": "a", "value": 5}}, (), b'{"a": 5.0}', "with a 5.0", ()),
        ({"json": {"path": "a", "value": 5}}, (), b'{"a": 6}', "with a 6", ("json",)),
        ({"json": {"path": "a", "value": 1}}, (), b'{"a": true}', "with a True", ("json",)),
        ({"json": {"path": "a", "value": True}}, (), b'{"a": false}', "with a False", ("json",)),
        ({"json": {"path": "a", "value": "x"}}, (), b'{"a": {"b": 1}}', "with a 'an object'", ("json",)),
        ({"json": {"path": "a", "value": "x"}}, (), b'{"a": [1, 2]}', "with a 'a list of 2'", ("json",)),
        ({"json": {"path": "a", "value": 1}}, (), b"[]", "without a in its JSON", ("json",)),
        ({"text": "up"}, (), b"up and about", "with the text 'up'", ()),
        ({"text": "up"}, (), b"down", "without the text 'up'", ("text",)),
        ({"location": "a.example"}, ("location: https://a.example/b",), b"", "sent to a.example", ()),
        ({"location": "/b"}, ("location: /b",), b"", "sent to /b", ()),
        ({"location": "*"}, (), b"", "sent to no other place", ("location",)),
        ({"status": 200, "text": "up"}, (), b"", "status 302, without the text 'up'", ("status", "text")),
        ({"login": False}, (LOGIN,), b"", "the login page of team.cloudflareaccess.com", ("login",)),
        ({"login": False}, (), b"", "no login page", ()),
    ],
)
def test_an_answer_is_compared_field_by_field(
    stated: dict[str, Any], headers: tuple[str, ...], body: bytes, observed: str, wrong: tuple[str, ...]
) -> None:
    wanted = Probe.model_validate(stated)
    seen = compared(probes.answered_by(replace(received(302, *headers), body=body), wanted), wanted)
    assert (seen.observed, seen.wrong) == (observed, wrong)


def test_what_kept_a_probe_unseen_is_raised_again() -> None:
    assert isinstance(Unseen("", "not here", applicable=False).raised, NotApplicable)
    unmet = Unseen("no address", "of two", "probes.a").raised
    assert isinstance(unmet, Unmet)
    assert (unmet.fact, unmet.observed, unmet.note) == ("probes.a", "no address", "of two")
    for owner in ("", "public.answers"):
        silent = Unseen("public: x", "no way", owner=owner).raised
        assert isinstance(silent, Unreachable)
        assert (silent.cause, silent.sentence, silent.owner) == ("public: x", "no way", owner or None)


def test_a_login_page_cannot_be_seen_where_the_edge_stops_the_request() -> None:
    wanted = Probe.model_validate({"login": True})
    with pytest.raises(Unreachable, match="what Access would have done cannot be seen"):
        compared(probes.answered_by(received(403, "cf-mitigated: challenge"), wanted), wanted)


def received(status: int, *headers: str) -> Any:
    import httpx

    from spark_conformance.https.client import Received
    from spark_conformance.https.exchange import Exchange, kept_headers

    pairs = [(name, value) for name, _, value in (line.partition(": ") for line in (*headers, "server: cloudflare"))]
    exchange = Exchange("GET", "/", "127.0.0.1", (), status, kept_headers(pairs), "", 0, 0.0, 0.0)
    return Received(exchange, httpx.Headers(pairs), b"")


def test_what_is_sent_is_what_is_stated_and_nothing_of_it_prints(
    authority: LabAuthority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_KEY", "k3y-of-the-service-1234567890")
    monkeypatch.setenv("PROBE_BROKEN", "one\ntwo")
    body = json.dumps({"echo": [CANARY, "k3y-of-the-service-1234567890"]}).encode()
    with tls_server(edge_context(authority), lambda _: http(200, body)) as server:
        run = asking(
            server, authority,
            key={"url": f"https://{HOSTNAME}/a?b=c", "method": "POST", "body": "{}", "status": 200,
                 "as": {"headers": {"Authorization": "Bearer env:PROBE_KEY"}, "service_token": True}},
            token={"path": "/t", "as": "service_token", "status": 200, "accept": "text/html"},
            broken={"path": "/", "as": {"headers": {"X-Key": "env:PROBE_BROKEN"}}, "status": 200},
            unset={"path": "/", "as": {"headers": {"X-Key": "env:PROBE_UNSET"}}, "status": 200},
        )  # fmt: skip
        seen = run.get(public_probes)
        told = f"{seen} {run.seen('public_probes')} {verdicts(run)}"
    key = next(request for request in server.asked if request.startswith("POST /a?b=c HTTP/1.1\r\n"))
    assert "Authorization: Bearer k3y-of-the-service-1234567890\r\n" in key
    assert f"CF-Access-Client-Secret: {CANARY}\r\n" in key
    assert "Content-Type: application/json\r\n" in key
    assert "Accept: text/html" in next(request for request in server.asked if request.startswith("GET /t"))
    assert CANARY not in told
    assert "k3y-of-the-service" not in told
    assert seen.requests == len(server.asked) == 2
    with pytest.raises(Unreachable, match="env:PROBE_BROKEN has characters that a header cannot carry"):
        seen.of("broken")
    with pytest.raises(Unreachable, match="the environment variable PROBE_UNSET is not set"):
        seen.of("unset")


def test_an_answer_that_breaks_off_is_unreachable_and_no_other_probes_matter(authority: LabAuthority) -> None:
    def answer(request: str) -> list[bytes]:
        if "/cut" in request:
            raise Reset
        return HEALTH

    with tls_server(edge_context(authority), answer) as server:
        run = asking(server, authority, cut={"path": "/cut", "status": 200}, whole={"path": "/", "status": 200})
        seen = verdicts(run)
    assert seen["cut"].startswith(f"unreachable: {HOSTNAME}/cut: ")
    assert seen["whole"] == "conformant: status 200"


def test_another_name_is_looked_up_by_itself(authority: LabAuthority, monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"other.example.org": ("127.0.0.1",), "gone.example.org": ()}
    monkeypatch.setattr(
        probes, "answers",
        lambda name, *_, **__: Answers(name, (Answer("127.0.0.1", known[name], rcode="NXDOMAIN"),)),
    )  # fmt: skip
    with tls_server(edge_context(authority), lambda _: HEALTH) as server:
        run = asking(
            server, authority, gone={"url": "https://gone.example.org/", "status": 200},
            other={"hostname": "other.example.org", "status": 200},
        )  # fmt: skip
        seen = run.get(public_probes)
    with pytest.raises(Unmet) as caught:
        seen.of("gone")
    assert (caught.value.fact, caught.value.observed) == ("probes.gone", "no address")
    with pytest.raises(Unreachable, match=r"other\.example\.org"):  # the server's certificate is for another name
        seen.of("other")


def test_a_name_is_looked_for_where_one_resolver_is_silent_and_another_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    name, silent = "other.example.org", Answer("192.0.2.53", silence="does not answer")
    run = run_of(Target(public=Public(port=1), dns=Resolving(resolvers=("127.0.0.1:1",))))

    def looked_up(*answers: Answer) -> Any:
        monkeypatch.setattr(probes, "answers", lambda *_, **__: Answers(name, answers))
        return probes._way(run, name, "probes.a")

    with pytest.raises(Unreachable, match="does not answer"):
        looked_up(silent)
    with pytest.raises(Unmet, match="no address"):
        looked_up(silent, Answer("192.0.2.54", rcode="NXDOMAIN"))
    with pytest.raises(Unreachable) as caught:
        looked_up(silent, Answer("192.0.2.54", ("127.0.0.77",)))
    assert caught.value.cause == f"public: no connection to {name}"
    assert caught.value.sentence.startswith(
        f"{name}: no address accepts a connection on port 1 (127.0.0.77: Connection refused); check this machine's"
    )


@pytest.mark.parametrize(
    ("stated", "headers"),
    [
        ({"status": 200}, {}),
        ({"status": 200, "method": "POST", "body": "{}"}, {"Content-Type": "application/json"}),
        ({"status": 200, "method": "POST", "body": "a", "content_type": "text/plain", "accept": "text/html"},
         {"Content-Type": "text/plain", "Accept": "text/html"}),
        ({"status": 200, "as": {"headers": {"X-Key": "env:PROBE_KEY", "Authorization": "Bearer env:PROBE_KEY"}}},
         {"X-Key": "k3y-of-the-service", "Authorization": "Bearer k3y-of-the-service"}),
    ],
)  # fmt: skip
def test_which_headers_a_probe_sends(
    stated: dict[str, Any], headers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROBE_KEY", "k3y-of-the-service")
    assert probes.headers_of(run_of(Target()), Probe.model_validate(stated)) == headers


@pytest.mark.parametrize(
    ("status", "location", "team"),
    [
        (302, "https://Team.cloudflareaccess.com/cdn-cgi/access/login/x", "team.cloudflareaccess.com"),
        (200, "https://team.cloudflareaccess.com/cdn-cgi/access/login/x", ""),
        (302, "https://team.cloudflareaccess.com.evil.example/cdn-cgi/access/login/x", ""),
        (302, "https://team.cloudflareaccess.com/elsewhere", ""),
        (302, "/cdn-cgi/access/login/x", ""),
    ],
)
def test_what_is_the_login_page_of_a_team(status: int, location: str, team: str) -> None:
    assert login_page(received(status, f"location: {location}").exchange) == team


def test_a_recording_keeps_what_was_seen_and_why_not(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: HEALTH) as server:
        run = asking(
            server, authority, a={"path": "/", "status": 200, "json": {"path": "version", "value": 11}},
            b={"path": "/", "as": {"headers": {"X": "env:PROBE_UNSET"}}, "status": 200},
        )  # fmt: skip
        seen = run.get(public_probes)
    again = restored("public_probes", json.loads(json.dumps(stored_value("public_probes", seen))))
    assert again == seen
    with pytest.raises(Unreachable, match="make a new recording"):
        again.of("c")


def test_failing_requests_are_listed_as_they_are_best_explained(authority: LabAuthority) -> None:
    with tls_server(edge_context(authority), lambda _: HEALTH) as server:
        run = asking(server, authority, a={"path": "/x", "status": 404}, b={"path": "/", "status": 200})
        failing = failing_requests(run, ["access.refuses_anonymous", "probes.a", "public.certificate_days"])
        status = failing[0].seen(run).exchange.status
        assert failing[1].seen(run) is run.get(anonymous_probe)
    assert [(one.fact, str(one)) for one in failing] == [
        ("probes.a", f"GET https://{HOSTNAME}/x, anonymous"),
        ("access.refuses_anonymous", f"GET https://{HOSTNAME}/, anonymous"),
    ]
    assert status == 200


def test_whether_a_failing_request_goes_to_the_documented_name(authority: LabAuthority) -> None:
    stated: dict[str, dict[str, Any]] = {
        "own": {"path": "/", "status": 200}, "same": {"hostname": f"{HOSTNAME.upper()}.", "status": 200},
        "other": {"url": "https://other.example.org/a?b", "method": "POST", "body": "{}", "status": 200},
    }  # fmt: skip
    run = asking(Server(1), authority, **stated)
    failing = failing_requests(run, [*run.stated, "public.answers", "access.refuses_wrong_secret", "dns.ttl"])
    assert [(one.fact, one.documented) for one in failing] == [
        ("public.answers", True), ("probes.own", True), ("probes.same", True), ("probes.other", False),
        ("access.refuses_wrong_secret", True),
    ]  # fmt: skip
    assert str(failing[3]) == "POST https://other.example.org/a?b, anonymous"
    assert str(failing[0]) == f"GET https://{HOSTNAME}/, with the service token"


@pytest.mark.parametrize(
    ("stated", "words"),
    [
        ({}, "says nothing of the answer"),
        ({"url": "http://a.example/", "status": 200}, "should be https://NAME/PATH"),
        ({"url": "https://a.example:8443/", "status": 200}, "without a port"),
        ({"url": "https://a.example/", "path": "/", "status": 200}, "keep url alone"),
        ({"method": "HEAD", "text": "x"}, "has no body"),
        ({"body": "x", "status": 200}, "a GET has no body"),
        ({"as": {"headers": {"Authorization": "Bearer abc"}}, "status": 200}, "should match pattern"),
        ({"as": "nobody", "status": 200}, "input should be 'anonymous' or 'service_token'"),
        ({"path": "/", "status": 99}, "greater than or equal to 100"),
    ],
)
def test_what_cannot_be_asked_is_refused(stated: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Probe.model_validate(stated)
    assert words.lower() in str(refused.value).lower()


def test_so_many_probes_and_no_more() -> None:
    with pytest.raises(ValidationError, match=f"at most {MOST} items"):
        run_of(Target(), {"probes": {f"p{number}": {"status": 200} for number in range(MOST + 1)}})


def test_a_place_in_json_and_a_pattern() -> None:
    assert value_at({"a": [{"b": None}]}, "a.0.b") == (True, None)
    assert value_at({"a": [1]}, "a.1") == value_at([], "x") == value_at(None, "a") == (False, None)
    assert fits("https://*.example/*?x", "https://a.example/b?x")
    assert not fits("a.example", "aXexample")


def test_a_probes_check_is_found_by_its_group() -> None:
    assert check_of("probes.whatever") is not None

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.core.secret import conceal
from spark_conformance.core.verdict import Unmet
from spark_conformance.https.access_probes import Probe
from spark_conformance.https.answerer import Answerer, classify
from spark_conformance.https.exchange import Exchange, jwt_claims, kept_body, kept_headers

RAY = "8f00ba4-FRA"
EDGE = (("server", "cloudflare"), ("cf-ray", RAY))
META = "eyJhbGciOiJSUzI1NiJ9.eyJzZXJ2aWNlX3Rva2VuX3N0YXR1cyI6ZmFsc2V9.c2lnbmF0dXJl"
BEHIND = ("cf-cache-status", "DYNAMIC")
LOGIN = (
    "https://team.cloudflareaccess.com/cdn-cgi/access/login/ollama.example.org"
    f"?kid=aud-of-the-app&meta={META}&redirect_url=%2Fapi%2Ftags"
)


def exchange(status: int, *headers: tuple[str, str], body: str = "", edge: bool = True) -> Exchange:
    return Exchange(
        method="GET", path="/api/tags", address="192.0.2.1 port 443", sent=(), status=status,
        headers=(*(EDGE if edge else ()), *headers), body=body, size=len(body), first_byte_s=0.1, total_s=0.2,
    )  # fmt: skip


def problem(code: int, name: str) -> str:
    return json.dumps({"cloudflare_error": True, "error_code": code, "error_name": name, "status": 403})


def oauth(document: str) -> tuple[str, str]:
    where = f"https://ollama.example.org/.well-known/{document}/api/tags"
    return "www-authenticate", f'Bearer realm="OAuth", resource_metadata="{where}", error="invalid_token"'


HTML = ("content-type", "text/html; charset=UTF-8")


@pytest.mark.parametrize(
    ("seen", "answerer", "sign"),
    [
        # the edge, before Access
        (
            exchange(403, ("cf-mitigated", "challenge"), body="Just a moment"),
            Answerer.CHALLENGE,
            "cf-mitigated: challenge",
        ),
        (exchange(503, ("cf-mitigated", "challenge"), ("cf-access-aud", "x")), Answerer.CHALLENGE, "challenge"),
        (exchange(403, ("cf-mitigated", "of-next-year")), Answerer.EDGE, "cf-mitigated: of-next-year"),
        (exchange(403, body=problem(1020, "access_denied")), Answerer.EDGE, "error_code 1020 access_denied"),
        (exchange(403, body="error code: 1010"), Answerer.EDGE, "error code: 1010"),
        (exchange(429, body="error code: 1015\n"), Answerer.EDGE, "error code: 1015"),
        (exchange(403, HTML, body='<span class="cf-error-code">1006</span>'), Answerer.EDGE, "error page 1006"),
        (exchange(403, HTML, body="<h1>Sorry, you have been blocked</h1>"), Answerer.EDGE, "you have been blocked"),
        (exchange(403, body="<center>cloudflare</center>"), Answerer.EDGE, "Cloudflare's page"),
        (exchange(403, ("cf-error-type", "1020")), Answerer.EDGE, "cf-error-type: 1020"),
        (
            exchange(403, HTML, ("cf-error-type", "1020"), body="<h1>Sorry, you have been blocked</h1>"),
            Answerer.EDGE,
            "Cloudflare's page",
        ),
        (exchange(301, ("location", "https://elsewhere.example/")), Answerer.EDGE, "301 to elsewhere.example"),
        (exchange(302, ("location", "https://cloudflareaccess.com.evil.example/")), Answerer.EDGE, "302 to cloudflare"),
        (exchange(403, body="closed for today"), Answerer.EDGE, "403 with a body, without cf-cache-status"),
        # Access
        (exchange(302, ("location", LOGIN)), Answerer.ACCESS, "login page on team.cloudflareaccess.com"),
        (exchange(403, ("cf-access-aud", "a"), ("cf-access-domain", "d")), Answerer.ACCESS, "403 with cf-access-aud"),
        (exchange(401, ("cf-access-domain", "d")), Answerer.ACCESS, "401 with cf-access-domain"),
        (
            exchange(401, oauth("cloudflare-access-protected-resource"), body="{}"),
            Answerer.ACCESS,
            "cloudflare-access-",
        ),
        (exchange(401, oauth("cloudflare-access-protected-resource")), Answerer.ACCESS, "cloudflare-access-protected"),
        (exchange(401, oauth("oauth-protected-resource")), Answerer.ACCESS, "401 with resource_metadata of oauth-"),
        (exchange(401, oauth("oauth-protected-resource"), BEHIND), Answerer.BEHIND, "status 401"),
        (exchange(401, ("www-authenticate", "Bearer"), BEHIND), Answerer.BEHIND, "status 401"),
        (
            exchange(401, ("www-authenticate", 'Basic realm="x"'), oauth("cloudflare-access-protected-resource")),
            Answerer.ACCESS,
            "cloudflare-access-",
        ),
        (
            exchange(401, ("www-authenticate", 'Bearer error_description="no oauth-protected-resource here"')),
            Answerer.BEHIND,
            "status 401",
        ),
        (exchange(302, ("location", "/cdn-cgi/access/login/ollama.example.org?kid=a")), Answerer.ACCESS, "own path"),
        (exchange(302, ("location", "/cdn-cgi/access/login/x"), BEHIND), Answerer.BEHIND, "status 302"),
        (
            exchange(401, ("www-authenticate", 'Cloudflare-Access resource_metadata="x"')),
            Answerer.ACCESS,
            "www-authent",
        ),
        # the edge, behind Access
        (exchange(530, body=problem(1033, "tunnel_error")), Answerer.TUNNEL, "error_code 1033"),
        (exchange(530, body="error code: 1016"), Answerer.TUNNEL, "1016"),
        (exchange(502, body=problem(502, "bad_gateway")), Answerer.TUNNEL, "error_code 502"),
        (exchange(524), Answerer.TUNNEL, "status 524"),
        (exchange(500, body="error code: 1101"), Answerer.WORKER, "1101"),
        # the edge's cache, which stands behind Access too
        (exchange(404, ("cf-cache-status", "HIT"), body="404 page not found"), Answerer.CACHE, "cf-cache-status: HIT"),
        (exchange(403, ("cf-cache-status", "stale")), Answerer.CACHE, "STALE"),
        # words by which the edge says that no origin was asked
        (exchange(403, ("cf-cache-status", "NONE"), body="closed"), Answerer.EDGE, "403 with a body"),
        (exchange(301, ("cf-cache-status", "UNKNOWN"), ("location", "https://x.example/")), Answerer.EDGE, "301 to x"),
        (exchange(404, ("cf-cache-status", "REVALIDATED"), body="gone"), Answerer.BEHIND, "status 404"),
        # errors of the edge about the record, in its three forms
        (exchange(403, body="error code: 1014"), Answerer.EDGE, "error code: 1014"),
        (exchange(403, body=problem(1000, "dns_prohibited_ip")), Answerer.EDGE, "error_code 1000"),
        (exchange(409, HTML, body="<title>DNS resolution error | x | Error 1001</title>"), Answerer.EDGE, "page 1001"),
        # the far side
        (exchange(403), Answerer.BEHIND, "status 403, an empty body"),
        (exchange(404), Answerer.BEHIND, "status 404, an empty body"),
        (exchange(200, body='{"models": []}'), Answerer.BEHIND, "status 200"),
        (exchange(502, body="Bad Gateway: dial tcp"), Answerer.BEHIND, "status 502"),
        (exchange(403, BEHIND, body='{"error_code": 1020}'), Answerer.BEHIND, "status 403"),
        (exchange(404, BEHIND, body="404 page not found"), Answerer.BEHIND, "status 404"),
        (exchange(301, BEHIND, ("location", "https://elsewhere.example/")), Answerer.BEHIND, "status 301"),
        (exchange(500, body="oh"), Answerer.BEHIND, "status 500"),
        (exchange(200, body="error code: 1020"), Answerer.BEHIND, "status 200"),
        (exchange(200, ("cf-access-aud", "a")), Answerer.BEHIND, "status 200"),
        (exchange(302, ("location", "https://[cloudflareaccess.com")), Answerer.BEHIND, "status 302"),
        (exchange(200, body="[" * 1990), Answerer.BEHIND, "status 200"),
        (exchange(302, ("location", "/login?kid=cloudflareaccess.com")), Answerer.BEHIND, "status 302"),
        # not the edge at all
        (exchange(403, ("server", "nginx"), edge=False), Answerer.ELSEWHERE, "neither cf-ray"),
        (exchange(200, edge=False), Answerer.ELSEWHERE, "neither cf-ray"),
        (exchange(200, ("server", "Cloudflare"), edge=False), Answerer.BEHIND, "status 200"),
    ],
)
def test_who_answered(seen: Exchange, answerer: Answerer, sign: str) -> None:
    answer = classify(seen)
    assert answer.answerer == answerer
    assert sign in answer.sign
    assert answer.before_access == (answerer in {Answerer.CHALLENGE, Answerer.EDGE})
    passed = {Answerer.TUNNEL, Answerer.WORKER, Answerer.CACHE, Answerer.BEHIND}
    assert answer.passed_access == (answerer in passed)


@pytest.mark.parametrize(
    ("seen", "in_doubt"),
    [
        (exchange(403), True),
        (exchange(404, ("cf-cache-status", "UNKNOWN")), True),
        (exchange(302, ("location", "/elsewhere")), True),
        (exchange(403, BEHIND), False),
        (exchange(403, ("cf-cache-status", "dynamic")), False),
        (exchange(403, ("cf-cache-status", "HIT")), False),
        (exchange(200), False),  # a rule refuses, or sends elsewhere: it never answers well
        (exchange(500), False),
        (exchange(403, ("cf-access-aud", "a")), False),
        (exchange(403, ("server", "nginx"), edge=False), False),
    ],
)
def test_an_empty_refusal_without_a_mark_says_nothing_of_access(seen: Exchange, in_doubt: bool) -> None:
    """A custom rule's response may be empty as well: then it read as if Access were open."""
    answer = classify(seen)
    assert bool(answer.doubt) is in_doubt
    assert ("a rule of the zone's or a Worker" in str(answer)) is in_doubt


RECORDINGS = Path(__file__).parent / "recordings"


def recorded(name: str) -> Exchange:
    head, _, body = (RECORDINGS / name).read_text().partition("\n\n")
    first, *lines = head.splitlines()
    headers = [tuple(line.split(": ", 1)) for line in lines]
    return exchange(int(first.split()[1]), *((key, value) for key, value in headers), body=body, edge=False)


@pytest.mark.parametrize(
    ("name", "answerer", "code"),
    [("managed_oauth_401.http", Answerer.ACCESS, None), ("error_1014.http", Answerer.EDGE, 1014)],
)
def test_answers_from_the_field(name: str, answerer: Answerer, code: int | None) -> None:
    seen = recorded(name)
    assert (classify(seen).answerer, classify(seen).code) == (answerer, code)
    empty = replace(seen, body="", size=0)
    assert (classify(empty).answerer is answerer) is (code is None)


def test_the_login_redirect_tells_of_the_application_and_of_the_token() -> None:
    seen = exchange(302, ("location", LOGIN))
    assert seen.access_aud == "aud-of-the-app"
    assert seen.login_meta == {"service_token_status": False}
    assert exchange(403, ("cf-access-aud", "aud")).access_aud == "aud"
    assert exchange(200).access_aud == ""
    assert exchange(200).login_meta == {}


@pytest.mark.parametrize(
    ("seen", "sign", "code"),
    [
        (exchange(403, body=problem(1020, "access_denied")), "error_code 1020 access_denied", 1020),
        (exchange(403, body=problem(1020, "")), "error_code 1020", 1020),
        (exchange(500, body=" error code: 1101\n"), "error code: 1101", 1101),
        (exchange(403, HTML, body='<i class="cf-error-code">1006</i>'), "error page 1006", 1006),
        (exchange(404, HTML, body="<title>x | Error 1001</title>"), "error page 1001", 1001),
        (exchange(403, body="<title>x | Error 1001</title>"), "403 with a body, without cf-cache-status", None),
        (exchange(302, ("location", "https://t.cloudflareaccess.com/")), "302 to the login page on t.cloud", None),
        (exchange(403, ("cf-access-domain", "x")), "403 with cf-access-domain", None),
        (exchange(401, ("www-authenticate", "cloudflare-access x")), "401 with www-authenticate: Cloudflare-", None),
        (exchange(401, oauth("oauth-protected-resource")), "401 with resource_metadata of oauth-protected-", None),
        (exchange(403, ("cf-error-origin", "y"), BEHIND), "cf-error-origin: y", None),
        (exchange(503, body="<center>cloudflare</center>"), "Cloudflare's page (<center>cloudflare</center>)", None),
        (exchange(301, ("location", "https://a.example/")), "301 to a.example, without cf-cache-status", None),
        (exchange(200, body="xy"), "status 200, 2 bytes, no mark of Access or of the edge", None),
        (exchange(524), "status 524, which only the edge gives", 524),
    ],
)
def test_by_which_sign_it_is_known(seen: Exchange, sign: str, code: int | None) -> None:
    answer = classify(seen)
    assert (answer.sign[: len(sign)], answer.code) == (sign, code)


@pytest.mark.parametrize(
    ("seen", "beside"),
    [
        (exchange(530), f", ray {RAY}"),
        (exchange(200, body="x", edge=False), ""),
        (exchange(302, ("location", LOGIN)), f"; the login redirect says service_token_status: false, ray {RAY}"),
    ],
)
def test_who_answered_is_told_with_the_ray_and_what_the_login_page_says(seen: Exchange, beside: str) -> None:
    answer = classify(seen)
    assert str(answer) == f"{answer.answerer} ({answer.sign})"
    assert Probe(seen, answer).told == f"GET /api/tags was answered by {answer}{beside}"


@pytest.mark.parametrize(
    ("seen", "words"),
    [
        (exchange(403, ("cf-mitigated", "challenge")), "it never came to Access"),
        (exchange(403), "whether it came to Access is not told"),
    ],
)
def test_whether_access_let_a_request_pass_cannot_be_told_of_what_never_came_there(seen: Exchange, words: str) -> None:
    probe = Probe(seen, classify(seen))
    with pytest.raises(Unmet) as caught:
        _ = probe.admitted
    assert (caught.value.fact, caught.value.observed) == ("public.answers", "status 403")
    assert caught.value.note == f"{probe.told}: {words}"


@pytest.mark.parametrize(
    ("location", "host", "path"),
    [
        ("https://a.example/b?c=d", "a.example", "/b"),
        ("/b", "", "/b"),
        ("https://[a.example", "", ""),
        ("", "", ""),
    ],
)
def test_where_an_answer_sends_to(location: str, host: str, path: str) -> None:
    seen = exchange(302, ("location", location))
    assert (seen.redirect_host, seen.redirect_path) == (host, path)


def test_a_header_that_comes_twice_is_told_by_its_first_value_and_by_all() -> None:
    seen = exchange(200, ("x-a", "1"), ("x-b", "2"), ("x-a", "3"))
    assert (seen.header("X-A"), seen.all("X-A"), seen.header("x-c")) == ("1", ("1", "3"), "")
    assert exchange(200, body='{"a": 1}').json == {"a": 1}


@pytest.mark.parametrize("claims", [{}, {"a": 1}, {"a": 12}, {"a": 123}])
def test_a_jwts_claims_are_read_whatever_their_length(claims: dict[str, int]) -> None:
    middle = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    assert jwt_claims(f"x.{middle}.x") == claims
    assert jwt_claims(f"x.{middle}") == jwt_claims(f"x.{middle}.x.x") == {}


def test_of_a_long_body_the_beginning_is_kept() -> None:
    assert kept_body(b"x" * 2000 + b"y") == "x" * 2000


texts = st.text(max_size=40)


@given(st.integers(100, 599), st.lists(st.tuples(texts, texts)), texts | st.just("[" * 50) | st.just('{"a": [1]}'))
def test_any_answer_has_somebody_who_gave_it(status: int, headers: list[tuple[str, str]], body: str) -> None:
    assert str(classify(exchange(status, *headers, body=body)))


@given(texts)
def test_any_text_is_a_jwt_or_none(text: str) -> None:
    assert isinstance(jwt_claims(f"{text}.{text}.x"), dict)


def test_what_is_kept_of_an_answer_holds_no_secret() -> None:
    conceal("canary-of-the-token")
    cookie = "CF_AppSession=n0123; Path=/; Secure"
    kept = dict(
        kept_headers(
            [
                ("Set-Cookie", cookie),
                ("X-Echo", "canary-of-the-token"),
                ("Location", LOGIN),
            ]
        )
    )
    assert kept["set-cookie"] == "CF_AppSession=***; Path=/; Secure"
    assert kept["x-echo"] == "***"
    assert "c2lnbmF0dXJl" not in kept["location"]
    assert "canary" not in kept_body(b"x" * 1990 + b"canary-of-the-token")


@pytest.mark.parametrize(
    ("status", "digit"), [(199, 1), (200, 2), (299, 2), (300, 3), (399, 3), (400, 4), (499, 4), (500, 5), (599, 5)]
)
def test_a_status_belongs_to_a_class_by_its_first_digit(status: int, digit: int) -> None:
    assert exchange(status).status_class == digit

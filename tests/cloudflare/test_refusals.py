import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from spark_conformance.cloudflare.client import Api, connect
from spark_conformance.cloudflare.endpoints import APPS, RECORDS, TOKEN_OF_USER, TUNNEL, ZONES, Endpoint
from spark_conformance.core.secret import Secret
from spark_conformance.core.verdict import Unreachable
from tests.cloudflare.conftest import TOKEN
from tests.cloudflare.fake import Answer, Fake, no, said

OWNER = "secrets.api_token"


def refused(api: Api, endpoint: Endpoint = RECORDS) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        api.one(endpoint, zone_id="z", account_id="a", tunnel_id="t")
    error: BaseException | None = caught.value
    while error is not None:
        assert TOKEN not in f"{error!r} {error}"
        error = error.__cause__
    return caught.value


@pytest.mark.parametrize(
    ("answer", "root", "words"),
    [
        (
            no(401, 10000, "Authentication error"),
            ("cloudflare: token refused", OWNER),
            ["does not accept the token of env:TOKEN", "HTTP 401: Authentication error (code 10000)", "API Tokens"],
        ),
        (
            no(400, 6003, "Invalid request headers"),
            ("cloudflare: token refused", OWNER),
            ["HTTP 400: Invalid request headers (code 6003)", "whole"],
        ),
        (no(403, 9109, "Invalid access token"), ("cloudflare: token refused", OWNER), ["does not accept the token"]),
        (
            no(403, 10000, "Authentication error"),
            ("cloudflare: DNS Read", None),
            ["may not read the zone's DNS records", "give it the permission 'DNS Read'", "HTTP 403"],
        ),
        (
            no(429, 971, "Please wait", retry_after="287"),
            ("cloudflare: rate limit", None),
            ["HTTP 429: Please wait (code 971)", "asks to wait 287 s", "1200 in five minutes"],
        ),
        (no(429, 971, "Please wait"), ("cloudflare: rate limit", None), ["asks to wait some s"]),
        (no(400, 9106, "Missing X-Auth-Key"), ("cloudflare: token refused", OWNER), ["does not accept the token"]),
        (
            no(409, 12130, "access.api.error.conflict: there is one"),
            ("cloudflare: HTTP 409", None),
            ["did not give", "(HTTP 409: access.api.error.conflict: there is one (code 12130))"],
        ),
        (no(400, 1, "x_not_enabled: sorry"), ("cloudflare: HTTP 400", None), ["did not give", "x_not_enabled: sorry"]),
        (
            said(400, {"errors": [{"code": 1, "message": "more"}, {"message": "access.api.error.not_enabled: no"}]}),
            ("cloudflare: Access is not enabled", None),
            ["HTTP 400: more (code 1); access.api.error.not_enabled: no (code none)"],
        ),
        (said(418, {"errors": [{}]}), ("cloudflare: HTTP 418", None), ["(HTTP 418: no message (code none))"]),
        (
            no(502, 1, "bad day", cf_ray="8f1-FRA"),
            ("cloudflare: HTTP 502", None),
            ["failed to give the zone's DNS records (HTTP 502: bad day (code 1), ray 8f1-FRA)", "cloudflarestatus.com"],
        ),
        (
            no(400, 7003, "no route"),
            ("cloudflare: HTTP 400", None),
            ["did not give", "right account, zone and base URL"],
        ),
        ((302, {"location": "http://127.0.0.1:1/"}, b""), ("cloudflare: HTTP 302", None), ["did not give", "HTTP 302"]),
        ((500, {"content-type": "text/html"}, b"<h1>" + b"x" * 500), ("cloudflare: HTTP 500", None), ["<h1>xxx", "…"]),
        (
            said(500, ["no envelope"]),
            ("cloudflare: HTTP 500", None),
            ["failed to give", "(HTTP 500)", "cloudflarestatus"],
        ),
    ],
)
def test_each_status_has_a_sentence_of_its_own(
    api: Api, server: Fake, answer: Answer, root: tuple[str, str | None], words: list[str]
) -> None:
    server.answer = lambda _: answer
    error = refused(api)
    assert (error.cause, error.owner) == root
    assert [word for word in words if word not in error.sentence] == []


FIELD = Path(__file__).parent / "recordings"


def field(name: str, status: int) -> Answer:
    return said(status, json.loads((FIELD / name).read_text()))


@pytest.mark.parametrize("endpoint", [RECORDS, ZONES, APPS, TUNNEL, TOKEN_OF_USER])
def test_a_token_for_other_addresses_is_one_cause_told_once(api: Api, server: Fake, endpoint: Endpoint) -> None:
    server.answer = lambda _: field("api_token_other_address.json", 403)
    error = refused(api, endpoint)
    assert (error.cause, error.owner) == ("cloudflare: token refused", OWNER)
    assert error.sentence == (
        "Cloudflare's API accepts the token of env:TOKEN from other addresses only (HTTP 403: Cannot use the access "
        "token from location: 203.0.113.7 (code 9109)): run the checks from one of these, or add this one to the "
        "token's Client IP Address Filtering in the dashboard, under My Profile > API Tokens"
    )


def test_what_lies_behind_an_error_is_told_with_it(api: Api, server: Fake) -> None:
    chain = [{"code": 6111, "message": "Invalid format for Authorization header"}, "not an error"]
    errors = [{"code": 6003, "message": "Invalid request headers", "error_chain": chain}]
    server.answer = lambda _: said(400, {"success": False, "errors": errors})
    words = "Invalid request headers (code 6003); Invalid format for Authorization header (code 6111)"
    assert words in refused(api).sentence


def test_what_the_api_says_with_9109_decides(api: Api, server: Fake) -> None:
    server.answer = lambda _: no(403, 9109, "Unauthorized to access requested resource")
    error = refused(api)
    assert (error.cause, error.owner) == ("cloudflare: DNS Read", None)


@pytest.mark.parametrize("status", [400, 403, 404])
def test_an_account_that_never_had_access_is_told_the_apis_own_remedy(api: Api, server: Fake, status: int) -> None:
    server.answer = lambda _: field("api_access_not_enabled.json", status)
    error = refused(api, APPS)
    assert (error.cause, error.owner) == ("cloudflare: Access is not enabled", None)
    assert "click the 'Enable Access' button." in error.sentence
    assert "permission" not in error.sentence
    assert "base URL" not in error.sentence


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (no(404, 1003, "Tunnel not found"), None),
        (no(404, 10003, "could not find entrypoint ruleset in the http_ratelimit phase"), None),
        (
            no(404, 7003, "Could not route to /accounts/x/cfd_tunnel/y, perhaps your object identifier is invalid?"),
            "7003",
        ),
        (no(404, 7000, "No route for that URI"), "7000"),
        ((404, {"content-type": "text/html"}, b"<h1>Not Found</h1>"), "HTTP 404"),
        (said(404, {"success": False, "errors": []}), "HTTP 404"),
    ],
)
def test_only_the_apis_own_word_says_that_something_is_not_there(
    api: Api, server: Fake, answer: Answer, found: str | None
) -> None:
    server.answer = lambda _: answer
    if found is None:
        assert api.find(TUNNEL, account_id="a", tunnel_id="t") is None
        return
    with pytest.raises(Unreachable, match=found):
        api.find(TUNNEL, account_id="a", tunnel_id="t")


def test_what_any_token_may_read_is_forbidden_to_the_token_as_such(api: Api, server: Fake) -> None:
    server.answer = lambda _: no(403, 9109, "Cannot use the access token from location: 192.0.2.1")
    error = refused(api, TOKEN_OF_USER)
    assert (error.cause, error.owner) == ("cloudflare: token refused", OWNER)
    assert "from other addresses only" in error.sentence


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on which nothing listens, and nothing will."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield bound.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def without_way(url: str, timeout_s: float = 60) -> Unreachable:
    api = connect(Secret(TOKEN, "env:TOKEN"), url, timeout_s, retries=0)
    error = refused(api)
    api.close()
    assert (error.cause, error.owner) == ("cloudflare: no way to the API", OWNER)
    assert url in error.sentence
    return error


def test_a_refused_connection(closed_port: int) -> None:
    error = without_way(f"http://127.0.0.1:{closed_port}")
    assert "cannot be reached: Connection refused (tried once)" in error.sentence


def test_silence(silent_port: int) -> None:
    assert "did not answer within 0.1 s" in without_way(f"http://127.0.0.1:{silent_port}", 0.1).sentence


def test_a_server_that_speaks_no_tls(silent_port: int) -> None:
    assert "did not answer within 0.1 s" in without_way(f"https://127.0.0.1:{silent_port}", 0.1).sentence


def test_a_base_url_that_is_none() -> None:
    assert "cannot be reached: " in without_way("api.example.org/v4").sentence


def test_how_often_it_was_tried_is_told(closed_port: int) -> None:
    api = connect(Secret(TOKEN, "env:TOKEN"), f"http://127.0.0.1:{closed_port}", 5, retries=1)
    assert "(tried 2 times)" in refused(api).sentence
    api.close()

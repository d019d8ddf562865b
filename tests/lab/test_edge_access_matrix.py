"""The table "1a. Access" of the reference, row by row: (credentials, organisation, policies) → answer."""

import json
import urllib.parse
from collections.abc import Callable
from typing import NamedTuple

import jwt
import pytest

from spark_lab.edge.access.decide import Outcome, decide
from spark_lab.edge.access.keys import SigningKeys
from spark_lab.world import Json, World
from tests.lab.edge_request import NOW, a_request
from tests.lab.edge_world import (
    ALLOW_ALL,
    AUD,
    BY_TOKEN,
    CANARY,
    CLIENT_ID,
    EVERYONE,
    HOST,
    OTHER_CANARY,
    OTHER_CLIENT_ID,
    OTHER_TOKEN,
    SERVICE_AUTH,
    TOKEN,
    a_world,
    policy,
)

KEYS = SigningKeys()
Headers = tuple[tuple[str, str], ...]


def token(client_id: str = CLIENT_ID, secret: str = CANARY) -> Headers:
    return (("cf-access-client-id", client_id), ("cf-access-client-secret", secret))


NONE: Headers = ()
VALID = token()
WRONG_SECRET = token(secret="0" * 64)
UNKNOWN = token("00000000000000000000000000000000.access")
OTHER = token(OTHER_CLIENT_ID, OTHER_CANARY)
DUPLICATE = (*token(), ("cf-access-client-id", CLIENT_ID))
INCOMPLETE = token()[:1]
BOTH = (SERVICE_AUTH, ALLOW_ALL)
FAR = policy("non_identity", BY_TOKEN, require=[{"geo": {"country_code": "NZ"}}])


def expired(world: World) -> None:
    world.service_tokens[TOKEN]["expires_at"] = "2026-11-23T11:59:59Z"


def disabled(world: World) -> None:
    world.service_tokens[TOKEN]["enabled"] = False


def deleted(world: World) -> None:
    del world.service_tokens[TOKEN], world.service_token_secrets[TOKEN]


def untouched(_world: World) -> None:
    pass


class Row(NamedTuple):
    """`logged`: the token whose failure is in the log, if any."""

    headers: Headers
    change: Callable[[World], None]
    policies: tuple[Json, ...]
    classic: int
    strict: int
    logged: str | None = None


ROWS = {
    "no credentials, any Allow": Row(NONE, untouched, BOTH, 302, 302),
    "no credentials, only Service Auth": Row(NONE, untouched, (SERVICE_AUTH,), 403, 403),
    "script, any Allow": Row((("x-requested-with", "XMLHttpRequest"),), untouched, BOTH, 401, 401),
    "wrong secret, any Allow": Row(WRONG_SECRET, untouched, BOTH, 302, 401, TOKEN),
    "wrong secret, only Service Auth": Row(WRONG_SECRET, untouched, (SERVICE_AUTH,), 403, 401, TOKEN),
    "unknown client id, any Allow": Row(UNKNOWN, untouched, BOTH, 302, 401),
    "unknown client id, only Service Auth": Row(UNKNOWN, untouched, (SERVICE_AUTH,), 403, 401),
    "expired, any Allow": Row(VALID, expired, BOTH, 302, 401, TOKEN),
    "expired, only Service Auth": Row(VALID, expired, (SERVICE_AUTH,), 403, 401, TOKEN),
    "disabled, any Allow": Row(VALID, disabled, BOTH, 302, 401, TOKEN),
    "disabled, only Service Auth": Row(VALID, disabled, (SERVICE_AUTH,), 403, 401, TOKEN),
    "deleted, any Allow": Row(VALID, deleted, BOTH, 302, 401),
    "deleted, only Service Auth": Row(VALID, deleted, (SERVICE_AUTH,), 403, 401),
    "valid, only Allow policies": Row(VALID, untouched, (ALLOW_ALL,), 302, 403, TOKEN),
    "valid, another token named, any Allow": Row(OTHER, untouched, BOTH, 302, 403, OTHER_TOKEN),
    "valid, another token named, only Service Auth": Row(OTHER, untouched, (SERVICE_AUTH,), 403, 403, OTHER_TOKEN),
    "require unmet, any Allow": Row(VALID, untouched, (FAR, ALLOW_ALL), 302, 403, TOKEN),
    "require unmet, only Service Auth": Row(VALID, untouched, (FAR,), 403, 403, TOKEN),
    "no policies": Row(NONE, untouched, (), 403, 403),
    "no policies, valid token": Row(VALID, untouched, (), 403, 403, TOKEN),
    "repeated header, any Allow": Row(DUPLICATE, untouched, BOTH, 302, 401, TOKEN),
    "missing header, only Service Auth": Row(INCOMPLETE, untouched, (SERVICE_AUTH,), 403, 401, TOKEN),
    "Block above Allow": Row(NONE, untouched, (policy("deny", EVERYONE), ALLOW_ALL), 403, 403),
    "Block below Allow": Row(NONE, untouched, (ALLOW_ALL, policy("deny", EVERYONE)), 302, 302),
}


@pytest.mark.parametrize("strict", [False, True], ids=["classic", "strict"])
@pytest.mark.parametrize("name", ROWS)
def test_refused(name: str, strict: bool) -> None:
    row = ROWS[name]
    world = a_world(*row.policies, strict=strict)
    row.change(world)
    outcome = decide(world, KEYS, a_request("/api/tags", *row.headers))
    assert outcome.answer is not None
    assert outcome.answer.status == (row.strict if strict else row.classic)
    assert (outcome.to_origin, outcome.to_client) == ((), ())
    event = outcome.event
    assert (event["serviceTokenId"] if event else None) == row.logged
    if event:
        assert (event["isSuccessfulLogin"], event["identityProvider"]) == (0, "nonidentity")


@pytest.mark.parametrize("strict", [False, True], ids=["classic", "strict"])
@pytest.mark.parametrize(
    "policies",
    [
        (SERVICE_AUTH,),
        (ALLOW_ALL, SERVICE_AUTH),
        (policy("deny", EVERYONE), SERVICE_AUTH),
        (policy("non_identity", {"any_valid_service_token": {}}),),
    ],
    ids=["Service Auth", "below Allow", "below Block", "any valid token"],
)
def test_admitted_by_service_auth(policies: tuple[Json, ...], strict: bool) -> None:
    outcome = decide(a_world(*policies, strict=strict), KEYS, a_request("/api/tags", *VALID))
    assert outcome.answer is None
    [(name, assertion)] = outcome.to_origin
    claims = KEYS.verified(assertion, AUD, "https://goldteam.cloudflareaccess.com", NOW)
    assert claims is not None
    assert (name, claims["sub"], claims["common_name"]) == ("cf-access-jwt-assertion", "", CLIENT_ID)
    assert claims["exp"] - claims["iat"] == 24 * 3600
    assert [value.partition("=")[0] for _, value in outcome.to_client] == (
        [] if strict else ["CF_Authorization", "CF_AppSession"]
    )
    assert outcome.event is not None
    assert (outcome.event["isSuccessfulLogin"], outcome.event["serviceTokenId"]) == (1, TOKEN)
    assert outcome.event["approvingPolicyId"] == policies[-1]["id"]


@pytest.mark.parametrize("strict", [False, True], ids=["classic", "strict"])
@pytest.mark.parametrize("headers", [NONE, UNKNOWN, VALID], ids=["nobody", "stranger", "token"])
def test_bypass_lets_everybody_through_without_token_or_log(headers: Headers, strict: bool) -> None:
    world = a_world(policy("deny", EVERYONE), policy("bypass", EVERYONE), strict=strict)
    outcome = decide(world, KEYS, a_request("/api/tags", *headers))
    assert (outcome.answer, outcome.to_origin, outcome.to_client, outcome.event) == (None, (), (), None)


def _refused(outcome: Outcome) -> tuple[int, dict[str, str], str]:
    assert outcome.answer is not None
    return outcome.answer.status, dict(outcome.answer.headers), outcome.answer.body.decode()


@pytest.mark.parametrize(("headers", "accepted"), [(VALID, True), (WRONG_SECRET, False), (NONE, False)])
def test_the_login_redirect_says_whether_the_token_was_accepted(headers: Headers, accepted: bool) -> None:
    world = a_world(ALLOW_ALL)
    request = a_request("/api/tags?a=b", ("accept", "application/json"), *headers)
    status, answer, body = _refused(decide(world, KEYS, request))
    assert (status, body) == (302, "")
    url = urllib.parse.urlsplit(answer["location"])
    query = dict(urllib.parse.parse_qsl(url.query))
    assert url.netloc == "goldteam.cloudflareaccess.com"
    assert url.path == f"/cdn-cgi/access/login/{HOST}"
    assert (query["kid"], query["redirect_url"]) == (AUD, "/api/tags?a=b")
    meta = jwt.decode(query["meta"], options={"verify_signature": False})
    assert (meta["service_token_status"], meta["aud"]) == (accepted, AUD)
    assert answer["set-cookie"].startswith("CF_AppSession=")
    assert answer["www-authenticate"].startswith('Cloudflare-Access resource_metadata="https://')


def test_refusals_name_the_application_in_html_and_in_json() -> None:
    world = a_world(SERVICE_AUTH)
    for accept, kind in (("text/html", "text/html"), ("*/*", "text/html"), ("application/json", "application/json")):
        status, headers, body = _refused(decide(world, KEYS, a_request("/", ("accept", accept))))
        assert (status, headers["content-type"]) == (403, kind)
        assert (headers["cf-access-aud"], headers["cf-access-domain"]) == (AUD, HOST)
        if kind == "application/json":
            told = json.loads(body)
            assert (told["status_code"], told["aud"], told["ray_id"]) == (403, AUD, "0123456789abcdef")


@pytest.mark.parametrize(
    ("policies", "headers", "status"),
    [
        ((SERVICE_AUTH,), NONE, 401),
        ((SERVICE_AUTH,), WRONG_SECRET, 401),
        (BOTH, WRONG_SECRET, 401),
        (BOTH, NONE, 302),
        ((ALLOW_ALL,), WRONG_SECRET, 302),
        ((), NONE, 403),
    ],
)
def test_the_switch_that_answers_401(policies: tuple[Json, ...], headers: Headers, status: int) -> None:
    world = a_world(*policies, service_auth_401_redirect=True)
    assert _refused(decide(world, KEYS, a_request("/", *headers)))[0] == status


def test_a_single_header_counts_where_the_application_names_it_and_only_with_lower_case_keys() -> None:
    world = a_world(SERVICE_AUTH, read_service_tokens_from_header="Authorization")
    good = json.dumps({"cf-access-client-id": CLIENT_ID, "cf-access-client-secret": CANARY})
    assert decide(world, KEYS, a_request("/", ("authorization", good))).answer is None
    for bad in (good.upper(), good.replace("cf-access-client-id", "CF-Access-Client-Id"), "[]", "Bearer x", "null"):
        assert _refused(decide(world, KEYS, a_request("/", ("authorization", bad))))[0] == 403
    world.apps["app-1"]["read_service_tokens_from_header"] = None
    assert _refused(decide(world, KEYS, a_request("/", ("authorization", good))))[0] == 403


def test_no_secret_shows_in_what_is_kept_or_printed() -> None:
    world = a_world(SERVICE_AUTH)
    request = a_request("/", *VALID)
    outcome = decide(world, KEYS, request)
    assert CANARY not in repr((request, outcome, outcome.event))


@pytest.mark.parametrize(
    ("organization", "status"),
    [
        ({}, None),
        ({"deny_unmatched_requests": True}, 403),
        (
            {
                "deny_unmatched_requests": True,
                "deny_unmatched_requests_exempted_zone_names": ["example.org"],
            },
            None,
        ),
    ],
)
def test_hosts_without_an_application(organization: Json, status: int | None) -> None:
    world = a_world()
    world.apps.clear()
    world.organization |= organization
    outcome = decide(world, KEYS, a_request())
    assert (outcome.answer.status if outcome.answer else None) == status
    if outcome.answer:
        assert outcome.answer.header("cf-access-aud") is None


def test_preflights_need_a_setting_to_pass() -> None:
    preflight = (("origin", "https://app.example.net"), ("access-control-request-method", "POST"))
    for policies in ((SERVICE_AUTH,), BOTH):
        refused = decide(a_world(*policies), KEYS, a_request("/", *preflight, method="OPTIONS"))
        assert _refused(refused)[0] == 403
    bypass = a_world(SERVICE_AUTH, options_preflight_bypass=True)
    assert decide(bypass, KEYS, a_request("/", *preflight, method="OPTIONS")).answer is None
    cors = {"allowed_origins": ["https://app.example.net"], "allow_all_methods": True, "allow_credentials": True}
    answered = decide(a_world(SERVICE_AUTH, cors_headers=cors), KEYS, a_request("/", *preflight, method="OPTIONS"))
    status, headers, _ = _refused(answered)
    assert (status, headers["access-control-allow-origin"]) == (200, "https://app.example.net")
    assert headers["access-control-allow-methods"] == "POST"
    stranger = (("origin", "https://evil.example"), preflight[1])
    refused = decide(a_world(SERVICE_AUTH, cors_headers=cors), KEYS, a_request("/", *stranger, method="OPTIONS"))
    assert _refused(refused)[0] == 403

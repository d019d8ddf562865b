import datetime as dt
import json

import pytest

from spark_lab.edge.access.applications import find
from spark_lab.edge.access.credentials import spent_headers
from spark_lab.edge.access.decide import decide
from spark_lab.edge.access.keys import SigningKeys
from spark_lab.edge.access.tokens import session_s
from spark_lab.world import Json
from tests.lab.edge_request import NOW, a_request
from tests.lab.edge_world import ALLOW_ALL, CANARY, CLIENT_ID, HOST, SERVICE_AUTH, a_world, policy

KEYS = SigningKeys()


def app(domain: str = "", **more: object) -> Json:
    return {"id": domain, "aud": domain, "type": "self_hosted", "domain": domain, "policies": [], **more}


@pytest.mark.parametrize(
    ("domains", "url", "expected"),
    [
        ([HOST], f"{HOST}/", HOST),
        ([HOST], f"{HOST}/api/tags", HOST),
        ([f"{HOST}/api"], f"{HOST}/", None),
        ([f"{HOST}/api"], f"{HOST}/api", f"{HOST}/api"),
        ([f"{HOST}/api"], f"{HOST}/apis", None),
        ([HOST, f"{HOST}/api"], f"{HOST}/api/tags", f"{HOST}/api"),
        ([HOST, f"{HOST}/api", f"{HOST}/api/tags"], f"{HOST}/api/tags", f"{HOST}/api/tags"),
        ([f"{HOST}/api/*"], f"{HOST}/api", None),
        ([f"{HOST}/api/*"], f"{HOST}/api/tags/x", f"{HOST}/api/*"),
        ([f"{HOST}/*/tags"], f"{HOST}/api/tags", f"{HOST}/*/tags"),
        ([f"{HOST}/*/tags", f"{HOST}/api/tags"], f"{HOST}/api/tags", f"{HOST}/api/tags"),
        ([f"{HOST}/*"], f"{HOST}/", f"{HOST}/*"),
        (["*.example.org"], f"{HOST}/", "*.example.org"),
        (["*.example.org"], "a.b.example.org/", None),
        (["*.example.org"], "example.org/", None),
        (["*.example.org", HOST], f"{HOST}/", HOST),
        (["oll*.example.org", "*.example.org"], f"{HOST}/", "oll*.example.org"),
        ([HOST.upper()], f"{HOST}/", HOST.upper()),
        (["other.example.org"], f"{HOST}/", None),
    ],
)
def test_the_most_specific_application_answers(domains: list[str], url: str, expected: str | None) -> None:
    world = a_world()
    for order in (domains, domains[::-1]):
        world.apps = {domain: app(domain) for domain in order}
        host, _, path = url.partition("/")
        match = find(world, host, f"/{path}")
        assert (match.domain if match else None) == expected


def test_destinations_supersede_older_lists_and_other_types_protect_nothing() -> None:
    world = a_world()
    public = {"type": "public", "uri": "new.example.org"}
    private = {"type": "private", "hostname": HOST}
    world.apps = {"a": app(HOST, self_hosted_domains=[HOST, "old.example.org"], destinations=[public, private])}
    assert find(world, HOST, "/") is None
    assert find(world, "new.example.org", "/")
    world.apps["a"]["destinations"] = []
    assert find(world, "old.example.org", "/")
    world.apps["a"]["type"] = "bookmark"
    assert find(world, HOST, "/") is None


@pytest.mark.parametrize("target", ["/api/%74ags", "//api//tags", "/x/../api/tags", "/api/./tags"])
def test_a_path_spelt_otherwise_is_the_same_path(target: str) -> None:
    world = a_world(policy("bypass", {"everyone": {}}))
    world.apps["narrow"] = app(f"{HOST}/api/tags")
    answer = decide(world, KEYS, a_request(target)).answer
    assert answer is not None
    assert answer.status == 403


@pytest.mark.parametrize(
    ("rule", "holds"),
    [
        ({"everyone": {}}, True),
        ({"ip": {"ip": "192.0.2.0/24"}}, True),
        ({"ip": {"ip": "192.0.2.10"}}, True),
        ({"ip": {"ip": "198.51.100.0/24"}}, False),
        ({"ip": {"ip": "2001:db8::/32"}}, False),
        ({"geo": {"country_code": "XX"}}, True),
        ({"geo": {"country_code": "NZ"}}, False),
        ({"group": {"id": "group-1"}}, True),
        ({"group": {"id": "group-2"}}, False),
        ({"any_valid_service_token": {}}, False),
        ({"service_token": {"token_id": "token-1"}}, False),
        ({"email": {"email": "a@example.org"}}, False),
        ({"certificate": {}}, False),
        ({}, False),
    ],
)
def test_rules_without_identity(rule: Json, holds: bool) -> None:
    world = a_world(policy("non_identity", rule))
    world.groups["group-1"] = {"id": "group-1", "include": [{"ip": {"ip": "192.0.2.10"}}], "exclude": [], "require": []}
    assert (decide(world, KEYS, a_request()).answer is None) == holds
    excluding = a_world(policy("non_identity", {"everyone": {}}, exclude=[rule]))
    excluding.groups = world.groups
    assert (decide(excluding, KEYS, a_request()).answer is None) == (not holds)


@pytest.mark.parametrize(("path", "passes"), [("/api/tags", True), ("/api", False), ("/", False)])
def test_an_exempt_path_passes_without_a_policy(path: str, passes: bool) -> None:
    world = a_world(SERVICE_AUTH)
    override = {"behavior": "public", "path_pattern": "/api/*"}
    world.apps["app-1"]["destinations"] = [{"type": "public", "uri": HOST, "overrides": [override]}]
    outcome = decide(world, KEYS, a_request(path))
    assert (outcome.answer is None) == passes
    assert outcome.match is not None


def test_policies_come_by_precedence_and_links_are_followed() -> None:
    world = a_world()
    world.policies["shared"] = policy("bypass", {"everyone": {}}) | {"id": "shared"}
    world.apps["app-1"]["policies"] = [ALLOW_ALL | {"precedence": 2}, {"id": "shared", "precedence": 1}]
    assert decide(world, KEYS, a_request()).answer is None


def test_a_classic_client_may_come_back_with_its_token_until_it_expires_and_a_strict_one_may_not() -> None:
    world = a_world(SERVICE_AUTH, ALLOW_ALL)
    token = (("cf-access-client-id", CLIENT_ID), ("cf-access-client-secret", CANARY))
    [(_, jwt)] = decide(world, KEYS, a_request("/", *token)).to_origin
    for header in (
        ("cookie", f"a=b; CF_Authorization={jwt}"),
        ("cf-access-token", jwt),
        ("cf-access-jwt-assertion", jwt),
    ):
        back = decide(world, KEYS, a_request("/", header))
        assert (back.answer, back.to_origin) == (None, (("cf-access-jwt-assertion", jwt),))
    forged = decide(world, SigningKeys(), a_request("/", ("cookie", f"CF_Authorization={jwt}")))
    assert forged.answer is not None
    late = a_request("/", ("cookie", f"CF_Authorization={jwt}"), at=NOW + dt.timedelta(hours=24))
    assert decide(world, KEYS, late).answer is not None
    world.organization["strict_service_token_auth"] = True
    assert decide(world, KEYS, a_request("/", ("cookie", f"CF_Authorization={jwt}"))).answer is not None


@pytest.mark.parametrize("name", ["cookie", "cf-access-token", "cf-access-jwt-assertion"])
def test_where_all_policies_are_service_auth_no_token_of_access_itself_counts(name: str) -> None:
    world = a_world(SERVICE_AUTH)
    token = (("cf-access-client-id", CLIENT_ID), ("cf-access-client-secret", CANARY))
    [(_, jwt)] = decide(world, KEYS, a_request("/", *token)).to_origin
    back = decide(world, KEYS, a_request("/", (name, f"CF_Authorization={jwt}" if name == "cookie" else jwt)))
    assert back.answer is not None
    assert back.answer.status == 403


def test_managed_oauth_challenges_programs_and_sends_browsers_to_log_in() -> None:
    world = a_world(SERVICE_AUTH, ALLOW_ALL)
    world.apps["app-1"]["oauth_configuration"] = {"enabled": True}
    answer = decide(world, KEYS, a_request("/api/tags")).answer
    assert answer is not None
    assert (answer.status, answer.header("cf-access-aud")) == (401, None)
    challenge = answer.header("www-authenticate") or ""
    place = f"https://{HOST}/.well-known/cloudflare-access-protected-resource/api/tags"
    assert challenge.startswith(f'Bearer realm="OAuth", resource_metadata="{place}", error="invalid_token"')
    browser = decide(world, KEYS, a_request("/", ("accept", "text/html"))).answer
    assert browser is not None
    assert browser.status == 302
    token = (("cf-access-client-id", CLIENT_ID), ("cf-access-client-secret", CANARY))
    assert decide(world, KEYS, a_request("/", *token)).answer is None


@pytest.mark.parametrize(("strict", "passes"), [(False, True), (True, False)])
def test_a_strict_organisation_refuses_credentials_that_come_twice(strict: bool, passes: bool) -> None:
    world = a_world(SERVICE_AUTH)
    world.organization["strict_service_token_auth"] = strict
    world.apps["app-1"]["read_service_tokens_from_header"] = "Authorization"
    both = json.dumps({"cf-access-client-id": CLIENT_ID, "cf-access-client-secret": CANARY})
    token = (("cf-access-client-id", CLIENT_ID), ("cf-access-client-secret", CANARY), ("authorization", both))
    answer = decide(world, KEYS, a_request("/", *token)).answer
    assert (answer is None) == passes
    assert answer is None or answer.status == 401


def test_a_rotated_key_still_verifies_what_it_signed_and_one_rotation_later_does_not() -> None:
    keys = SigningKeys()
    token = keys.sign({"aud": "a", "iss": "i", "exp": int(NOW.timestamp()) + 60})
    keys.rotate()
    assert keys.verified(token, "a", "i", NOW)
    assert keys.verified(token, "b", "i", NOW) is None
    keys.rotate()
    assert keys.verified(token, "a", "i", NOW) is None
    assert "RSAPrivateKey" not in repr(vars(keys))


@pytest.mark.parametrize(
    ("text", "seconds"), [("24h", 86400), ("2h45m", 9900), ("300ms", 0.3), ("1.5h", 5400), (None, 86400)]
)
def test_session_durations(text: str | None, seconds: float) -> None:
    assert session_s({"session_duration": text}) == pytest.approx(seconds)


def test_only_headers_that_carried_a_secret_are_spent() -> None:
    single = {"read_service_tokens_from_header": "Authorization"}
    token = '{"cf-access-client-id": "x", "cf-access-client-secret": "y"}'
    assert spent_headers(single, a_request("/", ("authorization", "Bearer mine"))) == {"cf-access-client-secret"}
    assert "authorization" in spent_headers(single, a_request("/", ("authorization", token)))
    assert spent_headers(None, a_request("/")) == {"cf-access-client-secret"}

"""Access: applications, their policies, reusable policies, the organisation."""

from typing import Any

import httpx
import pytest
from cloudflare import APIStatusError, Cloudflare

from spark_lab.world import Json, World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
ACCESS = f"/accounts/{lab.ACCOUNT}/access"
APPS = f"{ACCESS}/apps"
EVERYONE: list[Json] = [{"everyone": {}}]


def told(caught: pytest.ExceptionInfo[APIStatusError]) -> tuple[int, int | None]:
    return caught.value.status_code, caught.value.errors[0].code


def test_an_application_from_its_making_to_its_end(sdk: Cloudflare, world: World) -> None:
    apps = sdk.zero_trust.access.applications
    own = {"name": "own", "decision": "bypass", "include": EVERYONE, "precedence": 7}
    policies: Any = [lab.POLICY, own]
    made: Any = apps.create(
        account_id=lab.ACCOUNT, type="self_hosted", domain="new.example.org/path", policies=policies
    )
    assert len(made.aud) == 64
    assert [(policy.name, policy.precedence) for policy in made.policies] == [("Allow all", 1), ("own", 7)]
    assert made.destinations[0].uri == "new.example.org/path"
    replaced: Any = apps.update(made.id, account_id=lab.ACCOUNT, type="self_hosted", domain="new.example.org", name="n")
    assert (replaced.aud, replaced.name, len(replaced.policies)) == (made.aud, "n", 2)
    deleted = apps.delete(made.id, account_id=lab.ACCOUNT)
    assert deleted is not None
    assert deleted.id == made.id
    assert set(world.apps) == {lab.APP}


def test_a_replacement_forgets_what_it_leaves_out_but_keeps_policies(http: httpx.Client, world: World) -> None:
    body = {"type": "self_hosted", "domain": lab.HOST}
    http.put(f"{APPS}/{lab.APP}", json={**body, "service_auth_401_redirect": True})
    assert world.apps[lab.APP]["service_auth_401_redirect"] is True
    http.put(f"{APPS}/{lab.APP}", json={**body, "aud": "mine", "id": "mine"})
    app = world.apps[lab.APP]
    assert (app["service_auth_401_redirect"], app["aud"], app["id"]) == (False, lab.AUD, lab.APP)
    assert [policy["id"] for policy in world.policies_of(app)] == [lab.OWN_POLICY, lab.POLICY]


def test_a_replacement_that_names_policies_replaces_them(http: httpx.Client, world: World) -> None:
    body = {"type": "self_hosted", "domain": lab.HOST, "policies": [{"id": lab.POLICY, "precedence": 1}]}
    result = http.put(f"{APPS}/{lab.APP}", json=body).json()["result"]
    assert [policy["id"] for policy in result["policies"]] == [lab.POLICY]
    assert world.apps[lab.APP]["policies"] == [{"id": lab.POLICY, "precedence": 1}]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"type": "self_hosted"}, 400, 12130),
        ({"domain": "new.example.org"}, 400, 12130),
        ({"type": "self_hosted", "domain": "example.com"}, 400, 12130),
        ({"type": "self_hosted", "domain": lab.HOST}, 409, 11010),
        ({"type": "self_hosted", "domain": "new.example.org", "policies": [lab.APP]}, 400, 12130),
        ({"type": "self_hosted", "domain": "new.example.org", "policies": [{"decision": "allow"}]}, 400, 12130),
    ],
)
def test_an_application_that_is_refused(http: httpx.Client, world: World, body: Json, status: int, code: int) -> None:
    response = http.post(APPS, json=body)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (status, code)
    assert set(world.apps) == {lab.APP}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=oll", 1),
        ("name=oll&exact=true", 0),
        (f"domain={lab.HOST}&exact=true", 1),
        (f"aud={lab.AUD}", 1),
        (f"aud={lab.AUD[1:]}", 0),
        ("search=OLLAMA", 1),
        ("search=nothing", 0),
    ],
)
def test_filters(http: httpx.Client, query: str, found: int) -> None:
    assert http.get(f"{APPS}?{query}").json()["result_info"]["total_count"] == found


def test_policies_of_an_application(sdk: Cloudflare) -> None:
    policies: Any = sdk.zero_trust.access.applications.policies
    body: Json = {"name": "block", "decision": "deny", "include": EVERYONE}
    made = policies.create(lab.APP, account_id=lab.ACCOUNT, extra_body=body)
    assert made is not None
    assert made.id is not None
    assert (made.decision, made.precedence) == ("deny", 3)
    policies.update(made.id, account_id=lab.ACCOUNT, app_id=lab.APP, extra_body={**body, "precedence": 7, "name": "n"})
    got = policies.get(made.id, account_id=lab.ACCOUNT, app_id=lab.APP)
    assert got is not None
    assert (got.name, got.precedence) == ("n", 7)
    policies.delete(made.id, account_id=lab.ACCOUNT, app_id=lab.APP)
    assert len(list(policies.list(lab.APP, account_id=lab.ACCOUNT))) == 2
    with pytest.raises(APIStatusError) as caught:
        policies.delete(lab.POLICY, account_id=lab.ACCOUNT, app_id=lab.APP)
    assert told(caught) == (400, 12130)


@pytest.mark.parametrize(
    "change",
    [
        {"include": []},
        {"include": [{"nobody": {}}]},
        {"include": [{"everyone": {}, "email": {"email": "a@example.org"}}]},
        {"include": [{"service_token": {"token_id": f"{'9' * 32}.access"}}]},
        {"include": [{"group": {"id": lab.APP}}]},
        {"require": "everyone"},
        {"decision": "permit"},
        {"name": ""},
    ],
)
def test_a_policy_that_is_refused(http: httpx.Client, change: Json) -> None:
    body = {"name": "n", "decision": "non_identity", "include": EVERYONE} | change
    for path in (f"{APPS}/{lab.APP}/policies", f"{ACCESS}/policies"):
        response = http.post(path, json=body)
        assert (response.status_code, response.json()["errors"][0]["code"]) == (400, 12130)


def test_a_reusable_policy_changes_for_all_who_link_to_it(sdk: Cloudflare, world: World) -> None:
    policies = sdk.zero_trust.access.policies
    policies.update(lab.POLICY, account_id=lab.ACCOUNT, name="Nobody", decision="deny", include=[{"everyone": {}}])
    assert [policy["name"] for policy in world.policies_of(world.apps[lab.APP])] == ["Service Auth", "Nobody"]
    with pytest.raises(APIStatusError) as caught:
        policies.delete(lab.POLICY, account_id=lab.ACCOUNT)
    assert told(caught) == (400, 12130)
    made = policies.create(account_id=lab.ACCOUNT, name="free", decision="allow", include=[{"everyone": {}}])
    assert made is not None
    assert made.id is not None
    assert made.app_count == 0
    policies.delete(made.id, account_id=lab.ACCOUNT)
    assert set(world.policies) == {lab.POLICY}


def test_the_organisation_keeps_what_an_update_leaves_out(sdk: Cloudflare, http: httpx.Client, world: World) -> None:
    updated = sdk.zero_trust.organizations.update(account_id=lab.ACCOUNT, deny_unmatched_requests=True)
    assert updated is not None
    assert (updated.deny_unmatched_requests, updated.auth_domain) == (True, "example.cloudflareaccess.com")
    assert world.organization["deny_unmatched_requests"] is True
    patched = http.patch(f"accounts/{lab.ACCOUNT}/access/organizations", json={"strict_service_token_auth": True})
    assert (patched.status_code, world.organization["deny_unmatched_requests"]) == (200, True)
    assert world.organization["strict_service_token_auth"] is True

"""The observations against the lab's API: what they fall back on, and how they tell what hinders them."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.responses import JSONResponse

from spark_conformance.cloudflare.access.applications import access_app, access_policy
from spark_conformance.cloudflare.access.organization import access_organization
from spark_conformance.cloudflare.access.service_tokens import service_token
from spark_conformance.cloudflare.account import account_id, api_token, ip_ranges, zone
from spark_conformance.cloudflare.records import dns_records
from spark_conformance.cloudflare.tunnel import tunnel, tunnel_token
from spark_conformance.cloudflare.tunnel_config import tunnel_config
from spark_conformance.cloudflare.tunnel_connections import tunnel_connections
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import NotApplicable, Unmet, Unreachable
from spark_lab.seed import tunnel_token as made_token
from tests.cloudflare.twin import PERMISSIONS, Twin

UUID = "00000000-0000-4000-8000-000000000000"
OWNER = "secrets.api_token"


def hindered(run: Run, observe: Callable[[Run], Any]) -> Unreachable:
    with pytest.raises(Unreachable) as caught:
        run.get(observe)
    return caught.value


def unmet(run: Run, observe: Callable[[Run], Any]) -> Unmet:
    with pytest.raises(Unmet) as caught:
        run.get(observe)
    return caught.value


@pytest.mark.parametrize(
    ("observe", "permission"),
    [
        (dns_records, "DNS Read"),
        (tunnel, "Cloudflare Tunnel Read"),
        (tunnel_config, "Cloudflare Tunnel Read"),
        (tunnel_connections, "Cloudflare Tunnel Read"),
        (tunnel_token, "Cloudflare Tunnel Write"),
        (access_app, "Access: Apps and Policies Read"),
        (service_token, "Access: Service Tokens Read"),
        (access_organization, "Access: Organizations, Identity Providers, and Groups Read"),
        (zone, "Zone Read"),
    ],
)
def test_a_permission_that_is_missing_is_named(lab: Twin, observe: Callable[[Run], Any], permission: str) -> None:
    [token] = lab.world.api_tokens.values()
    kind = permission.rpartition(" ")[0]
    token.permissions = {granted for granted in PERMISSIONS if not granted.startswith(kind)}
    if permission.endswith("Write"):
        token.permissions.add("Cloudflare Tunnel Read")
    with lab.run() as run:
        error = hindered(run, observe)
    assert (error.cause, error.owner) == (f"cloudflare: {permission}", None)
    assert f"give it the permission '{permission}'" in error.sentence


def test_the_least_permissions_are_enough(lab: Twin) -> None:
    with lab.run() as run:
        for observe in (dns_records, tunnel_config, tunnel_connections, access_app, service_token, access_organization):
            run.get(observe)


def test_the_tunnels_token_is_a_secret(lab: Twin) -> None:
    with lab.run() as run:
        token = run.get(tunnel_token)
        found = run.get(tunnel).id
    account = lab.world.account["id"]
    assert token.reveal() == made_token(account, found, lab.world.tunnel_secrets[found])
    assert token.reveal() not in repr(token)


@pytest.mark.parametrize("status", ["active", "disabled", "expired"])
def test_the_api_tokens_own_status(lab: Twin, status: str) -> None:
    next(iter(lab.world.api_tokens.values())).status = status
    with lab.run() as run:
        assert (run.get(api_token).status, run.get(api_token).kind) == (status, "user")
        if status != "active":
            for observe in (zone, access_organization):
                assert hindered(run, observe).owner == OWNER


def test_a_token_that_the_account_owns_is_verified_there(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = lab.api._application

    async def application(scope: Any, receive: Any, send: Any) -> None:
        if scope["path"].endswith("/user/tokens/verify"):
            headers = [
                (name, b"Bearer " + b"u" * 40 if name == b"authorization" else value)
                for name, value in scope["headers"]
            ]
            scope = {**scope, "headers": headers}
        await asked(scope, receive, send)

    monkeypatch.setattr(lab.api, "_application", application)
    with lab.run() as run:
        assert (run.get(api_token).status, run.get(api_token).kind) == ("active", "account")


@pytest.mark.parametrize("observe", [api_token, zone, tunnel, dns_records, access_app])
def test_a_wrong_token_is_told_alike_everywhere(
    lab: Twin, monkeypatch: pytest.MonkeyPatch, observe: Callable[[Run], Any]
) -> None:
    monkeypatch.setenv("TWIN_TOKEN", "w" * 40)
    with lab.run() as run:
        error = hindered(run, observe)
    assert (error.cause, error.owner) == ("cloudflare: token refused", OWNER)
    assert "does not accept the token of env:TWIN_TOKEN" in error.sentence


def test_a_token_for_other_addresses_is_told_once(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was told three times, first as a permission that is lacking."""

    async def elsewhere(scope: Any, receive: Any, send: Any) -> None:
        refusal = json.loads((Path(__file__).parent / "recordings/api_token_other_address.json").read_text())
        await JSONResponse(refusal, 403)(scope, receive, send)

    monkeypatch.setattr(lab.api, "_application", elsewhere)
    with lab.run() as run:
        errors = [hindered(run, observe) for observe in (api_token, zone, tunnel, dns_records, access_app)]
    assert {(error.cause, error.owner) for error in errors} == {("cloudflare: token refused", OWNER)}
    assert len({error.sentence for error in errors}) == 1
    assert "203.0.113.7" in errors[0].sentence


def test_a_token_cut_short_is_refused_as_a_token(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_TOKEN", "short")
    with lab.run() as run:
        assert hindered(run, zone).cause == "cloudflare: token refused"


def test_a_missing_credential_belongs_to_the_token(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TWIN_TOKEN")
    with lab.run() as run:
        error = hindered(run, ip_ranges)
    assert error.owner == OWNER
    assert "TWIN_TOKEN is not set" in error.sentence


def test_a_target_without_cloudflare_says_what_to_write(lab: Twin) -> None:
    system = lab.system()
    run = Run(system.model_copy(update={"target": system.target.model_copy(update={"cloudflare": None})}))
    error = hindered(run, account_id)
    run.close()
    assert (error.cause, error.owner) == ("target.cloudflare", None)
    assert "[target.cloudflare]" in error.sentence


def cloudflare(lab: Twin, **more: str) -> dict[str, Any]:
    return {"cloudflare": {"api": lab.api.url, "token": "env:TWIN_TOKEN", **more}}


def test_the_account_may_be_a_reference_and_then_needs_no_zone(lab: Twin, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWIN_ACCOUNT", lab.world.account["id"])
    with lab.run(cloudflare(lab, account="env:TWIN_ACCOUNT")) as run:
        run.get(tunnel)
    assert not any(request.endswith("/zones") for request in lab.api.requests)


def test_a_zone_that_is_not_there_is_unmet(lab: Twin) -> None:
    with lab.run(cloudflare(lab, zone="example.org")) as run:
        error = unmet(run, dns_records)
    assert (error.fact, error.observed) == ("dns.zone_status", "no such zone")
    assert "'Zone Read'" in error.note


def test_a_zone_of_another_account_is_not_the_one(lab: Twin) -> None:
    with lab.run(cloudflare(lab, account="f" * 32)) as run:
        assert "in the account " + "f" * 32 in unmet(run, zone).note


def test_a_tunnel_is_found_by_id_else_by_name_else_unmet(lab: Twin) -> None:
    with lab.run(tunnel__id=UUID) as run:
        assert run.get(tunnel).name == "dgx-spark-ollama"
    with lab.run(tunnel__name="other") as run:
        assert run.get(tunnel).name == "dgx-spark-ollama"
    with lab.run(tunnel__id=UUID, tunnel__name="other") as run:
        assert unmet(run, tunnel_config).fact == "tunnel.id"
        assert "and none named other" in unmet(run, tunnel).note


def test_what_the_facts_give_no_key_to_is_not_applicable(lab: Twin) -> None:
    system = lab.system()
    facts = system.facts.model_copy(update={"tunnel": None})
    run = Run(system.model_copy(update={"facts": facts}))
    with pytest.raises(NotApplicable, match=r"neither tunnel.id nor tunnel.name"):
        run.get(tunnel_connections)
    run.close()


def test_a_deleted_tunnel_is_still_looked_at(lab: Twin) -> None:
    [found] = lab.world.tunnels.values()
    found["deleted_at"] = "2026-11-01T00:00:00Z"
    with lab.run() as run:
        assert run.get(tunnel).deleted


def test_an_application_is_found_by_id_else_by_the_public_name_else_unmet(lab: Twin) -> None:
    with lab.run(access__app_id=UUID) as run:
        assert run.get(access_app).domain == "ollama.goldfish.io"
    [found] = lab.world.apps.values()
    found.update(domain="x.goldfish.io", self_hosted_domains=[], destinations=[])
    with lab.run() as run:
        assert run.get(access_app).domain == "x.goldfish.io"
    with lab.run(access__app_id=UUID) as run:
        assert unmet(run, access_policy).fact == "access.app_id"


def test_an_application_without_policies_is_unmet(lab: Twin) -> None:
    next(iter(lab.world.apps.values()))["policies"] = []
    with lab.run() as run:
        error = unmet(run, access_policy)
    assert (error.fact, error.observed) == ("access.policy", "no policies")


def test_a_group_is_looked_up_where_a_policy_names_one(lab: Twin) -> None:
    with lab.run() as run:
        run.get(access_app)
    assert not any(request.endswith("/groups") for request in lab.api.requests)
    lab.world.groups[UUID] = {"id": UUID, "name": "all", "include": [{"everyone": {}}]}
    [found] = lab.world.apps.values()
    found["policies"][0] |= {"decision": "bypass", "include": [{"group": {"id": UUID}}]}
    with lab.run() as run:
        assert run.get(access_app).open_to_everyone


def test_a_service_token_is_found_by_id_else_by_client_id_else_unmet(lab: Twin) -> None:
    with lab.run(access__token_id=UUID) as run:
        assert run.get(service_token).name == "spark-client"
    lab.world.service_tokens.clear()
    with lab.run() as run:
        assert unmet(run, service_token).fact == "access.token_id"


def test_every_page_of_applications_is_read(lab: Twin) -> None:
    [(own, found)] = lab.world.apps.items()
    others = {f"app{number}": {**found, "id": f"app{number}", "domain": "x.goldfish.io"} for number in range(120)}
    lab.world.apps = {**others, own: found}
    with lab.run() as run:
        assert run.get(access_app).id == own
    assert sum(request.endswith("/access/apps") for request in lab.api.requests) == 3


def test_the_rate_limit_tells_how_long_to_wait(lab: Twin) -> None:
    lab.api.limit.set(1, 300)
    with lab.run() as run:
        error = hindered(run, dns_records)
    assert (error.cause, error.owner) == ("cloudflare: rate limit", None)
    assert re.search(r"asks to wait (300|29\d) s", error.sentence)


def test_a_connection_that_breaks_off_once_is_no_matter(lab: Twin) -> None:
    lab.api.troubles.close("/zones$", times=1)
    with lab.run() as run:
        assert run.get(zone).status == "active"


def test_success_in_name_only_is_a_failure(lab: Twin) -> None:
    lab.api.troubles.unsuccessful("/access/organizations", times=1)
    with lab.run() as run:
        assert hindered(run, access_organization).cause == "cloudflare: no result"

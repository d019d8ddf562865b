"""The official Python SDK accepts every answer, strictly validated against its models, on every route that is served.

What it holds otherwise than the API is told here, and nowhere else waived.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pydantic
import pytest
from cloudflare import APIResponseValidationError, BaseModel, Cloudflare

from spark_lab.api.routes import ROUTES
from spark_lab.world import Json, World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
IN_ACCOUNT, IN_ZONE = {"account_id": lab.ACCOUNT}, {"zone_id": lab.ZONE}
PHASE = "http_request_firewall_custom"
RULE = "e" * 32
EVERYONE: list[Json] = [{"everyone": {}}]
POLICY = {"name": "n", "decision": "allow", "include": EVERYONE}
ADDRESS = {"target": "ip", "value": "192.0.2.7"}
AGENT = {"target": "ua", "value": "curl/2"}
NAMED = [{"hostname": "", "service": "http_status:404"}]
"""A catch-all rule with the `hostname` that the SDK's model asks of it."""

A, Z, D = "/accounts/{account}", "/zones/{zone}", "/zones/{zone}/dns_records"
T, X = "/accounts/{account}/cfd_tunnel", "/accounts/{account}/access"
F = "/zones/{zone}/firewall"
CALLS: dict[str, Callable[[Any], Any]] = {
    "GET /user/tokens/verify": lambda sdk: sdk.user.tokens.verify(),
    f"GET {A}/tokens/verify": lambda sdk: sdk.accounts.tokens.verify(**IN_ACCOUNT),
    "GET /ips": lambda sdk: sdk.ips.list(),
    "GET /accounts": lambda sdk: sdk.accounts.list(),
    f"GET {A}": lambda sdk: sdk.accounts.get(**IN_ACCOUNT),
    "GET /zones": lambda sdk: sdk.zones.list(),
    f"GET {Z}": lambda sdk: sdk.zones.get(**IN_ZONE),
    f"PATCH {Z}": lambda sdk: sdk.zones.edit(**IN_ZONE, paused=True),
    f"GET {Z}/settings/{{setting}}": lambda sdk: sdk.zones.settings.get("ssl", **IN_ZONE),
    f"PATCH {Z}/settings/{{setting}}": lambda sdk: sdk.zones.settings.edit("ssl", **IN_ZONE, value="strict"),
    f"GET {D}": lambda sdk: sdk.dns.records.list(**IN_ZONE),
    f"POST {D}": lambda sdk: sdk.dns.records.create(**IN_ZONE, type="A", name="a", content="192.0.2.1", ttl=1),
    f"GET {D}/{{record}}": lambda sdk: sdk.dns.records.get(lab.RECORD, **IN_ZONE),
    f"PATCH {D}/{{record}}": lambda sdk: sdk.dns.records.edit(
        lab.RECORD, **IN_ZONE, type="CNAME", name=lab.HOST, content="x.example.com", ttl=1
    ),
    f"PUT {D}/{{record}}": lambda sdk: sdk.dns.records.update(
        lab.RECORD, **IN_ZONE, type="CNAME", name=lab.HOST, content="x.example.com", ttl=1
    ),
    f"DELETE {D}/{{record}}": lambda sdk: sdk.dns.records.delete(lab.RECORD, **IN_ZONE),
    f"GET {T}": lambda sdk: sdk.zero_trust.tunnels.cloudflared.list(**IN_ACCOUNT),
    f"POST {T}": lambda sdk: sdk.zero_trust.tunnels.cloudflared.create(**IN_ACCOUNT, name="second"),
    f"GET {T}/{{tunnel}}": lambda sdk: sdk.zero_trust.tunnels.cloudflared.get(lab.TUNNEL, **IN_ACCOUNT),
    f"PATCH {T}/{{tunnel}}": lambda sdk: sdk.zero_trust.tunnels.cloudflared.edit(lab.TUNNEL, **IN_ACCOUNT, name="n"),
    f"DELETE {T}/{{tunnel}}": lambda sdk: sdk.zero_trust.tunnels.cloudflared.delete(lab.IDLE_TUNNEL, **IN_ACCOUNT),
    f"GET {T}/{{tunnel}}/token": lambda sdk: sdk.zero_trust.tunnels.cloudflared.token.get(lab.TUNNEL, **IN_ACCOUNT),
    f"GET {T}/{{tunnel}}/connections": lambda sdk: sdk.zero_trust.tunnels.cloudflared.connections.get(
        lab.TUNNEL, **IN_ACCOUNT
    ),
    f"DELETE {T}/{{tunnel}}/connections": lambda sdk: sdk.zero_trust.tunnels.cloudflared.connections.delete(
        lab.TUNNEL, **IN_ACCOUNT
    ),
    f"GET {T}/{{tunnel}}/configurations": lambda sdk: sdk.zero_trust.tunnels.cloudflared.configurations.get(
        lab.IDLE_TUNNEL, **IN_ACCOUNT
    ),
    f"PUT {T}/{{tunnel}}/configurations": lambda sdk: sdk.zero_trust.tunnels.cloudflared.configurations.update(
        lab.TUNNEL, **IN_ACCOUNT, config={"ingress": NAMED}
    ),
    f"GET {X}/apps": lambda sdk: sdk.zero_trust.access.applications.list(**IN_ACCOUNT),
    f"POST {X}/apps": lambda sdk: sdk.zero_trust.access.applications.create(
        **IN_ACCOUNT, type="self_hosted", domain="new.example.org", policies=[lab.POLICY]
    ),
    f"GET {X}/apps/{{app}}": lambda sdk: sdk.zero_trust.access.applications.get(lab.APP, **IN_ACCOUNT),
    f"PUT {X}/apps/{{app}}": lambda sdk: sdk.zero_trust.access.applications.update(
        lab.APP, **IN_ACCOUNT, type="self_hosted", domain=lab.HOST
    ),
    f"DELETE {X}/apps/{{app}}": lambda sdk: sdk.zero_trust.access.applications.delete(lab.APP, **IN_ACCOUNT),
    f"GET {X}/apps/{{app}}/policies": lambda sdk: sdk.zero_trust.access.applications.policies.list(
        lab.APP, **IN_ACCOUNT
    ),
    f"POST {X}/apps/{{app}}/policies": lambda sdk: sdk.zero_trust.access.applications.policies.create(
        lab.APP, **IN_ACCOUNT, extra_body=POLICY
    ),
    f"GET {X}/apps/{{app}}/policies/{{policy}}": lambda sdk: sdk.zero_trust.access.applications.policies.get(
        lab.OWN_POLICY, app_id=lab.APP, **IN_ACCOUNT
    ),
    f"PUT {X}/apps/{{app}}/policies/{{policy}}": lambda sdk: sdk.zero_trust.access.applications.policies.update(
        lab.OWN_POLICY, app_id=lab.APP, **IN_ACCOUNT, extra_body=POLICY
    ),
    f"DELETE {X}/apps/{{app}}/policies/{{policy}}": lambda sdk: sdk.zero_trust.access.applications.policies.delete(
        lab.OWN_POLICY, app_id=lab.APP, **IN_ACCOUNT
    ),
    f"GET {X}/policies": lambda sdk: sdk.zero_trust.access.policies.list(**IN_ACCOUNT),
    f"POST {X}/policies": lambda sdk: sdk.zero_trust.access.policies.create(**IN_ACCOUNT, **POLICY),
    f"GET {X}/policies/{{policy}}": lambda sdk: sdk.zero_trust.access.policies.get(lab.POLICY, **IN_ACCOUNT),
    f"PUT {X}/policies/{{policy}}": lambda sdk: sdk.zero_trust.access.policies.update(
        lab.POLICY, **IN_ACCOUNT, **POLICY
    ),
    f"DELETE {X}/policies/{{policy}}": lambda sdk: (
        sdk.zero_trust.access.applications.delete(lab.APP, **IN_ACCOUNT),
        sdk.zero_trust.access.policies.delete(lab.POLICY, **IN_ACCOUNT),
    )[1],
    f"GET {X}/groups": lambda sdk: sdk.zero_trust.access.groups.list(**IN_ACCOUNT),
    f"GET {X}/groups/{{group}}": lambda sdk: sdk.zero_trust.access.groups.get(lab.GROUP, **IN_ACCOUNT),
    f"GET {X}/service_tokens": lambda sdk: sdk.zero_trust.access.service_tokens.list(**IN_ACCOUNT),
    f"POST {X}/service_tokens": lambda sdk: sdk.zero_trust.access.service_tokens.create(**IN_ACCOUNT, name="n"),
    f"GET {X}/service_tokens/{{service_token}}": lambda sdk: sdk.zero_trust.access.service_tokens.get(
        lab.SERVICE_TOKEN, **IN_ACCOUNT
    ),
    f"PUT {X}/service_tokens/{{service_token}}": lambda sdk: sdk.zero_trust.access.service_tokens.update(
        lab.SERVICE_TOKEN, **IN_ACCOUNT, name="n"
    ),
    f"DELETE {X}/service_tokens/{{service_token}}": lambda sdk: sdk.zero_trust.access.service_tokens.delete(
        lab.SERVICE_TOKEN, **IN_ACCOUNT
    ),
    f"POST {X}/service_tokens/{{service_token}}/refresh": lambda sdk: sdk.zero_trust.access.service_tokens.refresh(
        lab.SERVICE_TOKEN, **IN_ACCOUNT
    ),
    f"POST {X}/service_tokens/{{service_token}}/rotate": lambda sdk: sdk.zero_trust.access.service_tokens.rotate(
        lab.SERVICE_TOKEN, **IN_ACCOUNT
    ),
    f"GET {X}/organizations": lambda sdk: sdk.zero_trust.organizations.list(**IN_ACCOUNT),
    f"PUT {X}/organizations": lambda sdk: sdk.zero_trust.organizations.update(**IN_ACCOUNT, name="n"),
    f"GET {X}/logs/access_requests": lambda sdk: sdk.zero_trust.access.logs.access_requests.list(**IN_ACCOUNT),
    f"GET {Z}/rulesets/phases/{{phase}}/entrypoint": lambda sdk: sdk.rulesets.phases.get("http_ratelimit", **IN_ZONE),
    f"PUT {Z}/rulesets/phases/{{phase}}/entrypoint": lambda sdk: sdk.rulesets.phases.update(
        PHASE, **IN_ZONE, rules=[{"action": "block", "expression": "true"}]
    ),
    f"GET {F}/access_rules/rules": lambda sdk: sdk.firewall.access_rules.list(**IN_ZONE),
    f"POST {F}/access_rules/rules": lambda sdk: sdk.firewall.access_rules.create(
        **IN_ZONE, mode="block", configuration=ADDRESS
    ),
    f"GET {F}/access_rules/rules/{{rule}}": lambda sdk: sdk.firewall.access_rules.get(RULE, **IN_ZONE),
    f"PATCH {F}/access_rules/rules/{{rule}}": lambda sdk: sdk.firewall.access_rules.edit(
        RULE, **IN_ZONE, mode="challenge", configuration=ADDRESS
    ),
    f"DELETE {F}/access_rules/rules/{{rule}}": lambda sdk: sdk.firewall.access_rules.delete(RULE, **IN_ZONE),
    f"GET {F}/lockdowns": lambda sdk: sdk.firewall.lockdowns.list(**IN_ZONE),
    f"POST {F}/lockdowns": lambda sdk: sdk.firewall.lockdowns.create(
        **IN_ZONE, urls=["example.org/x"], configurations=[ADDRESS]
    ),
    f"GET {F}/lockdowns/{{rule}}": lambda sdk: sdk.firewall.lockdowns.get(RULE, **IN_ZONE),
    f"PUT {F}/lockdowns/{{rule}}": lambda sdk: sdk.firewall.lockdowns.update(
        RULE, **IN_ZONE, urls=["example.org/x"], configurations=[ADDRESS]
    ),
    f"DELETE {F}/lockdowns/{{rule}}": lambda sdk: sdk.firewall.lockdowns.delete(RULE, **IN_ZONE),
    f"GET {F}/ua_rules": lambda sdk: sdk.firewall.ua_rules.list(**IN_ZONE),
    f"POST {F}/ua_rules": lambda sdk: sdk.firewall.ua_rules.create(**IN_ZONE, mode="block", configuration=AGENT),
    f"GET {F}/ua_rules/{{rule}}": lambda sdk: sdk.firewall.ua_rules.get(RULE, **IN_ZONE),
    f"PUT {F}/ua_rules/{{rule}}": lambda sdk: sdk.firewall.ua_rules.update(
        RULE, **IN_ZONE, mode="challenge", configuration=AGENT
    ),
    f"DELETE {F}/ua_rules/{{rule}}": lambda sdk: sdk.firewall.ua_rules.delete(RULE, **IN_ZONE),
    f"GET {Z}/bot_management": lambda sdk: sdk.bot_management.get(**IN_ZONE),
    f"PUT {Z}/bot_management": lambda sdk: sdk.bot_management.update(**IN_ZONE, fight_mode=True),
    f"GET {Z}/workers/routes": lambda sdk: sdk.workers.routes.list(**IN_ZONE),
    f"POST {Z}/workers/routes": lambda sdk: sdk.workers.routes.create(**IN_ZONE, pattern="example.org/*", script="w"),
    f"GET {Z}/workers/routes/{{rule}}": lambda sdk: sdk.workers.routes.get(RULE, **IN_ZONE),
    f"PUT {Z}/workers/routes/{{rule}}": lambda sdk: sdk.workers.routes.update(
        RULE, **IN_ZONE, pattern="example.org/*", script="w"
    ),
    f"DELETE {Z}/workers/routes/{{rule}}": lambda sdk: sdk.workers.routes.delete(RULE, **IN_ZONE),
}
WITHOUT_METHOD = {"POST /graphql", f"PUT {Z}/tunnels/{{tunnel}}/routes", f"PATCH {X}/organizations"}
"""Served, and not a method of the SDK; the second is cloudflared's own."""
UNKNOWN = {
    "created_at": "Access's resources have it in Cloudflare's OpenAPI schema",
    "updated_at": "Access's resources have it in Cloudflare's OpenAPI schema",
    "expires_at": "service tokens have it in the schema; the SDK's model has it everywhere but in `rotate`",
    "reusable": "policies of applications have it in the schema",
    "uid": "applications have it in what people report of the live API",
    "token": "cloudflared reads it from the answer that makes a tunnel",
    "warp-routing": "cloudflared reads it from its configuration",
}
"""Fields that the SDK's models do not have: why they are there all the same."""


@pytest.fixture
def full(world: World) -> World:
    """The small world, with what some of the calls need besides."""
    world.rulesets["http_ratelimit"] = {
        "id": "f" * 32, "name": "default", "description": "", "kind": "zone", "phase": "http_ratelimit",
        "version": "1", "last_updated": lab.AT, "rules": [],
    }  # fmt: skip
    idle = {**world.tunnels[lab.TUNNEL], "id": lab.IDLE_TUNNEL, "name": "idle"}
    world.tunnels[lab.IDLE_TUNNEL] = idle
    world.configure(lab.IDLE_TUNNEL, {"ingress": NAMED}, lab.AT)
    return world


def models(value: Any) -> Iterator[BaseModel]:
    """A model, and all those in it."""
    if isinstance(value, BaseModel):
        yield value
        value = [*vars(value).values(), *(value.model_extra or {}).values()]
    if isinstance(value, list | tuple):
        for one in value:
            yield from models(one)


def test_every_route_is_called_that_the_sdk_has() -> None:
    served = {f"{route.method} {route.path}" for route in ROUTES}
    assert set(CALLS) == served - WITHOUT_METHOD


@pytest.mark.parametrize("route", CALLS)
def test_the_answer_is_what_the_model_says(sdk: Cloudflare, full: World, route: str) -> None:
    answer = CALLS[route](sdk)
    result = list(answer) if hasattr(answer, "_get_page_items") else answer
    assert result is not None
    assert result != []
    assert {name for model in models(result) for name in model.model_extra or {}} <= set(UNKNOWN)


def test_an_application_is_of_the_class_of_its_type(sdk: Cloudflare) -> None:
    """The union of all kinds of application takes almost anything: the right model is asked by its name."""
    got = sdk.zero_trust.access.applications.get(lab.APP, account_id=lab.ACCOUNT)
    assert type(got).__name__ == "SelfHostedApplication"


def test_only_the_catch_all_rule_is_refused_and_only_for_its_hostname(sdk: Cloudflare) -> None:
    """The model requires a `hostname` of every ingress rule, which the last one has not, by Cloudflare's own rules."""
    tunnels = sdk.zero_trust.tunnels.cloudflared
    config: Any = {"ingress": lab.INGRESS}
    for call in (
        lambda: tunnels.configurations.get(lab.TUNNEL, account_id=lab.ACCOUNT),
        lambda: tunnels.configurations.update(lab.TUNNEL, account_id=lab.ACCOUNT, config=config),
    ):
        with pytest.raises(APIResponseValidationError) as caught:
            call()
        cause = caught.value.__cause__
        assert isinstance(cause, pydantic.ValidationError)
        [error] = cause.errors()
        place: tuple[int | str, ...] = ("config", "ingress", len(lab.INGRESS) - 1, "hostname")
        assert (error["type"], error["loc"][-4:]) == ("missing", place)


def test_graphql_is_reached_by_the_sdks_own_post(sdk: Cloudflare) -> None:
    query = "query { viewer { zones(filter: {zoneTag: $zone}) { firewallEventsAdaptive(limit: 1) { action } } } }"
    body: Json = {"query": query, "variables": {"zone": lab.ZONE}}
    answer: Any = sdk.post("/graphql", body=body, cast_to=object)
    assert answer["data"]["viewer"]["zones"][0]["firewallEventsAdaptive"] == [{"action": "block"}]

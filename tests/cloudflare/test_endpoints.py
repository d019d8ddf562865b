"""The table of endpoints against the SDK's own methods: the same paths, the same filters."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from cloudflare import Cloudflare

from spark_conformance.cloudflare import endpoints
from spark_conformance.cloudflare.endpoints import Endpoint

IDS = {
    "account_id": "acc", "zone_id": "zon", "tunnel_id": "tun", "app_id": "app", "phase": "http_ratelimit",
    "setting": "browser_check",
}  # fmt: skip
Call = Callable[[Cloudflare], Any]

METHODS: dict[str, Call] = {
    "TOKEN_OF_USER": lambda sdk: sdk.user.tokens.verify(),
    "TOKEN_OF_ACCOUNT": lambda sdk: sdk.accounts.tokens.verify(account_id="acc"),
    "IP_RANGES": lambda sdk: sdk.ips.list(),
    "ZONES": lambda sdk: sdk.zones.list(name="example.org"),
    "RECORDS": lambda sdk: sdk.dns.records.list(
        zone_id="zon", name={"exact": "www.example.org"}, include_shadow_metadata=True
    ),
    "TUNNELS": lambda sdk: sdk.zero_trust.tunnels.cloudflared.list(account_id="acc", name="spark", is_deleted=False),
    "TUNNEL": lambda sdk: sdk.zero_trust.tunnels.cloudflared.get("tun", account_id="acc"),
    "TUNNEL_CONFIG": lambda sdk: sdk.zero_trust.tunnels.cloudflared.configurations.get("tun", account_id="acc"),
    "TUNNEL_CONNECTIONS": lambda sdk: sdk.zero_trust.tunnels.cloudflared.connections.get("tun", account_id="acc"),
    "TUNNEL_TOKEN": lambda sdk: sdk.zero_trust.tunnels.cloudflared.token.get("tun", account_id="acc"),
    "APPS": lambda sdk: sdk.zero_trust.access.applications.list(account_id="acc"),
    "APP_POLICIES": lambda sdk: sdk.zero_trust.access.applications.policies.list("app", account_id="acc"),
    "POLICIES": lambda sdk: sdk.zero_trust.access.policies.list(account_id="acc"),
    "GROUPS": lambda sdk: sdk.zero_trust.access.groups.list(account_id="acc"),
    "SERVICE_TOKENS": lambda sdk: sdk.zero_trust.access.service_tokens.list(account_id="acc"),
    "ORGANIZATION": lambda sdk: sdk.zero_trust.organizations.list(account_id="acc"),
    "WAF_RULES": lambda sdk: sdk.rulesets.phases.get("http_ratelimit", zone_id="zon"),
    "REDIRECT_RULES": lambda sdk: sdk.rulesets.phases.get("http_ratelimit", zone_id="zon"),
    "ADDRESS_RULES": lambda sdk: sdk.firewall.access_rules.list(zone_id="zon"),
    "LOCKDOWNS": lambda sdk: sdk.firewall.lockdowns.list(zone_id="zon"),
    "AGENT_RULES": lambda sdk: sdk.firewall.ua_rules.list(zone_id="zon"),
    "BOTS": lambda sdk: sdk.bot_management.get(zone_id="zon"),
    "SETTING": lambda sdk: sdk.zones.settings.get("browser_check", zone_id="zon"),
    "WORKER_ROUTES": lambda sdk: sdk.workers.routes.list(zone_id="zon"),
    "ACCESS_LOG": lambda sdk: sdk.post("/graphql", body={}, cast_to=object),
    "FIREWALL_LOG": lambda sdk: sdk.post("/graphql", body={}, cast_to=object),
}
QUERIES = {
    "ZONES": {"name": "example.org"},
    "RECORDS": {"name.exact": "www.example.org", "include_shadow_metadata": "true"},
    "TUNNELS": {"name": "spark", "is_deleted": "false"},
}
"""The filters that observations write themselves."""
TABLE = {name: value for name, value in vars(endpoints).items() if isinstance(value, Endpoint)}


@pytest.fixture(scope="module")
def sent() -> Iterator[tuple[Cloudflare, list[httpx.URL]]]:
    urls: list[httpx.URL] = []

    def answer(request: httpx.Request) -> httpx.Response:
        urls.append(request.url)
        return httpx.Response(200, json={"success": True, "errors": [], "messages": [], "result": []})

    with httpx.Client(transport=httpx.MockTransport(answer)) as http:
        yield Cloudflare(api_token="x" * 40, base_url="http://api.example.org", http_client=http), urls


def test_every_endpoint_is_held_against_the_sdk() -> None:
    assert METHODS.keys() == TABLE.keys()


@pytest.mark.parametrize("name", METHODS)
def test_the_sdks_own_method_asks_for_the_same(name: str, sent: tuple[Cloudflare, list[httpx.URL]]) -> None:
    sdk, urls = sent
    METHODS[name](sdk)
    assert urls[-1].path == TABLE[name].path.format(**IDS)
    assert dict(urls[-1].params) == QUERIES.get(name, {})


def test_only_what_any_token_may_read_needs_no_permission() -> None:
    assert {name for name, endpoint in TABLE.items() if endpoint.permission is None} == {
        "TOKEN_OF_USER", "TOKEN_OF_ACCOUNT", "IP_RANGES",
    }  # fmt: skip

"""Everything that the suite reads is accepted by the official SDK, strictly validated, with a token that only reads."""

from typing import Any, Literal

import pytest
from cloudflare import APIResponseValidationError, Cloudflare, NotFoundError

from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]


def test_token_is_verified(reader: Cloudflare) -> None:
    user, account = reader.user.tokens.verify(), reader.accounts.tokens.verify(account_id=lab.ACCOUNT)
    assert user is not None
    assert account is not None
    assert (user.id, user.status, account.status) == ("2" * 32, "active", "active")


def test_account_zone_and_addresses(reader: Cloudflare) -> None:
    assert [account.id for account in reader.accounts.list()] == [lab.ACCOUNT]
    assert [zone.id for zone in reader.zones.list(name="example.org")] == [lab.ZONE]
    assert list(reader.zones.list(name="example.com")) == []
    zone, ips = reader.zones.get(zone_id=lab.ZONE), reader.ips.list()
    assert zone is not None
    assert ips is not None
    assert zone.name_servers == ["ada.ns.example.net", "bob.ns.example.net"]
    assert ips.ipv4_cidrs == ["127.0.0.0/8"]


def test_zone_settings(reader: Cloudflare) -> None:
    for name, value in (("ssl", "full"), ("browser_check", "on")):
        setting = reader.zones.settings.get(name, zone_id=lab.ZONE)
        assert setting is not None
        assert setting.value == value  # type: ignore[union-attr]  # some settings of the union have another shape


def test_dns_record_is_found_by_its_exact_name(reader: Cloudflare) -> None:
    [found] = reader.dns.records.list(zone_id=lab.ZONE, name={"exact": lab.HOST})
    assert (found.type, found.proxied, found.ttl) == ("CNAME", True, 1)
    assert list(reader.dns.records.list(zone_id=lab.ZONE, name={"exact": "ollama.example"})) == []


def test_shadows_show_only_on_request(reader: Cloudflare) -> None:
    [plain] = reader.dns.records.list(zone_id=lab.ZONE)
    [asked] = reader.dns.records.list(zone_id=lab.ZONE, include_shadow_metadata=True)
    assert "shadowed_by" not in plain.meta.model_fields_set
    assert asked.meta.shadowed_by == ["ns.elsewhere.example"]


def test_tunnel_without_connections(reader: Cloudflare) -> None:
    [listed] = reader.zero_trust.tunnels.cloudflared.list(account_id=lab.ACCOUNT, name="spark", is_deleted=False)
    got = reader.zero_trust.tunnels.cloudflared.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert got is not None
    assert (listed.status, got.status, got.config_src) == ("healthy", "healthy", "cloudflare")
    assert got.conns_active_at is not None
    assert (listed.connections, got.connections) == (None, None)


def test_connections_with_their_connector(reader: Cloudflare) -> None:
    [connector] = reader.zero_trust.tunnels.cloudflared.connections.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert connector.conns is not None
    assert connector.config_version == 1
    assert [one.is_pending_reconnect for one in connector.conns] == [False] * 4
    assert {one.colo_name for one in connector.conns} == {"lab00", "lab01"}


def test_configuration_is_refused_only_by_the_strict_model(reader: Cloudflare, lenient: Cloudflare) -> None:
    with pytest.raises(APIResponseValidationError):
        reader.zero_trust.tunnels.cloudflared.configurations.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    got = lenient.zero_trust.tunnels.cloudflared.configurations.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert got is not None
    assert got.config is not None
    assert got.config.ingress is not None
    first, last = got.config.ingress
    assert first.origin_request is not None
    assert first.origin_request.http_host_header == "localhost:11434"
    assert (got.version, got.source, last.service) == (1, "cloudflare", "http_status:404")


def test_access_application_and_its_policies_in_order(reader: Cloudflare) -> None:
    [app] = reader.zero_trust.access.applications.list(account_id=lab.ACCOUNT)
    assert (app.type, app.aud, app.domain) == ("self_hosted", lab.AUD, lab.HOST)  # type: ignore[union-attr]  # a union
    got = reader.zero_trust.access.applications.get(lab.APP, account_id=lab.ACCOUNT)
    assert [policy.id for policy in got.policies] == [lab.OWN_POLICY, lab.POLICY]  # type: ignore[union-attr]  # a union
    listed: Any = reader.zero_trust.access.applications.policies.list(lab.APP, account_id=lab.ACCOUNT)
    assert [(policy.decision, policy.precedence) for policy in listed] == [("non_identity", 1), ("allow", 2)]


def test_reusable_policies_and_groups(reader: Cloudflare) -> None:
    [policy] = reader.zero_trust.access.policies.list(account_id=lab.ACCOUNT)
    assert (policy.reusable, policy.app_count) == (True, 1)
    [group] = reader.zero_trust.access.groups.list(account_id=lab.ACCOUNT)
    got = reader.zero_trust.access.groups.get(lab.GROUP, account_id=lab.ACCOUNT)
    assert got is not None
    assert got.name == group.name == "staff"


def test_service_token_without_its_secret(reader: Cloudflare) -> None:
    [token] = reader.zero_trust.access.service_tokens.list(account_id=lab.ACCOUNT)
    got = reader.zero_trust.access.service_tokens.get(lab.SERVICE_TOKEN, account_id=lab.ACCOUNT)
    assert got is not None
    assert (token.id, token.client_id, got.enabled) == (lab.SERVICE_TOKEN, f"{'9' * 32}.access", True)
    assert "f" * 64 not in got.to_json()


def test_organization_and_logins_with_identity(reader: Cloudflare) -> None:
    organization = reader.zero_trust.organizations.list(account_id=lab.ACCOUNT)
    assert organization is not None
    assert organization.strict_service_token_auth is False
    logins = reader.zero_trust.access.logs.access_requests.list(account_id=lab.ACCOUNT, limit=10)
    assert logins is not None
    assert [login.rayid for login in logins] == ["9" * 16]


def test_what_stands_before_access(reader: Cloudflare, sdk: Cloudflare) -> None:
    phase: Literal["http_request_firewall_custom"] = "http_request_firewall_custom"
    with pytest.raises(NotFoundError) as caught:
        reader.rulesets.phases.get(phase, zone_id=lab.ZONE)
    assert caught.value.errors[0].code == 10003
    sdk.rulesets.phases.update(phase, zone_id=lab.ZONE, rules=[{"action": "block", "expression": "true"}])
    assert [rule.action for rule in reader.rulesets.phases.get(phase, zone_id=lab.ZONE).rules] == ["block"]
    assert [rule.mode for rule in reader.firewall.access_rules.list(zone_id=lab.ZONE)] == ["block"]
    assert [rule.paused for rule in reader.firewall.lockdowns.list(zone_id=lab.ZONE)] == [True]
    assert [rule.paused for rule in reader.firewall.ua_rules.list(zone_id=lab.ZONE)] == [True]
    assert [route.pattern for route in reader.workers.routes.list(zone_id=lab.ZONE)] == ["example.org/worker/*"]
    bots = reader.bot_management.get(zone_id=lab.ZONE)
    assert bots is not None
    assert bots.fight_mode is False  # type: ignore[union-attr]  # a union

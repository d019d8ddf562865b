"""One broken thing each, in the lab's world: the checks that are about it fail, and no others."""

from collections.abc import Callable
from typing import Any

import pytest

from spark_lab.seed import now
from spark_lab.world import Connection, Connector, World
from tests.cloudflare.checking import failing
from tests.cloudflare.twin import CONNECTOR, Twin


def tunnel_of(world: World) -> dict[str, Any]:
    return next(iter(world.tunnels.values()))


def rules_of(world: World) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = next(iter(world.configurations.values()))["config"]["ingress"]
    return rules


def connections_of(world: World) -> dict[int, Connection]:
    return next(iter(world.connectors.values()))[CONNECTOR].connections


def record_of(world: World) -> dict[str, Any]:
    return next(iter(world.records.values()))


def app_of(world: World) -> dict[str, Any]:
    return next(iter(world.apps.values()))


def policy_of(world: World, decision: str) -> dict[str, Any]:
    return next(policy for policy in app_of(world)["policies"] if policy["decision"] == decision)


def token_of(world: World) -> dict[str, Any]:
    return next(iter(world.service_tokens.values()))


def stranger(world: World) -> None:
    other = Connector("stranger", "2026.8.2", "darwin_amd64", now(), 1, {0: connections_of(world)[0]})
    next(iter(world.connectors.values()))["stranger"] = other


def second(table: dict[str, dict[str, Any]], **fields: Any) -> None:
    table["second"] = {**next(iter(table.values())), "id": "second", **fields}


def other_token(world: World) -> dict[str, Any]:
    """A rule that includes a service token of somebody else's."""
    second(world.service_tokens)
    return {"service_token": {"token_id": "second"}}


def made_anew(world: World) -> None:
    """Deleted, and another in its place under its name, with its configuration, connector and record."""
    old = tunnel_of(world)
    world.tunnels[NEW] = {**old, "id": NEW}
    old["deleted_at"] = now()
    world.configurations[NEW] = world.configurations[old["id"]]
    world.connectors[NEW] = world.connectors[old["id"]]


NEW = "00000000-0000-4000-8000-000000000009"
ADDRESS = {"type": "A", "content": "192.0.2.1"}
WORLDS: dict[str, tuple[Callable[[World], object], set[str]]] = {
    "renamed": (lambda world: tunnel_of(world).update(name="x"), {"tunnel.name"}),
    "deleted": (lambda world: tunnel_of(world).update(deleted_at=now()), {"tunnel.deleted"}),
    "made anew": (made_anew, {"tunnel.id"}),
    "local": (lambda world: tunnel_of(world).update(config_src="local"), {"tunnel.config_source"}),
    "lost": (lambda world: connections_of(world).pop(0), {"tunnel.status", "tunnel.connections"}),
    "pending": (
        lambda world: setattr(connections_of(world)[0], "pending_reconnect", True),
        {"tunnel.status", "tunnel.connections", "tunnel.pending"},
    ),
    "one place": (
        lambda world: [vars(connection).update(colo="fra03") for connection in connections_of(world).values()],
        {"tunnel.data_centres"},
    ),
    "stranger": (stranger, {"tunnel.connections", "tunnel.connector_on_host"}),
    "other service": (lambda world: rules_of(world)[0].update(service="http://localhost:1"), {"tunnel.ingress"}),
    "path": (lambda world: rules_of(world)[0].update(path="^/api"), {"tunnel.ingress"}),
    "no host header": (lambda world: rules_of(world)[0].pop("originRequest"), {"tunnel.http_host_header"}),
    "open fallback": (lambda world: rules_of(world)[1].update(service="hello_world"), {"tunnel.fallback"}),
    "third rule": (
        lambda world: rules_of(world).insert(1, {"hostname": "x.goldfish.io", "service": "http://localhost:22"}),
        {"tunnel.rules"},
    ),
    "paused": (
        lambda world: world.zone.update(paused=True),
        {"dns.zone_status", "dns.resolvers_in_range", "dns.authoritative_in_range", "dns.cname_visible"},
    ),
    "second record": (lambda world: second(world.records, **ADDRESS), {"dns.records"}),
    "other target": (lambda world: record_of(world).update(content="x.cfargotunnel.com"), {"dns.target"}),
    "ttl": (lambda world: record_of(world).update(ttl=300), {"dns.ttl"}),
    "grey cloud": (
        lambda world: record_of(world).update(proxied=False),
        {"dns.proxied", "dns.resolvers_in_range", "dns.authoritative_in_range", "dns.cname_visible"},
    ),
    "other addresses": (
        lambda world: world.edge_addresses.__setitem__(0, "127.0.0.9"),
        {"dns.resolvers_in_range", "dns.authoritative_in_range"},
    ),
    "hidden record": (lambda world: record_of(world).update(meta={"shadowed_by": ["x"]}), {"dns.shadowed"}),
    "other domain": (
        lambda world: app_of(world).update(domain="x.goldfish.io", self_hosted_domains=[], destinations=[]),
        {"access.app_domain"},
    ),
    "other type": (lambda world: app_of(world).update(type="ssh"), {"access.app_type"}),
    "app on a path": (
        lambda world: second(world.apps, domain="ollama.goldfish.io/api/tags", self_hosted_domains=[], destinations=[]),
        {"access.overlapping_apps"},
    ),
    "other policy": (lambda world: policy_of(world, "allow").update(name="x"), {"access.policy"}),
    "for some": (
        lambda world: policy_of(world, "allow").update(include=[{"email": {"email": "a@example.org"}}]),
        {"access.policy"},
    ),
    "old exception": (lambda world: policy_of(world, "allow").update(created_at=now(-31)), {"access.temporary_days"}),
    "bypass": (lambda world: policy_of(world, "allow").update(decision="bypass"), {"access.open_to_everyone"}),
    "blocks": (lambda world: policy_of(world, "allow").update(decision="deny"), {"access.policy"}),
    "for one country": (
        lambda world: policy_of(world, "allow").update(require=[{"geo": {"country_code": "NZ"}}]),
        {"access.policy"},
    ),
    "a stranger's token": (
        lambda world: policy_of(world, "non_identity")["include"].append(other_token(world)),
        {"access.strangers"},
    ),
    "any token": (
        lambda world: policy_of(world, "non_identity")["include"].append({"any_valid_service_token": {}}),
        {"access.strangers"},
    ),
    "bypass for a country": (
        lambda world: policy_of(world, "allow").update(decision="bypass", require=[{"geo": {"country_code": "NZ"}}]),
        {"access.open_to_everyone", "access.policy"},
    ),
    "no service auth": (
        lambda world: app_of(world)["policies"].remove(policy_of(world, "non_identity")),
        {"access.service_auth"},
    ),
    "other client id": (lambda world: token_of(world).update(client_id="x.access"), {"access.token_client_id"}),
    "disabled": (lambda world: token_of(world).update(enabled=False), {"access.token_enabled"}),
    "expired": (lambda world: token_of(world).update(expires_at=now(-1)), {"access.token_days"}),
    "deny": (lambda world: world.organization.update(deny_unmatched_requests=True), {"access.deny_unmatched"}),
    "strict": (
        lambda world: world.organization.update(strict_service_token_auth=True),
        {"access.strict_service_tokens"},
    ),
}


@pytest.mark.parametrize("name", WORLDS)
def test_a_broken_world_fails_what_is_about_it_and_nothing_else(name: str, lab: Twin) -> None:
    breaking, expected = WORLDS[name]
    lab.loop.call(lambda: breaking(lab.world))
    with lab.run() as run:
        assert failing(run) == dict.fromkeys(expected, "nonconformant")


GONE: dict[str, tuple[Callable[[World], object], str, set[str]]] = {
    "no record": (
        lambda world: world.records.clear(),
        "dns.records",
        {"dns.resolvers_in_range", "dns.authoritative_in_range"},
    ),
    "no application": (lambda world: world.apps.clear(), "access.app_id", set()),
    "no service token": (lambda world: world.service_tokens.clear(), "access.token_id", set()),
    "no tunnel": (lambda world: world.tunnels.clear(), "tunnel.id", set()),
}


@pytest.mark.parametrize("name", GONE)
def test_what_is_gone_fails_once_and_blocks_what_rests_on_it(name: str, lab: Twin) -> None:
    breaking, owner, others = GONE[name]
    lab.loop.call(lambda: breaking(lab.world))
    with lab.run() as run:
        told = failing(run)
    assert {fact for fact, verdict in told.items() if verdict == "nonconformant"} == {owner, *others}
    assert {verdict for fact, verdict in told.items() if fact not in {owner, *others}} == {f"blocked by {owner}"}

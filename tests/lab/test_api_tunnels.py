"""Tunnels: status from connections, the configuration and its versions, token, name, secret, end."""

import base64
import json
from typing import Any

import httpx
import pytest
from cloudflare import APIStatusError, BadRequestError, Cloudflare, ConflictError, NotFoundError

from spark_lab.world import Json, World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
TUNNELS = f"/accounts/{lab.ACCOUNT}/cfd_tunnel"
CONFIG = f"{TUNNELS}/{lab.TUNNEL}/configurations"
CATCH_ALL = {"service": "http_status:404"}


def told(caught: pytest.ExceptionInfo[APIStatusError]) -> int | None:
    return caught.value.errors[0].code


@pytest.mark.parametrize(
    ("connectors", "last", "status"),
    [
        ([(4, 0)], None, "healthy"),
        ([(3, 1)], None, "degraded"),
        ([(1, 0)], None, "degraded"),
        ([(4, 0), (0, 4)], None, "healthy"),
        ([(2, 0), (2, 0)], None, "degraded"),
        ([(0, 4)], None, "down"),
        ([], lab.AT, "down"),
        ([], None, "down"),
        (None, lab.AT, "down"),
        (None, None, "inactive"),
    ],
)
def test_status_follows_from_connections(
    sdk: Cloudflare, world: World, connectors: list[tuple[int, int]] | None, last: str | None, status: str
) -> None:
    world.connectors.clear()
    if connectors is not None:
        world.connectors[lab.TUNNEL] = {str(n): lab.connector(str(n), *counts) for n, counts in enumerate(connectors)}
    if last is not None:
        world.last_connected[lab.TUNNEL] = last
    got = sdk.zero_trust.tunnels.cloudflared.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert got is not None
    assert got.status == status
    assert (got.conns_active_at is None) == (status in {"down", "inactive"})
    assert (got.conns_inactive_at is None) == (last is None)


def test_the_token_decodes_to_account_tunnel_and_secret(sdk: Cloudflare) -> None:
    token = sdk.zero_trust.tunnels.cloudflared.token.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert json.loads(base64.b64decode(token)) == {
        "a": lab.ACCOUNT,
        "t": lab.TUNNEL,
        "s": base64.b64encode(lab.SECRET).decode(),
    }


def test_a_new_configuration_has_the_next_version_and_is_told(lenient: Cloudflare, world: World) -> None:
    told_of: list[str] = []
    world.configuration_changed.append(told_of.append)
    config: Any = {"ingress": [{"hostname": lab.HOST, "service": "http://localhost:11434"}, CATCH_ALL]}
    put = lenient.zero_trust.tunnels.cloudflared.configurations.update(
        lab.TUNNEL, account_id=lab.ACCOUNT, config=config
    )
    got = lenient.zero_trust.tunnels.cloudflared.configurations.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert put is not None
    assert got is not None
    assert put.version == got.version == 2
    assert told_of == [lab.TUNNEL]
    assert world.configurations[lab.TUNNEL]["config"]["ingress"][0] == {
        "hostname": lab.HOST,
        "service": "http://localhost:11434",
    }


def test_a_configuration_replaces_all_of_the_old(http: httpx.Client, world: World) -> None:
    http.put(CONFIG, json={"config": {"ingress": [CATCH_ALL], "originRequest": {"connectTimeout": 5}}})
    http.put(CONFIG, json={"config": {"ingress": [CATCH_ALL]}})
    assert world.configurations[lab.TUNNEL]["config"] == {"warp-routing": {"enabled": False}, "ingress": [CATCH_ALL]}
    assert world.configurations[lab.TUNNEL]["version"] == 3


@pytest.mark.parametrize(
    "ingress",
    [
        [{"hostname": "a.example.org", "service": "http://localhost:1"}],
        [{"path": "/x", "service": "http_status:404"}],
        [CATCH_ALL, CATCH_ALL],
        [{"hostname": "a.example.org"}, CATCH_ALL],
        [{"hostname": "a.example.org", "service": "localhost"}, CATCH_ALL],
        [{"service": "http_status:999"}],
        [{"hostname": "a.example.org", "service": "http://localhost:1/api"}, CATCH_ALL],
        [{"hostname": "a.example.org", "service": "http://localhost:1/"}, CATCH_ALL],
        [{"originRequest": {"connectTimeout": "30s"}, **CATCH_ALL}],
        [{"originRequest": {"tlsTimeout": 30.5}, **CATCH_ALL}],
        [{"originRequest": {"keepAliveTimeout": True}, **CATCH_ALL}],
    ],
)
def test_rules_that_cloudflared_would_not_run(http: httpx.Client, world: World, ingress: list[Json]) -> None:
    response = http.put(CONFIG, json={"config": {"ingress": ingress}})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, 1056)
    assert world.configurations[lab.TUNNEL]["version"] == 1


def test_a_configuration_of_a_tunnel_that_is_managed_locally_says_so(http: httpx.Client, world: World) -> None:
    world.tunnels[lab.TUNNEL]["config_src"] = "local"
    said = http.put(CONFIG, json={"config": {"ingress": [CATCH_ALL]}}).json()["result"]
    assert said["source"] == http.get(CONFIG).json()["result"]["source"] == "local"


def test_what_cloudflared_takes_and_then_runs_wrongly_is_taken(http: httpx.Client) -> None:
    rules = [{"hostname": "a.example.org", "service": "http://localhost:1"}, CATCH_ALL]
    overflowing = {"ingress": rules, "originRequest": {"connectTimeout": 30_000_000_000}}
    assert http.put(CONFIG, json={"config": overflowing}).status_code == 200


@pytest.mark.parametrize(
    "service", ["http://localhost:11434", "https://[::1]:1", "unix:/run/x.sock", "tcp://h:22", "hello_world"]
)
def test_services_that_it_would(http: httpx.Client, service: str) -> None:
    rules = [{"hostname": "a.example.org", "service": service}, CATCH_ALL]
    assert http.put(CONFIG, json={"config": {"ingress": rules}}).status_code == 200


def test_a_tunnel_from_its_making_to_its_end(sdk: Cloudflare, world: World) -> None:
    tunnels = sdk.zero_trust.tunnels.cloudflared
    made = tunnels.create(account_id=lab.ACCOUNT, name="second", config_src="cloudflare")
    assert made is not None
    assert made.id is not None
    assert (made.status, made.remote_config, len(world.tunnel_secrets[made.id])) == ("inactive", True, 32)
    renamed = tunnels.edit(made.id, account_id=lab.ACCOUNT, name="third")
    assert renamed is not None
    assert renamed.name == "third"
    with pytest.raises(NotFoundError) as unconfigured:
        tunnels.configurations.get(made.id, account_id=lab.ACCOUNT)
    assert told(unconfigured) == 1055
    deleted = tunnels.delete(made.id, account_id=lab.ACCOUNT)
    assert deleted is not None
    assert deleted.deleted_at is not None
    assert [one.name for one in tunnels.list(account_id=lab.ACCOUNT, is_deleted=False)] == ["spark"]
    assert [one.name for one in tunnels.list(account_id=lab.ACCOUNT, is_deleted=True)] == ["third"]
    assert tunnels.create(account_id=lab.ACCOUNT, name="third") is not None


def test_a_name_is_taken_only_once(sdk: Cloudflare) -> None:
    with pytest.raises(ConflictError) as caught:
        sdk.zero_trust.tunnels.cloudflared.create(account_id=lab.ACCOUNT, name="spark")
    assert told(caught) == 1013


def test_a_new_secret_makes_a_new_token(sdk: Cloudflare, world: World) -> None:
    tunnels = sdk.zero_trust.tunnels.cloudflared
    old = tunnels.token.get(lab.TUNNEL, account_id=lab.ACCOUNT)
    secret = base64.b64encode(b"another secret, also of 32 bytes").decode()
    tunnels.edit(lab.TUNNEL, account_id=lab.ACCOUNT, tunnel_secret=secret)
    assert tunnels.token.get(lab.TUNNEL, account_id=lab.ACCOUNT) != old
    assert world.status_of(lab.TUNNEL) == "healthy"
    with pytest.raises(BadRequestError):
        tunnels.edit(lab.TUNNEL, account_id=lab.ACCOUNT, tunnel_secret="dG9vIHNob3J0")


def test_a_connected_tunnel_is_not_deleted_before_its_connections(sdk: Cloudflare, world: World) -> None:
    tunnels = sdk.zero_trust.tunnels.cloudflared
    with pytest.raises(BadRequestError) as caught:
        tunnels.delete(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert told(caught) == 1022
    dropped: list[tuple[str, str | None]] = []
    world.connectors_removed.append(lambda tunnel, connector: dropped.append((tunnel, connector)))
    tunnels.connections.delete(lab.TUNNEL, account_id=lab.ACCOUNT)
    assert dropped == [(lab.TUNNEL, None)]
    assert list(tunnels.connections.get(lab.TUNNEL, account_id=lab.ACCOUNT)) == []
    assert tunnels.delete(lab.TUNNEL, account_id=lab.ACCOUNT) is not None


def test_connections_of_one_connector_are_removed_alone(http: httpx.Client, world: World) -> None:
    world.connectors[lab.TUNNEL] = {name: lab.connector(name, 4) for name in ("one", "two")}
    http.delete(f"{TUNNELS}/{lab.TUNNEL}/connections", params={"client_id": "one"})
    assert list(world.connectors[lab.TUNNEL]) == ["two"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "spark"}, 1),
        ({"name": "spar"}, 0),
        ({"uuid": lab.TUNNEL}, 1),
        ({"status": "healthy"}, 1),
        ({"status": "down"}, 0),
        ({"include_prefix": "sp"}, 1),
        ({"exclude_prefix": "sp"}, 0),
        ({"name_prefix": "spa"}, 1),
        ({"existed_at": "2026-10-20T07:59:59Z"}, 0),
        ({"existed_at": "2026-10-20T09:00:00+01:00"}, 1),
    ],
)
def test_filters(http: httpx.Client, query: dict[str, Any], found: int) -> None:
    assert len(http.get(TUNNELS, params=query).json()["result"]) == found

"""What Cloudflare documents, or people report, beside the good case: statuses, types, unknown fields, pages, races."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from cloudflare import APIStatusError, Cloudflare

from spark_lab.world import Json, World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
A, Z = f"/accounts/{lab.ACCOUNT}", f"/zones/{lab.ZONE}"
APPS, TUNNELS, RECORDS = f"{A}/access/apps", f"{A}/cfd_tunnel", f"{Z}/dns_records"
RULE = "e" * 32
POLICY = {"name": "n", "decision": "allow", "include": [{"everyone": {}}]}
APP = {"type": "self_hosted", "domain": "new.example.org"}
ADDRESS = {"target": "ip", "value": "192.0.2.7"}
SAME = {"target": "ip", "value": "192.0.2.1"}
AGENT = {"target": "ua", "value": "x"}
CURL = {"target": "ua", "value": "curl/1"}
ENTRYPOINT = f"{Z}/rulesets/phases/http_ratelimit/entrypoint"


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", APPS, APP, 201),
        ("DELETE", f"{APPS}/{lab.APP}", None, 202),
        ("POST", f"{APPS}/{lab.APP}/policies", POLICY, 201),
        ("DELETE", f"{APPS}/{lab.APP}/policies/{lab.OWN_POLICY}", None, 202),
        ("POST", f"{A}/access/policies", POLICY, 201),
        ("POST", f"{A}/access/service_tokens", {"name": "n"}, 201),
        ("DELETE", f"{A}/access/service_tokens/{lab.SERVICE_TOKEN}", None, 200),
        ("POST", RECORDS, {"type": "A", "name": "a", "content": "192.0.2.1"}, 200),
        ("POST", TUNNELS, {"name": "second"}, 200),
    ],
)
def test_what_is_made_and_taken_away_has_the_documented_status(
    http: httpx.Client, method: str, path: str, body: Json | None, status: int
) -> None:
    assert http.request(method, path, json=body).status_code == status


@pytest.mark.parametrize(
    ("request_", "good", "wrong"),
    [
        (f"PATCH {Z}/settings/ssl", {"value": "full"}, {"value": "half"}),
        (f"POST {RECORDS}", {"type": "A", "name": "a", "content": "192.0.2.1"}, {"name": 7}),
        (f"POST {RECORDS}", {"type": "A", "name": "a", "content": "192.0.2.1"}, {"proxied": "yes"}),
        (f"POST {RECORDS}", {"type": "A", "name": "a", "content": "192.0.2.1"}, {"proxied": True, "ttl": "x"}),
        (f"PATCH {RECORDS}/{lab.RECORD}", {"comment": None}, {"comment": 7}),
        (f"POST {TUNNELS}", {"name": "second"}, {"config_src": "elsewhere"}),
        (f"POST {APPS}", APP, {"skip_interstitial": "yes"}),
        (f"PUT {APPS}/{lab.APP}", APP, {"session_duration": 24}),
        (f"POST {A}/access/policies", POLICY, {"session_duration": 24}),
        (f"POST {A}/access/service_tokens", {"name": "n"}, {"enabled": "no"}),
        (f"PUT {A}/access/organizations", {"name": "n"}, {"name": None}),
        (f"PUT {A}/access/organizations", {"name": "n"}, {"strict_service_token_auth": 1}),
        (f"PUT {ENTRYPOINT}", {"rules": []}, {"name": []}),
        (f"POST {Z}/firewall/lockdowns", {"urls": ["x"], "configurations": [ADDRESS]}, {"urls": "x"}),
        (f"PUT {Z}/firewall/ua_rules/{RULE}", {"mode": "block", "configuration": AGENT}, {"paused": "no"}),
        (f"PUT {Z}/bot_management", {"fight_mode": True}, {"fight_mode": "on"}),
        (f"PUT {Z}/workers/routes/{RULE}", {"pattern": "example.org/*"}, {"pattern": None}),
    ],
)
def test_a_field_of_another_type_is_refused_and_nothing_changes(
    http: httpx.Client, world: World, request_: str, good: Json, wrong: Json
) -> None:
    method, path = request_.split()
    before = repr(world)
    refused = http.request(method, path, json=good | wrong)
    assert (refused.status_code, refused.json()["success"]) == (400, False)
    assert repr(world) == before
    assert http.request(method, path, json=good).is_success


@pytest.mark.parametrize(
    ("path", "body", "told"),
    [
        (f"{Z}/firewall/access_rules/rules", {"mode": "block", "configuration": SAME}, (400, 10009)),
        (f"{Z}/firewall/lockdowns", {"urls": ["example.org/admin"], "configurations": [ADDRESS]}, (400, 10009)),
        (
            f"{Z}/firewall/ua_rules",
            {"mode": "block", "configuration": {"target": "ua", "value": "curl/1"}},
            (400, 10009),
        ),
        (f"{Z}/workers/routes", {"pattern": "example.org/worker/*", "script": "w"}, (409, 10020)),
        (f"{Z}/workers/routes", {"pattern": "example.com/*", "script": "w"}, (400, 10022)),
        (f"{APPS}/{lab.APP}/policies", POLICY | {"precedence": 1}, (400, 12130)),
        (APPS, APP | {"policies": [POLICY | {"precedence": 4}, {"id": lab.POLICY, "precedence": 4}]}, (400, 12130)),
        (RECORDS, {"type": "CNAME", "name": lab.HOST, "content": "x.example.com"}, (400, 81053)),
        (TUNNELS, {"name": "spark"}, (409, 1013)),
    ],
)
def test_what_is_there_already_is_not_made_again(
    http: httpx.Client, world: World, path: str, body: Json, told: tuple[int, int]
) -> None:
    before = repr(world)
    refused = http.post(path, json=body)
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == told
    assert repr(world) == before


def test_without_an_organisation_access_is_not_enabled(http: httpx.Client, world: World) -> None:
    world.organization = {}
    for answer in (http.get(f"{A}/access/organizations"), http.put(f"{A}/access/organizations", json={"name": "n"})):
        assert answer.json()["errors"][0]["code"] == 9999


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (f"{Z}/firewall/lockdowns/{RULE}", {"urls": ["x"]}),
        (f"{Z}/firewall/ua_rules/{RULE}", {"mode": "block"}),
        (f"{Z}/workers/routes/{RULE}", {"script": "w"}),
        (f"{APPS}/{lab.APP}", {"domain": lab.HOST}),
    ],
)
def test_a_replacement_does_not_take_what_is_missing_from_the_old(http: httpx.Client, path: str, body: Json) -> None:
    assert http.put(path, json=body).status_code == 400


@pytest.mark.parametrize(
    ("method", "path", "body", "kept"),
    [
        ("PATCH", f"{RECORDS}/{lab.RECORD}", {}, False),
        ("PATCH", f"{TUNNELS}/{lab.TUNNEL}", {}, False),
        ("PUT", f"{A}/access/organizations", {}, False),
        ("PUT", f"{A}/access/service_tokens/{lab.SERVICE_TOKEN}", {}, False),
        ("PATCH", f"{Z}/firewall/access_rules/rules/{RULE}", {}, False),
        ("PUT", f"{Z}/bot_management", {}, False),
        ("PUT", f"{APPS}/{lab.APP}", APP, True),
    ],
)
def test_what_becomes_of_unknown_fields(http: httpx.Client, method: str, path: str, body: Json, kept: bool) -> None:
    """Passed over; an application keeps them, which stand for fields that are newer than the lab."""
    answer = http.request(method, path, json=body | {"not_yet_invented": 7})
    assert answer.is_success
    assert ("not_yet_invented" in answer.json()["result"]) == kept


def test_a_ruleset_refuses_unknown_fields(http: httpx.Client, world: World) -> None:
    refused = http.put(ENTRYPOINT, json={"rules": [], "kind": "zone"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["message"] == 'invalid JSON: unknown field "kind"'
    assert world.rulesets == {}


@pytest.mark.parametrize(
    ("path", "most"), [("/zones", 50), ("/accounts", 50), (TUNNELS, 1000), (APPS, 1000), (RECORDS, 5_000_000)]
)
def test_a_page_is_never_larger_than_documented(http: httpx.Client, path: str, most: int) -> None:
    info = http.get(path, params={"per_page": 10 * most}).json()["result_info"]
    assert (info["per_page"], info["count"]) == (most, info["total_count"])


def test_workers_routes_have_no_pages(http: httpx.Client, world: World) -> None:
    world.worker_routes = {f"{n:032x}": {"id": f"{n:032x}", "pattern": f"example.org/{n}"} for n in range(60)}
    answer = http.get(f"{Z}/workers/routes").json()
    assert (len(answer["result"]), "result_info" in answer) == (60, False)


def test_the_limit_is_told_before_it_is_reached(http: httpx.Client) -> None:
    left = [http.get(path).headers["ratelimit"].partition(";t=")[0] for path in ("/ips", f"{RECORDS}/{'f' * 32}")]
    assert left == ['"default";r=1199', '"default";r=1198']
    assert http.get("/ips").headers["ratelimit-policy"] == '"default";q=1200;w=300'


def raced(work: Callable[[int], Any], count: int = 8) -> list[int]:
    """What came of the same work done by many at once: 200, or the status of the refusal."""

    def one(number: int) -> int:
        try:
            work(number)
        except APIStatusError as refusal:
            return refusal.status_code
        return 200

    with ThreadPoolExecutor(count) as pool:
        return sorted(pool.map(one, range(count)))


def test_of_many_who_make_the_same_one_wins(sdk: Cloudflare, world: World) -> None:
    tunnels, records = sdk.zero_trust.tunnels.cloudflared, sdk.dns.records
    made = raced(lambda _: tunnels.create(account_id=lab.ACCOUNT, name="second"))
    added = raced(
        lambda n: records.create(zone_id=lab.ZONE, type="CNAME", name="one", content=f"{n}.example.com", ttl=1)
    )
    deleted = raced(lambda _: records.delete(lab.RECORD, zone_id=lab.ZONE))
    assert (made, added, deleted) == ([200, *[409] * 7], [200, *[400] * 7], [200, *[404] * 7])
    assert [len(world.tunnels), len(world.records)] == [2, 1]


def test_of_many_configurations_each_has_a_version_and_the_last_holds(http: httpx.Client, world: World) -> None:
    """No request says which version it saw: whoever writes last has overwritten the others, and nobody is told."""
    told: list[int] = []
    world.configuration_changed.append(lambda tunnel: told.append(world.configurations[tunnel]["version"]))

    def put(number: int) -> tuple[int, str]:
        ingress = [{"service": f"http_status:{400 + number}"}]
        answer = http.put(f"{TUNNELS}/{lab.TUNNEL}/configurations", json={"config": {"ingress": ingress}})
        return answer.json()["result"]["version"], ingress[0]["service"]

    with ThreadPoolExecutor(8) as pool:
        written = dict(pool.map(put, range(8)))
    assert sorted(written) == sorted(told) == list(range(2, 10))
    assert world.configurations[lab.TUNNEL]["config"]["ingress"] == [{"service": written[9]}]

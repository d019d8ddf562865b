"""The envelope, pages, and what does not fit: routes, methods, identifiers, bodies."""

from typing import Any

import httpx
import pytest
from cloudflare import APIStatusError, Cloudflare
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import QueryParams

from spark_lab.api import ApiServer
from spark_lab.api.auth import DNS
from spark_lab.api.call import Call
from spark_lab.api.paging import paged
from spark_lab.api.routes import ROUTES, Endpoint
from spark_lab.world import ApiToken, Json, World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
RECORDS = f"/zones/{lab.ZONE}/dns_records"
ANY = {"zone": lab.ZONE, "account": lab.ACCOUNT, "setting": "ssl", "phase": "http_ratelimit"}
ANY |= {"record": lab.RECORD, "rule": "e" * 32, "tunnel": lab.TUNNEL, "app": lab.APP}
ANY |= {"group": lab.GROUP, "service_token": lab.SERVICE_TOKEN}


def fill(world: World, count: int) -> None:
    for number in range(count):
        identity = f"{number:032x}"
        world.records[identity] = lab.record(identity, f"n{number:04}.example.org")


def test_success_and_failure_have_the_same_envelope(http: httpx.Client) -> None:
    right, wrong = http.get(RECORDS), http.get(f"{RECORDS}/{'0' * 32}")
    assert set(right.json()) == {"success", "errors", "messages", "result", "result_info"}
    assert (right.json()["success"], wrong.json()["success"], wrong.json()["result"]) == (True, False, None)
    assert wrong.json()["errors"] == [{"code": 81044, "message": "Record does not exist."}]
    assert right.headers["cf-ray"] != wrong.headers["cf-ray"]
    assert right.headers["server"] == "cloudflare"
    assert "date" in right.headers


def test_a_list_of_many_pages_comes_to_its_end(sdk: Cloudflare, world: World) -> None:
    fill(world, 250)
    names = [record.name for record in sdk.dns.records.list(zone_id=lab.ZONE, per_page=100)]
    assert len(names) == len(set(names)) == 251


def test_one_page_costs_two_requests(sdk: Cloudflare, api: ApiServer) -> None:
    assert len(list(sdk.dns.records.list(zone_id=lab.ZONE))) == 1
    assert len(api.requests) == 2


@given(count=st.integers(0, 40), size=st.integers(1, 50))
def test_pages_hold_every_item_once(count: int, size: int) -> None:
    items: list[Json] = [{"id": number} for number in range(count)]
    found: list[Json] = []
    for page in range(1, 60):
        query = QueryParams({"page": str(page), "per_page": str(size)})
        reply = paged(Call(lab.build(), ApiToken("t", set()), DNS, {}, query, b""), items)
        assert reply.info is not None
        assert reply.info["count"] == len(reply.result)
        assert reply.info["total_count"] == count
        assert reply.info["total_pages"] == -(-count // size)
        if not reply.result:
            break
        found += reply.result
    assert found == items


@pytest.mark.parametrize("query", ["page=0", "page=-1", "page=x", "per_page=0", "per_page=%C2%B2"])
def test_a_page_that_is_no_number_is_refused(http: httpx.Client, query: str) -> None:
    assert http.get(f"{RECORDS}?{query}").status_code == 400


def test_an_unknown_route(http: httpx.Client) -> None:
    response = http.get("/zones/nowhere/at/all")
    assert response.status_code == 404
    assert [error["code"] for error in response.json()["errors"]] == [7003, 7000]


@pytest.mark.parametrize(
    "path", ["/zones/example.org", f"{RECORDS}/645577699", f"/accounts/{lab.ACCOUNT}/access/apps/x"]
)
def test_an_identifier_that_is_none(http: httpx.Client, path: str) -> None:
    response = http.get(path)
    assert response.status_code == 404
    assert [error["code"] for error in response.json()["errors"]] == [7003]
    assert f"/client/v4{path}" in response.json()["errors"][0]["message"]


def test_a_method_that_is_not_allowed(http: httpx.Client) -> None:
    response = http.put("/ips")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (405, 7001)


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (f"{RECORDS}/{'0' * 32}", 81044),
        (f"/accounts/{lab.ACCOUNT}/cfd_tunnel/{lab.APP}", 1002),
        (f"/accounts/{lab.ACCOUNT}/cfd_tunnel/{lab.APP}/configurations", 1055),
        (f"/accounts/{lab.ACCOUNT}/cfd_tunnel/{lab.APP}/token", 1054),
        (f"/accounts/{lab.ACCOUNT}/access/apps/{lab.TUNNEL}", 11021),
        (f"/accounts/{lab.ACCOUNT}/access/apps/{lab.APP}/policies/{lab.TUNNEL}", 12135),
        (f"/accounts/{lab.ACCOUNT}/access/policies/{lab.TUNNEL}", 12135),
        (f"/accounts/{lab.ACCOUNT}/access/groups/{lab.TUNNEL}", 12152),
        (f"/accounts/{lab.ACCOUNT}/access/service_tokens/{lab.TUNNEL}", 12135),
        (f"/zones/{lab.ZONE}/rulesets/phases/http_ratelimit/entrypoint", 10003),
        (f"/zones/{lab.ZONE}/firewall/lockdowns/{'0' * 32}", 10001),
        (f"/zones/{lab.ZONE}/workers/routes/{'0' * 32}", 10009),
    ],
)
def test_what_does_not_exist(http: httpx.Client, path: str, code: int) -> None:
    response = http.get(path)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (404, code)


def path_of(endpoint: Endpoint) -> str:
    policy = lab.POLICY if "/access/policies" in endpoint.path else lab.OWN_POLICY
    return endpoint.path.format(**{**ANY, "policy": policy})


BODIES = [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b'{"a":'.ljust(20)]
WRITES = [endpoint for endpoint in ROUTES if endpoint.method in {"POST", "PUT", "PATCH"}]
TAKING = [endpoint for endpoint in WRITES if not endpoint.path.endswith(("/refresh", "/rotate"))]


@pytest.mark.parametrize("endpoint", TAKING, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_a_malformed_body_is_refused_and_changes_nothing(http: httpx.Client, world: World, endpoint: Endpoint) -> None:
    method, path = endpoint.method, path_of(endpoint)
    before = repr(world)
    for body in BODIES:
        response = http.request(method, path, content=body)
        assert response.status_code == 400
        assert response.json()["success"] is False
    assert repr(world) == before


@pytest.mark.parametrize("endpoint", WRITES, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_no_body_of_the_wrong_types_breaks_the_server(http: httpx.Client, endpoint: Endpoint) -> None:
    method, path = endpoint.method, path_of(endpoint)
    keys = ["name", "type", "content", "ttl", "proxied", "config", "rules", "policies", "include", "decision", "domain"]
    keys += ["destinations", "duration", "tunnel_secret", "value", "paused", "mode", "precedence", "query", "variables"]
    keys += ["url", "method", "session_duration", "expression", "urls", "configuration", "pattern", "enabled"]
    values: list[Any] = [None, True, 7, "x", [], [7], {}, {"ingress": [{"service": 7}]}, [{"id": []}]]
    for value in values:
        status = http.request(method, path, json=dict.fromkeys(keys, value)).status_code
        assert status in {200, 400, 404, 503}


def test_the_sdk_shows_code_and_message(sdk: Cloudflare) -> None:
    with pytest.raises(APIStatusError) as caught:
        sdk.dns.records.get("0" * 32, zone_id=lab.ZONE)
    assert caught.value.errors[0].message == "Record does not exist."
    assert caught.value.response.headers["cf-ray"].endswith("-LAB")

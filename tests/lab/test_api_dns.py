"""DNS records are written as Cloudflare lets them be written."""

from typing import Any

import httpx
import pytest
from cloudflare import BadRequestError, Cloudflare

from spark_lab.world import World
from tests.lab import api_world as lab

pytest_plugins = ["tests.lab.api_fixtures"]
RECORDS = f"/zones/{lab.ZONE}/dns_records"


def test_created_edited_overwritten_deleted(sdk: Cloudflare, world: World) -> None:
    made = sdk.dns.records.create(zone_id=lab.ZONE, type="A", name="a", content="192.0.2.1", ttl=300)
    assert made is not None
    assert (made.name, made.ttl, made.proxied, made.proxiable) == ("a.example.org", 300, False, True)
    edited = sdk.dns.records.edit(
        made.id, zone_id=lab.ZONE, type="A", name="a", ttl=300, extra_body={"content": "192.0.2.2", "proxied": True}
    )
    assert edited is not None
    assert (edited.content, edited.proxied, edited.ttl) == ("192.0.2.2", True, 1)
    replaced = sdk.dns.records.update(made.id, zone_id=lab.ZONE, type="TXT", name="@", content='"x"', ttl=60)
    assert replaced is not None
    assert (replaced.name, replaced.type, replaced.proxied, replaced.id) == ("example.org", "TXT", False, made.id)
    deleted = sdk.dns.records.delete(made.id, zone_id=lab.ZONE)
    assert deleted is not None
    assert deleted.id == made.id
    assert set(world.records) == {lab.RECORD}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"type": "CNAME", "name": lab.HOST, "content": "other.example.com"}, 81053),
        ({"type": "A", "name": lab.HOST, "content": "192.0.2.1"}, 81054),
        ({"type": "TXT", "name": "txt.example.org", "content": "x"}, 81058),
        ({"type": "CNAME", "name": "a.example.org", "content": "other.example.com"}, 81053),
        ({"type": "A", "name": "b", "content": "not an address"}, 9005),
        ({"type": "AAAA", "name": "b", "content": "192.0.2.1"}, 9006),
        ({"type": "CNAME", "name": "b", "content": "no name"}, 9007),
        ({"type": "CNAME", "name": "b", "content": "b.example.org"}, 9039),
        ({"type": "A", "name": "b", "content": "192.0.2.1", "ttl": 59}, 9021),
        ({"type": "A", "name": "b", "content": "192.0.2.1", "ttl": True}, 9021),
        ({"type": "TXT", "name": "b", "content": "x", "proxied": True}, 9041),
        ({"type": "A", "name": "b b", "content": "192.0.2.1"}, 9000),
        ({"type": "NONE", "name": "b", "content": "x"}, 9000),
        ({"type": "A", "name": "b"}, 9101),
    ],
)
def test_what_is_refused(http: httpx.Client, world: World, fields: dict[str, Any], code: int) -> None:
    for one in ({"type": "TXT", "name": "txt", "content": "x"}, {"type": "A", "name": "a", "content": "192.0.2.9"}):
        assert http.post(RECORDS, json=one).status_code == 200
    before = dict(world.records)
    response = http.post(RECORDS, json=fields)
    assert (response.status_code, response.json()["errors"][0]["code"]) == (400, code)
    assert world.records == before


def test_an_edit_keeps_what_it_does_not_name(http: httpx.Client) -> None:
    edited = http.patch(f"{RECORDS}/{lab.RECORD}", json={"comment": "the tunnel"}).json()["result"]
    assert (edited["comment"], edited["type"], edited["proxied"]) == ("the tunnel", "CNAME", True)


def test_an_edit_must_not_conflict_either(sdk: Cloudflare) -> None:
    made = sdk.dns.records.create(zone_id=lab.ZONE, type="CNAME", name="b", content="c.example.com", ttl=1)
    assert made is not None
    with pytest.raises(BadRequestError) as caught:
        sdk.dns.records.edit(made.id, zone_id=lab.ZONE, type="CNAME", name=lab.HOST, content="c.example.com", ttl=1)
    assert caught.value.errors[0].code == 81053


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=ollama.example.org", 1),
        ("name=OLLAMA.example.org", 1),
        ("name=ollama", 0),
        ("name.contains=ama.", 1),
        ("name.startswith=ollama", 1),
        ("name.endswith=.org", 2),
        ("content.endswith=cfargotunnel.com", 1),
        ("content.exact=192.0.2.1", 1),
        ("type=CNAME", 1),
        ("type=TXT", 0),
        ("proxied=true", 1),
        ("proxied=false", 1),
        ("comment.present=true", 0),
        ("comment.absent=true", 2),
        ("search=192.0.2", 1),
        ("type=A&proxied=true", 0),
        ("type=A&proxied=true&match=any", 2),
    ],
)
def test_filters(http: httpx.Client, query: str, found: int) -> None:
    http.post(RECORDS, json={"type": "A", "name": "a", "content": "192.0.2.1"})
    assert http.get(f"{RECORDS}?{query}").json()["result_info"]["total_count"] == found


def test_order(http: httpx.Client) -> None:
    http.post(RECORDS, json={"type": "A", "name": "a", "content": "192.0.2.1"})
    up, down = (http.get(f"{RECORDS}?order=name&direction={way}").json()["result"] for way in ("asc", "desc"))
    assert [record["name"] for record in up] == ["a.example.org", lab.HOST]
    assert up == down[::-1]


def test_a_delegation_shadows_the_records_of_its_name(http: httpx.Client) -> None:
    both = [
        {"type": "A", "name": "hidden", "content": "192.0.2.1"},
        {"type": "NS", "name": "hidden", "content": "ns.elsewhere.example"},
    ]
    made = {fields["type"]: http.post(RECORDS, json=fields).json()["result"]["id"] for fields in both}
    query = {"name.exact": "hidden.example.org", "include_shadow_metadata": "true"}
    found = {record["type"]: record["meta"] for record in http.get(RECORDS, params=query).json()["result"]}
    assert found == {"A": {"shadowed_by": [made["NS"]]}, "NS": {}}

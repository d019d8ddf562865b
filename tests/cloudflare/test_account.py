import pytest

from spark_conformance.cloudflare.account import IpRanges, Zone, choose, zone_of
from spark_conformance.cloudflare.tables import Table, table, tables
from spark_conformance.core.verdict import Unreachable


def a_zone(**fields: object) -> Zone:
    found = {"id": "z", "name": "example.org", "account": {"id": "a"}, "status": "active", "name_servers": ["n.org."]}
    return zone_of(Table("the zone", {**found, **fields}))


def test_a_zone() -> None:
    assert a_zone() == Zone("z", "example.org", "a", "active", ("n.org",))
    assert a_zone(name_servers=None).name_servers == ()
    assert a_zone(status="moved").status == "moved"


def test_a_paused_zone_is_not_active() -> None:
    assert a_zone(paused=True).status == "paused"


def test_the_zone_is_chosen_by_name_and_account_and_rather_active() -> None:
    pending, active, foreign = a_zone(id="1", status="pending"), a_zone(id="2"), a_zone(id="3", account={"id": "b"})
    zones = [a_zone(id="0", name="sub.example.org"), pending, active, foreign]
    assert choose(zones, "Example.ORG", None) == active
    assert choose(zones, "example.org", "b") == foreign
    assert choose([pending], "example.org", None) == pending
    assert choose(zones, "example.org", "c") is None
    assert choose([], "example.org", None) is None


@pytest.mark.parametrize(
    ("address", "inside"),
    [("104.16.0.1", True), ("104.32.0.0", False), ("2606:4700::1", True), ("2607::1", False), ("127.0.0.1", False)],
)
def test_ranges_of_both_families(address: str, inside: bool) -> None:
    assert IpRanges(("104.16.0.0/13", "2606:4700::/32")).contains(address) is inside
    assert IpRanges(("104.16.0.9/13", "2606:4700::9/32")).contains(address) is inside


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (lambda: Table("the tunnel", {}).text("id"), "the tunnel: 'id' should be a string and is missing"),
        (lambda: Table("the tunnel", {"id": 1}).text("id"), "'id' should be a string and is int"),
        (lambda: Table("the zone", {"paused": "no"}).flag("paused"), "'paused' should be true or false and is str"),
        (lambda: Table("the record", {"ttl": True}).number("ttl"), "'ttl' should be a number and is bool"),
        (
            lambda: Table("the zone", {"name_servers": "a"}).texts("name_servers"),
            "should be a list of strings and is str",
        ),
        (lambda: Table("the zone", {"account": [1]}).table("account"), "'account' should be an object and is list"),
        (lambda: Table("the app", {"include": {"a": 1}}).tables("include"), "the app, include should be a list"),
        (lambda: Table("the app", {"include": [1]}).tables("include"), "the app, include should be an object"),
        (lambda: table("the tunnel", "text"), "the tunnel should be an object and is str"),
        (lambda: tables("the zones", None), "the zones should be a list and is NoneType"),
    ],
)
def test_an_unexpected_shape_is_told_with_its_place(read: object, sentence: str) -> None:
    assert callable(read)
    with pytest.raises(Unreachable, match=sentence) as caught:
        read()
    assert caught.value.cause == "cloudflare: unexpected answer"


def test_null_and_missing_are_nothing() -> None:
    empty = Table("it", {"null": None, "text": ""})
    for key in ("null", "missing"):
        assert (empty.texts(key), empty.tables(key), empty.table(key).fields) == ((), [], {})
        assert empty.text_or_none(key) is None
    assert empty.text_or_none("text") is None

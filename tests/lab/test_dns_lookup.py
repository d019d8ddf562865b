import pytest

from spark_lab.dns.behaviour import ServerBehaviour
from spark_lab.dns.lookup import Reply, Role, look_up
from spark_lab.world import World
from tests.lab.edge_world import HOST, TUNNEL, ZONE, a_world, record


def ask(world: World, name: str, rtype: str = "A", role: Role = "resolver", **behaviour: object) -> Reply:
    return look_up(world, role, ServerBehaviour(**behaviour), name, rtype)  # type: ignore[arg-type]  # any of its fields


def data(reply: Reply) -> list[str]:
    return [f"{resource.type} {resource.data}" for resource in reply.answers]


@pytest.mark.parametrize("role", ["resolver", "authoritative"])
def test_a_proxied_name_shows_the_edge_and_no_cname(role: Role) -> None:
    world = a_world()
    assert data(ask(world, HOST.upper() + ".", role=role)) == ["A 127.0.0.1"]
    for rtype in ("AAAA", "HTTPS", "TXT", "CNAME"):
        nothing = ask(world, HOST, rtype, role)
        assert (nothing.rcode, nothing.answers, nothing.authority[0].type) == ("NOERROR", [], "SOA")
    world.edge_addresses.append("::1")
    assert data(ask(world, HOST, "AAAA", role)) == ["AAAA ::1"]


def test_an_unproxied_cname_shows_as_it_is() -> None:
    world = a_world()
    world.records["r1"] |= {"proxied": False, "ttl": 120}
    reply = ask(world, HOST)
    assert data(reply) == [f"CNAME {TUNNEL}.cfargotunnel.com."]
    assert reply.answers[0].ttl_s == 120


def test_a_server_may_answer_with_an_alias_of_its_own() -> None:
    world = a_world()
    stale = {HOST: f"{TUNNEL}.cfargotunnel.com"}
    assert data(ask(world, HOST, aliases=stale)) == [f"CNAME {TUNNEL}.cfargotunnel.com."]
    both = ask(world, HOST, aliases=stale, addresses={HOST: ["127.0.0.9"]})
    assert data(both) == [f"CNAME {TUNNEL}.cfargotunnel.com.", "A 127.0.0.9"]


def test_a_paused_zone_shows_its_records_as_they_are() -> None:
    world = a_world()
    world.zone["paused"] = True
    assert data(ask(world, HOST)) == [f"CNAME {TUNNEL}.cfargotunnel.com."]


def test_an_unknown_name_does_not_exist_and_a_parent_does() -> None:
    world = a_world()
    world.records["deep"] = record("A", f"a.b.{ZONE}", "192.0.2.1")
    missing = ask(world, f"nothing.{ZONE}", role="authoritative")
    assert (missing.rcode, missing.authority[0].type, missing.own) == ("NXDOMAIN", "SOA", True)
    assert ask(world, f"b.{ZONE}").rcode == "NOERROR"
    assert ask(world, "example.net").rcode == "NXDOMAIN"
    assert ask(world, "example.net", role="authoritative").rcode == "REFUSED"


def test_a_wildcard_answers_under_the_name_that_was_asked_for_unless_the_name_exists() -> None:
    world = a_world()
    world.records["w"] = record("A", f"*.{ZONE}", "192.0.2.7")
    world.records["t"] = record("TXT", f"text.{ZONE}", "hello")
    reply = ask(world, f"any.{ZONE}")
    assert (data(reply), reply.answers[0].name) == (["A 192.0.2.7"], f"any.{ZONE}")
    assert ask(world, f"text.{ZONE}").answers == []


def test_the_apex_has_servers_and_an_authority() -> None:
    world = a_world()
    assert data(ask(world, ZONE, "NS")) == ["NS ada.ns.cloudflare.com.", "NS bob.ns.cloudflare.com."]
    assert ask(world, ZONE, "SOA").answers[0].data.startswith("ada.ns.cloudflare.com. dns.cloudflare.com. ")


def test_resolvers_know_the_team_host_and_the_zones_own_servers_do_not() -> None:
    world = a_world()
    assert data(ask(world, "goldteam.cloudflareaccess.com")) == ["A 127.0.0.1"]
    assert ask(world, "goldteam.cloudflareaccess.com", role="authoritative").rcode == "REFUSED"


@pytest.mark.parametrize("by", ["delegation above", "shadowed_by"])
def test_a_delegation_hides_the_record(by: str) -> None:
    world = a_world()
    at = HOST if by == "delegation above" else f"other.{ZONE}"
    world.records["ns"] = record("NS", at, "ns1.elsewhere.example")
    if by == "shadowed_by":
        world.records["r1"]["meta"] = {"shadowed_by": ["ns"]}
    assert ask(world, HOST).rcode == "SERVFAIL"
    referral = ask(world, HOST, role="authoritative")
    assert (referral.rcode, referral.answers, referral.own) == ("NOERROR", [], False)
    assert [resource.type for resource in referral.authority] == ["NS"]


def test_behaviours_answer_before_the_zone_does() -> None:
    world = a_world()
    assert ask(world, HOST, rcode="SERVFAIL").rcode == "SERVFAIL"
    assert ask(world, HOST, nxdomain={HOST}).rcode == "NXDOMAIN"
    assert data(ask(world, HOST, addresses={HOST: ["198.51.100.9"]})) == ["A 198.51.100.9"]
    assert ask(world, HOST, "AAAA", addresses={HOST: ["198.51.100.9"]}).answers == []


def test_mail_and_long_texts_are_spelt_as_in_a_zone_file() -> None:
    world = a_world()
    world.records["m"] = record("MX", f"mail.{ZONE}", "mx.example.net", priority=5)
    world.records["t"] = record("TXT", f"mail.{ZONE}", "x" * 300)
    assert data(ask(world, f"mail.{ZONE}", "MX")) == ["MX 5 mx.example.net."]
    assert data(ask(world, f"mail.{ZONE}", "TXT")) == [f'TXT "{"x" * 255}" "{"x" * 45}"']

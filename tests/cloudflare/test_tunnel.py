import json
from pathlib import Path
from typing import Any

import pytest

from spark_conformance.cloudflare.tables import Table, tables
from spark_conformance.cloudflare.tunnel import Tunnel, choose, tunnel_of
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule, config_of
from spark_conformance.cloudflare.tunnel_connections import TunnelConnections, connections_of
from spark_conformance.core.verdict import Unmet, Unreachable
from spark_conformance.facts.expectations import IngressRule

HOST = "ollama.example.org"
SERVICE = "http://localhost:11434"
WILDCARD = "*.example.org"
CATCH_ALL = {"service": "http_status:404"}


@pytest.mark.parametrize(
    ("fields", "deleted", "source"),
    [
        ({"config_src": "cloudflare", "deleted_at": None}, False, "cloudflare"),
        ({"config_src": "local", "deleted_at": "2026-10-01T00:00:00Z"}, True, "local"),
        ({"remote_config": True}, False, "cloudflare"),
        ({"remote_config": False, "deleted_at": "0001-01-01T00:00:00Z"}, False, "local"),
    ],
)
def test_a_tunnel(fields: dict[str, Any], deleted: bool, source: str) -> None:
    found = tunnel_of(Table("the tunnel", {"id": "t", "name": "spark", "status": "healthy", "new": {}, **fields}))
    assert (found.id, found.name, found.status) == ("t", "spark", "healthy")
    assert (found.deleted, found.config_source) == (deleted, source)


def test_what_the_api_does_not_tell_of_a_tunnel_is_not_told_and_the_rest_is() -> None:
    found = tunnel_of(Table("the tunnel", {"id": "t", "name": "spark", "config_src": None, "remote_config": None}))
    assert (found.id, found.deleted, found.config_source) == ("t", False, None)
    for silent in ("kept", "health"):
        with pytest.raises(Unreachable, match=r"missing|neither"):
            getattr(found, silent)


def tunnel(identity: str, name: str = "spark", deleted_at: str | None = None) -> Tunnel:
    return Tunnel(identity, name, deleted_at, "cloudflare", "healthy", None)


def test_one_of_several_tunnels_of_the_name_is_not_taken_for_the_documented_one() -> None:
    gone = tunnel("documented", deleted_at="2026-10-01T00:00:00Z")
    buried = tunnel("buried", deleted_at="2026-10-02T00:00:00Z")
    assert choose([buried, tunnel("x", "spark-2"), tunnel("new")], gone, "spark", "account").id == "new"
    assert choose([buried], gone, "spark", "account") is gone
    with pytest.raises(Unmet) as none:
        choose([buried], None, "spark", "account")
    assert none.value.fact == "tunnel.id"
    with pytest.raises(Unmet) as several:
        choose([tunnel("one"), tunnel("two")], gone, "spark", "account")
    assert (several.value.fact, several.value.observed) == ("tunnel.id", "no such tunnel")
    assert "one, two" in several.value.note


def config(*ingress: dict[str, Any], **more: Any) -> TunnelConfig:
    inner = {"ingress": list(ingress), "warp-routing": {"enabled": False}, **more}
    return config_of(Table("the configuration", {"version": 7, "source": "cloudflare", "config": inner}))


def test_the_documented_configuration() -> None:
    seen = config({"hostname": HOST, "service": SERVICE}, CATCH_ALL)
    assert seen.rules == (TunnelRule(HOST, SERVICE), TunnelRule(None, "http_status:404"))
    assert seen.first == IngressRule(hostname=HOST, service=SERVICE)
    assert (seen.version, seen.source, seen.fallback) == (7, "cloudflare", "http_status:404")
    assert seen.http_host_header(HOST) is None
    assert seen.told == f"version 7: 1. {HOST} → {SERVICE}; 2. any host → http_status:404"


@pytest.mark.parametrize("nothing", [{}, {"config": None}, {"config": {"ingress": None}, "version": 0}])
def test_a_tunnel_that_nobody_configured(nothing: dict[str, Any]) -> None:
    seen = config_of(Table("the configuration", nothing))
    assert (seen.rules, seen.first, seen.fallback) == ((), None, None)
    assert seen.told == "version 0: no rules"
    with pytest.raises(Unmet) as unmet:
        seen.http_host_header(HOST)
    assert unmet.value.fact == "tunnel.ingress"


def test_a_path_makes_another_rule() -> None:
    seen = config({"hostname": HOST, "service": SERVICE, "path": "^/api"}, CATCH_ALL)
    assert seen.first != IngressRule(hostname=HOST, service=SERVICE)
    assert seen.rules[0].taken == f"{HOST} (path ^/api)"


@pytest.mark.parametrize(
    ("last", "fallback"),
    [
        (CATCH_ALL, "http_status:404"),
        ({"service": "http_status:404", "hostname": ""}, "http_status:404"),
        ({"service": "http_status:404", "hostname": "*"}, "http_status:404"),
        ({"service": "http_status:404", "hostname": HOST}, None),
        ({"service": "http_status:404", "path": "^/x"}, None),
    ],
)
def test_a_fallback_takes_everything(last: dict[str, Any], fallback: str | None) -> None:
    one = {"hostname": HOST, "service": SERVICE}
    assert config(one, last).fallback == config(one, one, last).fallback == fallback


@pytest.mark.parametrize(
    ("rules", "common", "header"),
    [
        ([{"hostname": HOST, "originRequest": {"httpHostHeader": "a"}}], {}, "a"),
        ([{"hostname": HOST, "originRequest": {"httpHostHeader": "a"}}], {"httpHostHeader": "b"}, "a"),
        ([{"hostname": HOST}], {"httpHostHeader": "b"}, "b"),
        ([{"hostname": HOST, "originRequest": {"httpHostHeader": ""}}], {"httpHostHeader": "b"}, None),
        ([{"hostname": HOST, "originRequest": {"httpHostHeader": None}}], {"httpHostHeader": "b"}, "b"),
        ([{"hostname": HOST, "originRequest": {}}], {}, None),
        ([{"hostname": "x.org"}, {"hostname": HOST, "originRequest": {"httpHostHeader": "a"}}], {}, "a"),
        ([{"hostname": "x.org", "originRequest": {"httpHostHeader": "a"}}], {}, "a"),
        ([{"hostname": name, "originRequest": {"httpHostHeader": name}} for name in ("x.org", "y.org")], {}, "x.org"),
        ([{"hostname": WILDCARD}, {"hostname": HOST, "originRequest": {"httpHostHeader": "a"}}], {}, None),
        ([{"hostname": WILDCARD, "service": "http_status:404"}, {"hostname": HOST}], {"httpHostHeader": "b"}, "b"),
    ],
)
def test_the_host_header_is_that_of_the_rule_that_takes_the_public_name(
    rules: list[dict[str, Any]], common: dict[str, Any], header: str | None
) -> None:
    seen = config(*({"service": SERVICE, **rule} for rule in rules), CATCH_ALL, originRequest=common)
    assert seen.http_host_header(HOST) == header


ACCESS = {"required": True, "teamName": "team", "audTag": ["aud"]}


def test_protect_with_access_is_the_rules_own() -> None:
    """cloudflared looks at a token only where the rule itself says so: ingress.validateIngress."""
    own = config({"hostname": HOST, "service": SERVICE, "originRequest": {"access": ACCESS}}, CATCH_ALL)
    rule = own.rules[0]
    assert (rule.access_required, rule.access_team, rule.access_audiences) == (True, "team", ("aud",))
    assert own.rules[1].access_required is False
    assert own.first == IngressRule(hostname=HOST, service=f"{SERVICE} (only with a token of Access for aud in team)")
    common = config({"hostname": HOST, "service": SERVICE}, CATCH_ALL, originRequest={"access": ACCESS})
    assert common.first == IngressRule(hostname=HOST, service=SERVICE)


@pytest.mark.parametrize(("handlers", "required"), [(None, False), ([], False), ([{}], True)])
def test_the_running_connector_shows_whether_it_looks_at_a_token(handlers: object, required: bool) -> None:
    running = {"hostname": HOST, "service": SERVICE, "Handlers": handlers, "originRequest": {"access": ACCESS}}
    assert config(running, CATCH_ALL, originRequest={"access": ACCESS}).rules[0].access_required is required


@pytest.mark.parametrize("access", [{}, {"required": False}, {"required": None, "audTag": None}, None])
def test_access_that_is_there_and_demands_nothing(access: object) -> None:
    seen = config({"hostname": HOST, "service": SERVICE, "originRequest": {"access": access}}, CATCH_ALL)
    assert seen.rules[0].access_required is False


@pytest.mark.parametrize(
    ("own", "common", "spent"),
    [
        ({"connectTimeout": 30_000_000_000}, {}, "connectTimeout of 30000000000 s"),
        ({}, {"connectTimeout": 30_000_000_000}, "connectTimeout of 30000000000 s"),
        ({"connectTimeout": None}, {"connectTimeout": 10_000_000_000}, "connectTimeout of 10000000000 s"),
        ({"connectTimeout": -1}, {}, "connectTimeout of -1 s"),
        ({"connectTimeout": -6893488147.419103}, {}, "connectTimeout of -6893488147.419103 s"),  # as /config shows it
        ({"connectTimeout": 30}, {"connectTimeout": 30_000_000_000}, ""),
        ({"connectTimeout": 0}, {"connectTimeout": 30_000_000_000}, ""),  # no limit
        ({"connectTimeout": 20_000_000_000}, {}, ""),  # overflows to 49 years
        ({"connectTimeout": 5_000_000_000}, {}, ""),  # 158 years, which 63 bits hold
        ({"connectTimeout": 1 << 54}, {}, "connectTimeout of 18014398509481984 s"),  # the least that there is
        ({"connectTimeout": True}, {}, ""),
        ({"connectTimeout": "30s"}, {}, ""),
        ({"connectTimeout": float("nan")}, {}, ""),
        ({"tlsTimeout": 10_000_000_000, "keepAliveTimeout": 90_000_000_000}, {}, ""),  # HTTP shakes no hands
        ({}, {}, ""),
    ],
)
def test_a_timeout_that_overflows_is_over_before_it_begins(
    own: dict[str, Any], common: dict[str, Any], spent: str
) -> None:
    seen = config({"hostname": HOST, "service": SERVICE, "originRequest": own}, CATCH_ALL, originRequest=common)
    assert seen.rules[0].spent.startswith(spent)
    assert bool(seen.rules[0].spent) is bool(spent)
    assert (seen.first == IngressRule(hostname=HOST, service=SERVICE)) is (not spent)


@pytest.mark.parametrize(
    ("name", "header", "spent"),
    [
        ("tunnel_config_empty_host_header.json", None, ""),
        ("tunnel_config_connect_timeout_ns.json", "localhost:11434", "connectTimeout of 30000000000 s"),
    ],
)
def test_configurations_from_the_field(name: str, header: str | None, spent: str) -> None:
    recorded = json.loads((Path(__file__).parent / "recordings" / name).read_text())
    seen = config_of(Table("the configuration", recorded))
    rule = seen.rule_for("ollama.goldfish.io", "/api/tags")
    assert rule is not None
    assert (rule.http_host_header, seen.http_host_header("ollama.goldfish.io")) == (header, header)
    assert rule.spent.startswith(spent)
    assert bool(rule.spent) is bool(spent)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (-1, "connectTimeout of -1 s"),
        (30_000_000_000, "connectTimeout of 30000000000 s, which cloudflared's arithmetic makes -6.893e+09 s"),
    ],
)
def test_a_timeout_that_is_over_is_told_with_what_cloudflared_makes_of_it(seconds: int, told: str) -> None:
    access = {"required": True}
    rule = {"hostname": HOST, "service": SERVICE, "originRequest": {"connectTimeout": seconds, "access": access}}
    seen = config(rule, CATCH_ALL)
    assert seen.rules[0].spent == told
    demand = "only with a token of Access for no application in no team"
    assert str(seen.rules[0]) == f"{HOST} → {SERVICE} ({demand}; never reached: {told})"


def test_a_configuration_that_the_host_keeps_is_told_as_such() -> None:
    assert TunnelConfig(-1, "local", ()).told == "from its host's configuration file: no rules"
    assert config_of(Table("the configuration", {})).source == ""


@pytest.mark.parametrize("scheme", ["https", "wss"])
def test_what_shakes_hands_has_a_second_timeout(scheme: str) -> None:
    rule = {"hostname": HOST, "service": f"{scheme}://localhost:1", "originRequest": {"tlsTimeout": -2}}
    assert config(rule, CATCH_ALL).rules[0].spent == "tlsTimeout of -2 s"


def test_a_connector_of_which_the_api_tells_little_is_told_all_the_same() -> None:
    little = {"id": "host", "conns": [{"id": "a"}, {"uuid": "b", "colo_name": "lax01", "is_pending_reconnect": None}]}
    seen = connections_of(tables("the connections", [little, {"id": "other", "config_version": 0}]))
    first, second = seen.connectors
    assert str(first) == "connector host (unknown machine, None): connections in an unknown place, lax01"
    assert str(second) == "connector other (unknown machine, None): connections in none"
    assert ([one.id for one in first.connections], first.config_version, second.config_version) == (["a", "b"], None, 0)
    assert (seen.live, seen.pending, seen.lacking("host", "other")) == (2, 0, ("other",))


def test_https_has_a_second_timeout() -> None:
    rule = {"hostname": HOST, "service": "https://localhost:1", "originRequest": {"tlsTimeout": 10_000_000_000}}
    assert "tlsTimeout" in config(rule, CATCH_ALL).rules[0].spent


@pytest.mark.parametrize(
    ("own", "asked", "taken"),
    [
        ("Ollama.Example.org", HOST, True),
        (HOST, "OLLAMA.example.org.", True),
        ("bücher.example.org", "xn--bcher-kva.example.org", True),
        ("xn--bcher-kva.example.org", "bücher.example.org", True),
        (f"{HOST}.", HOST, False),  # cloudflared compares it as it stands
        ("*.example.org", f"a.b.{HOST}", True),
        ("*.Example.org", HOST, False),  # and of a wildcard knows no other form
        ("*.example.org", "example.org", False),
    ],
)
def test_a_rule_takes_a_name_as_cloudflared_matches_it(own: str, asked: str, taken: bool) -> None:
    assert TunnelRule(own, SERVICE).takes(asked) is taken


def test_case_makes_no_other_rule() -> None:
    seen = config({"hostname": "Ollama.Example.org", "service": SERVICE}, CATCH_ALL)
    assert seen.first == IngressRule(hostname=HOST, service=SERVICE)


@pytest.mark.parametrize(
    ("path", "service", "header"), [("/api/tags", "b", "h"), ("/v1/chat", "a", None), ("/x(", "b", "h")]
)
def test_of_several_rules_for_a_name_the_path_decides(path: str, service: str, header: str | None) -> None:
    seen = config(
        {"hostname": HOST, "service": "a", "path": "^/v1"},
        {"hostname": HOST, "service": "bad", "path": "("},
        {"hostname": HOST, "service": "b", "originRequest": {"httpHostHeader": "h"}},
        CATCH_ALL,
    )
    rule = seen.rule_for(HOST, path)
    assert rule is not None
    assert (rule.service, seen.http_host_header(HOST, path)) == (service, header)


def connections(*connectors: tuple[str, list[tuple[str, bool]]]) -> TunnelConnections:
    found = [
        {
            "id": name,
            "arch": "linux_arm64",
            "version": "2026.8.2",
            "conns": [
                {"uuid": f"{name}{index}", "colo_name": colo, "is_pending_reconnect": pending}
                for index, (colo, pending) in enumerate(conns)
            ],
        }
        for name, conns in connectors
    ]
    return connections_of(tables("the connections", found))


def test_pending_connections_are_counted_apart() -> None:
    seen = connections(("host", [("lax01", False), ("sjc07", False), ("lax01", True)]))
    assert (seen.live, seen.pending) == (2, 1)


def test_data_centres_of_one_city_are_apart_and_pending_ones_are_none() -> None:
    seen = connections(("host", [("lax01", False), ("LAX01", False), ("lax08", False), ("sjc07", True)]))
    assert seen.data_centres == ("lax01", "lax08")


def test_a_place_that_is_not_told_is_not_counted() -> None:
    conns = [{"uuid": "a", "colo_name": None}, {"uuid": "b", "colo_name": "lax01"}]
    seen = connections_of(tables("the connections", [{"id": "host", "conns": conns}]))
    assert (seen.live, seen.only_from("host")) == (2, True)
    with pytest.raises(Unreachable, match="report it"):
        _ = seen.data_centres


def test_connections_from_the_host_alone() -> None:
    seen = connections(("host", [("lax01", False)]), ("gone", [("lax01", True)]))
    assert seen.only_from("host")
    assert not seen.only_from("other")
    assert "connector host (linux_arm64, 2026.8.2): connections in lax01" in seen.told


def test_a_stranger_is_named() -> None:
    seen = connections(("host", [("lax01", False)]), ("laptop", [("fra03", False)]))
    assert not seen.only_from("host")
    assert [stranger.id for stranger in seen.strangers("host")] == ["laptop"]


def test_no_connection_is_from_nobody() -> None:
    for seen in (connections(), connections(("host", [("lax01", True)]))):
        with pytest.raises(Unmet, match="0"):
            seen.only_from("host")
        with pytest.raises(Unmet, match="0"):
            len(seen.data_centres)
    assert connections().told == "no connector"

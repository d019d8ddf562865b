"""Which routes a draft states, from a tunnel's rules."""

import pytest

from spark_conformance.cloudflare.tunnel_config import TunnelConfig, TunnelRule
from spark_conformance.draft.routes import routes

NAME = "shop.example.net"
END = TunnelRule(hostname=None, service="http_status:404")
SHOP = TunnelRule(hostname=NAME, service="http://localhost:3000", http_host_header="localhost")


def config(*rules: TunnelRule) -> TunnelConfig:
    return TunnelConfig(version=1, source="cloudflare", rules=rules)


def for_paths(path: str, service: str = "http_status:403") -> TunnelRule:
    return TunnelRule(hostname=NAME, path=path, service=service)


@pytest.mark.parametrize(
    ("expression", "name", "path"),
    [
        ("^/admin", "admin", "/admin"),
        ("^/admin(/.*)?$", "admin", "/admin"),
        ("/api/v1/", "api-v1", "/api/v1/"),
        ("^/api/.+", "api", "/api/x"),
        ("/socket\\.io/", "socket-io", "/socket.io/"),
        ("blog", "blog", "/blog"),
    ],
)
def test_a_rule_for_some_paths_is_drafted_by_one_that_meets_it(expression: str, name: str, path: str) -> None:
    stated, untold = routes(config(for_paths(expression), SHOP, END), NAME)
    assert untold == {}
    assert stated == {
        name: {"hostname": NAME, "path": path, "service": "http_status:403"},
        "root": {"hostname": NAME, "path": "/", "service": "http://localhost:3000", "http_host_header": "localhost"},
    }


@pytest.mark.parametrize("expression", ["\\.(jpg|png)$", "(?i)^/x", "^/(a|b)", "(?=x)"])
def test_an_expression_that_names_no_path_is_told(expression: str) -> None:
    stated, untold = routes(config(for_paths(expression), SHOP, END), NAME)
    assert list(stated) == ["root"]
    [(rule, why)] = untold.items()
    assert rule.startswith("rule 1, ")
    assert "state a route with one that does" in why


def test_a_rule_that_is_never_met_is_told() -> None:
    stated, untold = routes(config(SHOP, for_paths("^/admin"), END), NAME)
    assert list(stated) == ["root"]
    assert len(untold) == 1


def test_rules_of_other_names_are_none_of_its_business() -> None:
    other = TunnelRule(hostname="status.example.net", path="^/admin", service="http://localhost:3001")
    assert routes(config(other, END), NAME) == (
        {"root": {"hostname": NAME, "path": "/", "service": "http_status:404"}},
        {},
    )


def test_two_rules_for_one_path_have_names_of_their_own() -> None:
    stated, _ = routes(config(for_paths("^/api/v1"), for_paths("^/api-v1", "http://localhost:4000"), END), NAME)
    assert sorted(stated) == ["api-v1", "api-v1-2", "root"]

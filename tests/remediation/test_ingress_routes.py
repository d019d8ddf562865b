"""The rules that routes want, made from whatever is there: nothing that another request meets is changed by it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spark_conformance.cloudflare.tables import table
from spark_conformance.cloudflare.tunnel_config import config_of
from spark_conformance.cloudflare.tunnel_routes import alike, met
from spark_conformance.facts.routes import Route
from spark_conformance.remediation.remedies.ingress_routes import routed

Json = dict[str, Any]
NAME = "app.example.org"
APP: Json = {"hostname": NAME, "service": "http://localhost:3000"}
END: Json = {"service": "http_status:404"}
WILDCARD: Json = {"hostname": "*.example.org", "service": "http_status:410"}
BLOCK: Json = {"hostname": NAME, "path": "^/admin", "service": "http_status:403"}
FOR_ALL: Json = {"path": "^/metrics", "service": "http_status:403"}


def route(**fields: Any) -> Route:
    return Route.model_validate({"hostname": NAME, "service": "http://localhost:3000", **fields})


def mended(rules: list[Json], **stated: Route) -> tuple[list[Json], dict[str, str]]:
    config, left = routed({"ingress": rules}, stated, stated)
    assert routed(config, stated, stated) == (config, left), "once more changes nothing"
    return config["ingress"], left


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([], [APP, END], id="none at all"),
        pytest.param([END], [APP, END], id="none of the name"),
        pytest.param([{**APP, "service": "http://localhost:9"}, END], [APP, END], id="another service"),
        pytest.param([WILDCARD, APP, END], [APP, WILDCARD, END], id="a wildcard before it"),
        pytest.param([WILDCARD, END], [APP, WILDCARD, END], id="a wildcard alone"),
        pytest.param([BLOCK, END], [BLOCK, APP, END], id="a block of its own stays in front"),
        pytest.param([WILDCARD, BLOCK, APP, END], [BLOCK, APP, WILDCARD, END], id="and comes along"),
        pytest.param([FOR_ALL, WILDCARD, APP, END], [FOR_ALL, APP, WILDCARD, END], id="a block for all names stays"),
        pytest.param([WILDCARD, BLOCK, END], [BLOCK, APP, WILDCARD, END], id="a new one behind its own blocks"),
        pytest.param([{**APP, "path": "^/v1/"}, END], [{**APP, "path": "^/v1/"}, APP, END], id="only some paths"),
        pytest.param([{**APP, "service": "http://x:1", "originRequest": {"noTLSVerify": True}}, END],
                     [{**APP, "originRequest": {"noTLSVerify": True}}, END], id="what else it says stays"),
    ],
)  # fmt: skip
def test_the_names_own_rule_is_put_where_it_is_met(before: list[Json], after: list[Json]) -> None:
    assert mended(before, web=route()) == (after, {})


def test_what_is_stated_of_how_the_service_is_asked_is_written() -> None:
    wanted = route(http_host_header="grafana.local", origin={"noTLSVerify": True})
    rules, _ = mended([{**APP, "originRequest": {"connectTimeout": 5}}, END], web=wanted)
    assert rules[0]["originRequest"] == {"connectTimeout": 5, "httpHostHeader": "grafana.local", "noTLSVerify": True}


@pytest.mark.parametrize(
    ("rules", "wanted", "words"),
    [
        ([BLOCK, APP, END], route(path="/admin"), "shuts these paths, and somebody may have meant that"),
        ([FOR_ALL, APP, END], route(path="/metrics"), "nothing is lifted above it"),
        ([APP, END], route(path="/api", service="http://localhost:8000"), "do not say which other paths belong to"),
        ([END], route(path="/api"), "no rule of app.example.org takes /api"),
        ([WILDCARD, {**WILDCARD, "path": "^/x"}, APP, END], route(), "stand others that treat this name"),
        ([{**BLOCK, "path": "(?=x)"}, END], route(path="/é"), "hangs on an expression that cannot be judged"),
        ([APP, END], route(protect_with_access=True), "does not demand a token of Access by itself"),
        ([{**APP, "originRequest": {"connectTimeout": 30_000_000_000}}, END], route(), "never reached"),
    ],
)
def test_what_would_change_more_is_told_to_a_person(rules: list[Json], wanted: Route, words: str) -> None:
    after, left = mended(rules, web=wanted)
    assert after == rules
    assert words in left["web"]


def test_a_path_of_the_name_that_has_a_rule_is_corrected_beside_the_name_itself() -> None:
    api: Json = {"hostname": NAME, "path": "^/api", "service": "http://localhost:9"}
    rules, left = mended([WILDCARD, api, APP, END], web=route(), api=route(path="/api/x", service="http://localhost:8"))
    assert left == {}
    assert rules == [{**api, "service": "http://localhost:8"}, APP, WILDCARD, END]


def test_two_that_want_one_rule_otherwise_are_told() -> None:
    stated = {"web": route(), "host": route(path="/x", http_host_header="other")}
    config, left = routed({"ingress": [{**APP, "originRequest": {"httpHostHeader": "other"}}, END]}, stated, stated)
    assert left == {}, "what is not stated of one is no contradiction"
    stated = {"web": route(http_host_header="one"), "host": route(path="/x", http_host_header="other")}
    rules = [{**APP, "originRequest": {"httpHostHeader": "one"}}, END]
    config, left = routed({"ingress": rules}, {"host": stated["host"]}, stated)
    assert config == {"ingress": rules}
    assert "and web meet one rule, and want it otherwise" in left["host"]


HOSTS = [NAME, "other.example.org", "*.example.org", "*.app.example.org", "", "app.example.net"]
NAMES = [NAME, "other.example.org", "x.app.example.org", "new.example.org", "app.example.net", "a.b"]
PATTERNS = ["", "", "", "^/admin", "^/api", "/", "\\.php$", ".*", "^/$"]
PATHS = ["/", "/admin", "/admin/x", "/api", "/api/a.php", "/other"]


@st.composite
def rule_lists(draw: st.DrawFn) -> list[Json]:
    """Rules as the API takes them, each with a service that no other has; the last takes everything."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(HOSTS), st.sampled_from(PATTERNS)), max_size=7))
    kinds = draw(st.lists(st.booleans(), min_size=len(pairs), max_size=len(pairs)))
    rules = [
        {key: value for key, value in (("hostname", host), ("path", path)) if value}
        | {"service": f"http_status:{400 + number}" if shut else f"http://localhost:{number}"}
        for number, ((host, path), shut) in enumerate(zip(pairs, kinds, strict=True))
        if host or path
    ]
    return [*rules, {"service": "http_status:404"}]


def service(rules: list[Json], name: str, path: str) -> str:
    """What a request is handed to, by which its rule is known."""
    parsed = config_of(table("a configuration", {"config": {"ingress": rules}})).rules
    return str(met(parsed, Route.model_construct(hostname=name, path=path, service="")).seen.service)


@given(rule_lists(), st.sampled_from(NAMES), st.sampled_from(PATHS))
def test_every_other_request_meets_what_it_met(rules: list[Json], name: str, path: str) -> None:
    wanted = route(hostname=name, path=path, service="http://localhost:3000")
    config, left = routed({"ingress": rules}, {"it": wanted}, {"it": wanted})
    after = config["ingress"]
    if left:
        assert after == rules
        return
    parsed = config_of(table("a configuration", {"config": config})).rules
    assert alike(met(parsed, wanted).seen, wanted)
    was = service(rules, name, path)
    for other in NAMES:
        for at in PATHS:
            before = service(rules, other, at)
            if other != name or before != was:
                assert service(after, other, at) == before, f"{other}{at}"

"""Which rule a request meets, as cloudflared decides it; the cases of its own tests among them."""

from typing import Any

import pytest

from spark_conformance.cloudflare.tables import table
from spark_conformance.cloudflare.tunnel_config import TunnelConfig, config_of
from spark_conformance.cloudflare.tunnel_routes import alike, met
from spark_conformance.cloudflare.tunnel_rules import takes
from spark_conformance.core.judging import shown
from spark_conformance.core.verdict import Unreachable
from spark_conformance.facts.routes import Route

Json = dict[str, Any]


def config(*rules: Json, **common: Any) -> TunnelConfig:
    return config_of(table("a configuration", {"config": {"ingress": list(rules), "originRequest": common}}))


def route(**fields: Any) -> Route:
    return Route.model_validate({"hostname": "app.example.org", "service": "http://localhost:3000", **fields})


APP: Json = {"hostname": "app.example.org", "service": "http://localhost:3000"}
END: Json = {"service": "http_status:404"}


@pytest.mark.parametrize(
    ("host", "path", "name", "asked", "taken"),
    [
        ("example.com", None, "example.com", "/", True),  # the first eleven are cloudflared's own, ingress/rule_test.go
        ("môô.cloudflare.com", None, "môô.cloudflare.com", "/", True),
        ("môô.cloudflare.com", None, "xn--m-xgaa.cloudflare.com", "/", True),
        ("*", None, "example.com", "/", True),
        ("example.com", None, "foo.bar", "/", False),
        ("*.example.com", None, "adam.example.com", "/", True),
        ("*.example.com", None, "tunnel.com", "/", False),
        ("*example.com", None, "www.example.com", "/", False),
        ("*.example.com", None, "adam.chalmers.example.com", "/", True),
        ("*.example.com", "/static/.*\\.html", "www.example.com", "/static/index.html", True),
        ("*.api.abc.cloud", None, "testing-api.abc.cloud", "/", False),
        ("*.example.com", None, "example.com", "/", False),
        ("Example.com", None, "example.com", "/", True),
        ("*.Example.com", None, "www.example.com", "/", False),  # a wildcard has no form in ASCII, and stays as it is
        ("*.bücher.example", None, "www.xn--bcher-kva.example", "/", False),
        ("my_app.example.com", None, "my_app.example.com", "/", True),
        ("example.com.", None, "example.com", "/", False),
        ("example.com", "^/a b$", "example.com", "/a%20b", True),
        ("example.com", "(?=x)", "example.com", "/a", None),
        ("example.com", "(?=a)", "example.com", "/a", None),
        ("other.com", "(?=a)", "example.com", "/a", False),
    ],
)
def test_a_rule_takes_what_cloudflared_says_it_does(
    host: str, path: str | None, name: str, asked: str, taken: bool | None
) -> None:
    assert takes(host, path, name, asked) is taken


def test_the_first_rule_that_fits_is_met_and_others_are_none_of_its_business() -> None:
    rules = config(
        {"hostname": "other.example.org", "service": "http://localhost:1"},
        {**APP, "path": "^/admin", "service": "http_status:403"},
        APP,
        {"hostname": "*.example.org", "service": "http_status:410"},
        END,
    ).rules
    assert met(rules, route()).seen == route()
    assert met(rules, route(path="/admin/users", service="http_status:403")).rules[0][0] == 2
    assert met(rules, route(hostname="*.example.org", service="http_status:410")).seen.service == "http_status:410"
    assert met(rules, route(hostname="example.net", service="http_status:404")).seen.service == "http_status:404"
    assert met(rules, route(path="/x")).told == (
        "app.example.org/x meets rule 3, app.example.org → http://localhost:3000"
    )


def test_a_name_below_a_wildcard_is_one_that_no_rule_bears() -> None:
    taken = [{"hostname": f"any-{number}.example.org", "service": "http_status:401"} for number in range(3)]
    rules = config(*taken, {**APP, "hostname": "*.example.org"})
    wanted = route(hostname="*.example.org")
    assert met(rules.rules, wanted).seen == wanted


def test_without_rules_cloudflared_answers_by_itself() -> None:
    found = met((), route())
    assert found.seen.service == "http_status:503"
    assert "meets no rule" in found.told


def test_what_is_stated_of_how_the_service_is_asked_is_judged_and_nothing_else() -> None:
    rules = config({**APP, "originRequest": {"httpHostHeader": "grafana.local", "noTLSVerify": True}}, END).rules
    assert met(rules, route()).seen == route()
    assert alike(met(rules, route(http_host_header="grafana.local:3000")).seen, route(http_host_header="grafana.local"))
    assert met(rules, route(origin={"noTLSVerify": True})).seen == route(origin={"noTLSVerify": True})
    seen = met(rules, route(origin={"noTLSVerify": False, "connectTimeout": 30})).seen
    assert shown(seen) == "app.example.org/ → http://localhost:3000, noTLSVerify true, connectTimeout 30"
    assert met(config(APP).rules, route(http_host_header="x")).seen.http_host_header == "the public name"
    assert met(config(APP).rules, route(protect_with_access=True)).seen.protect_with_access is False


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"origin": {"noTLSVerify": True}}, {"origin": {"noTLSVerify": False}}),
        ({"protect_with_access": True}, {"protect_with_access": False}),
        ({"http_host_header": "a"}, {"http_host_header": "b"}),
        ({"service": "http://localhost:3000"}, {"service": "http://localhost:3001"}),
    ],
)
def test_two_routes_that_differ_in_one_thing_are_not_alike(one: Json, other: Json) -> None:
    assert alike(route(**one), route(**one))
    assert not alike(route(**one), route(**other))


def test_a_setting_in_the_form_in_which_the_running_connector_shows_it() -> None:
    shown_ = {"keepAliveTimeout": 1.5, "tcpKeepAlive": 45.0, "noTLSVerify": None, "caPool": 5}
    [rule] = config({**APP, "originRequest": shown_}, noTLSVerify=True).rules
    names = ("keepAliveTimeout", "tcpKeepAlive", "noTLSVerify", "caPool")
    assert [rule.setting(name) for name in names] == [90, 45, True, ""]


def test_a_rules_own_setting_counts_before_the_common_one() -> None:
    rules = config({**APP, "originRequest": {"http2Origin": False}}, http2Origin=True, caPool="/ca.pem").rules
    wanted = route(origin={"http2Origin": False, "caPool": "/ca.pem"})
    assert met(rules, wanted).seen == wanted


def test_a_service_that_is_never_reached_is_another_one() -> None:
    rules = config({**APP, "originRequest": {"connectTimeout": 30_000_000_000}}).rules
    assert "never reached" in met(rules, route()).seen.service


@pytest.mark.parametrize("service", ["hello_world", "hello-world"])
def test_cloudflareds_own_page_has_two_names(service: str) -> None:
    wanted = route(service="hello_world")
    assert met(config({**APP, "service": service}).rules, wanted).seen == wanted


def test_an_expression_that_cannot_be_judged_is_said_to_be_so_where_it_decides() -> None:
    strange = {**APP, "path": "(?=x)", "service": "http_status:403"}
    with pytest.raises(Unreachable, match=r"cannot be told: cloudflared refuses the expression \(\?=x\)"):
        _ = met(config(strange, APP, END).rules, route()).seen
    same = {**APP, "path": "(?=x)"}
    assert met(config(same, APP, END).rules, route()).seen == route(), "whichever it meets does the same"
    wrong = met(config(strange, END).rules, route()).seen
    assert wrong.service == "http_status:403", "whichever it meets is another one"

"""What can answer before Access: as the lab's API has it, as Cloudflare's shows it, and with a permission missing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from spark_conformance.cloudflare.edge_rules import (
    AddressRules,
    AgentRules,
    WorkerRoute,
    WorkerRoutes,
    address_rule_of,
    address_rules,
    agent_rule_of,
    agent_rules,
    lockdown_of,
    pattern_takes,
    worker_routes,
    zone_lockdowns,
)
from spark_conformance.cloudflare.edge_settings import bots, zone_settings
from spark_conformance.cloudflare.rulesets import custom_rules, managed_rules, rate_limits, redirect_rules, rule_set_of
from spark_conformance.cloudflare.tables import Table
from spark_conformance.core.run import Run
from spark_conformance.core.verdict import Unreachable
from tests.cloudflare.conftest import TOKEN
from tests.cloudflare.twin import Twin

RIGHTS = {
    "Zone WAF Read", "Firewall Services Write", "Zone WAF Write", "Bot Management Write", "Workers Routes Write",
    "Zone Settings Read", "Zone Read",
}  # fmt: skip
HOST = "ollama.goldfish.io"
BLOCK = {"expression": f'http.host eq "{HOST}"', "action": "block", "description": "nobody"}
OBSERVATIONS: dict[Callable[[Run], Any], str] = {
    custom_rules: "Zone WAF Read",
    rate_limits: "Zone WAF Read",
    managed_rules: "Zone WAF Read",
    address_rules: "Firewall Services Read",
    zone_lockdowns: "Firewall Services Read",
    agent_rules: "Firewall Services Read",
    bots: "Bot Management Read",
    zone_settings: "Zone Settings Read",
    worker_routes: "Workers Routes Read",
}


@pytest.fixture
def permitted(lab: Twin) -> Twin:
    """The lab, with a token that may look at all of this, and change it."""
    [token] = lab.world.api_tokens.values()
    token.permissions |= RIGHTS
    return lab


def change(lab: Twin, method: str, path: str, body: Any) -> None:
    """Change the lab's zone through its API."""
    url = f"{lab.api.url}/zones/{lab.world.zone['id']}{path}"
    headers = {"authorization": f"Bearer {TOKEN}"}
    httpx.request(method, url, json=body, headers=headers, trust_env=False, timeout=60).raise_for_status()


def test_a_zone_without_any_rules(permitted: Twin) -> None:
    with permitted.run() as run:
        for observe in (custom_rules, rate_limits, managed_rules, redirect_rules):
            assert run.get(observe).rules == ()
        assert run.get(address_rules).rules == ()
        assert run.get(zone_lockdowns).rules == ()
        assert run.get(agent_rules).rules == ()
        assert run.get(worker_routes).taking(HOST, "/") is None
        assert not run.get(bots).fight_mode
        assert (run.get(zone_settings).browser_check, run.get(zone_settings).security_level) == ("on", "medium")


def test_rules_of_every_kind(permitted: Twin) -> None:
    phases = "/rulesets/phases/{}/entrypoint"
    rules = [BLOCK, {**BLOCK, "action": "managed_challenge"}, {**BLOCK, "enabled": False}]
    to = {"from_value": {"status_code": 302, "target_url": {"value": "https://elsewhere.example/"}}}
    ip = {"target": "ip_range", "value": "192.0.2.0/24"}
    agent = {"target": "ua", "value": "curl/8"}
    change(permitted, "PUT", phases.format("http_request_firewall_custom"), {"rules": rules})
    change(permitted, "PUT", phases.format("http_request_dynamic_redirect"),
           {"rules": [{"expression": "true", "action": "redirect", "action_parameters": to}]})  # fmt: skip
    change(permitted, "POST", "/firewall/access_rules/rules", {"mode": "block", "configuration": ip, "notes": "them"})
    change(permitted, "POST", "/firewall/lockdowns", {"urls": [f"{HOST}/api/*"], "configurations": [ip]})
    change(permitted, "POST", "/firewall/ua_rules", {"mode": "block", "configuration": agent})
    change(permitted, "POST", "/workers/routes", {"pattern": f"*{HOST}/*", "script": "front"})
    change(permitted, "PUT", "/bot_management", {"fight_mode": True, "sbfm_definitely_automated": "block"})
    with permitted.run() as run:
        custom, redirects = run.get(custom_rules), run.get(redirect_rules)
        addresses, lockdowns, agents = run.get(address_rules), run.get(zone_lockdowns), run.get(agent_rules)
        routes, robots = run.get(worker_routes), run.get(bots)
    assert [rule.action for rule in custom.rules] == ["block", "managed_challenge", "block"]
    assert (len(custom.enabled), str(custom.rules[0])) == (2, f'nobody: block where http.host eq "{HOST}"')
    assert redirects.rules[0].target == "https://elsewhere.example/"
    assert [(rule.mode, rule.target, rule.value) for rule in addresses.active] == [("block", *ip.values())]
    assert [rule.takes(HOST, path) for rule in lockdowns.rules for path in ("/api/tags", "/")] == [True, False]
    assert lockdowns.rules[0].addresses == ("192.0.2.0/24",)
    assert (agents.modes_for("curl/8"), agents.modes_for("curl/9")) == (("block",), ())
    found = routes.taking(HOST, "/api/tags")
    assert found is not None
    assert found.script == "front"
    assert (robots.fight_mode, robots.definitely_automated, robots.likely_automated) == (True, "block", "")


@pytest.mark.parametrize(("observe", "permission"), OBSERVATIONS.items())
def test_a_permission_that_is_missing_hides_its_own_resources_only(
    permitted: Twin, observe: Callable[[Run], Any], permission: str
) -> None:
    [token] = permitted.world.api_tokens.values()
    kind = permission.rpartition(" ")[0]
    token.permissions = {granted for granted in token.permissions if not granted.startswith(kind)}
    with permitted.run() as run:
        with pytest.raises(Unreachable) as caught:
            run.get(observe)
        for other, needed in OBSERVATIONS.items():
            if needed != permission:
                run.get(other)
    assert (caught.value.cause, caught.value.owner) == (f"cloudflare: {permission}", None)
    assert f"'{permission}'" in caught.value.sentence


def test_a_setting_that_the_zone_does_not_have(permitted: Twin) -> None:
    permitted.world.settings.pop("security_level")
    with permitted.run() as run:
        assert run.get(zone_settings).security_level is None


def test_an_api_that_breaks_is_no_zone_without_rules(permitted: Twin) -> None:
    permitted.api.troubles.unsuccessful("entrypoint|settings", times=None)
    with permitted.run() as run:
        for observe in (custom_rules, zone_settings):
            with pytest.raises(Unreachable, match=r"the request for the zone's \w+( rules)? without success"):
                run.get(observe)


@pytest.mark.parametrize(
    ("pattern", "takes"),
    [
        ("ollama.goldfish.io/*", True),
        ("https://ollama.goldfish.io/api/*", True),
        ("http://ollama.goldfish.io/*", False),
        ("*.goldfish.io/*", True),
        ("*goldfish.io/*", True),
        ("*://*.GOLDFISH.io/*", True),
        ("ollama.goldfish.io", False),
        ("ollama.goldfish.io/API/*", False),
        ("ollama.goldfish.io/api/tag?", False),
        ("ollama.goldfish.io/api/[t]ags", False),
        ("", False),
    ],
)
def test_which_urls_a_pattern_takes(pattern: str, takes: bool) -> None:
    assert pattern_takes(pattern, HOST, "/api/tags") is takes


def test_a_route_without_a_script_is_a_hole_in_the_others() -> None:
    routes = WorkerRoutes((WorkerRoute("a", "*goldfish.io/*", "front"), WorkerRoute("b", f"*{HOST}/api/*", None)))
    assert routes.taking(HOST, "/api/tags") is None
    assert routes.taking(HOST, "/") == routes.routes[0]


def test_a_rule_as_short_as_the_api_may_send_it() -> None:
    managed = {
        "rules": [{"id": "r", "action": "execute", "action_parameters": {"id": "efb7b8c949ac4650a09736fc376e9aee"}}]
    }
    (rule,) = rule_set_of("http_request_firewall_managed", Table("rules", managed)).rules
    assert (rule.enabled, rule.expression, rule.target, rule.description) == (True, "true", "", "")


def test_zone_rules_as_short_as_the_api_may_send_them() -> None:
    one = {"id": "r", "mode": "block", "configuration": {"target": "ip", "value": "192.0.2.1"}}
    address = address_rule_of(Table("rule", one))
    lockdown = lockdown_of(Table("rule", {"id": "r", "urls": ["x.org/*", f"{HOST}/*"]}))
    agent = agent_rule_of(Table("rule", {**one, "configuration": {"value": "curl/8"}}))
    assert (address.paused, address.notes) == (False, "")
    assert (lockdown.paused, lockdown.description, lockdown.addresses) == (False, "", ())
    assert lockdown.takes(HOST.upper(), "/")
    assert not replace(lockdown, paused=True).takes(HOST, "/")
    assert AgentRules((agent, replace(agent, paused=True, mode="challenge"))).modes_for("curl/8") == ("block",)
    assert AddressRules((address, replace(address, paused=True))).active == (address,)


def test_a_redirect_by_an_expression() -> None:
    to = {"from_value": {"target_url": {"expression": 'concat("https://x", http.request.uri.path)'}}}
    found = {"rules": [{"id": "r", "action": "redirect", "expression": "true", "action_parameters": to}]}
    (rule,) = rule_set_of("http_request_dynamic_redirect", Table("rules", found)).rules
    assert rule.target.startswith("concat(")


@pytest.mark.parametrize("found", [{"rules": {"id": "r"}}, {"rules": ["x"]}, {"rules": [{"id": "r"}]}])
def test_rules_of_a_shape_that_is_not_known(found: dict[str, Any]) -> None:
    with pytest.raises(Unreachable, match="a shape that this suite does not know"):
        rule_set_of("x", Table("rules", found))


def test_an_agent_rule_that_is_about_something_else() -> None:
    with pytest.raises(Unreachable, match="should be ua and is 'zone'"):
        agent_rule_of(Table("rule", {"id": "r", "mode": "block", "configuration": {"target": "zone", "value": "x"}}))

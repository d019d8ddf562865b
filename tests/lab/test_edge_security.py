"""The table "1b. Edge security, before Access" of the reference, as far as it is built."""

import asyncio
import datetime as dt
import json
from collections.abc import Callable

import pytest

from spark_lab.edge.access.keys import SigningKeys
from spark_lab.edge.decision import Unsupported
from spark_lab.edge.pipeline import Pipeline
from spark_lab.edge.request import Request
from spark_lab.edge.security.expression import compiled, matches
from spark_lab.tunnel.gate import nothing
from spark_lab.world import Json, World
from tests.lab.edge_client import FakeGate
from tests.lab.edge_request import NOW, a_request
from tests.lab.edge_world import ALLOW_ALL, HOST, a_world

KEYS = SigningKeys()
CUSTOM_PHASE = "http_request_firewall_custom"


def judged(world: World, request: Request, pipeline: Pipeline | None = None) -> tuple[int | None, str, dict[str, str]]:
    """Status (None: on to the tunnel), body and headers of what the edge answers itself."""
    answer = (pipeline or Pipeline(world, FakeGate(), KEYS)).judge(request).answer
    return (answer.status, answer.body.decode(), dict(answer.headers)) if answer else (None, "", {})


def open_world() -> World:
    world = a_world()
    world.apps.clear()
    return world


def ruleset(phase: str, *rules: Json) -> dict[str, Json]:
    return {phase: {"rules": [{"id": f"rule-{at}", "enabled": True, **rule} for at, rule in enumerate(rules)]}}


def custom(expression: str, action: str = "block", **more: object) -> Json:
    return {"expression": expression, "action": action, **more}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('http.host eq "ollama.example.org"', True),
        ('(http.host eq "other.example.org")', False),
        ('http.host ne "other.example.org" and http.request.method == "GET"', True),
        ('http.request.uri.path eq "/api/tags"', True),
        ('http.request.uri eq "/api/tags?q=1"', True),
        ('http.request.uri.query contains "q="', True),
        ('http.user_agent contains "conformance" or ip.src eq 198.51.100.1', True),
        ("ip.src eq 192.0.2.10", True),
        ("ip.src in {198.51.100.0/24 192.0.2.0/24}", True),
        ("ip.src in {2001:db8::/32}", False),
        ('ip.src.country in {"NZ" "XX"}', True),
        ('not http.host eq "ollama.example.org"', False),
        ('!(http.host eq "a" || http.host eq "ollama.example.org")', False),
        ('http.host eq "a" and http.host eq "b" or true', True),
        ('true or http.host eq "a" and http.host eq "b"', True),
        ('starts_with(http.request.uri.path, "/api") && ends_with(lower(http.host), ".org")', True),
        ('http.user_agent eq "a\\"b"', False),
        ("ssl", True),
    ],
)
def test_expressions_that_are_understood(expression: str, expected: bool) -> None:
    assert matches(expression, a_request("/api/tags?q=1")) is expected


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("cf.bot_management.score lt 30", "cf.bot_management.score"),
        ('http.host matches "^a"', "matches"),
        ('http.host wildcard "*.org"', "wildcard"),
        ('http.host eq "a" xor ssl', "xor"),
        ("ip.src in $office", "$office"),
        ('http.host eq "a', "a"),
        ("http.host eq", "end"),
        ("", "end"),
        ("(true", "end"),
        ('http.host in {"a"', "end"),
    ],
)
def test_expressions_that_are_not_say_so(expression: str, named: str) -> None:
    with pytest.raises(Unsupported, match=r"the lab's edge") as told:
        compiled(expression)
    assert named in str(told.value)


def test_what_the_lab_cannot_evaluate_ends_loudly() -> None:
    world = open_world()
    world.rulesets = ruleset("http_request_firewall_custom", custom("cf.threat_score gt 5"))
    reply = asyncio.run(Pipeline(world, FakeGate()).handle(a_request(), nothing()))

    async def text() -> str:
        return b"".join([part async for part in reply.body]).decode()

    assert reply.status == 500
    assert "does not evaluate 'cf.threat_score'" in asyncio.run(text())


def test_custom_rules_block_challenge_log_and_skip() -> None:
    world = open_world()
    world.rulesets = ruleset("http_request_firewall_custom", custom("true", "log"), custom("true"))
    status, body, headers = judged(world, a_request("/", ("accept", "*/*")))
    assert (status, headers["cf-error-type"]) == (403, "1020")
    assert "Sorry, you have been blocked" in body
    [event] = world.firewall_log
    assert (event["action"], event["source"], event["ruleId"]) == ("block", "firewallCustom", "rule-1")
    assert (event["rayName"], event["clientRequestPath"]) == ("0123456789abcdef", "/")

    asked = ("accept", "application/json")
    status, body, _ = judged(world, a_request("/", asked, ("accept-encoding", "gzip, br")))
    assert (status, json.loads(body)["error_code"]) == (403, 1020)
    for encoding in ((), (("accept-encoding", "identity"),)):
        status, body, _ = judged(world, a_request("/", asked, *encoding))
        assert (status, body.startswith("<!DOCTYPE html>")) == (403, True), (
            "JSON only where compressed answers are taken"
        )

    world.rulesets = ruleset("http_request_firewall_custom", custom("true", "managed_challenge"))
    status, body, headers = judged(world, a_request())
    assert (status, headers["cf-mitigated"]) == (403, "challenge")
    assert "Just a moment" in body

    skip = custom("true", "skip", action_parameters={"ruleset": "current", "products": ["bic"]})
    world.rulesets = ruleset("http_request_firewall_custom", skip, custom("true"))
    assert judged(world, a_request("/", ("user-agent", "")))[0] is None
    assert world.firewall_log[-1]["action"] == "skip"

    response = {"response": {"status_code": 418, "content": "no", "content_type": "text/plain"}}
    world.rulesets = ruleset("http_request_firewall_custom", custom("true", action_parameters=response))
    assert judged(world, a_request())[:2] == (418, "no")
    world.rulesets["http_request_firewall_custom"]["rules"][0]["enabled"] = False
    assert judged(world, a_request())[0] is None


@pytest.mark.parametrize(
    ("target", "value", "code"),
    [("ip", "192.0.2.10", 1006), ("ip_range", "192.0.2.0/24", 1006), ("country", "XX", 1009)],
)
def test_ip_access_rules_ban_and_trust(target: str, value: str, code: int) -> None:
    world = open_world()
    rule: Json = {"id": "r", "mode": "block", "configuration": {"target": target, "value": value}}
    world.access_rules["r"] = rule
    assert judged(world, a_request())[:2] == (403, f"error code: {code}")
    assert judged(world, a_request(address="198.51.100.1", country="NZ"))[0] is None
    rule["mode"] = "challenge"
    assert judged(world, a_request())[2]["cf-mitigated"] == "challenge"
    rule["mode"] = "whitelist"
    world.rulesets = ruleset("http_request_firewall_custom", custom("true"))
    assert judged(world, a_request())[0] is None


def test_the_narrower_address_rule_wins() -> None:
    world = open_world()
    for key, mode, target, value in (
        ("a", "block", "ip_range", "192.0.2.0/24"),
        ("b", "whitelist", "ip", "192.0.2.10"),
        ("c", "block", "asn", "AS64496"),
    ):
        world.access_rules[key] = {"id": key, "mode": mode, "configuration": {"target": target, "value": value}}
    assert judged(world, a_request())[0] is None
    assert judged(world, a_request(address="192.0.2.11"))[0] == 403


def test_lockdowns_and_user_agent_rules() -> None:
    world = open_world()
    listed = [{"target": "ip", "value": "198.51.100.1"}]
    world.lockdowns["l"] = {"id": "l", "paused": False, "urls": [f"{HOST}/api/*"], "configurations": listed}
    assert judged(world, a_request())[:2] == (403, "error code: 1106")
    assert judged(world, a_request("/else"))[0] is None
    assert judged(world, a_request(address="198.51.100.1"))[0] is None
    world.lockdowns["l"]["paused"] = True
    world.ua_rules["u"] = {
        "id": "u",
        "mode": "block",
        "configuration": {"target": "ua", "value": "conformance-test/1"},
    }
    assert judged(world, a_request())[0] == 403
    assert judged(world, a_request("/", ("user-agent", "another/1")))[0] is None


def test_rate_limits_count_each_client_alone_and_let_it_in_again() -> None:
    world = open_world()
    limit = {"period": 10, "requests_per_period": 2, "mitigation_timeout": 30, "characteristics": ["ip.src"]}
    world.rulesets = ruleset("http_ratelimit", custom("true", ratelimit=limit))
    pipeline = Pipeline(world, FakeGate())

    def after(seconds: int, address: str = "192.0.2.10") -> int | None:
        return judged(world, a_request(at=NOW + dt.timedelta(seconds=seconds), address=address), pipeline)[0]

    assert [after(0), after(1), after(2), after(20)] == [None, None, 429, 429]
    assert after(2, "192.0.2.99") is None
    assert after(60) is None
    assert after(61) is None
    status, body, headers = judged(world, a_request(at=NOW + dt.timedelta(seconds=62)), pipeline)
    assert (status, body, headers["retry-after"]) == (429, "error code: 1015", "30")


def test_a_rate_limit_may_answer_in_words_of_its_own() -> None:
    world = open_world()
    limit = {"period": 10, "requests_per_period": 0, "mitigation_timeout": 30, "characteristics": ["ip.src"]}
    said = {"response": {"status_code": 403, "content_type": "text/plain", "content": "Not so fast."}}
    world.rulesets = ruleset("http_ratelimit", custom("true", ratelimit=limit, action_parameters=said))
    assert judged(world, a_request())[:2] == (403, "Not so fast.")


def test_managed_rules_stop_an_attack_and_nothing_else() -> None:
    world = open_world()
    world.rulesets = ruleset("http_request_firewall_managed", custom("true", "execute"))
    assert judged(world, a_request("/?q=<script>"))[0] == 403
    assert world.firewall_log[-1]["source"] == "firewallManaged"
    assert judged(world, a_request("/a/../../etc/passwd"))[0] == 403
    assert judged(world, a_request("/api/tags?q=select"))[0] is None


@pytest.mark.parametrize(
    ("agent", "refused"),
    [("", True), ("Python-urllib/3.11", True), ("python-httpx/0.28", True), ("curl/8.5.0", False), ("mine/1", False)],
)
def test_the_integrity_check_refuses_default_user_agents(agent: str, refused: bool) -> None:
    world = open_world()
    request = a_request("/", ("user-agent", agent))
    assert judged(world, request)[:2] == ((403, "error code: 1010") if refused else (None, ""))
    world.settings["browser_check"]["value"] = "off"
    assert judged(world, request)[0] is None


@pytest.mark.parametrize(
    ("bot_management", "mitigated", "status"),
    [
        ({"fight_mode": True}, True, 403),
        ({"sbfm_definitely_automated": "managed_challenge"}, True, 403),
        ({"sbfm_definitely_automated": "block"}, False, 403),
        ({"sbfm_definitely_automated": "allow", "fight_mode": False}, False, None),
    ],
)
def test_bots_are_challenged_and_browsers_are_not(bot_management: Json, mitigated: bool, status: int | None) -> None:
    world = open_world()
    world.bot_management = bot_management
    found, _, headers = judged(world, a_request())
    assert (found, "cf-mitigated" in headers) == (status, mitigated)
    assert judged(world, a_request("/", ("user-agent", "Mozilla/5.0")))[0] is None
    world.settings["security_level"] = {"value": "under_attack"}
    assert judged(world, a_request("/", ("user-agent", "Mozilla/5.0")))[2]["cf-mitigated"] == "challenge"


def test_the_firewall_comes_before_access_and_redirects_before_the_firewall() -> None:
    world = a_world(ALLOW_ALL)
    assert judged(world, a_request())[0] == 302
    world.bot_management = {"fight_mode": True}
    assert judged(world, a_request())[2].get("cf-mitigated") == "challenge"
    world.rulesets = ruleset("http_request_firewall_custom", custom("true"))
    assert judged(world, a_request())[2].get("cf-error-type") == "1020"
    to = {"status_code": 307, "target_url": {"value": "https://else.example/"}, "preserve_query_string": True}
    redirect = custom("true", "redirect", action_parameters={"from_value": to})
    world.rulesets |= ruleset("http_request_dynamic_redirect", redirect)
    status, _, headers = judged(world, a_request("/?a=b"))
    assert (status, headers["location"]) == (307, "https://else.example/?a=b")


def test_a_worker_stands_behind_access_and_throws() -> None:
    world = a_world(ALLOW_ALL)
    world.worker_routes["w"] = {"id": "w", "pattern": f"{HOST}/*", "script": "front"}
    assert judged(world, a_request())[0] == 302
    world.apps.clear()
    assert judged(world, a_request())[:2] == (500, "error code: 1101")
    world.worker_routes["x"] = {"id": "x", "pattern": f"{HOST}/api/*"}
    assert judged(world, a_request())[0] is None


def test_a_worker_does_what_is_said_of_it() -> None:
    world = open_world()
    world.worker_routes["w"] = {"id": "w", "pattern": f"{HOST}/*", "script": "front"}
    world.workers["front"] = {"status": 404, "headers": {"cf-cache-status": "HIT"}, "body": "none"}
    assert judged(world, a_request()) == (404, "none", {"cf-cache-status": "HIT"})
    world.workers["front"] = {"passes": True}
    assert judged(world, a_request())[0] is None


@pytest.mark.parametrize(
    ("maker", "change"),
    [
        ("custom", lambda world: world.rulesets.update(ruleset(CUSTOM_PHASE, custom("true")))),
        ("access aud-1", lambda _: None),
        ("access", lambda world: (world.apps.clear(), world.organization.update(deny_unmatched_requests=True))),
        ("worker", lambda world: (world.apps.clear(), world.worker_routes.update(w={"pattern": "*", "script": "w"}))),
        ("behind", lambda world: world.apps.clear()),
    ],
)
def test_the_edge_keeps_who_made_an_answer(maker: str, change: Callable[[World], object]) -> None:
    world = a_world(ALLOW_ALL)
    change(world)
    world.apps = {name: {**app, "aud": "aud-1"} for name, app in world.apps.items()}
    pipeline, request = Pipeline(world, FakeGate(), KEYS), a_request()
    judged(world, request, pipeline)
    assert pipeline.makers == {request.ray: maker}


def test_the_teams_host_has_keys_a_login_page_and_nothing_else() -> None:
    world = a_world(ALLOW_ALL)
    team = {"host": "goldteam.cloudflareaccess.com", "sni": "goldteam.cloudflareaccess.com"}
    assert judged(world, a_request("/cdn-cgi/access/login/x", **team))[0] == 200
    assert "keys" in judged(world, a_request("/cdn-cgi/access/certs", **team))[1]
    assert judged(world, a_request("/", **team))[0] == 404
